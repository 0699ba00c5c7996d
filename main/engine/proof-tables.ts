import type { Chain, Plan } from '../../shared/plan/plan.ts';
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
    plan.chains.map(async (chain) => {
      const tables = await tablesOf(chain, sessions);
      if (tables.length > 0) await readOnce([chain, tables], sessions);
      return [chain.id, tables] as const;
    }),
  );
  return Object.fromEntries(chosen);
}

async function tablesOf(chain: Chain, sessions: Sessions): Promise<readonly string[]> {
  if (chain.proofTables !== undefined) return chain.proofTables;
  const master = chain.source.masters[0]?.instance ?? '';
  const found = await sessions
    .mysql(master, 'look')
    ?.ask('mostWrittenTables', { limit: defaultTables }, limitMs);
  return found?.kind === 'ok' ? found.value.tables : [];
}

/**
 * Reads each table once where the proof will read it: its key is known from then on and its newest pages are in memory, so
 * that the frozen minute reads no catalogue. What cannot be read is judged there, by the proof.
 */
async function readOnce(
  [chain, tables]: readonly [Chain, readonly string[]],
  sessions: Sessions,
): Promise<void> {
  const nodes = [...chain.source.masters.slice(0, 1), ...chain.target.masters];
  await Promise.all(
    nodes.map(({ instance }) =>
      sessions.mysql(instance, 'look')?.ask('newestRows', { tables, rows: 1 }, limitMs),
    ),
  );
}
