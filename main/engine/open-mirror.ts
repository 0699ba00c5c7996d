import type { Plan } from '../../shared/plan/plan.ts';
import { driverName } from '../../shared/steps/driver.ts';
import type { Ports, SshChannel } from '../ports.ts';

const openLimitMs = 5_000;

/** A channel of its own to the host of the journal's mirror, opened before the hold; null: none is named, or none opens. */
export async function openMirror(plan: Plan, { ssh }: Ports): Promise<SshChannel | null> {
  if (plan.journalMirror === undefined) return null;
  const opened = await ssh.open(plan.journalMirror.host, openLimitMs);
  return opened.kind === 'open' ? opened.channel : null;
}

/** The name under which this cockpit drives. */
export function ownName({ laptop, clock }: Ports, who: string): string {
  return driverName(who, `${laptop.user()}@${laptop.name()}`, clock.now().utcMs);
}
