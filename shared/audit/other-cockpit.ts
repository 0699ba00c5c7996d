import type { Snapshot } from '../observations/snapshot.ts';
import type { Plan } from '../plan/plan.ts';
import { planNodes } from '../steps/need.ts';
import { whyOver } from '../steps/resume.ts';
import type { Run } from '../steps/run.ts';

/** Who holds the run lock on every server, as this cockpit's own looks say. */
export type LocksSeen = {
  /** Servers on which a session of the run holds it; without a run, any session that is not this cockpit's. */
  readonly held: readonly string[];
  /** Servers on which somebody else holds it: neither the run's cockpit nor this one. */
  readonly strange: readonly string[];
  readonly free: readonly string[];
  /** Servers that do not say. */
  readonly unseen: readonly string[];
};

/** Sorts the servers of a plan by who holds their run lock. `run`: what the journal knows of its own sessions. */
export function seeLocks(
  plan: Plan,
  snapshot: Pick<Snapshot, 'instances'>,
  { own, run }: { readonly own: Run['threads']; readonly run: Run | null },
): LocksSeen {
  const seen = {
    held: [] as string[],
    strange: [] as string[],
    free: [] as string[],
    unseen: [] as string[],
  };
  for (const node of planNodes(plan)) {
    const fast = snapshot.instances[node]?.fast;
    const holder = fast?.kind === 'known' ? fast.value.lockHolder : null;
    if (fast?.kind !== 'known') seen.unseen.push(node);
    else if (holder === null || Object.values(own[node] ?? {}).includes(holder)) seen.free.push(node);
    else if (run === null || Object.values(run.threads[node] ?? {}).includes(holder)) seen.held.push(node);
    else seen.strange.push(node);
  }
  return seen;
}

/** Which locks are held, in one sentence. */
export function locksText({ held, strange, free, unseen }: LocksSeen): string {
  const all = held.length + strange.length + free.length + unseen.length;
  const its =
    held.length === all
      ? `held by its sessions on all ${all} servers`
      : held.length === 0
        ? 'held by none of its sessions'
        : `held by its sessions on ${held.length} of ${all} servers`;
  return [
    its,
    ...(strange.length > 0 ? [`held by somebody else on ${strange.join(', ')}`] : []),
    ...(unseen.length > 0 ? [`not known on ${unseen.join(', ')}`] : []),
  ].join('; ');
}

/** How sure it is that the other cockpit drives: by its locks, not by its silence. */
export type Standing = 'driving' | 'silent' | 'gone' | 'not-known' | 'over';

/** Between two records of a run that is in its steps lies no longer than this. */
const silenceMs = 10_000;

/** Whether a run that another cockpit began is still driven; `silentMs`: since when its mirror says nothing new. */
export function judgeStanding(
  run: Run | null,
  { held, strange, unseen }: LocksSeen,
  silentMs: number,
): Standing {
  if (run !== null && whyOver(run) !== null) return 'over';
  const isInItsSteps = run?.phase === 'unwinding' || (run?.phase === 'running' && run.heldAt === null);
  if (held.length > 0) return isInItsSteps && silentMs > silenceMs ? 'silent' : 'driving';
  // Before its release a run has no lock yet.
  if (run?.phase === 'held') return 'not-known';
  return strange.length > 0 || unseen.length > 0 ? 'not-known' : 'gone';
}

const sleeping = 'A laptop that sleeps keeps its locks until its sessions are ended';

/** What a standing means to whoever watches, in sentences. */
export function standingText(standing: Standing, run: Run | null): string {
  switch (standing) {
    case 'driving':
      return `${run === null ? 'Another cockpit holds the run locks of this plan: it drives, or its run has ended and it was not put away.' : 'Another cockpit drives.'} ${sleeping}: silence alone does not say that it is gone.`;
    case 'silent':
      return `Its sessions hold the run lock, and its mirror says nothing new: it sleeps, or it lost its mirror. ${sleeping}: look at that laptop, or take the run over.`;
    case 'gone':
      return 'None of its sessions holds a run lock any more: its cockpit ended or lost every server, or it ended the run after it had lost this mirror. Look at its laptop, whose own journal knows; nobody drives this run until somebody takes it over.';
    case 'not-known':
      return run?.phase === 'held'
        ? 'It waits for its release and holds no run lock yet.'
        : `Whether its cockpit still lives cannot be seen from here. ${sleeping}: silence alone does not say that it is gone.`;
    case 'over':
      return `It is over: ${run === null ? 'nothing more is known' : (whyOver(run) ?? '')}.`;
  }
}

/** What taking over does, in the order in which it is done; the last line says what becomes of the run. */
export function takeoverSteps(run: Run, host: string): readonly string[] {
  return [
    'Looks at every server and host; where one does not answer, is another one, or shows more than the journal explains, nothing is taken over.',
    `Takes the next epoch at ${host}: the other cockpit can change no host any more. Then looks again.`,
    'Ends its sessions by number, on every server, and sees them gone.',
    'Takes every run lock; looks once more.',
    whatFollows(run),
  ];
}

function whatFollows(run: Run): string {
  if (run.phase === 'held') return 'Then ends the run: it was never released, so nothing was begun.';
  if (run.ponrAt === null)
    return 'Then takes everything back: a source thaws once its targets are held and seen closed. What is not seen stays closed, and asks you.';
  if (run.phase === 'running' || run.outcome === 'needs-operator')
    return 'Then goes forward, because the point of no return is passed: each step that is not done looks first.';
  return 'Then watches the run until Close.';
}
