import { plainWord, quoteWord } from '../lib/shell-words.ts';
import { showName } from '../observations/dns-name.ts';
import type { RecordSet } from '../observations/record-set.ts';
import type { DnsZone, PlannedDns } from '../plan/plan-dns.ts';
import { saySide } from '../plan/planned-sets.ts';
import type { ChangeBatch } from '../steps/change-batch.ts';
import { changeComment, plannedBatch, plannedZones, touchedNames } from '../steps/prepared-zone.ts';
import { changeText } from './command-text.ts';
import type { SheetGround, SheetLine, SheetSection } from './sheet-parts.ts';

/** The change of every zone by hand: the run's own exact batch with the AWS command line, a look before and after it. */
export function announceSections({ plan, run }: SheetGround): readonly SheetSection[] {
  const { dns } = plan;
  if (dns === undefined) return [];
  const seen = run.steps['announce'];
  const isDone = seen?.state === 'done';
  const zones = plannedZones(dns).flatMap((zone) => {
    const prepared = run.zones?.find((each) => each.zone === zone.id)?.batch ?? plannedBatch(dns, zone.id);
    return prepared === null || prepared.changes.length === 0 ? [] : [{ zone, batch: prepared }];
  });
  return [
    {
      title: isDone ? 'See that Route 53 holds the change' : 'Change the DNS records by hand',
      text: [
        ...(isDone ? [seen.text] : []),
        ...(dns.flip?.batch === 'plan-b' && !isDone
          ? ['Plan B: only where the flip above failed, or is not seen to turn anything.']
          : []),
        'Only when every chain is open. Route 53 refuses the batch when the zone is not what it was: then look at it, and never write over what you do not know.',
        ...recordTexts(dns),
      ],
      lines: zones.flatMap(({ zone, batch }) => zoneLines(dns, zone, { batch, runId: run.id, isDone })),
    },
  ];
}

function recordTexts({ records }: PlannedDns): readonly string[] {
  return records.map(
    ({ zone, name, type, setIdentifier, after }) =>
      `${name} ${type}${setIdentifier === undefined ? '' : ` (${setIdentifier})`} in zone ${zone}: ${saySide(after)}`,
  );
}

function zoneLines(
  { emulator }: PlannedDns,
  zone: DnsZone,
  { batch, runId, isDone }: { readonly batch: ChangeBatch; readonly runId: string; readonly isDone: boolean },
): readonly SheetLine[] {
  const where = `zone ${zone.id}`;
  const profile = zone.profile === undefined ? '' : ` --profile ${plainWord(zone.profile)}`;
  // A rehearsal's sheet must never lead to the zone of that id in the real Route 53.
  const rehearsed = emulator === undefined ? '' : ` --endpoint-url http://127.0.0.1:${emulator.apiPort}`;
  const aws = `aws${profile}${rehearsed} route53`;
  const id = `--hosted-zone-id ${plainWord(zone.hostedZoneId)}`;
  const names = touchedNames({ batch }).map(showName);
  const look: SheetLine = {
    where,
    says: `What it holds for ${names.join(', ')}.`,
    command: `${aws} list-resource-record-sets ${id} --query ${quoteWord(`ResourceRecordSets[?${names.map((name) => `Name=='${name.replace('*', '\\052')}.'`).join(' || ')}]`)}`,
    expects: {
      kind: 'look',
      text: isDone
        ? 'what is listed above'
        : `still what the batch deletes: ${batch.changes.flatMap((change) => (change.action === 'DELETE' ? [changeText(change)] : [])).join('; ')}`,
    },
    otherwise: 'Where it is what is listed above already, send nothing more for this zone.',
  };
  if (isDone) return [look];
  return [
    look,
    {
      where,
      says: 'Change it, all at once or not at all.',
      command: `${aws} change-resource-record-sets ${id} --change-batch ${quoteWord(JSON.stringify(awsBatch(batch, changeComment(runId))))}`,
      expects: { kind: 'look', text: 'a ChangeInfo with its Id and "Status": "PENDING"' },
      otherwise:
        'Throttling or PriorRequestNotComplete: nothing happened, wait some seconds and send it again. Without any answer: look first. InvalidChangeBatch: somebody changed the zone; look, and call whoever did.',
    },
    { ...look, says: 'Read it back.', expects: { kind: 'look', text: 'what is listed above' } },
  ];
}

/** A batch in the words of Route 53's own API, for its command line. */
export function awsBatch({ changes }: ChangeBatch, comment: string): Readonly<Record<string, unknown>> {
  return {
    Comment: comment,
    Changes: changes.map(({ action, set }) => ({ Action: action, ResourceRecordSet: awsSet(set) })),
  };
}

function awsSet({
  name,
  type,
  setIdentifier,
  routing,
  healthCheckId,
  content,
}: RecordSet): Record<string, unknown> {
  return {
    Name: showName(name),
    Type: type,
    ...(setIdentifier === '' ? {} : { SetIdentifier: setIdentifier }),
    ...(routing.kind === 'latency' ? { Region: routing.region } : {}),
    ...(routing.kind === 'weighted' ? { Weight: routing.weight } : {}),
    ...(routing.kind === 'failover' ? { Failover: routing.role } : {}),
    ...(healthCheckId === null ? {} : { HealthCheckId: healthCheckId }),
    ...(content.kind === 'values'
      ? { TTL: content.ttlSeconds, ResourceRecords: content.values.map((value) => ({ Value: value })) }
      : {
          AliasTarget: {
            HostedZoneId: content.hostedZoneId,
            DNSName: showName(content.name),
            EvaluateTargetHealth: content.evaluateTargetHealth,
          },
        }),
  };
}
