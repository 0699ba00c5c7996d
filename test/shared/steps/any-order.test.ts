import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import type { Command } from '../../../shared/steps/command.ts';
import { decide, emptyRun } from '../../../shared/steps/decide.ts';
import type { Alarm, RunEvent } from '../../../shared/steps/event.ts';
import { sourceNodes, targetNodes } from '../../../shared/steps/need.ts';
import { openWorld, type AnsweringWorld, type Script } from '../../helpers/answering-world.ts';
import { expectThawed, intentsOf, ponrSeq } from '../../helpers/night-checks.ts';
import { threadsOf } from '../../helpers/model-servers.ts';
import { eventfulPlan } from '../../helpers/reference-plan.ts';
import { entriesOf } from '../../../shared/steps/ledger.ts';

const plan = eventfulPlan();
const nodes = plan.chains.flatMap((chain) => [...sourceNodes(chain), ...targetNodes(chain)]);
const alarms: readonly Alarm['alarm'][] = [
  'fence-lost',
  'restarted',
  'identity-changed',
  'position-moved',
  'target-writable',
  'lock-lost',
  'session-lost',
  'blind',
];

/** One thing that happens next. Numbers choose among what is possible then, so that every night is a night. */
type Turn =
  | { readonly kind: 'answer'; readonly which: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'abort' | 'retry' }
  | { readonly kind: 'alarm'; readonly which: number; readonly node: number };

const turn: fc.Arbitrary<Turn> = fc.oneof(
  { weight: 80, arbitrary: fc.record({ kind: fc.constant('answer' as const), which: fc.nat(1_000) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.nat(20), fc.nat(400), fc.nat(70_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('abort' as const, 'retry' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('alarm' as const), which: fc.nat(100), node: fc.nat(100) }),
  },
);

/** Which calls go wrong, by their number in the night, and how. */
const faults = fc.dictionary(
  fc.nat(170).map(String),
  fc.constantFrom(
    'refused',
    'time-limit',
    'time-limit-with-effect',
    'session-lost',
    'session-lost-with-effect',
  ),
  { maxKeys: 2 },
);

function scriptOf(wrong: Readonly<Record<string, string>>): Script {
  let calls = 0;
  return () => {
    calls += 1;
    const fault = wrong[String(calls)];
    if (fault === undefined) return undefined;
    if (fault === 'refused') return { answer: { code: 1227 } };
    return {
      answer: fault.startsWith('time-limit') ? 'time-limit' : 'session-lost',
      effect: fault.endsWith('with-effect'),
    };
  };
}

function take(world: AnsweringWorld, next: Turn): void {
  const event = eventOf(world, next);
  if (next.kind === 'pass') world.passMs(next.ms);
  if (next.kind === 'answer') {
    const keys = world.outstanding();
    const key = keys[next.which % Math.max(1, keys.length)];
    world.passMs(1);
    if (key !== undefined) world.answer(key);
  } else world.post(event);
}

function eventOf(world: AnsweringWorld, next: Turn): RunEvent {
  if (next.kind === 'abort') return { kind: 'abort-asked', who: 'Dana', reason: 'asked' };
  if (next.kind === 'alarm') {
    const instance = nodes[next.node % nodes.length] ?? '';
    return {
      kind: 'alarmed',
      alarm: {
        alarm: alarms[next.which % alarms.length] ?? 'blind',
        instance,
        seen: 'this',
        expected: 'that',
      },
    };
  }
  if (next.kind === 'retry') {
    const failed = Object.values(world.run().steps).find(({ state }) => state === 'failed');
    return { kind: 'retry-asked', who: 'Dana', step: failed?.key ?? 'redirect' };
  }
  return { kind: 'time' };
}

/** I1, looked at after every single event. */
function expectOneWriter(world: AnsweringWorld): void {
  for (const chain of world.model.plan.chains) {
    const open = (names: readonly string[]): readonly string[] =>
      names.filter((node) => !world.server(node).readOnly);
    const [source, target] = [open(sourceNodes(chain)), open(targetNodes(chain))];
    if (source.length > 0 && target.length > 0)
      throw new Error(`two sides of ${chain.id} take writes: ${[...source, ...target].join(', ')}`);
  }
}

/** Until its trouble begins a night only answers: most turns can end it, and few nights would pass the PONR by luck. */
const calm = (next: Turn): Turn => (next.kind === 'answer' ? next : { kind: 'pass', ms: 1 });

const night = fc
  .tuple(
    fc.array(turn, { minLength: 60, maxLength: 260, size: 'max' }),
    fc.oneof(fc.constant({}), faults),
    fc.nat(260),
  )
  .map(([turns, wrong, troubleFrom]) => {
    const world = openWorld(plan, scriptOf(wrong));
    for (const [index, next] of turns.entries()) {
      take(world, index < troubleFrom ? calm(next) : next);
      expectOneWriter(world);
    }
    world.finish();
    expectOneWriter(world);
    return world;
  });

const changed = (world: AnsweringWorld, what: string): number =>
  world.records.findIndex(({ payload }) => payload.kind === 'event' && payload.changed.includes(what)) + 1;
const numRuns = 60;

describe('whatever the order of the answers, and whatever goes wrong', () => {
  test('the invariants hold, and the journal gives the same run again', () => {
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(night, (world) => {
        const run = world.run();
        outcomes.set(String(run.outcome), (outcomes.get(String(run.outcome)) ?? 0) + 1);
        expect(['thawed', 'done', 'needs-operator']).toContain(run.outcome);
        expectPromotionAfterProof(world);
        expectNoThawAfterPonr(world);
        expectNoFenceAfterThaw(world);
        expectUndoBeforeEffect(world, plan);
        expectPendingFencesEnded(world);
        if (run.outcome === 'thawed') expectThawed(world);
        const folded = foldRun(world.records);
        if (!folded.ok) throw new Error(folded.error);
        expect(folded.value.run).toEqual(run);
      }),
      { numRuns, endOnFailure: true },
    );
    // The generator must reach both sides of the point of no return, or this test proves nothing.
    expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['thawed']));
    expect((outcomes.get('done') ?? 0) + (outcomes.get('needs-operator') ?? 0)).toBeGreaterThan(0);
  });

  test('a key is issued once', () => {
    fc.assert(
      fc.property(night, (world) => {
        const keys = world.intents.map(({ command }) => command.key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 20 },
    );
  });
});

function expectPromotionAfterProof(world: AnsweringWorld): void {
  const ponr = ponrSeq(world);
  for (const { seq } of [...intentsOf(world, 'promote'), ...intentsOf(world, 'persistFence')]) {
    expect(ponr).not.toBeNull();
    expect(seq).toBeGreaterThanOrEqual(ponr ?? Infinity);
    for (const { id } of plan.chains) expect(changed(world, `prove:${id} done`)).toBeGreaterThan(0);
    for (const { id } of plan.chains) expect(changed(world, `prove:${id} done`)).toBeLessThanOrEqual(seq);
  }
  expect(
    world.records.filter(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn).length,
  ).toBeLessThanOrEqual(1);
}

function expectNoThawAfterPonr(world: AnsweringWorld): void {
  const ponr = ponrSeq(world) ?? Infinity;
  for (const { seq } of intentsOf(world, 'thaw')) expect(seq).toBeLessThan(ponr);
  if (ponr === Infinity) return;
  for (const chain of plan.chains)
    for (const { instance } of chain.source.masters) expect(world.server(instance).readOnly).toBe(true);
}

function expectNoFenceAfterThaw(world: AnsweringWorld): void {
  const firstThaw = intentsOf(world, 'thaw')[0]?.place ?? Infinity;
  const unwinding = world.intents.findIndex(({ command }) => command.key.startsWith('unwind'));
  for (const { place } of intentsOf(world, 'fence')) {
    expect(place).toBeLessThan(firstThaw);
    if (unwinding >= 0) expect(place).toBeLessThan(unwinding);
  }
}

/** What changes a server or host before the PONR and must be set back. */
function mustBeUndone({ action }: Command): boolean {
  if (action.kind === 'ssh') return action.effect && action.argv.includes('on');
  if (action.kind !== 'mysql') return false;
  if (action.operation === 'setEventScheduler') return !action.input.on;
  return (
    action.operation === 'fence' || action.operation === 'stopLink' || action.operation === 'configureLink'
  );
}

function expectUndoBeforeEffect(world: AnsweringWorld, of: Plan): void {
  let run = emptyRun('test-run', of, world.records[0]?.at ?? { utcMs: 0, monoMs: 0 });
  for (const { at, payload } of world.records) {
    if (payload.kind !== 'event') continue;
    const decision = decide(run, of, { moment: at, event: payload.event });
    run = decision.run;
    if (run.ponrAt !== null) return;
    for (const command of decision.commands.filter(mustBeUndone)) {
      if (command.key.startsWith('unwind')) continue;
      expect(command.undo, command.key).toBeDefined();
      expect(run.undo).toContainEqual(command.undo);
    }
  }
}

/** A fence without an answer may still be queued: its thread must be gone from the server before the run is over. */
function expectPendingFencesEnded(world: AnsweringWorld): void {
  const run = world.run();
  if (run.outcome !== 'thawed') return;
  for (const { command, answer } of entriesOf(run.commands)) {
    if (command.action.kind !== 'mysql' || command.action.operation !== 'fence') continue;
    if (answer !== null && answer.kind !== 'none') continue;
    const { instance } = command.action;
    expect(world.server(instance).dead, command.key).toContain(
      threadsOf([...world.model.servers.keys()].indexOf(instance)).act,
    );
  }
}
