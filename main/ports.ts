import type { Credential, Plan } from '../shared/plan/plan.ts';
import type { OperationInput, OperationName, OperationOutput } from '../shared/sessions/operations.ts';
import type { Answer, SessionPurpose } from '../shared/sessions/session.ts';
import type { DnsQuestion, DnsReply } from '../shared/observations/dns-reply.ts';
import type { DnsName } from '../shared/observations/dns-name.ts';
import type { RecordSet } from '../shared/observations/record-set.ts';
import type { PlannedHealthCheck } from '../shared/plan/plan-dns.ts';
import type {
  HealthCheckFacts,
  HealthVote,
  RoutingStates,
  ZoneChange,
  ZoneFacts,
} from '../shared/sessions/zone-answers.ts';
import type { ChangeBatch } from '../shared/steps/change-batch.ts';
import type { Subnet } from '../shared/observations/ip-address.ts';
import type { ClientWrite } from '../shared/observations/client-log.ts';
import type { ClientFacts, LaptopFacts } from '../shared/observations/snapshot.ts';
import type { EpochMark } from '../shared/steps/driver.ts';
import type { Moment } from '../shared/steps/event.ts';
import type { JournalRecord, Payload } from '../shared/audit/record.ts';
import type { HealthLine, MadeChecks } from '../shared/audit/health-record.ts';
import type { TtlLine, TtlRecord } from '../shared/audit/ttl-record.ts';
import type { Result } from '../shared/lib/result.ts';

/**
 * The edges of the engine. Real adapters and the simulator implement exactly these; the engine knows nothing else.
 * Every call is bounded by its caller's limit and answers with a value: nothing here throws for expected trouble.
 */
export type Ports = {
  readonly clock: ClockPort;
  readonly mysql: MysqlPort;
  readonly ssh: SshPort;
  readonly clients: ClientsPort;
  readonly laptop: LaptopPort;
  readonly route53: Route53Port;
  readonly cluster: ClusterPort;
  readonly dns: DnsPort;
};

/** One question to one DNS server. */
export type DnsAsk = {
  readonly server: { readonly address: string; readonly port: number };
  readonly question: DnsQuestion;
  /** True for a resolver; a server that holds the zone is asked for what it holds. */
  readonly recursion: boolean;
  /** For whose network is asked; null: for this laptop's. */
  readonly clientSubnet: Subnet | null;
  readonly limitMs: number;
};

export type DnsPort = {
  /** Asks exactly this server, never another one in its place. Every failure is a value. */
  readonly ask: (ask: DnsAsk) => Promise<DnsReply>;
};

/** One hosted zone of the plan, with the credentials and the warm connection that reach it. Nothing is sent twice by itself. */
export type ZoneChannel = {
  readonly zone: string;
  /** The 12 digits of the account that the credentials belong to. */
  readonly account: string;
  /** UTC ms; null where they do not expire or do not say. */
  readonly credentialsEndAt: number | null;
  readonly facts: (limitMs: number) => Promise<Answer<ZoneFacts>>;
  /** Every record set, page by page within the account's request budget. */
  readonly list: (limitMs: number) => Promise<Answer<readonly RecordSet[]>>;
  /** All record sets of just these names: the one listing the minute may need. */
  readonly listNames: (names: readonly DnsName[], limitMs: number) => Promise<Answer<readonly RecordSet[]>>;
  readonly change: (batch: ChangeBatch, comment: string, limitMs: number) => Promise<Answer<ZoneChange>>;
  readonly changeState: (changeId: string, limitMs: number) => Promise<Answer<ZoneChange>>;
  /** What Route 53 itself would answer, from one of its servers, to that client subnet (`TestDNSAnswer`). */
  readonly testAnswer: (
    ask: { readonly name: DnsName; readonly type: string; readonly clientSubnet: Subnet | null },
    limitMs: number,
  ) => Promise<Answer<{ readonly rcode: string; readonly values: readonly string[] }>>;
  /** Null: there is none of this id. */
  readonly healthCheck: (healthCheckId: string, limitMs: number) => Promise<Answer<HealthCheckFacts | null>>;
  readonly healthVotes: (healthCheckId: string, limitMs: number) => Promise<Answer<readonly HealthVote[]>>;
  readonly createHealthCheck: (
    planned: Exclude<PlannedHealthCheck, { readonly type: 'EXISTING' }>,
    callerReference: string,
    limitMs: number,
  ) => Promise<Answer<HealthCheckFacts>>;
  readonly close: () => Promise<void>;
};

export type ZoneOpened = { readonly kind: 'open'; readonly channel: ZoneChannel } | OpenRefused;

export type Route53Port = {
  /** Finds the credentials, asks whose they are, and warms the connection; `zone` is the plan's own id of it. */
  readonly open: (zone: string, limitMs: number) => Promise<ZoneOpened>;
};

/** The endpoints of the flip's ARC cluster, each with a warm connection. Nothing is sent twice by itself, or elsewhere. */
export type ClusterChannel = {
  /** Reads the state of each control at one endpoint of the plan, by its URL. */
  readonly read: (
    url: string,
    controls: readonly string[],
    limitMs: number,
  ) => Promise<Answer<RoutingStates>>;
  /** Sets all of them or none, within the safety rules. */
  readonly set: (url: string, states: RoutingStates, limitMs: number) => Promise<Answer<RoutingStates>>;
  readonly close: () => Promise<void>;
};

export type ClusterPort = {
  /** Finds the credentials. What an endpoint answers is seen by reading there, which warms its connection. */
  readonly open: (
    limitMs: number,
  ) => Promise<{ readonly kind: 'open'; readonly channel: ClusterChannel } | OpenRefused>;
};

/** Where the TTLs of one zone are kept while they are lowered: observed first, synced to disk before anything is sent. */
export type TtlFile = {
  readonly file: string;
  /** Null: nothing of this zone is lowered. */
  readonly read: () => Result<TtlRecord | null, string>;
  /** Fails where there is a file already: what it holds cannot be observed again. */
  readonly begin: (observed: Extract<TtlLine, { readonly kind: 'observed' }>) => Result<null, string>;
  readonly add: (line: TtlLine) => Result<null, string>;
  /** The TTLs are back: the file is kept under another name. */
  readonly putAway: (restored: Extract<TtlLine, { readonly kind: 'restored' }>) => Result<null, string>;
};

/** Where it is kept which checks were made from a plan. */
export type HealthFile = {
  readonly file: string;
  readonly read: () => Result<MadeChecks, string>;
  readonly add: (line: HealthLine) => Result<null, string>;
};

export type Timer = { readonly cancel: () => void };

export type ClockPort = {
  readonly now: () => Moment;
  /** Calls back once after `ms`. In the simulator time passes only as its clock is driven. */
  readonly after: (ms: number, call: () => void) => Timer;
};

/** One connection to one instance under one account. Calls on it run one after the other, in the order asked. */
export type MysqlSession = {
  readonly instance: string;
  readonly purpose: SessionPurpose;
  /** The server's thread id. */
  readonly connectionId: number;
  readonly state: () => 'open' | 'lost' | 'closed';
  readonly ask: <K extends OperationName>(
    operation: K,
    input: OperationInput<K>,
    limitMs: number,
  ) => Promise<Answer<OperationOutput<K>>>;
  /** Called once when the connection is lost. */
  readonly onLost: (call: (why: string) => void) => void;
  readonly close: () => Promise<void>;
};

export type Opened = { readonly kind: 'open'; readonly session: MysqlSession } | OpenRefused;

/** Why a session could not be opened, in words for the operator: expected, seen, what to do. */
export type OpenRefused = {
  readonly kind: 'refused';
  readonly reason:
    | 'wrong-password'
    | 'unreachable'
    | 'unknown-host-key'
    | 'changed-host-key'
    | 'tls'
    | 'credential'
    | 'too-many-connections'
    | 'unknown-version'
    | 'time-limit'
    | 'other';
  readonly message: string;
  /** For host keys: the host and the fingerprint that was seen. */
  readonly host?: string;
  readonly fingerprint?: string;
};

export type MysqlPort = {
  readonly open: (instance: string, purpose: SessionPurpose, limitMs: number) => Promise<Opened>;
  /** The exact statements an operation would send to this instance, for go/no-go, the screen and the journal. Secrets are masked. */
  readonly statements: <K extends OperationName>(
    instance: string,
    operation: K,
    input: OperationInput<K>,
  ) => readonly string[];
  /** The name of the account that a reference leads to, or why it leads to none. */
  readonly userOf: (reference: Credential) => Promise<Result<string, string>>;
};

export type SshOutput = { readonly stdout: string; readonly stderr: string };

/** What changes a host, under the epoch of one driver. */
export type SshEffects = Pick<SshChannel, 'run' | 'putFile' | 'moveFile'> & {
  /**
   * Appends whole lines to a file that must be exactly `at` bytes long (0: it may not be there yet), and flushes it;
   * `torn`: it must be that long, and is cut to `at` first. Answers with its length then.
   */
  readonly appendFile: (
    path: string,
    add: { readonly at: number; readonly text: string; readonly torn?: number },
    limitMs: number,
  ) => Promise<Answer<{ readonly length: number }>>;
};

/** A part of a file: its whole length in bytes, and what stands from the asked byte on up to `next`. */
export type FilePart = { readonly length: number; readonly text: string; readonly next: number };

/** An open channel to one host that runs argument lists one after the other without opening anything new. */
export type SshChannel = {
  readonly host: string;
  readonly hostKey: string;
  readonly state: () => 'open' | 'lost' | 'closed';
  /** Exit status 0 with its sentinel is ok; another status is refused with code and output. Output is capped at 1 MiB. */
  readonly run: (argv: readonly string[], limitMs: number) => Promise<Answer<SshOutput>>;
  /** Puts a file in place by temporary file, fsync and rename (content null: removes it); answers with the SHA-256 read back (null: absent). */
  readonly putFile: (
    path: string,
    content: string | null,
    limitMs: number,
  ) => Promise<Answer<{ readonly sha256: string | null }>>;
  /** Renames a file and flushes its folder; ok only when it is seen there, and no longer where it was. */
  readonly moveFile: (from: string, to: string, limitMs: number) => Promise<Answer<SshOutput>>;
  /** Reads a text file from a byte on: whole lines as long as more follows, 700 KiB at most. Null: there is none. */
  readonly readFile: (path: string, from: number, limitMs: number) => Promise<Answer<FilePart | null>>;
  /**
   * The same as one driver's: under flock the host's epoch file is compared first. A higher epoch, another driver's of the
   * same, or no file at all (the run is over there) is a refusal with `ousted`, and nothing of the line is run.
   */
  readonly as: (mark: EpochMark) => SshEffects;
  /** Takes the epoch (the file is made where there is none), or takes the file away; refused as `as` refuses. */
  readonly epoch: (mark: EpochMark, order: 'take' | 'drop', limitMs: number) => Promise<Answer<SshOutput>>;
  readonly onLost: (call: (why: string) => void) => void;
  readonly close: () => Promise<void>;
};

export type SshOpened = { readonly kind: 'open'; readonly channel: SshChannel } | OpenRefused;

export type SshPort = {
  readonly open: (host: string, limitMs: number) => Promise<SshOpened>;
  /** Accepts one host key from now on; recorded in the plan's own known hosts, next to its journal. */
  readonly acceptHostKey: (host: string, fingerprint: string) => Promise<void>;
};

export type { ClientWrite };
export type ClientsPort = {
  readonly start: () => Promise<void>;
  readonly facts: () => readonly ClientFacts[];
  /** Everything the clients' logs hold since `sinceUtcMs`, in order of endedAt a client. */
  readonly writes: (sinceUtcMs: number) => Promise<readonly ClientWrite[]>;
  /** One write and its read-back through the named http client's path, now. */
  readonly canary: (client: string, id: string, limitMs: number) => Promise<Answer<{ readonly ms: number }>>;
  /** Of these acknowledged ids of a chain, those that the instance does not hold. */
  readonly missing: (
    chain: string,
    instance: string,
    ids: readonly string[],
  ) => Promise<Answer<readonly string[]>>;
  readonly stop: () => Promise<void>;
};

export type LaptopPort = {
  readonly facts: () => Promise<LaptopFacts>;
  /** The operating system's user name. */
  readonly user: () => string;
  /** The laptop's own name. */
  readonly name: () => string;
  /** Blocks sleep until released; answers whether it could. */
  readonly blockSleep: () => Promise<{
    readonly blocked: boolean;
    readonly how: string;
    readonly release: () => void;
  }>;
  /**
   * Puts this process before the other programs of the laptop until released, where the system lets it: between an answer
   * and the next statement a browser or a video call must not come first. Answers whether it could.
   */
  readonly takePrecedence: () => { readonly raised: boolean; readonly release: () => void };
};

/** An append-only journal. */
export type Journal = {
  readonly file: string;
  /** Hash of the newest record; 64 zeros when there is none. */
  readonly head: () => string;
  readonly count: () => number;
  /**
   * true: synced to disk before it returns. Otherwise written in the next turn of the event loop, in order and before
   * any later durable record; `soon`: and synced in the background. Throws when the journal cannot be continued.
   */
  readonly append: (at: Moment, payload: Payload, durable: boolean | 'soon') => void;
  readonly read: () => readonly JournalRecord[];
  /** Hears each line, as it stands in the file, once it is written; answers how to stop hearing. */
  readonly follow: (call: (line: string) => void) => () => void;
  readonly close: () => void;
};

/** Builds the ports for a plan: the real ones, or the simulated world when the plan's environment is `simulator`. */
export type MakePorts = (plan: Plan, planFile: string) => Promise<Ports>;
