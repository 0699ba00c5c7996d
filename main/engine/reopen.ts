import { compareIdentity } from '../../shared/gates/identity-match.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Identity } from '../../shared/sessions/identity.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { MysqlSession, Ports, SshChannel } from '../ports.ts';
import { reopenCluster } from './reopen-cluster.ts';
import { reopenZones } from './reopen-zones.ts';
import {
  plannedChannels,
  plannedSessions,
  type ChannelPlace,
  type emptySessions,
  type Sessions,
} from './sessions.ts';

/** A person waits, and after the point of no return writes may wait with him: what is down must not hold up the rest. */
const reopenLimitMs = 4_000;
const identityLimitMs = 2_000;

/** What a person's retry brought back. */
export type Reopened = {
  /** Thread ids of the sessions that are new, by instance and purpose. */
  readonly threads: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What stays lost, each with its reason: the step says itself whether it needs it. */
  readonly stillLost: readonly string[];
};

export type LostGround = {
  readonly plan: Plan;
  readonly ports: Ports;
  readonly run: Run;
  readonly sessions: Sessions;
  readonly channels: ReturnType<typeof emptySessions>;
  /** The step that is tried again; absent when a whole run is taken up. */
  readonly step?: string;
};

/**
 * Opens lost sessions and channels again, because a person asked: in the middle of a step nothing does. Each new session
 * says who it reached before it is used; one that reached another server than the run began with makes it a refusal.
 */
export async function reopenLost(ground: LostGround): Promise<Result<Reopened, string>> {
  const { plan, run, sessions, channels } = ground;
  const lost = plannedSessions(plan).filter(
    ([instance, purpose]) =>
      mayComeBack(run, purpose) && sessions.mysql(instance, purpose)?.state() !== 'open',
  );
  const dark = plannedChannels(plan).filter((place) => channels.channel(...place)?.state() !== 'open');
  const [mysql, ssh, zones, cluster] = await Promise.all([
    Promise.all(lost.map((place) => openAgain(ground, place))),
    Promise.all(dark.map((place) => openChannelAgain(ground, place))),
    reopenZones(ground, reopenLimitMs),
    reopenCluster(ground, reopenLimitMs),
  ]);
  const wrong = mysql.flatMap((each) => (each.kind === 'wrong' ? [each.text] : []));
  const all = [...mysql, ...ssh];
  if (wrong.length > 0) {
    await Promise.all(all.flatMap((each) => ('close' in each ? [each.close()] : [])));
    return failed(`Not tried again: ${wrong.join('; ')}. Nothing was sent there.`);
  }
  const threads: Record<string, Record<string, number>> = {};
  for (const each of all) {
    if (each.kind === 'channel') channels.adoptChannel(each.channel, each.way);
    if (each.kind !== 'session') continue;
    const { session } = each;
    // The driver of the lost one may still hold a socket.
    void sessions.mysql(session.instance, session.purpose)?.close();
    sessions.adopt(session);
    (threads[session.instance] ??= {})[session.purpose] = session.connectionId;
  }
  const stillLost = all.flatMap((each) => (each.kind === 'lost' ? [each.text] : []));
  return ok({ threads, stillLost: [...stillLost, ...zones, ...cluster] });
}

/**
 * Before the point of no return the acting session stays lost: its thread is the one whose statements the undo ends and
 * sees gone, and the undo never acts through it.
 */
function mayComeBack({ ponrAt }: Run, purpose: SessionPurpose): boolean {
  return ponrAt !== null || purpose !== 'act';
}

type Again =
  | { readonly kind: 'session'; readonly session: MysqlSession; readonly close: () => Promise<void> }
  | {
      readonly kind: 'channel';
      readonly channel: SshChannel;
      readonly way: ChannelPlace[1];
      readonly close: () => Promise<void>;
    }
  | { readonly kind: 'lost' | 'wrong'; readonly text: string };

async function openAgain(
  { ports, run }: LostGround,
  [instance, purpose]: readonly [string, SessionPurpose],
): Promise<Again> {
  const place = `${instance} (${purpose})`;
  const opened = await ports.mysql.open(instance, purpose, reopenLimitMs);
  if (opened.kind === 'refused') return { kind: 'lost', text: `${place}: ${opened.message}` };
  const { session } = opened;
  const said = await session.ask('identity', {}, identityLimitMs);
  if (said.kind !== 'ok') {
    await session.close();
    return { kind: 'lost', text: `${place} did not say who it is: ${said.message}` };
  }
  const other = otherServer(run.identities[instance], said.value);
  if (other === null) return { kind: 'session', session, close: session.close };
  await session.close();
  return {
    kind: 'wrong',
    text: `${place} reached another server than this run began with: ${other}`,
  };
}

async function openChannelAgain({ ports }: LostGround, [host, way]: ChannelPlace): Promise<Again> {
  const opened = await ports.ssh.open(host, reopenLimitMs);
  if (opened.kind === 'refused') return { kind: 'lost', text: `${host}: ${opened.message}` };
  return { kind: 'channel', channel: opened.channel, way, close: opened.channel.close };
}

/** What differs from the server the run began with; null: it is the same one. */
function otherServer(known: Identity | undefined, seen: Identity): string | null {
  if (known === undefined) return 'this run knows no identity of it';
  const { serverUuid, serverId, datadir, gtidState } = known;
  const traits = compareIdentity(
    {
      instance: '',
      serverUuid: serverUuid ?? undefined,
      serverId,
      datadir,
      // MariaDB has no uuid: a server that was rebuilt on the spot shows only by what its log no longer holds.
      gtidBinlogState: serverUuid !== null || gtidState === '' ? undefined : gtidState,
    },
    { identity: seen, hostKey: null },
  ).filter(({ same }) => !same);
  if (traits.length === 0) return null;
  return traits.map(({ trait, expected, seen: is }) => `${trait} ${is}, expected ${expected}`).join(', ');
}
