import {
  GetRoutingControlStateCommand,
  Route53RecoveryClusterClient,
  UpdateRoutingControlStatesCommand,
} from '@aws-sdk/client-route53-recovery-cluster';
import type { PlannedEmulator } from '../../shared/plan/plan-dns.ts';
import type { ClusterEndpoint } from '../../shared/plan/plan-flip.ts';
import type { RoutingStates } from '../../shared/sessions/zone-answers.ts';
import { emulatedCredentials } from './route53-driver.ts';

/** The calls to one endpoint of a cluster, one request each. They throw what the SDK throws. */
export type ClusterDriver = {
  readonly credentials: () => Promise<unknown>;
  /** On or Off as the endpoint says it. */
  readonly state: (arn: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly setStates: (states: RoutingStates, signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
};

/** Where the emulator answers for an endpoint: one port, told apart by the place in the plan. */
export function emulatedEndpoint({ apiPort }: PlannedEmulator, place: number): string {
  return `http://127.0.0.1:${apiPort}/cluster/${place}`;
}

/**
 * One client for one endpoint. Its own retries are off: whether another endpoint is asked is decided by what this one said.
 * No safety rule is ever named to be overridden.
 */
export function clusterDriver(
  { url, region }: ClusterEndpoint,
  at: {
    readonly profile: string | undefined;
    readonly emulator: PlannedEmulator | undefined;
    readonly place: number;
  },
): ClusterDriver {
  const client = new Route53RecoveryClusterClient({
    maxAttempts: 1,
    region,
    ...(at.emulator === undefined
      ? { endpoint: url, ...(at.profile === undefined ? {} : { profile: at.profile }) }
      : { endpoint: emulatedEndpoint(at.emulator, at.place), credentials: emulatedCredentials }),
  });
  return {
    credentials: () => client.config.credentials(),
    state: async (RoutingControlArn, abortSignal) =>
      (await client.send(new GetRoutingControlStateCommand({ RoutingControlArn }), { abortSignal }))
        .RoutingControlState,
    setStates: async (states, abortSignal) => {
      const UpdateRoutingControlStateEntries = Object.entries(states).map(
        ([RoutingControlArn, RoutingControlState]) => ({ RoutingControlArn, RoutingControlState }),
      );
      await client.send(new UpdateRoutingControlStatesCommand({ UpdateRoutingControlStateEntries }), {
        abortSignal,
      });
    },
    close: () => client.destroy(),
  };
}
