import type { Identity } from '../sessions/identity.ts';
import type { Activity, FastFacts } from '../sessions/operations.ts';
import type { Survey, TriedGrant } from '../sessions/survey.ts';
import type { DnsFacts } from './dns-facts.ts';
import type { DropInSeen } from './file-seen.ts';
import type { FlipFacts } from './flip-facts.ts';
import type { Observation } from './observation.ts';
import type { SwitchProof } from './switch-proof.ts';
import type { TunnelFacts } from './tunnel-status.ts';

/** All that is known of one MySQL instance; a lost session turns every part unknown. */
export type InstanceFacts = {
  readonly instance: string;
  readonly identity: Observation<Identity>;
  /** SHA256 fingerprint of the SSH host key the session ran through; unknown when reached directly. */
  readonly hostKey: Observation<string>;
  readonly fast: Observation<FastFacts>;
  /** When `fast` was asked for, UTC ms: what was committed until then is surely in it. Null: nothing was read yet. */
  readonly fastAskedAt: number | null;
  /** The same, one to a few seconds earlier: what a node had before the newest reading of another was even asked for. */
  readonly fastBefore?: Observation<FastFacts>;
  readonly activity: Observation<Activity>;
  readonly survey: Observation<Survey>;
  readonly grants: Observation<readonly TriedGrant[]>;
  /** Server clock minus laptop clock, with the half round trip as its uncertainty. */
  readonly clock: Observation<{ readonly offsetMs: number; readonly uncertaintyMs: number }>;
  /** Round trip of the last fast reads, ms, newest last, at most 120. */
  readonly roundTripsMs: readonly number[];
  /** Write transactions per second over the last 5 s. */
  readonly writesPerSecond: Observation<number>;
};

/** What is known of one SSH host. */
export type HostFacts = {
  readonly host: string;
  readonly reachable: Observation<{ readonly hostKey: string }>;
  /** App hosts: the site in use, as the plan's verify command printed it. */
  readonly siteInUse: Observation<string>;
  /** By instance: the drop-ins of the plan on it; absent until the host was looked at. */
  readonly dropIns?: Readonly<Record<string, Observation<DropInSeen>>>;
  /** What was tried for its dead-man's switch, and what its servers would start with; absent until the first look. */
  readonly switchProof?: SwitchProof;
};

/** What the host says that is to keep the journal's mirror. */
export type MirrorFacts = { readonly host: string; readonly freeBytes: Observation<number> };

/** Replication lag of one link by the heartbeat, and what is missing. */
export type LagFacts = {
  readonly instance: string;
  readonly from: string;
  /** Newest beat of the source as seen there, against the source's own newest beat. */
  readonly lagMs: Observation<number>;
  readonly transactionsBehind: Observation<number>;
  readonly bytesBehind: Observation<number>;
};

/** What this laptop says of itself. */
export type LaptopFacts = {
  readonly mains: Observation<boolean>;
  readonly journalFreeBytes: Observation<number>;
  readonly sleepBlocked: Observation<boolean>;
};

/** A client process's running totals, read from its own log. */
export type ClientFacts = {
  readonly client: string;
  readonly chain: string;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly lastAcknowledgedAt: number | null;
  readonly alive: Observation<boolean>;
};

/** Everything that gates and go/no-go judge, at one moment. Frozen when the hold is released. */
export type Snapshot = {
  readonly at: number;
  readonly instances: Readonly<Record<string, InstanceFacts>>;
  readonly hosts: Readonly<Record<string, HostFacts>>;
  readonly lags: readonly LagFacts[];
  readonly laptop: LaptopFacts;
  /** By chain: the name of the reverse link's account, where the plan does not say it itself. */
  readonly reverseUsers?: Readonly<Record<string, Observation<string>>> | undefined;
  /** Absent where the plan keeps no mirror. */
  readonly mirror?: MirrorFacts;
  /** Absent where the plan names no status file of a tunnel. */
  readonly tunnels?: readonly TunnelFacts[];
  /** Absent where the plan changes no DNS records. */
  readonly dns?: DnsFacts;
  /** Absent where the plan has no flip. */
  readonly flip?: FlipFacts;
  readonly clients: readonly ClientFacts[];
};
