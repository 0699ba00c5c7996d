import { expect, test } from 'vitest';
import { findZoneServers } from '../../main/engine/find-zone-servers.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

const plan = referencePlan();
const { dns } = plan;
const zone = dns?.zones[0];

async function found(breaks: (simulator: ReturnType<typeof createSimulator>) => void) {
  if (dns === undefined || zone === undefined) throw new Error('the reference plan names a zone');
  const simulator = createSimulator(plan);
  breaks(simulator);
  const search = findZoneServers(simulator.ports.dns, { dns, zone, limitMs: 1_000 });
  let over = false;
  void search.then(() => (over = true));
  await simulator.clock.run(() => over, 60_000);
  return search;
}

test('every server of the zone is found, named by parent and zone', async () => {
  const { servers, notes } = await found(() => undefined);
  expect(servers.map(({ server, standing, namedBy }) => [server, standing, namedBy])).toEqual(
    [1, 2, 3, 4].map((each) => [`ns${each}.shop.example`, 'holds', 'both']),
  );
  expect(notes).toEqual([]);
});

test('a lame server and a dead one are shown as what they are', async () => {
  const { servers } = await found(({ world: { dns: world } }) => {
    world.break('198.18.1.2', { way: 'lame' });
    world.break('198.18.1.3', { way: 'dead' });
  });
  expect(servers.map(({ standing }) => standing)).toEqual(['holds', 'lame', 'silent', 'holds']);
});

test('the first resolver may be dead: the next one is asked', async () => {
  const { servers } = await found(({ world: { dns: world } }) =>
    world.break(dns?.resolvers[0]?.address ?? '', { way: 'dead' }),
  );
  expect(servers).toHaveLength(4);
});

test('a parent that does not answer leaves the zone to speak for itself', async () => {
  const { servers, notes } = await found(({ world: { dns: world } }) =>
    world.break('198.18.255.1', { way: 'dead' }),
  );
  expect(servers.map(({ namedBy }) => namedBy)).toEqual(['zone', 'zone', 'zone', 'zone']);
  expect(notes).toHaveLength(1);
});
