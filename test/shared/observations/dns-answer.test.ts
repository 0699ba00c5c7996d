import { describe, expect, test } from 'vitest';
import { judgeAnswer, type Asked, type Expectation } from '../../../shared/observations/dns-answer.ts';
import type { DnsRecord, DnsReply } from '../../../shared/observations/dns-reply.ts';

const name = 'www.shop.example';
const plan = (side: Expectation['side'], region: string, value: string): Expectation => ({
  side,
  region,
  match: 'all',
  values: [value],
});
const asked: Asked = {
  question: { name, type: 'A' },
  recordType: 'A',
  authoritative: false,
  region: 'us-east-1',
  expected: [
    plan('source', 'us-east-1', '192.0.2.10'),
    plan('source', 'us-west-2', '192.0.2.20'),
    plan('target', 'us-east-1', '198.51.100.10'),
    plan('target', 'us-west-2', '203.0.113.10'),
  ],
};
const record = (data: string, change: Partial<DnsRecord> = {}): DnsRecord => ({
  name,
  type: 'A',
  ttlSeconds: 42,
  data,
  ...change,
});
const soa: DnsRecord = {
  name: 'shop.example',
  type: 'SOA',
  ttlSeconds: 900,
  data: '',
  soa: { serial: 7, minimumSeconds: 300 },
};
type Answered = Extract<DnsReply, { kind: 'answered' }>;
const reply = (answers: readonly DnsRecord[], change: Partial<Answered> = {}): DnsReply => ({
  kind: 'answered',
  rcode: 'NOERROR',
  authoritative: false,
  answers,
  authority: [],
  subnetScope: null,
  extendedErrors: [],
  transport: 'udp',
  ...change,
});
const judged = (answer: DnsReply, change: Partial<Asked> = {}) =>
  judgeAnswer(answer, { ...asked, ...change });

describe('an answer with addresses', () => {
  test.each<[string, string, string, string]>([
    ['192.0.2.10', 'source', 'as-planned', 'It answers the source.'],
    ['198.51.100.10', 'target', 'as-planned', 'It answers the target.'],
    ['203.0.113.10', 'target', 'other-region', 'It answers the target of us-west-2, expected us-east-1.'],
    ['192.0.2.20', 'source', 'other-region', 'It answers the source of us-west-2, expected us-east-1.'],
    ['192.0.2.99', 'other', 'foreign', 'It answers 192.0.2.99, which the plan names on neither side.'],
  ])('%s is %s', (value, side, kind, why) => {
    expect(judged(reply([record(value)]))).toMatchObject({ side, kind, why, ttlSeconds: 42 });
  });

  test('of any region is right where the row stands for none', () => {
    expect(judged(reply([record('203.0.113.10')]), { region: null })).toMatchObject({ kind: 'as-planned' });
  });

  test('of both sides at once, or of a part of one, is neither', () => {
    expect(judged(reply([record('192.0.2.10'), record('198.51.100.10')])).side).toBe('other');
    const two: Expectation = {
      side: 'target',
      region: null,
      match: 'all',
      values: ['192.0.2.1', '192.0.2.2'],
    };
    expect(judged(reply([record('192.0.2.1')]), { expected: [two] }).side).toBe('other');
    expect(judged(reply([record('192.0.2.1')]), { expected: [{ ...two, match: 'one-of' }] }).side).toBe(
      'target',
    );
  });

  test('that does not change counts for the target', () => {
    const same = [plan('source', 'us-east-1', '192.0.2.1'), plan('target', 'us-east-1', '192.0.2.1')];
    expect(judged(reply([record('192.0.2.1')]), { expected: same }).side).toBe('target');
  });

  test('that says itself that it is stale is told so', () => {
    expect(judged(reply([record('192.0.2.10')], { extendedErrors: [3] }))).toMatchObject({
      side: 'source',
      kind: 'stale',
    });
  });
});

describe('a chain of CNAMEs', () => {
  const alias = (from: string, to: string, ttlSeconds: number): DnsRecord => ({
    name: from,
    type: 'CNAME',
    ttlSeconds,
    data: to,
  });

  test('is followed to its end, and lives as long as its longest link', () => {
    const chain = [
      alias(name, 'edge.example', 300),
      alias('edge.example', 'lb.example', 30),
      record('198.51.100.10', { name: 'lb.example', ttlSeconds: 5 }),
    ];
    expect(judged(reply(chain))).toMatchObject({
      side: 'target',
      ttlSeconds: 300,
      chain: [name, 'edge.example', 'lb.example'],
    });
    expect(judged(reply(chain.toReversed()))).toMatchObject({ side: 'target', ttlSeconds: 300 });
  });

  test('is judged by its first link where the plan changes a CNAME', () => {
    const expected: readonly Expectation[] = [
      { side: 'source', region: null, match: 'all', values: ['colo.example'] },
      { side: 'target', region: null, match: 'all', values: ['edge.example'] },
    ];
    const answer = reply([alias(name, 'edge.example', 60), record('192.0.2.10', { name: 'edge.example' })]);
    expect(judged(answer, { recordType: 'CNAME', region: null, expected })).toMatchObject({
      side: 'target',
      ttlSeconds: 60,
    });
  });

  test('that loops, splits or ends in nothing is an error, never followed for ever', () => {
    const loop = [alias(name, 'b.example', 1), alias('b.example', name, 1)];
    expect(judged(reply(loop))).toMatchObject({ side: 'error', kind: 'broken-chain' });
    expect(judged(reply([alias(name, 'a.example', 1), alias(name, 'b.example', 1)])).kind).toBe(
      'broken-chain',
    );
    const long = Array.from({ length: 40 }, (_, at) =>
      alias(at === 0 ? name : `n${at}.example`, `n${at + 1}.example`, 1),
    );
    expect(judged(reply(long)).kind).toBe('broken-chain');
    expect(
      judged(reply([alias(name, 'gone.example', 60)], { rcode: 'NXDOMAIN', authority: [soa] })),
    ).toMatchObject({
      side: 'error',
      kind: 'nxdomain',
      why: 'There is no name gone.example.',
      ttlSeconds: 300,
    });
  });
});

describe('no answer', () => {
  test('NXDOMAIN is kept as long as the SOA minimum says, and says so where there is none', () => {
    expect(judged(reply([], { rcode: 'NXDOMAIN', authority: [soa] }))).toMatchObject({
      side: 'error',
      kind: 'nxdomain',
      ttlSeconds: 300,
      why: 'There is no name www.shop.example.',
    });
    // A cache has counted the SOA's TTL down.
    const counted = { ...soa, ttlSeconds: 12 };
    expect(judged(reply([], { authority: [counted] }))).toMatchObject({ kind: 'nodata', ttlSeconds: 12 });
    expect(judged(reply([], { rcode: 'NXDOMAIN' }))).toMatchObject({ ttlSeconds: null });
  });

  test('is the source of a name that is new', () => {
    const created: readonly Expectation[] = [
      { side: 'source', region: null, match: 'none', values: [] },
      { side: 'target', region: null, match: 'all', values: ['198.51.100.10'] },
    ];
    expect(judged(reply([], { rcode: 'NXDOMAIN', authority: [soa] }), { expected: created })).toMatchObject({
      side: 'source',
      kind: 'nxdomain',
      ttlSeconds: 300,
    });
    expect(judged(reply([record('198.51.100.10')]), { expected: created }).side).toBe('target');
  });

  test.each<[string, DnsReply, Partial<Asked>, string]>([
    ['SERVFAIL', reply([], { rcode: 'SERVFAIL' }), {}, 'server-error'],
    ['REFUSED', reply([], { rcode: 'REFUSED' }), {}, 'server-error'],
    ['a lame server', reply([record('192.0.2.10')]), { authoritative: true }, 'lame'],
    ['silence', { kind: 'failed', why: 'timeout', detail: '2,000 ms' }, {}, 'no-answer'],
  ])('%s is an error of its own kind', (_, answer, change, kind) => {
    expect(judged(answer, change)).toMatchObject({ side: 'error', kind, ttlSeconds: null });
  });

  test('an authoritative answer of a server of the zone is no error', () => {
    const answer = reply([record('192.0.2.10')], { authoritative: true });
    expect(judged(answer, { authoritative: true }).side).toBe('source');
  });
});
