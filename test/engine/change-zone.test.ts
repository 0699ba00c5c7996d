import { afterEach, beforeEach, expect, test } from 'vitest';
import { insyncWithinMs, submitBatch, untilInsync } from '../../main/engine/change-zone.ts';
import type { ClockPort, ZoneChannel } from '../../main/ports.ts';
import type { ChangeBatch } from '../../shared/steps/change-batch.ts';
import { setOf } from '../helpers/record-sets.ts';
import { emulatorWorld } from '../helpers/route53-world.ts';

const batch: ChangeBatch = { changes: [{ action: 'CREATE', set: setOf() }] };
let now = 0;
/** Waiting passes no time here but the emulator's, and that as fast as the test says. */
let pace = 1;
const clock: ClockPort = {
  now: () => ({ utcMs: now, monoMs: now }),
  after: (ms, call) => {
    now += ms * pace;
    setImmediate(call);
    return { cancel: () => {} };
  },
};
let world: Awaited<ReturnType<typeof emulatorWorld>>;
let channel: ZoneChannel;
let said: string[] = [];
beforeEach(async () => {
  now = 1_000_000;
  said = [];
  pace = 1;
  world = await emulatorWorld([], { now: () => now, insyncAfterMs: 5_000 });
  channel = await world.open();
});
afterEach(() => world.stop());
const work = () => ({ channel, clock, say: (line: string) => void said.push(line) });
const posts = (): number => world.emulator.heard().filter(({ line }) => line.startsWith('POST /2013')).length;

test('outlasts a throttling of 20 s, and says that it waits', async () => {
  world.emulator.aws.faults.throttledUntil = now + 20_000;
  expect(await submitBatch(work(), batch, 'test')).toMatchObject({ ok: true });
  expect(world.emulator.aws.changes.size).toBe(1);
  expect(said[0]).toMatch(/^Throttling: .*sent again in 1 s/);
});

test('gives up on a throttling that does not end, after a bounded number of attempts', async () => {
  world.emulator.aws.faults.throttledUntil = Infinity;
  expect(await submitBatch(work(), batch, 'test')).toMatchObject({ ok: false });
  expect(posts()).toBe(6);
});

test('is sent once where it was refused for good', async () => {
  world.emulator.aws.faults.rejectNext = 'a rule of its own';
  const sent = await submitBatch(work(), batch, 'test');
  expect(sent).toMatchObject({ ok: false, error: expect.stringContaining('a rule of its own') });
  expect(posts()).toBe(1);
});

test('is settled by looking where the reply was lost, and never sent blindly', async () => {
  world.emulator.aws.faults.loseReplies = 1;
  const sent = await submitBatch(work(), batch, 'test');
  if (!sent.ok) throw new Error(sent.error);
  // The second change writes the same once more: its id can be polled, the first one's is lost.
  expect(world.emulator.aws.changes.size).toBe(2);
  expect(await untilInsync(work(), sent.value)).toMatchObject({ ok: true });
  expect(said.some((line) => line.includes('PENDING'))).toBe(true);
});

test('stops waiting for INSYNC at its bound', async () => {
  const sent = await submitBatch(work(), batch, 'test');
  if (!sent.ok) throw new Error(sent.error);
  const change = world.emulator.aws.changes.get(sent.value);
  if (change === undefined) throw new Error('no change');
  world.emulator.aws.changes.set(sent.value, { ...change, insyncAt: Infinity });
  const begun = now;
  pace = 15;
  const waited = await untilInsync(work(), sent.value);
  expect(waited).toMatchObject({ ok: false, error: expect.stringContaining('it is PENDING') });
  expect(now - begun).toBeLessThan(insyncWithinMs + 60_000);
});
