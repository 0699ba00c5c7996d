import { answeringRecords } from '../plan/answering.ts';
import type { DnsZone, PlannedDns, PlannedRecord, PlannedSide } from '../plan/plan-dns.ts';
import type { Asked, Expectation } from './dns-answer.ts';
import { parseDnsName, type DnsName } from './dns-name.ts';
import { parseSubnet, type Subnet } from './ip-address.ts';
import { normaliseValue } from './record-set.ts';

/** A server that holds a zone, as found by asking for it. */
export type Authority = { readonly zone: string; readonly server: DnsName; readonly address: string };

/** What is asked of one server again and again: one row of the readout. */
export type MatrixRow = {
  /** Stable from look to look: zone, server, question and users. */
  readonly row: string;
  readonly zone: string;
  readonly server: { readonly name: string; readonly address: string; readonly port: number };
  /** For whose network is asked; null: for this laptop's, or for the server's own place. */
  readonly clientSubnet: Subnet | null;
  readonly users: string | null;
  /** Where the server itself stands, which is all it answers for when it does not take the client's network; null: not known. */
  readonly ownRegion: string | null;
  readonly asked: Asked;
};

/** What an alias of the plan answers now: it changes by itself, so it is observed and not planned. */
export type AliasValues = (alias: { readonly name: string; readonly type: string }) => readonly string[];

/**
 * Every row of the readout: each authoritative server and each resolver of the right view, for each name and type of the
 * plan; for each group of users where the answer depends on where one is and the server takes the client's network.
 */
export function matrixOf(
  dns: PlannedDns,
  authorities: readonly Authority[],
  aliasValues: AliasValues,
): readonly MatrixRow[] {
  return dns.zones.flatMap((zone) =>
    questionsOf(dns, zone).flatMap((question) => {
      const expected = expectationsOf(dns, question.records, aliasValues);
      const row = { zone, question, expected: withoutNones(expected) };
      return [
        ...authorities
          .filter((authority) => authority.zone === zone.id)
          .flatMap(({ server, address }) =>
            rowsAt(dns, row, {
              name: server,
              address,
              port: 53,
              authoritative: true,
              takesSubnet: true,
              region: null,
            }),
          ),
        ...dns.resolvers
          .filter(({ view }) => view === zone.view)
          .flatMap(({ id, address, port, clientSubnet, region }) =>
            rowsAt(dns, row, {
              name: id,
              address,
              port,
              authoritative: false,
              takesSubnet: clientSubnet,
              region: region ?? null,
            }),
          ),
      ];
    }),
  );
}

type Question = {
  readonly name: DnsName;
  readonly type: PlannedRecord['type'];
  readonly records: readonly PlannedRecord[];
};
type Row = { readonly zone: DnsZone; readonly question: Question; readonly expected: readonly Expectation[] };
type Server = {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly authoritative: boolean;
  readonly takesSubnet: boolean;
  readonly region: string | null;
};

function questionsOf(dns: PlannedDns, zone: DnsZone): readonly Question[] {
  const groups = new Map<string, PlannedRecord[]>();
  for (const record of dns.records) {
    if (record.zone !== zone.id) continue;
    const key = `${parseDnsName(record.name) ?? record.name} ${record.type}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].flatMap((records) => {
    const [first] = records;
    return first === undefined
      ? []
      : [{ name: parseDnsName(first.name) ?? first.name, type: first.type, records }];
  });
}

function rowsAt(dns: PlannedDns, { zone, question, expected }: Row, server: Server): readonly MatrixRow[] {
  const regional = expected.some(({ region }) => region !== null);
  const users = regional && server.takesSubnet ? dns.users : [];
  const places: readonly {
    readonly users: string | null;
    readonly subnet: Subnet | null;
    readonly region: string | null;
  }[] =
    users.length > 0
      ? users.map(({ id, clientSubnet, region }) => ({
          users: id,
          subnet: parseSubnet(clientSubnet),
          region,
        }))
      : [{ users: null, subnet: null, region: regional ? server.region : null }];
  return places.map((place) => ({
    row: [zone.id, server.name, question.name, question.type, place.users ?? ''].join(' ').trim(),
    zone: zone.id,
    server: { name: server.name, address: server.address, port: server.port },
    clientSubnet: place.subnet,
    users: place.users,
    ownRegion: server.region,
    asked: {
      question: { name: question.name, type: question.type },
      recordType: question.type,
      authoritative: server.authoritative,
      region: place.region,
      expected,
    },
  }));
}

function expectationsOf(
  dns: PlannedDns,
  records: readonly PlannedRecord[],
  aliasValues: AliasValues,
): readonly Expectation[] {
  return records.flatMap((record) =>
    (['source', 'target'] as const).flatMap((side) =>
      isAnswering(dns, records, [record, side]) ? [expectationOf(record, side, aliasValues)] : [],
    ),
  );
}

/** Under a flip both answers stand in the zone all the time: expected is the one that the health checks choose. */
function isAnswering(
  dns: PlannedDns,
  group: readonly PlannedRecord[],
  [record, side]: readonly [PlannedRecord, Expectation['side']],
): boolean {
  const sets = side === 'source' ? 'before' : 'after';
  if (dns.flip === undefined || record[sets] === 'absent') return true;
  return answeringRecords(dns, group, { sets, files: side }).includes(record);
}

function expectationOf(
  { type, before, after }: PlannedRecord,
  side: Expectation['side'],
  aliasValues: AliasValues,
): Expectation {
  const planned: PlannedSide = side === 'source' ? before : after;
  if (planned === 'absent') return { side, region: null, match: 'none', values: [] };
  const region = planned.region ?? null;
  const normal = (values: readonly string[]): readonly string[] =>
    values.map((value) => normaliseValue(type, value));
  return 'alias' in planned
    ? { side, region, match: 'one-of', values: normal(aliasValues({ name: planned.alias.name, type })) }
    : { side, region, match: 'all', values: normal(planned.values) };
}

/** That a name has no record is right only on a side on which none of its sets is there. */
function withoutNones(expected: readonly Expectation[]): readonly Expectation[] {
  return expected.filter(
    ({ side, match }) =>
      match !== 'none' || expected.every((other) => other.side !== side || other.match === 'none'),
  );
}
