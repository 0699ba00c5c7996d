import { lockAccountStatements } from '../sessions/dialect-effects.ts';
import type { OperationOutput } from '../sessions/operations.ts';
import { trouble, type Judged, type Needs } from './need.ts';
import type { Run } from './run.ts';

type OfNode = { readonly instance: string; readonly accounts: readonly string[] };

/** ER_OPTION_PREVENTS_STATEMENT: MySQL unlocks nobody on a server that is closed for everybody. */
const preventedByReadOnly = 1290;

/** Accounts that a run locked for its minute, by instance, as its undo list has them. */
export function accountsLocked({ undo }: Pick<Run, 'undo'>): { instance: string; accounts: string[] }[] {
  return undo.flatMap((item) =>
    item.kind === 'unlock-accounts' ? [{ instance: item.instance, accounts: [...item.accounts] }] : [],
  );
}

/**
 * What stays locked on a source that stays closed, and how a person unlocks it: behind a fence that lets them through these
 * accounts could write, so nothing unlocks them as long as the target takes the writes. Empty where nothing was locked.
 */
export function stayLocked(run: Run): readonly string[] {
  return accountsLocked(run).map(
    ({ instance, accounts }) =>
      `${instance}: ${accounts.join(', ')} stay locked, because they could write behind its fence. Once nobody takes this server for the source any more: ${unlocking(accounts)}`,
  );
}

function unlocking(accounts: readonly string[]): string {
  return `${lockAccountStatements(accounts, false).join('; ')};`;
}

/** Which of these accounts a server shows locked still. */
export function stillLocked(
  { accounts: seen }: OperationOutput<'accounts'>,
  accounts: readonly string[],
): readonly string[] {
  return seen.flatMap(({ account, locked }) => (locked && accounts.includes(account) ? [account] : []));
}

/** Unlocks on one node what an earlier run had locked there, and reads it back; a node that is closed for good says how. */
export function unlockAgain(need: Needs, { instance, accounts }: OfNode): Judged {
  const at = [instance, 'act'] as const;
  const said = need.mysql('unlock', at, ['lockAccounts', { accounts, locked: false }]);
  const waiting = { kind: 'waiting', text: `${accounts.join(', ')} to be unlocked on ${instance}` } as const;
  if (said === undefined) return waiting;
  if (said.kind === 'refused' && said.code === preventedByReadOnly)
    return {
      kind: 'done',
      text: `${accounts.join(', ')} stay locked on ${instance}, which is closed: once it is not, ${unlocking(accounts)}`,
    };
  if (said.kind !== 'ok') return { kind: 'failed', text: trouble(instance, 'unlocking its accounts', said) };
  const seen = need.mysql('unlocked', at, ['accounts', {}]);
  if (seen === undefined) return waiting;
  if (seen.kind !== 'ok')
    return { kind: 'failed', text: trouble(instance, 'reading its accounts back', seen) };
  const locked = stillLocked(seen.value, accounts);
  return locked.length === 0
    ? { kind: 'done', text: `${accounts.join(', ')} unlocked on ${instance}` }
    : {
        kind: 'failed',
        text: `${instance}: ${locked.join(', ')} still locked; expected open as before the way forth`,
      };
}
