import type { Cockpit } from './engine/cockpit.ts';

/**
 * What quitting means, wherever it comes from (Ctrl-C, SIGTERM, closing the window): without a run it quits; before the
 * point of no return it is Abort, asked once; after it, until Close, it is refused with the reason.
 */
export function askToQuit(cockpit: Cockpit, how: string): { readonly quit: boolean; readonly text: string } {
  const runner = cockpit.night()?.runner() ?? null;
  const run = runner?.run() ?? null;
  if (runner === null || run === null || run.phase === 'ended') return { quit: true, text: '' };
  if (run.ponrAt !== null)
    return {
      quit: false,
      text: 'Past the point of no return: the run must be watched until Close. Not leaving.',
    };
  if (run.phase === 'unwinding')
    return {
      quit: false,
      text: 'Everything is being taken back; leaving by itself as soon as that is done.',
    };
  runner.post({ kind: 'abort-asked', who: cockpit.parts.ports.laptop.user(), reason: how });
  return { quit: false, text: 'A run is under way: this means Abort. Thawing now, then leaving.' };
}

/** The same question without doing anything: what a window must say before it closes; null when it may. */
export function whyStay(
  cockpit: Cockpit,
): { readonly kind: 'would-abort' | 'refused'; readonly text: string } | null {
  const run = cockpit.night()?.runner()?.run() ?? null;
  if (run === null || run.phase === 'ended') return null;
  if (run.ponrAt !== null)
    return { kind: 'refused', text: 'Past the point of no return: the run must be watched until Close.' };
  if (run.phase === 'unwinding')
    return { kind: 'refused', text: 'Everything is being taken back; that takes seconds.' };
  return {
    kind: 'would-abort',
    text: 'A run is under way. Leaving means Abort: everything is thawed first, the result is shown, and then the window closes by itself.',
  };
}

/** Puts that meaning on the process's signals; `quit` is called when it may leave. Returns how to take it off again. */
export function onQuit(cockpit: Cockpit, quit: () => void): () => void {
  let leaving = false;
  const hear = (signal: NodeJS.Signals): void => {
    const { quit: may, text } = askToQuit(cockpit, signal);
    if (text !== '') process.stderr.write(`${text}\n`);
    if (may) quit();
    else leaving = cockpit.night()?.run()?.ponrAt === null;
  };
  cockpit.onChange(() => {
    if (leaving && cockpit.night()?.run()?.phase === 'ended' && cockpit.night()?.measured() !== null) quit();
  });
  const signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, hear);
  return () => signals.forEach((signal) => process.off(signal, hear));
}
