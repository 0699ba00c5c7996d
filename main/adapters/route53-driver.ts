import {
  ChangeResourceRecordSetsCommand,
  CreateHealthCheckCommand,
  GetChangeCommand,
  GetHealthCheckCommand,
  GetHealthCheckStatusCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  TestDNSAnswerCommand,
} from '@aws-sdk/client-route-53';
import type {
  Change,
  ChangeInfo,
  GetHostedZoneCommandOutput,
  HealthCheck,
  HealthCheckConfig,
  HealthCheckObservation,
  ListResourceRecordSetsCommandInput,
  ListResourceRecordSetsCommandOutput,
  ResourceRecordSet,
  TestDNSAnswerCommandInput,
  TestDNSAnswerCommandOutput,
} from '@aws-sdk/client-route-53';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { PlannedEmulator } from '../../shared/plan/plan-dns.ts';

export type { Change, ChangeInfo, HealthCheck, HealthCheckConfig, HealthCheckObservation, ResourceRecordSet };

/** The calls of the AWS SDK that this product makes, one request each. They throw what the SDK throws. */
export type Route53Driver = {
  /** UTC ms at which the credentials end, as the SDK has them now; null where they do not say. */
  readonly credentialsEndAt: () => Promise<number | null>;
  readonly account: (signal: AbortSignal) => Promise<string | undefined>;
  readonly hostedZone: (id: string, signal: AbortSignal) => Promise<GetHostedZoneCommandOutput>;
  readonly listPage: (
    input: ListResourceRecordSetsCommandInput,
    signal: AbortSignal,
  ) => Promise<ListResourceRecordSetsCommandOutput>;
  readonly change: (
    input: { readonly zone: string; readonly comment: string; readonly changes: readonly Change[] },
    signal: AbortSignal,
  ) => Promise<ChangeInfo | undefined>;
  readonly changeState: (id: string, signal: AbortSignal) => Promise<ChangeInfo | undefined>;
  readonly testAnswer: (
    input: TestDNSAnswerCommandInput,
    signal: AbortSignal,
  ) => Promise<TestDNSAnswerCommandOutput>;
  readonly healthCheck: (id: string, signal: AbortSignal) => Promise<HealthCheck | undefined>;
  readonly healthVotes: (id: string, signal: AbortSignal) => Promise<readonly HealthCheckObservation[]>;
  readonly createHealthCheck: (
    input: { readonly callerReference: string; readonly config: HealthCheckConfig },
    signal: AbortSignal,
  ) => Promise<HealthCheck | undefined>;
  readonly close: () => void;
};

/** Keys that mean nothing: real ones are never shown to an emulator. */
export const emulatedCredentials = { accessKeyId: 'emulated', secretAccessKey: 'emulated' };

/**
 * One client with the credentials of one profile (SSO, roles and processes as the AWS configuration says). Its own retries
 * are off: whether a change may be sent again is decided by what Route 53 said. A plan that rehearses on an emulator is led
 * to its port on this machine; `AWS_ENDPOINT_URL_ROUTE_53` and `AWS_ENDPOINT_URL_STS` lead elsewhere, as they lead every
 * program that uses the SDK.
 */
export function route53Driver(
  profile: string | undefined,
  emulator: PlannedEmulator | undefined,
): Route53Driver {
  const common = {
    maxAttempts: 1,
    // Route 53 is one service for the world; its requests are signed for this region (AWS General Reference).
    region: 'us-east-1',
    ...(emulator === undefined
      ? profile === undefined
        ? {}
        : { profile }
      : { endpoint: `http://127.0.0.1:${emulator.apiPort}`, credentials: emulatedCredentials }),
  };
  const route53 = new Route53Client(common);
  // The same credentials, found once: an SSO login is asked for them over the network.
  const sts = new STSClient({ ...common, credentials: route53.config.credentials });
  return {
    credentialsEndAt: async () => (await route53.config.credentials()).expiration?.getTime() ?? null,
    account: async (abortSignal) =>
      (await sts.send(new GetCallerIdentityCommand({}), { abortSignal })).Account,
    hostedZone: (Id, abortSignal) => route53.send(new GetHostedZoneCommand({ Id }), { abortSignal }),
    listPage: (input, abortSignal) => route53.send(new ListResourceRecordSetsCommand(input), { abortSignal }),
    change: async ({ zone, comment, changes }, abortSignal) => {
      const input = { HostedZoneId: zone, ChangeBatch: { Comment: comment, Changes: [...changes] } };
      return (await route53.send(new ChangeResourceRecordSetsCommand(input), { abortSignal })).ChangeInfo;
    },
    changeState: async (Id, abortSignal) =>
      (await route53.send(new GetChangeCommand({ Id }), { abortSignal })).ChangeInfo,
    testAnswer: (input, abortSignal) => route53.send(new TestDNSAnswerCommand(input), { abortSignal }),
    healthCheck: async (HealthCheckId, abortSignal) =>
      (await route53.send(new GetHealthCheckCommand({ HealthCheckId }), { abortSignal })).HealthCheck,
    healthVotes: async (HealthCheckId, abortSignal) =>
      (await route53.send(new GetHealthCheckStatusCommand({ HealthCheckId }), { abortSignal }))
        .HealthCheckObservations ?? [],
    createHealthCheck: async ({ callerReference, config }, abortSignal) => {
      const input = { CallerReference: callerReference, HealthCheckConfig: config };
      return (await route53.send(new CreateHealthCheckCommand(input), { abortSignal })).HealthCheck;
    },
    close: () => {
      route53.destroy();
      sts.destroy();
    },
  };
}
