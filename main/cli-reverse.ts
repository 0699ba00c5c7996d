import { outcomeSentence } from '../shared/audit/report.ts';
import { notInsync } from './cli-awaited.ts';
import { begin, exitCodes, notStarted, refusedAlone, summary, untilOver } from './cli-run.ts';
import { composeReverse } from './compose-reverse.ts';
import { onQuit } from './stop.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * `reverse RUN`: the same protocol with the sides swapped, as a run of its own. The command is the consent; gates are
 * judged anew, and none is overridden.
 */
export async function reverseRun(name: string, options: { readonly json: boolean }): Promise<number> {
  const composed = await composeReverse(name);
  if (!composed.ok) {
    say(composed.error);
    if (options.json)
      process.stdout.write(`${JSON.stringify({ runId: null, outcome: null, refused: composed.error })}\n`);
    return 1;
  }
  const { cockpit, notes, reverses, stop } = composed.value;
  for (const note of notes) say(note);
  const alone = refusedAlone(cockpit);
  if (alone !== null) {
    say(alone);
    await stop();
    return 1;
  }
  const quit = onQuit(cockpit, () => undefined);
  const who = `unattended (${cockpit.parts.ports.laptop.user()})`;
  const since = cockpit.parts.ports.clock.now();
  const refused = await begin(cockpit, who, { yes: true });
  if (refused !== null) {
    say(refused);
    if (options.json) process.stdout.write(`${JSON.stringify({ reverses, ...notStarted, refused })}\n`);
    quit();
    await stop();
    return 2;
  }
  const run = await untilOver(cockpit, { who, alone: true, since });
  const reversed = run.outcome === 'done';
  say(
    reversed
      ? `Run ${reverses} is reversed by run ${run.id}: its source takes writes again, and its target follows it.`
      : `Run ${run.id}, which was to reverse ${reverses}: ${run.outcome ?? 'unknown'}. ${outcomeSentence(run)}`,
  );
  for (const text of notInsync(cockpit)) say(text);
  const said = { reverses, ...summary(cockpit, run), ...(reversed ? { outcome: 'reversed' } : {}) };
  if (options.json) process.stdout.write(`${JSON.stringify(said)}\n`);
  quit();
  await stop();
  return exitCodes[run.outcome ?? 'needs-operator'];
}
