import type { Plan } from '../../shared/plan/plan.ts';
import type { Sessions } from './sessions.ts';

const limitMs = 5_000;
/** How many of the most written tables are compared when a plan names none. */
const defaultTables = 10;

/** The proof tables of each chain: the plan's, or the ten most written of its first source master. */
export async function choosePlanTables(
  plan: Plan,
  sessions: Sessions,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const chosen = await Promise.all(
    plan.chains.map(async (chain): Promise<readonly [string, readonly string[]]> => {
      if (chain.proofTables !== undefined) return [chain.id, chain.proofTables];
      const master = chain.source.masters[0]?.instance ?? '';
      const found = await sessions
        .mysql(master, 'look')
        ?.ask('mostWrittenTables', { limit: defaultTables }, limitMs);
      return [chain.id, found?.kind === 'ok' ? found.value.tables : []];
    }),
  );
  return Object.fromEntries(chosen);
}
