import { expect, test } from 'vitest';
import type { DnsRecord, DnsReply } from '../../../shared/observations/dns-reply.ts';
import { judgeOutsideLink } from '../../../shared/steps/outside-link.ts';

type Answered = Extract<DnsReply, { kind: 'answered' }>;
const answered = (part: Partial<Answered>): Answered => ({
  kind: 'answered',
  rcode: 'NOERROR',
  authoritative: true,
  answers: [],
  authority: [],
  subnetScope: null,
  extendedErrors: [],
  transport: 'udp',
  ...part,
});
const record = (type: string, ttlSeconds: number, data = '192.0.2.1'): DnsRecord => ({
  name: 'edge.cdn.example',
  type,
  ttlSeconds,
  data,
});
const judge = (...replies: readonly DnsReply[]) => judgeOutsideLink('edge.cdn.example', replies);

test('the longest TTL that any server that holds the name gives is the one that is waited for', () => {
  const link = judge(
    answered({ answers: [record('A', 300)] }),
    answered({ answers: [record('A', 3_600), record('AAAA', 60)] }),
    { kind: 'failed', why: 'timeout', detail: '' },
  );
  expect(link?.old).toMatchObject({ ttlSeconds: 3_600, lowered: false });
  expect(link?.next).toEqual([]);
});

test('a CNAME is a link of its own, and says where the chain goes on', () => {
  const link = judge(
    answered({
      answers: [
        record('CNAME', 900, 'pool.cdn.example'),
        { name: 'pool.cdn.example', type: 'A', ttlSeconds: 86_400, data: '192.0.2.1' },
      ],
    }),
  );
  expect(link).toMatchObject({ old: { ttlSeconds: 900 }, next: ['pool.cdn.example'] });
});

test('"there is none" is kept as long as the SOA beside it says', () => {
  const soa = { ...record('SOA', 900, ''), name: 'cdn.example', soa: { serial: 1, minimumSeconds: 120 } };
  const link = judge(answered({ rcode: 'NXDOMAIN', authority: [soa] }));
  expect(link?.old).toMatchObject({
    ttlSeconds: 120,
    what: 'edge.cdn.example, which the old answer leads to and which is not there',
  });
});

test('what a cache, a failing server or nobody says is no TTL', () => {
  expect(judge()).toBeNull();
  expect(judge(answered({ authoritative: false, answers: [record('A', 3_600)] }))).toBeNull();
  expect(judge(answered({ rcode: 'SERVFAIL', answers: [record('A', 3_600)] }))).toBeNull();
  expect(judge(answered({}))).toBeNull();
});
