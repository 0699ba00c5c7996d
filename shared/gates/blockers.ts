import {
  blockersOf,
  blockerFix,
  blockerText,
  blockerWords,
  policyEnds,
  type Blocker,
} from '../observations/blockers.ts';
import { sourceMasters } from '../observations/plan-nodes.ts';
import type { Chain } from '../plan/plan.ts';
import { userOfAccount } from '../sessions/account-names.ts';
import { on } from './fix.ts';
import type { Look } from './look.ts';
import type { GateDefinition } from './world.ts';

/** A lock that somebody keeps, or waits for, is named after this; a statement or a transaction after limits.longTransactionMs. */
const lockMs = 1_000;

/** The gate on what would keep the fence waiting, or the drain, or be rolled back at the fence. */
export const blockers: readonly GateDefinition[] = [
  {
    id: 'writers.transactions',
    group: 'writers',
    scope: 'chain',
    title: (chain) => `Nobody on ${chain} would keep the fence or the drain waiting.`,
    guards: ['I3'],
    overridable: true,
    blocking: true,
    judge: ({ plan }, chain, look) => {
      for (const instance of sourceMasters(chain)) {
        const active = look.activity(instance);
        const survey = look.survey(instance);
        const identity = look.identity(instance);
        if (active === undefined || identity === undefined) continue;
        const cockpit = userOfAccount(identity.account);
        const found = blockersOf(active, {
          isOwn: ({ user }) => user === cockpit,
          // A change of a table can keep the survey itself waiting: it is named all the same.
          fragileTables: survey?.nonTransactionalTables ?? null,
        });
        for (const blocker of found)
          if (counts(blocker, plan.limits.longTransactionMs))
            judgeBlocker({ instance, blocker, chain, limitMs: plan.limits.longTransactionMs }, look);
        if (active.locks.unseen !== null) {
          look.note(`${instance}: ${active.locks.unseen}.`);
          look.row(instance, '', '', '', '', 'not seen: locks of idle sessions', '');
        }
      }
      return look.judgement('node', 'thread', 'account', 'age', 'rows changed', 'state', 'statement');
    },
  },
];

/** Whether it is to be named before the night: sleeping sessions that only may hold something are not. */
function counts({ kind, ageMs }: Blocker, limitMs: number): boolean {
  switch (kind) {
    case 'backup':
      return true;
    case 'perhaps-lock-tables':
      return false;
    case 'semi-sync':
    case 'lock-tables':
    case 'lock-queue':
      return ageMs >= lockMs;
    case 'ddl':
    case 'statement':
    case 'transaction':
    case 'idle-transaction':
      return ageMs >= limitMs;
  }
}

function judgeBlocker(
  found: {
    readonly instance: string;
    readonly blocker: Blocker;
    readonly chain: Chain;
    readonly limitMs: number;
  },
  look: Look,
): void {
  const { instance, blocker, chain, limitMs } = found;
  look.row(
    instance,
    String(blocker.thread),
    `${blocker.user}@${blocker.host}`,
    `${(blocker.ageMs / 1_000).toFixed(1)} s`,
    blocker.rowsModified === null ? '' : String(blocker.rowsModified),
    blockerWords(blocker),
    blocker.statement ?? '',
  );
  if (policyEnds(chain.blockers, blocker)) {
    look.note(
      `${instance}: ${blockerText(blocker)}; the plan's policy ${chain.blockers} ends it at the fence.`,
    );
    return;
  }
  const never =
    blocker.never === null || !chain.blockers.startsWith('kill')
      ? ''
      : ` The policy ${chain.blockers} does not end it: ${blocker.never}.`;
  look.expect(
    false,
    `${instance}: expected ${wanted(blocker, limitMs)}, seen ${blockerText(blocker)}.${never}`,
    on(instance, blockerFix(blocker)),
  );
}

function wanted({ kind }: Blocker, limitMs: number): string {
  switch (kind) {
    case 'backup':
      return 'no backup that keeps writers out';
    case 'semi-sync':
      return 'no commit that waits for a replica';
    case 'lock-tables':
    case 'perhaps-lock-tables':
      return 'no session with LOCK TABLES';
    case 'lock-queue':
      return 'no queue for a table';
    case 'ddl':
    case 'statement':
      return `no statement longer than ${limitMs} ms`;
    case 'transaction':
    case 'idle-transaction':
      return `no transaction older than ${limitMs} ms`;
  }
}
