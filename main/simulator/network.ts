import type { Plan } from '../../shared/plan/plan.ts';
import type { SimulatorClock } from './clock.ts';
import { seeded } from './random.ts';

/** The ways between sites and from the laptop (site `laptop`), and where they are cut. */
export type Network = {
  /** One way, ms. */
  readonly oneWayMs: (from: string, to: string) => number;
  readonly isCut: (from: string, to: string) => boolean;
  readonly cut: (from: string, to: string) => void;
  readonly heal: (from: string, to: string) => void;
  /** Carries one message: it waits at a cut and goes on when that heals, as TCP does. */
  readonly carry: (from: string, to: string) => (extraMs: number, arrive: () => void) => void;
};

export const laptopSite = 'laptop';

const typicalOneWayMs = { same: 0.15, 'co-location': 3, mixed: 9, 'ec2-region': 16, laptop: 6 } as const;

/** Builds the network of a plan; each pair of sites has its own steady latency. */
export function makeNetwork(plan: Plan, seed: number, clock: () => SimulatorClock): Network {
  const kinds = new Map(plan.sites.map((site) => [site.id, site.kind]));
  const known = new Map<string, number>();
  const cuts = new Map<
    string,
    { from: string; to: string; waiting: { extraMs: number; arrive: () => void }[] }
  >();
  const jitter = seeded(seed, 'network');

  function pair(from: string, to: string): string {
    return from < to ? `${from}|${to}` : `${to}|${from}`;
  }
  function typical(from: string, to: string): number {
    if (from === to) return typicalOneWayMs.same;
    if (from === laptopSite || to === laptopSite) return typicalOneWayMs.laptop;
    const left = kinds.get(from) ?? 'co-location';
    return left === kinds.get(to) ? typicalOneWayMs[left] : typicalOneWayMs.mixed;
  }
  function oneWayMs(from: string, to: string): number {
    const name = pair(from, to);
    let ms = known.get(name);
    if (ms === undefined) {
      ms = typical(from, to) * seeded(seed, `way ${name}`).between(0.7, 1.4);
      known.set(name, ms);
    }
    return ms;
  }
  return {
    oneWayMs,
    isCut: (from, to) => cuts.has(pair(from, to)),
    cut: (from, to) => {
      if (!cuts.has(pair(from, to))) cuts.set(pair(from, to), { from, to, waiting: [] });
    },
    heal: (from, to) => {
      const cut = cuts.get(pair(from, to));
      cuts.delete(pair(from, to));
      for (const message of cut?.waiting ?? [])
        clock().in(oneWayMs(from, to) + message.extraMs, message.arrive);
    },
    carry: (from, to) => {
      const name = pair(from, to);
      const ms = oneWayMs(from, to);
      return (extraMs, arrive) => {
        const cut = cuts.size === 0 ? undefined : cuts.get(name);
        if (cut !== undefined) cut.waiting.push({ extraMs, arrive });
        else clock().in(ms * jitter.between(1, 1.15) + extraMs, arrive);
      };
    },
  };
}
