import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import { matrixOf, type Authority, type MatrixRow } from '../../shared/observations/dns-matrix.ts';
import {
  nothingSeen,
  shareOn,
  takeSightings,
  type Eta,
  type Propagation,
  type PropagationRow,
  type Share,
} from '../../shared/observations/dns-propagation.ts';
import {
  addShares,
  etaOfAll,
  judgeChange,
  judgeLook,
  judgePace,
  keepShare,
  type Looked,
  type ShareAt,
} from '../../shared/observations/dns-readout.ts';
import type { ZoneServers } from '../../shared/observations/zone-servers.ts';
import {
  hostRows,
  kindOfHost,
  longestPlannedTtl,
  plannedAliases,
} from '../../shared/observations/watched-rows.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { PlannedDns } from '../../shared/plan/plan-dns.ts';
import type { ToldAnswer } from '../../shared/observations/told-answer.ts';
import type { Ports, ZoneChannel } from '../ports.ts';
import { startAsking } from './dns-asking.ts';
import { findZoneServers } from './find-zone-servers.ts';
import { openHostLookups } from './host-lookups.ts';
import { startLoop } from './loop.ts';
import { readAliases } from './read-aliases.ts';
import { startToldAnswers } from './told-answers.ts';

/** A question waits no longer than this, which is less than the shortest interval. */
const askLimitMs = 1_500;
const discoveryPeriodMs = 60_000;
const aliasPeriodMs = 30_000;
const hostPeriodMs = 10_000;
const historyPeriodMs = 2_000;
/** So long after the change rows that still linger are asked calmly: what has not turned by now keeps to no TTL. */
const turningMostMs = 30 * 60_000;

/** One row with all that is known of it. */
export type ReadoutRow = {
  readonly matrix: MatrixRow;
  readonly kind: 'authoritative' | 'resolver' | 'host' | 'office';
  /** Null: not asked yet. */
  readonly seen: PropagationRow | null;
  readonly subnet: Looked['subnet'] | null;
};

/** Everything that is known of the propagation at one moment. */
export type DnsReadout = {
  readonly at: number;
  readonly zones: readonly {
    readonly zone: string;
    readonly servers: ZoneServers | null;
    readonly change: Propagation['change'];
  }[];
  readonly rows: readonly ReadoutRow[];
  /** What Route 53 itself says that it would answer; it counts in no share. */
  readonly told: readonly ToldAnswer[];
  readonly share: Share;
  readonly regions: readonly { readonly region: string; readonly share: Share }[];
  readonly eta: Eta;
  readonly history: readonly ShareAt[];
  readonly pace: { readonly says: string; readonly intervalMs: number; readonly achievedMs: number | null };
};

/** The propagation as users see it, watched until stopped. It asks and reads; nothing is changed by it. */
export type DnsWatch = {
  readonly readout: () => DnsReadout;
  readonly stop: () => Promise<void>;
};

export type DnsWatchNeeds = {
  readonly plan: Plan;
  readonly dns: PlannedDns;
  readonly ports: Pick<Ports, 'dns' | 'clock' | 'ssh'>;
  /** `minute`: asked as often as may be, and nothing on a host; `turning`: just as often; `calm`: before and long after. */
  readonly mode: () => 'minute' | 'turning' | 'calm';
  /** An open channel to a zone's Route 53; null: none is, and Route 53 is not asked what it would answer. */
  readonly zone?: (zone: string) => ZoneChannel | null;
  readonly failed: (what: string, error: unknown) => void;
};

/** Begins to ask: the servers of each zone first, then every row of the matrix again and again. */
export function startDnsWatch(needs: DnsWatchNeeds): DnsWatch {
  const { plan, dns, ports, failed } = needs;
  const now = (): number => ports.clock.now().utcMs;
  const servers = new Map<string, ZoneServers>();
  const aliases = new Map<string, Set<string>>();
  const seen = new Map<string, Propagation>(dns.zones.map(({ id }) => [id, nothingSeen]));
  const longestSeen = new Map<string, number>();
  const looked = new Map<string, Looked>();
  const pending = new Map<string, Looked[]>();
  const lookups = openHostLookups(ports.ssh);
  const hosts = hostRows(plan, dns, () => []);
  let matrix = new Map<string, MatrixRow>();
  let history: readonly ShareAt[] = [];

  const aliasValues = ({
    name,
    type,
  }: {
    readonly name: string;
    readonly type: string;
  }): readonly string[] => [...(aliases.get(`${name} ${type}`) ?? [])];
  const settle = (): void => {
    for (const [zone, looks] of pending) {
      pending.delete(zone);
      const before = seen.get(zone) ?? nothingSeen;
      const authoritative = [...matrix.values()].filter(
        (row) => row.zone === zone && row.asked.authoritative,
      );
      const longest = longestSeen.get(zone) ?? longestPlannedTtl(dns, zone);
      seen.set(
        zone,
        judgeChange(
          takeSightings(before, looks),
          authoritative.map(({ row }) => row),
          longest,
        ),
      );
    }
  };
  const take = (row: MatrixRow, look: Looked): void => {
    looked.set(row.row, look);
    const { side, ttlSeconds } = look.verdict;
    if (row.asked.authoritative && side === 'source' && ttlSeconds !== null)
      longestSeen.set(row.zone, Math.max(longestSeen.get(row.zone) ?? 0, ttlSeconds));
    const waiting = pending.get(row.zone);
    if (waiting === undefined) pending.set(row.zone, [look]);
    else waiting.push(look);
  };
  const mode = (): 'minute' | 'turning' | 'calm' => {
    const asked = needs.mode();
    if (asked !== 'turning') return asked;
    settle();
    const changes = [...seen.values()].map(({ change }) => change?.at ?? null);
    const old = changes.every((at) => at !== null && now() - at > turningMostMs);
    return old || etaOfAll([...seen.values()]).kind === 'done' ? 'calm' : 'turning';
  };
  const pace = (): ReturnType<typeof judgePace> => judgePace(matrix.size, mode());
  const asking = startAsking(ports.clock, {
    intervalMs: () => pace().intervalMs,
    ask: async (id) => {
      const row = matrix.get(id);
      if (row === undefined) return;
      const begun = ports.clock.now();
      const reply = await askRow(ports.dns, row);
      const ended = ports.clock.now();
      // What left the matrix meanwhile is nobody's row.
      if (matrix.has(id))
        take(
          row,
          judgeLook(matrix.get(id) ?? row, reply, { at: ended.utcMs, tookMs: ended.monoMs - begun.monoMs }),
        );
    },
    failed: (error) => failed('asking what DNS answers', error),
  });
  const redraw = (): void => {
    const authorities: Authority[] = [...servers.values()].flatMap((zone) =>
      zone.servers.flatMap(({ zone: id, server, address, standing }) =>
        address === null || standing === 'lame' ? [] : [{ zone: id, server, address }],
      ),
    );
    const rows = matrixOf(dns, authorities, aliasValues);
    matrix = new Map(rows.map((row) => [row.row, row]));
    asking.rows([...matrix.keys()]);
    for (const [zone, state] of seen) {
      const stays = (id: string): boolean => matrix.has(id) || hosts.some(({ row }) => row === id);
      seen.set(zone, { ...state, rows: new Map([...state.rows].filter(([id]) => stays(id))) });
    }
  };

  const loop = (what: string, periodMs: number, turn: () => Promise<void>) =>
    startLoop(ports.clock, { periodMs, turn, failed: (error) => failed(what, error) });
  const loops = [
    loop('looking for the servers of a zone', discoveryPeriodMs, async () => {
      // The minute asks what is known; it does not look for more.
      if (servers.size > 0 && needs.mode() === 'minute') return;
      for (const zone of dns.zones)
        servers.set(zone.id, await findZoneServers(ports.dns, { dns, zone, limitMs: askLimitMs }));
      redraw();
    }),
    loop('looking where an alias leads', aliasPeriodMs, async () => {
      if (plannedAliases(dns).length === 0 || needs.mode() === 'minute') return;
      await readAliases(ports.dns, { dns, limitMs: askLimitMs }, aliases);
      redraw();
    }),
    loop('looking names up on hosts', hostPeriodMs, async () => {
      // In the minute nothing is run on a host that the minute did not order.
      if (needs.mode() === 'minute') return;
      const rows = hostRows(plan, dns, aliasValues);
      await Promise.all(
        rows.map(async (row) => {
          const verdict = await lookups.look(row);
          take(row, {
            row: row.row,
            region: row.asked.region,
            at: now(),
            verdict,
            subnet: 'not-asked',
            tookMs: 0,
          });
        }),
      );
    }),
    loop('keeping the share over time', historyPeriodMs, async () => {
      settle();
      const share = addShares([...seen.values()].map((each) => shareOn(each)));
      if (looked.size > 0) history = keepShare(history, { at: now(), ...share });
    }),
  ];
  redraw();
  const told = startToldAnswers({
    dns,
    clock: ports.clock,
    channel: needs.zone ?? (() => null),
    aliasValues,
    resting: () => needs.mode() === 'minute',
    failed: (error) => failed('asking Route 53 what it answers', error),
  });

  return {
    readout: () => {
      settle();
      const states = [...seen.values()];
      const all = [...matrix.values(), ...hosts];
      const regions = [
        ...new Set(all.flatMap(({ asked }) => (asked.region === null ? [] : [asked.region]))),
      ].toSorted();
      return {
        at: now(),
        zones: dns.zones.map(({ id }) => ({
          zone: id,
          servers: servers.get(id) ?? null,
          change: seen.get(id)?.change ?? null,
        })),
        rows: all.map((row) => ({
          matrix: row,
          kind:
            row.server.port === 0
              ? kindOfHost(dns, row)
              : row.asked.authoritative
                ? 'authoritative'
                : 'resolver',
          seen: seen.get(row.zone)?.rows.get(row.row) ?? null,
          subnet: looked.get(row.row)?.subnet ?? null,
        })),
        told: told.answers(),
        share: addShares(states.map((each) => shareOn(each))),
        regions: regions.map((region) => ({
          region,
          share: addShares(states.map((each) => shareOn(each, region))),
        })),
        eta: etaOfAll(states),
        history,
        pace: { ...pace(), achievedMs: asking.achievedMs() },
      };
    },
    stop: async () => {
      asking.stop();
      told.stop();
      for (const each of loops) each.stop();
      await lookups.close();
    },
  };
}

function askRow(port: Ports['dns'], { server, asked, clientSubnet }: MatrixRow): Promise<DnsReply> {
  return port.ask({
    server: { address: server.address, port: server.port },
    question: asked.question,
    recursion: !asked.authoritative,
    clientSubnet,
    limitMs: askLimitMs,
  });
}
