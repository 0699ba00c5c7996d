import type { Phase, View } from '../../shared/contract/view.ts';

export type Screen = 'preflight' | 'go' | 'minute' | 'report';

/** The phases in the order of the night, with their words. */
export const phases: readonly { readonly phase: Phase; readonly word: string }[] = [
  { phase: 'replicate', word: 'Replicate' },
  { phase: 'preflight', word: 'Preflight' },
  { phase: 'go', word: 'Go / no-go' },
  { phase: 'minute', word: 'The minute' },
  { phase: 'watch', word: 'Watch' },
  { phase: 'close', word: 'Close' },
];

/** What a phase can show now, or null when there is nothing yet. */
export function screenFor(phase: Phase, view: View): Screen | null {
  switch (phase) {
    case 'replicate':
    case 'preflight':
      return 'preflight';
    case 'go':
      return view.go === null ? null : 'go';
    case 'minute':
      return view.run === null || view.header.phase === 'go' ? null : 'minute';
    case 'watch':
    case 'close':
      return view.report === null ? null : 'report';
  }
}

/**
 * The screen that the run itself calls for. A run that waits for a person stays in the minute: its buttons are there. So
 * does one whose figures are not measured yet: a report of dashes would only cover what just happened.
 */
export function screenOf(view: View): Screen {
  const { run, report, header } = view;
  if (report !== null && run !== null) {
    const through = run.phase === 'ended' || run.phase === 'watching' || run.phase === 'closing';
    const measured = report.chains.length > 0 || run.phase === 'ended';
    if (through && measured && run.retry.length === 0) return 'report';
  }
  const called = screenFor(header.phase, view);
  if (called !== null && called !== 'report') return called;
  return run !== null && header.phase !== 'go' ? 'minute' : 'preflight';
}
