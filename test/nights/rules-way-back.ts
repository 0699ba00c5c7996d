import type { Chain } from '../../shared/plan/plan.ts';
import { reverseChannelOf, reverseEnds } from '../../shared/plan/reverse-ends.ts';
import { sourceNodes } from '../../shared/steps/need.ts';
import { whyNotReversible } from '../../shared/steps/reversible.ts';
import type { Link } from '../../main/simulator/world.ts';
import type { EndRule } from './rules-end.ts';
import { lately, serverOf, type EventRule, type Scene } from './scene.ts';

/** From the point of no return on there is a way back, or the plan has said that there is none (go/no-go shows that in red). */
export const wayBackAtThePoint: EventRule = {
  name: 'wayBackOrDeclaredGone',
  law: 'R9',
  check: (scene, run, before) => {
    if (run.ponrAt === null || (before?.ponrAt ?? null) !== null) return null;
    for (const chain of withWayBack(scene)) {
      const { receiver } = reverseEnds(chain);
      if (!lately(scene, receiver) && linkOf(scene, chain) === undefined)
        return `${receiver} has no reverse link at the point of no return, and the plan says that ${chain.id} has a way back`;
    }
    return null;
  },
};

export const wayBackRules: readonly EndRule[] = [
  {
    name: 'reversibleMeansLinked',
    law: 'R9',
    check: (scene) => {
      const { run, script, disturbed } = scene;
      if (run?.outcome !== 'done' || whyNotReversible(run, script.plan) !== null) return null;
      for (const chain of withWayBack(scene)) {
        const { receiver, from } = reverseEnds(chain);
        // What breaks it later is seen by the watch, and by the gates of the way back.
        if (disturbed.has(receiver) || disturbed.has(from)) continue;
        const link = linkOf(scene, chain);
        if (link?.source?.id !== from || !link.receiverOn || !link.applierOn)
          return `the run says that it can be reversed, and ${receiver} does not follow ${from}`;
      }
      return null;
    },
  },
  {
    name: 'noHostLeftOnSource',
    law: 'R15',
    check: (scene) => {
      const { run, script } = scene;
      if (run?.outcome !== 'done' || run.phase !== 'ended') return null;
      const hosts = script.plan.appFleets.flatMap((fleet) => fleet.hosts.map(({ host }) => host));
      // Whoever comes later is refused by the fence, and shown by the watch.
      const looked = run.steps['residue']?.startedAt?.monoMs ?? 0;
      for (const node of script.plan.chains.flatMap(sourceNodes))
        for (const { host, owner, since } of serverOf(scene, node).threads.values())
          if (owner === 'client' && since < looked && hosts.includes(host.split(':')[0] ?? ''))
            return `the run is closed, and ${host} has a session on ${node}`;
      return null;
    },
  },
];

function withWayBack({ script }: Scene): readonly Chain[] {
  return script.plan.chains.filter(({ wayBack }) => wayBack === 'reverse');
}

function linkOf(scene: Scene, chain: Chain): Link | undefined {
  return serverOf(scene, reverseEnds(chain).receiver).links.find(
    ({ channel }) => channel === reverseChannelOf(chain),
  );
}
