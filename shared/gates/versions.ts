import { chainNodes } from '../observations/plan-nodes.ts';
import type { Chain } from '../plan/plan.ts';
import type { Identity } from '../sessions/identity.ts';
import type { Look } from './look.ts';
import type { GateDefinition } from './world.ts';

const group = 'versions';

/** Gates on what the servers are. */
export const versions: readonly GateDefinition[] = [
  {
    id: 'versions.proven',
    group,
    scope: 'chain',
    title: (chain) => `This cockpit was proven on real servers of the versions of ${chain}.`,
    guards: [],
    overridable: false,
    blocking: true,
    judge: ({ plan, context }, chain, look) => {
      const proven = context.program.provenVersions;
      // Staging is where a version gets proven; production needs the plan's own word for it.
      if (plan.environment !== 'production' || plan.unprovenVersions === 'accepted') look.warnOnly();
      for (const { instance, identity } of identified(chain, look)) {
        look.row(instance, identity.flavor, identity.version);
        look.expect(
          proven.some(
            ({ flavor, series }) => flavor === identity.flavor && identity.version.startsWith(`${series}.`),
          ),
          `${instance}: expected ${proven.map(({ flavor, series }) => `${flavor} ${series}`).join(' or ')}, seen ${identity.flavor} ${identity.version}, which only documentation confirms.`,
          'Rehearse on servers of this version, then write unprovenVersions: accepted in the plan.',
        );
      }
      return look.judgement('node', 'flavour', 'version');
    },
  },
  {
    id: 'versions.flavors',
    group,
    scope: 'chain',
    title: (chain) => `All servers of ${chain} are of one flavour.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      const seen = identified(chain, look);
      const flavors = new Set(seen.map(({ identity }) => identity.flavor));
      for (const { instance, identity } of seen) look.row(instance, identity.flavor);
      look.expect(
        flavors.size <= 1,
        `Expected MySQL or MariaDB on all of ${chain.id}, seen both: neither can follow the other.`,
        `Rebuild the nodes of the other flavour, or split ${chain.id} in the plan.`,
      );
      return look.judgement('node', 'flavour');
    },
  },
  {
    id: 'versions.path',
    group,
    scope: 'chain',
    title: (chain) => `No node of ${chain} follows a server of a later series than its own.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      const seen = new Map(
        identified(chain, look).map(({ instance, identity }) => [instance, identity.version]),
      );
      for (const { instance, from } of chainNodes(chain)) {
        const own = seen.get(instance);
        const source = from === null ? undefined : seen.get(from);
        if (own === undefined || source === undefined) continue;
        look.expect(
          compareVersions(own, source, 2) >= 0,
          `${instance}: expected the series of ${from ?? ''} (${source}) or a later one, seen ${own}.`,
          `Upgrade ${instance}.`,
        );
      }
      return look.judgement();
    },
  },
];

/** Orders two versions by their first `parts` numbers. */
export function compareVersions(a: string, b: string, parts: number): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let part = 0; part < parts; part += 1) {
    const difference = Number(left[part] ?? 0) - Number(right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function identified(
  chain: Chain,
  look: Look,
): readonly { readonly instance: string; readonly identity: Identity }[] {
  return chainNodes(chain).flatMap(({ instance }) => {
    const identity = look.identity(instance);
    return identity === undefined ? [] : [{ instance, identity }];
  });
}
