import type { Chain } from '../../shared/plan/plan.ts';
import type { Run, StepState } from '../../shared/steps/run.ts';
import { reverseChannelOf, reverseEnds } from '../../shared/plan/reverse-ends.ts';
import { nodesToFence } from '../../shared/steps/fence.ts';
import { standingOf } from '../../shared/steps/prepared-zone.ts';
import { forwardChannel } from '../../shared/steps/promote.ts';
import type { Server } from '../../main/simulator/world.ts';
import { endpointNot, endpointsOf, ownEndpoints } from './flip-endpoints.ts';
import { lacksOfSource, lately, namedAsLost, serverOf, type Scene } from './scene.ts';
import { entryIn } from '../../shared/steps/ledger.ts';

/**
 * What the world says against a step that calls itself done; null when nothing does. A server that a fault touched a
 * moment ago is left out: the step saw it before, and the watchdog is what notices the change.
 */
export function stepTruth(scene: Scene, run: Run, step: StepState): string | null {
  const chain = scene.script.plan.chains.find(({ id }) => id === step.chain) ?? null;
  return chain === null ? truthOfRun(scene, run, step) : truthOfChain(scene, run, [step, chain]);
}

function first(
  scene: Scene,
  nodes: readonly string[],
  wrong: (server: Server) => string | null,
): string | null {
  for (const node of nodes) {
    const server = serverOf(scene, node);
    // Of a stranger at its address no step says anything: it names the server that it does not reach.
    if (server.power !== 'up' || server.replacedBy !== null || lately(scene, node)) continue;
    const text = wrong(server);
    if (text !== null) return `${node} ${text}`;
  }
  return null;
}

function truthOfRun(scene: Scene, run: Run, { step, text }: StepState): string | null {
  const { chains } = scene.script.plan;
  const masters = chains.flatMap(({ source }) => source.masters.map(({ instance }) => instance));
  const all = [...scene.simulator.world.servers.keys()];
  switch (step) {
    case 'lock':
      // Taken up again, it names the servers whose lock it could not take.
      return first(scene, all, ({ id, lockHolder }) =>
        namedAsLost(text, id) || Object.values(run.threads[id] ?? {}).includes(lockHolder ?? -1)
          ? null
          : 'has no lock of this run',
      );
    case 'quiet':
      return (
        first(scene, masters, ({ eventScheduler }) => (eventScheduler ? 'runs its events still' : null)) ??
        endpointNot(endpointsOf(scene), 'source')
      );
    case 'barrier':
    case 'last-look':
      return chains.reduce<string | null>((found, chain) => found ?? unproven(scene, run, chain), null);
    case 'redirect':
      for (const { host, target } of scene.script.plan.appFleets.flatMap(({ hosts }) => hosts)) {
        const siteInUse = scene.simulator.world.appHosts.get(host)?.siteInUse;
        if (siteInUse !== target) return `${host} uses ${siteInUse}`;
      }
      return null;
    case 'flip':
      // What somebody turned since is for the eyes of the watch.
      return endpointNot(ownEndpoints(scene), 'target');
    case 'announce':
      for (const prepared of run.zones ?? []) {
        const zone = scene.simulator.world.hostedZones.get(prepared.zone);
        // What somebody changed since is for the eyes of the watch.
        if (zone === undefined || zone.accepted.at(-1)?.comment === 'by hand') continue;
        if (standingOf(prepared, zone.sets).kind !== 'after' && prepared.batch.changes.length > 0)
          return `${zone.id} does not hold what the plan calls after`;
      }
      return null;
    case 'unwind':
      return first(scene, fenced(run), ({ readOnly }) => (readOnly ? 'refuses writes' : null));
    case 'close':
      return first(
        scene,
        chains.map(({ target }) => target.masters[0]?.instance ?? ''),
        ({ schemaPrepared }) => (schemaPrepared ? "has the cockpit's schema still" : null),
      );
    default:
      return null;
  }
}

function fenced(run: Run): readonly string[] {
  return run.undo.flatMap((item) => (item.kind === 'thaw' ? [item.instance] : []));
}

function truthOfChain(scene: Scene, run: Run, [{ step }, chain]: readonly [StepState, Chain]): string | null {
  const targets = chain.target.masters.map(({ instance }) => instance);
  switch (step) {
    case 'fence':
      return closed(scene, run, chain);
    case 'end-sessions':
      return oldSessions(scene, run, chain) ?? closed(scene, run, chain);
    case 'drain':
    case 'prove':
      return unproven(scene, run, chain);
    case 'converge':
      return closed(scene, run, chain) ?? diverged(scene, chain);
    case 'detach':
      return first(scene, targets, (server) => {
        const channel = forwardChannel(chain, server.id);
        return server.links.some((link) => link.channel === channel) ? 'follows the source still' : null;
      });
    case 'promote':
      return first(scene, targets, ({ readOnly }) => (readOnly ? 'refuses writes' : null));
    case 'reverse':
      if (chain.wayBack !== 'reverse') return null;
      return first(scene, [reverseEnds(chain).receiver], ({ links }) =>
        links.some(({ channel, receiverOn }) => channel === reverseChannelOf(chain) && receiverOn)
          ? null
          : 'does not follow the target',
      );
    default:
      return null;
  }
}

function closed(scene: Scene, run: Run, chain: Chain): string | null {
  const slaves = chain.source.slaves.map(({ instance }) => instance);
  const masters = chain.source.masters.map(({ instance }) => instance);
  return first(scene, [...new Set([...masters, ...nodesToFence(run, chain), ...slaves])], ({ readOnly }) =>
    readOnly ? null : 'takes writes',
  );
}

/** Sessions of applications that began before the fence shut and are there still. */
function oldSessions(scene: Scene, run: Run, chain: Chain): string | null {
  return first(
    scene,
    chain.source.masters.map(({ instance }) => instance),
    ({ threads, id }) => {
      const fencedAt = entryIn(run.commands, `fence:${chain.id}#1/fence1@${id}`)?.issuedAt.monoMs ?? 0;
      const old = [...threads.values()].find(
        ({ owner, since, abandoned }) => owner === 'client' && since < fencedAt && !abandoned,
      );
      return old === undefined ? null : `has thread ${old.id} of ${old.user} from before its fence`;
    },
  );
}

function diverged(scene: Scene, chain: Chain): string | null {
  const masters = chain.source.masters.map(({ instance }) => serverOf(scene, instance));
  if (masters.some(({ id, power }) => power !== 'up' || lately(scene, id, 5_000))) return null;
  for (const one of masters)
    for (const other of masters)
      if ((one.top[other.index] ?? 0) < (other.top[other.index] ?? 0))
        return `${one.id} lacks transactions of ${other.id}`;
  return null;
}

/** Whether a target master lacks a write that an application was told is safe. */
function unproven(scene: Scene, run: Run, chain: Chain): string | null {
  const open = closed(scene, run, chain);
  if (open !== null) return open;
  if (chain.source.masters.some(({ instance }) => lately(scene, instance))) return null;
  return first(
    scene,
    chain.target.masters.map(({ instance }) => instance),
    (server) => {
      const missing = lacksOfSource(scene, server);
      return missing === 0 ? null : `lacks ${missing} acknowledged writes`;
    },
  );
}
