import type { Chain, Plan } from '../plan/plan.ts';
import { armedHosts } from '../plan/switches.ts';
import type { Command } from './command.ts';
import { quickMs } from './need.ts';
import type { IssuedCommand, Run } from './run.ts';
import { switchPlace } from './switch-place.ts';
import { entryIn } from './ledger.ts';

/** What `end` says when the switch had acted already. */
export const switchActedStatus = 3;

/**
 * Why a switch is told that it is over. `undone`: everything is seen taken back, so one whose second stage acted keeps its run
 * locks no longer. `passed`: the passage is over; one that has acted keeps them, and the target stays closed.
 */
export type Over = 'undone' | 'passed';

/** The order to stand down, as the host's channel takes it; it is no error when nothing is there any more. */
export function standDownArgv(runId: string, host: string, over: Over): readonly string[] {
  const script = 'if [ -e "$1" ]; then exec sh "$1" end "$2"; else echo "no switch here"; fi';
  return ['sh', '-c', script, 'end', switchPlace(runId, host).command, over];
}

/** How long standing down may take: its process is seen gone before it answers. */
export const standDownMs = 2 * quickMs + 1_000;

/**
 * After the PONR every claimed switch is told that the passage is over, as soon as each chain is promoted or this cockpit
 * knows that it is not: a living cockpit goes forward, and the second stage is for a dead one. Nothing waits for it.
 */
export function standDownCommands(run: Run, plan: Plan): readonly Command[] {
  if (run.ponrAt === null || !plan.chains.every(({ id }) => isSettled(run, id))) return [];
  return armedHosts(plan)
    .map((host): Command => ({
      key: standDownKey(host),
      action: { kind: 'ssh', host, argv: standDownArgv(run.id, host, 'passed'), effect: true },
      limitMs: standDownMs,
    }))
    .filter(({ key }) => entryIn(run.commands, key) === undefined);
}

function standDownKey(host: string): string {
  return `promote#1/stand-down@${host}`;
}

function standDownAnswer(run: Run, host: string): IssuedCommand['answer'] {
  return entryIn(run.commands, standDownKey(host))?.answer ?? null;
}

/** Whether a host's switch took the order to stand down: it has not acted, and will not. */
export function stoodDown(run: Run, host: string): boolean {
  return standDownAnswer(run, host)?.kind === 'ok';
}

function isSettled(run: Run, chain: string): boolean {
  const promote = run.steps[`promote:${chain}`]?.state;
  return promote === 'done' || promote === 'failed' || run.steps[`detach:${chain}`]?.state === 'failed';
}

/** Whether the switch of an instance's host acted by itself: its source may be open, and that is not taken back. */
export function switchActed(run: Run, plan: Plan, instance: string): boolean {
  const host = plan.instances.find(({ id }) => id === instance)?.host;
  const said = run.switches[host ?? ''];
  // One whose second stage was over when it was asked told what it opened, and opens nothing more.
  if (said?.state === 'second') return !said.over || said.opened.some((one) => one.instance === instance);
  const answer = standDownAnswer(run, host ?? '');
  return answer?.kind === 'refused' && answer.code === switchActedStatus;
}

/**
 * Chains whose second stage acted behind the point of no return: it saw every target master closed and keeps their run
 * locks, so that the source alone has the data, and takes the writes. Nothing of such a chain goes forward any more.
 */
export function openedBySwitch(run: Run, plan: Plan): readonly Chain[] {
  if (run.ponrAt === null) return [];
  return plan.chains.filter(
    ({ id, source }) =>
      run.steps[`promote:${id}`]?.state !== 'done' &&
      source.masters.some(({ instance }) => switchActed(run, plan, instance)),
  );
}
