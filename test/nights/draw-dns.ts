import { seeded, type Random } from '../../main/simulator/random.ts';
import type { PlanInput } from '../../shared/plan/plan.ts';
import type { Fault, When } from '../../shared/plan/scenario.ts';
import type { Cell } from './cells.ts';
import { isAtHosts } from './changed-hosts.ts';
import { clusterEndpoints, failoverPair } from '../helpers/flip-plan.ts';

type DnsInput = NonNullable<PlanInput['dns']>;
type Records = DnsInput['records'];

/** Faults of Route 53: in a plan without DNS they strike nothing. */
export const zoneKinds = [
  'zone-reply',
  'zone-changed',
  'zone-unreachable',
  'credentials-expired',
] as const satisfies readonly Fault['kind'][];
export type ZoneKind = (typeof zoneKinds)[number];

/** Whether a kind of fault strikes Route 53. */
export function isZoneKind(kind: Fault['kind']): kind is ZoneKind {
  return zoneKinds.some((each) => each === kind);
}

/** What a plan must have of a flip: one of either kind, or one by that kind; null: what the lot says. */
export type FlipWanted = 'any' | NonNullable<DnsInput['flip']>['by'] | null;

/** What a night that aims at these cells needs: where a host is to fail, a flip by files, which are on hosts. */
export function flipFor(aimed: readonly (Cell | null)[]): FlipWanted {
  const flips = aimed.filter((cell) => cell?.step === 'flip');
  if (flips.length === 0) return null;
  return flips.some((cell) => cell !== null && isAtHosts(cell.way)) ? 'files' : 'any';
}

/**
 * DNS of two plans in three, by a chance of its own: one or two zones, each with record sets of every way of routing; in
 * one of six of them, and where it is asked for, a name that a flip turns.
 */
export function drawDns(seed: number, flip: FlipWanted = null): { readonly dns?: DnsInput } {
  const chance = seeded(seed, 'flip');
  if (flip !== null || chance.whole(9) === 0) return { dns: flippedDns(chance, flip) };
  const random = seeded(seed, 'dns');
  if (random.whole(3) === 0) return {};
  const zones = Array.from({ length: 1 + random.whole(2) }, (_, place) => ({
    id: `zone-${place + 1}`,
    hostedZoneId: `Z0NIGHT${place + 1}`,
    name: `shop-${place + 1}.example`,
  }));
  return {
    dns: {
      zones,
      records: zones.flatMap(({ id, name }) => [
        ...chosenByRegion(random, id, `www.${name}`),
        ...(random.whole(2) === 0 ? [] : [simple(random, id, `api.${name}`)]),
      ]),
      // Zones of a handful of record sets change for the most part.
      safety: { fromRecords: 1_000 },
    },
  };
}

/** One flip in three is by routing controls. */
function flippedDns(random: Random, wanted: FlipWanted): DnsInput {
  const byFiles = flippedByFiles(random);
  const byControls = random.whole(3) === 0;
  return wanted === 'routing-controls' || (byControls && wanted !== 'files')
    ? flippedByControls(random, byFiles.flip?.batch ?? 'plan-b')
    : byFiles;
}

type Batch = NonNullable<NonNullable<DnsInput['flip']>['batch']>;
const flipZone = { id: 'zone-1', hostedZoneId: 'Z0NIGHT1', name: 'shop-1.example' };

/** Both answers of a name, told apart by two health checks. */
function flippedName(name: string, [source, target]: readonly [source: string, target: string]): Records {
  return failoverPair(
    { zone: flipZone.id, name: `${name}.${flipZone.name}`, type: 'A' as const },
    {
      source: { ttlSeconds: 30, values: ['192.0.2.1'], healthCheck: source },
      target: { ttlSeconds: 30, values: ['198.51.100.1'], healthCheck: target },
    },
  );
}

/** Where the files of a flip are: the source's endpoint looks on one application host, the target's on a host of its side. */
function flippedByFiles(random: Random): DnsInput {
  const check = (id: string, address: string) => ({
    id,
    healthCheckId: `check-${id}`,
    type: 'TCP' as const,
    address,
    port: 443,
    intervalSeconds: 10 as const,
    failureThreshold: 1 + random.whole(3),
  });
  const path = '/run/shop/serving';
  return {
    zones: [flipZone],
    healthChecks: [check('source', '192.0.2.1'), check('target', '198.51.100.1')],
    records: flippedName('www', ['source', 'target']),
    flip: {
      files: [
        { host: random.whole(2) === 0 ? 'app-a' : 'app-b', path, standsFor: 'source', healthCheck: 'source' },
        { host: 'jump', path, standsFor: 'target', healthCheck: 'target' },
      ],
      batch: random.whole(4) === 0 ? 'also' : 'plan-b',
    },
    safety: { fromRecords: 1_000 },
  };
}

/** One name or two, each with a routing control a side, in a cluster with one endpoint to five. */
function flippedByControls(random: Random, batch: Batch): DnsInput {
  const names = ['www', 'api'].slice(0, 1 + random.whole(2));
  const controls = names.flatMap((name) =>
    (['source', 'target'] as const).map((standsFor) => ({
      arn: `arn:aws:route53-recovery-control::111122223333:controlpanel/0aa1/routingcontrol/${name}0${standsFor}`,
      standsFor,
      healthCheck: `${name}-${standsFor}`,
    })),
  );
  return {
    zones: [flipZone],
    healthChecks: controls.map(({ healthCheck: id }) => ({
      id,
      healthCheckId: `check-${id}`,
      type: 'EXISTING' as const,
    })),
    records: names.flatMap((name) => flippedName(name, [`${name}-source`, `${name}-target`])),
    flip: {
      by: 'routing-controls',
      cluster: { endpoints: clusterEndpoints.slice(0, 1 + random.whole(5)), controls },
      batch,
    },
    safety: { fromRecords: 1_000 },
  };
}

function chosenByRegion(random: Random, zone: string, name: string): Records {
  const ttlSeconds = 10 + random.whole(50);
  return ['us-east-1', 'us-west-2'].map((region, place) => ({
    zone,
    name,
    type: 'A' as const,
    setIdentifier: region,
    before: { ttlSeconds, values: [`192.0.2.${place + 1}`], region },
    after: { ttlSeconds, values: [`198.51.100.${place + 1}`], region },
  }));
}

/** Changed, created, deleted or left as it is. */
function simple(random: Random, zone: string, name: string): Records[number] {
  const [here, there] = ['192.0.2.30', '198.51.100.30'].map((value) => ({ ttlSeconds: 30, values: [value] }));
  const sides = [
    [here, there],
    ['absent', there],
    [here, 'absent'],
    [here, here],
  ] as const;
  const [before, after] = sides[random.whole(sides.length)] ?? sides[0];
  return { zone, name, type: 'A', before: before ?? 'absent', after: after ?? 'absent' };
}

/** One fault of Route 53. */
export function zoneFault(random: Random, kind: ZoneKind, heals: boolean): Fault {
  switch (kind) {
    case 'zone-reply': {
      const asks = ['change', 'change', 'changeState', 'listNames'] as const;
      const ways = ['throttled', 'prior-request', 'error', 'lost', 'lost-after-effect'] as const;
      return {
        kind,
        ask: asks[random.whole(asks.length)] ?? 'change',
        way: ways[random.whole(ways.length)] ?? 'lost',
        times: 1 + random.whole(3),
      };
    }
    case 'zone-changed': {
      const hows = ['other-value', 'removed', 'already-after'] as const;
      return { kind, how: hows[random.whole(hows.length)] ?? 'removed' };
    }
    case 'zone-unreachable':
      return { kind, forMs: heals || random.whole(2) === 0 ? 500 + random.whole(8_000) : 60_000 };
    case 'credentials-expired':
      return { kind };
  }
}

/** Route 53 is asked in one step alone: a fault of it that comes at any other moment mostly waits for that one. */
export function zoneMoment(random: Random): When {
  const steps = ['announce', 'announce', 'promote', 'fence'] as const;
  return { step: steps[random.whole(steps.length)] ?? 'announce', state: 'running' };
}
