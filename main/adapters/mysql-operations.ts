import type { OperationInput, OperationName, OperationOutput } from '../../shared/sessions/operations.ts';
import type { Conversation } from './mysql-conversation.ts';
import * as effects from './mysql-operations-effects.ts';
import * as reads from './mysql-operations-reads.ts';
import * as sessions from './mysql-operations-sessions.ts';
import { accounts, survey } from './mysql-operations-survey.ts';

/** One operation as a talk with one server. */
export type OperationHandler<K extends OperationName> = (
  conversation: Conversation,
  input: OperationInput<K>,
) => Promise<OperationOutput<K>>;

/** Every operation of the contract: a new one does not compile until it is handled here. */
export const operationHandlers: { readonly [K in OperationName]: OperationHandler<K> } = {
  identity: reads.identity,
  fastFacts: reads.fastFacts,
  state: reads.state,
  activity: sessions.activity,
  survey,
  accounts,
  position: reads.position,
  preparedTransactions: reads.preparedTransactions,
  clientSessions: sessions.clientSessions,
  threadsAlive: sessions.threadsAlive,
  runningStatements: sessions.runningStatements,
  openTransactions: sessions.openTransactions,
  mostWrittenTables: reads.mostWrittenTables,
  newestRows: reads.newestRows,
  tryGrants: reads.tryGrants,
  waitApplied: reads.waitApplied,
  readCanary: reads.readCanary,
  links: reads.links,
  lockHolder: reads.lockHolder,
  takeLock: effects.takeLock,
  releaseLock: effects.releaseLock,
  fence: effects.fence,
  thaw: effects.thaw,
  persistFence: effects.persistFence,
  unpersistFence: effects.unpersistFence,
  setEventScheduler: effects.setEventScheduler,
  lockAccounts: effects.lockAccounts,
  cancelStatement: effects.cancelStatement,
  killThreads: effects.killThreads,
  stopLink: effects.stopLink,
  startLink: effects.startLink,
  moveLink: effects.moveLink,
  removeLink: effects.removeLink,
  configureLink: effects.configureLink,
  promote: effects.promote,
  enableEvents: effects.enableEvents,
  prepareSchema: effects.prepareSchema,
  removeSchema: effects.removeSchema,
  beat: effects.beat,
  writeCanary: effects.writeCanary,
  proveFence: effects.proveFence,
};
