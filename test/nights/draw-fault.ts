import type { Fault, ScriptedFault, When } from '../../shared/plan/scenario.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { effectOperations, type OperationName } from '../../shared/sessions/operations.ts';
import { order } from '../../shared/steps/order.ts';
import type { Random } from '../../main/simulator/random.ts';
import { clusterKinds } from './draw-cluster.ts';
import { isZoneKind, zoneFault, zoneKinds, zoneMoment } from './draw-dns.ts';
import { one } from './draw-plan.ts';

const reads: readonly OperationName[] = [
  'fastFacts',
  'state',
  'waitApplied',
  'clientSessions',
  'preparedTransactions',
  'openTransactions',
  'newestRows',
  'threadsAlive',
  'readCanary',
  'proveFence',
];
const operations: readonly OperationName[] = [
  ...effectOperations.filter((name) => name !== 'prepareSchema'),
  ...reads,
];

/** What may hold a fence up, or only looks like it. */
const blockers = [
  'running',
  'idle',
  'lock-tables',
  'semi-sync',
  'ddl',
  'lock-queue',
  'fragile',
  'backup',
] as const;

/** Every kind of fault that any night may draw by lot. */
export const byLot = [
  'lag-spike',
  'long-transaction',
  'slow-commit',
  'lost-session',
  'reply',
  'server-killed',
  'server-paused',
  'applier-stopped',
  'late-write',
  'prepared-transaction',
  'writable',
  'errant-transaction',
  'bypass-account',
  'table-without-key',
  'clock-offset',
  'host-unreachable',
  'failed-switch',
  'host-reply',
  'lost-channel',
  'partition',
  ...zoneKinds,
  'server-replaced',
  'kept-session',
] as const satisfies readonly Fault['kind'][];
export type Kind = (typeof byLot)[number];

/** Every kind of fault that a night may draw; the coverage of a long series must show each of them. */
export const catalogue = [...byLot, ...clusterKinds] as const;

/** What does not go away by itself, or what preflight would have to find: no night with it must end well. */
export const lasting: readonly Kind[] = [
  'writable',
  'late-write',
  'errant-transaction',
  'bypass-account',
  'table-without-key',
  'zone-changed',
  'server-replaced',
];

/** One of these kinds, at any moment if none is given. `heals`: what goes wrong is over after a while. */
export function anyFault(
  random: Random,
  plan: Plan,
  { kinds, heals, when }: { readonly kinds: readonly Kind[]; readonly heals: boolean; readonly when?: When },
): ScriptedFault {
  const kind = one(random, kinds);
  const moment = when ?? (isZoneKind(kind) ? zoneMoment(random) : anyMoment(random));
  return { when: moment, fault: make(random, plan, [kind, heals]) };
}

/** Mostly in a step before the point of no return: that is where everything must be taken back. */
function anyMoment(random: Random): When {
  const early = order.filter(({ side }) => side !== 'after');
  if (random.whole(2) === 0)
    return {
      step: one(random, random.whole(2) > 0 ? early : order).id,
      state: random.whole(4) > 0 ? 'running' : 'done',
    };
  const operation = one(random, operations);
  return random.whole(2) === 0
    ? { before: operation, count: 1 + random.whole(3) }
    : { after: operation, count: 1 + random.whole(3), delayMs: random.whole(60) };
}

function make(random: Random, plan: Plan, [kind, heals]: readonly [Kind, boolean]): Fault {
  const chain = one(random, plan.chains);
  const masters = [...chain.source.masters, ...chain.target.masters];
  const nodes = [...masters, ...chain.source.slaves, ...chain.target.replicas];
  const on = one(random, nodes).instance;
  const master = one(random, masters).instance;
  const source = one(random, chain.source.masters).instance;
  const target = one(random, chain.target.masters).instance;
  switch (kind) {
    case 'lag-spike':
      return { kind, on: target, appliesPerSecond: 1 + random.whole(50), forMs: 500 + random.whole(8_000) };
    case 'long-transaction': {
      const how = one(random, blockers);
      return { kind, on: master, how, user: 'batch', rows: 20, forMs: 1_000 + random.whole(20_000) };
    }
    case 'slow-commit':
      return { kind, on, extraMs: 20 + random.whole(800), forMs: 10_000 };
    case 'lost-session':
      return { kind, on, purpose: one(random, ['act', 'look', 'abort', 'watch', 'survey', 'plain']) };
    case 'reply':
      return {
        kind,
        on: master,
        operation: one(random, operations),
        way: one(random, ['error', 'none', 'lost-after-effect', 'late']),
        code: 1105,
        ms: 100 + random.whole(6_000),
        times: 1 + random.whole(2),
      };
    case 'server-killed':
      return { kind, on, downMs: 1_000 + random.whole(3_000) };
    case 'server-paused':
      return { kind, on, forMs: 200 + random.whole(6_000) };
    case 'applier-stopped':
      return { kind, on, code: one(random, [0, 1062]), ...(heals ? { forMs: 6_000 } : {}) };
    case 'late-write':
      return { kind, on: source, count: 1 + random.whole(3) };
    case 'prepared-transaction':
      return {
        kind,
        on: source,
        ...(heals || random.whole(2) === 0 ? { commitAfterMs: random.whole(3_000) } : {}),
      };
    case 'writable':
      return { kind, on: source, writesPerSecond: random.whole(40) };
    case 'errant-transaction':
      return { kind, on: target };
    case 'bypass-account':
      return { kind, on: source, user: 'legacy_admin' };
    case 'table-without-key':
      return { kind, on: source, table: 'shop.writes' };
    case 'clock-offset':
      return { kind, on, offsetMs: random.whole(6_000) - 3_000 };
    case 'host-unreachable':
      return { kind, host: { appHost: 1 + random.whole(2) }, ...(heals ? { forMs: 4_000 } : {}) };
    case 'failed-switch': {
      const delayMs = random.whole(60);
      return {
        kind,
        host: { appHost: 1 + random.whole(2) },
        code: 1,
        output: 'disk full',
        delayMs,
        times: 1,
      };
    }
    case 'host-reply':
      return {
        kind,
        host: one(random, plan.hosts).id,
        way: one(random, ['error', 'none', 'lost-after-effect', 'late']),
        code: 1,
        ms: 100 + random.whole(6_000),
        times: 1 + random.whole(2),
      };
    case 'lost-channel':
      return { kind, host: one(random, plan.hosts).id };
    case 'server-replaced':
      return { kind, on, downMs: 500 + random.whole(3_000) };
    case 'kept-session':
      return { kind, on: source, from: { appHost: 1 + random.whole(2) } };
    case 'partition':
      return { kind, between: [...one(random, cuts)], forMs: 500 + random.whole(6_000) };
    case 'zone-reply':
    case 'zone-changed':
    case 'zone-unreachable':
    case 'credentials-expired':
      return zoneFault(random, kind, heals);
    default:
      return kind satisfies never;
  }
}

const cuts: readonly (readonly [string, string])[] = [
  ['laptop', 'colo-a'],
  ['laptop', 'colo-b'],
  ['laptop', 'east'],
  ['laptop', 'west'],
  ['colo-a', 'east'],
  ['colo-a', 'colo-b'],
  ['east', 'west'],
];
