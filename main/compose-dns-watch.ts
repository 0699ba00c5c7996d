import { createRedactor } from '../shared/audit/redact.ts';
import type { DnsView } from '../shared/contract/dns-view.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { dnsView } from './api/dns-view.ts';
import { loadPlan, sayOn } from './compose.ts';
import { makePorts } from './compose-ports.ts';
import { startDnsWatch } from './engine/dns-watch.ts';
import { planDirectory, stateDirectory } from './settings.ts';

/** The propagation of a plan's change, watched without a cockpit: nothing is recorded, no database is opened. */
export type ComposedDnsWatch = { readonly view: () => DnsView; readonly stop: () => Promise<void> };

/** Joins ports and readout for a plan file; why it cannot be watched otherwise. */
export async function composeDnsWatch(file: string): Promise<Result<ComposedDnsWatch, string>> {
  const loaded = loadPlan(file);
  if (!loaded.ok) return failed(loaded.error.join('\n'));
  const { plan } = loaded.value;
  const { dns } = plan;
  if (dns === undefined) return failed(`${file}: the plan names no DNS, expected its zones and records.`);
  const redactor = createRedactor();
  const made = await makePorts(plan, {
    file,
    directory: planDirectory(stateDirectory(), plan.name),
    redactor,
  });
  if (!made.ok) return made;
  const say = sayOn(redactor);
  const watch = startDnsWatch({
    plan,
    dns,
    ports: made.value.ports,
    mode: () => 'turning',
    failed: (what, error) =>
      say(
        `The program is wrong: ${what} failed (${error instanceof Error ? error.message : String(error)}).`,
      ),
  });
  return ok({
    view: () => dnsView(dns, watch.readout()),
    stop: async () => {
      await watch.stop();
      await made.value.close();
    },
  });
}
