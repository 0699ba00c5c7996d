import { parseDnsName } from '../../shared/observations/dns-name.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import type { EmulatedAws, EmulatedChange, EmulatedZone } from './emulated-aws.ts';
import { votesNow } from './checkers.ts';
import { checkXml, parseCheck, votesXml } from './check-xml.ts';
import { answerTo } from './zone-dns.ts';
import { parseXml, textOf, xml, xmlDocument } from './xml.ts';
import { parseBatch, setXml } from './zone-xml.ts';

/** One request as the HTTP server hands it on. */
export type ApiRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
};

/** What is answered. `lost`: it was done, and nobody hears of it. */
export type ApiReply = { readonly status: number; readonly body: string; readonly lost?: true };

const version = '/2013-04-01';
const mostItems = 300;

/** Route 53's answer to one request whose signature was looked at already. */
export function route53Reply(aws: EmulatedAws, request: ApiRequest): ApiReply {
  if (!aws.spend() || aws.about.now() < aws.faults.throttledUntil)
    return apiError(400, 'Throttling', 'Rate exceeded');
  const path = request.path.replace(/\/$/, '');
  const [, kind = '', id = '', part = ''] = path.startsWith(version)
    ? path.slice(version.length).split('/')
    : [];
  switch (`${request.method} ${kind}${part === '' ? '' : `/${part}`}`) {
    case 'GET hostedzone':
      return id === '' ? zonesReply(aws) : withZone(aws, id, (zone) => zoneReply(zone));
    case 'GET hostedzone/rrset':
      return withZone(aws, id, (zone) => listReply(zone, request.query));
    case 'POST hostedzone/rrset':
      return withZone(aws, id, (zone) => changeReply(aws, zone, request.body));
    case 'GET change':
      return changeStateReply(aws, id);
    case 'GET testdnsanswer':
      return withZone(aws, request.query.get('hostedzoneid') ?? '', (zone) =>
        testReply(aws, zone, request.query),
      );
    case 'POST healthcheck':
      return createCheckReply(aws, request.body);
    case 'GET healthcheck':
    case 'GET healthcheck/status':
      return checkReply(aws, id, part === 'status');
    default:
      return apiError(404, 'UnknownOperationException', `no such call: ${request.method} ${request.path}`);
  }
}

/** An error as Route 53 writes it. */
export function apiError(status: number, code: string, message: string): ApiReply {
  const error = xml('Error', [xml('Type', 'Sender'), xml('Code', code), xml('Message', message)]);
  return { status, body: xmlDocument('ErrorResponse', [error, xml('RequestId', requestId)]) };
}

const requestId = '00000000-0000-0000-0000-000000000000';

function good(name: string, children: readonly string[], status = 200): ApiReply {
  return { status, body: xmlDocument(name, children) };
}

function withZone(aws: EmulatedAws, id: string, reply: (zone: EmulatedZone) => ApiReply): ApiReply {
  const zone = aws.zones.get(id);
  return zone === undefined
    ? apiError(404, 'NoSuchHostedZone', `No hosted zone found with ID: ${id}`)
    : reply(zone);
}

function zoneXml(zone: EmulatedZone): string {
  return xml('HostedZone', [
    xml('Id', `/hostedzone/${zone.hostedZoneId}`),
    xml('Name', `${zone.name}.`),
    xml('CallerReference', zone.hostedZoneId),
    xml('Config', [xml('PrivateZone', zone.view === 'private')]),
    xml('ResourceRecordSetCount', zone.sets.length),
  ]);
}

function zonesReply(aws: EmulatedAws): ApiReply {
  return good('ListHostedZonesResponse', [
    xml('HostedZones', [...aws.zones.values()].map(zoneXml)),
    xml('IsTruncated', false),
    xml('MaxItems', 100),
  ]);
}

function zoneReply(zone: EmulatedZone): ApiReply {
  const servers = zone.nameServers.map((server) => xml('NameServer', server));
  const delegation = zone.view === 'public' ? [xml('DelegationSet', [xml('NameServers', servers)])] : [];
  return good('GetHostedZoneResponse', [zoneXml(zone), ...delegation]);
}

/** Names are in the order of their labels from the right, as Route 53 lists them. */
function listReply(zone: EmulatedZone, query: URLSearchParams): ApiReply {
  const asked = Number(query.get('maxitems') ?? mostItems);
  const start = query.get('name');
  const name = start === null ? null : parseDnsName(start);
  if (start !== null && name === null) return apiError(400, 'InvalidInput', `${start} is no name`);
  const from =
    name === null
      ? null
      : placeOf({ name, type: query.get('type') ?? '', setIdentifier: query.get('identifier') ?? '' });
  const ordered = zone.sets.toSorted((one, other) => compare(placeOf(one), placeOf(other)));
  const rest = from === null ? ordered : ordered.filter((set) => compare(placeOf(set), from) >= 0);
  const size = Math.min(asked, mostItems);
  const next = rest[size];
  return good('ListResourceRecordSetsResponse', [
    xml('ResourceRecordSets', rest.slice(0, size).map(setXml)),
    xml('IsTruncated', next !== undefined),
    xml('MaxItems', size),
    ...(next === undefined
      ? []
      : [
          xml('NextRecordName', `${next.name}.`),
          xml('NextRecordType', next.type),
          xml('NextRecordIdentifier', next.setIdentifier === '' ? undefined : next.setIdentifier),
        ]),
  ]);
}

function placeOf({
  name,
  type,
  setIdentifier,
}: Pick<RecordSet, 'name' | 'type' | 'setIdentifier'>): readonly string[] {
  return [name.split('.').toReversed().join('\0'), type, setIdentifier];
}

function compare(one: readonly string[], other: readonly string[]): number {
  for (const [at, part] of one.entries()) {
    const beside = other[at] ?? '';
    if (part !== beside) return part < beside ? -1 : 1;
  }
  return 0;
}

function changeReply(aws: EmulatedAws, zone: EmulatedZone, body: string): ApiReply {
  const { faults, about } = aws;
  if (about.now() < faults.priorRequestUntil)
    return apiError(
      400,
      'PriorRequestNotComplete',
      'The request was rejected because Route 53 was still processing a prior request.',
    );
  const root = parseXml(body);
  const batch = root.ok ? parseBatch(root.value) : root;
  if (!batch.ok) return apiError(400, 'InvalidInput', batch.error);
  if (faults.rejectNext !== null) {
    const why = faults.rejectNext;
    faults.rejectNext = null;
    return apiError(400, 'InvalidChangeBatch', `[${why}]`);
  }
  const changed = aws.change(zone, batch.value);
  if ('wrong' in changed) return apiError(400, 'InvalidChangeBatch', `[${changed.wrong.join(', ')}]`);
  const reply = good('ChangeResourceRecordSetsResponse', [changeXml(changed, about.now())]);
  if (faults.loseReplies > 0) {
    faults.loseReplies -= 1;
    return { ...reply, lost: true };
  }
  if (faults.failReplies > 0) {
    faults.failReplies -= 1;
    return apiError(500, 'InternalFailure', 'We encountered an internal error.');
  }
  return reply;
}

function changeXml({ id, submittedAt, insyncAt }: EmulatedChange, now: number): string {
  return xml('ChangeInfo', [
    xml('Id', `/change/${id}`),
    xml('Status', now < insyncAt ? 'PENDING' : 'INSYNC'),
    xml('SubmittedAt', new Date(submittedAt).toISOString()),
  ]);
}

function changeStateReply(aws: EmulatedAws, id: string): ApiReply {
  const change = aws.changes.get(id);
  if (change === undefined) return apiError(404, 'NoSuchChange', `Could not find resource with ID: ${id}`);
  return good('GetChangeResponse', [changeXml(change, aws.about.now())]);
}

function testReply(aws: EmulatedAws, zone: EmulatedZone, query: URLSearchParams): ApiReply {
  const name = parseDnsName(query.get('recordname') ?? '');
  const type = query.get('recordtype') ?? '';
  if (name === null) return apiError(400, 'InvalidInput', 'recordname is no name');
  const client = query.get('edns0clientsubnetip');
  const answer = answerTo(aws, { question: { name, type }, client, zone });
  const values = answer.answers.filter((record) => record.type === type);
  return good('TestDNSAnswerResponse', [
    xml('Nameserver', zone.nameServers[0]),
    xml('RecordName', `${name}.`),
    xml('RecordType', type),
    xml(
      'RecordData',
      values.map(({ data }) => xml('RecordDataEntry', data)),
    ),
    xml('ResponseCode', answer.rcode),
    xml('Protocol', 'UDP'),
  ]);
}

function createCheckReply(aws: EmulatedAws, body: string): ApiReply {
  const root = parseXml(body);
  if (!root.ok) return apiError(400, 'InvalidInput', root.error);
  const reference = textOf(root.value, 'CallerReference') ?? '';
  const known = [...aws.checks.values()].find((check) => check.reference === reference);
  const id = known?.facts.healthCheckId ?? `check-${aws.references.size + 1}-emulated`;
  const facts = parseCheck(root.value, id);
  if (!facts.ok || reference === '')
    return apiError(400, 'InvalidInput', facts.ok ? 'no CallerReference' : facts.error);
  const isSpent = known === undefined && aws.references.has(reference);
  if (isSpent || (known !== undefined && JSON.stringify(known.facts) !== JSON.stringify(facts.value)))
    return apiError(
      409,
      'HealthCheckAlreadyExists',
      'The health check you are attempting to create already exists.',
    );
  const check = known ?? { facts: facts.value, votes: null, reference, madeAt: aws.about.now() };
  aws.checks.set(id, check);
  aws.references.add(reference);
  const reply = good('CreateHealthCheckResponse', [checkXml(check)], 201);
  if (aws.faults.loseReplies === 0) return reply;
  aws.faults.loseReplies -= 1;
  return { ...reply, lost: true };
}

function checkReply(aws: EmulatedAws, id: string, votes: boolean): ApiReply {
  const check = aws.checks.get(id);
  if (check === undefined)
    return apiError(404, 'NoSuchHealthCheck', `A health check with id ${id} does not exist.`);
  return votes
    ? good('GetHealthCheckStatusResponse', [votesXml(votesNow(check, aws.about.now()))])
    : good('GetHealthCheckResponse', [checkXml(check)]);
}
