import { present } from '../lib/assert.ts';
import type { AppFleet, Chain } from '../plan/plan.ts';
import type { Answer } from '../sessions/session.ts';
import {
  commandKey,
  done,
  failure,
  fleetHosts,
  lookLater,
  newestAsked,
  needs,
  sourceNodes,
  targetNodes,
  trouble,
  type ChainStepFunction,
  type Judged,
  type Needs,
  type StepContext,
  type StepFunction,
} from './need.ts';
import { entryIn } from './ledger.ts';

/** How often a canary that is on its way is looked at again, ms. */
const lookAgainMs = 50;

/** The plan's switch command on all application hosts at once; each verified; those that lag behind are named. */
export const redirect: StepFunction = (context) => {
  const need = needs(context);
  const hosts = fleetHosts(context.plan);
  if (hosts.length === 0) return done('The plan names no application hosts.');
  const seen = hosts.map((entry) => ({ ...entry, result: redirectOne(need, context, entry) }));
  const waiting = seen.filter(({ result }) => result === 'waiting');
  if (waiting.length > 0)
    return need.waiting(
      `${waiting.length} of ${hosts.length} application hosts: ${waiting.map(({ host }) => host).join(', ')}`,
    );
  const failed = seen.flatMap(({ host, result }) =>
    typeof result === 'object' ? [`${host}: ${result.failed}`] : [],
  );
  if (failed.length > 0) {
    return failure(
      `${failed.length} of ${hosts.length} application hosts do not use their target site. ${failed.join('; ')}. The others are redirected; mend these and retry.`,
    );
  }
  return done(`${hosts.length} of ${hosts.length} application hosts verified on their target site.`);
};

type Redirected = 'done' | 'waiting' | { readonly failed: string };

function redirectOne(
  need: Needs,
  context: StepContext,
  { fleet, host, target }: ReturnType<typeof fleetHosts>[number],
): Redirected {
  const limitMs = context.plan.limits.redirectMs;
  // A retry touches only the hosts that are seen on the wrong site. Names carry the fleet: a host may be in two.
  const already = context.attempt > 1 ? siteInUse(need, 'already', [fleet, host, limitMs]) : null;
  if (already === 'waiting') return 'waiting';
  if (already === null || !('site' in already) || already.site !== target) {
    const command = present(fleet.switch[target], `the switch command for ${target}`);
    const switched = need.ssh(`${fleet.id}.switch`, [host, command], { effect: true, limitMs });
    if (switched === undefined) return 'waiting';
    if (switched.kind !== 'ok') return { failed: trouble(host, 'the switch command', switched) };
    const verified = siteInUse(need, 'verify', [fleet, host, limitMs]);
    if (verified === 'waiting' || 'failed' in verified) return verified;
    if (verified.site !== target)
      return { failed: `uses site "${verified.site.slice(0, 80)}", expected "${target}"` };
  }
  return maintenanceOver(need, context, [fleet, host]);
}

function siteInUse(
  need: Needs,
  name: string,
  [fleet, host, limitMs]: readonly [AppFleet, string, number],
): 'waiting' | { readonly failed: string } | { readonly site: string } {
  const seen = need.ssh(`${fleet.id}.${name}`, [host, fleet.verify], { effect: false, limitMs });
  if (seen === undefined) return 'waiting';
  return seen.kind === 'ok'
    ? { site: seen.value.stdout.trim() }
    : { failed: trouble(host, 'the verify command', seen) };
}

/** Users are let in again on a host once it uses the target; not a second time where an earlier attempt did it. */
function maintenanceOver(
  need: Needs,
  context: StepContext,
  [fleet, host]: readonly [AppFleet, string],
): Redirected {
  if (fleet.maintenance === undefined) return 'done';
  const name = `${fleet.id}.maintenance-off`;
  for (let attempt = 1; attempt < context.attempt; attempt += 1) {
    if (
      entryIn(context.run.commands, commandKey(context.key, attempt, `${name}@${host}`))?.answer?.kind ===
      'ok'
    )
      return 'done';
  }
  const off = need.ssh(name, [host, fleet.maintenance.off], {
    effect: true,
    limitMs: context.plan.limits.redirectMs,
  });
  if (off === undefined) return 'waiting';
  return off.kind === 'ok' ? 'done' : { failed: trouble(host, 'maintenance mode off', off) };
}

/** Events of the plan on at the target; never before promotion, where that would be an errant transaction. */
export const events: ChainStepFunction = (context, chain) => {
  if (chain.events.length === 0) return done('The plan lists no events.');
  const need = needs(context);
  const target = present(chain.target.masters[0], 'a target master').instance;
  const enabled = need.mysql('enable', [target, 'act'], ['enableEvents', { events: chain.events }]);
  if (enabled === undefined) return need.waiting(`${chain.events.length} events on ${target}`);
  return enabled.kind === 'ok'
    ? done(`${chain.events.join(', ')} on at ${target}.`)
    : failure(trouble(target, 'enabling events', enabled));
};

/** A write through the application in every region, and one per chain seen on every node it must reach. */
export const canary: StepFunction = (context) => {
  const need = needs(context);
  const waiting: string[] = [];
  for (const client of context.plan.clients.filter(({ kind }) => kind === 'http')) {
    const through = need.appCanary(
      'app',
      client.id,
      `${context.run.id}-${client.id}-${context.attempt}`.slice(-64),
    );
    if (through === undefined) waiting.push(`a write through ${client.id}`);
    else if (through.kind !== 'ok')
      return failure(trouble(client.id, 'a write through the application', through));
  }
  for (const chain of context.plan.chains) {
    const arrived = canaryOf(need, context, chain);
    if (arrived.failed !== null) return failure(arrived.failed);
    waiting.push(...arrived.waiting);
  }
  if (waiting.length > 0) return need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
  return done(canaryText(context.plan.chains));
};

function canaryText(chains: readonly Chain[]): string {
  const back = chains.filter(({ wayBack }) => wayBack === 'reverse').map(({ id }) => id);
  const source =
    back.length === 0 ? '' : `; of ${back.join(', ')} it came to the source over the reverse link`;
  return `A write through every region was acknowledged; a canary of each chain is on every target node${source}.`;
}

function canaryOf(
  need: Needs,
  context: StepContext,
  chain: Chain,
): { readonly failed: string | null; readonly waiting: readonly string[] } {
  const target = present(chain.target.masters[0], 'a target master').instance;
  const id = `${context.run.id}/canary/${chain.id}/${context.attempt}`.slice(-64);
  const written = need.mysql('write', [target, 'plain'], ['writeCanary', { id }]);
  if (written === undefined) return { failed: null, waiting: [`a canary on ${target}`] };
  if (written.kind !== 'ok') return { failed: trouble(target, 'a canary write', written), waiting: [] };
  const nodes = [...targetNodes(chain), ...(chain.wayBack === 'reverse' ? sourceNodes(chain) : [])];
  const waiting: string[] = [];
  for (const node of nodes) {
    const seen = canarySeen(need, context, [node, id]);
    if (seen === 'waiting') waiting.push(`the canary of ${chain.id} on ${node}`);
    else if (seen !== 'found') return { failed: seen.failed, waiting: [] };
  }
  return { failed: null, waiting };
}

function canarySeen(
  need: Needs,
  context: StepContext,
  [node, id]: readonly [string, string],
): 'found' | 'waiting' | { readonly failed: string } {
  for (let look = newestAsked(context, (each) => `read${each}@${node}`); ; look += 1) {
    const read: Answer<{ readonly found: boolean }> | undefined = need.mysql(
      `read${look}`,
      [node, 'look'],
      ['readCanary', { id }],
    );
    if (read === undefined) return 'waiting';
    if (read.kind !== 'ok') return { failed: trouble(node, 'reading the canary', read) };
    if (read.value.found) return 'found';
    if (lookLater(context, `read${look}@${node}`, lookAgainMs) !== null) return 'waiting';
  }
}

/** Ends what still sits on the source. Those that come back are refused by the fence and are shown by the watch. */
export const residue: StepFunction = (context) => {
  const need = needs(context);
  const nodes = context.plan.chains.flatMap(sourceNodes);
  const notes: string[] = [];
  const waiting: string[] = [];
  for (const node of nodes) {
    const ended = residueOf(need, context, node);
    if (ended.kind === 'failed') return failure(ended.text);
    if (ended.kind === 'waiting') waiting.push(ended.text);
    else if (ended.text !== '') notes.push(ended.text);
  }
  if (waiting.length > 0) return need.waiting(waiting.join('; '), context.now.monoMs + lookAgainMs);
  return done(
    notes.length === 0
      ? 'No client was left on the source.'
      : `Sessions ended on the source: ${notes.join('; ')}.`,
  );
};

function residueOf(need: Needs, context: StepContext, node: string): Judged {
  const listed = need.mysql('who', [node, 'look'], ['clientSessions', {}]);
  if (listed === undefined) return { kind: 'waiting', text: `the sessions that still sit on ${node}` };
  if (listed.kind !== 'ok') return { kind: 'failed', text: trouble(node, 'listing sessions', listed) };
  const own = new Set(Object.values(context.run.threads[node] ?? {}));
  const left = listed.value.sessions.filter(({ thread }) => !own.has(thread));
  if (left.length === 0) return { kind: 'done', text: '' };
  const threads = left.map(({ thread }) => thread);
  const ended = need.mysql('end', [node, 'act'], ['killThreads', { threads }]);
  if (ended !== undefined && ended.kind !== 'ok')
    return { kind: 'failed', text: trouble(node, 'ending sessions', ended) };
  for (let look = newestAsked(context, (each) => `alive${each}@${node}`); ; look += 1) {
    const alive = need.mysql(`alive${look}`, [node, 'act'], ['threadsAlive', { threads }]);
    if (ended === undefined || alive === undefined)
      return { kind: 'waiting', text: `${threads.length} sessions on ${node} to end` };
    if (alive.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'looking for ended sessions', alive) };
    const { alive: still } = alive.value;
    if (still.length === 0) break;
    if (lookLater(context, `alive${look}@${node}`, lookAgainMs) !== null)
      return { kind: 'waiting', text: `sessions ${still.slice(0, 5).join(', ')} on ${node} to be gone` };
  }
  return {
    kind: 'done',
    text: `${node}: ${left.length} (${[...new Set(left.map(({ user }) => user))].join(', ')})`,
  };
}
