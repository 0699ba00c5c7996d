import type { Plan } from '../plan/plan.ts';
import { readAll, transactionsUnreadMs } from './before-fence.ts';
import type { FastFacts } from '../sessions/operations.ts';
import type { FactsByInstance } from './containment.ts';
import { lockBypassAccounts } from './bypass-accounts.ts';
import { stageDropIns } from './durable-fence.ts';
import { flipReady } from './flip.ts';
import { firstTrouble } from './first-trouble.ts';
import {
  done,
  failure,
  fleetHosts,
  needs,
  sourceNodes,
  trouble,
  type Needs,
  type StepFunction,
} from './need.ts';

/** Maintenance mode where the plan has it, scheduler off and bypass accounts locked on every source node, drop-in files ready beside their places. */
export const quiet: StepFunction = (context) => {
  const need = needs(context);
  const nodes = context.plan.chains.flatMap(sourceNodes);
  const before = readAll(need, 'before', nodes);
  if (before.kind === 'failed') return failure(before.text);
  if (before.kind === 'waiting') return need.waiting('the state of the source nodes');
  const closed = alreadyClosed(context.plan, before.facts);
  if (closed !== null) return failure(closed);
  const maintenance = maintenanceOn(need, context.plan);
  if (maintenance.kind === 'failed') return failure(maintenance.text);
  const schedulers = schedulersOff(need, before.facts);
  if (schedulers.kind === 'failed') return failure(schedulers.text);
  const locked = lockBypassAccounts(need, context);
  if (locked.kind === 'failed') return failure(locked.text);
  const staged = stageDropIns(need, context, before.facts);
  if (staged.kind === 'failed') return failure(staged.text);
  const flip = flipReady(need, context);
  if (flip.kind === 'failed') return failure(flip.text);
  if (schedulers.kind === 'waiting') return need.waiting(schedulers.text);
  if (locked.kind === 'waiting') return need.waiting(locked.text);
  if (staged.kind === 'waiting') return need.waiting(staged.text);
  if (flip.kind === 'waiting') return need.waiting(flip.text);
  if (maintenance.kind === 'waiting') return need.waiting(maintenance.text);
  const restedAt = (context.run.steps['lock']?.startedAt ?? context.startedAt).monoMs + transactionsUnreadMs;
  if (context.now.monoMs < restedAt)
    return need.waiting('the lists of open transactions to be fresh when they are asked for', restedAt);
  return done(`${maintenance.text}${schedulers.text}${locked.text}${staged.text}${flip.text}`);
};

/** A master that is closed already was closed by somebody else since go/no-go: the undo would open it. */
function alreadyClosed(plan: Plan, facts: FactsByInstance): string | null {
  const masters = plan.chains.flatMap((chain) => chain.source.masters.map(({ instance }) => instance));
  const closed = masters.filter((node) => facts[node]?.readOnly !== false);
  if (closed.length === 0) return null;
  return `${closed.join(', ')} is read-only before the fence; expected it writable. Find out who closed it since go/no-go, and why.`;
}

type Part = { readonly kind: 'done' | 'waiting' | 'failed'; readonly text: string };

function maintenanceOn(need: Needs, plan: Plan): Part {
  const waiting: string[] = [];
  const on: string[] = [];
  for (const { fleet, host } of fleetHosts(plan)) {
    if (fleet.maintenance === undefined) continue;
    const undo = { kind: 'maintenance-off', fleet: fleet.id, host } as const;
    // The name carries the fleet: a host may be in two.
    const answer = need.ssh(`${fleet.id}.maintenance`, [host, fleet.maintenance.on], { effect: true, undo });
    if (answer === undefined) waiting.push(host);
    else if (answer.kind !== 'ok')
      return { kind: 'failed', text: trouble(host, 'maintenance mode on', answer) };
    else on.push(host);
  }
  if (waiting.length > 0) return { kind: 'waiting', text: `maintenance mode on ${waiting.join(', ')}` };
  return { kind: 'done', text: on.length === 0 ? '' : `Maintenance mode on ${on.join(', ')}. ` };
}

function schedulersOff(need: Needs, before: Readonly<Record<string, FastFacts>>): Part {
  const busy = Object.entries(before).flatMap(([node, facts]) => (facts.eventScheduler ? [node] : []));
  const off = busy.map((node) => {
    const undo = { kind: 'scheduler-on', instance: node } as const;
    return [
      node,
      need.mysql('scheduler-off', [node, 'act'], ['setEventScheduler', { on: false }, { undo }]),
    ] as const;
  });
  const refused = firstTrouble('event scheduler off', off);
  if (refused !== null) return { kind: 'failed', text: refused };
  if (off.some(([, answer]) => answer === undefined))
    return { kind: 'waiting', text: 'the event scheduler to be off' };
  const after = readAll(need, 'after', busy);
  if (after.kind === 'failed') return after;
  if (after.kind === 'waiting') return { kind: 'waiting', text: 'the event scheduler to be read back' };
  const still = busy.filter((node) => after.facts[node]?.eventScheduler !== false);
  if (still.length > 0)
    return {
      kind: 'failed',
      text: `the event scheduler of ${still.join(', ')} is still on; expected it off`,
    };
  return {
    kind: 'done',
    text: busy.length === 0 ? 'No event scheduler was on.' : `Event scheduler off on ${busy.join(', ')}.`,
  };
}
