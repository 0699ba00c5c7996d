import { describe, expect, test } from 'vitest';
import type { Ports } from '../../main/ports.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Run } from '../../shared/steps/run.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { rehearse } from '../helpers/rehearsal.ts';

/** From arming on every server has reached max_connections; what the cockpit asked to open since, in its own words. */
async function fullServers(flavor: 'mariadb' | 'mysql', abortAt: string | null) {
  const asked: string[] = [];
  let isFull = false;
  const ports = (real: Ports): Ports => ({
    ...real,
    mysql: {
      ...real.mysql,
      open: (instance, purpose, limitMs) => {
        if (isFull) asked.push(`${instance} (${purpose})`);
        return real.mysql.open(instance, purpose, limitMs);
      },
    },
  });
  const begun = (run: Run): boolean =>
    Object.values(run.steps).some(({ step, startedAt }) => step === abortAt && startedAt !== null);
  const night = await rehearse({
    flavor,
    ports,
    armed: ({ world }: Simulator) => {
      isFull = true;
      for (const id of world.servers.keys()) world.refusedLogins.set(id, 'too-many-connections');
    },
    operator: (run, post) => {
      if (abortAt !== null && run.abortAskedAt === null && begun(run))
        post({ kind: 'abort-asked', who: 'Dana', reason: 'a test' });
    },
    until: (run) => run?.outcome !== null && run?.outcome !== undefined,
  });
  return { ...night, asked };
}

describe.each(['mariadb', 'mysql'] as const)(
  'on %s, with every connection of every server taken',
  (flavor) => {
    test('the minute needs none: what was opened before it suffices to the end', async () => {
      const { run, asked, violations } = await fullServers(flavor, null);
      expect(run?.outcome, run?.abortReason ?? '').toBe('done');
      expect(asked).toEqual([]);
      expect(violations).toEqual([]);
    });

    test.each(['fence', 'drain', 'last-look'])(
      'neither does Abort, at %s: everything is taken back',
      async (step) => {
        const night = await fullServers(flavor, step);
        expect(night.run?.outcome).toBe('thawed');
        expect(night.asked).toEqual([]);
        expect(brokenRules(night).filter((rule) => !rule.includes('figures'))).toEqual([]);
        expect(notRestored(night)).toEqual([]);
      },
    );
  },
);
