import type { OperationInput, OperationName, OperationOutput } from '../../shared/sessions/operations.ts';
import type { TriedGrant } from '../../shared/sessions/survey.ts';
import { performEffects } from './mysql-effects.ts';
import { performLinks } from './mysql-links.ts';
import { performReads } from './mysql-reads.ts';
import { reads, type Call, type Performers, type Reply } from './mysql-call.ts';
import { grantProbes } from '../../shared/sessions/dialect-grants.ts';
import { dialectAt } from './statements.ts';
import type { World } from './world.ts';

function tryGrants(
  { server, account }: Call,
  { role }: { readonly role: 'source' | 'target' },
): { readonly tried: readonly TriedGrant[] } {
  const granted = account.bypasses;
  return {
    tried: grantProbes(dialectAt(server), role).map(({ need, statement, fix }) => ({
      need,
      statement,
      granted,
      errorNumber: granted ? null : 1227,
      message: granted
        ? null
        : 'Access denied; you need (at least one of) the privilege(s) for this operation',
      fix,
    })),
  };
}

const operations: Performers<OperationName> = {
  ...performReads,
  ...performEffects,
  ...performLinks,
  tryGrants: reads(tryGrants),
};

/** Performs one operation on its server; `done` is called there, exactly once. */
export function operate<K extends OperationName>(
  call: Call,
  wanted: { readonly operation: K; readonly input: OperationInput<K> },
  done: (reply: Reply<OperationOutput<K>>) => void,
): void {
  operations[wanted.operation](call, wanted.input, done);
}

const slowMs: { readonly [K in OperationName]?: number } = {
  survey: 25,
  newestRows: 3,
  tryGrants: 12,
  prepareSchema: 30,
  removeSchema: 20,
  activity: 2,
};

/** How long the server works on an operation, waiting apart. */
export function serviceMs(world: World, operation: OperationName): number {
  return (slowMs[operation] ?? 0.4) * world.random.between(0.7, 1.6);
}
