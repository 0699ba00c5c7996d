import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabState } from './lab-state.ts';
import { defaultBasePort, portOffsets } from './topology.ts';

/** The plan that `npm run lab -- up` is driven by. */
export const labPlanFile = join(import.meta.dirname, '../../resources/plans/reference.lab.yaml');

/** The same plan for a lab on other ports and in another directory, as YAML. */
export function planForLab(lab: LabState): string {
  const moved = new Map(
    Object.entries(portOffsets).map(([listener, offset]) => [
      String(defaultBasePort + offset),
      String(lab.ports[listener]),
    ]),
  );
  return readFileSync(labPlanFile, 'utf8')
    .replace(/^( +)gtid: on$/gm, `$1gtid: ${lab.gtid}`)
    .replace(/\b\d{5}\b/g, (number) => moved.get(number) ?? number)
    .replaceAll('~/.local/state/cutover-lab/current', lab.dir);
}
