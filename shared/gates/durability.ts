import type { PlanNode } from '../observations/plan-nodes.ts';
import { chainNodes } from '../observations/plan-nodes.ts';
import type { Chain } from '../plan/plan.ts';
import type { Survey } from '../sessions/survey.ts';
import { on, settingStatement } from './fix.ts';
import type { Look } from './look.ts';
import type { GateDefinition } from './world.ts';

const group = 'durability';

/** Gates on settings that decide whether what was acknowledged is still there after a crash, and replicates whole. */
export const durability: readonly GateDefinition[] = [
  {
    id: 'durability.binlog',
    group,
    scope: 'chain',
    title: (chain) =>
      `Everything written on ${chain} reaches binary logs whole, on every server that others replicate from.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const { instance, survey } of surveyed(chain, isLogged(chain), look)) {
        const { settings } = survey;
        const { flavor } = survey.identity;
        look.row(
          instance,
          yesNo(settings.logBin),
          yesNo(settings.logReplicaUpdates),
          settings.binlogFormat,
          settings.binlogRowImage,
        );
        look.expect(
          settings.logBin,
          `${instance}: expected log_bin = ON, seen OFF.`,
          on(instance, 'log_bin in its option file, then restart'),
        );
        look.expect(
          settings.logReplicaUpdates,
          `${instance}: expected log_slave_updates = ON, seen OFF.`,
          on(instance, 'log_slave_updates (MySQL: log_replica_updates) in its option file, then restart'),
        );
        look.expect(
          settings.binlogFormat.toUpperCase() === 'ROW',
          `${instance}: expected binlog_format = ROW, seen ${settings.binlogFormat}.`,
          on(instance, settingStatement(flavor, 'binlog_format', "'ROW'")),
        );
        look.expect(
          settings.binlogRowImage.toUpperCase() === 'FULL',
          `${instance}: expected binlog_row_image = FULL, seen ${settings.binlogRowImage}.`,
          on(instance, settingStatement(flavor, 'binlog_row_image', "'FULL'")),
        );
      }
      return look.judgement('node', 'log_bin', 'log_slave_updates', 'format', 'row image');
    },
  },
  {
    id: 'durability.flush',
    group,
    scope: 'chain',
    title: (chain) => `What a master of ${chain} acknowledges survives its crash.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const { instance, survey } of surveyed(chain, isMaster, look)) {
        const { settings } = survey;
        const { flavor } = survey.identity;
        look.row(instance, String(settings.syncBinlog), String(settings.flushLogAtCommit));
        look.expect(
          settings.syncBinlog === 1,
          `${instance}: expected sync_binlog = 1, seen ${settings.syncBinlog}.`,
          on(instance, settingStatement(flavor, 'sync_binlog', '1')),
        );
        look.expect(
          settings.flushLogAtCommit === 1,
          `${instance}: expected innodb_flush_log_at_trx_commit = 1, seen ${settings.flushLogAtCommit}.`,
          on(instance, settingStatement(flavor, 'innodb_flush_log_at_trx_commit', '1')),
        );
      }
      return look.judgement('node', 'sync_binlog', 'innodb_flush_log_at_trx_commit');
    },
  },
  {
    id: 'durability.gtid',
    group,
    scope: 'chain',
    title: (chain) => `GTIDs on ${chain} are used as the plan says.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      const planned = chain.gtid === 'on';
      for (const { instance, survey } of surveyed(chain, isMaster, look)) {
        if (!planned || survey.identity.flavor !== 'mysql') continue;
        look.expect(
          survey.settings.gtidMode.toUpperCase() === 'ON',
          `${instance}: expected gtid_mode = ON (gtid: on in the plan), seen ${survey.settings.gtidMode}.`,
          `Step gtid_mode up on every server of ${chain.id}, or write gtid: off for it in the plan.`,
        );
      }
      for (const { instance, from, channel } of chainNodes(chain)) {
        const facts = look.fast(instance);
        const link = facts?.links.find((candidate) => candidate.channel === channel);
        if (from === null) continue;
        if (link === undefined) {
          if (facts !== undefined) look.unclear(`${instance} has no channel '${channel}'`);
          continue;
        }
        look.row(
          instance,
          channel,
          planned ? 'GTID' : 'file and position',
          link.usesGtid ? 'GTID' : 'file and position',
        );
        look.expect(
          link.usesGtid === planned,
          `${instance}: expected channel '${channel}' by ${planned ? 'GTID' : 'file and position'} (gtid: ${chain.gtid} in the plan), seen ${link.usesGtid ? 'GTID' : 'file and position'}.`,
          `Set gtid: ${planned ? 'off' : 'on'} for chain ${chain.id} in the plan, or change the link.`,
        );
      }
      return look.judgement('node', 'channel', 'planned', 'seen');
    },
  },
  {
    id: 'durability.ring-restart',
    group,
    scope: 'chain',
    title: (chain) => `A co-master of ${chain} that crashes is sent again what it had not applied yet.`,
    guards: ['I2'],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      // Only MariaDB, only by GTID: its own events come back through the ring and move the one number that a domain has,
      // past what its parallel appliers still hold. A crash then begins behind that, with a link that looks well.
      const masters = chain.gtid === 'on' ? surveyed(chain, isMaster, look) : [];
      for (const { instance, survey } of masters) {
        const { gtidDomain, parallelAppliers } = survey.settings;
        const sharing = masters.filter(
          (other) =>
            shareRing(chain, instance, other.instance) && other.survey.settings.gtidDomain === gtidDomain,
        );
        if (gtidDomain === null || parallelAppliers === null || sharing.length === 0) continue;
        look.row(instance, String(gtidDomain), String(parallelAppliers));
        look.expect(
          parallelAppliers === 0,
          `${instance}: expected slave_parallel_threads = 0, or a gtid_domain_id that no co-master has, seen ${parallelAppliers} threads and domain ${gtidDomain} like ${sharing.map((other) => other.instance).join(', ')}: when it crashes, writes of the others that it had not applied are lost on it without an error.`,
          on(
            instance,
            'STOP ALL SLAVES; SET GLOBAL slave_parallel_threads = 0; START ALL SLAVES; and in its option file. After every crash before that compare its tables with its co-master (pt-table-checksum).',
          ),
        );
      }
      return look.judgement('node', 'gtid_domain_id', 'slave_parallel_threads');
    },
  },
  {
    id: 'durability.auto-increment',
    group,
    scope: 'chain',
    title: (chain) => `Masters of ${chain} that write at the same time draw different ids.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const side of ['source', 'target'] as const) {
        const masters = surveyed(chain, (node) => isMaster(node) && node.side === side, look);
        for (const { instance, survey } of masters)
          look.row(
            instance,
            String(survey.settings.autoIncrementIncrement),
            String(survey.settings.autoIncrementOffset),
          );
        if (masters.length < 2) continue;
        const offsets = masters.map(({ survey }) => survey.settings.autoIncrementOffset);
        const increments = masters.map(({ survey }) => survey.settings.autoIncrementIncrement);
        const fix = `on each ${side} master of ${chain.id}: auto_increment_increment = ${masters.length}, auto_increment_offset = 1, 2, ... (sessions that are open keep their old offset)`;
        look.expect(
          new Set(offsets).size === offsets.length,
          `Expected different auto_increment_offset on the ${side} masters, seen ${offsets.join(', ')}.`,
          fix,
        );
        look.expect(
          new Set(increments).size === 1 && (increments[0] ?? 0) >= masters.length,
          `Expected one auto_increment_increment of at least ${masters.length} on the ${side} masters, seen ${increments.join(', ')}.`,
          fix,
        );
      }
      return look.judgement('node', 'increment', 'offset');
    },
  },
  {
    id: 'durability.relay-log',
    group,
    scope: 'chain',
    title: (chain) => `Targets of ${chain} find back to the right place after a crash.`,
    guards: [],
    overridable: true,
    blocking: false,
    judge: (_world, chain, look) => {
      for (const { instance, survey } of surveyed(chain, ({ side }) => side === 'target', look)) {
        look.expect(
          survey.settings.relayLogRecovery,
          `${instance}: expected relay_log_recovery = ON, seen OFF.`,
          on(instance, 'relay_log_recovery = 1 in its option file, then restart'),
        );
      }
      return look.judgement();
    },
  },
  {
    id: 'durability.fence',
    group,
    scope: 'chain',
    title: (chain) => `The fence of ${chain} outlives a restart of its sources.`,
    guards: [],
    overridable: true,
    // A warning: where the server cannot persist, the watchdog fences a restarted source again.
    blocking: false,
    judge: ({ plan }, chain, look) => {
      for (const { instance, survey } of surveyed(
        chain,
        (node) => isMaster(node) && node.side === 'source',
        look,
      )) {
        const { flavor, version } = survey.identity;
        const dropIn = plan.instances.find(({ id }) => id === instance)?.fenceDropIn;
        const persists = flavor === 'mysql' && Number(version.split('.')[0]) >= 8;
        if (dropIn !== undefined)
          look.note(
            flavor === 'mariadb'
              ? `${instance}: read_only=1 is put into ${dropIn} behind the point of no return.`
              : `${instance}: persists it by itself; should it die before it has, read_only=1 is put into ${dropIn}.`,
          );
        look.expect(
          persists || (flavor === 'mariadb' && dropIn !== undefined),
          `${instance}: expected a server that can persist super_read_only, or a fenceDropIn in the plan (MariaDB), seen ${flavor} ${version}: restarted, it boots writable and the watchdog must fence it again.`,
          on(
            instance,
            'name a fenceDropIn for it in the plan: a file in an include directory of its option files; or disable its restart',
          ),
        );
      }
      return look.judgement();
    },
  },
];

type Surveyed = { readonly instance: string; readonly survey: Survey };

function surveyed(chain: Chain, which: (node: PlanNode) => boolean, look: Look): readonly Surveyed[] {
  return chainNodes(chain)
    .filter(which)
    .flatMap(({ instance }) => {
      const survey = look.survey(instance);
      return survey === undefined ? [] : [{ instance, survey }];
    });
}

function isMaster({ role }: PlanNode): boolean {
  return role === 'master';
}

/** Whether two masters of one side follow each other. */
function shareRing(chain: Chain, one: string, other: string): boolean {
  const from = new Map(chainNodes(chain).map((node) => [node.instance, node.from]));
  return from.get(one) === other && from.get(other) === one;
}

function isLogged(chain: Chain): (node: PlanNode) => boolean {
  const feeding = new Set(chainNodes(chain).map(({ from }) => from));
  return (node) => isMaster(node) || feeding.has(node.instance);
}

function yesNo(value: boolean): string {
  return value ? 'ON' : 'OFF';
}
