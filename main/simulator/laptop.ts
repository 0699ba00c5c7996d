import { known } from '../../shared/observations/observation.ts';
import type { LaptopPort } from '../ports.ts';
import type { SimulatorClock } from './clock.ts';

const gibibyte = 1_073_741_824;

/** A laptop on mains power with room for the journal, whose sleep can be blocked. */
export function makeLaptop(clock: SimulatorClock): LaptopPort {
  let blocked = false;
  return {
    facts: () => {
      const at = Math.floor(clock.utcMs());
      return Promise.resolve({
        mains: known(true, at, 'simulated laptop'),
        journalFreeBytes: known(40 * gibibyte, at, 'simulated laptop'),
        sleepBlocked: known(blocked, at, 'simulated laptop'),
      });
    },
    user: () => 'rehearsal',
    name: () => 'laptop',
    takePrecedence: () => ({ raised: true, release: () => undefined }),
    blockSleep: () => {
      blocked = true;
      return Promise.resolve({
        blocked: true,
        how: 'simulated laptop',
        release: () => {
          blocked = false;
        },
      });
    },
  };
}
