import type { Plan } from '../plan/plan.ts';
import { dialectOfIdentity, type Dialect } from '../sessions/dialect.ts';
import type { Identity } from '../sessions/identity.ts';
import { effectOperations } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { plainWord } from '../lib/shell-words.ts';
import { statementsOf } from '../sessions/statements.ts';
import { showName } from '../observations/dns-name.ts';
import { showContent, showRouting, showSet } from '../observations/record-set.ts';
import type { Change } from '../steps/change-batch.ts';
import type { RoutingStates } from '../sessions/zone-answers.ts';
import type { Action, MysqlCommand, ZoneCommand } from '../steps/command.ts';

/** Where an action is performed: the instance, the host or the client. */
export function placeOfAction(action: Action): string {
  if (action.kind === 'mysql') return action.instance;
  if (action.kind === 'zone') return action.zone;
  if (action.kind === 'routing') return action.endpoint.region;
  return action.kind === 'app-canary' ? action.client : action.host;
}

/** What an action does, in a few words: `fence on orders-a1`. */
export function actionText(action: Action): string {
  switch (action.kind) {
    case 'mysql':
      return `${action.operation} on ${action.instance}`;
    case 'ssh':
      return `${action.argv.join(' ')} on ${action.host}`;
    case 'ssh-file':
      return `${action.content === null ? 'remove' : 'write'} ${action.path} on ${action.host}`;
    case 'ssh-move':
      return `rename ${action.from} to ${action.to} on ${action.host}`;
    case 'ssh-epoch':
      return `${action.order} this run's epoch on ${action.host}`;
    case 'mirror':
      return `the journal so far on its mirror at ${action.host}`;
    case 'app-canary':
      return `canary ${action.id} through ${action.client}`;
    case 'zone':
      return zoneText(action);
    case 'routing':
      return action.ask === 'read'
        ? `read ${action.controls.join(', ')} at the cluster endpoint in ${action.endpoint.region}`
        : `set ${statesText(action.states)} at the cluster endpoint in ${action.endpoint.region}`;
  }
}

function zoneText(action: ZoneCommand): string {
  switch (action.ask) {
    case 'change':
      return `change zone ${action.zone} (${action.batch.changes.map(changeText).join('; ')})`;
    case 'changeState':
      return `look at change ${action.changeId} of zone ${action.zone}`;
    case 'listNames':
      return `list ${action.names.map(showName).join(', ')} in zone ${action.zone}`;
  }
}

/** States of routing controls in words: `arn… On, arn… Off`. */
export function statesText(states: RoutingStates): string {
  return Object.entries(states)
    .map(([arn, state]) => `${arn} ${state}`)
    .join(', ');
}

/** One change of a batch in words: `DELETE www.shop.example A (east): 192.0.2.10, TTL 60 s, latency us-east-1`. */
export function changeText({ action, set }: Change): string {
  const routing = set.routing.kind === 'simple' ? '' : `, ${showRouting(set.routing)}`;
  return `${action} ${showSet(set)}: ${showContent(set.content)}${routing}`;
}

/** Whether an action changes anything; the others only look. */
export function isEffect(action: Action): boolean {
  if (action.kind === 'mysql') return (effectOperations as readonly string[]).includes(action.operation);
  if (action.kind === 'zone') return action.ask === 'change';
  if (action.kind === 'routing') return action.ask === 'set';
  return action.kind === 'ssh' ? action.effect : action.kind !== 'mirror';
}

/** What the texts of statements depend on, as the run's journal recorded it. */
export type StatementGround = {
  readonly plan: Plan;
  readonly identities: Readonly<Record<string, Identity>>;
};

/** The exact statements or command lines of an action, passwords masked; in words where the version is not known. */
export function linesOf(action: Action, ground: StatementGround): readonly string[] {
  if (action.kind === 'ssh') return [action.argv.map(plainWord).join(' ')];
  if (action.kind === 'zone' && action.ask === 'change') return action.batch.changes.map(changeText);
  if (action.kind !== 'mysql') return [actionText(action)];
  const identity = ground.identities[action.instance];
  const dialect = identity === undefined ? null : dialectOfIdentity(identity);
  if (dialect === null) return [actionText(action)];
  try {
    return statementsOfCommand(action, { ...ground, dialect });
  } catch {
    // A plan or an input that this version of the program no longer understands must not cost the whole report.
    return [actionText(action)];
  }
}

function statementsOfCommand(
  command: MysqlCommand,
  ground: StatementGround & { readonly dialect: Dialect },
): readonly string[] {
  const setting = {
    plan: ground.plan,
    instance: command.instance,
    dialect: ground.dialect,
    userOf: (reference: object) => ('user' in reference ? String(reference.user) : '<account of the plan>'),
  };
  return statementsOf(setting, command.operation, command.input);
}

/** What came back, in one phrase: `ok in 3 ms`, `refused (1205) in 3 s: Lock wait timeout exceeded`. */
export function answerText(answer: Answer<unknown>): string {
  const took = durationText(answer.tookMs);
  if (answer.kind === 'ok') return `ok in ${took}`;
  if (answer.kind === 'none') return `no answer (${answer.why}) in ${took}: ${answer.message}`;
  return `refused${answer.code === null ? '' : ` (${answer.code})`} in ${took}: ${answer.message}`;
}

/** A duration for people: `0.4 ms`, `26 ms`, `1.24 s`, `75 s`. */
export function durationText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
