import type { DnsView } from '../../shared/contract/dns-view.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import { startDnsWatch, type DnsWatch } from '../engine/dns-watch.ts';
import { reasonOf } from '../engine/troubles.ts';
import { dnsView } from './dns-view.ts';
import { healthView } from './health-view.ts';

/** The propagation of this cockpit's plan, watched as long as anybody looks at the screen. */
export type DnsWatching = {
  /** Begins with the first call; null: the plan names no DNS. */
  readonly view: () => DnsView | null;
  readonly stop: () => void;
};

/** Watches for whichever plan the cockpit drives: on the way back that is the plan turned round, with a watch of its own. */
export function watchDns(cockpit: Cockpit): DnsWatching {
  let watched: { readonly plan: Plan; readonly watch: DnsWatch } | null = null;
  const mode = (): 'minute' | 'turning' | 'calm' => {
    const phase = cockpit.night()?.run()?.phase ?? null;
    if (phase === null) return 'calm';
    return phase === 'held' || phase === 'running' || phase === 'unwinding' ? 'minute' : 'turning';
  };
  const stop = (): void => {
    void watched?.watch.stop();
    watched = null;
  };
  return {
    view: () => {
      const { plan, ports } = cockpit.parts;
      const { dns } = plan;
      if (watched !== null && watched.plan !== plan) stop();
      if (dns === undefined) return null;
      watched ??= {
        plan,
        watch: startDnsWatch({
          plan,
          dns,
          ports,
          mode,
          zone: cockpit.zone,
          failed: (what, error) => cockpit.tell(`The program is wrong: ${what} failed (${reasonOf(error)}).`),
        }),
      };
      const { dns: facts, at } = cockpit.snapshot();
      return dnsView(dns, watched.watch.readout(), healthView(dns, facts, at));
    },
    stop,
  };
}
