import type { Answer } from '../sessions/session.ts';
import { effectOperations } from '../sessions/operations.ts';
import type { Alarm, Moment, Who } from './event.ts';
import type { Command } from './command.ts';
import type { Driver } from './driver.ts';
import type { RunMirror } from './mirror-place.ts';
import type { Identity } from '../sessions/identity.ts';
import { sieve, type Ledger } from './ledger.ts';
import type { StepId } from './order.ts';
import type { Outcome } from './outcome.ts';
import type { PreparedZone } from './prepared-zone.ts';
import type { SwitchSaid } from './switch-said.ts';
import type { UndoItem } from './undo.ts';

/** A step of the run or of one chain: `lock`, `fence:orders`. */
export type StepKey = string;

export type StepState = {
  readonly key: StepKey;
  readonly step: StepId;
  readonly chain: string | null;
  /** absent: this plan does without the step, or it was given up for another one, and it says so. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'absent' | 'undone';
  readonly attempt: number;
  readonly startedAt: Moment | null;
  readonly endedAt: Moment | null;
  readonly limitMs: number;
  /** Where the limit comes from, e.g. `limits.fenceMs of the plan`. */
  readonly limitFrom: string;
  /** What a running step waits for; why a failed one failed; what a done one saw. One plain sentence. */
  readonly text: string;
};

export type IssuedCommand = {
  readonly command: Command;
  readonly step: StepKey;
  readonly issuedAt: Moment;
  readonly answer: Answer<unknown> | null;
  readonly answeredAt: Moment | null;
};

/** Commands that were sent and whose effect nobody has read yet; an undo ends their thread before it acts. */
export function unansweredEffects(run: Run, instance: string): readonly IssuedCommand[] {
  return unknownEffects(run.commands).filter(
    ({ command: { action } }) => action.kind === 'mysql' && action.instance === instance,
  );
}

/** An undo asks for every line of its list, and again at every event. */
const unknownEffects = sieve(isUnknown);

function isUnknown({ command: { action }, answer }: IssuedCommand): boolean {
  return (
    (answer === null || (answer.kind === 'none' && answer.why !== 'not-connected')) &&
    action.kind === 'mysql' &&
    action.session === 'act' &&
    (effectOperations as readonly string[]).includes(action.operation)
  );
}

/** Under `lost act 4711` a run keeps the thread of a session that was lost and opened again. */
export const lostPrefix = 'lost ';

/** Threads of this run's lost sessions to an instance: the server may not have noticed that they are gone. */
export function lostThreads(run: Run, instance: string): readonly number[] {
  const threads = run.threads[instance];
  if (threads === undefined) return [];
  const known = lostAmong.get(threads);
  if (known !== undefined) return known;
  const own = Object.entries(threads);
  const open = own.flatMap(([purpose, thread]) => (purpose.startsWith(lostPrefix) ? [] : [thread]));
  // A number that is one of ours again is no lost thread: the server that gave it out anew has started again.
  const lost = own.flatMap(([purpose, thread]) =>
    purpose.startsWith(lostPrefix) && !open.includes(thread) ? [thread] : [],
  );
  lostAmong.set(threads, lost);
  return lost;
}

/** Sessions change seldom, and an undo asks about them at every event. */
const lostAmong = new WeakMap<Threads, readonly number[]>();

/** Sessions that came back have new threads; the lost ones are still the run's own, and may still hold its lock. */
export function withThreads(run: Run, fresh: Run['threads']): Run {
  const threads: Record<string, Threads> = { ...run.threads };
  for (const [instance, own] of Object.entries(fresh)) {
    const known = run.threads[instance] ?? {};
    threads[instance] = { ...known, ...asLost(known, Object.keys(own)), ...own };
  }
  return { ...run, threads };
}

/** Every session of the run is lost, with the program that had opened them; on a server that started again none is left. */
export function withoutSessions(run: Run, restarted: readonly string[]): Run {
  const threads = Object.entries(run.threads).map(([instance, known]): readonly [string, Threads] => {
    if (restarted.includes(instance)) return [instance, {}];
    const open = Object.keys(known).filter((purpose) => !purpose.startsWith(lostPrefix));
    const lost = Object.entries(known).filter(([purpose]) => purpose.startsWith(lostPrefix));
    return [instance, { ...Object.fromEntries(lost), ...asLost(known, open) }];
  });
  return { ...run, threads: Object.fromEntries(threads) };
}

type Threads = Readonly<Record<string, number>>;

function asLost(known: Threads, purposes: readonly string[]): Threads {
  return Object.fromEntries(
    purposes.flatMap((purpose) => {
      const thread = known[purpose];
      return thread === undefined ? [] : [[`${lostPrefix}${purpose} ${thread}`, thread] as const];
    }),
  );
}

export type { Outcome } from './outcome.ts';

export type Run = {
  readonly id: string;
  readonly phase:
    /** Waiting for a person at a hold. */
    | 'held'
    | 'running'
    /** Taking everything back, before the PONR. */
    | 'unwinding'
    /** All steps are through: watch, until Close. */
    | 'watching'
    | 'closing'
    | 'ended';
  readonly unattended: boolean;
  /** Who drives it, by this journal. */
  readonly driver: Driver;
  /** Where its journal is mirrored; null: nowhere. */
  readonly mirror: RunMirror | null;
  /** Taken over from a cockpit that may still live: its sessions are ended on every server before anything is opened. */
  readonly ousting: boolean;
  /** Thread ids of the run's own sessions, by instance and purpose; lost ones stay among them (lostThreads). */
  readonly threads: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly identities: Readonly<Record<string, Identity>>;
  readonly proofTables: Readonly<Record<string, readonly string[]>>;
  /** Tables without transactions, by instance, as preflight saw them; an instance that is missing was not seen. */
  readonly fragileTables: Readonly<Record<string, readonly string[]>>;
  /** What Route 53 will be asked; null: nothing of DNS was prepared. */
  readonly zones: readonly PreparedZone[] | null;
  /** Zones that a person lets be overwritten, with the one attempt of `announce` that may. */
  readonly overwrites: Readonly<Record<string, number>>;
  /** What each host said of its dead-man's switch when the run was taken up again; a host that is missing said nothing. */
  readonly switches: Readonly<Record<string, SwitchSaid>>;
  /** A person pressed for the change batch, which under a flip is plan B: a resume alone never comes to it. */
  readonly batchAsked: boolean;
  readonly steps: Readonly<Record<StepKey, StepState>>;
  readonly commands: Ledger<IssuedCommand>;
  readonly undo: readonly UndoItem[];
  readonly releasedBy: Readonly<Record<string, Who>>;
  readonly heldAt: string | null;
  readonly begunAt: Moment | null;
  /** The overall deadline, monotonic ms; null before the release and after the PONR. */
  readonly deadlineMonoMs: number | null;
  readonly ponrAt: Moment | null;
  /** Why the run is being taken back. */
  readonly abortReason: string | null;
  readonly abortAskedAt: Moment | null;
  /** The run that turns this one round; null: none does. Then nothing is begun or closed by this one any more. */
  readonly reversing: { readonly runId: string; readonly who: Who } | null;
  readonly alarms: readonly { readonly alarm: Alarm; readonly moment: Moment }[];
  readonly outcome: Outcome | null;
  readonly endedAt: Moment | null;
  readonly now: Moment;
  /** Monotonic ms at which time itself moves the run next; null: only events do. */
  readonly wakeAtMonoMs: number | null;
};
