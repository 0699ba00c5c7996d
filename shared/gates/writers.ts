import { chainNodes, sourceMasters } from '../observations/plan-nodes.ts';
import type { Chain } from '../plan/plan.ts';
import type { Activity } from '../sessions/operations.ts';
import { on, readOnlyStatement } from './fix.ts';
import type { Look } from './look.ts';
import type { GateDefinition } from './world.ts';

const group = 'writers';

/** Gates on who writes where. */
export const writers: readonly GateDefinition[] = [
  {
    id: 'writers.source-writable',
    group,
    scope: 'chain',
    title: (chain) => `Every source master of ${chain} takes writes.`,
    guards: ['I3'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      for (const instance of sourceMasters(chain)) {
        const facts = look.fast(instance);
        if (facts === undefined) continue;
        look.expect(
          !facts.readOnly,
          `${instance}: expected a writable source master, seen read-only.`,
          on(instance, 'find out who closed it and why; then SET GLOBAL read_only = 0;'),
        );
      }
      return look.judgement();
    },
  },
  {
    id: 'writers.others-read-only',
    group,
    scope: 'chain',
    title: (chain) => `Every other node of ${chain} is read-only.`,
    guards: ['I1', 'I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      const masters = sourceMasters(chain);
      for (const { instance, side, role } of chainNodes(chain)) {
        if (masters.includes(instance)) continue;
        const facts = look.fast(instance);
        if (facts === undefined) continue;
        if (facts.readOnly) {
          look.note(`${instance}: read-only.`);
          continue;
        }
        const active = look.activity(instance);
        const who = active === undefined ? 'who writes there is unknown' : whoWrites(active);
        look.row(instance, `${side} ${role}`, who);
        look.expect(
          false,
          `${instance}: expected a read-only ${side} ${role}, seen writable; ${who}.`,
          on(instance, readOnlyStatement(facts.position.flavor)),
        );
      }
      return look.judgement('writable node', 'place', 'who writes there');
    },
  },
  {
    id: 'writers.prepared-xa',
    group,
    scope: 'chain',
    title: (chain) => `No XA transaction is prepared on ${chain}.`,
    guards: ['I2'],
    overridable: false,
    blocking: true,
    judge: (_world, chain, look) => {
      const nodes = chainNodes(chain).filter(({ role }) => role === 'master');
      for (const { instance } of nodes) {
        const survey = look.survey(instance);
        if (survey === undefined) continue;
        for (const xid of survey.preparedXids) look.row(instance, xid);
        // XA COMMIT passes super_read_only: a prepared transaction can write behind the fence.
        look.expect(
          survey.preparedXids.length === 0,
          `${instance}: expected no prepared XA transaction, seen ${survey.preparedXids.length}.`,
          survey.preparedXids
            .map((xid) => on(instance, `XA COMMIT ${xid}; or XA ROLLBACK ${xid}; as its owner decides`))
            .join('\n'),
        );
      }
      return look.judgement('node', 'xid');
    },
  },
  {
    id: 'writers.events',
    group,
    scope: 'chain',
    title: (chain) =>
      `Every enabled event of ${chain} is planned to run on the target, and runs nowhere else meanwhile.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: (_world, chain, look) => {
      judgeEventsOnSource(chain, look);
      for (const { instance } of chainNodes(chain).filter(
        ({ instance: id }) => !sourceMasters(chain).includes(id),
      )) {
        const facts = look.fast(instance);
        const survey = look.survey(instance);
        if (facts === undefined || survey === undefined || !facts.eventScheduler) continue;
        for (const event of survey.events.filter(({ status }) => status === 'ENABLED')) {
          look.expect(
            false,
            `${instance}: expected no enabled event beside the source masters, seen ${event.schema}.${event.name}.`,
            on(
              instance,
              `SET sql_log_bin = 0; ALTER EVENT ${event.schema}.${event.name} DISABLE; or SET GLOBAL event_scheduler = OFF;`,
            ),
          );
        }
      }
      return look.judgement('node', 'event', 'status', 'definer');
    },
  },
];

function judgeEventsOnSource(chain: Chain, look: Look): void {
  const seen = new Set<string>();
  let complete = true;
  for (const instance of sourceMasters(chain)) {
    const survey = look.survey(instance);
    if (survey === undefined) complete = false;
    for (const event of survey?.events ?? []) {
      const name = `${event.schema}.${event.name}`;
      seen.add(name);
      look.row(instance, name, event.status, event.definer);
      if (event.status !== 'ENABLED') continue;
      look.expect(
        chain.events.includes(name),
        `${instance}: expected event ${name} among the events of the plan, seen it enabled and not planned.`,
        `Add ${name} to events of chain ${chain.id}, or on ${instance}: ALTER EVENT ${name} DISABLE;`,
      );
    }
  }
  for (const name of chain.events) {
    if (complete)
      look.expect(
        seen.has(name),
        `Expected planned event ${name} on a source master of ${chain.id}, seen none.`,
        `Correct events of chain ${chain.id} in the plan.`,
      );
  }
}

/** Names the accounts at work on a server, those that changed rows first. */
function whoWrites(active: Activity): string {
  const writing = active.transactions
    .filter(({ rowsModified }) => rowsModified > 0)
    .map(({ user, host }) => `${user}@${host}`);
  if (writing.length > 0) return `written by ${[...new Set(writing)].join(', ')}`;
  const present = active.sessions.map(({ user, host }) => `${user}@${host}`);
  return present.length > 0
    ? `connected: ${[...new Set(present)].slice(0, 10).join(', ')}`
    : 'nobody is connected just now';
}
