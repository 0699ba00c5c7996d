import { unknown, known, type Observation } from '../../shared/observations/observation.ts';
import {
  parseTunnelLook,
  tunnelLookArgv,
  type TunnelFacts,
  type TunnelStatus,
} from '../../shared/observations/tunnel-status.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Ports } from '../ports.ts';
import { startLoop } from './loop.ts';
import { channelTo, type emptySessions } from './sessions.ts';

const lookPeriodMs = 10_000;
const limitMs = 8_000;

export type TunnelWatch = {
  /** What is seen, as a part of the snapshot; none where the plan names no status file. */
  readonly part: () => { readonly tunnels?: readonly TunnelFacts[] };
  readonly refresh: () => Promise<void>;
  readonly stop: () => void;
};

/** Reads the status files of the plan's tunnels again and again. Like every slow look it rests in the minute. */
export function watchTunnels(
  plan: Plan,
  ports: Ports,
  needs: {
    readonly channels: ReturnType<typeof emptySessions>;
    readonly resting: () => boolean;
    readonly failed: (what: string, error: unknown) => void;
  },
): TunnelWatch {
  const watched = plan.tunnels.flatMap(({ id, host, statusFile }) =>
    statusFile === undefined ? [] : [{ id, host, statusFile }],
  );
  if (watched.length === 0)
    return { part: () => ({}), refresh: () => Promise.resolve(), stop: () => undefined };
  const now = (): number => ports.clock.now().utcMs;
  const facts = new Map<string, TunnelFacts>();

  const look = async (tunnel: (typeof watched)[number]): Promise<Observation<TunnelStatus>> => {
    const { id, host, statusFile } = tunnel;
    const channel = await channelTo(ports, needs.channels, [host]);
    if (!channel.ok) return unknown(channel.error, now(), id);
    const answer = await channel.value.run(tunnelLookArgv(statusFile), limitMs);
    if (answer.kind !== 'ok') return unknown(answer.message, answer.takenAt, id);
    const status = parseTunnelLook(answer.value.stdout);
    return status === null
      ? unknown(`${statusFile} on ${host} is no status file of OpenVPN`, answer.takenAt, id)
      : known(status, answer.takenAt, `${statusFile} on ${host}`);
  };
  const loops = watched.map((tunnel) =>
    startLoop(ports.clock, {
      periodMs: lookPeriodMs,
      turn: async () => {
        if (!needs.resting())
          facts.set(tunnel.id, taken(facts.get(tunnel.id), tunnel.id, await look(tunnel)));
      },
      failed: (error) => needs.failed(`looking at tunnel ${tunnel.id}`, error),
    }),
  );
  return {
    part: () => ({ tunnels: [...facts.values()] }),
    refresh: async () => void (await Promise.all(loops.map((loop) => loop.now()))),
    stop: () => loops.forEach((loop) => loop.stop()),
  };
}

/** A count that is another than before moved, and so did one that was begun anew. */
function taken(
  before: TunnelFacts | undefined,
  tunnel: string,
  status: Observation<TunnelStatus>,
): TunnelFacts {
  const since = before?.since ?? status.takenAt;
  const earlier = before?.status.kind === 'known' ? before.status.value.bytes : null;
  const moved = status.kind === 'known' && earlier !== null && status.value.bytes !== earlier;
  return { tunnel, status, since, movedAt: moved ? status.takenAt : (before?.movedAt ?? null) };
}
