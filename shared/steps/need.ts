import { present } from '../lib/assert.ts';
import { onceFor } from '../lib/once-for.ts';
import type { AppFleet, Chain, Instance, Plan } from '../plan/plan.ts';
import type {
  FastFacts,
  OperationInput,
  OperationName,
  OperationOutput,
  ServerState,
} from '../sessions/operations.ts';
import type { Answer, SessionPurpose } from '../sessions/session.ts';
import type { RoutingStates } from '../sessions/zone-answers.ts';
import type {
  Command,
  MysqlCommand,
  RoutingCommand,
  SshWay,
  ZoneAsk,
  ZoneCommand,
  ZoneValue,
} from './command.ts';
import type { Moment } from './event.ts';
import type { Run, StepKey } from './run.ts';
import type { UndoItem } from './undo.ts';
import { entryIn } from './ledger.ts';

/**
 * How a step is written: a pure function that says what it needs.
 *
 * It is called again after each event. It asks for answers by name; those that are missing become commands, issued once
 * per name and attempt; those that are there are judged. So a step reads from top to bottom like the page that
 * describes it, holds no state of its own, and gives the same commands again when a journal is folded.
 */
export type StepFunction = (context: StepContext) => Progress;

export type StepContext = {
  readonly plan: Plan;
  readonly run: Run;
  readonly key: StepKey;
  readonly attempt: number;
  readonly startedAt: Moment;
  readonly now: Moment;
};

/** A step function of one chain. */
export type ChainStepFunction = (context: StepContext, chain: Chain) => Progress;

export type Progress =
  | {
      readonly kind: 'waiting';
      /** One sentence: what is being waited for. */
      readonly text: string;
      readonly commands: readonly Command[];
      /** Ask again at this time (monotonic ms) even when nothing else happens. */
      readonly wakeAtMonoMs?: number;
    }
  | {
      readonly kind: 'done';
      readonly text: string;
      /** Asked beside, for a later step: issued all the same, though nothing here waits for the answers. */
      readonly commands?: readonly Command[];
    }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'absent'; readonly text: string };

/** What one part of a step found. */
export type Judged =
  | { readonly kind: 'done' | 'failed'; readonly text: string }
  | { readonly kind: 'waiting'; readonly text: string; readonly wakeAtMonoMs?: number };

/** A step's finished judgement: it is done, and this is what was seen. */
export function done(text: string): Progress {
  return { kind: 'done', text };
}

/** A step's finished judgement: it cannot be done; expected, seen, what to do. */
export function failure(text: string): Progress {
  return { kind: 'failed', text };
}

/** What a caller may add to a command. */
export type NeedOptions = { readonly limitMs?: number; readonly undo?: UndoItem; readonly way?: SshWay };

/** Default bound of a read or a quick statement; a plan's limits bound the step around it. */
export const quickMs = 2_000;

/** What was read of a server: its links are there when they were read too. */
export type Seen = ServerState & Partial<Pick<FastFacts, 'links'>>;

/** Collects what one call of a step function needs. */
export type Needs = {
  readonly mysql: <K extends OperationName>(
    name: string,
    at: readonly [instance: string, session: SessionPurpose],
    ask: readonly [operation: K, input: OperationInput<K>, options?: NeedOptions],
  ) => Answer<OperationOutput<K>> | undefined;
  readonly facts: (name: string, instance: string) => Answer<FastFacts> | undefined;
  /** Links on the acting session: asked in one breath with an effect on one, they are read behind it. */
  readonly linksBehind: (name: string, instance: string) => Answer<OperationOutput<'links'>> | undefined;
  /** As much of the facts as a proof of this chain needs: by GTID one statement, otherwise all of them. */
  readonly state: (name: string, instance: string, chain: Chain) => Answer<Seen> | undefined;
  readonly ssh: (
    name: string,
    at: readonly [host: string, argv: readonly string[]],
    options: NeedOptions & { readonly effect: boolean },
  ) => Answer<{ readonly stdout: string; readonly stderr: string }> | undefined;
  readonly sshFile: (
    name: string,
    at: readonly [host: string, path: string, content: () => string | null],
    options: NeedOptions,
  ) => Answer<{ readonly sha256: string | null }> | undefined;
  readonly sshMove: (
    name: string,
    at: readonly [host: string, from: string, to: string],
    options: NeedOptions,
  ) => Answer<unknown> | undefined;
  readonly epoch: (
    name: string,
    at: readonly [host: string, order: 'take' | 'drop'],
    options: NeedOptions,
  ) => Answer<unknown> | undefined;
  readonly mirror: (name: string, host: string, options: NeedOptions) => Answer<unknown> | undefined;
  readonly zone: <A extends ZoneAsk>(
    name: string,
    ask: ZoneCommand & { readonly ask: A },
    options: NeedOptions,
  ) => Answer<ZoneValue<A>> | undefined;
  /** The states that the endpoint says; of what was set it says nothing. */
  readonly routing: (
    name: string,
    ask: RoutingCommand,
    options: NeedOptions,
  ) => Answer<RoutingStates> | undefined;
  readonly appCanary: (
    name: string,
    client: string,
    id: string,
  ) => Answer<{ readonly ms: number }> | undefined;
  readonly waiting: (text: string, wakeAtMonoMs?: number) => Progress;
  /** Done, with whatever was asked beside. */
  readonly done: (text: string) => Progress;
};

/** Opens the notebook of one call of a step function. */
export function needs(context: StepContext): Needs {
  const commands: Command[] = [];
  const need = (
    name: string,
    where: string,
    rest: () => Omit<Command, 'key'>,
  ): Answer<unknown> | undefined => {
    const key = commandKey(context.key, context.attempt, `${name}@${where}`);
    const issued = entryIn(context.run.commands, key);
    if (issued === undefined) {
      // Two parts of one step may need the same: it is still asked once.
      if (!commands.some((command) => command.key === key)) commands.push({ key, ...rest() });
      return undefined;
    }
    return issued.answer ?? undefined;
  };
  const mysql: Needs['mysql'] = (name, [instance, session], [operation, input, options]) => {
    const action = { kind: 'mysql', instance, session, operation, input } as MysqlCommand;
    // The key names the operation's call site, so the answer has its operation's shape: the adapter's mapped table
    // cannot return another. This is the one place where a stored answer gets its type back.
    return need(name, instance, () => bounded(action, options)) as ReturnType<typeof mysql<typeof operation>>;
  };
  return {
    mysql,
    facts: (name, instance) => mysql(name, [instance, 'look'], ['fastFacts', {}]),
    linksBehind: (name, instance) => mysql(name, [instance, 'act'], ['links', {}]),
    state: (name, instance, { gtid }) =>
      gtid === 'on'
        ? mysql(name, [instance, 'look'], ['state', {}])
        : mysql(name, [instance, 'look'], ['fastFacts', {}]),
    ssh: (name, [host, argv], options) =>
      need(name, host, () =>
        bounded({ kind: 'ssh', host, argv, effect: options.effect, ...wayOf(options) }, options),
      ) as ReturnType<Needs['ssh']>,
    sshFile: (name, [host, path, content], options) =>
      need(name, host, () =>
        bounded({ kind: 'ssh-file', host, path, content: content(), ...wayOf(options) }, options),
      ) as ReturnType<Needs['sshFile']>,
    sshMove: (name, [host, from, to], options) =>
      need(name, host, () => bounded({ kind: 'ssh-move', host, from, to }, options)),
    epoch: (name, [host, order], options) =>
      need(name, host, () => bounded({ kind: 'ssh-epoch', host, order }, options)),
    // As with MySQL: the key names the call site, and the port answers each call in its own shape.
    zone: ((name, ask, options) => need(name, ask.zone, () => bounded(ask, options))) as Needs['zone'],
    routing: (name, ask, options) =>
      need(name, ask.endpoint.region, () => bounded(ask, options)) as ReturnType<Needs['routing']>,
    mirror: (name, host, options) => need(name, host, () => bounded({ kind: 'mirror', host }, options)),
    appCanary: (name, client, id) =>
      need(name, client, () =>
        bounded(
          { kind: 'app-canary', client, id },
          { limitMs: Math.max(quickMs, context.plan.limits.canaryMs / 2) },
        ),
      ) as ReturnType<Needs['appCanary']>,
    waiting: (text, wakeAtMonoMs) =>
      wakeAtMonoMs === undefined
        ? { kind: 'waiting', text, commands }
        : { kind: 'waiting', text, commands, wakeAtMonoMs },
    done: (text) => ({ kind: 'done', text, commands }),
  };
}

function wayOf({ way }: NeedOptions): { readonly way?: SshWay } {
  return way === undefined ? {} : { way };
}

function bounded(action: Command['action'], options: NeedOptions | undefined): Omit<Command, 'key'> {
  const limitMs = options?.limitMs ?? quickMs;
  return options?.undo === undefined ? { action, limitMs } : { action, limitMs, undo: options.undo };
}

/** The key of a command: unique in a run, readable in the journal. */
export function commandKey(step: StepKey, attempt: number, name: string): string {
  return `${step}#${attempt}/${name}`;
}

/**
 * The newest of the questions `name(0)`, `name(1)`, … that a step asked one after the other; 0 when none was. The answers
 * before it were judged when they came: walking through all of them at every event would make a long wait ever slower.
 */
export function newestAsked(
  { run, key, attempt }: Pick<StepContext, 'run' | 'key' | 'attempt'>,
  name: (look: number) => string,
): number {
  const asked = (look: number): boolean =>
    entryIn(run.commands, commandKey(key, attempt, name(look))) !== undefined;
  let beyond = 1;
  while (asked(beyond)) beyond *= 2;
  let newest = beyond >> 1;
  while (beyond - newest > 1) {
    const middle = (newest + beyond) >> 1;
    if (asked(middle)) newest = middle;
    else beyond = middle;
  }
  return newest;
}

/** Monotonic time of the next look after the one named, at least `pauseMs` after its answer; null when it has come. */
export function lookLater(
  { run, key, attempt, now }: StepContext,
  name: string,
  pauseMs: number,
): number | null {
  const answeredAt = entryIn(run.commands, commandKey(key, attempt, name))?.answeredAt?.monoMs ?? now.monoMs;
  return now.monoMs < answeredAt + pauseMs ? answeredAt + pauseMs : null;
}

/** An answer that brought no value, in words. */
export function trouble(
  where: string,
  what: string,
  answer: Exclude<Answer<unknown>, { kind: 'ok' }>,
): string {
  if (answer.kind === 'refused') {
    return `${what} was refused by ${where}${answer.code === null ? '' : ` with error ${answer.code}`}: ${answer.message}`;
  }
  if (answer.why === 'not-connected') return `"${what}" was not sent to ${where}: ${answer.message}`;
  return answer.why === 'time-limit'
    ? `${where} did not answer "${what}" within its limit; whether it took effect is unknown until it is read back`
    : `the session to ${where} was lost during "${what}": ${answer.message}`;
}

/** All instances of a chain. */
export const sourceNodes = onceFor(({ source }: Chain): readonly string[] =>
  [...source.masters, ...source.slaves].map(({ instance }) => instance),
);

/** Target masters and replicas of a chain. */
export const targetNodes = onceFor(({ target }: Chain): readonly string[] =>
  [...target.masters, ...target.replicas].map(({ instance }) => instance),
);

/** The instance of that id; a plan that was parsed has it. */
export function instanceOf(plan: Plan, id: string): Instance {
  return present(instancesById(plan).get(id), id);
}

const instancesById = onceFor((plan: Plan) => new Map(plan.instances.map((each) => [each.id, each])));

/** Every instance of the plan that belongs to a chain. */
export const planNodes = onceFor(({ chains }: Plan): readonly string[] =>
  chains.flatMap((chain) => [...sourceNodes(chain), ...targetNodes(chain)]),
);

/** App hosts of all fleets, with the fleet. */
export const fleetHosts = onceFor(({ appFleets }: Plan): readonly FleetHost[] =>
  appFleets.flatMap((fleet) => fleet.hosts.map((entry) => ({ fleet, ...entry }))),
);

type FleetHost = AppFleet['hosts'][number] & { readonly fleet: AppFleet };
