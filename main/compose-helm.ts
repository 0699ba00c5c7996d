import { foldRun } from '../shared/audit/fold.ts';
import { createRedactor } from '../shared/audit/redact.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { wayBackTrouble } from '../shared/gates/way-back-now.ts';
import { openJournal } from './adapters/journal-file.ts';
import { composeCockpit, type Composed } from './compose.ts';
import { forthOf } from './compose-forth.ts';
import type { Cockpit } from './engine/cockpit.ts';
import { readReversible } from './engine/reverse.ts';
import { runJournalFile, stateDirectory } from './settings.ts';

/** The cockpit in front, and the one whose watch goes on behind it until the way back is released. */
type Stage = { readonly front: Composed; readonly behind: Composed | null; readonly forth: string | null };

/**
 * A cockpit that can turn round: to whoever shows or drives it, it is one cockpit all along. On the way back it is that of
 * the plan turned round; the watch of the run that is reversed goes on behind it until the way back is released.
 */
export async function composeHelm(file: string): Promise<Result<Composed, string>> {
  const composed = await composeCockpit(file);
  if (!composed.ok) return composed;
  const first = composed.value;
  const { plan } = first.cockpit.parts;
  const redactor = createRedactor();
  const state = stateDirectory();
  const listeners: (() => void)[] = [];
  const changed = (): void => listeners.forEach((call) => call());
  let stage: Stage = { front: first, behind: null, forth: null };
  let turning = false;

  const show = (next: Stage): void => {
    stage = next;
    next.front.cockpit.onChange(() => {
      if (stage.front === next.front) changed();
    });
    changed();
  };
  const once = async (work: () => Promise<Result<null, string>>): Promise<Result<null, string>> => {
    if (turning) return failed('Another turn is under way; wait for it.');
    turning = true;
    try {
      return await work();
    } finally {
      turning = false;
    }
  };
  const letGo = async (): Promise<void> => {
    const { behind } = stage;
    stage = { ...stage, behind: null };
    await behind?.stop();
  };

  const reverse = async (): Promise<Result<null, string>> => {
    const forth = stage.front;
    const journal = forth.cockpit.night()?.journal() ?? null;
    if (journal === null) return failed('No run is there that could be reversed.');
    const read = readReversible(journal);
    if (!read.ok) return read;
    const { header, turned, head } = read.value;
    const trouble = wayBackTrouble(header.plan, forth.cockpit.snapshot());
    if (trouble !== null) return failed(`Run ${header.runId} cannot be reversed now: ${trouble}.`);
    const run = { runId: header.runId, head, notes: turned.notes };
    const back = await forth.beside(
      turned.plan,
      forthOf({ state, redactor, clock: forth.cockpit.parts.ports.clock }, run, letGo),
    );
    show({ front: back, behind: forth, forth: header.runId });
    return ok(null);
  };

  /** Back from the way back: to the watch that went on, to the one that was handed over, or to the plan's next run. */
  const startOver = async (who: string): Promise<Result<null, string>> => {
    const { front, behind, forth } = stage;
    if (forth === null) return front.cockpit.startOver(who);
    const run = front.cockpit.night()?.run() ?? null;
    if (run !== null && run.phase !== 'ended') return failed('The run has not ended.');
    if (behind !== null) {
      await front.stop();
      show({ front: behind, behind: null, forth: null });
      return ok(null);
    }
    const next = await front.beside(plan);
    await front.stop();
    show({ front: next, behind: null, forth: null });
    return run?.outcome === 'done' ? ok(null) : watchAgain(next.cockpit, forth, who);
  };

  const watchAgain = async (cockpit: Cockpit, forth: string, who: string): Promise<Result<null, string>> => {
    const file = runJournalFile(state, forth);
    const opened =
      file === null ? failed(`There is no journal of run ${forth}.`) : openJournal(file, redactor);
    if (!opened.ok) return opened;
    const { journal } = opened.value;
    const folded = foldRun(journal.read());
    const over = folded.ok && folded.value.run.phase === 'ended';
    const resumed = over ? ok(null) : await cockpit.resume(who, { journal });
    if (over || !resumed.ok) journal.close();
    return resumed.ok ? ok(null) : resumed;
  };

  const at = (): Cockpit => stage.front.cockpit;
  show(stage);
  return ok({
    ...first,
    cockpit: {
      get parts() {
        return at().parts;
      },
      get observer() {
        return at().observer;
      },
      preparation: () => at().preparation(),
      zone: (zone) => at().zone(zone),
      refusals: () => at().refusals(),
      snapshot: () => at().snapshot(),
      verdicts: (phase) => at().verdicts(phase),
      record: (payload) => at().record(payload),
      prepare: (who) => at().prepare(who),
      proveZones: (who) => at().proveZones(who),
      acceptHostKey: (host, fingerprint, who) => at().acceptHostKey(host, fingerprint, who),
      night: () => at().night(),
      left: () => at().left(),
      other: () => at().other(),
      takeOver: (who, runId) => at().takeOver(who, runId),
      resumeLeft: (who, runId) => at().resumeLeft(who, runId),
      arm: (who, unattended) => at().arm(who, unattended),
      release: (by) => at().release(by),
      resume: (who, from) => at().resume(who, from),
      disarm: () => at().disarm(),
      troubles: () => [...(stage.behind?.cockpit.troubles() ?? []), ...at().troubles()],
      tell: (text) => at().tell(text),
      reverse: () => once(reverse),
      startOver: (who) => once(() => startOver(who)),
      onChange: (call) => void listeners.push(call),
      stop: () => at().stop(),
    },
    stop: async () => {
      await stage.front.stop();
      await letGo();
    },
  });
}
