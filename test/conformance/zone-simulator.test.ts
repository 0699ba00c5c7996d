import { createSimulator } from '../../main/simulator/simulator.ts';
import { present } from '../../shared/lib/assert.ts';
import { referencePlan } from '../helpers/reference-plan.ts';
import { zoneSuite } from './zone-suite.ts';

zoneSuite('the simulated Route 53', async () => {
  const plan = referencePlan();
  const { ports, clock } = createSimulator(plan);
  const zone = present(plan.dns?.zones[0], 'a zone of the reference case');
  return {
    port: ports.route53,
    zone: zone.id,
    name: zone.name,
    settle: async (asked) => {
      let over = false;
      const watched = asked.finally(() => (over = true));
      await clock.run(() => over, 60_000);
      return watched;
    },
    waitMs: async (ms) => void (await clock.run(clock.nowMs() + ms)),
  };
});
