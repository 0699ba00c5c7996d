import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClientWrite } from '../../../shared/observations/client-log.ts';
import { parseWriteLine, writeLine } from '../../../shared/observations/client-log.ts';
import {
  judgeFigures,
  outagesOf,
  overlapMs,
  userVisibleDowntimeMs,
  writeFreezeMs,
} from '../../../shared/observations/figures.ts';
import { planSchema } from '../../../shared/plan/plan.ts';

const http = (id: string) => ({
  id,
  kind: 'http' as const,
  chain: 'orders',
  region: 'ec2',
  writeUrl: 'http://127.0.0.1:1/write',
  readUrl: 'http://127.0.0.1:1/read/',
});
const plan = planSchema.parse({
  schemaVersion: 1,
  name: 'figures',
  environment: 'simulator',
  sites: [
    { id: 'colo', kind: 'co-location' },
    { id: 'ec2', kind: 'ec2-region' },
  ],
  hosts: [{ id: 'h', site: 'colo' }],
  accounts: { operator: { loginPath: 'a' }, plain: { loginPath: 'b' } },
  instances: ['a', 'b', 'c', 'd'].map((id) => ({ id, host: 'h' })),
  chains: [
    ['orders', 'a', 'b'],
    ['content', 'c', 'd'],
  ].map(([id, source, target]) => ({
    id,
    source: { masters: [{ instance: source }] },
    target: { masters: [{ instance: target }] },
    replication: { forward: { account: { loginPath: 'r' } } },
    wayBack: { none: 'test' },
  })),
  clients: [http('users-1'), http('users-2')],
});

let made = 0;
type Brief = readonly [endedAt: number, outcome: 'ok' | 'refused' | 'unknown', more?: Partial<ClientWrite>];
const side = (where: ClientWrite['side'], client: string, briefs: readonly Brief[]): ClientWrite[] =>
  briefs.map(([endedAt, outcome, more]) => ({
    client,
    chain: 'orders',
    id: `w${(made += 1)}`,
    side: where,
    startedAt: endedAt - 1,
    endedAt,
    outcome: outcome === 'ok' ? 'acknowledged' : outcome,
    ...more,
  }));

const brief = fc.record({
  endedAt: fc.double({ min: 0, max: 10_000, noNaN: true }),
  tookMs: fc.double({ min: 0, max: 50, noNaN: true }),
  outcome: fc.constantFrom('acknowledged' as const, 'refused' as const, 'unknown' as const),
  side: fc.constantFrom('source' as const, 'target' as const, 'path' as const),
});
const log = fc.array(
  brief.map((one): ClientWrite => ({
    client: one.side === 'path' ? 'users-1' : 'direct',
    chain: 'orders',
    id: `p${(made += 1)}`,
    side: one.side,
    startedAt: one.endedAt - one.tookMs,
    endedAt: one.endedAt,
    outcome: one.outcome,
  })),
  { maxLength: 60 },
);

describe('write freeze', () => {
  test('is last acknowledged by the source to first acknowledged by the target (the worked example)', () => {
    const writes = [
      ...side('source', 'direct', [
        [100, 'ok'],
        [105, 'ok'],
        [110, 'refused'],
      ]),
      ...side('target', 'direct', [
        [120, 'refused'],
        [131, 'ok'],
        [136, 'ok'],
      ]),
    ];
    expect(writeFreezeMs(writes)).toBe(26);
    expect(overlapMs(writes)).toBe(0);
  });

  test('is not known while only one side has acknowledged, and a write without an answer is no acknowledgement', () => {
    expect(writeFreezeMs(side('source', 'direct', [[1, 'ok']]))).toBe(null);
    expect(
      writeFreezeMs([
        ...side('source', 'direct', [[1, 'ok']]),
        ...side('target', 'direct', [[2, 'unknown']]),
      ]),
    ).toBe(null);
  });

  test('looks at each chain by itself and never at the path', () => {
    const orders = [...side('source', 'direct', [[100, 'ok']]), ...side('target', 'direct', [[150, 'ok']])];
    const content = [...side('source', 'd2', [[90, 'ok']]), ...side('target', 'd2', [[300, 'ok']])].map(
      (write) => ({
        ...write,
        chain: 'content',
      }),
    );
    const path = side('path', 'users-1', [[120, 'ok']]);
    expect(judgeFigures(plan, [...content, ...orders, ...path]).freezes).toEqual({
      orders: 50,
      content: 210,
    });
  });

  test('never depends on the order of the log, nor on writes that were not acknowledged', () => {
    fc.assert(
      fc.property(log, (writes) => {
        const good = writes.filter((write) => write.outcome === 'acknowledged');
        expect(writeFreezeMs([...writes].reverse())).toBe(writeFreezeMs(writes));
        expect(writeFreezeMs(good)).toBe(writeFreezeMs(writes));
        expect(overlapMs(good)).toBe(overlapMs(writes));
      }),
    );
  });

  test('moves with the clock, and two writable sides show as an overlap', () => {
    fc.assert(
      fc.property(log, fc.integer({ min: -5_000, max: 5_000 }), (writes, shift) => {
        const moved = writes.map((write) => ({
          ...write,
          startedAt: write.startedAt + shift,
          endedAt: write.endedAt + shift,
        }));
        const freeze = writeFreezeMs(writes);
        if (freeze === null) {
          expect(overlapMs(writes)).toBe(0);
          return;
        }
        expect(writeFreezeMs(moved)).toBeCloseTo(freeze, 6);
        expect(overlapMs(moved)).toBeCloseTo(overlapMs(writes), 6);
        if (freeze < 0) expect(overlapMs(writes)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('overlap', () => {
  test('is counted from when the target’s write was sent to when the source’s was acknowledged', () => {
    const writes = [
      ...side('source', 'direct', [
        [100, 'ok'],
        [140, 'ok'],
      ]),
      ...side('target', 'direct', [[145, 'ok', { startedAt: 130 }]]),
    ];
    expect(overlapMs(writes)).toBe(10);
    expect(judgeFigures(plan, writes).overlapMs).toBe(10);
  });
});

describe('user-visible downtime', () => {
  const ends = (briefs: readonly Brief[]) => side('path', 'users-1', briefs);
  const downtime = (briefs: readonly Brief[]) => userVisibleDowntimeMs(plan, ends(briefs));

  test('is from the last good write before a failure to the first good one after it (the worked examples)', () => {
    expect(
      downtime([
        [1000, 'ok'],
        [1020, 'ok'],
        [1040, 'refused'],
        [1400, 'unknown'],
        [1620, 'ok'],
        [1640, 'ok'],
      ]),
    ).toBe(600);
    expect(
      downtime([
        [1000, 'ok'],
        [1020, 'ok'],
        [1900, 'ok'],
      ]),
    ).toBe(880);
    expect(
      downtime([
        [1000, 'ok'],
        [1020, 'ok'],
        [1040, 'ok'],
      ]),
    ).toBe(0);
  });

  test('counts a write that nobody could read back, but not one that a replica does not have yet', () => {
    expect(
      downtime([
        [1000, 'ok'],
        [1020, 'ok', { readBack: 'failed' }],
        [1040, 'ok'],
      ]),
    ).toBe(40);
    expect(
      downtime([
        [1000, 'ok'],
        [1020, 'ok', { readBack: 'absent' }],
        [1040, 'ok'],
      ]),
    ).toBe(0);
  });

  test('is the worst client’s, and unknown while an outage lasts or nobody looked', () => {
    const other = side('path', 'users-2', [
      [1000, 'ok'],
      [1020, 'refused'],
      [1200, 'ok'],
    ]);
    expect(
      userVisibleDowntimeMs(plan, [
        ...ends([
          [1000, 'ok'],
          [1010, 'refused'],
          [1050, 'ok'],
        ]),
        ...other,
      ]),
    ).toBe(200);
    expect(
      downtime([
        [1000, 'ok'],
        [1020, 'refused'],
      ]),
    ).toBe(null);
    expect(userVisibleDowntimeMs(plan, [])).toBe(null);
  });

  test('begins with the first failing write when nothing was good before', () => {
    expect(
      downtime([
        [1000, 'refused', { startedAt: 990 }],
        [1050, 'ok'],
      ]),
    ).toBe(60);
  });

  test('outages never overlap, contain every failure, and no good write lies inside one', () => {
    fc.assert(
      fc.property(log, (all) => {
        const writes = all.map((write) => ({ ...write, client: 'users-1', side: 'path' as const }));
        const outages = outagesOf(writes, 20);
        const good = writes.filter((write) => write.outcome === 'acknowledged');
        outages.forEach((outage, index) => {
          const end = outage.endedAt ?? Infinity;
          expect(end).toBeGreaterThanOrEqual(outage.startedAt);
          expect(outages[index + 1]?.startedAt ?? Infinity).toBeGreaterThanOrEqual(end);
          for (const write of good)
            expect(write.endedAt > outage.startedAt && write.endedAt < end).toBe(false);
        });
        for (const write of writes.filter((one) => one.outcome !== 'acknowledged'))
          expect(
            outages.some(
              ({ startedAt, endedAt }) =>
                startedAt <= write.endedAt && write.endedAt <= (endedAt ?? Infinity),
            ),
          ).toBe(true);
      }),
    );
  });

  test('carries a long night: 400,000 writes', () => {
    const writes = ends(
      Array.from({ length: 400_000 }, (_, index): Brief => [index, index === 7 ? 'refused' : 'ok']),
    );
    expect(judgeFigures(plan, writes).userVisibleDowntimeMs).toBe(2);
  });
});

describe('the log', () => {
  test('reads back what was written, and takes no half line for a write', () => {
    fc.assert(
      fc.property(log, (writes) => {
        for (const write of writes) {
          const line = writeLine(write);
          expect(line.indexOf('\n')).toBe(line.length - 1);
          expect(parseWriteLine(line)).toEqual(JSON.parse(line));
          expect(parseWriteLine(line.slice(0, line.length / 2))).toBe(null);
        }
      }),
    );
    expect(parseWriteLine('{"client":"a"}')).toBe(null);
  });
});
