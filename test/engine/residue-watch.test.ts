import { expect, test } from 'vitest';
import { startResidueWatch } from '../../main/engine/residue-watch.ts';
import { createSimulator } from '../../main/simulator/simulator.ts';
import { known } from '../../shared/observations/observation.ts';
import { referencePlan } from '../helpers/rehearsal.ts';

test('each source database is looked at again and again; an edge that cannot be counted is unknown, not quiet', async () => {
  const plan = {
    ...referencePlan(),
    residue: {
      quietMs: 60_000,
      owners: [],
      edges: [{ id: 'edge-a', host: 'app-a1', log: '/var/log/haproxy.log' }],
    },
  };
  const { clock, ports } = createSimulator(plan);
  const failures: string[] = [];
  const watch = startResidueWatch({
    plan,
    ports,
    sessions: (instance) =>
      known(
        instance === 'orders-a1' ? [{ thread: 7, user: 'app', host: '10.1.0.99:5' }] : [],
        clock.port.now().utcMs,
        instance,
      ),
    failed: (what) => failures.push(what),
  });
  await clock.run(35_000);
  const residue = watch.residue();
  await watch.stop();
  expect([...residue.keys()]).toContain('content-s1');
  expect(residue.get('orders-a1')).toMatchObject({
    quietSince: null,
    arrivals: [{ who: 'app from 10.1.0.99', count: 1 }],
  });
  expect(residue.get('orders-b1')?.quietSince).not.toBeNull();
  expect(residue.get('edge-a')?.unknown).toContain('command not found');
  expect(failures).toEqual([]);
});
