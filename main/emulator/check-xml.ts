import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { HealthCheckFacts, HealthVote } from '../../shared/sessions/zone-answers.ts';
import type { EmulatedCheck } from './checkers.ts';
import { childOf, textOf, xml, type Element } from './xml.ts';

/** Reads the body of CreateHealthCheck as the check that comes of it. */
export function parseCheck(root: Element, healthCheckId: string): Result<HealthCheckFacts, string> {
  const config = childOf(root, 'HealthCheckConfig');
  const type = config === undefined ? undefined : textOf(config, 'Type');
  if (root.name !== 'CreateHealthCheckRequest' || config === undefined || type === undefined)
    return failed('expected a CreateHealthCheckRequest with a HealthCheckConfig and its Type');
  const address = textOf(config, 'IPAddress') ?? null;
  const hostName = textOf(config, 'FullyQualifiedDomainName') ?? null;
  if (address === null && hostName === null)
    return failed('expected an IPAddress or a FullyQualifiedDomainName');
  const number = (name: string): number | null => {
    const text = textOf(config, name);
    return text === undefined ? null : Number(text);
  };
  return ok({
    healthCheckId,
    type,
    address: address ?? hostName,
    port: number('Port'),
    path: textOf(config, 'ResourcePath') ?? null,
    hostName,
    searchString: textOf(config, 'SearchString') ?? null,
    intervalSeconds: number('RequestInterval') ?? 30,
    failureThreshold: number('FailureThreshold') ?? 3,
    regions:
      childOf(config, 'Regions')
        ?.children.map(({ text }) => text)
        .toSorted() ?? [],
    inverted: textOf(config, 'Inverted') === 'true',
    disabled: textOf(config, 'Disabled') === 'true',
  });
}

/** Writes a health check as GetHealthCheck does. */
export function checkXml({ facts, reference }: EmulatedCheck): string {
  const optional = (name: string, value: string | number | null): string => xml(name, value ?? undefined);
  return xml('HealthCheck', [
    xml('Id', facts.healthCheckId),
    xml('CallerReference', reference),
    xml('HealthCheckConfig', [
      optional('IPAddress', facts.address === facts.hostName ? null : facts.address),
      optional('Port', facts.port),
      xml('Type', facts.type),
      optional('ResourcePath', facts.path),
      optional('FullyQualifiedDomainName', facts.hostName),
      optional('SearchString', facts.searchString),
      optional('RequestInterval', facts.intervalSeconds),
      optional('FailureThreshold', facts.failureThreshold),
      xml('Inverted', facts.inverted),
      xml('Disabled', facts.disabled),
      optional('RoutingControlArn', facts.routingControl ?? null),
      facts.regions.length === 0
        ? ''
        : xml(
            'Regions',
            facts.regions.map((region) => xml('Region', region)),
          ),
    ]),
    xml('HealthCheckVersion', 1),
  ]);
}

/** Writes what the checkers last said as GetHealthCheckStatus does. */
export function votesXml(votes: readonly HealthVote[]): string {
  return xml(
    'HealthCheckObservations',
    votes.map(({ region, checker, checkedAt, status }) =>
      xml('HealthCheckObservation', [
        xml('Region', region),
        xml('IPAddress', checker),
        xml('StatusReport', [
          xml('Status', status),
          xml('CheckedTime', checkedAt === null ? undefined : new Date(checkedAt).toISOString()),
        ]),
      ]),
    ),
  );
}
