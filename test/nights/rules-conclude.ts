import type { Chain } from '../../shared/plan/plan.ts';
import { armedHosts } from '../../shared/plan/switches.ts';
import { concludableAt } from '../../shared/steps/at-source.ts';
import { entriesOf } from '../../shared/steps/ledger.ts';
import { sourceNodes, targetNodes } from '../../shared/steps/need.ts';
import type { Run } from '../../shared/steps/run.ts';
import { isEffect } from '../../main/engine/perform.ts';
import { holds } from '../../main/simulator/binlog.ts';
import { keptBySwitch } from '../../main/simulator/dead-mans-switch.ts';
import type { Server } from '../../main/simulator/world.ts';
import { isCalm, type EndRule } from './rules-end.ts';
import { isHeldBySwitch, lately, serverOf, takesWrites, type EventRule, type Scene } from './scene.ts';

/** Rules of a run that is concluded at its sources, where the second stage of its switches opened them again. */
export const concludeRules: readonly EventRule[] = [
  {
    name: 'concludedWhereTheDataIs',
    law: 'I4',
    check: (scene, run, before) => {
      if (!isConcluded(run, before)) return null;
      for (const chain of scene.script.plan.chains)
        for (const node of targetNodes(chain)) {
          const seen = sincePress(scene, run, node) ? null : dataOn(scene, run, [chain, node]);
          if (seen !== null) return `the run is concluded at the source, and ${seen}`;
        }
      return null;
    },
  },
  {
    name: 'concludedBehindEverySwitch',
    law: 'I3',
    check: (scene, run, before) => {
      const ends = isConcluded(run, before);
      if (!ends && (!takesBack(run) || (before !== null && takesBack(before)))) return null;
      for (const host of armedHosts(scene.script.plan)) {
        if (isMuteSincePress(scene, run, host)) continue;
        const seen = unheardOf(scene, host) ?? (ends ? keptBy(scene, host) : null);
        if (seen !== null) return `the run is being concluded, and the dead-man's switch of ${host} ${seen}`;
      }
      return null;
    },
  },
];

/** Whoever looks when all is well again must find the data where it is: nobody else lets the run locks go. */
export const concludesOnceHealthy: EndRule = {
  name: 'concludesOnceHealthy',
  law: 'R6',
  check: (scene) => {
    const { run, script, excused } = scene;
    const { plan } = script;
    if (run === null || run.ponrAt === null || run.outcome !== 'needs-operator') return null;
    // What a switch did is asked by whoever takes the run up, once.
    if (armedHosts(plan).some((host) => run.switches[host]?.over !== true) || !isCalm(scene)) return null;
    const isThere = (chain: Chain): boolean =>
      !excused.has(chain.id) &&
      isHeldBySwitch(scene, chain) &&
      chain.source.masters.every(({ instance }) => takesWrites(serverOf(scene, instance))) &&
      targetNodes(chain).every((node) => dataOn(scene, run, [chain, node]) === null);
    if (!plan.chains.every(isThere)) return null;
    const { lock, unwind } = run.steps;
    if (concludableAt(run, plan).length === 0)
      return `the data is on the source alone, and no conclusion is offered: ${lock?.text ?? ''}`;
    return unwind?.state === 'failed' && unwind.text.startsWith('Not concluded')
      ? `the data is on the source alone, and the conclusion is refused: ${unwind.text}`
      : null;
  },
};

function isConcluded(run: Run, before: Run | null): boolean {
  return run.ponrAt !== null && run.outcome === 'thawed' && before?.outcome !== 'thawed';
}

/** Whether a conclusion has looked, and changes something since. */
function takesBack({ ponrAt, phase, steps, commands }: Run): boolean {
  const { unwind } = steps;
  if (ponrAt === null || phase !== 'unwinding' || unwind === undefined) return false;
  const own = `${unwind.key}#${unwind.attempt}/`;
  return entriesOf(commands).some(({ command: { key, action } }) => key.startsWith(own) && isEffect(action));
}

/** What is looked at once, at the press, somebody may change right behind it. */
function sincePress(scene: Scene, run: Run, place: string): boolean {
  const pressedMs = run.steps['unwind']?.startedAt?.monoMs ?? run.now.monoMs;
  return lately(scene, place, run.now.monoMs - pressedMs + 500);
}

/** What a target has, or will have in a moment, and the source has not; null: nothing. */
function dataOn(scene: Scene, run: Run, [chain, node]: readonly [Chain, string]): string | null {
  const server = serverOf(scene, node);
  if (takesWrites(server)) return `${node} takes writes`;
  // Without GTID only a target that the run asked to open can be told from one that goes on following.
  const isTold = chain.gtid === 'on' || [...scene.intended].some((key) => key.endsWith(`/open@${node}`));
  if (!isTold) return null;
  const sources = sourceNodes(chain).map((source) => serverOf(scene, source));
  const { clock } = scene.simulator;
  const pointMs = (run.ponrAt?.utcMs ?? 0) - (clock.utcMs() - clock.nowMs());
  const count = server.log.filter(
    ({ txn }) =>
      txn.origin === server.index && txn.at > pointMs + 1 && !sources.some((source) => holds(source, txn)),
  ).length;
  return count === 0 ? null : `${node} holds ${count} transactions that no source has`;
}

/** A host that could not be heard since the press, or not every time. */
function isMuteSincePress(scene: Scene, run: Run, host: string): boolean {
  if (scene.disturbed.get(host)?.kinds.has('host-reply') === true) return true;
  return [host, ...serversOn(scene, host).map(({ id }) => id)].some((place) => sincePress(scene, run, place));
}

function serversOn({ simulator }: Scene, host: string): readonly Server[] {
  return [...simulator.world.servers.values()].filter((server) => server.host === host);
}

/** Why nobody can know what a switch has done; null: it can be asked, and it has acted or is gone. */
function unheardOf({ simulator }: Scene, host: string): string | null {
  const at = simulator.world.hosts.get(host);
  if (at?.reachable === false) return 'is not heard';
  const files = [...(at?.files.keys() ?? [])];
  return files.some((path) => /\/\.cutover-[^/]+\/(armed|claimed)$/.test(path)) ? 'has still to act' : null;
}

/** What a switch keeps from everybody; null: nothing. */
function keptBy(scene: Scene, host: string): string | null {
  const kept = serversOn(scene, host).find(
    ({ side, lockHolder }) => side === 'source' && lockHolder === keptBySwitch,
  );
  return kept === undefined ? null : `keeps the run lock of ${kept.id}`;
}
