import type { Plan } from '../../shared/plan/plan.ts';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { sheetHtml } from '../../shared/audit/sheet-html.ts';
import { sheetText } from '../../shared/audit/sheet-text.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { ClockPort } from '../ports.ts';
import type { Runner } from './runner.ts';
import { reasonOf } from './troubles.ts';

/** Where a run's emergency sheet goes: a pair of files beside its journal. Each write puts both in place whole, or throws. */
export type SheetSink = {
  /** The file that the screen names. */
  readonly file: string;
  readonly write: (sheet: { readonly text: string; readonly html: string }) => Promise<void>;
};

/** A freeze that goes well is shorter than this, and must not wait for paper: the sheet is made once steps rest so long… */
const restMs = 150;
/** …and at the latest this long after the first change it lacks. */
const latestMs = 500;

/**
 * Writes the sheet again whenever a step has changed: after the commands of that change were sent, never before an
 * effect, one file pair at a time. What goes wrong with it is told, once for each reason, and stops nothing.
 */
export function keepSheet(
  {
    clock,
    plan,
    runner,
    tell,
  }: {
    readonly clock: ClockPort;
    readonly plan: Plan;
    readonly runner: Runner;
    readonly tell: (text: string) => void;
  },
  sink: SheetSink,
): () => Promise<void> {
  let written = '';
  let dueAt: number | null = null;
  let waiting: { readonly cancel: () => void } | null = null;
  let writing: Promise<void> = Promise.resolve();
  let busy = false;
  let told = '';

  const write = async (): Promise<void> => {
    const run = runner.run();
    const state = stateOf(run);
    dueAt = null;
    waiting = null;
    if (state === written) return;
    busy = true;
    // Also when it fails: only the next change tries again.
    written = state;
    try {
      const sheet = emergencySheet(run, plan);
      await sink.write({ text: sheetText(sheet), html: sheetHtml(sheet) });
      told = '';
    } catch (error) {
      const reason = `The emergency sheet ${sink.file} could not be written: ${reasonOf(error)}. The run goes on; \`cockpit sheet RUN\` makes it from the journal.`;
      if (reason !== told) tell(reason);
      told = reason;
    } finally {
      busy = false;
    }
  };

  const arrange = (run: Run): void => {
    if (stateOf(run) === written && dueAt === null) return;
    const now = clock.now().monoMs;
    dueAt ??= now + latestMs;
    if (busy) return;
    waiting?.cancel();
    waiting = clock.after(Math.max(0, Math.min(restMs, dueAt - now)), () => {
      writing = write().then(() => arrange(runner.run()));
    });
  };

  runner.onChange(arrange);
  arrange(runner.run());
  return async () => {
    waiting?.cancel();
    await writing;
    await write();
  };
}

/** What a sheet depends on, short: two runs with the same text have the same lines on their sheets. */
function stateOf(run: Run): string {
  const steps = Object.values(run.steps).map(({ state, attempt }) => `${state}${attempt}`);
  const threads = Object.values(run.threads).map((own) => Object.values(own).join());
  return [run.phase, run.outcome, run.ponrAt?.utcMs, run.undo.length, ...steps, ...threads].join(' ');
}
