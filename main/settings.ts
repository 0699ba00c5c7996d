import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The part of the environment that settings are read from. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where the cockpit keeps journals and what belongs to them: `$COCKPIT_STATE`, else
 * `$XDG_STATE_HOME/cutover-cockpit`, else `~/.local/state/cutover-cockpit`.
 */
export function stateDirectory(environment: Environment = process.env): string {
  const own = environment['COCKPIT_STATE'];
  if (own !== undefined && own !== '') return own;
  const state = environment['XDG_STATE_HOME'];
  // The base directory specification: a relative path there is to be ignored.
  if (state?.startsWith('/') === true) return join(state, 'cutover-cockpit');
  return join(homedir(), '.local', 'state', 'cutover-cockpit');
}

/**
 * The directory of a plan: its own journal, accepted host keys and side files. It goes by the plan's name, not its
 * digest, because answers and accepted keys outlive an edit of the plan; the journal says which digest they were for.
 */
export function planDirectory(state: string, planName: string): string {
  return made(join(state, 'plans', planName));
}

/** The directory of a run: its journal and side files. */
export function runDirectory(state: string, runId: string): string {
  return made(join(state, 'runs', runId));
}

/** The journal inside a plan's or a run's directory. */
export function journalFile(directory: string): string {
  return join(directory, 'journal.jsonl');
}

/** The journal of a run that is named by its id, or by its file or directory; null: there is none. */
export function runJournalFile(state: string, run: string): string | null {
  const isId = /^[\w-]+$/.test(run);
  const places = [...(isId ? [journalFile(join(state, 'runs', run))] : []), resolve(run), journalFile(run)];
  return places.find((file) => existsSync(file) && statSync(file).isFile()) ?? null;
}

const newestRuns = 5;

/** Which runs there are: an id ends in letters that nobody remembers. */
export function knownRuns(state: string): string {
  const folder = join(state, 'runs');
  const ids = existsSync(folder)
    ? readdirSync(folder).filter((id) => existsSync(journalFile(join(folder, id))))
    : [];
  const newest = ids.toSorted().reverse().slice(0, newestRuns);
  return newest.length === 0
    ? `No run is kept below ${folder}.`
    : `The newest below ${folder}: ${newest.join(', ')}.`;
}

/** Says that there is no such run, and which there are. */
export function noSuchRun(state: string, run: string): string {
  return `There is no run "${run}", and no journal file of that name. ${knownRuns(state)}`;
}

/**
 * Takes the next run id of the (UTC) day, `2026-11-23-01-k3f9`, and makes its directory. The number counts on this laptop;
 * the letters are drawn, because two laptops count alike, and hosts and mirror know a run by its id alone.
 */
export function newRunId(state: string, utcMs: number): string {
  const day = new Date(utcMs).toISOString().slice(0, 10);
  const runs = made(join(state, 'runs'));
  const numbers = readdirSync(runs).map((id) => Number(new RegExp(`^${day}-(\\d+)`).exec(id)?.[1] ?? 0));
  const number = String(Math.max(0, ...numbers) + 1).padStart(2, '0');
  for (let tried = 0; tried < 100; tried += 1) {
    const id = `${day}-${number}-${drawn()}`;
    try {
      mkdirSync(join(runs, id), { mode: 0o700 });
      return id;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  throw new Error(
    `No free run id for ${day} under ${runs}: expected one of a hundred that were drawn to be free.`,
  );
}

/** Four letters and digits, none of which is taken for another one when it is read out. */
function drawn(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  return Array.from({ length: 4 }, () => letters[randomInt(letters.length)] ?? '').join('');
}

function made(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}
