import { describe, expect, test } from 'vitest';
import { judge } from '../../../shared/gates/judge.ts';
import { thisProgram } from '../../../shared/gates/world.ts';
import { present } from '../../../shared/lib/assert.ts';
import type { HealthSeen } from '../../../shared/observations/dns-facts.ts';
import type { FlipFacts } from '../../../shared/observations/flip-facts.ts';
import { factsAsPlanned } from '../../../shared/observations/health-check.ts';
import { unknown } from '../../../shared/observations/observation.ts';
import { statesFor } from '../../../shared/steps/flip-controls.ts';
import type { HealthCheckFacts } from '../../../shared/sessions/zone-answers.ts';
import { zoneSeen } from '../../helpers/dns-gates.ts';
import {
  clusterEndpoints,
  controlsPlan,
  flipControls,
  flipFiles,
  flipPlan,
} from '../../helpers/flip-plan.ts';
import { fact, healthyPeople, healthySnapshot, judgedAt, takenAt } from '../../helpers/snapshot.ts';

const plan = controlsPlan();
const dns = present(plan.dns, 'DNS');
const cluster = present(dns.flip?.cluster, 'a cluster');

function checkSeen(id: string, change: Partial<HealthCheckFacts> = {}): HealthSeen {
  const planned = present(
    dns.healthChecks.find((check) => check.id === id),
    id,
  );
  const facts = { ...factsAsPlanned(planned, `check-${id}`, dns.flip), ...change };
  return { check: id, facts: fact(facts), votes: fact([]), healthySince: null, looks: [] };
}

/** The verdict on the cluster, of which so many endpoints are silent. */
function verdict(
  silent: number,
  change: {
    readonly endpoints?: FlipFacts['endpoints'];
    readonly target?: Partial<HealthCheckFacts>;
  } = {},
) {
  const endpoints = Object.fromEntries(
    clusterEndpoints.map(({ url, region }, place) => [
      url,
      place < silent ? unknown('no answer', takenAt, region) : fact(statesFor(cluster, 'source')),
    ]),
  );
  const snapshot = {
    ...healthySnapshot('mariadb'),
    flip: { files: [], endpoints: { ...endpoints, ...change.endpoints } },
    dns: {
      zones: { shop: zoneSeen(plan) },
      checks: { source: checkSeen('source'), target: checkSeen('target', change.target) },
      proofs: {},
      trials: {},
    },
  };
  const context = { now: judgedAt, phase: 'preflight', history: [], program: thisProgram } as const;
  const verdicts = judge(plan, snapshot, { people: healthyPeople, context });
  expect(verdicts.some(({ gate }) => gate.startsWith('dns.health:'))).toBe(false);
  return present(
    verdicts.find(({ gate }) => gate === 'dns.cluster'),
    'the gate',
  );
}

describe('the gate on the cluster of the flip', () => {
  test.each([
    [0, 'open', true],
    [2, 'open', true],
    [3, 'closed', false],
    [5, 'closed', true],
  ] as const)('%i silent endpoints of five: %s, blocking %s', (silent, state, blocking) => {
    expect(verdict(silent)).toMatchObject({ state, blocking });
  });

  test('states that are not those of before close it, at whichever endpoint they are seen', () => {
    const [first] = clusterEndpoints;
    const endpoints = { [present(first, 'an endpoint').url]: fact(statesFor(cluster, 'target')) };
    expect(verdict(0, { endpoints })).toMatchObject({ state: 'closed', blocking: true });
    expect(verdict(0, { endpoints }).reasons.join()).toContain('7target is On, expected Off');
    // Too few endpoints soften it only where nothing else is wrong.
    expect(verdict(0, { endpoints: { ...endpoints, ...onlyOne() } })).toMatchObject({
      state: 'closed',
      blocking: true,
    });
  });

  test('health checks must be of the kind that follows, and follow these controls', () => {
    expect(verdict(0, { target: { type: 'HTTPS' } }).reasons.join()).toContain('seen type HTTPS');
    expect(verdict(0, { target: { routingControl: flipControls.source } })).toMatchObject({
      state: 'closed',
    });
    expect(verdict(0, { target: { inverted: true } }).reasons.join()).toContain('seen it inverted');
    expect(verdict(3, { target: { type: 'HTTPS' } })).toMatchObject({ state: 'closed', blocking: true });
  });
});

describe('the gate on the files of the flip', () => {
  const asBefore = {
    source: { there: true, writable: true },
    target: { there: false, writable: true },
  };
  const filesVerdict = (change: {
    readonly source?: { readonly there: boolean; readonly writable: boolean };
    readonly target?: { readonly there: boolean; readonly writable: boolean } | null;
  }) => {
    const file = (side: 'source' | 'target') => {
      const seen = change[side] === undefined ? asBefore[side] : change[side];
      return { ...flipFiles[side], seen: seen === null ? unknown('gone', takenAt, 'h') : fact(seen) };
    };
    const flip = { files: [file('source'), file('target')], endpoints: {} };
    const context = { now: judgedAt, phase: 'preflight', history: [], program: thisProgram } as const;
    const verdicts = judge(
      flipPlan(),
      { ...healthySnapshot('mariadb'), flip },
      { people: healthyPeople, context },
    );
    return present(
      verdicts.find(({ gate }) => gate === 'dns.files'),
      'the gate',
    );
  };

  test('is open where they stand as before and the folders are writable', () => {
    expect(filesVerdict({})).toMatchObject({ state: 'open', blocking: true });
  });
  test.each([
    [
      'the source is not there',
      { source: { there: false, writable: true } },
      'expected /run/shop/serving there',
    ],
    [
      'the target is there already',
      { target: { there: true, writable: true } },
      'expected /run/shop/serving absent',
    ],
    [
      'a folder is not writable',
      { target: { there: false, writable: false } },
      'folder /run/shop into which',
    ],
  ] as const)('is closed where %s', (_, change, reason) => {
    const verdict = filesVerdict(change);
    expect(verdict.state).toBe('closed');
    expect(verdict.reasons.join()).toContain(reason);
  });
  test('is unknown where a host was not seen', () => {
    expect(filesVerdict({ target: null }).state).toBe('unknown');
  });
});

/** All but the first are silent. */
function onlyOne(): FlipFacts['endpoints'] {
  return Object.fromEntries(
    clusterEndpoints.slice(1).map(({ url, region }) => [url, unknown('no answer', takenAt, region)]),
  );
}
