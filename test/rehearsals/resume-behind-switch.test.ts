import { describe, expect, test } from 'vitest';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import { foldRun } from '../../shared/audit/fold.ts';
import { stepsToTryAgain } from '../../shared/steps/again.ts';
import { judgeStopHere } from '../../shared/steps/stop-here.ts';
import type { Run } from '../../shared/steps/run.ts';
import { keptBySwitch } from '../../main/simulator/dead-mans-switch.ts';
import { open } from '../../main/simulator/fence.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import type { Server } from '../../main/simulator/world.ts';
import { brokenRules } from '../helpers/broken-rules.ts';
import { crashedNight, type Crash, type CrashedNight } from '../helpers/crashed-night.ts';
import { drive, referencePlan, rehearse } from '../helpers/rehearsal.ts';
import { switchPlan } from '../helpers/switch-plan.ts';

type Flavor = Crash['flavor'];

const plan = switchPlan(referencePlan());
const sources = ['orders-a1', 'orders-b1', 'content-a1', 'content-b1'];

/** Longer than the second stage waits and needs. */
const goneMs = 40_000;

/** The record of a quiet night after which it stood like that. */
async function recordWhere(flavor: Flavor, stood: (run: Run) => boolean): Promise<number> {
  const { records } = await rehearse({ flavor, plan });
  const found = records.find((_, index) => {
    const folded = foldRun(records.slice(0, index + 1));
    return folded.ok && stood(folded.value.run);
  });
  if (found === undefined) throw new Error('no such record');
  return found.seq;
}

async function dies(
  flavor: Flavor,
  stood: (run: Run) => boolean,
  meanwhile?: Crash['meanwhile'],
): Promise<CrashedNight & { readonly run: Run }> {
  const record = await recordWhere(flavor, stood);
  const night = await crashedNight({
    flavor,
    plan,
    record,
    edge: 'after',
    noticed: false,
    goneMs,
    ...(meanwhile === undefined ? {} : { meanwhile }),
  });
  if (night.run === null) throw new Error(`not taken up: ${night.refused}`);
  return { ...night, run: night.run };
}

async function pressed(night: CrashedNight, step: string): Promise<Run> {
  const active = night.second.night();
  const { clock } = night.simulator;
  const answer = await drive(
    night.simulator,
    active?.retry({ step, who: 'Dana' }) ?? Promise.reject(new Error('no night')),
    60_000,
  );
  expect(answer).toEqual({ ok: true, value: null });
  await clock.run(() => active?.run()?.outcome !== null, clock.nowMs() + 200_000);
  const run = active?.run() ?? null;
  if (run === null) throw new Error('no run');
  return run;
}

function server({ world }: Simulator, id: string): Server {
  const found = world.servers.get(id);
  if (found === undefined) throw new Error(id);
  return found;
}

/** Whether anybody can reach the hosts of the source masters; the slaves' own stay as they are. */
function reach({ hosts, servers }: Simulator['world'], reachable: boolean): void {
  for (const id of sources) {
    const host = hosts.get(servers.get(id)?.host ?? '');
    if (host !== undefined) host.reachable = reachable;
  }
}

const passed = ({ ponrAt }: Run): boolean => ponrAt !== null;
const offered = (run: Run): readonly string[] =>
  stepsToTryAgain(run, plan).flatMap(({ step, because }) => (because === 'at-source' ? [step] : []));

describe.each(['mariadb', 'mysql'] as const)('a cockpit that died in the narrow passage, on %s', (flavor) => {
  test('behind the point of no return: it says where the data is, and one press concludes the run there', async () => {
    const night = await dies(flavor, passed);
    const { run } = night;
    expect(night.stands).toMatch(
      /orders-a1 takes writes \(opened again by its dead-man's switch: orders-a1 at \d\d:\d\d:\d\d UTC\)/,
    );
    expect(night.stands).toContain('so nothing goes forward and a person decides');
    expect(run.outcome).toBe('needs-operator');
    expect(run.steps['lock']?.text).toContain('"Conclude at the source" ends the run there');
    expect(stepsToTryAgain(run, plan).find(({ because }) => because === 'at-source')).toMatchObject({
      step: 'unwind',
      instances: sources,
    });
    expect(judgeStopHere(run, plan).writable).toMatch(/^the source of orders, content/);
    expect(emergencySheet(run, plan).headline).toMatch(/^STAY/);

    const over = await pressed(night, 'unwind');
    expect(over.steps['unwind']?.text).toContain('writable again, read twice');
    expect(over.outcome).toBe('thawed');
    expect(judgeStopHere(over, plan).writable).toContain('the source, of every chain');
    expect(emergencySheet(over, plan).direction).toBe('nothing');
    for (const each of night.simulator.world.servers.values()) expect(each.lockHolder).toBeNull();
    // No line of it opened or closed a server.
    const sent = [...(night.second.night()?.journal()?.read() ?? [])].flatMap(({ payload }) =>
      payload.kind === 'event' ? payload.intended : [],
    );
    const after = sent.filter(({ key }) => key.startsWith('unwind#'));
    expect(after.length).toBeGreaterThan(0);
    const opening = after.filter(
      ({ action }) => action.kind === 'mysql' && ['thaw', 'fence', 'promote'].includes(action.operation),
    );
    expect(opening).toEqual([]);
    expect(night.violations).toEqual([]);
  }, 120_000);

  test('a target that was opened meanwhile as well: nothing is offered, and it says what a person has to compare', async () => {
    const night = await dies(flavor, passed, (simulator) => {
      const target = server(simulator, 'orders-t1');
      target.readOnly = false;
    });
    expect(offered(night.run)).toEqual([]);
    expect(night.run.steps['lock']?.text).toMatch(
      /both sides of orders take writes .*Close orders-t1 at once .*compare, table by table/,
    );
  }, 120_000);

  test('a server that is not heard counts against it, until the lock is tried again and all answer', async () => {
    const night = await dies(flavor, passed, ({ world }) => {
      const target = world.servers.get('orders-t1');
      if (target !== undefined) target.power = 'paused';
    });
    expect(offered(night.run)).toEqual([]);
    expect(night.run.steps['lock']?.text).toContain('orders-t1 does not answer');
    server(night.simulator, 'orders-t1').power = 'up';
    expect(offered(await pressed(night, 'lock'))).toEqual(['unwind']);
  }, 120_000);

  test('no word of the switch that opened the source: nothing is let go or opened, until it is heard', async () => {
    const night = await dies(flavor, passed, ({ world }) => reach(world, false));
    expect(night.violations).toEqual([]);
    for (const id of ['orders-t1', 'content-t1'])
      expect(server(night.simulator, id)).toMatchObject({ readOnly: true, lockHolder: keptBySwitch });
    expect(night.run.outcome).toBe('needs-operator');
    expect(night.run.steps['lock']?.text).toMatch(
      /^colo-a-db, colo-b-db did not say what its dead-man's switch did, and may have opened the source of orders, content/,
    );
    reach(night.simulator.world, true);
    expect(offered(await pressed(night, 'lock'))).toEqual(['unwind']);
  }, 120_000);

  test('closed again between the look and the press: nothing is changed, and the press says so', async () => {
    const night = await dies(flavor, passed);
    server(night.simulator, 'orders-b1').readOnly = true;
    const run = await pressed(night, 'unwind');
    expect(run.outcome).toBe('needs-operator');
    expect(run.steps['unwind']?.text).toMatch(/^Not concluded, and nothing was changed: orders-b1 is closed/);
    expect(server(night.simulator, 'orders-t1').lockHolder).toBe(keptBySwitch);
    open(night.simulator.world, server(night.simulator, 'orders-b1'));
    expect((await pressed(night, 'unwind')).outcome).toBe('thawed');
  }, 120_000);

  test('behind its promotions the second stage leaves all closed: it lets the locks go, and the run goes forward', async () => {
    const night = await dies(
      flavor,
      ({ steps }) => steps['promote:orders']?.state === 'done' || steps['promote:content']?.state === 'done',
      ({ world }) => {
        // Whatever the last of the two promotions did in the moment of the crash, both targets are open.
        for (const id of ['orders-t1', 'content-t1']) {
          const target = world.servers.get(id);
          if (target !== undefined) target.readOnly = false;
        }
      },
    );
    expect(night.run.steps['lock']).toMatchObject({ state: 'done' });
    expect(night.run.outcome).toBe('done');
    expect(brokenRules(night)).toEqual([]);
  }, 120_000);
});
