import { expect, test } from 'vitest';
import { describeRecord } from '../../shared/audit/describe.ts';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { armedHosts } from '../../shared/plan/switches.ts';
import { stepsToTryAgain } from '../../shared/steps/again.ts';
import { decide, emptyRun } from '../../shared/steps/decide.ts';
import { withEntries } from '../../shared/steps/ledger.ts';
import type { IssuedCommand, Run } from '../../shared/steps/run.ts';
import { openedBySwitch, standDownCommands, switchActedStatus } from '../../shared/steps/stand-down.ts';
import { judgeStopHere } from '../../shared/steps/stop-here.ts';
import { measure } from '../../main/engine/measure.ts';
import { drive, referencePlan, rehearse, type Rehearsed } from '../helpers/rehearsal.ts';
import { switchPlan } from '../helpers/switch-plan.ts';

const plan = switchPlan(referencePlan());

/** The run at its point of no return, as it is once every promotion was refused and every switch said that it had acted. */
function actedAt({ records }: Rehearsed): Run {
  const [first, ...rest] = records;
  if (first?.payload.kind !== 'run') throw new Error('no head');
  const { plan: played, runId } = first.payload;
  let run = emptyRun(runId, played, first.at);
  for (const { at, payload } of rest)
    if (payload.kind === 'event' && run.ponrAt === null)
      run = decide(run, played, { moment: at, event: payload.event }).run;
  const failed = Object.values(run.steps).map((step): readonly [string, Run['steps'][string]] => [
    step.key,
    step.step === 'promote' ? { ...step, state: 'failed', text: 'the run lock is held by the switch' } : step,
  ]);
  const refused: Run = { ...run, steps: Object.fromEntries(failed), outcome: 'needs-operator' };
  const said = standDownCommands(refused, plan).map((command): readonly [string, IssuedCommand] => [
    command.key,
    {
      command,
      step: 'watchdog',
      issuedAt: run.now,
      answer: {
        kind: 'refused',
        code: switchActedStatus,
        message: 'exit status 3: it had acted',
        takenAt: run.now.utcMs,
        tookMs: 1,
      },
      answeredAt: run.now,
    },
  ]);
  return { ...refused, commands: withEntries(refused.commands, said) };
}

test.each(['mariadb', 'mysql'] as const)(
  'a second stage that acted behind the point of no return, on %s: the figures, the screen and the sheet say where the data is',
  async (flavor) => {
    const night = await rehearse({ flavor, plan });
    const run = actedAt(night);
    expect(openedBySwitch(run, plan).map(({ id }) => id)).toEqual(['orders', 'content']);
    // One that only slept has asked no host yet: the press itself does.
    expect(stepsToTryAgain(run, plan).map(({ because }) => because)).toContain('at-source');
    const { simulator } = night;
    const measured = await drive(simulator, measure(plan, simulator.ports, { sinceUtcMs: 0, run }), 60_000);
    // What is written since the switch acted is on the source alone: looked for there, none of it is lost.
    expect(measured.chains).toMatchObject([
      { name: 'orders', lost: 0, countedOn: 'source' },
      { name: 'content', lost: 0, countedOn: 'source' },
    ]);
    const record = { seq: 1, at: run.now, prev: '', hash: '', payload: measured };
    expect(describeRecord(record)).toContain('0 lost (counted on the source, which its dead-man');
    const stop = judgeStopHere(run, plan);
    expect(stop.writable).toMatch(/^the source of orders, content, which its dead-man's switch opened again/);
    expect(stop.wayBack).toContain('Leave its source open and its target closed');
    const sheet = emergencySheet(run, plan);
    expect(sheet.headline).toMatch(/^STAY/);
    const commands = sheet.sections.flatMap(({ lines }) => lines.map(({ command }) => command));
    // Nothing closes a source, and nothing opens or takes apart a target.
    expect(commands.filter((command) => /SET GLOBAL|SET PERSIST|RESET|STOP /.test(command))).toEqual([]);
    const lines = sheet.sections.flatMap((section) => section.lines);
    const toldLast = lines.filter(({ command }) => command.includes('undone')).map(({ where }) => where);
    expect([...new Set(toldLast)].sort()).toEqual([...armedHosts(plan)].sort());
  },
  120_000,
);

test('where one chain was promoted, its part of the sheet goes forward, and the other stays at its source', async () => {
  const run = actedAt(await rehearse({ plan }));
  const promote = run.steps['promote:content'];
  if (promote === undefined) throw new Error('no such step');
  const mixed: Run = { ...run, steps: { ...run.steps, 'promote:content': { ...promote, state: 'done' } } };
  expect(openedBySwitch(mixed, plan).map(({ id }) => id)).toEqual(['orders']);
  expect(judgeStopHere(mixed, plan).writable).toMatch(/the source of orders.*the target of content/);
  const sheet = emergencySheet(mixed, plan);
  expect(sheet.headline).toMatch(/^GO FORWARD/);
  const titles = sheet.sections.map(({ title }) => title).join('\n');
  expect(titles).toMatch(/orders: its dead-man's switch opened the source again/);
  expect(titles).not.toMatch(/orders: open the target/);
  expect(titles).toMatch(/content: the target was opened/);
});
