import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dnsClient } from '../../main/adapters/dns.ts';
import { judgeAnswer, type Expectation } from '../../shared/observations/dns-answer.ts';
import { changeSeen, etaOf, nothingSeen, takeSighting } from '../../shared/observations/dns-propagation.ts';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import { startDnsServers, whyNoDnsServers, type DnsServers } from './dns-servers.ts';

const missing = whyNoDnsServers();
if (missing !== undefined) console.error(`Real DNS servers were not asked: ${missing}`);
const folder = mkdtempSync(join(tmpdir(), 'cockpit-dns-'));
const port = dnsClient();
const many = Array.from({ length: 200 }, (_, at) => `many 60 A 192.0.2.${at}`);
const records = ['www 10 A 192.0.2.1', 'alias 300 CNAME www', '*.wild 60 A 192.0.2.9', ...many];
let servers: DnsServers | null = null;

const ports = (): DnsServers => {
  if (servers === null) throw new Error('the servers are not running');
  return servers;
};

async function ask(at: 'authoritative' | 'resolver', name: string, type = 'A'): Promise<DnsReply> {
  return port.ask({
    server: { address: '127.0.0.1', port: ports()[at] },
    question: { name, type },
    recursion: at === 'resolver',
    clientSubnet: null,
    limitMs: 2_000,
  });
}

/** Asks until the answer is as wanted, at most for a while. */
async function until(
  question: () => Promise<DnsReply>,
  wanted: (reply: Extract<DnsReply, { kind: 'answered' }>) => boolean,
): Promise<Extract<DnsReply, { kind: 'answered' }>> {
  let last: DnsReply | null = null;
  for (let times = 0; times < 300; times += 1) {
    last = await question();
    if (last.kind === 'answered' && wanted(last)) return last;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not seen in 30 s; the last answer was ${JSON.stringify(last)}`);
}

beforeAll(async () => {
  if (missing !== undefined) return;
  servers = await startDnsServers(folder, records);
  await until(
    () => ask('authoritative', 'shop.example', 'SOA'),
    ({ authoritative }) => authoritative,
  );
  await until(
    () => ask('resolver', 'shop.example', 'SOA'),
    ({ rcode }) => rcode === 'NOERROR',
  );
});
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});
// A test that cannot run here says why.
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});

describe('the server that holds the zone', () => {
  test('answers with the AA bit and the whole TTL', async () => {
    expect(await ask('authoritative', 'www.shop.example')).toMatchObject({
      rcode: 'NOERROR',
      authoritative: true,
      answers: [{ name: 'www.shop.example', type: 'A', ttlSeconds: 10, data: '192.0.2.1' }],
    });
  });

  test('says NXDOMAIN with its SOA, NOERROR without a record of that type, and REFUSED for a foreign zone', async () => {
    const gone = await ask('authoritative', 'gone.shop.example');
    expect(gone).toMatchObject({
      rcode: 'NXDOMAIN',
      authority: [{ type: 'SOA', soa: { minimumSeconds: 5 } }],
    });
    expect(await ask('authoritative', 'www.shop.example', 'AAAA')).toMatchObject({
      rcode: 'NOERROR',
      answers: [],
    });
    expect(await ask('authoritative', 'www.other.example')).toMatchObject({ rcode: 'REFUSED' });
  });

  test('has its answer fetched over TCP where it does not fit', async () => {
    const reply = await ask('authoritative', 'many.shop.example');
    expect(reply).toMatchObject({ transport: 'tcp' });
    expect(reply.kind === 'answered' ? reply.answers.length : 0).toBe(200);
  });

  test('answers a star with the name that was asked for', async () => {
    expect(await ask('authoritative', 'any.wild.shop.example')).toMatchObject({
      answers: [{ name: 'any.wild.shop.example', data: '192.0.2.9' }],
    });
  });
});

describe('a cache', () => {
  test('answers without the AA bit, each link of a chain with a TTL of its own', async () => {
    const reply = await ask('resolver', 'alias.shop.example');
    expect(reply).toMatchObject({ authoritative: false });
    const ttls =
      reply.kind === 'answered' ? reply.answers.map(({ type, ttlSeconds }) => [type, ttlSeconds]) : [];
    expect(ttls[0]).toEqual(['CNAME', 300]);
    expect(ttls[1]?.[1]).toBeLessThanOrEqual(10);
  });

  test('keeps "there is no such name" for the SOA minimum and counts it down', async () => {
    await ask('resolver', 'later.shop.example');
    const reply = await until(
      () => ask('resolver', 'later.shop.example'),
      ({ authority }) => (authority[0]?.ttlSeconds ?? 9) < 4,
    );
    expect(reply.rcode).toBe('NXDOMAIN');
  });

  test('turns no later than the time that was named, at every look', async () => {
    const expected: readonly Expectation[] = [
      { side: 'source', region: null, match: 'all', values: ['192.0.2.1'] },
      { side: 'target', region: null, match: 'all', values: ['198.51.100.1'] },
    ];
    const question = { name: 'www.shop.example', type: 'A' };
    const asked = { question, recordType: 'A', authoritative: false, region: null, expected };
    // A fresh entry in the cache: its whole life lies behind the change.
    await until(
      () => ask('resolver', question.name),
      ({ answers }) => (answers[0]?.ttlSeconds ?? 0) >= 9,
    );
    ports().write(records.map((record) => record.replace('192.0.2.1', '198.51.100.1')));
    const turned = (reply: DnsReply): boolean =>
      reply.kind === 'answered' && reply.answers.some(({ data }) => data === '198.51.100.1');
    await until(() => ask('authoritative', question.name), turned);
    let seen = changeSeen(nothingSeen, { at: Date.now(), longestTtlSeconds: 10 });
    let named: number | null = null;
    await until(async () => {
      const sentAt = Date.now();
      const reply = await ask('resolver', question.name);
      const verdict = judgeAnswer(reply, asked);
      // Whoever still answers the source to a question of this moment must have been promised to do so.
      if (verdict.side === 'source' && named !== null) expect(sentAt).toBeLessThanOrEqual(named);
      seen = takeSighting(seen, { row: 'unbound', region: null, at: Date.now(), verdict });
      const eta = etaOf(seen);
      if (eta.kind === 'until') named = eta.at;
      return reply;
    }, turned);
    expect(named).not.toBeNull();
    expect(seen.rows.get('unbound')?.ignoresTtl).toBeNull();
    expect(etaOf(seen)).toEqual({ kind: 'done' });
  });
});
