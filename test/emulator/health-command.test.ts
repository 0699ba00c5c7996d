import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { dnsHealth } from '../../main/cli-dns-health.ts';
import { present } from '../../shared/lib/assert.ts';
import { emulatorWorld } from '../helpers/route53-world.ts';
import { smallPlan } from '../helpers/small-plan.ts';

const east = {
  id: 'east',
  type: 'HTTPS',
  address: '192.0.2.1',
  port: 443,
  path: '/health',
  hostName: 'www.shop.example',
  intervalSeconds: 10,
  regions: ['us-east-1', 'eu-west-1', 'sa-east-1'],
  dependsOnWrites: false,
};
const west = { ...east, id: 'west', address: '203.0.113.1', regions: [] };

let world: Awaited<ReturnType<typeof emulatorWorld>>;
let home: string;
let plan: string;
let now = 1_000_000;
let said = '';

/** Writes a plan with these checks, each named by the two sides of one latency-based record set. */
function planWith(...healthChecks: readonly object[]): void {
  const side = (check: string, value: string, region: string) => ({
    ttlSeconds: 60,
    values: [value],
    region,
    healthCheck: check,
  });
  const dns = {
    zones: [{ id: 'shop', hostedZoneId: 'Z0EMULATED', name: 'shop.example' }],
    healthChecks,
    records: ['us-east-1', 'eu-west-1'].map((region, at) => ({
      zone: 'shop',
      name: 'www.shop.example',
      type: 'A',
      setIdentifier: region,
      before: side('east', `192.0.2.${at + 1}`, region),
      after: side('west', `203.0.113.${at + 1}`, region),
    })),
  };
  writeFileSync(plan, JSON.stringify({ ...smallPlan(), dns }));
}

beforeEach(async () => {
  now = 1_000_000;
  world = await emulatorWorld([], { now: () => now });
  home = mkdtempSync(join(tmpdir(), 'cockpit-dns-health-'));
  process.env['COCKPIT_STATE'] = home;
  plan = join(home, 'plan.yaml');
  planWith(east, west);
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  delete process.env['COCKPIT_STATE'];
  await world.stop();
  rmSync(home, { recursive: true });
});

const checks = () => world.emulator.aws.checks;
const made = () => [...checks().values()].map(({ facts }) => facts.healthCheckId);
const kept = (): readonly { readonly kind: string; readonly check: string }[] =>
  readFileSync(join(home, 'plans', 'small', 'health-checks.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const run = async (options: { readonly create?: boolean; readonly json?: boolean } = {}): Promise<number> => {
  said = '';
  return dnsHealth(plan, { create: options.create === true, json: options.json === true });
};
const ids = () => ({
  east: { ...east, healthCheckId: made()[0] },
  west: { ...west, healthCheckId: made()[1] },
});

describe('cockpit dns health', () => {
  test('says what is missing, and makes nothing', async () => {
    expect(await run()).toBe(2);
    expect(said).toContain('east (zone shop, no id): missing; taken out after 30 s (10 s × 3)');
    expect(checks().size).toBe(0);
  });

  test('makes what is missing, once, with the intent on disk before; the plan is told the ids', async () => {
    expect(await run({ create: true })).toBe(2);
    expect(checks().size).toBe(2);
    expect(kept().map(({ kind, check }) => `${kind} ${check}`)).toEqual([
      'intended east',
      'created east',
      'intended west',
      'created west',
    ]);
    expect(said).toMatch(/east \(zone shop, check-1-emulated\): as planned, made just now/);
    // Again: both are found by what was kept, and nothing more is made.
    expect(await run({ create: true })).toBe(2);
    expect(checks().size).toBe(2);
    expect(kept()).toHaveLength(4);
    planWith(ids().east, ids().west);
    expect(await run({ create: true })).toBe(0);
    expect(said).toContain('no checker has said anything yet');
  });

  test('shows the votes of each region, with their time, and what all of them together mean', async () => {
    await run({ create: true });
    planWith(ids().east, ids().west);
    now += 25_000;
    expect(await run()).toBe(0);
    expect(said).toContain('eu-west-1       1 of 1 healthy, 00:17:00 UTC');
    expect(said.match(/1 of 1 healthy/g)).toHaveLength(11);
    const dead = present(checks().get(made()[1] ?? ''), 'the check of the target');
    dead.votes = [
      {
        region: 'us-east-1',
        checker: '198.18.0.1',
        checkedAt: now,
        healthy: false,
        status: 'Failure: timeout',
      },
    ];
    expect(await run()).toBe(0);
    expect(said).toContain('us-east-1       0 of 1 healthy, 00:17:05 UTC: Failure: timeout');
    expect(said).toContain('every endpoint of www.shop.example A after the minute is unhealthy');
  });

  test('never changes one that is there and differs, and says which field', async () => {
    await run({ create: true });
    planWith({ ...ids().east, port: 8443 }, ids().west);
    const before = structuredClone([...checks()]);
    expect(await run({ create: true, json: true })).toBe(2);
    expect([...checks()]).toEqual(before);
    expect(JSON.parse(said).checks[0]).toMatchObject({
      standing: 'differs',
      differing: [{ field: 'port', planned: '8443', seen: '443' }],
      reasons: [expect.stringContaining('It is left as it is')],
    });
  });

  test('a reply that was lost is settled by asking for the same once more, when a person does', async () => {
    world.emulator.aws.faults.loseReplies = 1;
    planWith(east, { id: 'west', type: 'EXISTING', healthCheckId: 'elsewhere' });
    expect(await run({ create: true })).toBe(2);
    expect(checks().size).toBe(1);
    expect(kept().map(({ kind }) => kind)).toEqual(['intended', 'not-created']);
    await run({ create: true });
    expect(checks().size).toBe(1);
    expect(kept().map(({ kind }) => kind)).toEqual(['intended', 'not-created', 'intended', 'created']);
  });

  test('a laptop that kept nothing gets the check that is there, or a refusal where it is another one', async () => {
    await run({ create: true });
    rmSync(join(home, 'plans', 'small', 'health-checks.jsonl'));
    await run({ create: true });
    expect(checks().size).toBe(2);
    rmSync(join(home, 'plans', 'small', 'health-checks.jsonl'));
    planWith({ ...east, path: '/other' }, west);
    expect(await run({ create: true, json: true })).toBe(2);
    expect(checks().size).toBe(2);
    expect(JSON.parse(said).checks[0].reasons[0]).toContain('is there with other settings, or was deleted');
  });

  test('makes another one for one that was deleted, but never in place of an id that the plan names', async () => {
    await run({ create: true });
    const [first = '', second = ''] = made();
    checks().delete(first);
    expect(await run({ create: true })).toBe(2);
    expect(made()).toHaveLength(2);
    expect(made()).not.toContain(first);
    planWith(east, { ...west, healthCheckId: 'nobody-has-this' });
    expect(await run({ create: true, json: true })).toBe(2);
    expect(made()).toContain(second);
    expect(made()).toHaveLength(2);
    expect(JSON.parse(said).checks[1].reasons[0]).toContain('The plan names nobody-has-this');
  });

  test('sends nothing where it cannot be kept or read what was made', async () => {
    await run({ create: true });
    writeFileSync(join(home, 'plans', 'small', 'health-checks.jsonl'), 'something else\n');
    expect(await run({ create: true })).toBe(1);
    expect(checks().size).toBe(2);
  });
});
