import { missing, samePosition, union } from '../observations/gtid-set.ts';
import type { Chain, Plan } from '../plan/plan.ts';
import { armedHosts } from '../plan/switches.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { positionText } from './containment.ts';
import { answerOf } from './given-answer.ts';
import { entryIn } from './ledger.ts';
import { commandKey, sourceNodes, targetNodes } from './need.ts';
import type { Run } from './run.ts';
import { openedBySwitch } from './stand-down.ts';
import { chainSaid, secondStageHosts } from './chain-said.ts';
import { openedText } from './switch-said.ts';

/** What each server said of itself; null or absent: it did not answer. */
export type FactsNow = Readonly<Record<string, FastFacts | null | undefined>>;

/** How a run stands whose second stage acted behind the point of no return. */
export type AtSource = {
  /** One sentence: which chain is where, by its switch's own word and by its servers'. */
  readonly stands: string;
  /** Source masters that a switch opened. */
  readonly opened: readonly string[];
  /** Why the run must not be concluded at its sources; empty: every chain is there, and nowhere else. */
  readonly wrong: readonly string[];
};

/** Every server whose word counts for that. */
export function nodesToJudge(plan: Plan): readonly string[] {
  return plan.chains.flatMap((chain) => [...sourceNodes(chain), ...targetNodes(chain)]);
}

/**
 * Asks every server whose word counts, the sources only when every target has said: the sources take writes, and one that
 * reached a target meanwhile must not look as if it were there alone. Null: not all have answered yet.
 */
export function askForJudgement(
  plan: Plan,
  ask: (node: string) => Answer<FastFacts> | undefined,
): FactsNow | null {
  const facts: Record<string, FastFacts | null> = {};
  for (const side of [targetNodes, sourceNodes]) {
    const asked = plan.chains.flatMap(side).map((node) => [node, ask(node)] as const);
    for (const [node, answer] of asked) {
      if (answer === undefined) return null;
      facts[node] = answer.kind === 'ok' ? answer.value : null;
    }
  }
  return facts;
}

/**
 * Whether the data of every chain is on its source and nowhere else: opened by its own switch, every target node closed,
 * and no target holding what none of the sources has. Anything that was not heard counts against it.
 */
export function judgeAtSource(run: Run, plan: Plan, facts: FactsNow): AtSource {
  const unheard = armedHosts(plan).filter((host) => run.switches[host] === undefined);
  const busy = secondStageHosts(run, plan).filter((host) => run.switches[host]?.over === false);
  const chains = plan.chains.map((chain) => judgeChain(run, plan, [chain, facts]));
  return {
    stands: chains.map(({ stands }) => stands).join('; '),
    opened: chains.flatMap(({ opened }) => opened),
    wrong: [
      ...unheard.map((host) => `${host} did not say what its dead-man's switch did`),
      ...busy.map((host) => `the dead-man's switch of ${host} is still at work: look again in a moment`),
      ...chains.flatMap(({ wrong }) => wrong),
    ],
  };
}

function judgeChain(run: Run, plan: Plan, [chain, facts]: readonly [Chain, FactsNow]): AtSource {
  const said = chainSaid(run, plan, chain);
  const masters = chain.source.masters.map(({ instance }) => instance);
  const targets = targetNodes(chain);
  const isOpen = (node: string): boolean => facts[node]?.readOnly === false;
  const [openTargets, openSources] = [targets.filter(isOpen), sourceNodes(chain).filter(isOpen)];
  const dark = [...masters, ...targets].filter((node) => (facts[node] ?? null) === null);
  const closed = masters.filter((node) => facts[node]?.readOnly === true);
  const ahead = targets.flatMap((node) => aheadOf(run, chain, [node, facts]));
  const by =
    said.opened.length > 0
      ? `opened again by the second stage of its dead-man's switch: ${openedText(said.opened)}`
      : said.left
        ? "left closed by the second stage of its dead-man's switch"
        : "not touched by a dead-man's switch";
  const target =
    openTargets.length > 0
      ? `its target takes writes: ${openTargets.join(', ')}`
      : dark.some((node) => targets.includes(node))
        ? 'whether its target is closed is not known'
        : 'its target is closed';
  const compare = `compare, table by table, what stands in ${targets.join(', ')} and not in ${masters.join(', ')}, and the other way round, before either side goes on alone`;
  const wrong =
    openTargets.length > 0 && openSources.length > 0
      ? [
          `both sides of ${chain.id} take writes (${[...openSources, ...openTargets].join(', ')}). Close ${openTargets.join(', ')} at once (read_only = 1); then ${compare}`,
        ]
      : openTargets.length > 0
        ? [`${chain.id} went forward: ${openTargets.join(', ')} takes its writes, and its source is closed`]
        : [
            ...dark.map((node) => `${node} does not answer`),
            ...closed.map((node) => `${node} is closed`),
            ...(ahead.length === 0 || openSources.length === 0 ? ahead : [`${ahead.join('; ')}: ${compare}`]),
            ...(said.opened.length === 0 && closed.length === 0
              ? [`no switch says that it opened ${masters.join(', ')}: find out who did`]
              : []),
          ];
  return {
    stands: `${chain.id}: ${masters.join(', ')} ${by}, ${target}`,
    opened: said.opened.map(({ instance }) => instance).filter((node) => masters.includes(node)),
    wrong,
  };
}

/**
 * What a target holds that none of its sources has: it was opened after the last look, and somebody wrote there. By GTID
 * that is seen; without it only a target that stands where the last look saw it, or still follows, is known to be unwritten.
 */
function aheadOf(run: Run, chain: Chain, [node, facts]: readonly [string, FactsNow]): readonly string[] {
  const now = facts[node] ?? null;
  const before = answerOf(run, ['last-look', `look@${node}`, 'state']);
  if (now === null) return [];
  if (chain.gtid === 'off') {
    const isUnmoved = before !== null && samePosition(before.position, now.position);
    const isAsked = entriesOfPromote(run, chain, node);
    return isUnmoved || !isAsked
      ? []
      : [
          `${node} was asked to open and no longer stands where the last look saw it (${before === null ? 'not seen' : positionText(before.position)}, now ${positionText(now.position)})`,
        ];
  }
  const sources = sourceNodes(chain).flatMap((source) => facts[source]?.position ?? []);
  const all = union([...sources, ...(before === null ? [] : [before.position])]);
  if (!all.ok) return [`what ${node} holds cannot be compared: ${all.error}`];
  const extra = missing({ ...now.position, gtid: all.value }, now.position);
  if (!extra.ok) return [`what ${node} holds cannot be compared: ${extra.error}`];
  return extra.value.text === ''
    ? []
    : [`${node} holds what no source has (${extra.value.text}): it was written to`];
}

/** Whether any attempt of this run asked a target to open. */
function entriesOfPromote(run: Run, chain: Chain, node: string): boolean {
  const attempts = run.steps[`promote:${chain.id}`]?.attempt ?? 1;
  return Array.from({ length: attempts }, (_, index) => index + 1).some(
    (attempt) =>
      entryIn(run.commands, commandKey(`promote:${chain.id}`, attempt, `open@${node}`)) !== undefined,
  );
}

/** What the lock step of a run that was taken up again saw of every server. */
function factsAtLock(run: Run, plan: Plan): FactsNow {
  const attempt = run.steps['lock']?.attempt ?? 1;
  return Object.fromEntries(
    nodesToJudge(plan).map((node) => {
      const answer = entryIn(run.commands, commandKey('lock', attempt, `seen@${node}`))?.answer;
      // The operation's call site names the answer's shape: the adapter's mapped table cannot return another.
      return [node, answer?.kind === 'ok' ? (answer.value as FastFacts) : null];
    }),
  );
}

/**
 * The source masters at which one press concludes the run; none: it is not offered. A cockpit that took the run up looked
 * at everything; one that was only asleep knows it by its switches, and the press itself looks before it does anything.
 */
export function concludableAt(run: Run, plan: Plan): readonly string[] {
  if (run.ponrAt === null || run.outcome !== 'needs-operator' || run.reversing !== null) return [];
  if (openedBySwitch(run, plan).length < plan.chains.length) return [];
  if (Object.keys(run.switches).length === 0)
    return plan.chains.flatMap(({ source }) => source.masters.map(({ instance }) => instance));
  const { opened, wrong } = judgeAtSource(run, plan, factsAtLock(run, plan));
  return wrong.length === 0 ? opened : [];
}
