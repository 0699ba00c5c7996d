import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeRunway, notOursToLower, type Runway } from '../../../shared/gates/ttl-runway.ts';
import { known, unknown } from '../../../shared/observations/observation.ts';

const seen = (...times: readonly (number | null)[]): Runway['servers'] =>
  known(
    times.map((seenAt, at) => ({ server: `ns${at + 1}`, seenAt })),
    0,
    'dns',
  );
const www = {
  record: 'www A',
  oldTtls: [
    { what: 'www A', ttlSeconds: 300, lowered: true },
    { what: 'alias target', ttlSeconds: 60, lowered: false },
  ],
};
const runway: Runway = { insyncAt: 1_000, servers: seen(2_000, 5_000), records: [www], marginMs: 500 };
const verdict = (change: Partial<Runway>, now = 10_000) => judgeRunway({ ...runway, ...change }, now);

describe('the runway opens', () => {
  test('when the longest old TTL has passed since the last authoritative server turned', () => {
    expect(verdict({}, 305_499)).toMatchObject({ state: 'closed', opensAt: 305_500 });
    expect(verdict({}, 305_500)).toMatchObject({ state: 'open', longest: { what: 'www A' } });
    expect(verdict({ insyncAt: 9_000 })).toMatchObject({ opensAt: 309_500 });
  });

  test('after the TTL of an alias too, which nobody here can lower', () => {
    const alias = { record: 'api A', oldTtls: [{ what: 'alias target', ttlSeconds: 900, lowered: false }] };
    expect(verdict({ records: [www, alias] })).toMatchObject({
      opensAt: 905_500,
      longest: { record: 'api A' },
    });
    expect(notOursToLower([www, alias]).map(({ record }) => record)).toEqual(['www A', 'api A']);
  });

  test('where nothing changes', () => {
    expect(verdict({ records: [], insyncAt: null }).state).toBe('open');
  });
});

describe('the runway does not open', () => {
  test.each<[string, Partial<Runway>, string, string]>([
    ['lowering not in sync', { insyncAt: null }, 'closed', 'INSYNC'],
    ['one server without it', { servers: seen(2_000, null) }, 'closed', 'ns2 was not seen'],
    [
      'servers that cannot be asked',
      { servers: unknown('no way there', 0, 'dns') },
      'unknown',
      'no way there',
    ],
    ['no server known', { servers: seen() }, 'unknown', 'none is known'],
    ['an old TTL that was never seen', { records: [www, { record: 'b A', oldTtls: [] }] }, 'unknown', 'b A'],
  ])('%s', (_, change, state, says) => {
    const judged = verdict(change, 10 ** 9);
    expect(judged).toMatchObject({ state, opensAt: null });
    expect(judged.reasons.join()).toContain(says);
  });
});

test('once open, no cache that keeps to TTLs can still hold an old answer', () => {
  const drawn = fc.record({
    insyncAt: fc.nat(100_000),
    servers: fc.array(fc.nat(100_000), { minLength: 1, maxLength: 4 }),
    ttls: fc.array(fc.nat(3_600), { minLength: 1, maxLength: 4 }),
    link: fc.nat(3),
    server: fc.nat(3),
    early: fc.nat(100_000),
  });
  fc.assert(
    fc.property(drawn, ({ insyncAt, servers, ttls, link, server, early }) => {
      const records = [
        {
          record: 'r',
          oldTtls: ttls.map((ttlSeconds, at) => ({ what: `${at}`, ttlSeconds, lowered: true })),
        },
      ];
      const { opensAt } = judgeRunway({ insyncAt, servers: seen(...servers), records, marginMs: 0 }, 0);
      // A cache fetched one link of the chain from one server while that server still had the old answer.
      const fetchedAt = (servers[server % servers.length] ?? 0) - early;
      expect(opensAt ?? -1).toBeGreaterThanOrEqual(fetchedAt + (ttls[link % ttls.length] ?? 0) * 1_000);
    }),
  );
});
