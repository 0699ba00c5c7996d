import type { Identity } from '../sessions/identity.ts';
import type { Activity, FastFacts } from '../sessions/operations.ts';
import type { Survey, TriedGrant } from '../sessions/survey.ts';
import type { Observation } from '../observations/observation.ts';
import type { InstanceFacts, Snapshot } from '../observations/snapshot.ts';
import type { Aged, Evidence } from './gate.ts';

/**
 * How old a fact may be and still open a gate, in ms. Sensors must be quicker than this. Identity and host key have no
 * age: they belong to the session, and a lost session makes them unknown.
 */
export const freshness = {
  fastMs: 2_000,
  activityMs: 5_000,
  surveyMs: 60_000,
  grantsMs: 600_000,
  clockMs: 60_000,
  hostMs: 120_000,
  switchMs: 600_000,
  laptopMs: 60_000,
  clientMs: 5_000,
  zoneMs: 120_000,
  /** In preflight, and at go/no-go: ten minutes before the hold and one. */
  zoneProofMs: 600_000,
  zoneProofAtGoMs: 60_000,
  zoneTrialMs: 3_600_000,
  healthMs: 60_000,
  clusterMs: 60_000,
} as const;

/** What a gate's judge comes to, before title, guards and overrides are added. */
export type Judgement = {
  readonly state: 'open' | 'closed' | 'unknown';
  readonly reasons: readonly string[];
  readonly evidence: Evidence | null;
  readonly takenAt: number;
  readonly ages: readonly Aged[];
  readonly fix: string | null;
  readonly warnOnly: boolean;
};

/**
 * The only way a gate sees facts. Every look notes the age of what it used; an unknown or stale fact is noted too, so
 * that a gate cannot open on what it did not see.
 */
export type Look = {
  readonly fast: (instance: string) => FastFacts | undefined;
  readonly activity: (instance: string) => Activity | undefined;
  readonly survey: (instance: string) => Survey | undefined;
  readonly identity: (instance: string) => Identity | undefined;
  readonly hostKey: (instance: string) => string | undefined;
  readonly grants: (instance: string) => readonly TriedGrant[] | undefined;
  /** Any other observation, with its own age limit (null: none). */
  readonly at: <T>(
    observation: Observation<T> | undefined,
    what: string,
    limitMs: number | null,
  ) => T | undefined;
  /** A condition: when it does not hold the gate is closed, with what was expected and seen, and what opens it. */
  readonly expect: (holds: boolean, reason: string, fix?: string) => boolean;
  /** Something that cannot be told although its facts are there. */
  readonly unclear: (reason: string) => void;
  /** What was seen; shown while the gate is open. */
  readonly note: (text: string) => void;
  readonly row: (...cells: readonly string[]) => void;
  /** A moment that is no observation (a person's answer), with the age that whoever judges it allows it (null: however old). */
  readonly used: (atUtcMs: number, limitMs: number | null) => void;
  /** Closed means a warning this time. */
  readonly warnOnly: () => void;
  readonly judgement: (...columns: readonly string[]) => Judgement;
};

/** Begins to look at a snapshot, `now` being the time facts are aged against. */
export function lookAt(snapshot: Snapshot, now: number): Look {
  const closed: string[] = [];
  const unclear: string[] = [];
  const notes: string[] = [];
  const fixes: string[] = [];
  const rows: (readonly string[])[] = [];
  const oldest = new Map<number, number>();
  let takenAt = snapshot.at;
  let warnOnly = false;

  const used: Look['used'] = (atUtcMs, limitMs) => {
    takenAt = Math.min(takenAt, atUtcMs);
    if (limitMs !== null) oldest.set(limitMs, Math.min(atUtcMs, oldest.get(limitMs) ?? atUtcMs));
  };
  const at: Look['at'] = (observation, what, limitMs) => {
    if (observation === undefined) {
      unclear.push(`${what}: never seen`);
      return undefined;
    }
    used(observation.takenAt, observation.kind === 'known' ? limitMs : null);
    if (observation.kind === 'unknown') {
      unclear.push(`${what}: ${observation.why}`);
      return undefined;
    }
    const age = now - observation.takenAt;
    if (limitMs !== null && age > limitMs) {
      unclear.push(
        `${what}: expected a reading younger than ${limitMs / 1_000} s, seen one ${(age / 1_000).toFixed(1)} s old`,
      );
      return undefined;
    }
    return observation.value;
  };
  const part =
    <K extends keyof InstanceFacts>(key: K, word: string) =>
    (instance: string): InstanceFacts[K] | undefined => {
      const facts = snapshot.instances[instance];
      if (facts === undefined) unclear.push(`${word} of ${instance}: never seen`);
      return facts?.[key];
    };
  const reader =
    <T>(find: (instance: string) => Observation<T> | undefined, word: string, limitMs: number | null) =>
    (instance: string): T | undefined => {
      const observation = find(instance);
      return observation === undefined ? undefined : at(observation, `${word} of ${instance}`, limitMs);
    };

  return {
    fast: reader(part('fast', 'fast facts'), 'fast facts', freshness.fastMs),
    activity: reader(part('activity', 'activity'), 'activity', freshness.activityMs),
    survey: reader(part('survey', 'survey'), 'survey', freshness.surveyMs),
    identity: reader(part('identity', 'identity'), 'identity', null),
    hostKey: reader(part('hostKey', 'SSH host key'), 'SSH host key', null),
    grants: reader(part('grants', 'grants tried'), 'grants tried', freshness.grantsMs),
    at,
    expect: (holds, reason, fix) => {
      if (holds) return true;
      closed.push(reason);
      if (fix !== undefined && !fixes.includes(fix)) fixes.push(fix);
      return false;
    },
    unclear: (reason) => {
      unclear.push(reason);
    },
    note: (text) => {
      notes.push(text);
    },
    row: (...cells) => {
      rows.push(cells);
    },
    used,
    warnOnly: () => {
      warnOnly = true;
    },
    judgement: (...columns) => {
      const state = closed.length > 0 ? 'closed' : unclear.length > 0 ? 'unknown' : 'open';
      return {
        state,
        reasons: state === 'open' ? notes : [...closed, ...new Set(unclear)],
        evidence: rows.length === 0 ? null : { columns, rows },
        takenAt,
        ages: [...oldest].map(([limitMs, at]) => ({ takenAt: at, limitMs })),
        fix: state === 'open' ? null : fixes.length > 0 ? fixes.join('\n') : lookAgain,
        warnOnly,
      };
    },
  };
}

/** The fix of what could not be seen. */
export const lookAgain =
  'Facts are read again by themselves; when this stays, open the gate "reachable" of that server first.';
