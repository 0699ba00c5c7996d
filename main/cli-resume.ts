import { foldRun } from '../shared/audit/fold.ts';
import { failed, ok, type Result } from '../shared/lib/result.ts';
import { concludableAt } from '../shared/steps/at-source.ts';
import type { Run } from '../shared/steps/run.ts';
import { notInsync } from './cli-awaited.ts';
import { exitCodes, sayOutcome, summary, untilOver } from './cli-run.ts';
import { composeRun, type ComposedRun } from './compose.ts';
import { composeTakeover } from './compose-takeover.ts';
import type { Overtaking } from './engine/resume.ts';
import { onQuit } from './stop.ts';

type Options = {
  readonly json: boolean;
  /** A person's consent to end the run at its sources, where the second stage of its switches opened them. */
  readonly conclude?: boolean;
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** `resume RUN`: takes up a run whose cockpit ended, and stays with it until it is over. */
export function resumeRun(run: string, options: Options): Promise<number> {
  return takeUp(run, options, () => null);
}

/** `abort RUN`: takes back what such a run began; after the point of no return that could split the data. */
export function abortRun(run: string, options: Options): Promise<number> {
  return takeUp(run, options, ({ id, ponrAt }) =>
    ponrAt === null
      ? null
      : `Run ${id} passed its point of no return at ${new Date(ponrAt.utcMs).toISOString()}: nothing can be taken back without losing writes. The way is forward: cockpit resume ${id}. It looks first, and says so where a dead-man's switch brought the data back to the source.`,
  );
}

/** `takeover RUN`: drives a run on from here that another laptop drives, or drove; that one is ousted. */
export function takeOverRun(
  run: string,
  options: Options & { readonly plan?: string; readonly despite?: readonly string[] },
): Promise<number> {
  const named = options.plan === undefined ? {} : { plan: options.plan };
  const composing = composeTakeover(run, { ...named, despite: options.despite ?? [], tell: say });
  return stayWith(composing, options, () => null);
}

function takeUp(name: string, options: Options, refusal: (run: Run) => string | null): Promise<number> {
  return stayWith(composeRun(name), options, refusal);
}

type Found = ComposedRun & { readonly takeover?: Overtaking };

async function stayWith(
  composing: Promise<Result<Found, string>>,
  options: Options,
  refusal: (run: Run) => string | null,
): Promise<number> {
  const composed = await composing;
  if (!composed.ok) {
    say(composed.error);
    // Whoever reads the JSON is told as much as whoever reads the screen.
    if (options.json)
      process.stdout.write(`${JSON.stringify({ runId: null, outcome: null, refused: composed.error })}\n`);
    return 1;
  }
  const { cockpit, from, notes, stop } = composed.value;
  for (const note of notes) say(note);
  const quit = onQuit(cockpit, () => undefined);
  const since = cockpit.parts.ports.clock.now();
  const begun = await begin(composed.value, refusal);
  if (!begun.ok) {
    say(begun.error);
    if (options.json) process.stdout.write(`${JSON.stringify(refused(composed.value, begun.error))}\n`);
    quit();
    from.journal.close();
    await stop();
    return 1;
  }
  const by = { who: begun.value.who, alone: begun.value.run.unattended, since };
  let run = await untilOver(cockpit, by);
  const atSource = concludableAt(run, cockpit.parts.plan).length > 0;
  if (atSource && options.conclude === true) {
    const pressed = await cockpit.night()?.retry({ step: 'unwind', who: by.who });
    if (pressed?.ok === false) say(pressed.error);
    run = await untilOver(cockpit, { ...by, since: run.now });
  } else if (atSource) {
    say(`One press ends it where its data is: cockpit resume ${run.id} --conclude`);
  }
  if (run.heldAt !== null) say(`Run ${run.id} waits at the hold before ${run.heldAt}: people release it.`);
  if (run.phase === 'watching') say(`Run ${run.id} is at its watch: Close is left to people.`);
  sayOutcome(run, say);
  for (const text of notInsync(cockpit)) say(text);
  if (options.json) process.stdout.write(`${JSON.stringify(summary(cockpit, run))}\n`);
  quit();
  await stop();
  return exitCodes[run.outcome ?? 'needs-operator'];
}

async function begin(
  { cockpit, from, takeover }: Found,
  refusal: (run: Run) => string | null,
): Promise<Result<{ readonly who: string; readonly run: Run }, string>> {
  const { journal } = from;
  const folded = foldRun(journal.read());
  if (!folded.ok) return failed(`The journal ${journal.file} cannot be taken up again: ${folded.error}`);
  const { run } = folded.value;
  const why = refusal(run);
  if (why !== null) return failed(why);
  const user = cockpit.parts.ports.laptop.user();
  const who = run.unattended ? `unattended (${user})` : user;
  const resumed = await cockpit.resume(who, takeover === undefined ? from : { ...from, takeover });
  return resumed.ok ? ok({ who, run }) : resumed;
}

/** What `--json` says of a run that was not taken up: which one, how it ended if it did, and why not. */
function refused({ from }: ComposedRun, why: string): Readonly<Record<string, unknown>> {
  const folded = foldRun(from.journal.read());
  const run = folded.ok ? folded.value.run : null;
  return { runId: run?.id ?? null, outcome: run?.outcome ?? null, refused: why, journal: from.journal.file };
}
