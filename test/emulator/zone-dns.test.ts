import { afterEach, expect, test } from 'vitest';
import { dnsClient } from '../../main/adapters/dns.ts';
import type { EmulatedAccount } from '../../main/emulator/emulated-aws.ts';
import { parseSubnet } from '../../shared/observations/ip-address.ts';
import { present } from '../../shared/lib/assert.ts';
import type { DnsReply } from '../../shared/observations/dns-reply.ts';
import type { RecordSet } from '../../shared/observations/record-set.ts';
import { inRegion, setOf } from '../helpers/record-sets.ts';
import { emulatorWorld } from '../helpers/route53-world.ts';

const subnet = (text: string) => present(parseSubnet(text), text);
const users = [
  { subnet: subnet('198.51.100.0/24'), region: 'us-east-1' },
  { subnet: subnet('203.0.113.0/24'), region: 'eu-west-1' },
];
const sets: readonly RecordSet[] = [
  inRegion('us-east-1', '192.0.2.1'),
  inRegion('eu-west-1', '192.0.2.2'),
  setOf({ name: '*.wild.shop.example', content: { kind: 'values', ttlSeconds: 7, values: ['192.0.2.9'] } }),
  setOf({
    name: 'edge.shop.example',
    type: 'CNAME',
    content: { kind: 'values', ttlSeconds: 300, values: ['www.shop.example'] },
  }),
  setOf({
    name: 'many.shop.example',
    content: {
      kind: 'values',
      ttlSeconds: 60,
      values: Array.from({ length: 200 }, (_, at) => `192.0.2.${at}`),
    },
  }),
];
let world: Awaited<ReturnType<typeof emulatorWorld>>;
afterEach(() => world.stop());

const begin = async (change: Partial<EmulatedAccount> = {}): Promise<void> => {
  world = await emulatorWorld(sets, { users, ...change });
};
async function ask(
  name: string,
  type = 'A',
  client: string | null = null,
): Promise<Extract<DnsReply, { kind: 'answered' }>> {
  const reply = await dnsClient().ask({
    server: { address: '127.0.0.1', port: world.emulator.dnsPort },
    question: { name, type },
    recursion: false,
    clientSubnet: client === null ? null : subnet(client),
    limitMs: 5_000,
  });
  if (reply.kind === 'failed') throw new Error(reply.detail);
  return reply;
}

test('answers by the region of the client subnet, and says that it depends on it', async () => {
  await begin();
  const east = await ask('www.shop.example', 'A', '198.51.100.0/24');
  const west = await ask('www.shop.example', 'A', '203.0.113.0/24');
  expect([east, west].map(({ answers }) => answers.map(({ data }) => data))).toEqual([
    ['192.0.2.1'],
    ['192.0.2.2'],
  ]);
  expect(east).toMatchObject({ authoritative: true, subnetScope: 24, rcode: 'NOERROR' });
  expect((await ask('a.wild.shop.example', 'A', '198.51.100.0/24')).subnetScope).toBe(0);
});

test('answers the addresses of its own servers, each with one of its own', async () => {
  await begin();
  const named = await ask('shop.example', 'NS');
  expect(named.answers).toHaveLength(4);
  const addresses = await Promise.all(
    named.answers.map(async ({ data }) => (await ask(data)).answers.map((each) => each.data)),
  );
  expect(addresses.flat().toSorted()).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4']);
  expect(await ask('ns-9.emulated.example')).toMatchObject({ rcode: 'NXDOMAIN', answers: [] });
});

test('answers wildcards, chains, nothing and strangers as an authoritative server does', async () => {
  await begin();
  expect((await ask('a.wild.shop.example')).answers).toMatchObject([{ data: '192.0.2.9', ttlSeconds: 7 }]);
  const chain = await ask('edge.shop.example', 'A', '198.51.100.0/24');
  expect(chain.answers.map(({ type, data }) => `${type} ${data}`)).toEqual([
    'CNAME www.shop.example',
    'A 192.0.2.1',
  ]);
  expect(await ask('none.shop.example')).toMatchObject({ rcode: 'NXDOMAIN', authority: [{ type: 'SOA' }] });
  expect(await ask('www.shop.example', 'AAAA')).toMatchObject({
    rcode: 'NOERROR',
    answers: [],
    authority: [{ type: 'SOA' }],
  });
  expect(await ask('www.other.example')).toMatchObject({ rcode: 'REFUSED', authoritative: false });
  expect(await ask('many.shop.example')).toMatchObject({ transport: 'tcp' });
});

test('shows a change when its delay is over, with a serial of its own, and INSYNC when that delay is', async () => {
  let now = 1_000;
  await begin({ now: () => now, visibleAfterMs: 100, insyncAfterMs: 200 });
  const channel = await world.open();
  const moved = sets.slice(0, 2).map((set) => ({
    ...set,
    content: { kind: 'values' as const, ttlSeconds: 60, values: ['203.0.113.1'] },
  }));
  const batch = { changes: moved.map((set) => ({ action: 'UPSERT' as const, set })) };
  const change = await channel.change(batch, 'test', 5_000);
  if (change.kind !== 'ok') throw new Error(change.message);
  const state = async (): Promise<string> => {
    const answer = await channel.changeState(change.value.changeId, 5_000);
    return answer.kind === 'ok' ? answer.value.state : answer.message;
  };
  const data = async (): Promise<string | undefined> => (await ask('www.shop.example')).answers[0]?.data;
  expect([await data(), await state()]).toEqual(['192.0.2.1', 'PENDING']);
  now += 150;
  expect([await data(), await state()]).toEqual(['203.0.113.1', 'PENDING']);
  now += 100;
  expect(await state()).toBe('INSYNC');
});

test('takes an endpoint out by its health check, and serves all when none is well', async () => {
  await begin();
  const vote = (healthy: boolean) => ({
    region: 'eu-west-1',
    checker: '192.0.2.250',
    checkedAt: null,
    healthy,
    status: 'x',
  });
  const health = (id: string, healthy: boolean): void => {
    const facts = {
      healthCheckId: id,
      type: 'TCP',
      address: null,
      port: null,
      path: null,
      hostName: null,
    } as const;
    const rest = {
      searchString: null,
      intervalSeconds: 30,
      failureThreshold: 3,
      regions: [],
      inverted: false,
      disabled: false,
    };
    world.emulator.aws.checks.set(id, {
      facts: { ...facts, ...rest },
      votes: [vote(healthy)],
      reference: id,
      madeAt: 0,
    });
  };
  const east = async (): Promise<string | undefined> =>
    (await ask('www.shop.example', 'A', '198.51.100.0/24')).answers[0]?.data;
  health('check-192.0.2.1', false);
  expect(await east()).toBe('192.0.2.2');
  health('check-192.0.2.2', false);
  expect(await east()).toBe('192.0.2.1');
});
