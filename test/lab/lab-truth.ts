import { expect } from 'vitest';
import { compareAcknowledged, type Load } from './load.ts';
import { eventually } from './sql.ts';
import type { Lab } from './start-lab.ts';

/** What the servers of a lab say, whatever a cockpit says. */

/** Whether an instance refuses writes, by its own word. */
export async function isClosed(lab: Lab, instance: string): Promise<boolean> {
  const [row] = await lab.sql(instance, 'SELECT @@global.read_only AS closed');
  return Number(row?.['closed']) === 1;
}

/** Every acknowledged write is on each of these, and nothing that was refused; more than fifty were. */
export async function expectNothingLost(
  lab: Lab,
  load: Load,
  { on, withinMs = 30_000 }: { readonly on: readonly string[]; readonly withinMs?: number },
): Promise<void> {
  for (const instance of on)
    await eventually(`every acknowledged write on ${instance}`, withinMs, async () => {
      const found = await compareAcknowledged(lab.state(), load, instance);
      expect(found.acknowledged).toBeGreaterThan(50);
      expect(found).toMatchObject({ missing: [], refusedButPresent: [] });
    });
}
