import { effectOperations, type OperationName } from '../../shared/sessions/operations.ts';
import { lacksOfSource, takesWrites, type StatementRule } from './scene.ts';

const effects = new Set<OperationName>(effectOperations);
/** What the cockpit may change before anybody released anything: preparing is a person's own press. */
const beforeRelease: readonly OperationName[] = ['prepareSchema'];

/** Whether an operation changes something on its server. */
export function changes(operation: OperationName): boolean {
  return effects.has(operation);
}

/** Rules of what arrives at servers and what it does there. */
export const statementRules: readonly StatementRule[] = [
  {
    name: 'effectHasIntent',
    law: 'I5',
    edge: 'before',
    operations: 'effects',
    byJournal: true,
    check: ({ intents, arrived, released }, { id }, operation) => {
      if (!released) return null;
      const name = `${operation} on ${id}`;
      const times = arrived.get(name) ?? 0;
      return times > (intents.get(name) ?? 0)
        ? `${name} arrives, time ${times}, without an intent in the journal`
        : null;
    },
  },
  {
    name: 'lookingIsInert',
    law: 'R12',
    edge: 'before',
    operations: 'effects',
    check: ({ released }, { id }, operation) =>
      released || beforeRelease.includes(operation)
        ? null
        : `${operation} arrives at ${id} before the release`,
  },
  {
    name: 'nothingForStrangers',
    law: 'I7',
    edge: 'before',
    operations: 'effects',
    check: (_scene, { id, replacedBy }, operation) =>
      replacedBy === null ? null : `${operation} arrives at ${id}, which is another server by now`,
  },
  {
    name: 'promotedHoldsEveryWrite',
    law: 'I2',
    edge: 'before',
    operations: ['promote'],
    check: (scene, server) => {
      if (scene.excused.has(server.chain.id)) return null;
      const missing = lacksOfSource(scene, server);
      return missing === 0 ? null : `${server.id} is promoted and lacks ${missing} acknowledged writes`;
    },
  },
  {
    name: 'promotedBehindRecord',
    law: 'I4',
    edge: 'before',
    operations: ['promote'],
    byJournal: true,
    check: ({ ponrSeq }, { id }) =>
      ponrSeq === null ? `promote arrives at ${id}, and the journal has no point of no return` : null,
  },
  {
    name: 'promotedOnlyInTime',
    law: 'I2',
    edge: 'after',
    operations: ['promote'],
    check: ({ run, script, simulator }, server) => {
      const step = run?.steps[`promote:${server.chain.id}`];
      const lookedAt = run?.steps['last-look']?.endedAt ?? null;
      if (!takesWrites(server) || step === undefined || step.attempt > 1 || lookedAt === null) return null;
      const lateMs = simulator.clock.nowMs() - lookedAt.monoMs - script.plan.limits.passageMs;
      // The guard is on the server's own clock, which was read a way before it was judged.
      return lateMs > 5 && !simulator.happened.some(({ fault }) => fault.kind === 'clock-offset')
        ? `${server.id} is opened ${lateMs.toFixed(0)} ms behind the narrow passage`
        : null;
    },
  },
  {
    name: 'openedUnderTheLock',
    law: 'I8',
    edge: 'after',
    operations: ['promote', 'thaw'],
    check: (_scene, { id, lockHolder, readOnly, threads }) =>
      readOnly || lockHolder === null || threads.get(lockHolder)?.owner === 'cockpit'
        ? null
        : `${id} is opened under the lock of thread ${lockHolder}, which is not the cockpit's`,
  },
  {
    name: 'thawedBeforeAnyPromotion',
    law: 'I4',
    edge: 'before',
    operations: ['thaw'],
    byJournal: true,
    check: ({ ponrSeq }, { id }) =>
      ponrSeq === null ? null : `a thaw arrives at ${id} behind the point of no return`,
  },
];
