import { present } from '../lib/assert.ts';
import type { Chain } from '../plan/plan.ts';
import type { OperationOutput } from '../sessions/operations.ts';
import type { Answer } from '../sessions/session.ts';
import { givenAnswer } from './given-answer.ts';
import { trouble, type Judged, type Needs, type StepContext } from './need.ts';

/** How many of the newest rows of each proof table are compared. */
const rowsCompared = 20;

type Rows = Answer<OperationOutput<'newestRows'>>;

/** Asks for the newest rows of the source, which nothing changes any more once its position is final. */
export function askSourceRows(need: Needs, context: StepContext, chain: Chain): void {
  const tables = context.run.proofTables[chain.id] ?? [];
  const source = present(chain.source.masters[0], 'a source master').instance;
  if (tables.length > 0) askRows(need, context, [source, tables]);
}

/** On the survey session: a slow table must not keep the look session from its next reading. */
function askRows(
  need: Needs,
  { plan }: StepContext,
  [node, tables]: readonly [string, readonly string[]],
): Rows | undefined {
  return need.mysql(
    'rows',
    [node, 'survey'],
    ['newestRows', { tables, rows: rowsCompared }, { limitMs: plan.limits.proveMs }],
  );
}

/** Compares the newest rows of the proof tables on the source, as read beside the drain, with every target master's. */
export function compareRows(need: Needs, context: StepContext, chain: Chain): Judged {
  const tables = context.run.proofTables[chain.id] ?? [];
  if (tables.length === 0) return { kind: 'done', text: 'no proof tables are named or found' };
  const source = present(chain.source.masters[0], 'a source master').instance;
  const step = `drain:${chain.id}`;
  const read: readonly (readonly [string, Rows | undefined])[] = [
    [source, givenAnswer(context.run, [step, `rows@${source}`, 'newestRows'])],
    ...chain.target.masters.map(
      ({ instance }) => [instance, askRows(need, context, [instance, tables])] as const,
    ),
  ];
  for (const [node, answer] of read)
    if (answer !== undefined && answer.kind !== 'ok')
      return { kind: 'failed', text: trouble(node, 'reading the newest rows', answer) };
  const [first, ...others] = read;
  if (first?.[1]?.kind !== 'ok')
    return { kind: 'waiting', text: `the newest rows of ${tables.length} tables` };
  const firstTables = first[1].value.tables;
  const unread = tables.find((table) => !firstTables.some((seen) => seen.table === table));
  if (unread !== undefined) {
    return {
      kind: 'failed',
      text: `the newest rows of ${unread} were not read on ${source}; expected the table to be there`,
    };
  }
  for (const [node, answer] of others) {
    if (answer?.kind !== 'ok') return { kind: 'waiting', text: `the newest rows of ${tables.length} tables` };
    for (const expected of firstTables) {
      const seen = answer.value.tables.find(({ table }) => table === expected.table);
      if (seen === undefined || seen.rows !== expected.rows || seen.sha256 !== expected.sha256) {
        return {
          kind: 'failed',
          text: `the newest rows of ${expected.table} differ between ${source} and ${node}; expected them equal`,
        };
      }
    }
  }
  const without = firstTables.filter(({ sha256 }) => sha256 === null).length;
  return {
    kind: 'done',
    text: `newest rows equal, tables: ${tables.length - without}${without > 0 ? ` (without a key to order by: ${without})` : ''}`,
  };
}
