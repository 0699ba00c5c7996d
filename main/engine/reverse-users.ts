import { known, unknown } from '../../shared/observations/observation.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Ports } from '../ports.ts';

/**
 * Whose account each chain's reverse link will use, where the plan names a login path or an option file: the name stands
 * there. It is first used behind the point of no return.
 */
export async function readReverseUsers(plan: Plan, ports: Ports): Promise<Snapshot['reverseUsers']> {
  const users: Record<string, NonNullable<Snapshot['reverseUsers']>[string]> = {};
  for (const { id, replication } of plan.chains) {
    const reference = replication.reverse?.account;
    if (reference === undefined || 'user' in reference) continue;
    const user = await ports.mysql.userOf(reference);
    const { utcMs } = ports.clock.now();
    users[id] = user.ok
      ? known(user.value, utcMs, `the credential of the reverse link of ${id}`)
      : unknown(user.error, utcMs, `the credential of the reverse link of ${id}`);
  }
  return users;
}
