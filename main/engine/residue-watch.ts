import { countCommand, parseCount } from '../../shared/observations/edge-count.ts';
import { known, unknown, type Observation } from '../../shared/observations/observation.ts';
import {
  residuePlaces,
  takeLook,
  type Residue,
  type SourceSession,
} from '../../shared/observations/residue.ts';
import { plannedOf } from '../../shared/observations/residue-seen.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Ports, SshChannel } from '../ports.ts';
import { startLoop } from './loop.ts';
import { pause } from './pause.ts';

const lookPeriodMs = 10_000;
const limitMs = 8_000;
const firstListsMs = 5_000;
const lookAgainMs = 250;

export type ResidueWatch = { readonly residue: () => Residue; readonly stop: () => Promise<void> };

/**
 * Watches who still arrives on the source side: sessions as the observer lists them, requests as the source's edges count
 * them, over channels of its own. It reads; nobody is sent away by it.
 */
export function startResidueWatch(needs: {
  readonly plan: Plan;
  readonly ports: Pick<Ports, 'clock' | 'ssh'>;
  /** Clients of one source database that are not the cockpit's own. */
  readonly sessions: (instance: string) => Observation<readonly SourceSession[]>;
  /** Hears that every place was looked at once more. */
  readonly looked?: () => void;
  readonly failed: (what: string, error: unknown) => void;
}): ResidueWatch {
  const { plan, ports } = needs;
  const planned = plannedOf(plan);
  const { databases, edges } = residuePlaces(plan);
  const channels = new Map<string, SshChannel>();
  let residue: Residue = new Map();
  let stopped = false;

  const channel = async (host: string): Promise<SshChannel | string> => {
    const present = channels.get(host);
    if (present?.state() === 'open') return present;
    const opened = await ports.ssh.open(host, limitMs);
    if (opened.kind === 'refused') return opened.message;
    channels.set(host, opened.channel);
    if (stopped) await opened.channel.close();
    return opened.channel;
  };
  const count = async (edge: (typeof edges)[number]): Promise<Observation<number>> => {
    const through = await channel(edge.host);
    const now = (): number => ports.clock.now().utcMs;
    if (typeof through === 'string') return unknown(through, now(), edge.id);
    const answer = await through.run(countCommand(edge), limitMs);
    if (answer.kind !== 'ok') return unknown(answer.message, now(), edge.id);
    const counted = parseCount(edge, answer.value.stdout);
    const expected =
      'socket' in edge ? `HAProxy's counters of ${edge.frontends.join(', ')}` : 'a count of lines';
    return counted === null
      ? unknown(
          `it printed "${answer.value.stdout.trim().slice(0, 80)}", expected ${expected}`,
          now(),
          edge.id,
        )
      : known(counted, answer.takenAt, `edge ${edge.id}`);
  };
  /** The lists of sessions are read twice a second again from the end of the minute on: the first look waits for them. */
  const firstLists = async (): Promise<void> => {
    const endsAt = ports.clock.now().monoMs + firstListsMs;
    const missing = (): boolean => databases.some((place) => needs.sessions(place).kind === 'unknown');
    while (!stopped && missing() && ports.clock.now().monoMs < endsAt) await pause(ports.clock, lookAgainMs);
  };
  const loop = startLoop(ports.clock, {
    periodMs: lookPeriodMs,
    turn: async () => {
      if (residue.size === 0) await firstLists();
      for (const place of databases)
        residue = takeLook(residue, { place, kind: 'database', seen: needs.sessions(place) }, planned);
      const counts = await Promise.all(edges.map(async (edge) => ({ edge, seen: await count(edge) })));
      for (const { edge, seen } of counts)
        residue = takeLook(residue, { place: edge.id, kind: 'edge', seen }, planned);
      needs.looked?.();
    },
    failed: (error) => needs.failed('looking who arrives on the source side', error),
  });
  return {
    residue: () => residue,
    stop: async () => {
      stopped = true;
      loop.stop();
      await Promise.all([...channels.values()].map((each) => each.close()));
    },
  };
}
