import type { RunView, StepView } from '../../shared/contract/view.ts';
import type { Tone } from '../parts/Mark.tsx';

/** The steps of one chain (or, with null, of the run) in order, split where the point of no return lies. */
export function trackOf(
  steps: readonly StepView[],
  chain: string | null,
): { readonly before: readonly StepView[]; readonly after: readonly StepView[] } {
  const own = steps.filter((step) => step.chain === chain);
  return {
    before: own.filter((step) => step.side !== 'after'),
    after: own.filter((step) => step.side === 'after'),
  };
}

export type LaneState = { readonly tone: Tone; readonly sign: string; readonly text: string };

/** Where a chain stands, in a few words: the first thing that is true. */
export function laneState(
  steps: readonly StepView[],
  chain: string,
  outcome: RunView['outcome'] = null,
): LaneState {
  if (outcome === 'ousted') return { tone: 'unknown', sign: '?', text: 'driven elsewhere' };
  const own = steps.filter((step) => step.chain === chain);
  const failed = own.find((step) => step.state === 'failed');
  if (failed !== undefined) return { tone: 'closed', sign: '✕', text: `${failed.word} failed` };
  const running = own.filter((step) => step.state === 'running').at(-1);
  if (running !== undefined) return { tone: 'info', sign: '◔', text: running.word };
  if (own.some((step) => step.state === 'undone')) return { tone: 'unknown', sign: '↺', text: 'taken back' };
  const reached = own.filter((step) => step.state === 'done').at(-1);
  if (reached === undefined) return { tone: 'quiet', sign: '○', text: 'waiting' };
  if (own.every((step) => step.state === 'done' || step.state === 'absent'))
    return { tone: 'open', sign: '✓', text: 'on the target' };
  const barrier = steps.find((step) => step.step === 'barrier');
  if (reached.step === 'prove' && barrier?.state !== 'done')
    return { tone: 'open', sign: '✓', text: 'proven, waits at the barrier' };
  return { tone: 'open', sign: '✓', text: reached.word };
}

/** How many chains are proven, of how many. */
export function proven(steps: readonly StepView[]): { readonly done: number; readonly all: number } {
  const proofs = steps.filter((step) => step.step === 'prove');
  return { done: proofs.filter((step) => step.state === 'done').length, all: proofs.length };
}
