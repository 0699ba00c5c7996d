import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { DnsWatch } from '../../main/engine/dns-watch.ts';
import { remainingSeconds } from '../../shared/observations/dns-propagation.ts';
import { startDnsServers, whyNoDnsServers, type DnsServers } from './dns-servers.ts';
import { seenWithin, watchShop } from './watched-shop.ts';

const missing = whyNoDnsServers();
if (missing !== undefined) console.error(`Real DNS servers were not watched: ${missing}`);
const folder = mkdtempSync(join(tmpdir(), 'cockpit-dns-watch-'));
const source = ['www 8 A 192.0.2.1', 'alias 8 CNAME www'];
const target = ['www 8 A 198.51.100.1', 'alias 8 CNAME www'];
let servers: DnsServers | null = null;

function ports(): DnsServers {
  if (servers === null) throw new Error('the servers are not running');
  return servers;
}

beforeAll(async () => {
  if (missing === undefined) servers = await startDnsServers(folder, source);
});
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});
// A test that cannot run here says why.
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});

function watchHere(silentPorts: readonly number[] = []): DnsWatch {
  const value = (address: string) => ({ ttlSeconds: 8, values: [address] });
  return watchShop(ports(), {
    records: [
      {
        zone: 'shop',
        name: 'www.shop.example',
        type: 'A',
        before: value('192.0.2.1'),
        after: value('198.51.100.1'),
      },
    ],
    resolvers: [
      ...['unbound', ...silentPorts.map((_, at) => `unbound-${at}`)].map((id) => ({
        id,
        address: '127.0.0.1',
        port: ports().resolver,
      })),
      ...silentPorts.map((silent, at) => ({ id: `silent-${at}`, address: '127.0.0.1', port: silent })),
    ],
  });
}

/** A port of the loopback that takes every question and answers none. */
async function startSilence(): Promise<{ readonly port: number; readonly stop: () => void }> {
  const socket = createSocket('udp4');
  await new Promise<void>((ready, unable) => {
    socket.once('error', unable);
    socket.bind(0, '127.0.0.1', ready);
  });
  return { port: socket.address().port, stop: () => socket.close() };
}

const until = (holds: () => boolean): Promise<void> => seenWithin(30_000, holds);

test('dig at the same cache names the same seconds', async ({ skip }) => {
  const dig = ['dig', 'kdig'].find((program) => {
    try {
      execFileSync(program, ['-h'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  if (dig === undefined) return skip('neither dig nor kdig is here: apt-get install bind9-dnsutils');
  const watch = watchHere();
  try {
    await until(() =>
      watch
        .readout()
        .rows.some(({ kind, seen }) => kind === 'resolver' && seen?.last.verdict.side === 'source'),
    );
    const before = Date.now();
    const args = ['@127.0.0.1', '-p', String(ports().resolver), '+noall', '+answer', 'www.shop.example', 'A'];
    const printed = execFileSync(dig, args, { encoding: 'utf8', timeout: 5_000 });
    const after = Date.now();
    const theirs = Number(/^www\.shop\.example\.\s+(\d+)\s/m.exec(printed)?.[1]);
    const row = watch.readout().rows.find(({ kind }) => kind === 'resolver')?.seen;
    if (row === null || row === undefined) throw new Error('the row was not asked');
    // The cache's own second may turn between the two looks: what dig said lies between its beginning and its end.
    const mine = [before, after].map((now) => remainingSeconds(row, now) ?? -1);
    expect(theirs).toBeLessThanOrEqual((mine[0] ?? 0) + 1);
    expect(theirs).toBeGreaterThanOrEqual((mine[1] ?? 0) - 1);
  } finally {
    await watch.stop();
  }
});

test('the server of a zone is found, and everything has turned no later than was named at any look', async () => {
  const watch = watchHere();
  try {
    await until(() => watch.readout().share.source === 2);
    const { zones } = watch.readout();
    expect(zones[0]?.servers?.servers).toMatchObject([
      { server: 'ns.shop.example', address: '127.0.0.1', standing: 'holds' },
    ]);
    // A fresh entry in the cache: its whole life lies behind the change.
    await until(() =>
      watch
        .readout()
        .rows.some(
          ({ kind, seen }) =>
            kind === 'resolver' &&
            (seen?.last.verdict.ttlSeconds ?? 0) >= 7 &&
            Date.now() - (seen?.last.at ?? 0) < 500,
        ),
    );
    ports().write(target);
    const named: number[] = [];
    await until(() => {
      const { eta } = watch.readout();
      if (eta.kind === 'until') named.push(eta.at);
      return eta.kind === 'done';
    });
    const { rows } = watch.readout();
    const askedBefore = rows.map(({ seen }) => (seen?.turnedAt ?? Infinity) - 2_300);
    expect(named.length).toBeGreaterThan(0);
    // A row is seen at the next question after it turned, so the question before that one still got the source.
    for (const at of askedBefore) expect(at).toBeLessThanOrEqual(Math.min(...named));
    expect(rows.every(({ seen }) => seen?.ignoresTtl === null)).toBe(true);
  } finally {
    await watch.stop();
  }
});

test('a dead server of the zone and silent resolvers delay nobody: the others turn, and no end is named for all', async () => {
  const second = ['@ 60 NS dead.shop.example.', 'dead 60 A 127.0.0.2'];
  ports().write([...source, ...second]);
  const silences = [await startSilence(), await startSilence()];
  const watch = watchHere(silences.map((silence) => silence.port));
  const rowsOf = (which: RegExp) =>
    watch.readout().rows.filter(({ matrix }) => which.test(matrix.server.name));
  const sides = (which: RegExp): readonly (string | undefined)[] =>
    rowsOf(which).map(({ seen }) => seen?.last.verdict.side);
  try {
    await until(
      () => sides(/^(ns|unbound)/).length === 4 && sides(/^(ns|unbound)/).every((side) => side === 'source'),
    );
    await until(
      () => sides(/^(dead|silent)/).length === 3 && sides(/^(dead|silent)/).every((side) => side === 'error'),
    );
    expect(watch.readout().zones[0]?.servers?.servers).toMatchObject([
      { server: 'dead.shop.example', standing: 'silent' },
      { server: 'ns.shop.example', standing: 'holds' },
    ]);
    ports().write([...target, ...second]);
    await until(() => sides(/^(ns|unbound)/).every((side) => side === 'target'));
    const { eta, share } = watch.readout();
    expect(share).toMatchObject({ target: 4, error: 3, source: 0 });
    // The dead one may come back with what it had: until it is seen, nothing is promised.
    expect(eta).toMatchObject({ kind: 'unknown', why: expect.stringContaining('authoritative server') });
    for (const { seen } of rowsOf(/^(dead|silent)/))
      expect(seen?.last.verdict).toMatchObject({ kind: 'no-answer', why: expect.stringMatching(/\S/) });
  } finally {
    await watch.stop();
    for (const silence of silences) silence.stop();
  }
});
