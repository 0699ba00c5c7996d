import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import type { JournalRecord } from '../../../shared/audit/record.ts';
import { decide, type Decision } from '../../../shared/steps/decide.ts';
import type { RunEvent } from '../../../shared/steps/event.ts';
import { whyOver } from '../../../shared/steps/resume.ts';
import { lostThreads, type Run } from '../../../shared/steps/run.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { eventfulPlan } from '../../helpers/reference-plan.ts';
import { entriesOf, entryIn } from '../../../shared/steps/ledger.ts';

const plan = eventfulPlan();
const world = openWorld(plan);
world.finish();
const failing = openWorld(plan, ({ command }) =>
  command.key.startsWith('drain:orders#1/see') ? { answer: { code: 1227 } } : undefined,
);
failing.finish();

const resumed: Extract<RunEvent, { kind: 'resumed' }> = {
  kind: 'resumed',
  who: 'Dana',
  threads: { 'orders-a': { act: 9_001, look: 9_002, abort: 9_003 } },
  restarted: [],
  stillLost: [],
  stands: 'as a test says',
};

function folded(records: readonly JournalRecord[]): Run {
  const result = foldRun(records);
  if (!result.ok) throw new Error(result.error);
  return result.value.run;
}

/** The run of the first records, taken up again by a process whose clock began anew, 40 s later by UTC. */
function resumedAfter(records: readonly JournalRecord[], event = resumed): readonly [Run, Decision] {
  const run = folded(records);
  return [run, decide(run, plan, { moment: { utcMs: run.now.utcMs + 40_000, monoMs: 12 }, event })];
}

const beginnings = (records: readonly JournalRecord[]): readonly (readonly JournalRecord[])[] =>
  records.slice(1).map((_, index) => records.slice(0, index + 2));

describe.each([
  ['done', world.records],
  ['thawed', failing.records],
])('a crash after any record of a night that ended %s', (_name, records) => {
  test('leaves no command without an answer, and asks nothing under a name that was used', () => {
    for (const some of beginnings(records)) {
      const [before, { run, commands }] = resumedAfter(some);
      if (whyOver(before) !== null) continue;
      const fresh = new Set(commands.map(({ key }) => key));
      expect([...fresh].filter((key) => entryIn(before.commands, key) !== undefined)).toEqual([]);
      const open = entriesOf(run.commands).filter(({ answer }) => answer === null);
      expect(open.map(({ command }) => command.key).filter((key) => !fresh.has(key))).toEqual([]);
    }
  });

  test('goes back before the point of no return, forward after it, and never the other way', () => {
    for (const some of beginnings(records)) {
      const [before, { run, commands }] = resumedAfter(some);
      if (whyOver(before) !== null) {
        expect(run.phase).toBe('ended');
        expect(commands).toEqual([]);
      } else if (before.phase === 'held') {
        expect(run).toMatchObject({ phase: 'ended', outcome: 'not-started' });
        expect(commands).toEqual([]);
      } else if (before.ponrAt === null) {
        expect(['unwinding', 'ended']).toContain(run.phase);
        expect(run.steps['unwind']?.attempt).toBe((before.steps['unwind']?.attempt ?? 0) + 1);
      } else {
        expect(['running', 'watching']).toContain(run.phase);
        // Nothing is begun before the lost sessions are seen gone and the lock is held again.
        expect(new Set(commands.map(({ key }) => key.split('/')[0]))).toEqual(new Set(['lock#2']));
        for (const step of Object.values(run.steps).filter(({ state }) => state === 'waiting'))
          if (step.step !== 'close') expect(step.attempt, step.key).toBeGreaterThan(1);
      }
    }
  });

  test('folds again to the same run', () => {
    for (const some of beginnings(records)) {
      const [before, decision] = resumedAfter(some);
      const last = some.at(-1);
      if (last === undefined || whyOver(before) !== null) continue;
      const record: JournalRecord = {
        ...last,
        seq: last.seq + 1,
        at: { utcMs: before.now.utcMs + 40_000, monoMs: 12 },
        payload: {
          kind: 'event',
          event: resumed,
          intended: decision.commands,
          changed: decision.changed,
          pointOfNoReturn: decision.pointOfNoReturn,
        },
      };
      const again = folded([...some, JSON.parse(JSON.stringify(record)) as JournalRecord]);
      expect(again).toEqual(decision.run);
    }
  });
});

test('moments of the earlier process are told on the clock of this one, and time never goes backwards', () => {
  const run = folded(world.records);
  const begun = run.begunAt ?? run.now;
  const later = decide(run, plan, { moment: { utcMs: run.now.utcMs + 40_000, monoMs: 12 }, event: resumed });
  expect(later.run.begunAt?.monoMs).toBe(12 - 40_000 - (run.now.monoMs - begun.monoMs));
  expect(later.run.begunAt?.utcMs).toBe(begun.utcMs);
  // A clock that was set back by an hour meanwhile.
  const back = decide(run, plan, {
    moment: { utcMs: run.now.utcMs - 3_600_000, monoMs: 12 },
    event: resumed,
  });
  expect(back.run.ponrAt?.monoMs).toBeLessThan(12);
  for (const { issuedAt } of entriesOf(back.run.commands)) expect(issuedAt.monoMs).toBeLessThanOrEqual(12);
});

test('earlier sessions are lost ones; where the server started again their numbers mean nothing any more', () => {
  const some = world.records.slice(0, world.records.length - 40);
  const old = folded(some).threads['orders-a'] ?? {};
  const [, { run }] = resumedAfter(some);
  expect(new Set(lostThreads(run, 'orders-a'))).toEqual(new Set(Object.values(old)));
  expect(run.threads['orders-a']).toMatchObject({ act: 9_001 });
  const [, anew] = resumedAfter(some, { ...resumed, restarted: ['orders-a'] });
  expect(anew.run.threads['orders-a']).toEqual(resumed.threads['orders-a']);
});

test('a number that is a session of ours again is not ended as a lost one', () => {
  const some = world.records.slice(0, world.records.length - 40);
  const old = folded(some).threads['orders-a']?.['act'] ?? 0;
  const [, { run }] = resumedAfter(some, { ...resumed, threads: { 'orders-a': { look: old } } });
  expect(lostThreads(run, 'orders-a')).not.toContain(old);
});
