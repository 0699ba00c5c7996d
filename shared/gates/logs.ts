import { compareFilePosition, missing, union } from '../observations/gtid-set.ts';
import type { PlanNode } from '../observations/plan-nodes.ts';
import { chainNodes, sourceMasters } from '../observations/plan-nodes.ts';
import type { Chain } from '../plan/plan.ts';
import type { Flavor } from '../sessions/identity.ts';
import type { FastFacts } from '../sessions/operations.ts';
import { on } from './fix.ts';
import type { Look } from './look.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'replication';

/** Transactions a busy source may commit between two readings, whatever its measured rate says. */
const alwaysInFlight = 20;

/** Gates on what the binary logs hold: nothing that the sources lack, everything that the links still need. */
export const logs: readonly GateDefinition[] = [
  {
    id: 'replication.errant',
    group,
    scope: 'chain',
    title: (chain) => `No node of ${chain} has a transaction that its source masters lack.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (world, chain, look) => {
      // Without GTID there is nothing to compare: the gate does not apply, and says nothing rather than "none".
      if (chain.gtid === 'off') return null;
      const sources = readSources(world, chain, look);
      // What a source holds that was not read looks errant everywhere; look.fast has said already which one it is.
      if (sources.length < sourceMasters(chain).length) return look.judgement();
      const held = union(sources.map(({ facts }) => facts.position));
      if (!held.ok) {
        look.unclear(`GTIDs of the source masters: ${held.error}`);
        return look.judgement();
      }
      const masters = sourceMasters(chain);
      for (const node of chainNodes(chain).filter(({ instance }) => !masters.includes(instance))) {
        const facts = look.fast(node.instance);
        if (facts === undefined) continue;
        const compared = { world, node, facts, sources, held: held.value };
        if (settledExcess(compared, look) === null) judgeNode(compared, look);
      }
      return look.judgement('node', 'has what the sources lack', 'origin');
    },
  },
  {
    id: 'replication.logs',
    group,
    scope: 'chain',
    title: (chain) => `Every binary log that a link of ${chain} still needs is there.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const node of chainNodes(chain)) {
        if (node.from === null) continue;
        const facts = look.fast(node.instance);
        const source = look.survey(node.from);
        const link = facts?.links.find(({ channel }) => channel === node.channel);
        if (facts === undefined || source === undefined || link === undefined) {
          if (facts !== undefined && link === undefined)
            look.unclear(`${node.instance} has no channel '${node.channel}'`);
          continue;
        }
        const oldest = source.binaryLogs[0]?.file;
        look.row(node.instance, link.readFile === '' ? 'none yet' : link.readFile, oldest ?? 'none');
        const keep = on(
          node.from,
          'keep binary logs longer (binlog_expire_logs_seconds / expire_logs_days); what is purged needs a rebuild of the replica',
        );
        if (oldest === undefined)
          look.expect(false, `${node.from}: expected binary logs for ${node.instance}, seen none.`, keep);
        else if (link.readFile !== '') {
          const order = compareFilePosition({ file: link.readFile, offset: 0 }, { file: oldest, offset: 0 });
          if (order === null)
            look.unclear(
              `cannot compare ${link.readFile}, which ${node.instance} reads, with ${oldest} of ${node.from}`,
            );
          else
            look.expect(
              order >= 0,
              `${node.from}: expected ${link.readFile}, which ${node.instance} reads, seen ${oldest} as the oldest.`,
              keep,
            );
        }
        if (source.purgedGtid !== '') {
          const lacking = missing(facts.position, { ...facts.position, gtid: source.purgedGtid });
          if (!lacking.ok) look.unclear(`purged GTIDs of ${node.from}: ${lacking.error}`);
          else
            look.expect(
              lacking.value.text === '',
              `${node.from}: expected purged GTIDs to be on ${node.instance}, seen ${lacking.value.text} purged and not there.`,
              keep,
            );
        }
      }
      return look.judgement('node', 'reads', 'oldest on its source');
    },
  },
];

/** `askedAt`: what a source committed until then is surely in the reading; later ones may be. UTC ms. */
type SourceReading = { readonly instance: string; readonly facts: FastFacts; readonly askedAt: number };

function readSources({ snapshot }: World, chain: Chain, look: Look): readonly SourceReading[] {
  return sourceMasters(chain).flatMap((instance) => {
    const facts = look.fast(instance);
    const seen = snapshot.instances[instance];
    if (facts === undefined || seen === undefined || seen.fastAskedAt === null) return [];
    return [{ instance, facts, askedAt: seen.fastAskedAt }];
  });
}

type Compared = {
  readonly world: World;
  readonly node: PlanNode;
  readonly facts: FastFacts;
  readonly sources: readonly SourceReading[];
  readonly held: string;
};

/**
 * What a node had already before the sources were asked, and they have not: errant beyond doubt, however busy they are
 * and however late the answers came. Null: nothing of that kind is known.
 */
function settledExcess({ world, node, sources, held }: Compared, look: Look): string | null {
  const before = world.snapshot.instances[node.instance]?.fastBefore;
  if (before?.kind !== 'known' || sources.some(({ askedAt }) => askedAt < before.takenAt)) return null;
  const facts = look.at(before, `earlier fast facts of ${node.instance}`, null);
  if (facts === undefined || facts.position.gtid.trim() === '') return null;
  const excess = missing({ ...facts.position, gtid: held }, facts.position);
  if (!excess.ok || excess.value.text === '') return null;
  look.row(node.instance, excess.value.text, originsOf(excess.value.text, facts.position.flavor).join(', '));
  look.expect(
    false,
    `${node.instance}: expected nothing that the sources lack, seen ${excess.value.text}.`,
    errantFix(facts.position.flavor, node.instance),
  );
  return excess.value.text;
}

function judgeNode({ world, node, facts, sources, held }: Compared, look: Look): void {
  if (facts.position.gtid.trim() === '') {
    // A slave without a binary log of its own has no GTID state; a target always needs one.
    if (node.side === 'target') look.unclear(`GTIDs of ${node.instance}: no GTID`);
    else look.note(`${node.instance} keeps no GTIDs of its own.`);
    return;
  }
  const excess = missing({ ...facts.position, gtid: held }, facts.position);
  if (!excess.ok) {
    look.unclear(`GTIDs of ${node.instance}: ${excess.error}`);
    return;
  }
  if (excess.value.text === '') {
    look.note(`${node.instance}: nothing that the sources lack.`);
    return;
  }
  const { flavor } = facts.position;
  const takenAt = world.snapshot.instances[node.instance]?.fast.takenAt ?? 0;
  const origins = originsOf(excess.value.text, flavor).map((origin) => ({
    origin,
    source: sources.find((source) => originOf(source.facts) === origin),
  }));
  look.row(
    node.instance,
    excess.value.text,
    origins.map(({ origin, source }) => source?.instance ?? origin).join(', '),
  );
  // Written by one of the sources after it was read and before the node was: on its way, not errant. A reading of the
  // source that was asked for after the node's had come leaves no such excuse (answers of two servers overtake each
  // other), and neither does an origin that is no source.
  const inFlight = origins.every(({ source }) => source !== undefined && source.askedAt <= takenAt);
  if (!inFlight) {
    look.expect(
      false,
      `${node.instance}: expected nothing that the sources lack, seen ${excess.value.text}.`,
      errantFix(flavor, node.instance),
    );
    return;
  }
  const apartMs = takenAt - Math.min(...sources.map((source) => source.askedAt));
  const bound = inFlightBound(world, { sources, apartMs });
  if (bound !== null && excess.value.transactions !== null && excess.value.transactions <= bound) {
    look.note(
      `${node.instance}: ahead by up to ${excess.value.transactions} transactions that its sources committed in the ${apartMs} ms since they were read.`,
    );
  } else {
    look.unclear(
      `${node.instance} is ahead of its sources' last reading (${apartMs} ms older) by ${excess.value.text}: expected at most ${bound ?? 'an unknown number of'} transactions in flight`,
    );
  }
}

function inFlightBound(
  { snapshot }: World,
  { sources, apartMs }: { readonly sources: readonly SourceReading[]; readonly apartMs: number },
): number | null {
  let rate = 0;
  for (const { instance } of sources) {
    const writes = snapshot.instances[instance]?.writesPerSecond;
    if (writes?.kind !== 'known') return null;
    rate += writes.value;
  }
  return alwaysInFlight + Math.ceil(4 * rate * ((apartMs + 250) / 1_000));
}

function originOf(facts: FastFacts): string {
  return facts.position.flavor === 'mysql' ? (facts.serverUuid ?? '').toLowerCase() : String(facts.serverId);
}

function originsOf(text: string, flavor: Flavor): readonly string[] {
  const origins = text.split(',').map((part) => {
    const match = flavor === 'mysql' ? /^\s*([0-9a-f-]{36}):/.exec(part) : /^\s*\d+-(\d+)-/.exec(part);
    return match?.[1] ?? part.trim();
  });
  return [...new Set(origins)];
}

function errantFix(flavor: Flavor, instance: string): string {
  return flavor === 'mysql'
    ? on(
        instance,
        'find them with mysqlbinlog --include-gtids; then either rebuild the node, or give each source an empty transaction of that GTID (SET GTID_NEXT=...; BEGIN; COMMIT; SET GTID_NEXT=AUTOMATIC;) once their content is known',
      )
    : on(
        instance,
        'find them with mariadb-binlog; then rebuild the node from a source: MariaDB cannot skip what its own state names',
      );
}
