import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ReadoutRow } from '../../main/engine/dns-watch.ts';
import {
  startDnsServers,
  whyNoDnsServers,
  whyNoRegions,
  type DnsServers,
  type RegionalAnswer,
} from './dns-servers.ts';
import { seenWithin, watchShop } from './watched-shop.ts';

const missing = whyNoDnsServers() ?? whyNoRegions();
if (missing !== undefined) console.error(`Answers by region were not asked for: ${missing}`);
const folder = mkdtempSync(join(tmpdir(), 'cockpit-dns-regions-'));
const name = 'www.shop.example';
const users = [
  { id: 'east', clientSubnet: '192.0.2.0/24', region: 'us-east-1' },
  { id: 'west', clientSubnet: '198.51.100.0/24', region: 'us-west-2' },
];
const before: Readonly<Record<string, string>> = { 'us-east-1': '203.0.113.1', 'us-west-2': '203.0.113.2' };
const after: Readonly<Record<string, string>> = { 'us-east-1': '203.0.113.11', 'us-west-2': '203.0.113.12' };
let servers: DnsServers | null = null;

/** What each group of users is answered: of the target where its region has turned. */
function answers(turned: readonly string[]): readonly RegionalAnswer[] {
  return users.map(({ clientSubnet, region }) => ({
    name,
    network: clientSubnet,
    address: (turned.includes(region) ? after : before)[region] ?? '',
  }));
}

beforeAll(async () => {
  if (missing === undefined) servers = await startDnsServers(folder, [], answers([]));
});
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});
// A test that cannot run here says why.
beforeEach(({ skip }) => {
  if (missing !== undefined) skip(missing);
});

const side = (rows: readonly ReadoutRow[], kind: ReadoutRow['kind'], region: string): string | undefined =>
  rows.find((row) => row.kind === kind && row.matrix.asked.region === region)?.seen?.last.verdict.side;

test('each group of users is answered for its region, and turns for itself, at the zone and at a cache', async () => {
  if (servers === null) throw new Error('the servers are not running');
  const { write } = servers;
  const sets = (values: Readonly<Record<string, string>>, region: string) => ({
    ttlSeconds: 4,
    values: [values[region] ?? ''],
    region,
  });
  const watch = watchShop(servers, {
    users,
    records: users.map(({ region }) => ({
      zone: 'shop',
      name,
      type: 'A',
      setIdentifier: region,
      before: sets(before, region),
      after: sets(after, region),
    })),
  });
  try {
    const rows = (): readonly ReadoutRow[] => watch.readout().rows;
    const sides = (): readonly (string | undefined)[] =>
      (['authoritative', 'resolver'] as const).flatMap((kind) =>
        users.map(({ region }) => side(rows(), kind, region)),
      );
    await seenWithin(30_000, () => sides().every((each) => each === 'source'));
    expect(rows().map(({ subnet }) => subnet)).toEqual(rows().map(() => 'echoed'));

    write([], answers(['us-east-1']));
    await seenWithin(30_000, () => side(rows(), 'resolver', 'us-east-1') === 'target');
    // The other half of the users is where it was: an end that was named now would be too early.
    expect(sides()).toEqual(['target', 'source', 'target', 'source']);
    const shares = watch.readout().regions.map(({ region, share }) => [region, share.target, share.source]);
    expect(shares).toEqual([
      ['us-east-1', 2, 0],
      ['us-west-2', 0, 2],
    ]);
    expect(watch.readout().eta.kind).not.toBe('done');

    write([], answers(['us-east-1', 'us-west-2']));
    await seenWithin(30_000, () => watch.readout().eta.kind === 'done');
    expect(sides()).toEqual(['target', 'target', 'target', 'target']);
  } finally {
    await watch.stop();
  }
});
