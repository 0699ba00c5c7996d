import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { parseIp } from '../../shared/observations/ip-address.ts';
import { parseDnsName } from '../../shared/observations/dns-name.ts';
import type { PlannedHealthCheck } from '../../shared/plan/plan-dns.ts';
import type {
  HealthCheckFacts,
  HealthVote,
  ZoneChange,
  ZoneFacts,
} from '../../shared/sessions/zone-answers.ts';
import type {
  ChangeInfo,
  HealthCheck,
  HealthCheckConfig,
  HealthCheckObservation,
  Route53Driver,
} from './route53-driver.ts';

/** Reads what Route 53 says of a change; without an id and a state it says nothing. */
export function parseChange(info: ChangeInfo | undefined): Result<ZoneChange, string> {
  const changeId = bareId(info?.Id);
  const state = info?.Status;
  const submittedAt = info?.SubmittedAt?.getTime();
  if (changeId === '' || (state !== 'PENDING' && state !== 'INSYNC') || submittedAt === undefined)
    return failed('expected a change with its id, its state (PENDING or INSYNC) and when it was submitted');
  return ok({ changeId, state, submittedAt });
}

/** Reads what a hosted zone says of itself. */
export function parseZone(
  output: Awaited<ReturnType<Route53Driver['hostedZone']>>,
): Result<ZoneFacts, string> {
  const zone = output.HostedZone;
  const name = parseDnsName(zone?.Name ?? '');
  if (zone === undefined || name === null || name === '')
    return failed('expected a hosted zone with its name');
  const servers = (output.DelegationSet?.NameServers ?? []).map((server) => parseDnsName(server));
  const nameServers = servers.filter((server) => server !== null);
  if (nameServers.length < servers.length) return failed('expected name servers that are host names');
  return ok({
    hostedZoneId: bareId(zone.Id),
    name,
    view: zone.Config?.PrivateZone === true ? 'private' : 'public',
    nameServers,
    recordSetCount: zone.ResourceRecordSetCount ?? 0,
  });
}

/** Reads a health check. Its address is what the checkers connect to: an IP address, or the host name without one. */
export function parseHealthCheck(check: HealthCheck | undefined): Result<HealthCheckFacts, string> {
  const config = check?.HealthCheckConfig;
  if (check?.Id === undefined || config?.Type === undefined)
    return failed('expected a health check with its id and type');
  return ok({
    healthCheckId: check.Id,
    type: config.Type,
    address: config.IPAddress ?? config.FullyQualifiedDomainName ?? null,
    port: config.Port ?? null,
    path: config.ResourcePath ?? null,
    hostName: config.FullyQualifiedDomainName ?? null,
    searchString: config.SearchString ?? null,
    intervalSeconds: config.RequestInterval ?? null,
    failureThreshold: config.FailureThreshold ?? null,
    regions: [...(config.Regions ?? [])].toSorted(),
    inverted: config.Inverted === true,
    disabled: config.Disabled === true,
    ...(config.RoutingControlArn === undefined ? {} : { routingControl: config.RoutingControlArn }),
  });
}

/** Reads what the checkers last said; one without a status has not said anything yet. */
export function parseVotes(observations: readonly HealthCheckObservation[]): readonly HealthVote[] {
  return observations.flatMap(({ Region, IPAddress, StatusReport }): readonly HealthVote[] => {
    const status = StatusReport?.Status;
    if (status === undefined) return [];
    return [
      {
        region: Region ?? 'unknown',
        checker: IPAddress ?? 'unknown',
        checkedAt: StatusReport?.CheckedTime?.getTime() ?? null,
        // "Success: HTTP Status Code 200, OK" (Route 53 API Reference, StatusReport).
        healthy: status.startsWith('Success'),
        status,
      },
    ];
  });
}

/** A planned health check as the SDK sends it, or why Route 53 has no such check. */
export function rawHealthCheck(
  planned: Exclude<PlannedHealthCheck, { readonly type: 'EXISTING' }>,
): Result<HealthCheckConfig, string> {
  const byAddress = parseIp(planned.address) !== null;
  const hostName = planned.type === 'TCP' ? undefined : planned.hostName;
  if (!byAddress && hostName !== undefined && parseDnsName(hostName) !== parseDnsName(planned.address))
    return failed(
      `health check ${planned.id} connects to ${planned.address} and asks for ${hostName}: expected an IP address as its address, or one name`,
    );
  const fullName = byAddress ? hostName : planned.address;
  return ok({
    Type: planned.type,
    ...(byAddress ? { IPAddress: planned.address } : {}),
    ...(fullName === undefined ? {} : { FullyQualifiedDomainName: fullName }),
    Port: planned.port,
    RequestInterval: planned.intervalSeconds,
    FailureThreshold: planned.failureThreshold,
    ...(planned.regions.length === 0 ? {} : { Regions: planned.regions }),
    ...(planned.type === 'TCP' ? {} : { ResourcePath: planned.path }),
    ...(planned.type === 'TCP' || planned.searchString === undefined
      ? {}
      : { SearchString: planned.searchString }),
    // HTTPS with a host name is asked for that name (SNI), as every browser does.
    ...(planned.type.startsWith('HTTPS') && fullName !== undefined ? { EnableSNI: true } : {}),
  });
}

/** Route 53 gives ids as `/change/C123` and `/hostedzone/Z123`. */
function bareId(id: string | undefined): string {
  return id?.split('/').at(-1) ?? '';
}
