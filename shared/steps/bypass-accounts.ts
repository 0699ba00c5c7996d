import { present } from '../lib/assert.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import type { Account } from '../sessions/survey.ts';
import { sameAccount, userOfAccount } from '../sessions/account-names.ts';
import { givenAnswer } from './given-answer.ts';
import { sourceNodes, trouble, type Judged, type Needs, type StepContext } from './need.ts';
import type { Run } from './run.ts';

/** The question behind the fence: who may pass it now. Asked beside the proof, judged before the barrier. */
export const censusBehind = 'census';

/** Source nodes whose bypass accounts the plan locks for the minute. */
export function lockingNodes(chains: readonly Chain[]): readonly string[] {
  return chains.filter(({ bypassWriters }) => bypassWriters === 'lock').flatMap(sourceNodes);
}

/** Accounts of a node that are to be locked: accepted by the plan, passing read_only, open now, and not the cockpit's own. */
export function accountsToLock(
  plan: Plan,
  node: string,
  { accounts, own }: { readonly accounts: readonly Account[]; readonly own: string },
): readonly string[] {
  const chain = plan.chains.find((each) => sourceNodes(each).includes(node));
  if (chain?.bypassWriters !== 'lock') return [];
  return accounts
    .filter(
      ({ bypassesReadOnly, locked, account }) => bypassesReadOnly && !locked && !sameAccount(account, own),
    )
    .map(({ account }) => account)
    .filter((account) => chain.bypassAccounts.some((accepted) => sameAccount(accepted, account)));
}

type Census =
  | { readonly kind: 'read'; readonly accounts: Readonly<Record<string, readonly Account[]>> }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'waiting'; readonly text: string };

/** Reads the accounts of several nodes. */
export function readCensus(need: Needs, name: string, nodes: readonly string[]): Census {
  const accounts: Record<string, readonly Account[]> = {};
  const waiting: string[] = [];
  for (const node of nodes) {
    const seen = need.mysql(name, [node, 'survey'], ['accounts', {}]);
    if (seen === undefined) waiting.push(node);
    else if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'listing its accounts', seen) };
    else accounts[node] = seen.value.accounts;
  }
  return waiting.length > 0
    ? { kind: 'waiting', text: `the accounts of ${waiting.join(', ')}` }
    : { kind: 'read', accounts };
}

/** Locks them where the plan says so, each with its undo, and reads them back. */
export function lockBypassAccounts(need: Needs, { plan, run }: StepContext): Judged {
  const nodes = lockingNodes(plan.chains);
  const before = readCensus(need, 'accounts', nodes);
  if (before.kind !== 'read') return before;
  const locking: Record<string, readonly string[]> = {};
  const waiting: string[] = [];
  for (const node of nodes) {
    const accounts = accountsToLock(plan, node, {
      accounts: before.accounts[node] ?? [],
      own: ownAccount(run, node),
    });
    if (accounts.length === 0) continue;
    locking[node] = accounts;
    const undo = { kind: 'unlock-accounts', instance: node, accounts } as const;
    const done = need.mysql(
      'lock-accounts',
      [node, 'act'],
      ['lockAccounts', { accounts, locked: true }, { undo }],
    );
    if (done === undefined) waiting.push(node);
    else if (done.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, `locking ${accounts.join(', ')}`, done) };
  }
  if (waiting.length > 0)
    return { kind: 'waiting', text: `accounts that pass read_only to be locked on ${waiting.join(', ')}` };
  const after = readCensus(need, 'accounts-after', Object.keys(locking));
  if (after.kind !== 'read') return after;
  for (const [node, accounts] of Object.entries(locking)) {
    const open = (after.accounts[node] ?? []).filter(
      ({ account, locked }) => accounts.includes(account) && !locked,
    );
    if (open.length > 0)
      return {
        kind: 'failed',
        text: `${node}: ${open.map(({ account }) => account).join(', ')} can still log in; expected locked`,
      };
  }
  const told = Object.entries(locking).map(([node, accounts]) => `${accounts.join(', ')} on ${node}`);
  return { kind: 'done', text: told.length === 0 ? '' : ` Locked for the minute: ${told.join('; ')}.` };
}

/**
 * Who could write behind the fence of a server that lets some accounts through: nobody that the plan does not know, and of
 * those it knows nobody who can log in (lock) or is connected (end-sessions, lock).
 */
export function nobodyPasses(
  need: Needs,
  [{ run }, chain]: readonly [StepContext, Chain],
  nodes: readonly string[],
): Judged {
  for (const node of nodes.filter((each) => letsSomeThrough(run, each))) {
    const census = givenAnswer(run, [`fence:${chain.id}`, `${censusBehind}@${node}`, 'accounts']);
    const users = passingUsers(chain);
    const seen = users.size === 0 ? null : need.mysql('passing', [node, 'survey'], ['clientSessions', {}]);
    if (census === undefined || seen === undefined)
      return { kind: 'waiting', text: `the accounts of ${node} that pass read_only` };
    if (census.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'listing its accounts', census) };
    const wrong = wrongAccounts([run, chain], node, census.value.accounts);
    if (wrong !== null) return { kind: 'failed', text: wrong };
    if (seen === null) continue;
    if (seen.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'listing sessions', seen) };
    const own = new Set(Object.values(run.threads[node] ?? {}));
    const passing = seen.value.sessions.find(({ thread, user }) => !own.has(thread) && users.has(user));
    if (passing !== undefined)
      return {
        kind: 'failed',
        text: `${node}: thread ${passing.thread} of ${passing.user}@${passing.host} is connected behind the fence and can write there; expected no session of ${chain.bypassAccounts.join(', ')}. Stop what connects, or let the plan say bypassWriters: lock`,
      };
  }
  return { kind: 'done', text: '' };
}

/** With super_read_only nobody passes; without it accounts with a privilege do. */
export function letsSomeThrough(run: Run, node: string): boolean {
  return run.identities[node]?.flavor === 'mariadb';
}

function wrongAccounts(
  [run, chain]: readonly [Run, Chain],
  node: string,
  accounts: readonly Account[],
): string | null {
  const own = ownAccount(run, node);
  const open = accounts.filter(
    ({ bypassesReadOnly, locked, account }) => bypassesReadOnly && !locked && !sameAccount(account, own),
  );
  const unknown = open.filter(
    ({ account }) => !chain.bypassAccounts.some((accepted) => sameAccount(accepted, account)),
  );
  if (unknown.length > 0)
    return `${node}: ${unknown.map(({ account }) => account).join(', ')} can write behind the fence and the plan does not know it; expected no such account. REVOKE what lets it through, or name it in bypassAccounts`;
  if (chain.bypassWriters === 'lock' && open.length > 0)
    return `${node}: ${open.map(({ account }) => account).join(', ')} can log in behind the fence; expected locked`;
  return null;
}

/** Users whose sessions may not be there behind the fence. */
function passingUsers(chain: Chain): ReadonlySet<string> {
  return new Set(chain.bypassWriters === 'accept' ? [] : chain.bypassAccounts.map(userOfAccount));
}

function ownAccount(run: Run, node: string): string {
  return present(run.identities[node], `the identity of ${node}`).account;
}
