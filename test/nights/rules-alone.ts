import type { Chain } from '../../shared/plan/plan.ts';
import { switchOf } from '../../shared/plan/switches.ts';
import { sourceNodes } from '../../shared/steps/need.ts';
import { touchable } from '../helpers/touched.ts';
import { oneWritableSide } from './rules-run.ts';
import { serverOf, takesWrites, type Scene } from './scene.ts';

export type AloneRule = {
  readonly name: string;
  readonly law: string;
  readonly check: (scene: Scene) => string | null;
};

/** The longest that a cut or a stopped process lasts, ms. */
const longestFaultMs = 8_000;

/** Rules that hold once the cockpit is dead, nobody came, and every dead-man's switch had its time. */
export const aloneRules: readonly AloneRule[] = [
  oneWritableSide,
  {
    name: 'switchOpensTheSource',
    law: 'I3',
    check: (scene) => {
      for (const chain of armed(scene)) {
        if (chain.target.masters.some(({ instance }) => takesWrites(serverOf(scene, instance)))) continue;
        if (isClaimed(scene) && !secondStageActs(scene, chain)) continue;
        const shut = chain.source.masters.find(({ instance }) => !takesWrites(serverOf(scene, instance)));
        if (shut !== undefined)
          return `nobody came, every switch had its time, and ${shut.instance} refuses writes`;
      }
      return null;
    },
  },
  {
    name: 'switchTakesEverythingBack',
    law: 'R8',
    check: (scene) => {
      if (isClaimed(scene) || scene.run?.ponrAt !== null) return null;
      const after = touchable(scene.simulator);
      const nodes = armed(scene).flatMap(sourceNodes);
      const concerns = (line: string): boolean =>
        nodes.some((id) => line.startsWith(`${id} `) && !scene.disturbed.has(id)) &&
        // What the cockpit's own account holds is gone with its session.
        !line.includes(' file ');
      const wrong = [
        ...scene.before.filter((line) => !after.includes(line) && concerns(line)),
        ...after.filter((line) => !scene.before.includes(line) && concerns(line)),
      ][0];
      return wrong === undefined
        ? null
        : `the switch left ${scene.before.includes(wrong) ? 'not as it was' : 'behind'}: ${wrong}`;
    },
  },
];

function armed({ script: { plan } }: Scene): readonly Chain[] {
  return plan.chains.filter((chain) => switchOf(plan, chain).kind === 'armed');
}

/** Whether a claim may have arrived at any host: from then on only second stages act. */
function isClaimed({ run }: Scene): boolean {
  return (run?.steps['claim']?.state ?? 'waiting') !== 'waiting';
}

/** A second stage leaves all closed where it cannot reach each target master, or has no way there. */
function secondStageActs({ script: { plan }, disturbed, diedAtMs, simulator }: Scene, chain: Chain): boolean {
  const said = switchOf(plan, chain);
  if (said.kind !== 'armed' || !said.secondStage) return false;
  const since = (diedAtMs ?? 0) - longestFaultMs;
  return (
    !chain.target.masters.some(({ instance }) => (disturbed.get(instance)?.atMs ?? -Infinity) > since) &&
    !simulator.happened.some(({ fault }) => fault.kind === 'partition')
  );
}
