import type { Chain, Plan } from '../../shared/plan/plan.ts';
import type { ClientSession, FastFacts, OpenTransaction } from '../../shared/sessions/operations.ts';
import type { ReplicationLink } from '../../shared/sessions/replication-link.ts';
import type { Account } from '../../shared/sessions/survey.ts';
import type { SessionPurpose } from '../../shared/sessions/session.ts';
import { sourceNodes } from '../../shared/steps/need.ts';

/** A server as small as the steps can tell: what its facts say, and what its statements change. Not the simulator. */
export type ModelServer = {
  readonly id: string;
  readonly chain: Chain;
  readonly serverId: number;
  readonly flavor: 'mariadb' | 'mysql';
  uuid: string | null;
  bootedAtMs: number;
  readOnly: boolean;
  gtid: string;
  file: string;
  offset: number;
  links: ReplicationLink[];
  lockHolder: number | null;
  scheduler: boolean;
  sessions: ClientSession[];
  accounts: Account[];
  transactions: OpenTransaction[];
  xids: string[];
  canaries: Set<string>;
  /** Threads of the cockpit that are gone from the server. */
  readonly dead: Set<number>;
  schema: boolean;
};

/** An application host: the site it uses, and whether its maintenance page is on. */
export type ModelHost = {
  readonly id: string;
  site: string;
  maintenance: boolean;
  readonly files: Map<string, string>;
};

const purposes: readonly SessionPurpose[] = ['act', 'look', 'abort', 'watch', 'survey', 'plain'];

/** Thread ids of the cockpit's sessions to the server in that place of the plan. */
export function threadsOf(index: number): Readonly<Record<SessionPurpose, number>> {
  const first = 1_000 * (index + 1);
  const [act, look, abort, watch, survey, plain] = purposes.map((_, place) => first + place);
  return {
    act: act ?? 0,
    look: look ?? 0,
    abort: abort ?? 0,
    watch: watch ?? 0,
    survey: survey ?? 0,
    plain: plain ?? 0,
  };
}

/** A link in good health. */
export function runningLink(
  channel: string,
  from: { readonly file: string; readonly offset: number },
): ReplicationLink {
  return {
    channel,
    sourceHost: 'source',
    sourcePort: 3306,
    sourceServerId: 1,
    sourceUuid: null,
    receiver: 'running',
    applier: 'running',
    receiverError: null,
    applierError: null,
    secondsBehind: 0,
    delaySeconds: 0,
    readFile: from.file,
    readOffset: from.offset,
    appliedFile: from.file,
    appliedOffset: from.offset,
    relayBytes: 0,
    usesGtid: true,
    retrievedGtid: '',
    filters: [],
  };
}

/** Every server of a plan in the state a quiet night begins in: sources open, targets closed, everything applied. */
export function modelServers(plan: Plan): Map<string, ModelServer> {
  const servers = new Map<string, ModelServer>();
  for (const chain of plan.chains) {
    const masters = chain.source.masters.map(({ instance }) => instance);
    const members = [
      ...chain.source.masters,
      ...chain.source.slaves,
      ...chain.target.masters,
      ...chain.target.replicas,
    ];
    const flavor = plan.simulator?.flavor ?? 'mariadb';
    for (const member of members) {
      const place = servers.size;
      const gtid =
        chain.gtid === 'off'
          ? ''
          : flavor === 'mariadb'
            ? masters.map((_, index) => `0-${index + 1}-${100 - index}`).join(',')
            : `${uuidOf(0)}:1-100`;
      const link = {
        ...runningLink(member.channel, { file: 'log.000007', offset: 500 }),
        usesGtid: chain.gtid === 'on',
      };
      servers.set(member.instance, {
        id: member.instance,
        chain,
        serverId: place + 1,
        flavor,
        uuid: flavor === 'mysql' ? uuidOf(place) : null,
        bootedAtMs: -100_000_000,
        readOnly: !masters.includes(member.instance),
        gtid,
        file: 'log.000007',
        offset: 500,
        links: member.from === undefined ? [] : [link],
        lockHolder: null,
        scheduler: sourceNodes(chain).includes(member.instance),
        transactions: [],
        xids: [],
        canaries: new Set(),
        accounts: [],
        dead: new Set(),
        sessions: sourceNodes(chain).includes(member.instance) ? [clientSession(77)] : [],
        schema: true,
      });
    }
  }
  return servers;
}

/** Every application host on its source site. */
export function modelHosts(plan: Plan): Map<string, ModelHost> {
  const hosts = new Map<string, ModelHost>(
    plan.hosts.map(({ id }) => [id, { id, site: '', maintenance: false, files: new Map() }]),
  );
  for (const { host, source } of plan.appFleets.flatMap((fleet) => fleet.hosts))
    hosts.set(host, { id: host, site: source, maintenance: false, files: new Map() });
  for (const { host, path, standsFor } of plan.dns?.flip?.files ?? [])
    if (standsFor === 'source') hosts.get(host)?.files.set(path, plan.dns?.flip?.content ?? '');
  return hosts;
}

function uuidOf(place: number): string {
  return `00000000-0000-0000-0000-${String(place + 1).padStart(12, '0')}`;
}

/** An application's idle session. */
export function clientSession(thread: number): ClientSession {
  return {
    thread,
    user: 'app',
    host: '10.0.0.1',
    schema: 'shop',
    command: 'Sleep',
    timeSeconds: 0,
    state: '',
    statement: null,
  };
}

/** What `fastFacts` says on that server at that time. */
export function factsOf(server: ModelServer, connectionId: number, nowMs: number): FastFacts {
  return {
    connectionId,
    serverId: server.serverId,
    serverUuid: server.uuid,
    uptimeSeconds: Math.floor((nowMs - server.bootedAtMs) / 1_000),
    clockUs: nowMs * 1_000,
    readOnly: server.readOnly,
    superReadOnly: server.flavor === 'mysql' ? server.readOnly : null,
    position: { flavor: server.flavor, file: server.file, offset: server.offset, gtid: server.gtid },
    links: [...server.links],
    beats: [],
    lockHolder: server.lockHolder,
    eventScheduler: server.scheduler,
    threadsRunning: 1,
    writesCounted: 0,
  };
}
