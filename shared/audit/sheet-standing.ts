import type { Plan } from '../plan/plan.ts';
import { planNodes, type Seen } from '../steps/need.ts';
import type { IssuedCommand, Run } from '../steps/run.ts';
import { judgeStopHere } from '../steps/stop-here.ts';
import { itemText } from '../steps/undo.ts';
import { doingText } from '../steps/wording.ts';
import { actionText, isEffect } from './command-text.ts';
import { entriesOf } from '../steps/ledger.ts';

/** Where a run stands, in a few sentences: what takes writes as the journal knows it, what is unknown, what would be lost. */
export function whereThingsStand(run: Run, plan: Plan): readonly string[] {
  const { writable, lost } = judgeStopHere(run, plan);
  const seen = planNodes(plan).flatMap((node) => lastSeenText(run, node));
  const unknown = unknownEffects(run);
  return [
    doingNow(run),
    `Writable now, as the journal knows it: ${writable}. Lost by stopping here: ${lost}.`,
    unknown.length === 0
      ? 'Every command that changes something was answered.'
      : `UNKNOWN, because it was sent and never answered: ${unknown.join('; ')}. Whether it took effect is seen on the server alone.`,
    ...(seen.length === 0 ? [] : [`Last seen (UTC): ${seen.join('; ')}.`]),
    ...(run.undo.length === 0 || run.ponrAt !== null || run.outcome === 'thawed'
      ? []
      : [`To be set back: ${run.undo.map(itemText).join('; ')}.`]),
    'What happened after the newest record of the journal this sheet does not know: believe the servers.',
  ].map(oneLine);
}

function doingNow(run: Run): string {
  const steps = Object.values(run.steps);
  const running = steps
    .filter(({ state }) => state === 'running')
    .map(({ step, chain }) => doingText(step, chain));
  const failed = steps
    .filter(({ state }) => state === 'failed')
    .map(({ key, text }) => `${key} failed: ${text}`);
  const phase =
    run.outcome === 'thawed'
      ? run.ponrAt === null
        ? 'The run was taken back, and every change was read back as restored.'
        : "The run was concluded at its source, which the second stage of the dead-man's switch had opened again."
      : run.phase === 'held'
        ? 'The run waits to be released; nothing was changed.'
        : `The run is ${run.phase}${run.outcome === null ? '' : ` (${run.outcome})`}.`;
  const why = run.abortReason === null ? [] : [`Taken back because: ${run.abortReason}.`];
  return [phase, ...why, ...running.map((text) => `${text}.`), ...failed].join(' ');
}

function unknownEffects(run: Run): readonly string[] {
  return entriesOf(run.commands)
    .filter(
      ({ command, answer }) =>
        isEffect(command.action) &&
        (answer === null || (answer.kind === 'none' && answer.why !== 'not-connected')),
    )
    .map(({ command }) => actionText(command.action));
}

type Look = { readonly readOnly: boolean; readonly takenAt: number };

/** What a server last said of itself; nothing while it was not asked. */
function lastSeenText(run: Run, node: string): readonly string[] {
  let last: Look | null = null;
  for (const issued of entriesOf(run.commands)) {
    const look = lookOf(issued, node);
    if (look !== null && (last === null || look.takenAt >= last.takenAt)) last = look;
  }
  if (last === null) return [];
  const { takenAt } = last;
  const since = entriesOf(run.commands).filter(
    ({ command: { action }, issuedAt }) =>
      action.kind === 'mysql' &&
      action.instance === node &&
      ['fence', 'thaw', 'promote'].includes(action.operation) &&
      issuedAt.utcMs >= takenAt,
  );
  const after =
    since.length === 0 ? '' : ', then ' + since.map(({ command }) => actionText(command.action)).join(', ');
  return [
    `${node} ${last.readOnly ? 'closed' : 'open'} at ${new Date(takenAt).toISOString().slice(11, 23)}${after}`,
  ];
}

function lookOf({ command: { action }, answer }: IssuedCommand, node: string): Look | null {
  if (action.kind !== 'mysql' || action.instance !== node || answer?.kind !== 'ok') return null;
  if (action.operation !== 'state' && action.operation !== 'fastFacts') return null;
  // The operation's call site names the answer's shape: the adapter's mapped table cannot return another.
  return { readOnly: (answer.value as Seen).readOnly, takenAt: answer.takenAt };
}

/** Texts of servers and people come into the sheet: none of them may begin a line that a shell would read. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ');
}
