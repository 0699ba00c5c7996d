import type { Chain, Credential, Plan } from '../../shared/plan/plan.ts';
import type { AccountRow } from './world.ts';

/** The account name a credential stands for: the world has no option files, so a reference is its own name. */
export function accountName(credential: Credential | undefined, otherwise: string): string {
  if (credential === undefined) return otherwise;
  if ('user' in credential) return credential.user;
  return otherwise;
}

/** The operator's and the plain account's names at one instance. */
export function cockpitNames(
  plan: Plan,
  instance: string,
): { readonly operator: string; readonly plain: string } {
  const planned = plan.instances.find((one) => one.id === instance);
  return {
    operator: accountName(planned?.operator ?? plan.accounts.operator, 'cockpit'),
    plain: accountName(planned?.plain ?? plan.accounts.plain, 'cutover_plain'),
  };
}

/** What the operator account is granted, as its manual page asks for it. */
function operatorPrivileges(plan: Plan): readonly string[] {
  const mariadb = plan.simulator?.flavor !== 'mysql';
  return mariadb
    ? [
        'REPLICA MONITOR',
        'BINLOG MONITOR',
        'PROCESS',
        'REPLICATION SLAVE ADMIN',
        'REPLICATION MASTER ADMIN',
        'READ_ONLY ADMIN',
        'CONNECTION ADMIN',
        'RELOAD',
        'SUPER',
        'SELECT',
        'SHOW VIEW',
        'TRIGGER',
        'EVENT',
        'SET USER',
      ]
    : [
        'REPLICATION CLIENT',
        'REPLICATION SLAVE',
        'PROCESS',
        'RELOAD',
        'SELECT',
        'SHOW VIEW',
        'TRIGGER',
        'EVENT',
        'REPLICATION_SLAVE_ADMIN',
        'SYSTEM_VARIABLES_ADMIN',
        'CONNECTION_ADMIN',
        'XA_RECOVER_ADMIN',
        'SET_ANY_DEFINER',
      ];
}

/** The accounts of a server: the cockpit's, replication's, the application's, and those the plan accepts as bypassing. */
export function accountsOf(plan: Plan, chain: Chain, instance: string): AccountRow[] {
  const names = cockpitNames(plan, instance);
  const plainRow = { host: '%', roles: [], bypasses: false, locked: false };
  const rows: AccountRow[] = [
    { ...plainRow, user: names.operator, bypasses: true, privileges: operatorPrivileges(plan) },
    { ...plainRow, user: names.plain, privileges: [] },
  ];
  for (const direction of [chain.replication.forward, chain.replication.reverse]) {
    const user = accountName(direction?.account, 'replication');
    if (rows.every((row) => row.user !== user))
      rows.push({ ...plainRow, user, privileges: ['REPLICATION SLAVE'] });
  }
  const apps = plan.appFleets.flatMap((fleet) => fleet.accounts);
  const clients = plan.clients.flatMap((client) =>
    client.kind === 'mysql' ? [accountName(client.account, 'app')] : [],
  );
  for (const user of new Set([...apps, ...clients, 'app'])) {
    if (rows.every((row) => row.user !== user)) rows.push({ ...plainRow, user, privileges: [] });
  }
  for (const account of chain.bypassAccounts) {
    const match = /^'?([^'@]+)'?@'?([^']+)'?$/.exec(account);
    const [user, host] = [match?.[1] ?? account, match?.[2] ?? '%'];
    if (rows.some((row) => row.user === user && row.host === host)) continue;
    rows.push({ ...plainRow, user, host, bypasses: true, privileges: ['SUPER', 'READ_ONLY ADMIN'] });
  }
  return rows;
}
