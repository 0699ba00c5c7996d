import type { MysqlSession } from '../../main/ports.ts';
import type {
  FastFacts,
  OperationInput,
  OperationName,
  OperationOutput,
} from '../../shared/sessions/operations.ts';
import type { Answer, SessionPurpose } from '../../shared/sessions/session.ts';
import type { FixtureWorld } from './fixture-world.ts';

/** What the tests of the suite stand on: sessions that are closed after each test, and questions in the world's time. */
export type Ground = {
  readonly world: () => FixtureWorld;
  readonly open: (instance: string, purpose?: SessionPurpose) => Promise<MysqlSession>;
  readonly ask: <K extends OperationName>(
    session: MysqlSession,
    operation: K,
    input: OperationInput<K>,
    limitMs?: number,
  ) => Promise<Answer<OperationOutput<K>>>;
  /** Asks and expects a value. */
  readonly value: <K extends OperationName>(
    session: MysqlSession,
    operation: K,
    input: OperationInput<K>,
  ) => Promise<OperationOutput<K>>;
  readonly facts: (session: MysqlSession) => Promise<FastFacts>;
  /** Opens the source again, whatever a test left behind. */
  readonly thawed: (act: MysqlSession) => Promise<void>;
  /** Waits in the world's time until it is so. */
  readonly until: (what: string, holds: () => Promise<boolean>) => Promise<void>;
  /** Waits until the target has the newest rows of the source. */
  readonly drained: (from: MysqlSession, to: MysqlSession) => Promise<void>;
  readonly closeAll: () => Promise<void>;
};

/** Makes the ground over a world that is there when the first test asks for it. */
export function makeGround(world: () => FixtureWorld): Ground {
  const opened: MysqlSession[] = [];
  const ask: Ground['ask'] = (session, operation, input, limitMs = 10_000) =>
    world().settle(session.ask(operation, input, limitMs));
  const value: Ground['value'] = async (session, operation, input) => {
    const answer = await ask(session, operation, input);
    if (answer.kind !== 'ok')
      throw new Error(`${operation} at ${session.instance}: ${JSON.stringify(answer)}`);
    return answer.value;
  };
  const until: Ground['until'] = async (what, holds) => {
    for (let round = 0; round < 200; round++) {
      if (await holds()) return;
      await world().pass(50);
    }
    throw new Error(`Never came: ${what}`);
  };
  return {
    world,
    open: async (instance, purpose = 'act') => {
      const answer = await world().settle(world().port.open(instance, purpose, 10_000));
      if (answer.kind === 'refused') throw new Error(answer.message);
      opened.push(answer.session);
      return answer.session;
    },
    ask,
    value,
    facts: (session) => value(session, 'fastFacts', {}),
    thawed: async (act) => {
      await value(act, 'takeLock', {});
      await value(act, 'thaw', { lockHolders: [] });
      await value(act, 'releaseLock', {});
    },
    until,
    drained: (from, to) =>
      until('the target has the newest rows of the source', async () => {
        const asked = { tables: [world().table], rows: 5 };
        const here = await value(from, 'newestRows', asked);
        return JSON.stringify(here) === JSON.stringify(await value(to, 'newestRows', asked));
      }),
    closeAll: async () => {
      for (const session of opened.splice(0)) await world().settle(session.close());
    },
  };
}
