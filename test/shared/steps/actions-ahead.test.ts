import { describe, expect, test } from 'vitest';
import { isEffect, placeOfAction } from '../../../shared/audit/command-text.ts';
import type { FastFacts } from '../../../shared/sessions/operations.ts';
import { actionsAhead, laterMoment, laterRun } from '../../../shared/steps/actions-ahead.ts';
import type { Action } from '../../../shared/steps/command.ts';
import { changeComment } from '../../../shared/steps/prepared-zone.ts';
import { planNodes } from '../../../shared/steps/need.ts';
import type { Plan } from '../../../shared/plan/plan.ts';
import { openWorld } from '../../helpers/answering-world.ts';
import { performHonestly } from '../../helpers/model-operations.ts';
import { switchPlan } from '../../helpers/switch-plan.ts';
import { eventfulPlan, referencePlan, referenceWith } from '../../helpers/reference-plan.ts';

/** Only the run finds out whether and which. */
const foundOut = ['killThreads', 'writeCanary'];

/** What go/no-go announces for a plan, and the effects that a quiet night of it then has. */
function bothOf(plan: Plan) {
  const before = openWorld(plan, undefined, false);
  const facts = Object.fromEntries(
    planNodes(plan).map((instance) => {
      const action = {
        kind: 'mysql',
        instance,
        session: 'look',
        operation: 'fastFacts',
        input: {},
      } as const;
      const seen = performHonestly(before.model, action, 0);
      return [instance, (seen as { readonly value: FastFacts }).value] as const;
    }),
  );
  const world = openWorld(plan);
  expect(world.finish().outcome).toBe('done');
  const sent = world.intents.flatMap(({ command: { key, action } }) =>
    isEffect(action) &&
    action.kind !== 'app-canary' &&
    !(action.kind === 'mysql' && foundOut.includes(action.operation))
      ? [line(key.split(/[#:]/)[0] ?? '', action)]
      : [],
  );
  return { announced: actionsAhead(plan, facts).map(({ step, action }) => line(step, action)), sent };
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
    const { announced, sent } = bothOf(plan);
    expect([...announced].sort()).toEqual([...sent].sort());
  });

  test('nothing is announced of a server that is not seen', () => {
    const ahead = actionsAhead(eventfulPlan(), {});
    expect(ahead.filter(({ step }) => step === 'configure-reverse' || step === 'reverse')).toEqual([]);
  });
});
