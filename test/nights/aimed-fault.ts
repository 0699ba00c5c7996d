import type { Chain, Plan } from '../../shared/plan/plan.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import { present } from '../../shared/lib/assert.ts';
import type { StepId } from '../../shared/steps/order.ts';
import type { OperationName } from '../../shared/sessions/operations.ts';
import { reverseEnds } from '../../shared/plan/reverse-ends.ts';
import { instanceOf } from '../../shared/steps/need.ts';
import type { Random } from '../../main/simulator/random.ts';
import { aims, type Cell } from './cells.ts';
import { hostsOf } from './changed-hosts.ts';
import { one } from './draw-plan.ts';

/** What a step asks of a chain, where that hangs on the chain. */
function asked(step: StepId, { gtid }: Chain): readonly OperationName[] {
  const state: OperationName = gtid === 'on' ? 'state' : 'fastFacts';
  if (step === 'last-look') return [state];
  if (step === 'prove') return ['newestRows'];
  if (step === 'prepare-reverse') return [gtid === 'on' ? 'stopLink' : 'configureLink'];
  return present(aims[step], `what ${step} asks`).operations;
}

/** Whether a step that changes hosts does its work on the servers themselves: MySQL keeps a fence, MariaDB's host does. */
function isAsked({ simulator }: Plan, step: StepId): boolean {
  return step === 'restore' && simulator?.flavor === 'mysql';
}

const reverseSteps: readonly StepId[] = ['configure-reverse', 'prepare-reverse', 'reverse'];

/** The fault that makes a step fail in one way, on one chain of the plan. */
export function aimedFault(
  random: Random,
  [plan, chain]: readonly [Plan, Chain],
  { step, way }: Cell,
): Fault {
  const { side, hosts } = present(aims[step], `what ${step} asks`);
  const on = reverseSteps.includes(step)
    ? reverseEnds(chain).receiver
    : one(random, chain[side].masters).instance;
  switch (way) {
    case 'abort':
    case 'crash':
    case 'server-killed':
      return { kind: 'server-killed', on, downMs: 800 + random.whole(2_500) };
    case 'server-paused':
      return { kind: 'server-paused', on, forMs: 100 + random.whole(4_000) };
    case 'lost-session':
      if (hosts !== undefined && !isAsked(plan, step))
        return { kind: 'lost-channel', host: one(random, hostsOf(plan, chain, hosts)) };
      return { kind: 'lost-session', on, purpose: one(random, ['act', 'look', 'abort', 'plain']) };
    case 'partition': {
      const { host } = instanceOf(plan, on);
      const site = present(plan.hosts.find(({ id }) => id === host)?.site, `the site of ${on}`);
      return { kind: 'partition', between: ['laptop', site], forMs: 300 + random.whole(4_000) };
    }
    default:
      if (hosts !== undefined && !isAsked(plan, step))
        return {
          kind: 'host-reply',
          host: one(random, hostsOf(plan, chain, hosts)),
          way,
          code: 1,
          ms: 100 + random.whole(5_000),
          times: 1 + random.whole(2),
        };
      return {
        kind: 'reply',
        on,
        operation: one(random, asked(step, chain)),
        way,
        code: one(random, [1105, 1205, 1290]),
        ms: 100 + random.whole(5_000),
        times: 1 + random.whole(2),
      };
  }
}
