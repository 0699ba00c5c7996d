import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { sheetHtml } from '../../shared/audit/sheet-html.ts';
import type { Sheet, SheetLine } from '../../shared/audit/sheet-parts.ts';
import { mysqlTo } from '../../shared/audit/sheet-reach.ts';
import { sheetText } from '../../shared/audit/sheet-text.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { passwordMask } from '../../shared/sessions/dialect-links.ts';
import { decide, emptyRun } from '../../shared/steps/decide.ts';
import type { RunEvent } from '../../shared/steps/event.ts';
import { sourceNodes, targetNodes } from '../../shared/steps/need.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { UndoItem } from '../../shared/steps/undo.ts';
import { referencePlan, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';

const abort: RunEvent = { kind: 'abort-asked', who: 'Dana', reason: 'a "test"\nwith $(two) lines' };

/** The reference case with maintenance mode, events and drop-in files, so that every kind of undo is due. */
function fullPlan(): Plan {
  const plan = referencePlan();
  return {
    ...plan,
    appFleets: plan.appFleets.map((fleet) => ({
      ...fleet,
      maintenance: {
        on: ['/opt/app', 'maintenance', "it's on"],
        off: ['/opt/app', 'maintenance', "it's $off"],
      },
    })),
    chains: plan.chains.map((chain) => ({ ...chain, events: ['shop.nightly'] })),
    instances: plan.instances.map((instance) =>
      instance.id.endsWith('1')
        ? { ...instance, fenceDropIn: `/etc/mysql/${instance.id}.d/fence.cnf` }
        : instance,
    ),
  };
}

/** The run after each record of a night's journal, as a crash behind it would leave it. */
function* beginnings({
  records,
}: Rehearsed): Generator<{ readonly run: Run; readonly plan: Plan; readonly stepped: boolean }> {
  const [first, ...rest] = records;
  if (first?.payload.kind !== 'run') throw new Error('no head');
  const { plan, runId } = first.payload;
  let run = emptyRun(runId, plan, first.at);
  yield { run, plan, stepped: true };
  for (const { at, payload } of rest) {
    if (payload.kind !== 'event') continue;
    const decision = decide(run, plan, { moment: at, event: payload.event });
    run = decision.run;
    yield { run, plan, stepped: decision.changed.length > 0 };
  }
}

const linesOf = (sheet: Sheet): readonly SheetLine[] => sheet.sections.flatMap(({ lines }) => lines);
const opens = ({ command }: SheetLine): boolean =>
  /read_only = IF\(.*, 0, \(SELECT|read_only ?= ?(0|OFF)/i.test(command);
const reaches = (plan: Plan, nodes: readonly string[], { command }: SheetLine): boolean =>
  nodes.some((node) => command.includes(`${mysqlTo(plan, node)} `));

/** Which part of a line shows that it sets an undo item back. */
function restores(plan: Plan, item: UndoItem, line: SheetLine): boolean {
  if (item.kind === 'unstage')
    return line.where === item.host && line.command.includes(`rm -f -- ${item.path}`);
  if (item.kind === 'maintenance-off') return line.where === item.host && line.command.includes('$off');
  if (item.kind === 'epoch')
    return line.where === item.host && line.command.includes('rm -f') && line.command.includes('.epoch');
  if (item.kind === 'stand-down') return line.where === item.host && line.command.includes('end');
  if (!reaches(plan, [item.instance], line)) return false;
  if (item.kind === 'thaw') return opens(line);
  if (item.kind === 'scheduler-on') return line.command.includes('event_scheduler = ON');
  if (item.kind === 'remove-reverse')
    return /RESET (SLAVE|REPLICA)/.test(line.command) && line.command.includes(item.channel);
  return /START (SLAVE|REPLICA)/.test(line.command);
}

function expectGood({ run, plan }: { readonly run: Run; readonly plan: Plan }): Sheet {
  const sheet = emergencySheet(run, plan);
  const lines = linesOf(sheet);
  const sources = plan.chains.flatMap(sourceNodes);
  const targets = plan.chains.flatMap(targetNodes);
  expect(lines.filter(({ command }) => /[\n\r]/.test(command))).toEqual([]);
  if (run.ponrAt === null) {
    expect(lines.filter((line) => opens(line) && reaches(plan, targets, line))).toEqual([]);
    expect(
      lines.filter(
        (line) => /(STOP|RESET|START) (SLAVE|REPLICA)/.test(line.command) && reaches(plan, targets, line),
      ),
    ).toEqual([]);
  } else {
    expect(lines.filter((line) => opens(line) && reaches(plan, sources, line))).toEqual([]);
    expect(sheet.direction).toBe('forward');
  }
  const due = run.ponrAt !== null || run.outcome === 'thawed' ? [] : run.undo;
  expect(due.filter((item) => !lines.some((line) => restores(plan, item, line)))).toEqual([]);
  if (due.length > 0) expect(sheet.direction).toBe('back');
  // Ended and seen gone before anything is changed, on every server.
  const changes = lines.findIndex((line) => opens(line) || line.command.includes('RESET'));
  const gone = lines.findLastIndex(({ command }) => command.includes('still_there'));
  if (changes >= 0) expect(gone).toBeLessThan(changes);
  return sheet;
}

function expectReadable(sheet: Sheet): void {
  const [text, html] = [sheetText(sheet), sheetHtml(sheet)];
  for (const each of [text, html]) {
    expect(each).not.toContain(passwordMask);
    for (const [, shown] of each.matchAll(/PASSWORD = (?:'|&#39;)([^'&]*)/g))
      expect(shown).toBe('$REVERSE_PASSWORD');
  }
  expect(html).not.toMatch(/<script|https?:|src=/i);
  // Prose is behind #, so the whole text is a script that a shell understands.
  execFileSync('/bin/sh', ['-n'], { input: text });
  expect(text.split('\n').filter((line) => line.startsWith('#') && line.length > 140)).toEqual([]);
}

const nights: readonly {
  readonly name: string;
  readonly night: (flavor: 'mariadb' | 'mysql') => Promise<Rehearsed>;
}[] = [
  { name: 'that goes well', night: (flavor) => rehearse({ flavor, plan: fullPlan() }) },
  {
    name: 'that is taken back at the proof',
    night: (flavor) => {
      let asked = false;
      return rehearse({
        flavor,
        plan: fullPlan(),
        operator: (run, post) => {
          if (asked || (run.steps['prove:orders']?.startedAt ?? null) === null) return;
          asked = true;
          post(abort);
        },
      });
    },
  },
  {
    name: 'whose second promotion fails',
    night: (flavor) =>
      rehearse({
        flavor,
        plan: fullPlan(),
        faults: [
          {
            when: { step: 'lock', state: 'running' },
            fault: {
              kind: 'reply',
              on: 'content-t1',
              operation: 'promote',
              way: 'error',
              code: 1105,
              ms: 5_000,
              times: 1,
            },
          },
        ],
      }),
  },
  {
    name: 'that cannot be thawed',
    night: (flavor) =>
      rehearse({
        flavor,
        plan: fullPlan(),
        faults: [
          {
            when: { step: 'fence:orders', state: 'running' },
            fault: {
              kind: 'reply',
              on: 'orders-a1',
              operation: 'thaw',
              way: 'error',
              code: 1105,
              ms: 5_000,
              times: 9,
            },
          },
        ],
        operator: (run, post) => {
          if ((run.steps['drain:orders']?.startedAt ?? null) !== null && run.abortAskedAt === null)
            post(abort);
        },
      }),
  },
];

describe.each(['mariadb', 'mysql'] as const)('the emergency sheet of a night on %s', (flavor) => {
  test.each(nights)(
    '$name: after every record it says the one way out',
    { timeout: 120_000 },
    async ({ night }) => {
      const rehearsed = await night(flavor);
      expect(rehearsed.run?.outcome).not.toBeNull();
      const directions = new Set<string>();
      const kinds = new Set<string>();
      let count = 0;
      for (const { stepped, ...beginning } of beginnings(rehearsed)) {
        const sheet = expectGood(beginning);
        if (stepped) expectReadable(sheet);
        directions.add(sheet.direction);
        for (const { kind } of beginning.run.undo) kinds.add(kind);
        count += 1;
      }
      expect(count).toBeGreaterThan(100);
      expect(directions).toContain('back');
      if (rehearsed.run?.ponrAt !== null) expect(directions).toContain('forward');
      expect(kinds.size).toBeGreaterThanOrEqual(flavor === 'mariadb' ? 6 : 4);
    },
  );
});
