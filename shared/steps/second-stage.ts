import type { Chain } from '../plan/plan.ts';
import { secondStageMs, switchOf } from '../plan/switches.ts';
import { askForJudgement, judgeAtSource } from './at-source.ts';
import { instanceOf, sourceNodes, trouble, type Needs, type StepContext } from './need.ts';
import { standDownArgv, standDownMs, stoodDown, switchActedStatus } from './stand-down.ts';
import { chainSaid, secondStageHosts } from './chain-said.ts';

/** How a cockpit that took a run up again may go on behind a second stage. */
export type BehindSwitch =
  | { readonly kind: 'waiting'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string }
  /** No second stage acted, or none opened anything and none keeps a lock any more. */
  | { readonly kind: 'forward' };

/**
 * Behind a second stage nothing is driven before it is known what it did. Where it opened a source, the data is there and
 * nothing of the run goes forward: a person is told how each chain stands, and what may be pressed. Where it left everything
 * closed, as behind a target that was open already, it is told to let the run locks go, which it kept from everybody.
 */
export function behindSwitch(need: Needs, context: StepContext): BehindSwitch {
  const { run, plan } = context;
  const hosts = secondStageHosts(run, plan);
  if (run.ponrAt === null) return { kind: 'forward' };
  const opened = plan.chains.filter((chain) => chainSaid(run, plan, chain).opened.length > 0);
  if (opened.length === 0) {
    const unsure = notHeard(need, context, hosts);
    if (unsure !== null) return unsure;
    return hosts.length === 0 ? { kind: 'forward' } : letGo(need, context, hosts);
  }
  const facts = askForJudgement(plan, (node) => need.facts('seen', node));
  if (facts === null)
    return { kind: 'waiting', text: "every server to say how it is behind the dead-man's switch" };
  const { stands, wrong } = judgeAtSource(run, plan, facts);
  const rest =
    wrong.length === 0
      ? 'The data is on the source, of every chain. Nothing goes forward any more; "Conclude at the source" ends the run there: it opens and closes nothing, sets back what is left, and has the switches let the run locks go'
      : `This run is not concluded from here: ${wrong.join('; ')}. The emergency sheet says what to do with each chain`;
  return { kind: 'failed', text: `${stands}. ${rest}.` };
}

/**
 * A switch that is not heard may have opened its source: then nobody lets go the locks that keep the target closed, and
 * nothing is opened there. Only a target that is seen open already was passed by it. Null: every word that counts is there.
 */
function notHeard(need: Needs, context: StepContext, acted: readonly string[]): BehindSwitch | null {
  const { run, plan, now } = context;
  // As long as no second stage can have acted, the run lock is what keeps one from it.
  const claimedAt = run.steps['claim']?.startedAt?.monoMs ?? now.monoMs;
  if (acted.length === 0 && now.monoMs - claimedAt < secondStageMs) return null;
  const asked = plan.chains
    .map((chain) => ({ chain, mute: muteHosts(context, chain) }))
    .filter(({ mute }) => mute.length > 0)
    .map((each) => ({
      ...each,
      answers: each.chain.target.masters.map(({ instance }) => need.facts('target', instance)),
    }));
  if (asked.some(({ answers }) => answers.includes(undefined)))
    return { kind: 'waiting', text: 'every target to say whether it takes writes' };
  const unsure = asked.filter(
    ({ answers }) => !answers.every((answer) => answer?.kind === 'ok' && !answer.value.readOnly),
  );
  if (unsure.length === 0) return null;
  const hosts = [...new Set(unsure.flatMap(({ mute }) => mute))];
  return {
    kind: 'failed',
    text: `${hosts.join(', ')} did not say what its dead-man's switch did, and may have opened the source of ${unsure.map(({ chain }) => chain.id).join(', ')}: nothing goes forward, and no run lock is let go. Expected the word of every switch. Reach the host, and try again: it is asked once more; or see there that the source is closed and that no switch runs, and go by the emergency sheet.`,
  };
}

/** Hosts whose switch may have opened a source of a chain, which is not promoted yet, and did not say so. */
function muteHosts({ run, plan }: StepContext, chain: Chain): readonly string[] {
  const said = switchOf(plan, chain);
  if (said.kind !== 'armed' || !said.secondStage) return [];
  if (run.steps[`promote:${chain.id}`]?.state === 'done') return [];
  // A switch opens what the run has closed: a slave that was closed before stays so.
  const closed = sourceNodes(chain).filter((node) =>
    run.undo.some((item) => item.kind === 'thaw' && item.instance === node),
  );
  return closed
    .map((node) => instanceOf(plan, node).host)
    .filter((host) => run.switches[host] === undefined && !stoodDown(run, host));
}

/** `end undone` is the one word that lets its locks go; that it acted, which it answers, is known. */
function letGo(need: Needs, { run, plan }: StepContext, hosts: readonly string[]): BehindSwitch {
  const busy = hosts.filter((host) => run.switches[host]?.over === false);
  if (busy.length > 0)
    return {
      kind: 'failed',
      text: `The second stage of the dead-man's switch of ${busy.join(', ')} is still at work; expected it over. Try again in a moment.`,
    };
  const told = hosts.map((host) => {
    const argv = standDownArgv(run.id, host, 'undone');
    return [host, need.ssh('let-go', [host, argv], { effect: true, limitMs: standDownMs })] as const;
  });
  if (told.some(([, answer]) => answer === undefined))
    return { kind: 'waiting', text: "the dead-man's switches to let the run locks go" };
  const deaf = told.flatMap(([host, answer]) =>
    answer === undefined ||
    answer.kind === 'ok' ||
    (answer.kind === 'refused' && answer.code === switchActedStatus)
      ? []
      : [trouble(host, "having its dead-man's switch let the run locks go", answer)],
  );
  return deaf.length === 0
    ? { kind: 'forward' }
    : {
        kind: 'failed',
        text: `${deaf.join('; ')}. ${plan.chains.map(({ id }) => id).join(', ')} stay as they are.`,
      };
}
