import type { Plan } from '../../shared/plan/plan.ts';
import type { Observation } from '../../shared/observations/observation.ts';
import type { Survey } from '../../shared/sessions/survey.ts';
import type { MysqlSession, Ports } from '../ports.ts';
import { startLoop } from './loop.ts';

const openLimitMs = 10_000;
const beatLimitMs = 2_000;

export type Heartbeats = {
  readonly threads: () => ReadonlyMap<string, number>;
  readonly stop: () => Promise<void>;
};

/**
 * One row per source master, written there and nowhere else, by the account that bypasses nothing: the fence itself
 * ends the beats, and a beat on a slave or a closed target would be an errant transaction.
 */
export function startHeartbeats(
  plan: Plan,
  ports: Ports,
  {
    surveyOf,
    failed,
  }: {
    readonly surveyOf: (instance: string) => Observation<Survey> | null;
    readonly failed: (what: string, error: unknown) => void;
  },
): Heartbeats {
  const masters = plan.chains.flatMap((chain) => chain.source.masters.map(({ instance }) => instance));
  const sessions = new Map<string, MysqlSession>();
  let stopped = false;
  const beat = async (master: string): Promise<void> => {
    const survey = surveyOf(master);
    if (survey?.kind !== 'known' || !survey.value.schemaPrepared) return;
    let session = sessions.get(master);
    if (session?.state() !== 'open') {
      sessions.delete(master);
      const opened = await ports.mysql.open(master, 'plain', openLimitMs);
      if (opened.kind === 'refused') return;
      if (stopped) return opened.session.close();
      session = opened.session;
      sessions.set(master, session);
    }
    // A refusal is no trouble here: it is the fence, seen from the account that it must stop.
    await session.ask('beat', { serverId: survey.value.identity.serverId }, beatLimitMs);
  };
  const loops = masters.map((master) =>
    startLoop(ports.clock, {
      periodMs: plan.limits.heartbeatMs,
      turn: () => beat(master),
      failed: (error) => failed(`the heartbeat of ${master}`, error),
    }),
  );
  return {
    threads: () => new Map([...sessions].map(([master, { connectionId }]) => [master, connectionId])),
    stop: async () => {
      stopped = true;
      for (const loop of loops) loop.stop();
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
}
