import type { Complaint } from './complaint.ts';
import type { Credential, Plan } from './plan.ts';
import { userOfAccount } from '../sessions/account-names.ts';

/** Whose login the night itself needs: locked, the run could not go on, or the application would be down on its account. */
function neededUsers(plan: Plan): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  const add = (credential: Credential | undefined, what: string): void => {
    if (credential !== undefined && 'user' in credential) users.set(credential.user, what);
  };
  for (const { replication } of plan.chains) {
    add(replication.forward.account, "replication's own account");
    add(replication.reverse?.account, "replication's own account");
  }
  for (const client of plan.clients)
    if (client.kind === 'mysql') add(client.account, "a synthetic client's account");
  for (const user of plan.appFleets.flatMap(({ accounts }) => accounts))
    users.set(user, "the application's account");
  // Where the plan does not say by which account a host logs in, the name of whoever runs the client is what it uses.
  for (const { host, hostLogin } of plan.instances) {
    if (hostLogin === undefined) continue;
    const ssh = plan.hosts.find(({ id }) => id === host)?.ssh;
    const names = [hostLogin.user ?? 'root', ...(ssh !== undefined && 'user' in ssh ? [ssh.user] : [])];
    for (const name of names) users.set(name, "the account of its host's dead-man's switch");
  }
  for (const { plain, operator } of [plan.accounts, ...plan.instances]) {
    add(plain, 'the plain account of the cockpit');
    add(operator, "the cockpit's own account");
  }
  return users;
}

/** Accounts that are locked for the minute must be nobody's that the night needs. */
export function judgeBypass(plan: Plan): readonly Complaint[] {
  const needed = neededUsers(plan);
  return plan.chains.flatMap((chain, index) => {
    if (chain.bypassWriters !== 'lock') return [];
    const path = ['chains', index] as const;
    return chain.bypassAccounts.flatMap((account, place): readonly Complaint[] => {
      const whose = needed.get(userOfAccount(account));
      if (whose === undefined) return [];
      const message = `${account} is ${whose}, expected another one: bypassWriters: lock would lock it out for the minute`;
      return [{ path: [...path, 'bypassAccounts', place], message, needs: [[...path]] }];
    });
  });
}
