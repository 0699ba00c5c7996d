import { missing } from '../observations/gtid-set.ts';
import { chainNodes, sourceMasters } from '../observations/plan-nodes.ts';
import { switchOf } from '../plan/switches.ts';
import type { Chain } from '../plan/plan.ts';
import { userOfAccount } from '../sessions/account-names.ts';
import { on, settingStatement } from './fix.ts';
import type { Look } from './look.ts';
import { judgeSwitchProof } from './switch-proof.ts';
import { compareVersions } from './versions.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'way-back';

/** Gates on what saves the night when something goes wrong. */
export const wayBack: readonly GateDefinition[] = [
  {
    id: 'way-back.reverse',
    group,
    scope: 'chain',
    title: (chain) =>
      `The reverse link of ${chain} is possible: the source can follow its target after the switch.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, chain, look) => {
      if (chain.wayBack !== 'reverse') {
        // Allowed, and shown in red: a person decided so when the plan was written.
        look.warnOnly();
        look.expect(
          false,
          `Expected a way back, seen none by the plan: ${chain.wayBack.none}`,
          `Write wayBack: reverse and replication.reverse for chain ${chain.id} in the plan.`,
        );
        return look.judgement();
      }
      look.expect(
        chain.replication.reverse !== undefined,
        `Expected replication.reverse for chain ${chain.id} in the plan, seen none.`,
        `Add replication.reverse (account, tls) to chain ${chain.id} in the plan.`,
      );
      judgeTargetLogs(chain, look);
      judgeReverseAccount(world, chain, look);
      judgeVersions(chain, look);
      return look.judgement('node', 'what', 'seen');
    },
  },
  {
    id: 'way-back.dead-mans-switch',
    group,
    scope: 'chain',
    title: (chain) => `The source of ${chain} thaws by itself when this laptop dies.`,
    guards: ['I3'],
    overridable: false,
    blocking: true,
    judge: (world, chain, look) => {
      const found = switchOf(world.plan, chain);
      // A rehearsal may go without; in production only by the plan's own word, which go/no-go shows in red.
      if (world.plan.environment !== 'production' || found.kind === 'none') look.warnOnly();
      if (found.kind === 'armed') {
        look.row(chain.id, found.secondStage ? 'armed, second stage too' : 'armed');
        look.expect(
          found.secondStage,
          `${chain.id}: when this laptop dies in the narrow passage, the source stays closed until a person opens it: the plan gives its switch no way to the target masters.`,
          'Name an option file of the source hosts under deadMansSwitch.targetOptionFile of the chain.',
        );
        judgeSwitchProof(world, chain, look);
        return look.judgement('what', 'seen');
      }
      look.expect(
        false,
        found.kind === 'none'
          ? `${chain.id} has no dead-man's switch, as its plan says: ${found.why}`
          : `${chain.id} has no dead-man's switch: ${found.lacking.join(', ')}. When the cockpit dies between fence and promotion, its source stays read-only until a person thaws it.`,
        'Give every source node of the chain a hostLogin, or say deadMansSwitch: { none: why }. After a crash: SET GLOBAL read_only = 0; on every source master.',
      );
      return look.judgement();
    },
  },
];

function judgeTargetLogs(chain: Chain, look: Look): void {
  const sources = sourceMasters(chain);
  for (const { instance } of chain.target.masters) {
    const survey = look.survey(instance);
    const facts = look.fast(instance);
    if (survey === undefined || facts === undefined) continue;
    look.row(instance, 'binary logs', String(survey.binaryLogs.length));
    look.expect(
      survey.settings.logBin && survey.settings.logReplicaUpdates && survey.binaryLogs.length > 0,
      `${instance}: expected binary logs with log_slave_updates for the source to follow, seen ${survey.binaryLogs.length} logs.`,
      on(instance, 'log_bin and log_slave_updates in its option file, then restart'),
    );
    look.expect(
      survey.settings.binlogFormat.toUpperCase() === 'ROW',
      `${instance}: expected binlog_format = ROW, seen ${survey.settings.binlogFormat}.`,
      on(instance, settingStatement(survey.identity.flavor, 'binlog_format', "'ROW'")),
    );
    for (const source of sources) {
      const there = look.fast(source);
      if (there === undefined) continue;
      look.expect(
        there.serverId !== facts.serverId,
        `${source}: expected another server id than ${instance}, seen ${facts.serverId} on both.`,
      );
      if (survey.purgedGtid === '') continue;
      const lacking = missing(there.position, { ...there.position, gtid: survey.purgedGtid });
      if (!lacking.ok) look.unclear(`purged GTIDs of ${instance}: ${lacking.error}`);
      else
        look.expect(
          lacking.value.text === '',
          `${instance}: expected its purged GTIDs on ${source}, seen ${lacking.value.text} purged and not there (error 1236 on the reverse link).`,
          on(
            instance,
            'rebuild it from a source, keeping binary logs for the whole time the way back shall stay open',
          ),
        );
    }
  }
}

/** It is used for the first time behind the point of no return: that it is there is seen before. */
function judgeReverseAccount({ snapshot }: World, chain: Chain, look: Look): void {
  const credential = chain.replication.reverse?.account;
  if (credential === undefined) return;
  const user =
    'user' in credential
      ? credential.user
      : look.at(snapshot.reverseUsers?.[chain.id], `the name of the reverse account of ${chain.id}`, null);
  if (user === undefined) return;
  for (const { instance } of chain.target.masters) {
    const survey = look.survey(instance);
    if (survey === undefined) continue;
    const found = survey.accounts.filter(({ account, locked }) => userOfAccount(account) === user && !locked);
    look.row(
      instance,
      `account ${user}`,
      found.length === 0 ? 'none' : found.map(({ account }) => account).join(', '),
    );
    look.expect(
      found.length > 0,
      `${instance}: expected replication account ${user}, seen none that may log in.`,
      makeAccount(chain, look, [instance, user]),
    );
    if (found.length === 0) continue;
    const may = found.some(({ privileges }) =>
      privileges.some((privilege) =>
        ['REPLICATION SLAVE', 'REPLICATION REPLICA', 'ALL PRIVILEGES'].includes(privilege),
      ),
    );
    look.expect(
      may,
      `${instance}: expected REPLICATION SLAVE for ${user}, seen ${found.flatMap(({ privileges }) => privileges).join(', ') || 'no privilege'}.`,
      on(
        instance,
        `GRANT REPLICATION SLAVE ON *.* TO '${user}'@'<address of the source>'; (on the source, so that it replicates)`,
      ),
    );
  }
}

/** What is granted on a source to an account that a target lacks stops its link: there it is made alone, and not logged. */
function makeAccount(chain: Chain, look: Look, [instance, user]: readonly [string, string]): string {
  const account = `'${user}'@'<address of the source>'`;
  const made = `CREATE USER ${account} IDENTIFIED BY '<its password>'; GRANT REPLICATION SLAVE ON *.* TO ${account}`;
  const isOnSource = chain.source.masters.some((master) =>
    look.survey(master.instance)?.accounts.some((each) => userOfAccount(each.account) === user),
  );
  if (!isOnSource)
    return `on ${chain.source.masters.map((master) => master.instance).join(' or ')}, so that it replicates: ${made}`;
  const unlogged = `SET SESSION sql_log_bin = 0; ${made}; SET SESSION sql_log_bin = 1`;
  return on(
    instance,
    look.identity(instance)?.flavor === 'mysql'
      ? `SET GLOBAL super_read_only = OFF; ${unlogged}; SET GLOBAL super_read_only = ON`
      : unlogged,
  );
}

/** Replication from a newer to an older release series is not supported by MySQL, and not promised by MariaDB. */
function judgeVersions(chain: Chain, look: Look): void {
  const nodes = chainNodes(chain).filter(({ role }) => role === 'master');
  const versions = nodes.flatMap(({ instance, side }) => {
    const identity = look.identity(instance);
    return identity === undefined ? [] : [{ instance, side, version: identity.version }];
  });
  for (const target of versions.filter(({ side }) => side === 'target')) {
    for (const source of versions.filter(({ side }) => side === 'source')) {
      look.expect(
        compareVersions(target.version, source.version, 2) <= 0,
        `Expected a way back from ${target.instance} (${target.version}) to ${source.instance} of the same or a later series, seen ${source.version}: an older server cannot be relied on to read a newer one's log.`,
        `Write wayBack: {none: <why>} for chain ${chain.id} in the plan, or bring both sides to one series.`,
      );
    }
  }
}
