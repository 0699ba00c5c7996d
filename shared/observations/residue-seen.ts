import type { Plan } from '../plan/plan.ts';
import { plainResidue, type PlannedResidue } from '../plan/plan-surroundings.ts';
import { judgeGoDark, residuePlaces, sayArrival, type Residue } from './residue.ts';

/** What was last seen of the source side, as the screen, the journal and the report tell it. */
export type ResidueSeen = {
  /** UTC ms at which it was put together. */
  readonly atUtcMs: number;
  readonly goDark: {
    readonly state: 'open' | 'closed' | 'unknown';
    readonly reasons: readonly string[];
    /** UTC ms at which it opens when nobody comes any more; null: somebody is there, or it cannot be told. */
    readonly opensAtUtcMs: number | null;
  };
  readonly places: readonly {
    readonly place: string;
    readonly kind: 'database' | 'edge';
    readonly unknown: string | null;
    readonly perMinute: number | null;
    readonly quietSinceUtcMs: number | null;
    readonly lookedAtUtcMs: number | null;
    readonly arrivals: readonly {
      readonly who: string;
      readonly owner: string | null;
      readonly mayStay: boolean;
      readonly count: number;
      readonly lastAtUtcMs: number;
    }[];
  }[];
};

/** Puts together what is known of every place, with the verdict on whether the source side may go dark. */
export function residueSeen(plan: Plan, residue: Residue, now: number): ResidueSeen {
  const places = placesOf(plan);
  const { state, reasons, opensAt } = judgeGoDark(residue, { places, quietMs: plannedOf(plan).quietMs, now });
  return {
    atUtcMs: now,
    goDark: { state, reasons, opensAtUtcMs: opensAt },
    places: places.flatMap((place) => {
      const known = residue.get(place);
      if (known === undefined) return [];
      const { kind, unknown: why, perMinute, quietSince, lookedAt, arrivals } = known;
      return [
        {
          place,
          kind,
          unknown: why,
          perMinute,
          quietSinceUtcMs: quietSince,
          lookedAtUtcMs: lookedAt,
          arrivals: arrivals.map(({ lastAt, ...arrival }) => ({ ...arrival, lastAtUtcMs: lastAt })),
        },
      ];
    }),
  };
}

/** Whether every place was looked at, or it is known why it cannot be. */
export function lookedEverywhere(plan: Plan, { places }: ResidueSeen): boolean {
  return placesOf(plan).every((id) =>
    places.some(({ place, lookedAtUtcMs, unknown }) => place === id && (lookedAtUtcMs ?? unknown) !== null),
  );
}

/** Whether a reader of the journal would learn something: another verdict, somebody who came, or somebody who left. */
export function toldAnew(before: ResidueSeen | null, seen: ResidueSeen): boolean {
  return before === null || standing(before) !== standing(seen);
}

/** In one sentence: the verdict, and who is there. */
export function sayResidue({ goDark, places }: ResidueSeen): string {
  const there = places.flatMap(({ place, arrivals }) =>
    arrivals.flatMap((arrival) =>
      arrival.count === 0 ? [] : [`${place}: ${sayArrival({ ...arrival, lastAt: arrival.lastAtUtcMs })}`],
    ),
  );
  return [
    `the source side may go dark: ${goDark.state === 'open' ? 'yes' : goDark.state === 'closed' ? 'not yet' : 'not known'}`,
    ...goDark.reasons,
    ...(goDark.state === 'closed' && goDark.opensAtUtcMs === null ? [] : there),
  ].join('; ');
}

/** What the plan says of it, or what holds without a word of the plan. */
export function plannedOf(plan: Plan): PlannedResidue {
  return plan.residue ?? plainResidue;
}

function placesOf(plan: Plan): readonly string[] {
  const { databases, edges } = residuePlaces(plan);
  return [...databases, ...edges.map(({ id }) => id)];
}

function standing({ goDark, places }: ResidueSeen): string {
  const who = places.map(({ place, unknown, arrivals }) => [
    place,
    unknown === null,
    arrivals.flatMap(({ who: one, count }) => (count > 0 ? [one] : [])).toSorted(),
  ]);
  return JSON.stringify([goDark.state, who]);
}
