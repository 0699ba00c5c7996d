import { createRedactor } from '../shared/audit/redact.ts';
import type { DnsView } from '../shared/contract/dns-view.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { dnsView } from './api/dns-view.ts';
import { loadPlan, sayOn } from './compose.ts';
import { makePorts } from './compose-ports.ts';
import { startDnsWatch } from './engine/dns-watch.ts';
import type { ZoneChannel } from './ports.ts';
import { planDirectory, stateDirectory } from './settings.ts';

const openMs = 10_000;

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
  const { ports } = made.value;
  const channels = new Map<string, ZoneChannel>();
  // Beside the readout: who may not ask Route 53 still sees what everybody answers.
  const opened = Promise.all(
    dns.zones.map(async ({ id }) => {
      const zone = await ports.route53.open(id, openMs);
      if (zone.kind === 'open') channels.set(id, zone.channel);
      else say(`Route 53 is not asked what it would answer for zone ${id}: ${zone.message}`);
    }),
  );
  const watch = startDnsWatch({
    plan,
    dns,
    ports,
    zone: (zone) => channels.get(zone) ?? null,
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
      await opened;
      for (const channel of channels.values()) await channel.close();
      await made.value.close();
    },
  });
}
