import { describe, expect, test } from 'vitest';
import { conclusion } from '../../main/cli-plan.ts';
import { startProgress, type Progress } from '../../main/cli-progress.ts';
import type { Verdict } from '../../shared/gates/gate.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Moment } from '../../shared/steps/event.ts';
import type { Run } from '../../shared/steps/run.ts';
import { rehearse } from '../helpers/rehearsal.ts';

const beginning: Moment = { utcMs: 0, monoMs: 0 };

/** What a terminal shows of a night, and the run at its end. */
async function nightOnTerminal(faults: readonly ScriptedFault[] = []) {
  const lines: string[] = [];
  const progress: Progress = startProgress((line) => lines.push(line), beginning);
  let last: Run | null = null;
  const night = await rehearse({
    faults,
    operator: (run) => {
      last = run;
      progress(run, run.now);
    },
  });
  return { ...night, lines, last };
}

describe('a run on a terminal', () => {
  test('tells each step when it has ended, in their order, and the point of no return between them', async () => {
    const { lines, run } = await nightOnTerminal();
    const ended = Object.values(run?.steps ?? {}).filter(
      ({ startedAt, endedAt }) => startedAt !== null && endedAt !== null,
    );
    expect(ended.length).toBeGreaterThan(20);
    const named = (key: string): readonly string[] => lines.filter((line) => line.includes(`  ${key} `));
    for (const { key, text } of ended) {
      expect(
        named(key).filter((line) => / (done|absent) after \d/.test(line)),
        key,
      ).toHaveLength(1);
      expect(named(key).join()).toContain(text);
    }
    const at = (what: RegExp): number => lines.findIndex((line) => what.test(line));
    expect(at(/last-look done/)).toBeLessThan(at(/POINT OF NO RETURN/));
    expect(at(/POINT OF NO RETURN/)).toBeLessThan(at(/promote:orders done/));
    expect(lines.map((line) => line.slice(0, 12))).toEqual(lines.map((line) => line.slice(0, 12)).toSorted());
    expect(lines.every((line) => /^\d\d:\d\d:\d\d\.\d{3} {2}\S/.test(line))).toBe(true);
  });

  test('says what a step waits for that takes long, and of which limit, every five seconds at most', async () => {
    const { lines, run } = await nightOnTerminal([
      {
        when: { before: 'setEventScheduler', count: 1 },
        fault: {
          kind: 'lag-spike',
          on: { role: 'target-master', nth: 1 },
          appliesPerSecond: 0.1,
          forMs: 120_000,
        },
      },
    ]);
    expect(run?.outcome).toBe('thawed');
    const waits = lines.filter((line) => line.includes('drain:orders runs for'));
    expect(waits.length).toBeGreaterThan(1);
    expect(waits.length).toBeLessThanOrEqual(20 / 5);
    expect(waits[0]).toMatch(
      /runs for 1\.\d\d s of 20 s \(limits\.drainMs of the plan\)\. Waiting for orders-t1 to /,
    );
  });

  test('told from the middle on it repeats nothing of what was before', async () => {
    const { run } = await nightOnTerminal();
    if (run === null) throw new Error('no run');
    const lines: string[] = [];
    startProgress((line) => lines.push(line), { ...run.now, utcMs: run.now.utcMs + 1 })(run, run.now);
    expect(lines).toEqual([]);
  });
});

describe('preflight on a terminal', () => {
  const gate = (title: string, state: Verdict['state'], blocking = true): Verdict => ({
    gate: title,
    group: 'replication',
    chain: null,
    title,
    state,
    blocking,
    overridable: false,
    reasons: [],
    evidence: null,
    takenAt: 0,
    ages: [],
    guards: [],
    override: null,
    fix: null,
  });

  test('ends with what blocks, by name: nobody finds that among a hundred open gates', () => {
    const open = gate('A server answers.', 'open');
    expect(conclusion([open, gate('The tunnel is up.', 'closed', false)])).toBe(
      'Nothing blocks: 2 gates were judged. 1 more is not open and does not block.',
    );
    expect(conclusion([open, gate('Links run.', 'closed'), gate('The drain is forecast.', 'unknown')])).toBe(
      [
        '2 of 3 gates block:',
        '  closed  Links run.',
        '  unknown The drain is forecast.',
        'The reasons and what opens them stand above.',
      ].join('\n'),
    );
  });
});
