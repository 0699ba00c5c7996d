import type { OperationName } from '../../shared/sessions/operations.ts';
import { order, type StepId, type StepPlace } from '../../shared/steps/order.ts';

/** Ways in which a step can fail by what happens around the cockpit; real servers are failed in these too. */
export const faultWays = [
  'error',
  'none',
  'lost-after-effect',
  'late',
  'lost-session',
  'server-killed',
  'server-paused',
  'partition',
] as const;
export type FaultWay = (typeof faultWays)[number];

/** A way in which a step can fail. */
export type Way = FaultWay | 'abort' | 'crash';

/** One step failing in one way. */
export type Cell = { readonly step: StepId; readonly way: Way };

/** What a step asks of which side, so that a fault can be aimed at it. */
export type Aim = { readonly side: 'source' | 'target'; readonly operations: readonly OperationName[] };

const ways: readonly Way[] = [...faultWays, 'abort', 'crash'];

/** Ways that only a fault aimed at this very step shows; the others meet whatever step happens to run. */
const aimedWays: readonly Way[] = ['error', 'none', 'lost-after-effect', 'late'];

/** Steps that wait for an answer. The others (arm, barrier, claim, announce) begin and end in one decision. */
export const aims: { readonly [S in StepId]?: Aim } = {
  lock: { side: 'source', operations: ['takeLock'] },
  'pre-drain': { side: 'target', operations: ['fastFacts'] },
  quiet: { side: 'source', operations: ['setEventScheduler', 'fastFacts'] },
  'configure-reverse': { side: 'source', operations: ['configureLink'] },
  fence: { side: 'source', operations: ['fence', 'proveFence', 'clientSessions'] },
  'end-sessions': { side: 'source', operations: ['killThreads', 'preparedTransactions'] },
  converge: { side: 'source', operations: ['fastFacts', 'waitApplied'] },
  drain: { side: 'source', operations: ['newestRows', 'openTransactions'] },
  'prepare-reverse': { side: 'source', operations: ['stopLink', 'configureLink'] },
  prove: { side: 'target', operations: ['newestRows', 'fastFacts'] },
  'last-look': { side: 'source', operations: ['state', 'fastFacts'] },
  'persist-fence': { side: 'source', operations: ['persistFence'] },
  detach: { side: 'target', operations: ['removeLink'] },
  promote: { side: 'target', operations: ['promote', 'writeCanary'] },
  reverse: { side: 'source', operations: ['startLink'] },
  canary: { side: 'target', operations: ['readCanary'] },
  residue: { side: 'source', operations: ['clientSessions'] },
  unwind: { side: 'source', operations: ['thaw', 'takeLock'] },
  close: { side: 'target', operations: ['removeSchema'] },
};

/** Every step in every way it can fail: each must be met often enough by any large number of nights. */
export const cells: readonly Cell[] = (Object.keys(aims) as readonly StepId[]).flatMap((step) =>
  ways.map((way) => ({ step, way })),
);

/** The cells in the order in which seeds take them: what is hard to meet comes more often. */
const rota: readonly Cell[] = cells.flatMap((cell) =>
  Array.from({ length: aimedWays.includes(cell.way) ? (cell.step === 'converge' ? 4 : 2) : 1 }, () => cell),
);

/** The cell that a seed aims at; null: one seed in eight aims at none. */
export function cellOf(seed: number): Cell | null {
  return seed % 8 === 0 ? null : (rota[(seed - Math.floor(seed / 8)) % rota.length] ?? null);
}

/** The first seeds that aim at a cell. */
export function seedsAimedAt(wanted: Cell, count: number): readonly number[] {
  const seeds: number[] = [];
  for (let seed = 1; seeds.length < count; seed += 1) {
    const cell = cellOf(seed);
    if (cell?.step === wanted.step && cell.way === wanted.way) seeds.push(seed);
  }
  return seeds;
}

/** Whether a place of the order is one of those from the fence to the promotion, where a crash is the worst. */
export function isInside({ id }: Pick<StepPlace, 'id'>): boolean {
  const place = (wanted: StepId): number => order.findIndex((each) => each.id === wanted);
  return place(id) >= place('fence') && place(id) <= place('promote');
}

/** The name of a cell in reports. */
export function cellName({ step, way }: Cell): string {
  return `${step} × ${way}`;
}
