import { describeRecord } from '../../shared/audit/describe.ts';
import type { LogLine } from '../../shared/contract/view.ts';
import { placeOf } from '../../shared/steps/order.ts';
import { alarmText } from '../../shared/steps/wording.ts';
import type { Run, StepState } from '../../shared/steps/run.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import type { Journal } from '../ports.ts';
import { shownRun } from './other-view.ts';

/** How many lines the screen gets, newest first. */
const logLines = 200;

/** The night in short lines: of the run once there is one, of the plan's preparation before that. */
export function logView(cockpit: Cockpit): readonly LogLine[] {
  const { run } = shownRun(cockpit);
  const lines = run === null ? preparationLog(cockpit.parts.planJournal) : runLog(run);
  return [...troubleLog(cockpit), ...lines].slice(0, logLines);
}

/** One line for each thing that came to its end, each act of a person and each alarm. The journal has all the rest. */
export function runLog(run: Run): readonly LogLine[] {
  const lines: LogLine[] = Object.values(run.steps).flatMap((step) => stepLine(step));
  if (run.begunAt !== null)
    lines.push({ atUtcMs: run.begunAt.utcMs, chain: null, text: `run ${run.id} begun`, tone: 'plain' });
  if (run.ponrAt !== null)
    lines.push({ atUtcMs: run.ponrAt.utcMs, chain: null, text: 'point of no return recorded', tone: 'warn' });
  if (run.abortReason !== null)
    lines.push({
      atUtcMs: run.steps['unwind']?.startedAt?.utcMs ?? run.now.utcMs,
      chain: null,
      text: `taking everything back: ${run.abortReason}`,
      tone: 'warn',
    });
  for (const { alarm, moment } of run.alarms)
    lines.push({
      atUtcMs: moment.utcMs,
      chain: null,
      text: `alarm, ${alarmText(alarm)}`,
      tone: 'bad',
    });
  return lines.sort((a, b) => b.atUtcMs - a.atUtcMs).slice(0, logLines);
}

function stepLine(step: StepState): readonly LogLine[] {
  if (step.endedAt === null || step.state === 'undone') return [];
  const tone = step.state === 'failed' ? 'bad' : step.state === 'absent' ? 'warn' : 'good';
  return [
    {
      atUtcMs: step.endedAt.utcMs,
      chain: step.chain,
      text: `${placeOf(step.step).word}: ${step.text}`,
      tone,
    },
  ];
}

/** What is wrong with the cockpit itself stands above everything else for as long as it lasts. */
function troubleLog(cockpit: Cockpit): readonly LogLine[] {
  return cockpit
    .troubles()
    .map(({ atUtcMs, text, times }): LogLine => ({
      atUtcMs,
      chain: null,
      text: times === 1 ? text : `${text} (${times} times)`,
      tone: 'bad',
    }))
    .reverse();
}

const told = new WeakMap<Journal, { count: number; newestFirst: LogLine[] }>();

/** The plan's journal, each record told once: records never change. */
function preparationLog(journal: Journal): readonly LogLine[] {
  const known = told.get(journal) ?? { count: 0, newestFirst: [] };
  if (journal.count() > known.count) {
    for (const record of journal.read().slice(known.count)) {
      const text = describeRecord(record);
      if (text !== '')
        known.newestFirst.unshift({ atUtcMs: record.at.utcMs, chain: null, text, tone: 'plain' });
      known.count += 1;
    }
    known.newestFirst.length = Math.min(known.newestFirst.length, logLines);
  }
  told.set(journal, known);
  return [...known.newestFirst];
}
