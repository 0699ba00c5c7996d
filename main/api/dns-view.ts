import type { DnsRowView, DnsToldView, DnsView } from '../../shared/contract/dns-view.ts';
import { showName } from '../../shared/observations/dns-name.ts';
import { sayLingering, sayRow, type ShareAt } from '../../shared/observations/dns-readout.ts';
import { showSet } from '../../shared/observations/record-set.ts';
import type { PlannedDns } from '../../shared/plan/plan-dns.ts';
import { saySide } from '../../shared/plan/planned-sets.ts';
import type { ToldAnswer } from '../../shared/observations/told-answer.ts';
import { planesOf } from '../../shared/steps/flip-planes.ts';
import type { DnsReadout, ReadoutRow } from '../engine/dns-watch.ts';

/** Beyond these the list says how many more there are. */
const mostLingering = 40;
/** So many points of history are sent: a chart is not wider. */
const mostPoints = 240;

/** What the screen and the command line show of a readout. */
export function dnsView(dns: PlannedDns, readout: DnsReadout, health: DnsView['health'] = null): DnsView {
  const lingering = readout.rows.flatMap((row) => lingers(row, readout));
  return {
    atUtcMs: readout.at,
    changes: dns.records.map((record) => ({
      set: showSet({ name: record.name, type: record.type, setIdentifier: record.setIdentifier ?? '' }),
      zone: record.zone,
      region: regionOf(record.after) ?? regionOf(record.before),
      before: saySide(record.before),
      after: saySide(record.after),
    })),
    planes: planesOf(dns).map(
      ({ says, by }) => `${by === 'a person' ? 'One press: ' : 'By the run: '}${says}.`,
    ),
    told: readout.told.map(toldView),
    zones: dns.zones.map((zone) => {
      const found = readout.zones.find((each) => each.zone === zone.id);
      return {
        zone: zone.id,
        name: zone.name,
        view: zone.view,
        servers: found?.servers?.servers ?? null,
        notes: found?.servers?.notes ?? [],
        changedAtUtcMs: found?.change?.at ?? null,
      };
    }),
    rows: readout.rows.map(rowView),
    share: readout.share,
    regions: readout.regions,
    eta:
      readout.eta.kind === 'until'
        ? { kind: 'until', atUtcMs: readout.eta.at, without: readout.eta.without.length }
        : readout.eta,
    lingering: lingering.slice(0, mostLingering),
    lingeringMore: Math.max(0, lingering.length - mostLingering),
    history: thinned(readout.history),
    pace: paceText(readout.pace),
    health,
  };
}

function regionOf(side: PlannedDns['records'][number]['after']): string | null {
  return side === 'absent' ? null : (side.region ?? null);
}

function rowView({ matrix, kind, seen, subnet }: ReadoutRow): DnsRowView {
  const { question, region } = matrix.asked;
  const verdict = seen?.last.verdict;
  return {
    row: matrix.row,
    kind,
    zone: matrix.zone,
    server: showName(matrix.server.name),
    address: matrix.server.address,
    question: `${showName(question.name)} ${question.type}`,
    users: matrix.users,
    region,
    side: verdict?.side ?? 'waiting',
    answer: verdict?.kind ?? 'not asked yet',
    why: verdict?.why ?? 'Not asked yet.',
    values: verdict?.values ?? [],
    chain: (verdict?.chain.length ?? 0) > 1 ? (verdict?.chain.map(showName) ?? []) : [],
    ttlSeconds: verdict?.ttlSeconds ?? null,
    seenAtUtcMs: seen?.last.at ?? null,
    turnedAtUtcMs: seen?.turnedAt ?? null,
    turnedBack: seen?.turnedBack ?? 0,
    ignoresTtl: seen?.ignoresTtl ?? null,
    ownPlaceOnly: subnet === 'not-echoed',
  };
}

function toldView({ row, at, verdict }: ToldAnswer): DnsToldView {
  const { question, region, expected } = row.asked;
  const of = (side: 'source' | 'target'): readonly string[] =>
    expected.flatMap((each) =>
      each.side === side && (region === null || each.region === null || each.region === region)
        ? each.values
        : [],
    );
  return {
    row: row.row,
    question: `${showName(question.name)} ${question.type}`,
    users: row.users,
    region,
    side: verdict.side,
    values: verdict.values,
    why: verdict.why,
    expectedSource: of('source'),
    expectedTarget: of('target'),
    atUtcMs: at,
  };
}

function lingers({ matrix, seen }: ReadoutRow, readout: DnsReadout): DnsView['lingering'] {
  if (seen === null) return [];
  const change = readout.zones.find(({ zone }) => zone === matrix.zone)?.change ?? null;
  const why = sayLingering(seen, { matrix, change, now: readout.at });
  return why === null ? [] : [{ row: matrix.row, side: seen.last.verdict.side, label: sayRow(matrix), why }];
}

function thinned(history: readonly ShareAt[]): DnsView['history'] {
  const step = Math.max(1, Math.ceil(history.length / mostPoints));
  return history
    .filter((_, index) => index % step === 0 || index === history.length - 1)
    .map(({ at, ...share }) => ({ atUtcMs: at, ...share }));
}

/** As it is meant; and as it is, where that is a good deal slower. */
function paceText({ says, intervalMs, achievedMs }: DnsReadout['pace']): string {
  return achievedMs !== null && achievedMs > intervalMs * 1.25
    ? `${says}; lately every ${(achievedMs / 1_000).toFixed(1)} s`
    : says;
}
