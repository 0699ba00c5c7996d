import type { StepId } from '../../../shared/steps/order.ts';
import { order } from '../../../shared/steps/order.ts';
import { faultWays, type FaultWay } from '../../nights/cells.ts';
import type { Flavor } from '../topology.ts';

/** The cockpit itself is killed (SIGKILL): before the record that begins a step, in the middle of it, behind the one that ends the step. */
export const crashWays = ['crash-before', 'crash-torn', 'crash-after'] as const;
export type CrashWay = (typeof crashWays)[number];

export const cellWays = [...faultWays, ...crashWays] as const;
export type CellWay = FaultWay | CrashWay;

/** One cell for each way, so that what is not a killed cockpit is known to be a fault around it. */
export type Cell<W extends CellWay = CellWay> = W extends CellWay
  ? { readonly flavor: Flavor; readonly step: StepId; readonly way: W }
  : never;

/** Whether it is the cockpit that fails in a cell, and nothing around it. */
export const isCrash = (cell: Cell): cell is Cell<CrashWay> => crashWays.some((way) => way === cell.way);

/** Why a step has nothing that could fail. */
const sendsNothing: { readonly [S in StepId]?: string } = {
  barrier: 'it begins and ends in one decision and asks nobody',
  flip: "the lab's plans have no flip: the step says so and sends nothing",
};

/** Why a step sends nothing on servers of one flavour. */
const sendsNothingOn: { readonly [F in Flavor]: { readonly [S in StepId]?: string } } = {
  mariadb: {},
  mysql: {
    'prepare-reverse': 'with the GTIDs of MySQL events cannot circle: the ring stays closed, nothing is sent',
  },
};

/** Steps that only look: a look has no effect that could come late or outlive its reply. */
const looksOnly: ReadonlySet<StepId> = new Set([
  'pre-drain',
  'converge',
  'drain',
  'prove',
  'last-look',
  'residue',
]);

/** Where a step's commands go by HTTP, to the application or to Route 53, there is no session to lose. */
const withoutSession: ReadonlySet<StepId> = new Set(['canary', 'announce']);

/** Why a cell cannot exist; null: it is tried. */
export function whyNot({ flavor, step, way }: Pick<Cell, 'flavor' | 'step' | 'way'>): string | null {
  if (crashWays.some((each) => each === way)) return null;
  const silent = sendsNothing[step] ?? sendsNothingOn[flavor][step];
  if (silent !== undefined) return silent;
  if (looksOnly.has(step) && (way === 'lost-after-effect' || way === 'late'))
    return 'it only looks: there is no effect that could come late or outlive its reply';
  if (withoutSession.has(step) && way === 'lost-session')
    return 'it asks by HTTP: there is no session to lose';
  return null;
}

/** Whether the command of that step that is broken must be one with an effect. */
export const breaksEffect = (step: StepId): boolean => !looksOnly.has(step);

/** Every step there is, the undo and Close among them. */
export const steps: readonly StepId[] = [...order.map(({ id }) => id), 'unwind', 'close'];

/** Every cell of one flavour that can exist, way by way within a step. */
export function cellsOf(flavor: Flavor): readonly Cell[] {
  return steps.flatMap((step) =>
    cellWays.map((way): Cell => ({ flavor, step, way })).filter((cell) => whyNot(cell) === null),
  );
}

/** The name of a cell in reports. */
export const nameOf = ({ flavor, step, way }: Cell): string => `${flavor}: ${step} × ${way}`;

/** Cells in an order that a text such as a commit draws: the same text always draws the same. */
export function inLotOrder(cells: readonly Cell[], text: string): readonly Cell[] {
  const lots = new Map(cells.map((cell) => [cell, lotOf(`${text} ${nameOf(cell)}`)]));
  return cells.toSorted((one, other) => (lots.get(one) ?? 0) - (lots.get(other) ?? 0));
}

/** What a slice has one of: a flavour in a way; a killed cockpit is one way. */
export const kindOf = (cell: Cell): string => `${cell.flavor} ${isCrash(cell) ? 'crash' : cell.way}`;

/** A slice of all cells that a text draws: each flavour in each way once (a killed cockpit is one way), the step by lot. */
export function sliceOf(cells: readonly Cell[], text: string): readonly Cell[] {
  const first = new Map<string, Cell>();
  for (const cell of inLotOrder(cells, text)) {
    if (!first.has(kindOf(cell))) first.set(kindOf(cell), cell);
  }
  return [...first.values()];
}

/** One of these that a text such as a commit draws. */
export function drawnBy<T>(text: string, [first, ...others]: readonly [T, ...(readonly T[])]): T {
  return [first, ...others][lotOf(text) % (others.length + 1)] ?? first;
}

/** A number of 32 bits from a text: FNV-1a. */
function lotOf(text: string): number {
  let lot = 0x811c9dc5;
  for (const letter of text) lot = Math.imul(lot ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  // Texts that differ at their end alone must not stay neighbours.
  return Math.imul(lot ^ (lot >>> 15), 0x2c1b3c6d) >>> 0;
}
