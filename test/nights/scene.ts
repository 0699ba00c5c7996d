import type { Chain } from '../../shared/plan/plan.ts';
import type { Fault } from '../../shared/plan/scenario.ts';
import type { DecidedRecord } from '../../shared/audit/record.ts';
import { sourceNodes } from '../../shared/steps/need.ts';
import type { Command } from '../../shared/steps/command.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { OperationName } from '../../shared/sessions/operations.ts';
import { keptBySwitch } from '../../main/simulator/dead-mans-switch.ts';
import type { OperationEdge, Server } from '../../main/simulator/world.ts';
import type { Simulator } from '../../main/simulator/simulator.ts';
import { missingAcknowledged } from '../../main/simulator/truth.ts';
import type { NightScript } from './night-script.ts';

/** A broken rule: its name, the law behind it, and what was seen. */
export type Violation = {
  readonly rule: string;
  readonly law: string;
  readonly seen: string;
  /** Simulated ms since the world began. */
  readonly atMs: number;
};

/** One step that met one way of failing. */
export type Hit = { readonly step: string; readonly way: string };

/** What the rules look at: the truth of the world beside what the run believes and the journal holds. */
export type Scene = {
  readonly script: NightScript;
  readonly simulator: Simulator;
  /** What a run may touch, as it was before the release. */
  readonly before: readonly string[];
  /** Commands intended and not answered yet, by key, with the time of their intent (monotonic ms). */
  readonly pending: Map<string, { readonly command: Command; readonly sinceMs: number }>;
  /** Keys ever intended. */
  readonly intended: Set<string>;
  /** Effects intended and effects arrived, by `operation on instance`. */
  readonly intents: Map<string, number>;
  readonly arrived: Map<string, number>;
  /** Places where faults changed the truth behind the run's back, with their kinds and the time of the last one. */
  readonly disturbed: Map<string, { readonly kinds: ReadonlySet<Fault['kind']>; readonly atMs: number }>;
  /** Chains in which somebody else opened a source at a moment that no look can see. */
  readonly excused: Set<string>;
  released: boolean;
  /** Records that are there so far, and which one is the point of no return. */
  seq: number;
  ponrSeq: number | null;
  thawIntended: boolean;
  /** When the cockpit died; null: it lives, or lived. */
  diedAtMs: number | null;
  run: Run | null;
};

/** A rule of the journal, asked for every new record. */
export type RecordRule = {
  readonly name: string;
  readonly law: string;
  readonly check: (scene: Scene, record: DecidedRecord) => string | null;
};

/** A rule of the run, asked after every event with the run as it was before. */
export type EventRule = {
  readonly name: string;
  readonly law: string;
  readonly check: (scene: Scene, run: Run, before: Run | null) => string | null;
};

/** A rule of the wire, asked when a statement reaches its server and when it took effect there. */
export type StatementRule = {
  readonly name: string;
  readonly law: string;
  readonly edge: OperationEdge['edge'];
  readonly operations: readonly OperationName[] | 'effects';
  /** It goes by the journal, which says nothing of a laptop that was ousted and does not know that yet. */
  readonly byJournal?: true;
  readonly check: (scene: Scene, server: Server, operation: OperationName) => string | null;
};

/** Whether a server is one that this way leaves: on the way back those are what the way forth had entered. */
export function isSource({ script }: Pick<Scene, 'script'>, id: string): boolean {
  return script.plan.chains.some((chain) => sourceNodes(chain).includes(id));
}

/** What a server lacks of the acknowledged writes of the side that this way leaves. */
export function lacksOfSource({ script }: Pick<Scene, 'script'>, server: Server): number {
  const chain = script.plan.chains.find(({ id }) => id === server.chain.id);
  return missingAcknowledged(server, chain === undefined ? null : sourceNodes(chain));
}

/** A server of the world by its id. */
export function serverOf({ simulator }: Scene, id: string): Server {
  const found = simulator.world.servers.get(id);
  if (found === undefined) throw new Error(`the world has no server ${id}`);
  return found;
}

/** Whether the second stage of a dead-man's switch acted on a chain: it keeps the run lock of every target master. */
export function isHeldBySwitch(scene: Scene, { target }: Chain): boolean {
  return target.masters.every(({ instance }) => serverOf(scene, instance).lockHolder === keptBySwitch);
}

/** Whether the data of a chain is back on its source: its switch keeps its target closed, or the run was concluded there. */
export function isBackAtSource(scene: Scene, chain: Chain): boolean {
  const { run } = scene;
  return isHeldBySwitch(scene, chain) || (run !== null && run.ponrAt !== null && run.outcome === 'thawed');
}

/** Whether a fault touched this server so lately that a look just before it saw something else. */
export function lately({ simulator, disturbed }: Scene, id: string, withinMs = 500): boolean {
  const last = disturbed.get(id);
  return last !== undefined && simulator.clock.nowMs() - last.atMs <= withinMs;
}

/** Whether a server takes writes of an application right now, or will when it goes on. */
export function takesWrites(server: Server): boolean {
  return server.power !== 'down' && !server.readOnly;
}

/** Whether a step's text tells that a server could not be reached: nothing is said of it then. */
export function namedAsLost(text: string, instance: string): boolean {
  return (
    text.includes(`the session to ${instance} was lost`) || text.includes(`was not sent to ${instance}:`)
  );
}
