import { accountStatements, foldAccounts, holds, rolesOf } from '../../shared/sessions/dialect-accounts.ts';
import { readIdentity, readXids } from '../../shared/sessions/dialect-facts.ts';
import { censusPrivileges } from '../../shared/sessions/dialect-grants.ts';
import { readLinks } from '../../shared/sessions/dialect-links.ts';
import { quoteText } from '../../shared/sessions/dialect-quote.ts';
import {
  connectionsStatement,
  definersStatement,
  eventsStatement,
  identityStatement,
  nonTransactionalStatement,
  surveyFactsStatement,
  variablesStatement,
  withoutKeyStatement,
} from '../../shared/sessions/dialect-reads.ts';
import { gtidText, onlyRow, rowsOf, wholeNumber } from '../../shared/sessions/dialect-rows.ts';
import type { ResultSet } from '../../shared/sessions/dialect-rows.ts';
import { readSettings, readVariables, variable } from '../../shared/sessions/dialect-settings.ts';
import type { OperationOutput } from '../../shared/sessions/operations.ts';
import type { Account, Survey } from '../../shared/sessions/survey.ts';
import type { Conversation } from './mysql-conversation.ts';
import { queryNeeding, StatementRefused } from './mysql-conversation.ts';

/** Everything that changes slowly. A part that may not be read refuses the whole: half a census looks like a clean one. */
export async function survey(conversation: Conversation): Promise<Survey> {
  const { dialect, query } = conversation;
  const mariadb = dialect.version.flavor === 'mariadb';
  const identity = readIdentity(dialect, await query(identityStatement(dialect)));
  const accounts = await readAccounts(conversation);
  assertCensusSees(identity.account, accounts);
  const variables = readVariables(await query(variablesStatement));
  const status = await query(connectionsStatement);
  return {
    identity,
    links: readLinks(dialect, await query(dialect.showLinks)),
    attachedServerIds: rowsOf(
      await queryNeeding(conversation, dialect.showAttached, attachedGrant(mariadb)),
      dialect.showAttached,
    ).map((row) => row.whole('Server_Id', 'Server_id')),
    accounts,
    definers: rowsOf(await query(definersStatement), 'The definers').map((row) => ({
      kind: row.must('kind'),
      schema: row.must('schema_name'),
      name: row.must('name'),
      definer: row.must('definer'),
    })),
    events: rowsOf(await query(eventsStatement), 'The events').map((row) => ({
      schema: row.must('schema_name'),
      name: row.must('name'),
      status: row.must('status'),
      definer: row.must('definer'),
    })),
    preparedXids: readXids(
      await queryNeeding(conversation, dialect.transactionsPrepared, 'XA_RECOVER_ADMIN ON *.*'),
    ),
    nonTransactionalTables: names(await query(nonTransactionalStatement)),
    tablesWithoutKey: names(await query(withoutKeyStatement)),
    binaryLogs: await readBinaryLogs(conversation, variable(variables, 'log_bin')),
    purgedGtid: mariadb ? '' : gtidText(variable(variables, 'gtid_purged')),
    settings: readSettings(dialect, variables),
    maxConnections: wholeNumber(variable(variables, 'max_connections'), 'max_connections'),
    connections: onlyRow(status, 'SHOW GLOBAL STATUS').whole('Value'),
    schemaPrepared:
      onlyRow(await query(surveyFactsStatement), 'The cutover schema').whole('cutover_tables') === 2,
  };
}

/** The census alone. */
export async function accounts(conversation: Conversation): Promise<OperationOutput<'accounts'>> {
  return { accounts: await readAccounts(conversation) };
}

function attachedGrant(mariadb: boolean): string {
  return mariadb ? 'REPLICATION MASTER ADMIN ON *.*' : 'REPLICATION SLAVE ON *.*';
}

function names(set: ResultSet): readonly string[] {
  return rowsOf(set, 'The tables').map((row) => row.must('name'));
}

async function readBinaryLogs({ query }: Conversation, logBin: string): Promise<Survey['binaryLogs']> {
  // Without a binary log the statement is an error (1381), and there are none.
  if (logBin !== 'ON') return [];
  return rowsOf(await query('SHOW BINARY LOGS'), 'SHOW BINARY LOGS').map((row) => ({
    file: row.must('Log_name'),
    bytes: row.whole('File_size'),
  }));
}

async function readAccounts(conversation: Conversation): Promise<readonly Account[]> {
  const { dialect, query } = conversation;
  const statements = accountStatements(dialect);
  const ask = (sql: string | null): Promise<ResultSet | null> =>
    sql === null ? Promise.resolve(null) : queryNeeding(conversation, sql, 'SELECT ON mysql.*');
  const accounts = await queryNeeding(conversation, statements.accounts, 'SELECT ON mysql.*');
  const privileges = await ask(statements.privileges);
  const edges = await ask(statements.edges);
  const mandatory = await ask(statements.mandatory);
  const roleGrants = new Map<string, ResultSet>();
  for (const role of rolesOf(dialect, accounts)) {
    roleGrants.set(role, await query(`SHOW GRANTS FOR ${role === 'PUBLIC' ? role : quoteText(role)}`));
  }
  return foldAccounts(dialect, { accounts, privileges, edges, mandatory, roleGrants });
}

/** The catalogue hides what the account may not touch, and says nothing: so the account's own privileges are looked at. */
function assertCensusSees(current: string, accounts: readonly Account[]): void {
  const at = current.lastIndexOf('@');
  const name = `'${current.slice(0, at)}'@'${current.slice(at + 1)}'`;
  const own = new Set(accounts.find(({ account }) => account === name)?.privileges ?? []);
  const missing = censusPrivileges().filter((privilege) => !holds(own, privilege));
  if (missing.length === 0) return;
  throw new StatementRefused(
    null,
    `The census would be blind: ${name} lacks ${missing.join(', ')} and would not be shown what it may not touch ` +
      `(triggers, views, routines, events, tables). Mend it with: GRANT ${missing.join(', ')} ON *.* TO ${name}.`,
  );
}
