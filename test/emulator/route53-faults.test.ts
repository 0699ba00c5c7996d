import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ZoneChannel } from '../../main/ports.ts';
import { batchOf } from '../../shared/steps/change-batch.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import { inRegion, setOf } from '../helpers/record-sets.ts';
import { emulatorWorld, valueOf } from '../helpers/route53-world.ts';

const limitMs = 5_000;
const before = [inRegion('us-east-1', '192.0.2.1'), inRegion('eu-west-1', '192.0.2.2')];
const to = (set: RecordSet, value: string): RecordSet => ({
  ...set,
  content: { kind: 'values', ttlSeconds: 60, values: [value] },
});
const moved = before.map((set, at) => to(set, `203.0.113.${at + 1}`));
const batch = batchOf(
  before.map((set, at) => ({ kind: 'changed' as const, before: set, after: moved[at] ?? set, fields: [] })),
);

let world: Awaited<ReturnType<typeof emulatorWorld>>;
let channel: ZoneChannel;
beforeEach(async () => {
  world = await emulatorWorld(before);
  channel = await world.open();
});
afterEach(() => world.stop());

const values = async (): Promise<readonly string[]> =>
  valueOf(await channel.listNames(['www.shop.example'], limitMs)).flatMap(({ content }) =>
    content.kind === 'values' ? content.values : [],
  );
const changesHeard = (): number =>
  world.emulator.heard().filter(({ line }) => line.startsWith('POST /2013')).length;

describe('a change in the minute', () => {
  test('leaves at once: one request, on the connection that was warmed, nothing listed before it', async () => {
    const connections = world.emulator.connections();
    const heard = world.emulator.heard().length;
    valueOf(await channel.change(batch, 'minute', limitMs));
    const lines = world.emulator.heard().slice(heard);
    expect(lines.map(({ line }) => line)).toEqual(['POST /2013-04-01/hostedzone/Z0EMULATED/rrset 200']);
    expect(world.emulator.connections()).toBe(connections);
  });

  test('goes before a listing that waits for its turns', async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => setOf({ name: `n${at}.shop.example` }));
    await world.stop();
    world = await emulatorWorld([...before, ...many]);
    channel = await world.open();
    const listing = channel.list(30_000);
    valueOf(await channel.change(batch, 'minute', limitMs));
    expect(valueOf(await listing)).toHaveLength(3_004);
    const lines = world.emulator.heard().map(({ line }) => line);
    const behind = lines.slice(lines.findIndex((line) => line.startsWith('POST /2013')));
    expect(behind.filter((line) => line.includes('/rrset')).length).toBeGreaterThan(5);
  });

  test('is refused as throttled, once: whether it is sent again is not the adapter’s to decide', async () => {
    world.emulator.aws.faults.throttledUntil = Infinity;
    const answer = await channel.change(batch, 'minute', limitMs);
    expect(answer).toMatchObject({ kind: 'refused', refusal: 'throttled', code: 400 });
    expect(changesHeard()).toBe(1);
    world.emulator.aws.faults.throttledUntil = 0;
    valueOf(await channel.change(batch, 'minute', limitMs));
    expect(await values()).toEqual(['203.0.113.2', '203.0.113.1']);
  });

  test('is refused while another change of the zone is taken in', async () => {
    world.emulator.aws.faults.priorRequestUntil = Infinity;
    const answer = await channel.change(batch, 'minute', limitMs);
    expect(answer).toMatchObject({ kind: 'refused', refusal: 'prior-request' });
  });

  test('is refused when somebody changed the zone, and names the record set', async () => {
    const zone = world.emulator.aws.zones.get('Z0EMULATED');
    const [first] = before;
    if (zone === undefined || first === undefined) throw new Error('no zone');
    world.emulator.aws.change(zone, { changes: [{ action: 'UPSERT', set: to(first, '192.0.2.77') }] });
    const answer = await channel.change(batch, 'minute', limitMs);
    expect(answer).toMatchObject({ kind: 'refused', refusal: 'rejected' });
    expect(answer.kind === 'refused' ? answer.message : '').toContain('www.shop.example A (us-east-1)');
    expect(await values()).toEqual(['192.0.2.2', '192.0.2.77']);
  });

  test('is refused by a rule that only Route 53 knows', async () => {
    world.emulator.aws.faults.rejectNext = 'a rule of its own';
    const answer = await channel.change(batch, 'minute', limitMs);
    expect(answer).toMatchObject({
      kind: 'refused',
      refusal: 'rejected',
      message: expect.stringContaining('a rule of its own'),
    });
  });

  for (const [kind, code] of [
    ['expired', 'ExpiredToken'],
    ['unknown', 'InvalidClientTokenId'],
    ['denied', 'AccessDenied'],
  ] as const)
    test(`is refused with ${kind} credentials, and says what to do`, async () => {
      world.emulator.aws.faults.credentials = kind;
      const answer = await channel.change(batch, 'minute', limitMs);
      expect(answer).toMatchObject({ kind: 'refused', refusal: 'credentials', code: 403 });
      expect(answer.kind === 'refused' ? answer.message : '').toMatch(
        new RegExp(`^${code}: .*aws sso login`),
      );
      const opened = await world.port().open('shop', limitMs);
      expect(opened).toMatchObject({ kind: 'refused', reason: 'credential' });
    });

  for (const fault of ['loseReplies', 'failReplies'] as const)
    test(`is unknown when its reply is lost (${fault}); the zone itself tells, and nothing is sent again`, async () => {
      world.emulator.aws.faults[fault] = 1;
      const answer = await channel.change(batch, 'minute', limitMs);
      expect(answer).toMatchObject({ kind: 'none', why: 'session-lost' });
      expect(changesHeard()).toBe(1);
      expect(await values()).toEqual(['203.0.113.2', '203.0.113.1']);
    });

  test('was not sent when the control plane cannot be reached', async () => {
    await world.emulator.reachable(false);
    // The connection that was warm ends first: of a request on it nobody could say that it was not sent.
    await channel.facts(limitMs);
    const answer = await channel.change(batch, 'minute', limitMs);
    expect(answer).toMatchObject({
      kind: 'none',
      why: 'not-connected',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(await world.port().open('shop', limitMs)).toMatchObject({
      kind: 'refused',
      reason: 'unreachable',
    });
    await world.emulator.reachable(true);
    valueOf(await channel.change(batch, 'minute', limitMs));
  });

  test('ends at its limit when nobody answers', async () => {
    world.emulator.aws.faults.silent = true;
    const answer = await channel.change(batch, 'minute', 200);
    expect(answer).toMatchObject({ kind: 'none', why: 'time-limit' });
  });
});

describe('the account’s requests', () => {
  test('stay under five a second, whoever sends them, and none is dropped', async () => {
    await world.stop();
    world = await emulatorWorld(before, { requestsASecond: 5 });
    const port = world.port();
    const channels = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const opened = await port.open('shop', 20_000);
        if (opened.kind === 'refused') throw new Error(opened.message);
        return opened.channel;
      }),
    );
    const answers = await Promise.all(channels.flatMap((each) => [each.facts(20_000), each.list(20_000)]));
    expect(answers.map(({ kind }) => kind)).toEqual(answers.map(() => 'ok'));
    await Promise.all(channels.map((each) => each.close()));
  });

  test('a listing outlasts a throttled account', async () => {
    world.emulator.aws.faults.throttledUntil = Date.now() + 1_500;
    expect(valueOf(await channel.list(20_000))).toHaveLength(4);
  });

  test('a listing whose limit passes while the account is throttled says so', async () => {
    world.emulator.aws.faults.throttledUntil = Infinity;
    expect(await channel.list(500)).toMatchObject({ kind: 'refused', refusal: 'throttled' });
  });
});
