import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dnsDiff, dnsLowerTtl, dnsRestoreTtl } from '../../main/cli-dns.ts';
import { ok } from '../../shared/lib/result.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import { inRegion, setOf } from '../helpers/record-sets.ts';
import { emulatorWorld } from '../helpers/route53-world.ts';
import { smallPlan } from '../helpers/small-plan.ts';

const record = (region: string, from: string, to: string) => ({
  zone: 'shop',
  name: 'www.shop.example',
  type: 'A' as const,
  setIdentifier: region,
  before: { ttlSeconds: 300, values: [from], region, healthCheck: `h-${from}` },
  after: { ttlSeconds: 60, values: [to], region, healthCheck: `h-${to}` },
});
const dns = {
  zones: [{ id: 'shop', hostedZoneId: 'Z0EMULATED', name: 'shop.example', account: '123456789012' }],
  healthChecks: ['192.0.2.1', '192.0.2.2', '203.0.113.1', '203.0.113.2'].map((value) => ({
    id: `h-${value}`,
    type: 'EXISTING' as const,
    healthCheckId: `check-${value}`,
  })),
  records: [record('us-east-1', '192.0.2.1', '203.0.113.1'), record('eu-west-1', '192.0.2.2', '203.0.113.2')],
};
const before = [inRegion('us-east-1', '192.0.2.1', 300), inRegion('eu-west-1', '192.0.2.2', 300)];

let world: Awaited<ReturnType<typeof emulatorWorld>>;
let home: string;
let plan: string;
beforeEach(async () => {
  world = await emulatorWorld([...before, setOf({ name: 'other.shop.example' })]);
  home = mkdtempSync(join(tmpdir(), 'cockpit-dns-commands-'));
  process.env['COCKPIT_STATE'] = home;
  plan = join(home, 'plan.yaml');
  writeFileSync(plan, JSON.stringify(smallPlan({ dns })));
});
afterEach(async () => {
  delete process.env['COCKPIT_STATE'];
  await world.stop();
  rmSync(home, { recursive: true });
});

const options = (json = true) => ({
  json,
  servers: async () =>
    ok([{ server: 'ns-0.emulated.example', address: '127.0.0.1', port: world.emulator.dnsPort }]),
});
const zone = () => {
  const found = world.emulator.aws.zones.get('Z0EMULATED');
  if (found === undefined) throw new Error('no zone');
  return found;
};
const ttls = (): readonly (number | null)[] =>
  zone()
    .sets.filter(({ name }) => name === 'www.shop.example')
    .map(({ content }) => (content.kind === 'values' ? content.ttlSeconds : null));
const kept = (): string => join(home, 'plans', 'small', 'ttl-shop.jsonl');
const byHand = (...sets: readonly RecordSet[]): void => {
  const changes = sets.map((set) => ({ action: 'UPSERT' as const, set }));
  const changed = world.emulator.aws.change(zone(), { changes });
  if ('wrong' in changed) throw new Error(changed.wrong.join());
};

describe('cockpit dns', () => {
  test('shows the difference, and changes nothing', async () => {
    expect(await dnsDiff(plan, options(false))).toBe(0);
    expect(world.emulator.aws.changes.size).toBe(0);
  });

  test('refuses the difference of a zone that somebody changed, and one that is too large', async () => {
    const [first] = before;
    if (first === undefined) throw new Error('no set');
    byHand({ ...first, content: { kind: 'values', ttlSeconds: 300, values: ['192.0.2.77'] } });
    expect(await dnsDiff(plan, options())).toBe(2);
    byHand(first);
    writeFileSync(
      plan,
      JSON.stringify(smallPlan({ dns: { ...dns, safety: { fromRecords: 1, changedPercent: 30 } } })),
    );
    expect(await dnsDiff(plan, options())).toBe(2);
  });

  test('says that a plan or an account cannot be used', async () => {
    world.emulator.aws.faults.credentials = 'expired';
    expect(await dnsDiff(plan, options())).toBe(1);
    await world.emulator.reachable(false);
    expect(await dnsDiff(plan, options())).toBe(1);
    expect(await dnsDiff(join(home, 'none.yaml'), options())).toBe(1);
  });

  test('lowers, keeps what it observed, sees it at the servers, and puts it back', async () => {
    expect(await dnsLowerTtl(plan, options(false))).toBe(0);
    expect(ttls()).toEqual([60, 60]);
    const lines = readFileSync(kept(), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).kind);
    expect(lines).toEqual(['observed', 'lowered', 'insync', 'servers', 'seen']);
    expect(await dnsDiff(plan, options())).toBe(0);
    const observed = readFileSync(kept(), 'utf8').split('\n')[0];
    // Again: nothing is observed or sent a second time.
    expect(await dnsLowerTtl(plan, options())).toBe(0);
    expect(readFileSync(kept(), 'utf8').split('\n')[0]).toBe(observed);
    expect(world.emulator.aws.changes.size).toBe(1);
    expect(await dnsRestoreTtl(plan, options())).toBe(0);
    expect(ttls()).toEqual([300, 300]);
    expect(readdirSync(join(home, 'plans', 'small')).filter((name) => name.startsWith('ttl-'))).toEqual([
      expect.stringMatching(/^ttl-shop\.restored-\d+\.jsonl$/),
    ]);
    expect(await dnsRestoreTtl(plan, options())).toBe(2);
  });

  test('goes on after a lost reply and after a cockpit that died between observing and sending', async () => {
    world.emulator.aws.faults.loseReplies = 1;
    expect(await dnsLowerTtl(plan, options())).toBe(0);
    expect(ttls()).toEqual([60, 60]);
    expect(await dnsRestoreTtl(plan, options())).toBe(0);
    world.emulator.aws.faults.rejectNext = 'not now';
    expect(await dnsLowerTtl(plan, options())).toBe(2);
    expect(readFileSync(kept(), 'utf8').trim().split('\n')).toHaveLength(1);
    expect(await dnsLowerTtl(plan, options())).toBe(0);
    expect(ttls()).toEqual([60, 60]);
  });

  test('lowers nothing where what it observed cannot be kept or read', async () => {
    expect(await dnsLowerTtl(plan, options())).toBe(0);
    expect(await dnsRestoreTtl(plan, options())).toBe(0);
    const changes = world.emulator.aws.changes.size;
    writeFileSync(kept(), 'something else\n');
    expect(await dnsLowerTtl(plan, options())).toBe(2);
    expect(readFileSync(kept(), 'utf8')).toBe('something else\n');
    expect(world.emulator.aws.changes.size).toBe(changes);
  });

  test('never lowers a record set whose old TTL was not observed', async () => {
    expect(await dnsLowerTtl(plan, options())).toBe(0);
    byHand(...before);
    writeFileSync(kept(), readFileSync(kept(), 'utf8').replaceAll('"ttlSeconds":300', '"ttlSeconds":200'));
    expect(await dnsLowerTtl(plan, options())).toBe(2);
    expect(ttls()).toEqual([300, 300]);
  });
});
