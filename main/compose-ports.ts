import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Redactor } from '../shared/audit/redact.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { formatMistake } from '../shared/plan/mistake.ts';
import type { Plan } from '../shared/plan/plan.ts';
import { parseScenario, type Scenario } from '../shared/plan/scenario.ts';
import type { Ports } from './ports.ts';
import { createSimulator } from './simulator/simulator.ts';

/** How often the simulated clock is driven when time is real, ms. */
const pumpPeriodMs = 5;

/** Ports, and how they are put away. */
export type Made = {
  readonly ports: Ports;
  readonly close: () => Promise<void>;
  /** Ports of their own for a second cockpit, to the same servers. */
  readonly again: (plan: Plan) => Promise<Made>;
};
type Surroundings = { readonly file: string; readonly directory: string; readonly redactor: Redactor };

/** The real ports of a plan, or those of the simulated world. */
export async function makePorts(plan: Plan, around: Surroundings): Promise<Result<Made, string>> {
  if (plan.environment === 'simulator') return simulated(plan, around.file);
  // Drivers are loaded only when a plan needs them: the simulator starts without any.
  const { realPorts } = await import('./compose-real.ts');
  const real = async (of: Plan): Promise<Made> => ({ ...(await realPorts(of, around)), again: real });
  return ok(await real(plan));
}

function simulated(plan: Plan, file: string): Result<Made, string> {
  const scenario = plan.simulator?.scenario;
  const faults =
    scenario === undefined
      ? ok(null)
      : readScenario(isAbsolute(scenario) ? scenario : join(dirname(file), scenario));
  if (!faults.ok) return faults;
  const simulator = createSimulator(plan, { startUtcMs: Date.now(), faults: faults.value?.faults ?? [] });
  let last = performance.now();
  const drive = setInterval(() => {
    const now = performance.now();
    void simulator.clock.pump(now - last);
    last = now;
  }, pumpPeriodMs);
  let users = 0;
  const made = (ports: Ports): Made => {
    users += 1;
    return {
      ports,
      // The world goes on as long as anybody is in it.
      close: async () => {
        users -= 1;
        if (users === 0) clearInterval(drive);
      },
      again: async (of) => made(simulator.portsFor(of)),
    };
  };
  return ok(made(simulator.ports));
}

function readScenario(file: string): Result<Scenario, string> {
  try {
    const parsed = parseScenario(readFileSync(file, 'utf8'), file);
    return parsed.ok ? parsed : failed(parsed.error.map(formatMistake).join('\n'));
  } catch (error) {
    return failed(
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}; expected a fault script`,
    );
  }
}
