import type { DnsName } from '../observations/dns-name.ts';

/** What Route 53 answers about a hosted zone, a change and a health check, in this product's words. */

/**
 * Why Route 53 refused. `throttled` and `prior-request` say that nothing has happened, so the same may be sent again;
 * `rejected`: the batch does not fit what is there (`InvalidChangeBatch`); `credentials`: expired, missing or not allowed.
 * Of an ARC cluster: `unavailable`: this endpoint serves nobody now, and nothing has happened; `conflict`: a safety rule
 * forbids the states (`ConflictException`).
 */
export type ZoneRefusal =
  | 'throttled'
  | 'prior-request'
  | 'rejected'
  | 'credentials'
  | 'no-such-zone'
  | 'no-such-change'
  | 'unavailable'
  | 'conflict'
  | 'other';

/** The state of a routing control of ARC: On while its side is answered. */
export type RoutingState = 'On' | 'Off';

/** States of routing controls by their ARNs. */
export type RoutingStates = Readonly<Record<string, RoutingState>>;

/** One change as Route 53 knows it: accepted at once, in force everywhere when it is INSYNC. */
export type ZoneChange = {
  readonly changeId: string;
  readonly state: 'PENDING' | 'INSYNC';
  /** UTC ms, by Route 53's clock. */
  readonly submittedAt: number;
};

/** What a hosted zone says of itself. */
export type ZoneFacts = {
  readonly hostedZoneId: string;
  readonly name: DnsName;
  readonly view: 'public' | 'private';
  /** Of its delegation set; empty for a private zone. */
  readonly nameServers: readonly DnsName[];
  readonly recordSetCount: number;
};

/** A health check as it is in Route 53. */
export type HealthCheckFacts = {
  readonly healthCheckId: string;
  readonly type: string;
  readonly address: string | null;
  readonly port: number | null;
  readonly path: string | null;
  readonly hostName: string | null;
  readonly searchString: string | null;
  readonly intervalSeconds: number | null;
  readonly failureThreshold: number | null;
  /** Empty: all. */
  readonly regions: readonly string[];
  readonly inverted: boolean;
  readonly disabled: boolean;
  /** Of type RECOVERY_CONTROL: the ARN of the routing control that it follows. */
  readonly routingControl?: string;
};

/** What one checker region last said. */
export type HealthVote = {
  readonly region: string;
  readonly checker: string;
  /** UTC ms; null when the checker named none. */
  readonly checkedAt: number | null;
  readonly healthy: boolean;
  readonly status: string;
};
