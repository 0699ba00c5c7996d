import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chain, emptyHead } from '../../shared/audit/chain.ts';
import type { JournalRecord, MeasuredRecord } from '../../shared/audit/record.ts';
import { parsePlan } from '../../shared/plan/parse-plan.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { ScriptedFault } from '../../shared/plan/scenario.ts';
import type { Flavor } from '../../shared/sessions/identity.ts';
import type { OperationName } from '../../shared/sessions/operations.ts';
import type { RunEvent } from '../../shared/steps/event.ts';
import type { Run } from '../../shared/steps/run.ts';
import { startCockpit, type Cockpit } from '../../main/engine/cockpit.ts';
import type { SheetSink } from '../../main/engine/emergency-sheet.ts';
import type { Journal, Ports } from '../../main/ports.ts';
import { createSimulator, type Simulator } from '../../main/simulator/simulator.ts';
import { writableServers } from '../../main/simulator/truth.ts';
import { touchable, watchArrivals } from './touched.ts';

/** What a whole night in the simulator came to. */
export type Rehearsed = {
  readonly run: Run | null;
  readonly blocks: readonly string[];
  /** Why the release was refused; null when it was not asked or not refused. */
  readonly refused: string | null;
  readonly measured: MeasuredRecord | null;
  readonly records: readonly JournalRecord[];
  readonly simulator: Simulator;
  readonly cockpit: Cockpit;
  /** Moments with a writable server on both sides of a chain: must be none. */
  readonly violations: readonly unknown[];
  /** Servers that take writes at the end, by chain. */
  readonly writable: Readonly<Record<string, readonly string[]>>;
  /** Effects that reached a server without an intent in the journal: must be none. */
  readonly unintended: readonly string[];
  /** Whatever a run may touch, before the release and at the end, as one line a thing. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Every statement that arrived at a server in the run: what, where, and when (simulated ms). */
  readonly arrivals: readonly Arrival[];
};

export type Arrival = { readonly operation: OperationName; readonly instance: string; readonly atMs: number };

export type RehearsalOptions = {
  readonly plan?: Plan;
  /** Default: the plan's. */
  readonly flavor?: Flavor;
  readonly seed?: number;
  readonly faults?: readonly ScriptedFault[];
  readonly journal?: Journal;
  /** The plan's own journal; default: one of its own. */
  readonly planJournal?: Journal;
  /** Puts something between the engine and the world. */
  readonly ports?: (ports: Ports, simulator: Simulator) => Ports;
  readonly observations?: (line: string) => void;
  readonly sheet?: SheetSink;
  /** Before go/no-go is judged, as people at the screen would act. */
  readonly preflight?: (cockpit: Cockpit, simulator: Simulator) => void;
  /** After go/no-go was judged, before the release. */
  readonly armed?: (simulator: Simulator) => void;
  /** Releases even when go/no-go said no. */
  readonly insist?: boolean;
  /** Called after every event of the run, as a person at the screen would see it. */
  readonly operator?: (run: Run, post: (event: RunEvent) => void) => void;
  /** When the night is over; default: when its figures are there. */
  readonly until?: (run: Run | null, measured: MeasuredRecord | null) => boolean;
};

/** The reference case of the simulator, as it is shipped. */
export function referencePlan(): Plan {
  const file = 'resources/plans/reference.simulator.yaml';
  const parsed = parsePlan(readFileSync(file, 'utf8'), file);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value.plan;
}

/** A journal in memory, chained like the one on disk. */
export function memoryJournal(): Journal {
  const records: JournalRecord[] = [];
  const followers = new Set<(line: string) => void>();
  let head = emptyHead;
  return {
    file: 'memory',
    head: () => head.head,
    count: () => head.count,
    append: (at, payload) => {
      const { record, line } = chain({ at, payload }, head, (text) => hash('sha256', text, 'hex'));
      head = { count: head.count + 1, head: record.hash };
      records.push(record);
      for (const call of followers) call(line);
    },
    read: () => records,
    follow: (call) => {
      followers.add(call);
      return () => followers.delete(call);
    },
    close: () => undefined,
  };
}

/** Rehearses a whole night: watch, prepare, answer, arm, release, the minute, the figures. */
export async function rehearse(options: RehearsalOptions = {}): Promise<Rehearsed> {
  const plan = planOf(options);
  const simulator = createSimulator(plan, {
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    faults: options.faults ?? [],
  });
  const journal = options.journal ?? memoryJournal();
  const cockpit = startCockpit({
    plan,
    planFile: 'reference.simulator.yaml',
    planDigest: '0'.repeat(64),
    ports: options.ports?.(simulator.ports, simulator) ?? simulator.ports,
    planJournal: options.planJournal ?? memoryJournal(),
    openRunJournal: () => ({
      runId: 'rehearsal-01',
      journal,
      ...(options.observations === undefined
        ? {}
        : { observations: { write: options.observations, close: () => undefined } }),
      ...(options.sheet === undefined ? {} : { sheet: options.sheet }),
    }),
    program: 'test',
  });
  const over = <T>(promise: Promise<T>, limitMs = 60_000): Promise<T> => drive(simulator, promise, limitMs);
  await over(cockpit.observer.refresh());
  await over(cockpit.prepare('test'));
  for (const { id } of plan.checklists)
    cockpit.record({ kind: 'checklist-answered', item: id, answer: 'yes', who: 'unattended (test)' });
  await simulator.clock.run(simulator.clock.nowMs() + 3_000);
  options.preflight?.(cockpit, simulator);
  const armed = await over(cockpit.arm('test', true));
  const night = armed.ok ? armed.value : null;
  const blocks = armed.ok ? armed.value.blocks : [armed.error];
  const before = touchable(simulator);
  const seen = watchArrivals(simulator, journal);
  let refused: string | null = null;
  if (night !== null && (blocks.length === 0 || options.insist === true)) {
    options.armed?.(simulator);
    const released = night.release({ hold: 'lock', permit: night.permit, who: 'test' });
    refused = released.ok ? null : released.error;
    const runner = night.runner();
    let said = '';
    runner?.onChange((run) => {
      for (const { key, state } of Object.values(run.steps)) {
        const line = `${key} ${state}`;
        if (!said.includes(`|${line}|`) && state !== 'waiting') {
          said += `|${line}|`;
          if (state !== 'absent' && state !== 'undone') simulator.onStep(key, state);
        }
      }
      options.operator?.(run, (event) => runner.post(event));
    });
    const until = options.until ?? ((_run, measured) => measured !== null);
    if (refused === null)
      await simulator.clock.run(
        () => until(night.run(), night.measured()),
        simulator.clock.nowMs() + 200_000,
      );
  }
  return {
    ...endOf(simulator),
    run: night?.run() ?? null,
    blocks,
    refused,
    measured: night?.measured() ?? null,
    records: journal.read(),
    simulator,
    cockpit,
    unintended: seen.unintended,
    before,
    arrivals: seen.arrivals,
  };
}

/** What the world itself says of how a night ended. */
export function endOf(simulator: Simulator): Pick<Rehearsed, 'violations' | 'writable' | 'after'> {
  return {
    violations: [...simulator.world.chains.values()].flatMap(({ violations }) => violations),
    writable: Object.fromEntries(
      [...simulator.world.chains].map(([id, each]) => [id, writableServers(each)]),
    ),
    after: touchable(simulator),
  };
}

function planOf({ plan = referencePlan(), flavor }: RehearsalOptions): Plan {
  if (flavor === undefined || plan.simulator === undefined) return plan;
  return { ...plan, simulator: { ...plan.simulator, flavor } };
}

/** Drives the world until a promise is settled. */
export async function drive<T>(simulator: Simulator, promise: Promise<T>, limitMs: number): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  await simulator.clock.run(() => settled, simulator.clock.nowMs() + limitMs);
  return watched;
}
