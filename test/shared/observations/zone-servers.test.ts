import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DnsRecord, DnsReply } from '../../../shared/observations/dns-reply.ts';
import {
  addressesIn,
  judgeServer,
  judgeZoneServers,
  parentZone,
  serversNamed,
  speaksForParent,
  type ZoneLooks,
} from '../../../shared/observations/zone-servers.ts';

type Answered = Extract<DnsReply, { kind: 'answered' }>;
const answered = (part: Partial<Answered>): Answered => ({
  kind: 'answered',
  rcode: 'NOERROR',
  authoritative: true,
  answers: [],
  authority: [],
  subnetScope: null,
  extendedErrors: [],
  transport: 'udp',
  ...part,
});
const record = (name: string, type: string, data: string): DnsRecord => ({
  name,
  type,
  ttlSeconds: 60,
  data,
});
const soa = (serial: number): DnsReply =>
  answered({
    answers: [{ ...record('shop.example', 'SOA', ''), soa: { serial, minimumSeconds: 5 } }],
  });
const silent: DnsReply = { kind: 'failed', why: 'timeout', detail: 'no answer within 2000 ms' };

const looks = (part: Partial<ZoneLooks>): ZoneLooks => ({
  zone: 'shop',
  name: 'shop.example',
  view: 'public',
  byParent: ['ns1.example', 'ns2.example'],
  byZone: ['ns1.example', 'ns2.example'],
  looks: [
    { server: 'ns2.example', address: '192.0.2.2', soa: soa(7) },
    { server: 'ns1.example', address: '192.0.2.1', soa: soa(7) },
  ],
  ...part,
});

test('the zone above a zone, up to the root; a dot inside a label is none', () => {
  expect(parentZone('www.shop.example')).toBe('shop.example');
  expect(parentZone('example')).toBe('');
  expect(parentZone('')).toBeNull();
  expect(parentZone('a\\056b.example')).toBe('example');
});

test('servers are named in the answer by the zone and beside it by the parent, addresses behind any alias', () => {
  const ns = record('shop.example', 'NS', 'ns1.example');
  expect(serversNamed(answered({ answers: [ns] }), 'shop.example')).toEqual(['ns1.example']);
  expect(serversNamed(answered({ authority: [ns], authoritative: false }), 'shop.example')).toEqual([
    'ns1.example',
  ]);
  expect(serversNamed(answered({ authority: [ns] }), 'example')).toEqual([]);
  const chain = [record('ns1.example', 'CNAME', 'x.example'), record('x.example', 'A', '192.0.2.9')];
  expect(addressesIn(answered({ answers: chain }), 'A')).toEqual(['192.0.2.9']);
  expect(addressesIn(silent, 'A')).toEqual([]);
});

test('a referral from any zone above speaks for the parent; a refusal does not', () => {
  const authority = [record('shop.example', 'NS', 'ns1.example')];
  expect(speaksForParent(answered({ authority, authoritative: false }), 'shop.example')).toBe(true);
  expect(speaksForParent(answered({ rcode: 'REFUSED' }), 'shop.example')).toBe(false);
  expect(speaksForParent(silent, 'shop.example')).toBe(false);
});

describe('one server', () => {
  test.each([
    ['holds', soa(7)],
    ['silent', silent],
    ['silent', answered({ rcode: 'SERVFAIL', authoritative: false })],
    ['lame', answered({ rcode: 'REFUSED', authoritative: false })],
    ['lame', { ...soa(7), authoritative: false } as DnsReply],
    ['no-address', null],
  ] as const)('%s', (standing, reply) => {
    expect(judgeServer(reply).standing).toBe(standing);
  });

  test('only one that holds the zone has a serial, whatever was said', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'RCODE9'),
        fc.boolean(),
        fc.option(fc.nat()),
        (rcode, authoritative, serial) => {
          const answers =
            serial === null
              ? []
              : [{ ...record('shop.example', 'SOA', ''), soa: { serial, minimumSeconds: 1 } }];
          const judged = judgeServer(answered({ rcode, authoritative, answers }));
          expect(judged.serial !== null).toBe(judged.standing === 'holds');
          if (judged.standing === 'holds') expect([rcode, authoritative]).toEqual(['NOERROR', true]);
        },
      ),
    );
  });
});

describe('all of them', () => {
  test('agree: in order, named by both, nothing to note', () => {
    const judged = judgeZoneServers(looks({}));
    expect(judged.servers.map(({ server, namedBy }) => [server, namedBy])).toEqual([
      ['ns1.example', 'both'],
      ['ns2.example', 'both'],
    ]);
    expect(judged.notes).toEqual([]);
  });

  test('differences between parent and zone, and between versions, are said', () => {
    const { servers, notes } = judgeZoneServers(
      looks({
        byZone: ['ns1.example', 'ns3.example'],
        looks: [
          { server: 'ns1.example', address: '192.0.2.1', soa: soa(7) },
          {
            server: 'ns2.example',
            address: '192.0.2.2',
            soa: answered({ rcode: 'REFUSED', authoritative: false }),
          },
          { server: 'ns3.example', address: '192.0.2.3', soa: soa(8) },
        ],
      }),
    );
    expect(servers.map(({ namedBy, standing }) => `${namedBy} ${standing}`)).toEqual([
      'both holds',
      'parent lame',
      'zone holds',
    ]);
    expect(notes).toEqual([
      'ns2.example: named by the parent and not by the zone itself.',
      'ns3.example: named by the zone and not by its parent.',
      'The servers hold different versions of shop.example: serials 7, 8.',
    ]);
  });

  test('a parent that could not be asked is said, and is no difference', () => {
    expect(judgeZoneServers(looks({ byParent: null })).notes).toEqual([
      "The delegation of shop.example could not be read from its parent: only the zone's own NS records were.",
    ]);
  });

  test('nobody to ask: a private zone leaves its resolvers, a public one is a fault', () => {
    const none = { byParent: null, byZone: [], looks: [] } as const;
    expect(judgeZoneServers(looks({ ...none, view: 'private' })).notes[0]).toContain(
      'its own resolvers are the only witnesses',
    );
    expect(judgeZoneServers(looks(none)).notes[0]).toContain('expected its NS records');
  });
});
