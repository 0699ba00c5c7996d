import fc from 'fast-check';
import { normaliseSet, type RecordSet, type Routing } from '../../shared/observations/record-set.ts';
import type { PlannedChange } from '../../shared/observations/zone-diff.ts';

/** A simple record set of A records; tests change what they are about. */
export function setOf(change: Partial<RecordSet> = {}): RecordSet {
  return normaliseSet({
    name: 'www.shop.example',
    type: 'A',
    setIdentifier: '',
    routing: { kind: 'simple' },
    healthCheckId: null,
    content: { kind: 'values', ttlSeconds: 60, values: ['192.0.2.1'] },
    ...change,
  });
}

/** A latency-based record set: its region is its identifier too. */
export function inRegion(region: string, value: string, ttlSeconds = 60): RecordSet {
  return setOf({
    setIdentifier: region,
    routing: { kind: 'latency', region },
    healthCheckId: `check-${value}`,
    content: { kind: 'values', ttlSeconds, values: [value] },
  });
}

const regions = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-south-1'];
const host = fc.nat(254).map((last) => `192.0.2.${last}`);
const ttl = fc.constantFrom(0, 5, 60, 300);
const check = fc.option(fc.constantFrom('check-a', 'check-b'));
const alias = fc
  .tuple(fc.constantFrom('lb-1.aws.example', 'lb-2.aws.example'), fc.boolean())
  .map(([name, evaluateTargetHealth]) => ({
    kind: 'alias' as const,
    hostedZoneId: 'Z2',
    name,
    evaluateTargetHealth,
  }));

const routings: fc.Arbitrary<readonly Routing[]> = fc.oneof(
  fc.constant([{ kind: 'simple' } as const]),
  fc
    .subarray(regions, { minLength: 1 })
    .map((some) => some.map((region) => ({ kind: 'latency', region }) as const)),
  fc
    .array(fc.nat(255), { minLength: 1, maxLength: 3 })
    .map((weights) => weights.map((weight) => ({ kind: 'weighted', weight }) as const)),
  fc.constant([
    { kind: 'failover', role: 'PRIMARY' } as const,
    { kind: 'failover', role: 'SECONDARY' } as const,
  ]),
);

/** All record sets of one name that Route 53 would hold, or none. */
function setsOfName(name: string): fc.Arbitrary<readonly RecordSet[]> {
  const one = fc.record({
    health: check,
    content: fc.option(alias),
    hosts: fc.uniqueArray(host, { minLength: 1, maxLength: 3 }),
  });
  return fc
    .record({
      present: fc.boolean(),
      type: fc.constantFrom('A', 'CNAME'),
      ttlSeconds: ttl,
      routings,
      each: fc.array(one, { minLength: 4, maxLength: 4 }),
    })
    .map(({ present, type, ttlSeconds, routings: ways, each }) =>
      !present
        ? []
        : ways.map((routing, at): RecordSet => {
            const drawn = each[at];
            const values = type === 'CNAME' ? ['edge.shop.example'] : (drawn?.hosts ?? []);
            return setOf({
              name,
              type,
              routing,
              setIdentifier: routing.kind === 'simple' ? '' : `set-${at}`,
              healthCheckId: routing.kind === 'failover' ? 'check-a' : (drawn?.health ?? null),
              content: drawn?.content ?? { kind: 'values', ttlSeconds, values },
            });
          }),
    );
}

/** A zone, what the plan says of some of its names before and after, and the sets that the plan does not name. */
export const drawnZone: fc.Arbitrary<{
  readonly changes: readonly PlannedChange[];
  readonly others: readonly RecordSet[];
}> = fc
  .record({
    sides: fc.tuple(
      ...['a.shop.example', '*.shop.example', 'www.shop.example'].map((name) =>
        fc.tuple(setsOfName(name), setsOfName(name)),
      ),
    ),
    others: setsOfName('other.shop.example'),
  })
  .map(({ sides, others }) => ({ changes: sides.flatMap(([before, after]) => pair(before, after)), others }));

function pair(before: readonly RecordSet[], after: readonly RecordSet[]): readonly PlannedChange[] {
  const key = (set: RecordSet): string => `${set.type} ${set.setIdentifier}`;
  return [
    ...before.map((set) => ({ before: set, after: after.find((other) => key(other) === key(set)) ?? null })),
    ...after
      .filter((set) => !before.some((other) => key(other) === key(set)))
      .map((set) => ({ before: null, after: set })),
  ];
}
