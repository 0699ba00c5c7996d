import type { DnsRowView, DnsSide, DnsView } from '../../shared/contract/dns-view.ts';
import type { ResidueView } from '../../shared/contract/residue-view.ts';
import { at } from './view-chains.ts';
import { health } from './view-health.ts';

type Part = Partial<DnsRowView> & Pick<DnsRowView, 'server' | 'kind' | 'side'>;
const values: Readonly<Record<DnsSide, readonly string[]>> = {
  source: ['192.0.2.10'],
  target: ['198.51.100.10'],
  other: ['203.0.113.99'],
  error: [],
  waiting: [],
};

/** One row; `seconds` ago it turned, and so much of it was left. */
function row(part: Part): DnsRowView {
  const question = part.question ?? 'www.shop.example A';
  return {
    row: `shop ${part.server} ${question} ${part.users ?? ''}`,
    zone: 'shop',
    address: '192.0.2.53',
    question,
    users: null,
    region: null,
    answer: part.side === 'error' ? 'no-answer' : 'as-planned',
    why: `It answers the ${part.side}.`,
    values: values[part.side],
    chain: [],
    ttlSeconds: part.side === 'error' ? null : 42,
    seenAtUtcMs: at - 700,
    turnedAtUtcMs: part.side === 'target' ? at - 24_000 : null,
    turnedBack: 0,
    ignoresTtl: null,
    ownPlaceOnly: false,
    ...part,
  };
}

const regions = ['us-east-1', 'us-west-2'] as const;
const authoritative = [1, 2, 3, 4].flatMap((each) =>
  regions.map((users) =>
    row({
      server: `ns-${each}.awsdns-0${each}.example`,
      kind: 'authoritative',
      side: 'target',
      users,
      region: users,
      ttlSeconds: 60,
    }),
  ),
);
const resolvers = Array.from({ length: 24 }, (_, each) =>
  row({
    server: `resolver-${String(each + 1).padStart(2, '0')}`,
    address: `192.0.2.${100 + each}`,
    kind: 'resolver',
    side: each % 3 === 0 ? 'source' : 'target',
    users: each % 2 === 0 ? 'us-east-1' : null,
    region: 'us-east-1',
  }),
);
const odd: readonly DnsRowView[] = [
  row({
    server: 'isp-that-keeps',
    kind: 'resolver',
    side: 'source',
    ttlSeconds: 3_541,
    ignoresTtl: 'It means to keep the source for 3541 s, longer than any TTL of it (60 s) leaves.',
  }),
  row({
    server: 'isp-broken',
    kind: 'resolver',
    side: 'error',
    answer: 'server-error',
    why: 'It answered SERVFAIL.',
  }),
  row({
    server: 'isp-silent',
    kind: 'resolver',
    side: 'error',
    why: 'It did not answer in time: no answer to A within 1500 ms',
  }),
  row({
    server: 'isp-negative',
    kind: 'resolver',
    side: 'error',
    answer: 'nxdomain',
    ttlSeconds: 611,
    why: 'There is no name www.shop.example.',
  }),
  row({
    server: 'isp-stale',
    kind: 'resolver',
    side: 'source',
    answer: 'stale',
    ttlSeconds: 30,
    why: 'It answers the source. It says itself that this answer is stale.',
  }),
  row({
    server: 'isp-elsewhere',
    kind: 'resolver',
    side: 'other',
    answer: 'foreign',
    why: 'It answers 203.0.113.99, which the plan names on neither side.',
  }),
  row({
    server: 'isp-own-place',
    kind: 'resolver',
    side: 'target',
    users: 'us-west-2',
    ownPlaceOnly: true,
    region: 'us-west-2',
  }),
  row({ server: 'isp-two-caches', kind: 'resolver', side: 'source', turnedBack: 2, ttlSeconds: 11 }),
  row({
    server: 'resolver-01',
    kind: 'resolver',
    side: 'target',
    question: 'cdn.shop.example A',
    chain: ['cdn.shop.example', 'edge.shop.example'],
  }),
];
const hosts = ['app-a1', 'app-b1'].map((server) =>
  row({
    server,
    kind: 'host',
    side: 'source',
    address: '127.0.0.1',
    ttlSeconds: null,
    why: 'It answers the source. By its own ways (10.1.0.2); for how long still, it does not say.',
  }),
);
const rows = [...authoritative, ...resolvers, ...odd, ...hosts];
const sideOf = (side: DnsSide, of = rows): number => of.filter((each) => each.side === side).length;
const share = (of = rows) => ({
  target: sideOf('target', of),
  source: sideOf('source', of),
  other: sideOf('other', of),
  error: sideOf('error', of),
});

/** Half a minute after the change, with everything that may be odd. */
export const dns: DnsView = {
  atUtcMs: at,
  told: [],
  planes: [
    'By the run: change batch: control plane of Route 53 (us-east-1), mostly 60 s until INSYNC + 60 s TTL.',
  ],
  changes: regions.map((region) => ({
    set: `www.shop.example A (${region})`,
    zone: 'shop',
    region,
    before: '192.0.2.10, TTL 60 s',
    after: '198.51.100.10, TTL 60 s',
  })),
  zones: [
    {
      zone: 'shop',
      name: 'shop.example',
      view: 'public',
      servers: [
        ...[1, 2, 3, 4].map((each) => ({
          server: `ns-${each}.awsdns-0${each}.example`,
          address: `198.18.1.${each}`,
          standing: 'holds' as const,
          why: 'It holds the zone, serial 7.',
        })),
        {
          server: 'ns.left-behind.example',
          address: '198.18.9.9',
          standing: 'lame',
          why: 'It is named as a server of the zone and does not hold it: it gave REFUSED. Have it taken out of the NS records.',
        },
      ],
      notes: ['ns.left-behind.example: named by the parent and not by the zone itself.'],
      changedAtUtcMs: at - 26_000,
    },
  ],
  rows,
  share: share(),
  regions: regions.map((region) => ({ region, share: share(rows.filter((each) => each.region === region)) })),
  eta: { kind: 'until', atUtcMs: at + 34_000, without: 5 },
  lingering: rows
    .filter(({ side }) => side !== 'target')
    .map((each) => ({
      row: each.row,
      side: each.side,
      label: `${each.server} · ${each.question}${each.users === null ? '' : ` · ${each.users}`}`,
      why:
        each.ignoresTtl ??
        (each.side === 'source' && each.kind === 'resolver'
          ? `A cache that may keep the source for ${each.ttlSeconds ?? 0} s more.`
          : each.why),
    })),
  lingeringMore: 0,
  history: Array.from({ length: 60 }, (_, each) => {
    const target = each < 40 ? 0 : Math.min(sideOf('target'), (each - 40) * 3);
    return {
      atUtcMs: at - (60 - each) * 2_000,
      target,
      source: rows.length - target - 4,
      other: 1,
      error: 3,
    };
  }),
  pace: `${rows.length} questions, each every 2 s`,
  health,
};

/** Before anything: all on the source. */
export const dnsBefore: DnsView = {
  ...dns,
  rows: authoritative.map((each) => ({
    ...each,
    side: 'source',
    values: values.source,
    turnedAtUtcMs: null,
    why: 'It answers the source.',
  })),
  share: { target: 0, source: authoritative.length, other: 0, error: 0 },
  regions: regions.map((region) => ({ region, share: { target: 0, source: 4, other: 0, error: 0 } })),
  eta: {
    kind: 'unknown',
    why: 'Not every authoritative server has the change: caches may fetch the source again.',
  },
  lingering: [],
  zones: dns.zones.map((zone) => ({ ...zone, changedAtUtcMs: null })),
};

/** Two clients that did not move, one of them known; a database that cannot be looked at; an edge that is quiet. */
export const residue: ResidueView = {
  atUtcMs: at,
  goDark: {
    state: 'unknown',
    reasons: ['content-b1 cannot be looked at: no answer within 2000 ms'],
    opensAtUtcMs: null,
  },
  places: [
    {
      place: 'orders-a1',
      kind: 'database',
      unknown: null,
      perMinute: 7,
      quietSinceUtcMs: null,
      lookedAtUtcMs: at - 2_000,
      arrivals: [
        {
          who: 'reports from 10.1.0.77',
          owner: 'Finance reporting',
          mayStay: false,
          count: 2,
          lastAtUtcMs: at - 2_000,
        },
        { who: 'app from 10.1.0.99', owner: null, mayStay: false, count: 1, lastAtUtcMs: at - 2_000 },
        {
          who: 'monitor from 10.1.0.5',
          owner: 'Operations',
          mayStay: true,
          count: 1,
          lastAtUtcMs: at - 2_000,
        },
      ],
    },
    {
      place: 'content-b1',
      kind: 'database',
      unknown: 'no answer within 2000 ms',
      perMinute: null,
      quietSinceUtcMs: null,
      lookedAtUtcMs: at - 80_000,
      arrivals: [],
    },
    {
      place: 'edge-a',
      kind: 'edge',
      unknown: null,
      perMinute: 0,
      quietSinceUtcMs: at - 240_000,
      lookedAtUtcMs: at - 2_000,
      arrivals: [],
    },
  ],
};
