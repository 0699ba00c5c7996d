import type { Plan } from '../../shared/plan/plan.ts';
import type { OperationInput, OperationName } from '../../shared/sessions/operations.ts';
import { present } from '../../shared/lib/assert.ts';
import { dialectOf, type Dialect } from '../../shared/sessions/dialect.ts';
import { statementsOf as textsOf } from '../../shared/sessions/statements.ts';
import { parseVersion } from '../../shared/sessions/versions.ts';
import { accountName } from './estate-accounts.ts';
import type { Server } from './world.ts';

/** The words a server of the world would understand. */
export function dialectAt(server: Server): Dialect {
  return dialectOf(
    present(parseVersion(server.versionText, ''), `a known version for ${server.versionText}`),
  );
}

/** The statements an operation would send to this server: the real adapter's own texts, passwords masked. */
export function statementsOf<K extends OperationName>(
  plan: Plan,
  server: Server,
  wanted: { readonly operation: K; readonly input: OperationInput<K> },
): readonly string[] {
  const setting = {
    plan,
    instance: server.id,
    dialect: dialectAt(server),
    userOf: (reference: Parameters<typeof accountName>[0]) => accountName(reference, 'replication'),
  };
  return textsOf(setting, wanted.operation, wanted.input);
}
