import type { Plan } from '../../shared/plan/plan.ts';
import { planLags, writeRate } from '../../shared/observations/lag.ts';
import { known, unknown } from '../../shared/observations/observation.ts';
import type { HostFacts, LaptopFacts, MirrorFacts, Snapshot } from '../../shared/observations/snapshot.ts';
import { planNodes } from '../../shared/steps/need.ts';
import type { Watched } from '../../shared/steps/watchdog.ts';
import type { MysqlSession, OpenRefused, Ports } from '../ports.ts';
import { startHeartbeats, type Heartbeats } from './heartbeats.ts';
import { startLoop, type Loop, type LoopOptions } from './loop.ts';
import { ownWork, type OwnWork } from './own-work.ts';
import { lookAtHost } from './look-at-host.ts';
import { lookAtMirror, mirrorUnseen } from './look-at-mirror.ts';
import { openChannel, plannedChannels, watchedHosts, type ChannelPlace } from './sessions.ts';
import { startSwitchProofs } from './switch-proofs.ts';
import { readReverseUsers } from './reverse-users.ts';
import { reasonOf } from './troubles.ts';
import { watchFlip } from './watch-flip.ts';
import { watchTunnels } from './watch-tunnels.ts';
import { watchZones, type ObserverGround } from './watch-zones.ts';
import {
  forget,
  hostUnseen,
  laptopUnseen,
  nothingKnown,
  observed,
  publicFacts,
  remember,
  type WatchedFacts,
} from './watched-facts.ts';

/** Fast facts more than four times a second, as the watchdog needs them too. */
const fastPeriodMs = 240;
const activityPeriodMs = 500;
const surveyPeriodMs = 30_000;
const laptopPeriodMs = 5_000;
const hostPeriodMs = 10_000;
/** A lost channel is tried again this often, also in the minute: nothing on a host hangs on it, and an undo may need it. */
const lostChannelPeriodMs = 1_000;
const openLimitMs = 10_000;
/** A read that takes longer than this counts as not answered: unknown, never "as before". */
const fastLimitMs = 2_000;
const surveyLimitMs = 20_000;

export type Observer = {
  readonly snapshot: () => Snapshot;
  readonly refusals: () => Readonly<Record<string, OpenRefused>>;
  /** Reads everything slow again now, for a judgement; resolves when all is there or given up. */
  readonly refresh: () => Promise<void>;
  /** During the minute the slow reads rest: they would only cost the servers and refresh InnoDB's list too early. */
  readonly rest: (resting: boolean) => void;
  /** What keeps this laptop busy beside the watching is told here, so that no round trip is judged by it. */
  readonly work: OwnWork;
  /** Hears every fresh reading; answers how to stop hearing. */
  readonly onWatched: (call: (watched: Watched) => void) => () => void;
  readonly threads: () => Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly watchSession: (instance: string) => MysqlSession | null;
  /** Rests during the minute, when the steps use it for reads that may be slow. */
  readonly surveySession: (instance: string) => MysqlSession | null;
  /** Tries every refused host and instance again at once, e.g. after a host key was accepted. */
  readonly retry: () => void;
  readonly stop: () => Promise<void>;
};

/** Watches every instance and host of the plan until stopped. Reading sessions come back by themselves; acting ones never. */
export function startObserver(plan: Plan, ports: Ports, ground: ObserverGround): Observer {
  const { channels, tell } = ground;
  const now = (): number => ports.clock.now().utcMs;
  const nodes = planNodes(plan);
  const facts = new Map<string, WatchedFacts>(nodes.map((node) => [node, nothingKnown(node, now())]));
  const hosts = new Map<string, HostFacts>(
    watchedHosts(plan).map((host) => [host, hostUnseen(host, 'not looked at yet', now())]),
  );
  const sessions = new Map<string, MysqlSession>();
  const opening = new Map<string, Promise<MysqlSession | null>>();
  const refusals = new Map<string, OpenRefused>();
  const watchers = new Set<(watched: Watched) => void>();
  let laptop: LaptopFacts = laptopUnseen(now());
  let reverseUsers: Snapshot['reverseUsers'];
  let mirror: MirrorFacts | null = mirrorUnseen(plan, now());
  const work = ownWork(ports.clock);
  let resting = false;
  let stopped = false;

  /** Two loops may want the same session at once: it is opened once, because a second one would never be closed. */
  const session = (instance: string, purpose: 'watch' | 'survey'): Promise<MysqlSession | null> => {
    const key = `${instance} ${purpose}`;
    const open = sessions.get(key);
    if (open?.state() === 'open') return Promise.resolve(open);
    const known = opening.get(key);
    if (known !== undefined) return known;
    const opened = openSession(instance, purpose).finally(() => opening.delete(key));
    opening.set(key, opened);
    return opened;
  };
  const openSession = async (instance: string, purpose: 'watch' | 'survey'): Promise<MysqlSession | null> => {
    const key = `${instance} ${purpose}`;
    sessions.delete(key);
    const opened = await work.during(ports.mysql.open(instance, purpose, openLimitMs));
    if (opened.kind === 'refused') {
      refusals.set(instance, opened);
      return null;
    }
    if (stopped) {
      await opened.session.close();
      return null;
    }
    refusals.delete(instance);
    sessions.set(key, opened.session);
    return opened.session;
  };

  const readFast = async (node: string, entry: WatchedFacts): Promise<void> => {
    const watch = await session(node, 'watch');
    if (watch === null) return forget(entry, refusals.get(node)?.message ?? 'no session', now());
    const askedAt = now();
    const undisturbed = work.watch();
    const answer = await watch.ask('fastFacts', {}, fastLimitMs);
    if (answer.kind !== 'ok') return forget(entry, answer.message, now());
    const source = `fast facts of ${node}, thread ${watch.connectionId}`;
    const later = { value: answer.value, takenAt: answer.takenAt };
    entry.fast = known(answer.value, answer.takenAt, source);
    entry.fastAskedAt = askedAt;
    entry.clock = known(
      {
        offsetMs: answer.value.clockUs / 1_000 - (askedAt + answer.tookMs / 2),
        uncertaintyMs: answer.tookMs / 2,
      },
      answer.takenAt,
      source,
    );
    if (undisturbed()) entry.roundTripsMs = [...entry.roundTripsMs, answer.tookMs].slice(-120);
    if (entry.earlier === null || later.takenAt - entry.earlier.takenAt >= 1_000) {
      const rate = entry.earlier === null ? null : writeRate(entry.earlier, later);
      entry.writesPerSecond =
        rate === null
          ? unknown('two readings are needed', later.takenAt, source)
          : known(rate, later.takenAt, source);
      remember(entry, later);
    }
    for (const call of watchers) call({ instance: node, facts: answer.value, askedAt });
  };

  const readActivity = async (node: string, entry: WatchedFacts): Promise<void> => {
    if (resting) return;
    const survey = await session(node, 'survey');
    if (survey === null) return;
    entry.activity = observed(await survey.ask('activity', {}, surveyLimitMs), `activity of ${node}`);
  };

  const readSurvey = async (node: string, entry: WatchedFacts): Promise<void> => {
    if (resting) return;
    const survey = await session(node, 'survey');
    if (survey === null) return;
    const answer = await work.during(survey.ask('survey', {}, surveyLimitMs));
    entry.survey = observed(answer, `survey of ${node}`);
    entry.identity =
      answer.kind === 'ok'
        ? known(answer.value.identity, answer.takenAt, `survey of ${node}`)
        : unknown(answer.message, answer.takenAt, node);
    // The schema is made on a source master: a closed server refuses that before it looks at any privilege.
    const isMaster = plan.chains.some(({ source }) =>
      source.masters.some(({ instance }) => instance === node),
    );
    const tried = await work.during(
      survey.ask('tryGrants', { role: isMaster ? 'source' : 'target' }, surveyLimitMs),
    );
    entry.grants =
      tried.kind === 'ok'
        ? known(tried.value.tried, tried.takenAt, `grants on ${node}`)
        : unknown(tried.message, tried.takenAt, node);
  };

  const readHost = async (host: string): Promise<void> => {
    if (resting) return;
    if (channels.channel(host)?.state() !== 'open') {
      const failure = await openChannel(ports, channels, [host]);
      if (failure !== null) {
        refusals.set(host, failure.refused);
        hosts.set(host, hostUnseen(host, failure.refused.message, now()));
        return;
      }
    }
    refusals.delete(host);
    const channel = channels.channel(host);
    if (channel === null) return;
    mirror = (await lookAtMirror(plan, channel, openLimitMs)) ?? mirror;
    hosts.set(host, await lookAtHost(plan, channel, { now, limitMs: openLimitMs }));
    for (const instance of plan.instances) {
      const entry = facts.get(instance.id);
      // A session that did not run through this host proves nothing about it.
      if (instance.host === host && instance.via === 'ssh' && entry !== undefined)
        entry.hostKey = known(channel.hostKey, now(), `SSH to ${host}`);
    }
  };

  const readLaptop = async (): Promise<void> => {
    laptop = await ports.laptop.facts();
    reverseUsers = await readReverseUsers(plan, ports);
  };

  const failed = (what: string, error: unknown): void =>
    tell(`The program is wrong: ${what} failed (${reasonOf(error)}).`);
  const loop = (what: string, pace: Pick<LoopOptions, 'periodMs' | 'shiftMs'>, turn: () => Promise<void>) =>
    startLoop(ports.clock, { ...pace, turn, failed: (error) => failed(what, error) });
  const each = (
    read: (node: string, entry: WatchedFacts) => Promise<void>,
    periodMs: number,
  ): readonly Loop[] =>
    // Spread over the period: ten servers asked in one moment would be ten answers at once for the laptop and the servers.
    [...facts].map(([node, entry], index) =>
      loop(`watching ${node}`, { periodMs, shiftMs: (index * periodMs) / facts.size }, () =>
        read(node, entry),
      ),
    );
  const fastLoops = each(readFast, fastPeriodMs);
  const activityLoops = each(readActivity, activityPeriodMs);
  const surveyLoops = each(readSurvey, surveyPeriodMs);
  const hostLoops = [...hosts.keys()].map((host) =>
    loop(`looking at ${host}`, { periodMs: hostPeriodMs }, () => readHost(host)),
  );
  const reopenLost = async (place: ChannelPlace): Promise<void> => {
    if (channels.channel(...place)?.state() === 'lost') await openChannel(ports, channels, place);
  };
  const lostLoops = plannedChannels(plan).map((place) =>
    loop(`opening ${place[0]} again`, { periodMs: lostChannelPeriodMs }, () => reopenLost(place)),
  );
  const laptopLoop = loop('looking at this laptop', { periodMs: laptopPeriodMs }, readLaptop);
  const beats: Heartbeats = startHeartbeats(plan, ports, {
    surveyOf: (instance) => facts.get(instance)?.survey ?? null,
    failed,
  });
  const proofs = startSwitchProofs(plan, ports, {
    channels,
    met: (instance) => facts.get(instance),
    resting: () => resting,
    failed,
  });
  const zones = watchZones(plan, ports, { ...ground, resting: () => resting, work, failed });
  const flip = watchFlip(plan, ports, { channels, resting: () => resting, failed });
  const tunnels = watchTunnels(plan, ports, { channels, resting: () => resting, failed });
  const loops = [...fastLoops, ...activityLoops, ...surveyLoops, ...hostLoops, ...lostLoops, laptopLoop];

  return {
    work,
    snapshot: () => ({
      at: now(),
      ...zones.part(),
      ...flip.part(),
      ...tunnels.part(),
      instances: Object.fromEntries([...facts].map(([node, entry]) => [node, publicFacts(entry)])),
      hosts: proofs.beside(hosts),
      lags: planLags(plan, Object.fromEntries(facts)),
      laptop,
      reverseUsers,
      ...(mirror === null ? {} : { mirror }),
      clients: ports.clients.facts(),
    }),
    refusals: () => Object.fromEntries(refusals),
    refresh: async () => {
      await Promise.all(
        [...surveyLoops, ...activityLoops, ...fastLoops, ...hostLoops, laptopLoop].map((loop) => loop.now()),
      );
      // Channels are open and servers are known only now.
      await Promise.all([proofs.refresh(), zones.refresh(), flip.refresh(), tunnels.refresh()]);
    },
    rest: (value) => {
      resting = value;
    },
    onWatched: (call) => {
      watchers.add(call);
      return () => watchers.delete(call);
    },
    threads: () => {
      const threads: Record<string, Record<string, number>> = {};
      for (const open of sessions.values()) (threads[open.instance] ??= {})[open.purpose] = open.connectionId;
      for (const [instance, thread] of beats.threads()) (threads[instance] ??= {})['beat'] = thread;
      return threads;
    },
    watchSession: (instance) => sessions.get(`${instance} watch`) ?? null,
    surveySession: (instance) => sessions.get(`${instance} survey`) ?? null,
    retry: () => {
      for (const loop of [...surveyLoops, ...hostLoops]) void loop.now();
    },
    stop: async () => {
      stopped = true;
      for (const loop of loops) loop.stop();
      proofs.stop();
      zones.stop();
      flip.stop();
      tunnels.stop();
      await beats.stop();
      await Promise.all([...sessions.values()].map((open) => open.close()));
    },
  };
}
