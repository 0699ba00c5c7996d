import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { judgeSetReply } from '../../../shared/steps/flip-controls.ts';
import { stepsToTryAgain } from '../../../shared/steps/again.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { controlsPlan, flipControls } from '../../helpers/flip-plan.ts';
import { ponrSeq } from '../../helpers/night-checks.ts';

const plan = controlsPlan();
const before = { source: 'On', target: 'Off' };
const flipped = { source: 'Off', target: 'On' };

/** What was asked of the cluster by the step, in order: `set us-east-1`. */
function deeds(world: AnsweringWorld): readonly string[] {
  return world.intents.flatMap(({ command: { action, key } }) =>
    action.kind === 'routing' && key.startsWith('flip') ? [`${action.ask} ${action.endpoint.region}`] : [],
  );
}

function statesOf({ model }: AnsweringWorld) {
  return {
    source: model.controls.get(flipControls.source),
    target: model.controls.get(flipControls.target),
  };
}

/** Scripts the setting at some regions, as often as said; reads stay honest unless they are scripted too. */
const onSet =
  (regions: readonly string[], scripted: ReturnType<Script>): Script =>
  ({ command: { action }, where }) =>
    action.kind === 'routing' && action.ask === 'set' && regions.includes(where) ? scripted : undefined;

const all = ['us-east-1', 'us-west-2', 'eu-west-1', 'ap-northeast-1', 'ap-southeast-2'];
const offered = (world: AnsweringWorld): readonly string[] =>
  stepsToTryAgain(world.run(), plan).map(({ step, because }) => `${step} ${because}`);

describe('a flip by routing controls', () => {
  test('turns both in one call behind the point of no return, and believes it when it is read back', () => {
    const world = openWorld(plan);
    const run = world.finish();
    expect(deeds(world)).toEqual(['set us-east-1', 'read us-east-1']);
    expect(statesOf(world)).toEqual(flipped);
    const sent = world.intents.find(({ command }) => command.key.startsWith('flip'));
    expect(sent?.seq).toBeGreaterThan(ponrSeq(world) ?? Infinity);
    expect(sent?.command.action).toMatchObject({
      states: { [flipControls.target]: 'On', [flipControls.source]: 'Off' },
    });
    expect(run.steps['flip']?.text).toContain(
      'read back in us-east-1. By the flip of 2 routing controls: data plane',
    );
    expect(run.steps['announce']).toMatchObject({ state: 'absent' });
    expect(run.outcome).toBe('done');
    expect(foldRun(world.records)).toMatchObject({ ok: true, value: { run } });
  });

  test.each([
    ['an endpoint that is unavailable', { answer: { refusal: 'unavailable' } }],
    ['one that is throttled', { answer: { refusal: 'throttled' } }],
    ['one that was never reached', { answer: 'not-connected' }],
  ] as const)('%s: the next one is asked at once, each of them once', (_, scripted) => {
    const world = openWorld(plan, onSet(all.slice(0, 2), { ...scripted, effect: false }));
    expect(world.finish().outcome).toBe('done');
    expect(deeds(world)).toEqual(['set us-east-1', 'set us-west-2', 'set eu-west-1', 'read eu-west-1']);
    expect(statesOf(world)).toEqual(flipped);
  });

  test('a reply that is lost after the effect is settled by reading elsewhere; nothing is sent twice', () => {
    const world = openWorld(plan, onSet(all, { answer: 'time-limit', effect: true }));
    expect(world.finish().outcome).toBe('done');
    expect(deeds(world)).toEqual(['set us-east-1', 'read us-west-2']);
    expect(world.run().steps['flip']?.text).toContain('after a reply that was lost');
  });

  test('a reply that is lost before the effect is looked at before the next endpoint is asked', () => {
    const world = openWorld(plan, onSet(['us-east-1'], { answer: 'session-lost', effect: false }));
    expect(world.finish().outcome).toBe('done');
    expect(deeds(world)).toEqual(['set us-east-1', 'read us-west-2', 'set us-west-2', 'read us-west-2']);
    expect(statesOf(world)).toEqual(flipped);
  });

  test('a lost reply that no endpoint can settle waits for a person, who is offered plan B', () => {
    const script: Script = ({ command: { action, key } }) =>
      action.kind === 'routing' && key.startsWith('flip')
        ? { answer: action.ask === 'set' ? 'time-limit' : 'not-connected', effect: false }
        : undefined;
    const world = openWorld(plan, script);
    expect(world.finish().outcome).toBe('needs-operator');
    expect(deeds(world).filter((deed) => deed.startsWith('set'))).toEqual(['set us-east-1']);
    expect(world.run().steps['flip']?.text).toContain('no endpoint of the cluster says how the states are');
    expect(offered(world)).toEqual(['flip failed', 'announce other-plane']);
    world.post({ kind: 'retry-asked', who: 'Dana', step: 'announce' });
    expect(world.finish().outcome).toBe('done');
    expect(statesOf(world)).toEqual(before);
  });

  test('a safety rule is told in its own words, and asked of no other endpoint', () => {
    const world = openWorld(plan, onSet(all, { answer: { refusal: 'conflict' }, effect: false }));
    expect(world.finish().outcome).toBe('needs-operator');
    expect(deeds(world)).toEqual(['set us-east-1']);
    expect(statesOf(world)).toEqual(before);
    expect(world.run().steps['flip']?.text).toContain('no safety rule is overridden');
  });

  test('what was taken and is read otherwise for good is not believed', () => {
    const world = openWorld(plan, onSet(all, { answer: { value: {} }, effect: false }));
    expect(world.finish().outcome).toBe('needs-operator');
    expect(deeds(world).filter((deed) => deed.startsWith('set'))).toEqual(['set us-east-1']);
    expect(world.run().steps['flip']?.state).toBe('failed');
  });

  test('a retry looks first: what somebody turned meanwhile is not turned again', () => {
    const world = openWorld(plan, onSet(all, { answer: { refusal: 'unavailable' }, effect: false }));
    world.finish();
    world.model.controls.set(flipControls.source, 'Off').set(flipControls.target, 'On');
    world.post({ kind: 'retry-asked', who: 'Dana', step: 'flip' });
    expect(world.finish().outcome).toBe('done');
    expect(deeds(world).slice(all.length)).toEqual(['read us-east-1']);
  });

  test('states that are not those of before end the run before the fence', () => {
    const world = openWorld(plan, ({ command: { action, key } }) =>
      action.kind === 'routing' && key.startsWith('quiet')
        ? { answer: { value: { [flipControls.source]: 'Off', [flipControls.target]: 'On' } } }
        : undefined,
    );
    const run = world.finish();
    expect(run.ponrAt).toBeNull();
    expect(run.steps['quiet']?.text).toContain('5source is Off, expected On');
  });
});

test('a reply is judged by what it says of the effect', () => {
  const at = { takenAt: 0, tookMs: 0 };
  const refused = (refusal?: 'throttled' | 'unavailable' | 'conflict' | 'credentials') =>
    judgeSetReply({
      kind: 'refused',
      code: null,
      message: '',
      ...(refusal === undefined ? {} : { refusal }),
      ...at,
    });
  expect(judgeSetReply({ kind: 'ok', value: {}, ...at })).toBe('taken');
  expect(refused('throttled')).toBe('elsewhere');
  expect(refused('unavailable')).toBe('elsewhere');
  expect(refused('conflict')).toBe('refused');
  expect(refused('credentials')).toBe('refused');
  expect(refused()).toBe('refused');
  const none = (why: 'time-limit' | 'session-lost' | 'not-connected') =>
    judgeSetReply({ kind: 'none', why, message: '', ...at });
  expect([none('time-limit'), none('session-lost'), none('not-connected')]).toEqual([
    'unknown',
    'unknown',
    'elsewhere',
  ]);
});
