import type { Credential, Plan } from '../plan/plan.ts';
import type { Dialect } from './dialect.ts';
import { accountStatements } from './dialect-accounts.ts';
import * as effects from './dialect-effects.ts';
import { grantProbes } from './dialect-grants.ts';
import * as links from './dialect-links.ts';
import * as reads from './dialect-reads.ts';
import { locksStatement } from './dialect-locks.ts';
import { linkFacts } from './links-of-plan.ts';
import type { OperationInput, OperationName } from './operations.ts';

/** What the texts of an instance depend on. */
export type StatementSetting = {
  readonly plan: Plan;
  readonly instance: string;
  readonly dialect: Dialect;
  /** The name of an account, as far as it is known without its password. */
  readonly userOf: (reference: Credential) => string;
};

type Texts = {
  readonly [K in OperationName]: (setting: StatementSetting, input: OperationInput<K>) => readonly string[];
};

/**
 * The statements of every operation, from the same texts the session sends, with passwords masked. Where a later
 * statement depends on an earlier answer (keys, roles, definers) the first one stands for it.
 */
const texts: Texts = {
  identity: ({ dialect }) => [reads.identityStatement(dialect)],
  fastFacts: ({ dialect }) => [
    reads.fastFactsStatement(dialect, 'present'),
    dialect.showLinks,
    ...(dialect.placeInStatus ? [] : [dialect.showPosition]),
  ],
  state: ({ dialect }) => reads.stateStatements(dialect),
  links: ({ dialect }) => [dialect.showLinks],
  activity: ({ dialect }) => [
    ...reads.sessionsStatements(dialect),
    reads.transactionsStatement,
    locksStatement(dialect),
  ],
  survey: ({ dialect }) => [
    reads.identityStatement(dialect),
    ...Object.values(accountStatements(dialect)).filter((sql) => sql !== null),
    reads.variablesStatement,
    reads.connectionsStatement,
    dialect.showLinks,
    dialect.showAttached,
    reads.definersStatement,
    reads.eventsStatement,
    dialect.transactionsPrepared,
    reads.nonTransactionalStatement,
    reads.withoutKeyStatement,
    'SHOW BINARY LOGS',
    reads.surveyFactsStatement,
  ],
  accounts: ({ dialect }) => Object.values(accountStatements(dialect)).filter((sql) => sql !== null),
  position: ({ dialect }) => reads.positionStatements(dialect),
  preparedTransactions: ({ dialect }) => [dialect.transactionsPrepared],
  clientSessions: ({ dialect }) => reads.sessionsStatements(dialect),
  threadsAlive: ({ dialect }, { threads }) => reads.threadsStatements(dialect, threads),
  runningStatements: ({ dialect }) => reads.sessionsStatements(dialect),
  openTransactions: ({ dialect }) => [reads.transactionsStatement, ...reads.sessionsStatements(dialect)],
  mostWrittenTables: ({ dialect }, { limit }) => [reads.mostWrittenStatement(dialect, limit)],
  newestRows: (_, { tables }) => (tables.length === 0 ? [] : [reads.keysStatement(tables)]),
  tryGrants: ({ dialect }, { role }) => grantProbes(dialect, role).map(({ statement }) => statement),
  waitApplied: ({ plan, instance, dialect }, { position, sliceMs }) => [
    reads.waitStatement(dialect, position, { sliceMs, channel: linkFacts(plan, instance).ownChannel }),
  ],
  readCanary: (_, { id }) => [effects.readCanaryStatement(id)],
  lockHolder: () => [effects.lockHolderStatement],
  takeLock: () => [effects.takeLockStatement],
  releaseLock: () => [effects.releaseLockStatement],
  fence: ({ dialect }, { lockWaitSeconds }) => effects.fenceStatements(dialect, lockWaitSeconds),
  thaw: (_, { lockHolders }) => [effects.thawStatement(lockHolders)],
  persistFence: ({ dialect }) => effects.persistFenceStatements(dialect),
  unpersistFence: ({ dialect }) => effects.unpersistFenceStatements(dialect),
  setEventScheduler: (_, { on }) => [effects.eventSchedulerStatement(on)],
  lockAccounts: (_, { accounts, locked }) => effects.lockAccountStatements(accounts, locked),
  cancelStatement: (_, { thread }) => [effects.cancelStatement(thread)],
  killThreads: (_, { threads }) => threads.map(effects.killStatement),
  stopLink: ({ dialect }, { channel }) => [links.stopLinkStatement(dialect, channel)],
  startLink: (setting, input) => {
    const account = linkFacts(setting.plan, setting.instance).startsWith(input);
    return links.startLinkStatements(setting.dialect, {
      channel: input.channel,
      account: masked(account, setting),
      from: input.from,
    });
  },
  moveLink: ({ dialect }, { channel, to }) => [links.moveLinkStatement(dialect, channel, to)],
  removeLink: ({ dialect }, { channel }) => links.removeLinkStatements(dialect, channel),
  configureLink: (setting, input) => {
    const { words, account } = linkFacts(setting.plan, setting.instance).wordsWith(input);
    return links.configureLinkStatements(setting.dialect, { ...words, account: masked(account, setting) });
  },
  promote: (_, { notAfterUtc }) => [effects.promoteStatement(notAfterUtc)],
  enableEvents: (_, { events }) => events.map((event) => `ALTER DEFINER = <its own> EVENT ${event} ENABLE`),
  prepareSchema: () => effects.prepareSchemaStatements,
  removeSchema: () => effects.removeSchemaStatements,
  beat: (_, { serverId }) => [effects.beatStatement(serverId)],
  writeCanary: (_, { id }) => [effects.writeCanaryStatement(id)],
  proveFence: () => [effects.proveFenceStatement],
};

/** The statements of one operation on one instance. */
export function statementsOf<K extends OperationName>(
  setting: StatementSetting,
  operation: K,
  input: OperationInput<K>,
): readonly string[] {
  return texts[operation](setting, input);
}

function masked(reference: Credential | null, { userOf }: StatementSetting): links.LinkAccount | null {
  return reference === null ? null : { user: userOf(reference), password: links.passwordMask };
}
