import type { OperationName } from '../../shared/sessions/operations.ts';
import type { StepId } from '../../shared/steps/order.ts';

/** A way in which a step can fail. */
export type Way =
  | 'error'
  | 'none'
  | 'lost-after-effect'
  | 'late'
  | 'lost-session'
  | 'server-killed'
  | 'server-paused'
  | 'partition'
  | 'abort';

/** One step failing in one way. */
export type Cell = { readonly step: StepId; readonly way: Way };

/** What a step asks of which side, so that a fault can be aimed at it. */
export type Aim = { readonly side: 'source' | 'target'; readonly operations: readonly OperationName[] };

const ways: readonly Way[] = [
  'error',
  'none',
  'lost-after-effect',
  'late',
  'lost-session',
  'server-killed',
  'server-paused',
  'partition',
  'abort',
];

/** Steps that wait for an answer. The others (arm, barrier, claim, announce) begin and end in one decision. */
export const aims: { readonly [S in StepId]?: Aim } = {
  lock: { side: 'source', operations: ['takeLock'] },
  'pre-drain': { side: 'target', operations: ['fastFacts'] },
  quiet: { side: 'source', operations: ['setEventScheduler', 'fastFacts'] },
  'configure-reverse': { side: 'source', operations: ['configureLink'] },
  fence: { side: 'source', operations: ['fence', 'proveFence', 'clientSessions'] },
  'end-sessions': { side: 'source', operations: ['killThreads', 'preparedTransactions'] },
  converge: { side: 'source', operations: ['state', 'fastFacts'] },
  drain: { side: 'source', operations: ['newestRows', 'openTransactions'] },
  'prepare-reverse': { side: 'source', operations: ['stopLink', 'configureLink'] },
  prove: { side: 'target', operations: ['newestRows', 'fastFacts'] },
  'last-look': { side: 'source', operations: ['state', 'fastFacts'] },
  'persist-fence': { side: 'source', operations: ['persistFence'] },
  detach: { side: 'target', operations: ['removeLink'] },
  promote: { side: 'target', operations: ['promote', 'writeCanary'] },
  reverse: { side: 'source', operations: ['startLink'] },
  canary: { side: 'source', operations: ['readCanary'] },
  residue: { side: 'source', operations: ['clientSessions'] },
  unwind: { side: 'source', operations: ['thaw', 'takeLock'] },
  close: { side: 'target', operations: ['removeSchema'] },
};

/** Steps that Abort cannot interrupt: those behind the point of no return, and the undo itself. */
const pastAbort: readonly StepId[] = [
  'persist-fence',
  'detach',
  'promote',
  'reverse',
  'canary',
  'residue',
  'close',
];

/** Every step in every way it can fail: each must be met often enough by any large number of nights. */
export const cells: readonly Cell[] = (Object.keys(aims) as readonly StepId[]).flatMap((step) =>
  ways.filter((way) => way !== 'abort' || !pastAbort.includes(step)).map((way) => ({ step, way })),
);

/** The name of a cell in reports. */
export function cellName({ step, way }: Cell): string {
  return `${step} × ${way}`;
}
