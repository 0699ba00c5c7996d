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

/** What a step asks of which side, so that a fault can be aimed at it; `hosts`: which hosts it changes over SSH. */
export type Aim = {
  readonly side: 'source' | 'target';
  readonly operations: readonly OperationName[];
  readonly hosts?: 'armed' | 'application' | 'mirror' | 'target' | 'flip';
};

const ways: readonly Way[] = [...faultWays, 'abort', 'crash'];

/** Steps that wait for an answer. The others (barrier, announce) begin and end in one decision. */
export const aims: { readonly [S in StepId]?: Aim } = {
  lock: { side: 'source', operations: ['takeLock'] },
  'pre-drain': { side: 'target', operations: ['fastFacts'] },
  arm: { side: 'source', operations: [], hosts: 'armed' },
  quiet: { side: 'source', operations: ['setEventScheduler', 'fastFacts'] },
  'configure-reverse': { side: 'source', operations: ['configureLink'] },
  fence: { side: 'source', operations: ['fence', 'proveFence', 'clientSessions'] },
  'end-sessions': { side: 'source', operations: ['killThreads', 'preparedTransactions'] },
  converge: { side: 'source', operations: ['fastFacts', 'waitApplied'] },
  drain: { side: 'source', operations: ['openTransactions'] },
  'prepare-reverse': { side: 'source', operations: ['stopLink', 'configureLink'] },
  prove: { side: 'target', operations: ['newestRows', 'fastFacts'] },
  claim: { side: 'source', operations: [], hosts: 'armed' },
  'last-look': { side: 'source', operations: ['state', 'fastFacts'] },
  mirror: { side: 'source', operations: [], hosts: 'mirror' },
  'persist-fence': { side: 'source', operations: ['persistFence'] },
  detach: { side: 'target', operations: ['removeLink'] },
  promote: { side: 'target', operations: ['promote', 'writeCanary'] },
  restore: { side: 'target', operations: ['unpersistFence'], hosts: 'target' },
  redirect: { side: 'target', operations: [], hosts: 'application' },
  flip: { side: 'target', operations: [], hosts: 'flip' },
  reverse: { side: 'source', operations: ['startLink'] },
  events: { side: 'target', operations: ['enableEvents'] },
  canary: { side: 'target', operations: ['readCanary'] },
  residue: { side: 'source', operations: ['clientSessions'] },
  unwind: { side: 'source', operations: ['thaw', 'takeLock'] },
  close: { side: 'target', operations: ['removeSchema'] },
};

/** Every step in every way it can fail: each must be met often enough by any large number of nights. */
export const cells: readonly Cell[] = (Object.keys(aims) as readonly StepId[]).flatMap((step) =>
  ways.map((way) => ({ step, way })),
);

/**
 * How often a round of the rota aims at each step: by an answer that is wrong, missing or late; by what lasts (a lost session,
 * a server or a line that is away, Abort), which other nights meet as well on their way; by a crash. More where a night
 * seldom gets to, or where the step is over soon. One in ten nights must lose its cockpit inside the minute.
 */
const timesAimed: { readonly [S in StepId]?: readonly [answer: number, lasting: number, crash: number] } = {
  lock: [7, 7, 12],
  'pre-drain': [11, 6, 9],
  arm: [13, 6, 8],
  quiet: [9, 6, 10],
  'configure-reverse': [8, 6, 5],
  fence: [12, 3, 10],
  'end-sessions': [11, 2, 8],
  converge: [12, 7, 11],
  drain: [10, 3, 10],
  'prepare-reverse': [12, 3, 8],
  prove: [9, 3, 10],
  claim: [8, 7, 11],
  'last-look': [8, 9, 10],
  mirror: [10, 6, 9],
  'persist-fence': [9, 3, 8],
  detach: [10, 2, 7],
  promote: [8, 4, 8],
  restore: [8, 1, 3],
  redirect: [5, 2, 3],
  flip: [20, 7, 5],
  reverse: [7, 1, 3],
  events: [8, 2, 4],
  canary: [5, 5, 6],
  residue: [4, 5, 6],
  unwind: [1, 1, 4],
  close: [2, 3, 5],
};

const answerWays: readonly Way[] = ['error', 'none', 'lost-after-effect', 'late'];

/** Each cell as often as a round aims at it. */
const rota: readonly Cell[] = cells.flatMap((cell) => {
  const [answer, lasting, crash] = timesAimed[cell.step] ?? [5, 5, 5];
  const times = cell.way === 'crash' ? crash : answerWays.includes(cell.way) ? answer : lasting;
  return Array.from({ length: times }, () => cell);
});

/** The rota is walked in strides, so that a short series meets early and late steps alike. */
const stride = [37, 41].find((prime) => rota.length % prime !== 0) ?? 1;

/** One seed in so many aims at no cell. */
const aimless = 32;

/** The cell that a seed aims at; null: it aims at none. */
export function cellOf(seed: number): Cell | null {
  return seed % aimless === 0 ? null : onRota(seed - Math.floor(seed / aimless));
}

/** The cell that a seed aims at on the way back; null: nobody turns that night round. */
export function cellBackOf(seed: number): Cell | null {
  const turn = seed / aimless;
  return Number.isInteger(turn) ? onRota(turn) : null;
}

function onRota(turn: number): Cell | null {
  return rota[(turn * stride) % rota.length] ?? null;
}

/**
 * Cells that a night which aims at this one may meet as well: the undo of what fails before the PONR and the same step in
 * another way at once, later steps behind it.
 */
export function followersOf({ step, way }: Cell): readonly Cell[] {
  if (step === 'unwind') return [];
  const place = order.findIndex((each) => each.id === step);
  if (order[place]?.side !== 'after')
    return step === 'close'
      ? []
      : cells.filter((each) => each.step === 'unwind' || (each.step === step && each.way !== way));
  return cells.filter(
    (each) => each.step === 'close' || order.findIndex(({ id }) => id === each.step) > place,
  );
}

/** The first seeds, from one on, that aim at a cell. */
export function seedsAimedAt(wanted: Cell, count: number, from = 1): readonly number[] {
  const seeds: number[] = [];
  for (let seed = from; seeds.length < count; seed += 1) {
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
