import { describe, expect, test } from 'vitest';
import { foldRun } from '../../../shared/audit/fold.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { intentsOf, ponrSeq } from '../../helpers/night-checks.ts';
import { referencePlan } from '../../helpers/reference-plan.ts';
import { entryIn } from '../../../shared/steps/ledger.ts';

describe('a quiet night of two chains', () => {
  const plan = referencePlan();
  const world = openWorld(plan);
  const run = world.finish();

  test('ends done and is watched until Close', () => {
    expect(run).toMatchObject({ outcome: 'done', phase: 'watching', abortReason: null, wakeAtMonoMs: null });
    expect(Object.values(run.steps).filter(({ state }) => state !== 'done' && state !== 'absent')).toEqual(
      [],
    );
    world.post({ kind: 'close-asked', who: 'Dana' });
    expect(world.finish()).toMatchObject({ outcome: 'done', phase: 'ended' });
  });

  test('says aloud what the plan leaves out', () => {
    const absent = Object.values(run.steps).filter(({ state }) => state === 'absent');
    expect(absent.map(({ key }) => key)).toEqual(['arm', 'mirror', 'flip']);
    expect(absent.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^The plan has no dead-man's switch: /),
      'The plan keeps no mirror of the journal.',
      'The plan has no data-plane flip.',
    ]);
  });

  test('issues each command once', () => {
    const keys = world.intents.map(({ command }) => command.key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every((key) => entryIn(run.commands, key) !== undefined || key.startsWith('close'))).toBe(
      true,
    );
  });

  test('passes the point of no return once, before anything is persisted or promoted', () => {
    const passed = world.records.filter(({ payload }) => payload.kind === 'event' && payload.pointOfNoReturn);
    expect(passed).toHaveLength(1);
    for (const { seq } of [...intentsOf(world, 'promote'), ...intentsOf(world, 'persistFence')])
      expect(seq).toBeGreaterThanOrEqual(ponrSeq(world) ?? Infinity);
    expect(intentsOf(world, 'promote').map(({ instance }) => instance)).toEqual(['orders-t1', 'content-t1']);
  });

  test('fences both co-masters of every chain, each on its acting session with its thread in the journal', () => {
    expect(intentsOf(world, 'fence').map(({ instance }) => instance)).toEqual([
      'orders-a1',
      'orders-b1',
      'content-a1',
      'content-b1',
    ]);
    for (const { command } of world.intents) {
      if (command.action.kind !== 'mysql' || command.action.operation !== 'fence') continue;
      expect(command.action.session).toBe('act');
      expect(command.undo).toEqual({
        kind: 'thaw',
        instance: command.action.instance,
        fenceThread: run.threads[command.action.instance]?.['act'],
      });
    }
  });

  test('removes the forward link by name, and that before it opens the target', () => {
    for (const chain of plan.chains) {
      const [target] = chain.target.masters;
      const removed = intentsOf(world, 'removeLink').filter(({ instance }) => instance === target?.instance);
      expect(removed).toHaveLength(1);
      expect(removed[0]?.place).toBeLessThan(
        intentsOf(world, 'promote').find(({ instance }) => instance === target?.instance)?.place ?? -1,
      );
    }
    for (const { command } of world.intents)
      if (command.action.kind === 'mysql' && command.action.operation === 'removeLink')
        expect(command.action.input).toEqual({ channel: '' });
  });

  test('guards each promote by the target’s own clock, counted from the last look at it', () => {
    const promotes = world.intents.flatMap(({ command: { action } }) =>
      action.kind === 'mysql' && action.operation === 'promote' ? [action] : [],
    );
    for (const { instance, input } of promotes) {
      const look = entryIn(run.commands, `last-look#1/look@${instance}`)?.answer;
      const seen = look?.kind === 'ok' ? (look.value as { readonly clockUs: number }).clockUs : 0;
      expect(Date.parse(`${input.notAfterUtc.replace(' ', 'T')}Z`)).toBe(
        seen / 1_000 + plan.limits.passageMs,
      );
    }
  });

  test('leaves every source closed, every target master open and the source following it', () => {
    for (const chain of plan.chains) {
      for (const { instance } of chain.source.masters) expect(world.server(instance).readOnly).toBe(true);
      for (const { instance } of chain.target.masters)
        expect(world.server(instance)).toMatchObject({ readOnly: false, links: [] });
      expect(
        world
          .server(chain.source.masters[0]?.instance ?? '')
          .links.map(({ channel, applier }) => `${channel} ${applier}`),
      ).toEqual([' stopped', 'cutover_reverse running']);
    }
  });

  test('is the same run when its journal is folded', () => {
    expect(foldRun(world.records)).toMatchObject({
      ok: true,
      value: { run: world.run() },
    });
  });

  test('costs little (printed, not judged)', () => {
    const nights = Array.from({ length: 30 }, () => {
      const one = openWorld(plan);
      one.finish();
      return one.cpuMs();
    }).sort((a, b) => a - b);
    console.log(
      `decide, a whole night of two chains, ${world.records.length} events: median ${nights[15]?.toFixed(1)} ms, first ${world.cpuMs().toFixed(1)} ms`,
    );
    expect(nights).toHaveLength(30);
  });
});
