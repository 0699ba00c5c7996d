import { existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A state of its own; only the runs of this process are numbered together, because its hosts have one home. Another flavour's
 * cells, which are played beside these, are another process: a killed cockpit's run must never be taken for theirs.
 */
export function newState(): string {
  const state = mkdtempSync(join(tmpdir(), 'cutover-fault-state-'));
  mkdirSync(runsFolder, { recursive: true });
  symlinkSync(runsFolder, join(state, 'runs'));
  return state;
}

const runsFolder = join(tmpdir(), `cutover-fault-runs-${process.pid}`);

/** The runs that have a journal. */
export function runsNow(): readonly string[] {
  if (!existsSync(runsFolder)) return [];
  return readdirSync(runsFolder).filter((run) => existsSync(journalOf(run)));
}

/** The journal of a run. */
export const journalOf = (run: string): string => join(runsFolder, run, 'journal.jsonl');
