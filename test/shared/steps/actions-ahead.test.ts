import { describe, expect, test } from 'vitest';
import { isEffect, placeOfAction } from '../../../shared/audit/command-text.ts';
import type { FastFacts } from '../../../shared/sessions/operations.ts';
import { actionsAhead, laterMoment, laterRun } from '../../../shared/steps/actions-ahead.ts';
import type { Action } from '../../../shared/steps/command.ts';
import { changeComment } from '../../../shared/steps/prepared-zone.ts';
import { planNodes } from '../../../shared/steps/need.ts';
import type { Chain, Plan } from '../../../shared/plan/plan.ts';
import { reversedPlan } from '../../../shared/plan/reversed-plan.ts';
import { openWorld, type AnsweringWorld } from '../../helpers/answering-world.ts';
import { performHonestly } from '../../helpers/model-operations.ts';
import { runningLink } from '../../helpers/model-servers.ts';
import { switchPlan } from '../../helpers/switch-plan.ts';
import { eventfulPlan, referencePlan, referenceWith } from '../../helpers/reference-plan.ts';

/** Only the run finds out whether and which. */
const foundOut = ['killThreads', 'writeCanary'];

/** What is seen of each server of a world. */
function factsIn({ model }: AnsweringWorld): Readonly<Record<string, FastFacts>> {
  return Object.fromEntries(
    planNodes(model.plan).map((instance) => {
      const action = {
        kind: 'mysql',
        instance,
        session: 'look',
        operation: 'fastFacts',
        input: {},
      } as const;
      const seen = performHonestly(model, action, 0);
      return [instance, (seen as { readonly value: FastFacts }).value] as const;
    }),
  );
}

/** What go/no-go announces for a plan, and the effects that a quiet night of it then has. */
function bothOf(plan: Plan, prepare: (world: AnsweringWorld) => void = () => undefined) {
  const before = openWorld(plan, undefined, false);
  prepare(before);
  const facts = factsIn(before);
  const world = openWorld(plan);
  prepare(world);
  world.finish();
  const sent = world.intents.flatMap(({ command: { key, action } }) =>
    isEffect(action) &&
    action.kind !== 'app-canary' &&
    !(action.kind === 'mysql' && foundOut.includes(action.operation))
      ? [line(key.split(/[#:]/)[0] ?? '', action)]
      : [],
  );
  const announced = actionsAhead(plan, facts).map(({ step, action }) => line(step, action));
  return { announced, sent, run: world.run() };
}

/** An effect in one line, without what is known only in the run. */
function line(step: string, action: Action): string {
  const what =
    action.kind === 'mysql'
      ? [
          action.operation,
          {
            ...action.input,
            ...('notAfterUtc' in action.input ? { notAfterUtc: laterMoment } : {}),
            ...('from' in action.input && action.input.from !== null ? { from: 'later' } : {}),
            ...('to' in action.input ? { to: 'later' } : {}),
          },
        ]
      : [
          action.kind === 'ssh-file' && action.path.startsWith('~/.cutover-')
            ? { ...action, content: '' }
            : action,
        ];
  return `${step} ${placeOfAction(action)} ${JSON.stringify(what).replaceAll(`.cutover-${laterRun}-`, '.cutover-test-run-').replaceAll(changeComment(laterRun), changeComment('test-run'))}`;
}

describe('what go/no-go announces is what a quiet night does', () => {
  test.each([
    ['the reference case', referencePlan()],
    ['with maintenance mode, events and a drop-in', eventfulPlan()],
    [
      'with drop-ins on MySQL: of a source one is only laid ready, of a target one is taken away',
      referenceWith(() => {
        const plan = eventfulPlan();
        const instances = plan.instances.map((each) =>
          each.id === 'orders-t1' ? { ...each, fenceDropIn: '/etc/mysql/conf.d/fence.cnf' } : each,
        );
        return { ...plan, instances, simulator: { ...plan.simulator, flavor: 'mysql' } };
      }),
    ],
    ["with a dead-man's switch on every source host and every application host", switchPlan()],
    [
      'without GTID',
      referenceWith((plan) => ({
        ...plan,
        chains: plan.chains.map((chain) => ({ ...chain, gtid: 'off' as const })),
      })),
    ],
    [
      'without a way back',
      referenceWith((plan) => ({
        ...plan,
        chains: plan.chains.map((chain) => ({ ...chain, wayBack: { none: 'the source is sold' } })),
      })),
    ],
  ] as const)('%s', (_, plan) => {
    const { announced, sent, run } = bothOf(plan);
    expect(run.outcome).toBe('done');
    expect([...announced].sort()).toEqual([...sent].sort());
  });

  describe.each(['mariadb', 'mysql'] as const)('on the way back (%s)', (flavor) => {
    const accounts = ["'boss'@'%'"];
    const wayBack = (change: Partial<Chain>): Plan => {
      const forth = referenceWith((given) => ({
        ...given,
        simulator: { ...given.simulator, flavor },
        chains: given.chains.map((chain) => ({ ...chain, ...change })),
      }));
      const turned = reversedPlan(forth, {
        schedulersOff: ['orders-a1', 'orders-s1'],
        accountsLocked: [{ instance: 'orders-a1', accounts }],
      });
      if (!turned.ok) throw new Error(turned.error.join('; '));
      return turned.value.plan;
    };
    /** The side that was left, as the way forth left it: its ring open or not, its schedulers off. */
    const asLeft =
      (plan: Plan, ring: 'stopped' | 'running') =>
      (world: AnsweringWorld): void => {
        for (const { target } of plan.chains) {
          const own = target.restore?.ring;
          if (own === undefined) continue;
          const link = runningLink(own.channel, { file: 'log.000007', offset: 500 });
          world.server(own.instance).links.push({ ...link, receiver: ring, applier: ring });
          for (const { instance } of target.masters) world.server(instance).scheduler = false;
        }
      };
    const restoring = (lines: readonly string[]): readonly string[] =>
      lines.filter((each) => each.startsWith('restore ')).sort();

    test.each([
      ['on', 'stopped'],
      ['off', 'stopped'],
      ['on', 'running'],
    ] as const)('GTID %s, ring %s: what restore sends is announced', (gtid, ring) => {
      const plan = wayBack({ gtid });
      const { announced, sent, run } = bothOf(plan, asLeft(plan, ring));
      expect(run.steps['restore:orders']?.state).toBe('done');
      expect(restoring(announced)).toEqual(restoring(sent));
      const said = restoring(announced).join('\n');
      expect(said).toContain('"setEventScheduler",{"on":true}');
      expect(said).toContain('"lockAccounts"');
      expect(said.includes('"startLink"')).toBe(ring === 'stopped');
      expect(said.includes('"moveLink"')).toBe(gtid === 'off');
    });

    test('where the ring goes on is said to be known later', () => {
      const plan = wayBack({ gtid: 'off' });
      const world = openWorld(plan, undefined, false);
      asLeft(plan, 'stopped')(world);
      const moved = actionsAhead(plan, factsIn(world)).filter(
        ({ action }) => action.kind === 'mysql' && action.operation === 'moveLink',
      );
      expect(moved).toHaveLength(2);
      for (const { known } of moved) expect(known).toContain('the run takes it from what it proves');
    });
  });

  test('nothing is announced of a server that is not seen', () => {
    const ahead = actionsAhead(eventfulPlan(), {});
    expect(ahead.filter(({ step }) => step === 'configure-reverse' || step === 'reverse')).toEqual([]);
  });
});
