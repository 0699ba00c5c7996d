import { present } from '../lib/assert.ts';
import { linkHasApplied } from '../observations/gtid-set.ts';
import type { Chain } from '../plan/plan.ts';
import { notOurLock, pauseMs, readAll, sliceMs, wrongServer } from './before-fence.ts';
import {
  holdsAll,
  linkTrouble,
  memberOf,
  notClosed,
  positionText,
  type FactsByInstance,
} from './containment.ts';
import { firstPosition } from './end-sessions.ts';
import { answerOf } from './given-answer.ts';
import {
  commandKey,
  done,
  failure,
  lookLater,
  newestAsked,
  needs,
  trouble,
  type ChainStepFunction,
  type Needs,
  type Progress,
  type Seen,
  type StepContext,
} from './need.ts';
import type { Run } from './run.ts';
import { entryIn } from './ledger.ts';

/**
 * Every source master contains what the others originated. The round in which that is true is also the first reading
 * of the final position, so the two cannot drift apart.
 */
export const converge: ChainStepFunction = (context, chain) => {
  const need = needs(context);
  const masters = chain.source.masters.map(({ instance }) => instance);
  const first = masters.map((master) => newestAsked(context, (round) => `position${round}@${master}`));
  for (let round = Math.min(...first); ; round += 1) {
    // Mostly the first reading is the last one. Whoever lacks something is looked at whole from then on, for its applier.
    const seen = round === 0 ? firstReading(context.run, chain) : readAll(need, `position${round}`, masters);
    if (seen.kind === 'failed') return failure(seen.text);
    if (seen.kind === 'waiting') return need.waiting(`the positions of ${masters.join(' and ')}`);
    const open = stillClosed(context, seen.facts);
    if (open !== null) return failure(open);
    const lacking = masters.map((master) => ({ master, ...lacksOf(chain, master, seen.facts) }));
    const broken = lacking.find(({ kind }) => kind === 'failed');
    if (broken !== undefined) return failure(`${broken.master}: ${broken.text}`);
    const behind = lacking.filter(({ kind }) => kind === 'lacks');
    if (behind.length === 0) {
      if (isSettled(context.run, chain, round)) return done(`Final position: ${positionsText(seen.facts)}`);
      continue;
    }
    const slept = sleepOn(need, [context, chain], { round, behind, facts: seen.facts });
    if (slept !== null) return slept;
  }
};

/**
 * Without GTID one look tells of two moments: where a server's log ends, and then how far its applier came. What was applied
 * in between would pass for a write behind the fence, so the end of the log is read again once nothing more is on its way.
 */
function isSettled(run: Run, chain: Chain, round: number): boolean {
  const masters = chain.source.masters.map(({ instance }) => instance);
  if (chain.gtid === 'on' || masters.length === 1) return true;
  if (round === 0) return false;
  const before = Object.fromEntries(
    masters.map((master) => [master, positionIn(run, chain, [round - 1, master])]),
  );
  return masters.every((master) => lacksOf(chain, master, before).kind === 'holds');
}

/** Each master's state, as read once its sessions from before the fence were gone. */
function firstReading(
  run: Run,
  chain: Chain,
): { readonly kind: 'read'; readonly facts: Readonly<Record<string, Seen>> } {
  const facts = chain.source.masters.map(({ instance }): readonly [string, Seen] => [
    instance,
    positionIn(run, chain, [0, instance]),
  ]);
  return { kind: 'read', facts: Object.fromEntries(facts) };
}

function positionIn(run: Run, chain: Chain, [round, master]: readonly [round: number, master: string]): Seen {
  const seen =
    round === 0
      ? firstPosition(run, chain, master)
      : answerOf(run, [`converge:${chain.id}`, `position${round}@${master}`, 'fastFacts']);
  return present(seen, `the position of ${master}`);
}

/** A position read on a server that is open, another one, or not ours is no final position. */
function stillClosed(context: StepContext, facts: FactsByInstance): string | null {
  for (const [node, seen] of Object.entries(facts)) {
    const wrong =
      notClosed(node, seen) ?? wrongServer(context, node, seen) ?? notOurLock(context, node, seen);
    if (wrong !== null) return wrong;
  }
  return null;
}

function positionsText(facts: FactsByInstance): string {
  return Object.entries(facts)
    .map(([node, { position }]) => `${node} ${positionText(position)}`)
    .join('; ');
}

type Behind = {
  readonly round: number;
  readonly behind: readonly { readonly master: string; readonly text: string }[];
  readonly facts: FactsByInstance;
};

/** One slice of sleep on each master that lacks something; null when it is time to look again. */
function sleepOn(
  need: Needs,
  [context, chain]: readonly [StepContext, Chain],
  { round, behind, facts }: Behind,
): Progress | null {
  const text = behind.map((lack) => `${lack.master} to apply ${lack.text}`).join('; ');
  const wakes: number[] = [];
  let unanswered = false;
  for (const { master } of behind) {
    const { links } = present(facts[master], master);
    const sick = links === undefined ? null : linkTrouble(chain, master, { links });
    if (sick !== null) return failure(sick);
    const input = { position: sourceOf(chain, master, facts).position, sliceMs: round === 0 ? 50 : sliceMs };
    const slept = need.mysql(
      `wait${round}`,
      [master, 'look'],
      ['waitApplied', input, { limitMs: sliceMs + 1_000 }],
    );
    if (slept !== undefined && slept.kind !== 'ok')
      return failure(trouble(master, 'waiting for its applier', slept));
    unanswered ||= slept === undefined;
    const later = lookLater(context, `wait${round}@${master}`, pauseMs(round));
    if (slept !== undefined && later !== null) wakes.push(later);
  }
  if (unanswered) return need.waiting(text);
  return wakes.length === 0 ? null : need.waiting(text, Math.max(...wakes));
}

type Lacks = { readonly kind: 'holds' | 'lacks' | 'failed'; readonly text: string };

function lacksOf(chain: Chain, master: string, facts: FactsByInstance): Lacks {
  if (chain.source.masters.length === 1) return { kind: 'holds', text: '' };
  const held =
    chain.gtid === 'on'
      ? holdsAll(chain, [master, present(facts[master], master)], facts)
      : ringApplied(chain, master, facts);
  if (!held.ok) return { kind: 'failed', text: held.error };
  return { kind: held.value.holds ? 'holds' : 'lacks', text: held.value.lacks };
}

function ringApplied(chain: Chain, master: string, facts: FactsByInstance): ReturnType<typeof holdsAll> {
  const member = present(memberOf(chain, master), `${master} in chain ${chain.id}`);
  const link = present(facts[master], master).links?.find(({ channel }) => channel === member.channel);
  if (link === undefined)
    return { ok: false, error: `${master} has no link to its co-master; expected the ring to run` };
  const source = sourceOf(chain, master, facts);
  const applied = linkHasApplied(link, source.position);
  if (!applied.ok) return applied;
  return {
    ok: true,
    value: {
      holds: applied.value,
      lacks: applied.value ? '' : `${source.position.file}:${source.position.offset}`,
    },
  };
}

function sourceOf(chain: Chain, master: string, facts: FactsByInstance): Seen {
  return present(facts[memberOf(chain, master)?.from ?? ''], `the co-master that ${master} follows`);
}

/** The final position of every source master: the last round of `converge`. */
export function finalPositions(run: Run, chain: Chain): FactsByInstance {
  const key = `converge:${chain.id}`;
  const attempt = run.steps[key]?.attempt ?? 1;
  const masters = chain.source.masters.map(({ instance }) => instance);
  let round = 0;
  while (
    masters.every(
      (master) =>
        entryIn(run.commands, commandKey(key, attempt, `position${round + 1}@${master}`))?.answer?.kind ===
        'ok',
    )
  )
    round += 1;
  return Object.fromEntries(masters.map((master) => [master, positionIn(run, chain, [round, master])]));
}
