import { describe, expect, test } from 'vitest';
import { chain, emptyHead, type Head } from '../../../shared/audit/chain.ts';
import { foldPreparation, foldRun } from '../../../shared/audit/fold.ts';
import type { JournalRecord, MeasuredRecord, Payload, PlanRecord } from '../../../shared/audit/record.ts';
import { verifyJournal } from '../../../shared/audit/verify.ts';
import { present } from '../../../shared/lib/assert.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { eventfulPlan } from '../../helpers/reference-plan.ts';

const plan = eventfulPlan();
const done = openWorld(plan);
done.finish();
const thawed = openWorld(plan, ({ command }) =>
  command.key.startsWith('drain:orders#1/see') ? { answer: { code: 1227 } } : undefined,
);
thawed.finish();
const measured: MeasuredRecord = { kind: 'measured', chains: [], userVisibleDowntimeMs: 900, overlapMs: 0 };

const at = (index: number) => ({ utcMs: 1_795_000_000_000 + index, monoMs: index });
const recordsOf = (payloads: readonly Payload[]): readonly JournalRecord[] =>
  payloads.map((payload, index) => ({ seq: index + 1, at: at(index), prev: '', payload, hash: '' }));

describe('a run is the fold of its journal', () => {
  test.each([
    ['done', done],
    ['thawed', thawed],
  ] as const)('%s: the same run, from the first record to the last', (_name, world) => {
    const folded = foldRun(world.records);
    expect(folded).toMatchObject({ ok: true, value: { header: { runId: 'test-run' }, measured: null } });
    expect(folded.ok && folded.value.run).toEqual(world.run());
  });

  test('written to a file, chained, verified and folded', () => {
    let head: Head = emptyHead;
    const lines = done.records.map((record) => {
      const next = chain({ at: record.at, payload: record.payload }, head);
      head = { count: next.record.seq, head: next.record.hash };
      return next.line;
    });
    const read = verifyJournal(lines.map((line) => `${line}\n`).join(''), head);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    const folded = foldRun(read.value.records);
    expect(folded.ok && folded.value.run).toEqual(done.run());
  });

  test('every beginning of a journal is a run: a crash leaves one of them', () => {
    for (let length = 1; length <= done.records.length; length += 1) {
      const folded = foldRun(done.records.slice(0, length));
      if (!folded.ok) throw new Error(`${length} records: ${folded.error}`);
    }
  });

  test('the figures at the end belong to it', () => {
    const last = present(done.records.at(-1), 'a last record');
    expect(foldRun([...done.records, { ...last, seq: last.seq + 1, payload: measured }])).toMatchObject({
      value: { measured },
    });
  });
});

describe('a journal that another program wrote is refused', () => {
  const broken = (
    index: number,
    change: (intended: readonly unknown[]) => readonly unknown[],
  ): readonly JournalRecord[] =>
    done.records.map((record, each) =>
      each === index && record.payload.kind === 'event'
        ? ({
            ...record,
            payload: { ...record.payload, intended: change(record.payload.intended) },
          } as JournalRecord)
        : record,
    );

  test('with the number of the first record that intends something else', () => {
    const index = done.records.findIndex(
      ({ payload }) => payload.kind === 'event' && payload.intended.length > 0,
    );
    const folded = foldRun(broken(index, () => []));
    expect(folded).toMatchObject({
      ok: false,
      error: expect.stringMatching(`record ${index + 1} intends "", this program would intend "lock#1/take`),
    });
  });

  test('without a head, or empty', () => {
    expect(foldRun([])).toMatchObject({ ok: false });
    expect(foldRun(done.records.slice(1))).toMatchObject({
      ok: false,
      error: expect.stringContaining('record 1'),
    });
  });
});

describe('the preparation is the fold of the plan’s journal', () => {
  const fold = (...payloads: readonly PlanRecord[]) => foldPreparation(recordsOf(payloads));

  test('the newest answer of an item counts, with who and when', () => {
    const { answers } = fold(
      { kind: 'checklist-answered', item: 'backup', answer: 'yes', who: 'Dana' },
      { kind: 'checklist-answered', item: 'alerts', answer: 'yes', who: 'Ada' },
      { kind: 'checklist-answered', item: 'backup', answer: 'no', who: 'Björn' },
    );
    expect(answers).toContainEqual({ item: 'backup', answer: 'no', who: 'Björn', atUtcMs: at(2).utcMs });
    expect(answers).toHaveLength(2);
  });

  test('an override that was withdrawn is gone, until it is given again', () => {
    const given: PlanRecord = {
      kind: 'gate-overridden',
      gate: 'laptop.mains',
      reason: 'generator',
      who: 'Dana',
    };
    const withdrawn: PlanRecord = { kind: 'override-withdrawn', gate: 'laptop.mains', who: 'Dana' };
    expect(fold(given, withdrawn).overrides).toEqual([]);
    expect(fold(given, withdrawn, given).overrides).toEqual([
      { gate: 'laptop.mains', reason: 'generator', who: 'Dana', atUtcMs: at(2).utcMs },
    ]);
  });

  test('what people said was about the run that has ended; for the next one they are asked again', () => {
    const answered: PlanRecord = {
      kind: 'checklist-answered',
      item: 'everybody',
      answer: 'yes',
      who: 'Dana',
    };
    const overridden: PlanRecord = {
      kind: 'gate-overridden',
      gate: 'laptop.mains',
      reason: 'generator',
      who: 'Dana',
    };
    const begun: PlanRecord = { kind: 'run-begun', runId: 'a' };
    const ended: PlanRecord = { kind: 'run-ended', runId: 'a', outcome: 'thawed', head: '' };
    expect(fold(answered, overridden, begun)).toMatchObject({
      answers: [{ item: 'everybody' }],
      overrides: [{ gate: 'laptop.mains' }],
    });
    expect(fold(answered, overridden, begun, ended)).toMatchObject({ answers: [], overrides: [] });
    expect(fold(begun, ended, answered, overridden)).toMatchObject({
      answers: [{ item: 'everybody' }],
      overrides: [{ gate: 'laptop.mains' }],
    });
  });

  test('runs with their outcome, and the freezes they measured', () => {
    const { runs, history } = fold(
      { kind: 'run-begun', runId: 'a' },
      {
        kind: 'run-ended',
        runId: 'a',
        outcome: 'done',
        head: '',
        freezes: [{ chain: 'orders', freezeMs: 880 }],
      },
      { kind: 'run-begun', runId: 'b' },
    );
    expect(runs).toEqual([
      { runId: 'a', outcome: 'done' },
      { runId: 'b', outcome: null },
    ]);
    expect(history).toEqual([{ chain: 'orders', freezeMs: 880, atUtcMs: at(1).utcMs }]);
  });
});
