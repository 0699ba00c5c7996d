import { expect, test } from 'vitest';
import { emptySessions } from '../../main/engine/sessions.ts';
import { watchTunnels } from '../../main/engine/watch-tunnels.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { present } from '../../shared/lib/assert.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

test('the status file of each tunnel is read again and again over its host, and rests in the minute', async () => {
  const plan = referencePlan();
  const { clock, ports, world } = createSimulator(plan);
  let resting = false;
  const watch = watchTunnels(plan, ports, {
    channels: emptySessions(() => undefined),
    resting: () => resting,
    failed: (what, error) => expect.unreachable(`${what}: ${String(error)}`),
  });
  await clock.run(9_000);
  expect(watch.part().tunnels).toMatchObject([
    { tunnel: 'a-east', status: { kind: 'known', value: { peers: ['co-location'] } }, movedAt: null },
    { tunnel: 'b-west', status: { kind: 'known' }, movedAt: null },
  ]);
  await clock.run(22_000);
  const seen = present(watch.part().tunnels?.[0], 'the first tunnel');
  expect(seen.movedAt).toBe(seen.status.takenAt);
  resting = true;
  await clock.run(60_000);
  expect(watch.part().tunnels?.[0]).toBe(seen);
  resting = false;
  present(world.hosts.get('use1-jump'), 'its host').reachable = false;
  for (const lose of [...present(world.hosts.get('use1-jump'), 'its host').channels]) lose('gone');
  await clock.run(90_000);
  watch.stop();
  const [gone, other] = watch.part().tunnels ?? [];
  expect(gone?.status).toMatchObject({ kind: 'unknown' });
  expect(other?.status).toMatchObject({ kind: 'known' });
});

test('a plan that names no status file has nothing watched', () => {
  const plan = { ...referencePlan(), tunnels: [] };
  const { ports } = createSimulator(plan);
  const watch = watchTunnels(plan, ports, {
    channels: emptySessions(() => undefined),
    resting: () => false,
    failed: () => undefined,
  });
  expect(watch.part()).toEqual({});
});
