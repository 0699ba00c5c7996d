import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRedactor } from '../../shared/audit/redact.ts';
import type { JournalRecord } from '../../shared/audit/record.ts';
import { parseScenario, type ScriptedFault } from '../../shared/plan/scenario.ts';
import { openJournal } from '../../main/adapters/journal-file.ts';
import type { LeftRun } from '../../main/engine/left-run.ts';
import type { Journal } from '../../main/ports.ts';
import { brokenRules, notRestored } from '../helpers/broken-rules.ts';
import { crashedNight } from '../helpers/crashed-night.ts';
import { eventfulPlan } from '../helpers/reference-plan.ts';
import { drive, endOf, rehearse } from '../helpers/rehearsal.ts';
import { switchPlan } from '../helpers/switch-plan.ts';

/** The record in which a step changed to a state. */
function recordOf(records: readonly JournalRecord[], change: string): number {
  const found = records.find(({ payload }) => payload.kind === 'event' && payload.changed.includes(change));
  if (found === undefined) throw new Error(`no record says ${change}`);
  return found.seq;
}

/** The faults of a rehearsal card. */
function card(name: string): readonly ScriptedFault[] {
  const file = join(import.meta.dirname, `../../resources/scenarios/${name}.yaml`);
  const parsed = parseScenario(readFileSync(file, 'utf8'), file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.faults;
}

const stuck = card('second-chain-stuck');
const longStatement = card('long-transaction');

describe.each(['mariadb', 'mysql'] as const)('the cockpit dies, on %s', (flavor) => {
  test('unnoticed, before the fence or behind it: once all is taken back no server holds a run lock', async () => {
    const { records } = await rehearse({ flavor });
    for (const change of ['pre-drain:orders done', 'fence:orders running', 'prove:orders running']) {
      const record = recordOf(records, change);
      const night = await crashedNight({ flavor, record, edge: 'after', noticed: false });
      expect(night.run?.outcome, change).toBe('thawed');
      await drive(night.simulator, night.second.stop(), 10_000);
      await night.simulator.clock.run(night.simulator.clock.nowMs() + 1_000);
      const held = [...night.simulator.world.servers.values()].filter(
        ({ lockHolder }) => lockHolder !== null,
      );
      expect(
        held.map(({ id }) => id),
        change,
      ).toEqual([]);
    }
  });

  test('while everything is being taken back: that is done once more, to the end', async () => {
    const whole = await rehearse({ flavor, faults: stuck });
    expect(whole.run?.outcome).toBe('thawed');
    const first = recordOf(whole.records, 'unwind running');
    const last = recordOf(whole.records, 'unwind done');
    for (let record = first; record <= last; record += Math.ceil((last - first) / 4)) {
      for (const edge of ['before', 'after'] as const) {
        const crash = { flavor, faults: stuck, record, edge, noticed: edge === 'before' };
        const night = await crashedNight(crash);
        const said = `${edge} ${record}: ${night.refused} ${night.run?.steps['unwind']?.text}`;
        if (record === last && edge === 'after') expect(night.refused).toContain('the run ended: thawed');
        else expect(night.run?.outcome, said).toBe('thawed');
        if (night.run !== null) expect(brokenRules(night), said).toEqual([]);
        // The applier was stopped by the fault, on a target: the run has nothing to do with that.
        expect(notRestored(night, ['content-t1']), said).toEqual([]);
      }
    }
  }, 120_000);

  test('when the epochs of hosts were given back already: whoever takes the run up is no other driver there', async () => {
    const plan = switchPlan(eventfulPlan());
    const whole = await rehearse({ flavor, plan, faults: stuck });
    const texts = whole.records.map((record) => JSON.stringify(record));
    const first = texts.findIndex((text) => text.includes('/epoch-away@'));
    const last = recordOf(whole.records, 'unwind done');
    expect(first).toBeGreaterThan(0);
    for (let record = first; record <= last; record += 1) {
      const night = await crashedNight({
        flavor,
        plan,
        faults: stuck,
        record,
        edge: 'before',
        noticed: false,
      });
      const said = `${record}: ${night.run?.steps['unwind']?.text}`;
      expect(night.run?.outcome, said).toBe('thawed');
      expect(brokenRules(night), said).toEqual([]);
    }
  }, 120_000);

  test.each([true, false])(
    'while a fence waits for a long statement (noticed: %s): the waiting fence is gone before the thaw, and never comes',
    async (noticed) => {
      const whole = await rehearse({ flavor, faults: longStatement });
      const record = recordOf(whole.records, 'fence:orders running') + 3;
      const night = await crashedNight({
        flavor,
        faults: longStatement,
        record,
        edge: 'after',
        noticed,
        goneMs: 300,
      });
      expect(night.refused).toBeNull();
      expect(night.run?.outcome, night.run?.steps['unwind']?.text).toBe('thawed');
      expect(brokenRules(night)).toEqual([]);
      const { clock } = night.simulator;
      await clock.run(clock.nowMs() + 60_000);
      expect(endOf(night.simulator).writable).toEqual(night.writable);
      expect(notRestored({ before: night.before, ...endOf(night.simulator) })).toEqual([]);
    },
  );

  test.each([
    ['is back', 4_000],
    ['is still down', 0],
  ] as const)(
    'and a source restarts meanwhile and %s: no number of an earlier session is ended there',
    async (_how, afterMs) => {
      const whole = await rehearse({ flavor });
      const record = recordOf(whole.records, 'fence:orders done');
      let diedAtMs = 0;
      const night = await crashedNight({
        flavor,
        record,
        edge: 'after',
        noticed: false,
        goneMs: 12_000,
        meanwhile: async ({ clock, inject }) => {
          diedAtMs = clock.nowMs();
          inject({ kind: 'server-killed', on: { role: 'source-master', nth: 1 }, downMs: 1_500 });
          await clock.run(clock.nowMs() + afterMs);
        },
      });
      expect(night.run?.outcome, `${night.refused} ${night.run?.steps['unwind']?.text}`).toBe('thawed');
      expect(brokenRules(night)).toEqual([]);
      if (afterMs === 0) return;
      const killed = night.arrivals.filter(
        ({ operation, atMs }) => operation === 'killThreads' && atMs > diedAtMs,
      );
      expect(killed.map(({ instance }) => instance)).not.toContain('orders-a1');
      expect(killed.length).toBeGreaterThan(0);
    },
  );

  test('and a target was opened by other hands meanwhile: it asks, and sends nothing', async () => {
    const whole = await rehearse({ flavor });
    const night = await crashedNight({
      flavor,
      record: recordOf(whole.records, 'fence:orders done'),
      edge: 'after',
      noticed: true,
      meanwhile: ({ inject }) =>
        inject({ kind: 'writable', on: { role: 'target-master', nth: 1 }, writesPerSecond: 0 }),
    });
    expect(night.refused).toContain('orders-t1 takes writes, but this journal knows of no promotion');
    expect(night.records.at(-1)?.payload).not.toMatchObject({ event: { kind: 'resumed' } });
  });

  test('and another server answers in the place of a source: refused, and nothing is sent', async () => {
    const whole = await rehearse({ flavor });
    const night = await crashedNight({
      flavor,
      record: recordOf(whole.records, 'fence:orders done'),
      edge: 'after',
      noticed: true,
      meanwhile: ({ inject }) =>
        inject({
          kind: 'setting',
          on: { role: 'source-master', nth: 1 },
          duplicateServerIdOf: { role: 'target-master', nth: 1 },
        }),
    });
    expect(night.refused).toContain('reached another server than this run began with');
    expect(night.records.at(-1)?.payload).not.toMatchObject({ event: { kind: 'resumed' } });
  });
});

test('a run that has not ended keeps its plan from being armed; one that ended is not taken up, and says how it ended', async () => {
  const night = await crashedNight({
    flavor: 'mysql',
    record: 60,
    edge: 'after',
    noticed: true,
    meanwhile: () => undefined,
  });
  expect(night.run?.outcome).toBe('thawed');
  const { simulator, second, planJournal } = night;
  expect(planJournal.read().map(({ payload }) => payload.kind)).toContain('run-ended');
  expect(second.left()).toBeNull();
  await drive(simulator, second.disarm(), 60_000);
  const again = await drive(simulator, second.resume('Dana', { journal: memoryOf(night.records) }), 60_000);
  expect(again).toMatchObject({ ok: false, error: expect.stringContaining('the run ended: thawed') });
  planJournal.append(simulator.ports.clock.now(), { kind: 'run-begun', runId: '2026-03-01-07' }, true);
  second.record({ kind: 'gate-overridden', gate: 'none', reason: '', who: 'Dana' });
  const armed = await drive(simulator, second.arm('Dana', true), 60_000);
  expect(armed).toMatchObject({
    ok: false,
    error: expect.stringMatching(/cockpit resume 2026-03-01-07.*cockpit abort 2026-03-01-07/),
  });
});

test.each([
  { change: 'fence:orders done', passed: false, says: 'everything is taken back', ends: 'thawed' },
  { change: 'promote:orders done', passed: true, says: 'the run goes forward', ends: 'done' },
])(
  'a run left after "$change" is seen at the screen with what taking it up means, and is taken up there',
  async ({ change, passed, says, ends }) => {
    const whole = await rehearse({ flavor: 'mariadb' });
    let seen: LeftRun | null = null;
    const night = await crashedNight({
      flavor: 'mariadb',
      record: recordOf(whole.records, change),
      edge: 'after',
      noticed: true,
      atScreen: { seen: (left) => (seen = left) },
    });
    expect(seen).toMatchObject({ passedPointOfNoReturn: passed, whyNot: null });
    expect(seen).toMatchObject({ text: expect.stringContaining(says) as unknown });
    expect(night.run?.outcome).toBe(ends);
    expect(night.second.left()).toBeNull();
  },
);

test('a run that was left under another plan is not taken up at the screen, which says how', async () => {
  const whole = await rehearse({ flavor: 'mariadb' });
  const night = await crashedNight({
    flavor: 'mariadb',
    record: recordOf(whole.records, 'fence:orders done'),
    edge: 'after',
    noticed: true,
    atScreen: { seen: () => undefined, planDigest: 'another' },
  });
  expect(night.refused).toMatch(/plan's file was changed.*cockpit resume/);
});

/** A journal that nobody may write to any more. */
function memoryOf(records: readonly JournalRecord[]): Journal {
  return {
    file: 'memory',
    head: () => records.at(-1)?.hash ?? '',
    count: () => records.length,
    append: () => {
      throw new Error('nothing is to be written');
    },
    read: () => records,
    follow: () => () => undefined,
    close: () => undefined,
  };
}

test('a torn last record is cut and kept beside the journal, and the run goes on from the whole ones', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torn-'));
  const file = join(directory, 'journal.jsonl');
  const open = (): Journal => {
    const opened = openJournal(file, createRedactor());
    if (!opened.ok) throw new Error(opened.error);
    return opened.value.journal;
  };
  try {
    const journal = open();
    const night = await crashedNight({
      flavor: 'mariadb',
      record: 120,
      edge: 'after',
      noticed: true,
      journal,
      meanwhile: () => {
        expect(journal.read().length).toBeGreaterThan(0);
        appendFileSync(file, '{"at":{"monoMs":12');
      },
      reopened: open,
    });
    expect(['thawed', 'done']).toContain(night.run?.outcome);
    // Who watches the arrivals here reads the first cockpit's journal, which ends before the second one's intents.
    expect(brokenRules({ ...night, unintended: [] })).toEqual([]);
    expect(readFileSync(`${file}.torn`, 'utf8')).toContain('{"at":{"monoMs":12');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
