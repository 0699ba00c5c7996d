import { beforeAll, describe, expect, test } from 'vitest';
import { chain, emptyHead } from '../../../shared/audit/chain.ts';
import { describeFully, describeRecord } from '../../../shared/audit/describe.ts';
import { exportCsv, exportRun } from '../../../shared/audit/export.ts';
import { exportHtml } from '../../../shared/audit/export-html.ts';
import type { JournalRecord, Payload } from '../../../shared/audit/record.ts';
import { createRedactor } from '../../../shared/audit/redact.ts';
import { reportOf } from '../../../shared/audit/report.ts';
import type { Verdict } from '../../../shared/gates/gate.ts';
import { parsePlan } from '../../../shared/plan/parse-plan.ts';
import { decide, emptyRun } from '../../../shared/steps/decide.ts';
import type { RunEvent } from '../../../shared/steps/event.ts';
import { smallPlan } from '../plan/small-plan.ts';

const canary = "c4n'ary-s3cret";
const hostile = `<script>alert(1)</script> & ${canary} '${canary.replaceAll("'", "''")}' ${encodeURIComponent(canary)}`;

const overridden: Verdict = {
  gate: 'laptop.mains',
  group: 'laptop',
  chain: null,
  title: 'This laptop runs on <mains>.',
  state: 'closed',
  reasons: ['expected mains, seen battery at 80 %'],
  evidence: { columns: ['supply'], rows: [['battery <80 %>']] },
  takenAt: 1_795_000_000_000,
  ages: [],
  fix: 'Plug it in.',
  guards: [],
  overridable: true,
  blocking: true,
  override: { who: 'Dana', reason: `the socket is dead; ${hostile}`, atUtcMs: 1_795_000_000_000 },
};

/** A run over the small plan in which every command is refused with a hostile text: it unwinds and ends. */
function refusedRun(): readonly JournalRecord[] {
  const parsed = parsePlan(smallPlan, 'small.yaml');
  if (!parsed.ok) throw new Error('the small plan is good');
  const { plan, digest } = parsed.value;
  const redactor = createRedactor();
  redactor.register(canary);
  const records: JournalRecord[] = [];
  const clock = { utcMs: 1_795_000_000_000, monoMs: 1000 };
  const append = (payload: Payload): void => {
    const last = records.at(-1);
    const head = last === undefined ? emptyHead : { count: last.seq, head: last.hash };
    records.push(chain({ at: { ...clock }, payload: redactor.redactDeep(payload) }, head).record);
  };
  append({
    kind: 'run',
    format: 1,
    runId: '2026-11-23-01',
    plan,
    planDigest: digest,
    planJournalHead: null,
    program: `cutover-cockpit ${canary}`,
    driver: '=Dana',
    verdicts: [overridden],
    forecast: [{ chain: 'orders', freezeMs: 100, freezeP95Ms: 200 }],
  });
  let run = emptyRun('2026-11-23-01', plan, { ...clock });
  const queue: RunEvent[] = [
    { kind: 'begun', who: '=Dana', unattended: false, threads: {}, identities: {}, proofTables: {} },
    { kind: 'released', hold: 'lock', who: '=Dana' },
  ];
  for (let count = 0; count < 400 && run.outcome === null; count += 1) {
    clock.utcMs += 10;
    clock.monoMs += 10;
    const event = queue.shift() ?? { kind: 'time' };
    const decision = decide(run, plan, { moment: { ...clock }, event });
    run = decision.run;
    append({
      kind: 'event',
      event,
      intended: decision.commands,
      changed: decision.changed,
      pointOfNoReturn: decision.pointOfNoReturn,
    });
    for (const { key } of decision.commands)
      queue.push({
        kind: 'answered',
        key,
        answer: { kind: 'refused', code: 1205, message: hostile, takenAt: clock.utcMs, tookMs: 2.5 },
      });
  }
  append({
    kind: 'measured',
    chains: [
      { name: 'orders', writeFreezeMs: 1234, acknowledged: 10, lost: 1, unknown: 2, lostIds: ['w<17>'] },
    ],
    userVisibleDowntimeMs: 61_000,
    overlapMs: 0,
  });
  return records;
}

let records: readonly JournalRecord[] = [];
beforeAll(() => {
  records = refusedRun();
});

describe('a report', () => {
  test('is folded from the journal alone', () => {
    const report = reportOf(records);
    expect(report.notFolded).toBeNull();
    expect(report.run?.outcome).not.toBeNull();
    expect(report.steps[0]).toMatchObject({
      key: 'lock',
      limitFrom: 'limits.quietMs of the plan',
      startedAtMs: 0,
    });
    expect(report.commands[0]).toMatchObject({ effect: true, good: false });
    expect(report.commands[0]?.answer).toMatch(/^refused \(1205\) in 2\.5 ms: /);
    expect([report.count, report.head]).toEqual([records.length, records.at(-1)?.hash]);
  });

  test('still tells its records when another program wrote them', () => {
    const changed = records.map((record) =>
      record.payload.kind === 'event' ? { ...record, payload: { ...record.payload, intended: [] } } : record,
    );
    expect(reportOf(changed).notFolded).toContain('intends');
    expect(exportHtml(changed)).toContain('could not be folded');
    expect(exportHtml(changed)).toContain('released the hold before lock');
  });

  test('of a plan’s own journal is its list of records', () => {
    const { record } = chain(
      {
        at: { utcMs: 1, monoMs: 1 },
        payload: { kind: 'gate-overridden', gate: 'g', reason: 'r', who: 'Dana' },
      },
      emptyHead,
    );
    expect(exportHtml([record])).toContain('Dana overrode gate g: r');
    expect(exportCsv([record])).toContain('gate-overridden,,,Dana overrode gate g: r');
    expect(exportRun([], 'html')).toContain('has 0 records');
  });
});

describe('no export', () => {
  test.each(['json', 'csv', 'html'] as const)('holds a registered secret: %s', (format) => {
    const text = exportRun(records, format);
    expect(text).toContain('‹secret›');
    expect(text).not.toContain('s3cret');
    expect(text).not.toContain('4n%27ary');
  });

  test('of HTML runs anything or asks anybody', () => {
    const html = exportHtml(records);
    expect(html).not.toMatch(/<script|<img|<link|<iframe|\son\w+=|\shref=|\ssrc=|\sstyle=|url\(|@import/i);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp;');
    expect(html).toContain("default-src 'none'");
  });

  test('of CSV is taken for a formula', () => {
    const lines = exportCsv(records).split('\r\n');
    expect(lines[0]).toBe('seq,utc,monotonic_ms,kind,event,chain,text,hash');
    expect(lines).toHaveLength(records.length + 2);
    for (const line of lines) expect(line).not.toMatch(/(^|,)"?[=+@]/);
  });
});

describe('the HTML says first what a reader asks first', () => {
  test.each([
    [
      'the freeze against its budget and forecast',
      /orders<\/td><td><b class="good">1\.23 s<\/b><\/td><td>100 ms/,
    ],
    ['a downtime over its budget', /<b class="bad">61\.0 s<\/b> of a budget of 60\.0 s/],
    ['lost writes by id', /<b class="bad">1<\/b><br><code>w&lt;17&gt;<\/code>/],
    ['who overrode which gate, and why', /Overridden by Dana at 2026-11-18 .*: the socket is dead/],
    ['evidence', /<td>battery &lt;80 %&gt;<\/td>/],
    ['whether the point of no return was passed', /Point of no return<\/dt><dd>not passed/],
  ])('%s', (_, pattern) => {
    expect(exportHtml(records)).toMatch(pattern);
  });

  test('and what proves it', () => {
    expect(exportHtml(records)).toContain(records.at(-1)?.hash);
  });
});

describe('one line for each record', () => {
  const event = (event: RunEvent, changed: readonly string[] = []): JournalRecord =>
    chain(
      {
        at: { utcMs: 1, monoMs: 1 },
        payload: {
          kind: 'event',
          event,
          intended: [],
          changed,
          pointOfNoReturn: changed.includes('last-look done'),
        },
      },
      emptyHead,
    ).record;
  const ok = { kind: 'ok', value: {}, takenAt: 1, tookMs: 3 } as const;

  test.each<readonly [RunEvent, readonly string[], string, string]>([
    [
      { kind: 'answered', key: 'fence:orders#1/x@a1', answer: ok },
      [],
      '',
      'fence:orders#1/x@a1: ok in 3.0 ms',
    ],
    [
      { kind: 'answered', key: 'last-look#1/x@a1', answer: ok },
      ['last-look done'],
      'POINT OF NO RETURN; last-look done',
      'POINT OF NO RETURN; last-look done (on last-look#1/x@a1: ok in 3.0 ms)',
    ],
    [
      { kind: 'abort-asked', who: 'Dana', reason: 'lag' },
      [],
      'abort asked by Dana: lag',
      'abort asked by Dana: lag',
    ],
    [{ kind: 'time' }, ['drain:orders failed'], 'drain:orders failed', 'drain:orders failed'],
    [{ kind: 'time' }, [], '', 'a time limit was looked at'],
    [
      {
        kind: 'alarmed',
        alarm: { alarm: 'fence-lost', instance: 'a1', seen: 'writable', expected: 'read-only' },
      },
      [],
      'alarm on a1 (fence-lost): seen writable, expected read-only',
      'alarm on a1 (fence-lost): seen writable, expected read-only',
    ],
  ])('%j', (told, changed, line, full) => {
    expect(describeRecord(event(told, changed))).toBe(line);
    expect(describeFully(event(told, changed))).toBe(full);
  });
});
