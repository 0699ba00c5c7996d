import type { OperationInput, OperationName, OperationOutput } from '../../shared/sessions/operations.ts';
import type { Answer, SessionPurpose } from '../../shared/sessions/session.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { MysqlSession } from '../../main/ports.ts';
import { createSimulator, type Simulator, type SimulatorOptions } from '../../main/simulator/simulator.ts';
import type { Server } from '../../main/simulator/world.ts';

/** A simulated night that a test drives by hand, one question at a time. */
export type Night = Simulator & {
  /** Drives the clock until a promise is settled. */
  readonly wait: <T>(promise: Promise<T>, limitMs?: number) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  readonly open: (instance: string, purpose?: SessionPurpose) => Promise<MysqlSession>;
  readonly ask: <K extends OperationName>(
    session: MysqlSession,
    operation: K,
    input: OperationInput<K>,
  ) => Promise<Answer<OperationOutput<K>>>;
  /** Asks and expects a value. */
  readonly value: <K extends OperationName>(
    session: MysqlSession,
    operation: K,
    input: OperationInput<K>,
  ) => Promise<OperationOutput<K>>;
  readonly server: (instance: string) => Server;
};

/** Begins a night on a plan. */
export function night(plan: Plan, options: SimulatorOptions = {}): Night {
  const simulator = createSimulator(plan, options);
  const { clock, ports, world } = simulator;
  async function wait<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    const done: { settled: boolean } = { settled: false };
    const watched = promise.finally(() => {
      done.settled = true;
    });
    await clock.run(() => done.settled, limitMs);
    if (!done.settled) throw new Error(`Expected an answer within ${limitMs} simulated ms, seen none.`);
    return watched;
  }
  const ask: Night['ask'] = (session, operation, input) => wait(session.ask(operation, input, 60_000));
  return {
    ...simulator,
    wait,
    ask,
    pass: async (ms) => {
      await clock.run(clock.nowMs() + ms);
    },
    open: async (instance, purpose = 'act') => {
      const opened = await wait(ports.mysql.open(instance, purpose, 5_000));
      if (opened.kind !== 'open') throw new Error(opened.message);
      return opened.session;
    },
    value: async (session, operation, input) => {
      const answer = await ask(session, operation, input);
      if (answer.kind !== 'ok')
        throw new Error(
          `Expected ${operation} to work at ${session.instance}, seen ${JSON.stringify(answer)}`,
        );
      return answer.value;
    },
    server: (instance) => {
      const server = world.servers.get(instance);
      if (server === undefined) throw new Error(`There is no ${instance}.`);
      return server;
    },
  };
}
