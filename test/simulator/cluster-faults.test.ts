import { expect, test } from 'vitest';
import { present } from '../../shared/lib/assert.ts';
import type { RoutingStates } from '../../shared/sessions/zone-answers.ts';
import { clusterEndpoints, controlsPlan, flipControls } from '../helpers/flip-plan.ts';
import { referencePlan } from '../helpers/reference-plan.ts';
import { night } from './night.ts';

const { source, target } = flipControls;
const before: RoutingStates = { [source]: 'On', [target]: 'Off' };
const flipped: RoutingStates = { [source]: 'Off', [target]: 'On' };

/** A cluster that is asked at its nth endpoint, the first of them nearest. */
async function cluster() {
  const world = night(controlsPlan());
  const opened = await world.wait(world.ports.cluster.open(1_000));
  if (opened.kind !== 'open') throw new Error(opened.message);
  const url = (nth: number) => present(clusterEndpoints[nth - 1], 'an endpoint').url;
  return {
    ...world,
    read: (nth: number) => world.wait(opened.channel.read(url(nth), [source, target], 500)),
    set: (nth: number) => world.wait(opened.channel.set(url(nth), flipped, 500)),
  };
}

test('an endpoint that is away says so, or nothing, until it is back; the others answer', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-endpoint', nth: 1, how: 'unavailable', forMs: 2_000 });
  arc.inject({ kind: 'cluster-endpoint', nth: 2, how: 'silent', forMs: null });
  expect(await arc.set(1)).toMatchObject({ kind: 'refused', refusal: 'unavailable' });
  expect(await arc.read(2)).toMatchObject({ kind: 'none', why: 'time-limit' });
  expect(await arc.read(3)).toMatchObject({ kind: 'ok', value: before });
  await arc.pass(2_000);
  expect(await arc.read(1)).toMatchObject({ kind: 'ok', value: before });
  expect(await arc.read(2)).toMatchObject({ kind: 'none' });
});

test('a call that is lost changes nothing, one whose reply is lost everything, and each of them once', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-reply', way: 'lost', ms: 0, times: 1 });
  expect(await arc.set(1)).toMatchObject({ kind: 'none' });
  expect(await arc.read(1)).toMatchObject({ value: before });
  arc.inject({ kind: 'cluster-reply', way: 'lost-after-effect', ms: 0, times: 1 });
  expect(await arc.set(1)).toMatchObject({ kind: 'none' });
  expect(await arc.read(1)).toMatchObject({ value: flipped });
  expect(await arc.set(1)).toMatchObject({ kind: 'ok' });
});

test('what ARC took late is read back late', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-reply', way: 'late', ms: 700, times: 1 });
  expect(await arc.set(1)).toMatchObject({ kind: 'ok' });
  expect(await arc.read(1)).toMatchObject({ value: before });
  await arc.pass(700);
  expect(await arc.read(1)).toMatchObject({ value: flipped });
});

test('a call that arrives behind its limit is heard by nobody, and turns the controls all the same', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-reply', way: 'behind-limit', ms: 700, times: 1 });
  expect(await arc.set(1)).toMatchObject({ kind: 'none', why: 'time-limit' });
  expect(await arc.read(2)).toMatchObject({ value: before });
  arc.inject({ kind: 'cluster-changed', source: 'On', target: 'On' });
  await arc.pass(700);
  expect(await arc.read(2)).toMatchObject({ value: flipped });
  expect(arc.world.cluster.taken).toHaveLength(1);
});

test('one that arrives when a safety rule forbids it turns nothing', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-reply', way: 'behind-limit', ms: 700, times: 1 });
  await arc.set(1);
  arc.inject({ kind: 'cluster-rule', says: 'not tonight', forMs: null });
  await arc.pass(1_000);
  expect(await arc.read(1)).toMatchObject({ value: before });
});

test('a safety rule refuses in its own words for as long as it holds', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-rule', says: 'not tonight', forMs: 1_000 });
  expect(await arc.set(1)).toMatchObject({ refusal: 'conflict', message: 'ConflictException: not tonight' });
  expect(await arc.read(1)).toMatchObject({ value: before });
  await arc.pass(1_000);
  expect(await arc.set(1)).toMatchObject({ kind: 'ok' });
});

test('what somebody else turned is known as theirs until the cockpit turns it', async () => {
  const arc = await cluster();
  arc.inject({ kind: 'cluster-changed', source: 'Off', target: 'Off' });
  expect(await arc.read(1)).toMatchObject({ value: { [source]: 'Off', [target]: 'Off' } });
  // The target's was Off already: nobody turned it.
  expect([...arc.world.cluster.byOthers]).toEqual([source]);
  await arc.set(1);
  expect([...arc.world.cluster.byOthers]).toEqual([]);
});

test('in a plan without routing controls they strike nothing', () => {
  const world = night(referencePlan());
  world.inject({ kind: 'cluster-changed', source: 'Off', target: 'On' });
  world.inject({ kind: 'cluster-endpoint', how: 'silent', forMs: null });
  expect([world.world.cluster.states.size, world.world.cluster.silent.size]).toEqual([0, 0]);
});
