import { describe, expect, test } from 'vitest';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import { effectOperations, type OperationName } from '../../shared/sessions/operations.ts';
import { outcomeText } from '../../main/api/run-view.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const flavors = ['mariadb', 'mysql'] as const;
const ways = ['error', 'none', 'lost-after-effect', 'late'] as const;
type Place = { readonly operation: OperationName; readonly instance: string };

/** Where a quiet night changes something: each operation once a server. */
async function effectsOfQuietNight(flavor: (typeof flavors)[number]): Promise<readonly Place[]> {
  const { arrivals } = await rehearse({ flavor });
  const effects = new Set<OperationName>(effectOperations);
  const places = new Map<string, Place>();
  for (const { operation, instance } of arrivals)
    if (effects.has(operation)) places.set(`${operation} ${instance}`, { operation, instance });
  return [...places.values()];
}

/** Each operation is broken at one server of the two chains, chosen in turn, so that all servers have their share. */
function chosen(places: readonly Place[], turn: number): readonly Place[] {
  const operations = [...new Set(places.map(({ operation }) => operation))];
  return operations.map((operation, index) => {
    const mine = places.filter((place) => place.operation === operation);
    const place = mine[(turn + index) % mine.length];
    if (place === undefined) throw new Error(operation);
    return place;
  });
}

function expectSafe(night: Rehearsed, what: string): void {
  const { run } = night;
  const told = run === null ? '' : (outcomeText(run) ?? '');
  expect(brokenRules(night), what).toEqual([]);
  expect(['done', 'thawed', 'needs-operator'], `${what}: ${told}`).toContain(run?.outcome);
  if (run?.ponrAt === null) {
    expect(run.outcome, `${what}: ${told}`).toBe('thawed');
    expect(notRestored(night), what).toEqual([]);
  }
  if (run?.outcome !== 'done') expect(told, what).toMatch(/(orders|content)/);
}

describe.each(flavors)('one answer that fails, on %s', (flavor) => {
  test.each(ways.map((way, turn) => ({ way, turn })))(
    'each effect of the night in turn: $way',
    { timeout: 120_000 },
    async ({ way, turn }) => {
      const places = chosen(await effectsOfQuietNight(flavor), turn);
      expect(places.length).toBeGreaterThan(9);
      for (const { operation, instance } of places) {
        const fault: ScriptedFault = {
          when: { step: 'lock', state: 'running' },
          fault: { kind: 'reply', on: instance, operation, way, code: 1105, ms: 5_000, times: 1 },
        };
        const night = await rehearse({ flavor, faults: [fault] });
        expect(night.blocks).toEqual([]);
        expectSafe(night, `${operation} on ${instance} answers "${way}" on ${flavor}`);
      }
    },
  );
});
