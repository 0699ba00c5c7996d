import { present } from '../lib/assert.ts';
import type { PlannedDns } from '../plan/plan-dns.ts';
import type { ClusterEndpoint, FlipCluster, PlannedFlip } from '../plan/plan-flip.ts';
import type { Answer } from '../sessions/session.ts';
import type { RoutingState, RoutingStates } from '../sessions/zone-answers.ts';
import { planesOf } from './flip-planes.ts';
import { entriesOf } from './ledger.ts';
import {
  done,
  failure,
  lookLater,
  trouble,
  type Judged,
  type Needs,
  type Progress,
  type StepContext,
} from './need.ts';
import type { Run } from './run.ts';

/** How often the states are looked at after ARC has taken them, until they are read back, ms. */
const lookAgainMs = 500;
/** So often every endpoint may be asked for what ARC has taken: the cluster answers by the agreement of its regions. */
const roundsOfLooking = 3;

/** What a person can do behind a flip that failed; the other way is there only where the batch is not sent anyway. */
export function afterFlipFailure({ batch }: PlannedFlip, retry: string): string {
  return batch === 'plan-b'
    ? `Press Retry, which ${retry}, or plan B: the change batch.`
    : `Press Retry, which ${retry}; the change batch waits for nothing here.`;
}

/** What the states of the controls are while a side serves: On for those that stand for it, Off for the others. */
export function statesFor({ controls }: FlipCluster, side: 'source' | 'target'): RoutingStates {
  // What is turned on stands first, as a person would do it by hand.
  const inOrder = controls.toSorted(
    (one, other) => Number(other.standsFor === side) - Number(one.standsFor === side),
  );
  return Object.fromEntries(
    inOrder.map(({ arn, standsFor }): readonly [string, RoutingState] => [
      arn,
      standsFor === side ? 'On' : 'Off',
    ]),
  );
}

/** A control without the account and the panel that all of them share: enough for a sentence. */
export function controlName(arn: string): string {
  return arn.split('/').at(-1) ?? arn;
}

/** Which of the controls are not as wanted, in words; none where all are. */
export function otherStates(wanted: RoutingStates, seen: RoutingStates): readonly string[] {
  return Object.entries(wanted).flatMap(([arn, state]) =>
    seen[arn] === state ? [] : [`${controlName(arn)} is ${seen[arn] ?? 'not told'}, expected ${state}`],
  );
}

/** What the reply to a call that sets states means: whether the next endpoint may be asked the same, and when. */
export type SetReply =
  /** ARC has taken it: it is believed when it is read back. */
  | 'taken'
  /** Nothing has happened there: the next endpoint may be asked at once, as AWS says. */
  | 'elsewhere'
  /** Nobody knows whether it happened: it is looked at before anything is sent again. */
  | 'unknown'
  /** ARC itself said no, and would say so at every endpoint. */
  | 'refused';

/** Judges one reply by what it says of the effect, never by its text. */
export function judgeSetReply(answer: Answer<unknown>): SetReply {
  if (answer.kind === 'ok') return 'taken';
  if (answer.kind === 'none') return answer.why === 'not-connected' ? 'elsewhere' : 'unknown';
  return answer.refusal === 'throttled' || answer.refusal === 'unavailable' ? 'elsewhere' : 'refused';
}

/**
 * What whoever turns the run round is told: a call that was never answered may be on its way still, and ARC has no word by
 * which a later one could forbid it. On the way forth it changes nothing any more; on the way back it would.
 */
export function notesOnCalls({ commands }: Run): readonly string[] {
  return entriesOf(commands).flatMap(({ command: { action }, issuedAt, answer }) => {
    if (action.kind !== 'routing' || action.ask !== 'set') return [];
    if (answer !== null && judgeSetReply(answer) !== 'unknown') return [];
    const at = new Date(issuedAt.utcMs).toISOString().slice(11, 19);
    return [
      `What was sent to ${action.endpoint.region} at ${at} UTC to turn the routing controls was never answered, and may arrive yet: it would turn them to the side that is left now. Look at their states once more when the way back is done.`,
    ];
  });
}

type Ground = {
  readonly need: Needs;
  readonly context: StepContext;
  readonly cluster: FlipCluster;
  readonly wanted: RoutingStates;
  readonly limitMs: number;
};

/**
 * Turns the routing controls: the target's On and the source's Off in one call, which ARC takes as a whole or not at all.
 * The endpoints are tried in turn, each once. No safety rule is ever overridden. Done when the states are read back.
 */
export function flipControls(
  need: Needs,
  context: StepContext,
  at: { readonly dns: PlannedDns; readonly flip: PlannedFlip; readonly cluster: FlipCluster },
): Progress {
  const wanted = statesFor(at.cluster, 'target');
  const turned = turn({
    need,
    context,
    cluster: at.cluster,
    wanted,
    limitMs: limitOf(context, at.cluster),
  });
  if (turned.kind === 'waiting') return need.waiting(turned.text, turned.wakeAtMonoMs);
  if (turned.kind === 'failed')
    return failure(`${turned.text}. ${afterFlipFailure(at.flip, 'looks at the states first')}`);
  const [plane] = planesOf(at.dns);
  return done(
    `${at.cluster.controls.length} routing controls are as the target wants them, ${turned.text}. By the ${present(plane, 'the plane of the flip').says}.`,
  );
}

/** Each endpoint has to be asked and looked at within the step; a call across the world on a warm connection takes 0.3 s. */
function limitOf({ plan }: StepContext, { endpoints }: FlipCluster): number {
  return Math.min(2_000, Math.floor(plan.limits.redirectMs / (2 * endpoints.length + 2)));
}

function turn(ground: Ground): Judged {
  const { need, context, cluster, wanted, limitMs } = ground;
  const troubles: string[] = [];
  // An earlier attempt may have set them, or the cockpit that is gone.
  if (context.attempt > 1) {
    const before = lookRound(ground, 'before');
    if (before.kind !== 'seen') return before;
    if (before.others.length === 0) return { kind: 'done', text: `read in ${before.region}` };
  }
  for (const [index, endpoint] of cluster.endpoints.entries()) {
    const answer = need.routing(
      `set${index}`,
      { kind: 'routing', endpoint, ask: 'set', states: wanted },
      { limitMs },
    );
    if (answer === undefined)
      return { kind: 'waiting', text: `the cluster endpoint in ${endpoint.region} to take the states` };
    const reply = judgeSetReply(answer);
    if (reply === 'taken') return readBack(ground, index);
    const said =
      answer.kind === 'ok' ? '' : trouble(placeOf(endpoint), 'setting the routing controls', answer);
    if (reply === 'refused') return { kind: 'failed', text: refusalText(answer, said) };
    troubles.push(said);
    if (reply === 'elsewhere') continue;
    const looked = lookRound(ground, `lost${index}`, index + 1);
    if (looked.kind === 'waiting') return looked;
    if (looked.kind === 'failed') return { kind: 'failed', text: `${said}; ${looked.text}` };
    if (looked.others.length === 0)
      return { kind: 'done', text: `read in ${looked.region} after a reply that was lost` };
  }
  return {
    kind: 'failed',
    text: `No endpoint of the cluster took the states: ${troubles.join('; ')}`,
  };
}

/** A rule is somebody's decision of quieter days: it is told in ARC's own words, and never overridden from here. */
function refusalText(answer: Answer<unknown>, said: string): string {
  return answer.kind === 'refused' && answer.refusal === 'conflict'
    ? `ARC refused the states, and no safety rule is overridden: ${answer.message.replace(/\.$/, '')}`
    : said.replace(/\.$/, '');
}

type Seen = { readonly kind: 'seen'; readonly region: string; readonly others: readonly string[] };
type Unseen =
  { readonly kind: 'waiting'; readonly text: string } | { readonly kind: 'failed'; readonly text: string };

/** Asks one endpoint after the other until one says how the states are. */
function lookRound(ground: Ground, name: string, from = 0): Seen | Unseen {
  const { cluster } = ground;
  const troubles: string[] = [];
  for (let look = 0; look < cluster.endpoints.length; look += 1) {
    const seen = lookAt(ground, `${name}.${look}`, from + look);
    if (seen.kind !== 'failed') return seen;
    troubles.push(seen.text);
  }
  return {
    kind: 'failed',
    text: `no endpoint of the cluster says how the states are: ${troubles.join('; ')}`,
  };
}

/** One reading at the endpoint of that place in the order, which goes round. */
function lookAt({ need, cluster, wanted, limitMs }: Ground, name: string, place: number): Seen | Unseen {
  const endpoint = present(cluster.endpoints[place % cluster.endpoints.length], 'an endpoint');
  const answer = need.routing(
    name,
    { kind: 'routing', endpoint, ask: 'read', controls: Object.keys(wanted) },
    { limitMs },
  );
  if (answer === undefined)
    return { kind: 'waiting', text: `the cluster endpoint in ${endpoint.region} to say how the states are` };
  if (answer.kind !== 'ok')
    return { kind: 'failed', text: trouble(placeOf(endpoint), 'reading the routing controls', answer) };
  return { kind: 'seen', region: endpoint.region, others: otherStates(wanted, answer.value) };
}

/** What ARC has taken is believed when an endpoint reads it so; it may take its regions a moment to agree. */
function readBack(ground: Ground, from: number): Judged {
  const { cluster, context } = ground;
  const most = roundsOfLooking * cluster.endpoints.length;
  let last = '';
  for (let look = 0; look < most; look += 1) {
    const name = `look.${look}`;
    const seen = lookAt(ground, name, from + look);
    if (seen.kind === 'waiting') return seen;
    if (seen.kind === 'seen' && seen.others.length === 0)
      return { kind: 'done', text: `read back in ${seen.region}` };
    last = seen.kind === 'seen' ? `in ${seen.region} ${seen.others.join(', ')}` : seen.text;
    const region = present(cluster.endpoints[(from + look) % cluster.endpoints.length], 'an endpoint').region;
    const later = lookLater(context, `${name}@${region}`, lookAgainMs);
    if (later !== null)
      return { kind: 'waiting', text: `the routing controls to be read back: ${last}`, wakeAtMonoMs: later };
  }
  return { kind: 'failed', text: `ARC took the states, and they are not read back so: ${last}` };
}

function placeOf({ region }: ClusterEndpoint): string {
  return `the cluster endpoint in ${region}`;
}

/** Before the fence: the states are as the plan says that they are while the source serves, and an endpoint says so. */
export function controlsReady(need: Needs, context: StepContext, cluster: FlipCluster): Judged {
  const wanted = statesFor(cluster, 'source');
  const seen = lookRound({ need, context, cluster, wanted, limitMs: limitOf(context, cluster) }, 'flip');
  if (seen.kind !== 'seen') return seen;
  return seen.others.length === 0
    ? { kind: 'done', text: ` The flip's ${cluster.controls.length} routing controls are as planned.` }
    : {
        kind: 'failed',
        text: `Routing controls are not as the plan says while the source serves: ${seen.others.join(', ')}. The flip would turn nothing, or has been made already. Put them right, or the plan`,
      };
}
