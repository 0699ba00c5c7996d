import type { Dialect } from '../../shared/sessions/dialect.ts';
import type { LinkAccount, LinkWords } from '../../shared/sessions/dialect-links.ts';
import type { ResultSet } from '../../shared/sessions/dialect-rows.ts';
import type { LinkConfiguration, OperationInput } from '../../shared/sessions/operations.ts';

/** The server said no to one statement. Becomes the operation's `refused`, code and message kept. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
  readonly code: number | null;
  constructor(code: number | null, message: string) {
    super(message);
    this.code = code;
  }
}

/** The connection was lost while an operation talked to the server. */
export class ConversationLost extends Error {
  override readonly name = 'ConversationLost';
}

/** What a session remembers between two operations. */
export type SessionMemory = {
  /** Whether cutover.heartbeat was there when last looked, and when that was (monotonic ms). */
  heartbeat: { readonly present: boolean; readonly lookedAtMs: number };
};

/** The words of replication links that only the plan knows: accounts, TLS, GTID or not, the channel in use. */
export type LinkBook = {
  readonly words: (link: LinkConfiguration) => Promise<LinkWords>;
  readonly startAccount: (input: OperationInput<'startLink'>) => Promise<LinkAccount | null>;
  /** The channel by which this instance follows its source in the plan; null when it follows nobody. */
  readonly ownChannel: string | null;
};

/** What an operation needs to talk to one server. `query` throws StatementRefused and ConversationLost. */
export type Conversation = {
  readonly dialect: Dialect;
  readonly query: (sql: string, bytes?: boolean) => Promise<ResultSet>;
  readonly memory: SessionMemory;
  readonly links: LinkBook;
  /** Key columns by table, shared by all sessions of an instance: looked up before the hold, used in the minute. */
  readonly keys: Map<string, readonly string[] | null>;
};

/** Runs a statement; an error number that `means` knows becomes its value. */
export async function queryOr<T>(
  conversation: Conversation,
  sql: string,
  means: { readonly codes: readonly number[]; readonly value: T },
): Promise<ResultSet | T> {
  try {
    return await conversation.query(sql);
  } catch (error) {
    if (error instanceof StatementRefused && error.code !== null && means.codes.includes(error.code))
      return means.value;
    throw error;
  }
}

/** Runs a statement; when a privilege is missing, the refusal names the GRANT. */
export async function queryNeeding(
  conversation: Conversation,
  sql: string,
  grant: string,
): Promise<ResultSet> {
  try {
    return await conversation.query(sql);
  } catch (error) {
    if (error instanceof StatementRefused && error.code !== null && deniedErrors.includes(error.code)) {
      throw new StatementRefused(
        error.code,
        `${error.message}. Mend it with: GRANT ${grant} TO the account of this session.`,
      );
    }
    throw error;
  }
}

/** Access denied: to a database, a table, a column, globally, and XA RECOVER's own. */
const deniedErrors: readonly number[] = [1044, 1142, 1143, 1227, 1401];
