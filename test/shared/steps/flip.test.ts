import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { present } from '../../../shared/lib/assert.ts';
import { stepsToTryAgain } from '../../../shared/steps/again.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { flipFiles, flipPlan } from '../../helpers/flip-plan.ts';
import { ponrSeq } from '../../helpers/night-checks.ts';

const plan = flipPlan();
const { source, target } = flipFiles;

/** What the run did about DNS, in order. */
function deeds(world: AnsweringWorld): readonly string[] {
  return world.intents.flatMap(({ command: { action, key } }) => {
    if (action.kind === 'zone') return [action.ask];
    if (action.kind === 'ssh-file' && key.startsWith('flip'))
      return [`${action.content === null ? 'take' : 'put'} on ${action.host}`];
    return action.kind === 'ssh' && key.startsWith('flip') ? [`look on ${action.host}`] : [];
  });
}

function filesOf({ model }: AnsweringWorld) {
  const there = ({ host, path }: typeof source | typeof target): boolean =>
    present(model.hosts.get(host), host).files.has(path);
  return { source: there(source), target: there(target) };
}

/** Scripts the writing of the flip's file on a host, as often as said. */
const onWrite =
  (host: string, scripted: ReturnType<Script>, times = 1): Script =>
  ({ command: { key, action }, where }) =>
    key.startsWith('flip') && action.kind === 'ssh-file' && where === host && times-- > 0
      ? scripted
      : undefined;

const offered = (world: AnsweringWorld): readonly string[] =>
  stepsToTryAgain(world.run(), plan).map(({ step, because }) => `${step} ${because}`);

function press(world: AnsweringWorld, step: 'flip' | 'announce'): void {
  world.post({ kind: 'retry-asked', who: 'Dana', step });
  world.finish();
}

describe('flip', () => {
  test('puts the target in before it takes the source out, behind the point of no return, and asks Route 53 nothing', () => {
    const world = openWorld(plan);
    const run = world.finish();
    expect(deeds(world)).toEqual([`put on ${target.host}`, `take on ${source.host}`]);
    expect(filesOf(world)).toEqual({ source: false, target: true });
    const sent = world.intents.find(({ command }) => command.key.startsWith('flip'));
    expect(sent?.seq).toBeGreaterThan(ponrSeq(world) ?? Infinity);
    expect(run.steps['flip']).toMatchObject({ state: 'done' });
    expect(run.steps['flip']?.text).toContain(
      'data plane of Route 53 (health checks), 10 s × 2 + 60 s TTL = 80 s',
    );
    expect(run.steps['announce']).toMatchObject({ state: 'absent' });
    expect(run.outcome).toBe('done');
    expect(foldRun(world.records)).toMatchObject({ ok: true, value: { run } });
  });

  test('batch: also sends the change batch by itself, beside the flip', () => {
    const world = openWorld(flipPlan({ batch: 'also' }));
    expect(world.finish().steps['announce']).toMatchObject({ state: 'done' });
    expect(deeds(world)).toContain('change');
    expect(filesOf(world)).toEqual({ source: false, target: true });
  });

  test('a file that cannot be put leaves the source in: both out would be worse', () => {
    const world = openWorld(plan, onWrite(target.host, { answer: { code: 1 } }, 2));
    const run = world.finish();
    expect(filesOf(world)).toEqual({ source: true, target: false });
    expect(run.steps['flip']?.text).toContain('Press Retry');
    expect(run.outcome).toBe('needs-operator');
    expect(offered(world)).toEqual(['flip failed', 'announce other-plane']);
    press(world, 'flip');
    expect(world.run().steps['flip']?.state).toBe('failed');
    press(world, 'flip');
    expect(world.run().outcome).toBe('done');
    expect(filesOf(world)).toEqual({ source: false, target: true });
  });

  test.each(['time-limit', 'session-lost'] as const)(
    'no reply (%s): it is settled by looking, and never written again by itself',
    (answer) => {
      for (const host of [source.host, target.host]) {
        const done = openWorld(plan, onWrite(host, { answer, effect: true }));
        expect(done.finish().outcome).toBe('done');
        expect(deeds(done).filter((deed) => deed.startsWith('look'))).toEqual([`look on ${host}`]);
        const lost = openWorld(plan, onWrite(host, { answer, effect: false }));
        expect(lost.finish().steps['flip']?.text).toContain('looked at since, it is not so');
        const writes = deeds(lost).filter((deed) => deed.endsWith(host) && !deed.startsWith('look'));
        expect(writes).toHaveLength(1);
        press(lost, 'flip');
        expect(lost.run().outcome).toBe('done');
      }
    },
  );

  test('what is read back as something else is no flip', () => {
    const world = openWorld(plan, onWrite(target.host, { answer: { value: { sha256: 'other' } } }));
    expect(world.finish().steps['flip']?.text).toContain('read back');
    expect(filesOf(world).source).toBe(true);
  });

  test('plan B is one press after a flip that failed: the batch is sent behind a look, and the flip is given up', () => {
    const world = openWorld(plan, onWrite(target.host, { answer: { code: 1 } }));
    world.finish();
    press(world, 'announce');
    expect(deeds(world).slice(-3)).toEqual(['listNames', 'change', 'changeState']);
    expect(world.run().outcome).toBe('done');
    expect(world.run().steps['flip']).toMatchObject({ state: 'absent' });
    expect(offered(world)).toEqual([]);
    expect(foldRun(world.records)).toMatchObject({ ok: true, value: { run: world.run() } });
  });

  test('plan B is one press for a flip that is done and not believed; without the press it never comes', () => {
    const world = openWorld(plan);
    world.finish();
    expect(offered(world)).toEqual(['announce other-plane']);
    press(world, 'announce');
    expect(world.run()).toMatchObject({ outcome: 'done', phase: 'watching' });
    expect(world.run().steps['flip']?.state).toBe('done');
    expect(deeds(world).filter((deed) => deed === 'change')).toHaveLength(1);
    press(world, 'announce');
    expect(deeds(world).filter((deed) => deed === 'change')).toHaveLength(1);
  });

  test('where plan B fails too, the flip may be tried once more', () => {
    const write = onWrite(target.host, { answer: { code: 1 } });
    const world = openWorld(plan, (call, model) =>
      call.operation === 'change' ? { answer: { refusal: 'credentials' } } : write(call, model),
    );
    world.finish();
    press(world, 'announce');
    expect(world.run().outcome).toBe('needs-operator');
    expect(offered(world)).toEqual(['announce failed', 'flip other-plane']);
    press(world, 'flip');
    expect(world.run()).toMatchObject({ outcome: 'done' });
    expect(world.run().steps['announce']).toMatchObject({ state: 'absent' });
    expect(filesOf(world)).toEqual({ source: false, target: true });
  });

  test('files that do not stand as planned end the run before anything is closed', () => {
    const world = openWorld(plan);
    present(world.model.hosts.get(target.host), target.host).files.set(target.path, 'already');
    const run = world.finish();
    expect(run.outcome).toBe('thawed');
    expect(run.abortReason).toContain('there already, expected it absent while the source serves');
    expect(run.steps['fence:orders']?.state).toBe('waiting');
  });

  test('taken back before the point of no return nothing of it has happened', () => {
    const world = openWorld(plan);
    world.finish((run) => run.steps['prove:orders']?.state === 'running');
    world.post({ kind: 'abort-asked', who: 'Dana', reason: '' });
    expect(world.finish().outcome).toBe('thawed');
    expect(deeds(world)).toEqual([]);
    expect(filesOf(world)).toEqual({ source: true, target: false });
  });
});
