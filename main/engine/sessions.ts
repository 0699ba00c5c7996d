import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { flipHosts, runHosts } from '../../shared/plan/switches.ts';
import type { SshWay } from '../../shared/steps/command.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import { planNodes, sourceNodes, targetNodes } from '../../shared/steps/need.ts';
import type { ClusterChannel, MysqlSession, OpenRefused, Ports, SshChannel, ZoneChannel } from '../ports.ts';

/** How long opening one session may take, ms. Only before the hold: the minute opens nothing. */
const openLimitMs = 15_000;

/** Every open session and channel, by what it is for. A lost one stays lost until a person's retry (reopen.ts). */
export type Sessions = {
  readonly mysql: (instance: string, purpose: SessionPurpose) => MysqlSession | null;
  /** The run's channel to a host, or the one of another way there. */
  readonly channel: (host: string, way?: SshWay) => SshChannel | null;
  /** The channel to Route 53 of a zone of the plan. */
  readonly zone: (zone: string) => ZoneChannel | null;
  /** The endpoints of the flip's ARC cluster. */
  readonly cluster: () => ClusterChannel | null;
  /** Thread ids by instance and purpose. */
  readonly threads: () => Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly adopt: (session: MysqlSession) => void;
  readonly close: () => Promise<void>;
};

export type Failure = { readonly where: string; readonly refused: OpenRefused };
export type LostCall = (
  where: { readonly instance: string; readonly purpose: SessionPurpose | 'ssh' },
  why: string,
) => void;

/** Opens nothing yet: a table that sessions are put into. `onLost` hears of each session that ends by itself. */
export function emptySessions(onLost: LostCall): Sessions & {
  readonly adoptChannel: (channel: SshChannel, way?: SshWay) => void;
  readonly adoptZone: (channel: ZoneChannel) => void;
  readonly adoptCluster: (channel: ClusterChannel) => void;
  /** Watching and arming may want the same channel at once: it is opened once, because the one before would stay open unseen. */
  readonly openOnce: (place: ChannelPlace, open: () => Promise<Failure | null>) => Promise<Failure | null>;
} {
  const sessions = new Map<string, MysqlSession>();
  const channels = new Map<string, SshChannel>();
  const opening = new Map<string, Promise<Failure | null>>();
  const zones = new Map<string, ZoneChannel>();
  let cluster: ClusterChannel | null = null;
  return {
    mysql: (instance, purpose) => sessions.get(`${instance} ${purpose}`) ?? null,
    channel: (host, way) => channels.get(placeOf(host, way)) ?? null,
    zone: (zone) => zones.get(zone) ?? null,
    cluster: () => cluster,
    threads: () => {
      const threads: Record<string, Record<string, number>> = {};
      for (const session of sessions.values())
        (threads[session.instance] ??= {})[session.purpose] = session.connectionId;
      return threads;
    },
    adopt: (session) => {
      sessions.set(`${session.instance} ${session.purpose}`, session);
      session.onLost((why) => onLost({ instance: session.instance, purpose: session.purpose }, why));
    },
    adoptChannel: (channel, way) => {
      channels.set(placeOf(channel.host, way), channel);
      channel.onLost((why) => onLost({ instance: channel.host, purpose: 'ssh' }, why));
    },
    openOnce: (place, open) => {
      const key = placeOf(...place);
      const known = opening.get(key);
      if (known !== undefined) return known;
      const opened = open().finally(() => opening.delete(key));
      opening.set(key, opened);
      return opened;
    },
    adoptZone: (channel) => {
      // What the one before it still waits for is told that it is closed.
      void zones.get(channel.zone)?.close();
      zones.set(channel.zone, channel);
    },
    adoptCluster: (channel) => {
      void cluster?.close();
      cluster = channel;
    },
    close: async () => {
      await Promise.all([
        ...[...zones.values(), ...(cluster === null ? [] : [cluster])].map((channel) => channel.close()),
        ...[...sessions.values()].map((session) => session.close()),
        ...[...channels.values()].map((channel) => channel.close()),
      ]);
      sessions.clear();
      channels.clear();
      zones.clear();
      cluster = null;
    },
  };
}

function placeOf(host: string, way?: SshWay): string {
  return way === undefined ? host : `${host} ${way}`;
}

/** Every SSH channel of the minute. */
export function plannedChannels(plan: Plan): readonly ChannelPlace[] {
  return [
    ...runHosts(plan).map((host): ChannelPlace => [host]),
    ...flipHosts(plan).map((host): ChannelPlace => [host, 'flip']),
  ];
}
export type ChannelPlace = readonly [host: string, way?: SshWay];

/** Opens everything the minute needs, at once, and says what could not be opened. */
export async function openForRun(
  plan: Plan,
  ports: Ports,
  {
    sessions,
    channels,
  }: { readonly sessions: Sessions; readonly channels: ReturnType<typeof emptySessions> },
): Promise<readonly Failure[]> {
  const dark = plannedChannels(plan).filter((place) => channels.channel(...place)?.state() !== 'open');
  const failures = await Promise.all([
    ...plannedSessions(plan).map((place) => openMysql(ports, sessions, place)),
    ...dark.map((place) => openChannel(ports, channels, place)),
  ]);
  return failures.filter((failure) => failure !== null);
}

/** Every MySQL session of the minute, by instance and purpose. */
export function plannedSessions(plan: Plan): readonly (readonly [string, SessionPurpose])[] {
  const wanted = planNodes(plan).flatMap((instance) =>
    (['act', 'look', 'abort'] as const).map((purpose) => [instance, purpose] as const),
  );
  const plain = plan.chains
    .flatMap((chain) => [...sourceNodes(chain), ...targetNodes(chain)])
    .map((instance) => [instance, 'plain'] as const);
  return [...wanted, ...plain];
}

/** Sessions of the minute that were opened and are not open any more, an instance a sentence; acting ones never come back by themselves. */
export function lostSessions(plan: Plan, sessions: Pick<Sessions, 'mysql'>): readonly string[] {
  const lost = Map.groupBy(
    plannedSessions(plan).filter(
      ([instance, purpose]) => sessions.mysql(instance, purpose)?.state() !== 'open',
    ),
    ([instance]) => instance,
  );
  return [...lost].map(
    ([instance, places]) =>
      `the sessions of the minute to ${instance} were lost (${places.map(([, purpose]) => purpose).join(', ')}): judge again, which opens them anew`,
  );
}

/** Hosts that are looked at over SSH: the minute's own, the mirror's, and every database host that has SSH, for its host key. */
export function watchedHosts(plan: Plan): readonly string[] {
  const databases = plan.instances
    .map(({ host }) => host)
    .filter((id) => plan.hosts.find((host) => host.id === id)?.ssh !== undefined);
  const mirror = plan.journalMirror === undefined ? [] : [plan.journalMirror.host];
  return [...new Set([...runHosts(plan), ...databases, ...mirror])];
}

/** Opens one MySQL session and keeps it; the refusal when it could not be opened. */
export async function openMysql(
  ports: Ports,
  into: Sessions,
  [instance, purpose]: readonly [string, SessionPurpose],
): Promise<Failure | null> {
  const opened = await ports.mysql.open(instance, purpose, openLimitMs);
  if (opened.kind === 'refused') return { where: `${instance} (${purpose})`, refused: opened };
  into.adopt(opened.session);
  return null;
}

/** Opens one SSH channel and keeps it; the refusal when it could not be opened. */
export function openChannel(
  ports: Ports,
  into: ReturnType<typeof emptySessions>,
  place: ChannelPlace,
): Promise<Failure | null> {
  return into.openOnce(place, async () => {
    const [host, way] = place;
    const opened = await ports.ssh.open(host, openLimitMs);
    if (opened.kind === 'refused') return { where: placeOf(host, way), refused: opened };
    into.adoptChannel(opened.channel, way);
    return null;
  });
}

/** The SSH channel to a place, opened first where it is not open; or why there is none. */
export async function channelTo(
  ports: Ports,
  into: ReturnType<typeof emptySessions>,
  place: ChannelPlace,
): Promise<Result<SshChannel, string>> {
  const isOpen = into.channel(...place)?.state() === 'open';
  const failure = isOpen ? null : await openChannel(ports, into, place);
  const channel = into.channel(...place);
  return failure === null && channel !== null
    ? ok(channel)
    : failed(failure?.refused.message ?? 'no channel is open');
}

/** Opens the channel to one zone of Route 53 and keeps it; the refusal when it could not be opened. */
export async function openZone(
  ports: Ports,
  into: ReturnType<typeof emptySessions>,
  zone: string,
): Promise<Failure | null> {
  const opened = await ports.route53.open(zone, openLimitMs);
  if (opened.kind === 'refused') return { where: `zone ${zone}`, refused: opened };
  into.adoptZone(opened.channel);
  return null;
}

/** Opens the way to the flip's ARC cluster and keeps it; the refusal when it could not be opened. */
export async function openCluster(
  ports: Ports,
  into: ReturnType<typeof emptySessions>,
): Promise<Failure | null> {
  const opened = await ports.cluster.open(openLimitMs);
  if (opened.kind === 'refused') return { where: "the flip's ARC cluster", refused: opened };
  into.adoptCluster(opened.channel);
  return null;
}
