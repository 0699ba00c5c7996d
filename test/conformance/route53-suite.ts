import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ZoneChannel } from '../../main/ports.ts';
import { checkFields } from '../../shared/observations/health-check.ts';
import { parseIp } from '../../shared/observations/ip-address.ts';
import { normaliseSet, type RecordSet } from '../../shared/observations/record-set.ts';
import { diffZone } from '../../shared/observations/zone-diff.ts';
import { batchOf, reverseBatch, unchangingBatch, type ChangeBatch } from '../../shared/steps/change-batch.ts';
import { inRegion, setOf } from '../helpers/record-sets.ts';
import { shopZone, valueOf, type Route53World } from '../helpers/route53-world.ts';

const limitMs = 20_000;

/** Every routing that is written here, names and values that are hard to carry. */
export const hardSets: readonly RecordSet[] = [
  setOf({ name: '*.shop.example' }),
  inRegion('us-east-1', '192.0.2.10'),
  inRegion('eu-west-1', '192.0.2.20'),
  setOf({ name: 'w.shop.example', setIdentifier: 'one', routing: { kind: 'weighted', weight: 0 } }),
  setOf({ name: 'w.shop.example', setIdentifier: 'two', routing: { kind: 'weighted', weight: 255 } }),
  setOf({
    name: 'f.shop.example',
    setIdentifier: 'first',
    routing: { kind: 'failover', role: 'PRIMARY' },
    healthCheckId: 'check-f',
  }),
  setOf({
    name: 'f.shop.example',
    setIdentifier: 'second',
    routing: { kind: 'failover', role: 'SECONDARY' },
  }),
  setOf({
    name: 'c.shop.example',
    type: 'CNAME',
    content: { kind: 'values', ttlSeconds: 300, values: ['Edge.Shop.Example.'] },
  }),
  setOf({
    name: 'six.shop.example',
    type: 'AAAA',
    content: { kind: 'values', ttlSeconds: 5, values: ['2001:DB8:0::1'] },
  }),
  setOf({
    name: 'text.shop.example',
    type: 'TXT',
    content: { kind: 'values', ttlSeconds: 5, values: ['"a <b> & \\"c\\" \\303\\244"', '"second"'] },
  }),
  setOf({
    name: 'alias.shop.example',
    content: {
      kind: 'alias',
      hostedZoneId: 'Z35SXDOTRQ7X7K',
      name: 'lb-1.us-east-1.elb.amazonaws.com',
      evaluateTargetHealth: true,
    },
  }),
];

const create = (sets: readonly RecordSet[]): ChangeBatch => ({
  changes: sets.map((set) => ({ action: 'CREATE', set })),
});
const remove = (sets: readonly RecordSet[]): ChangeBatch => ({
  changes: sets.map((set) => ({ action: 'DELETE', set })),
});
const byKey = (sets: readonly RecordSet[]): readonly string[] =>
  sets
    .filter(({ type }) => type !== 'SOA' && type !== 'NS')
    .map((set) => JSON.stringify(normaliseSet(set)))
    .toSorted();

/**
 * What moto lacks. `judging`: it refuses by other codes, or not at all; `way-back`: it holds what was created once for there
 * for ever; `changes`: every change id is known to it.
 */
export type Lack =
  'judging' | 'way-back' | 'changes' | 'test-answer' | 'check-regions' | 'check-references' | 'check-votes';

/** What every Route 53 that the adapter speaks to must do: ours, moto as far as it can, and AWS itself. */
export function route53Suite(make: () => Promise<Route53World>, lacks: ReadonlySet<Lack> = new Set()): void {
  describe('a hosted zone through the adapter', () => {
    let world: Route53World;
    let channel: ZoneChannel;
    beforeAll(async () => {
      world = await make();
      channel = await world.open();
    });
    afterAll(() => world?.stop());

    test('is opened with the account behind its credentials', async () => {
      expect(channel.account).toBe(world.account);
      expect(channel.credentialsEndAt).toBeNull();
      const facts = valueOf(await channel.facts(limitMs));
      expect(facts).toMatchObject({ hostedZoneId: world.hostedZoneId, name: shopZone, view: 'public' });
      expect(facts.nameServers.length).toBeGreaterThan(0);
    });

    test('is refused when it is another account, zone or name', async () => {
      const opened = async (zone: object): Promise<string> => {
        const good = {
          id: 'shop',
          hostedZoneId: world.hostedZoneId,
          name: shopZone,
          view: 'public' as const,
        };
        const answer = await world.port({ zones: [{ ...good, ...zone }] }).open('shop', limitMs);
        return answer.kind === 'refused' ? `${answer.reason}: ${answer.message}` : 'open';
      };
      expect(await opened({})).toBe('open');
      expect(await opened({ account: '999999999999' })).toMatch(/^credential: .*expected 999999999999/);
      expect(await opened({ hostedZoneId: 'ZNOBODYHASTHIS' })).toMatch(/^other: .*NoSuchHostedZone/);
      expect(await opened({ name: 'other.example' })).toMatch(/expected the public zone other\.example/);
    });

    test('gives back what was written, in the one form that is compared', async () => {
      valueOf(await channel.change(create(hardSets), 'written', limitMs));
      expect(byKey(valueOf(await channel.list(limitMs)))).toEqual(byKey(hardSets));
      const some = valueOf(await channel.listNames(['\\052.shop.example', 'w.shop.example'], limitMs));
      expect(byKey(some)).toEqual(
        byKey(hardSets.filter(({ name }) => ['\\052.shop.example', 'w.shop.example'].includes(name))),
      );
    });

    test('takes DELETE of what was found and CREATE in one batch, and its exact reverse', async () => {
      const live = valueOf(await channel.list(limitMs));
      const before = hardSets.filter(({ routing }) => routing.kind === 'latency');
      const changes = before.map((set, at) => ({
        before: set,
        after: { ...set, content: { kind: 'values' as const, ttlSeconds: 60, values: [`203.0.113.${at}`] } },
      }));
      const diff = diffZone(changes, live);
      expect(diff.refusals).toEqual([]);
      const batch = batchOf(diff.entries);
      const change = valueOf(await channel.change(batch, 'forth', limitMs));
      expect(change.changeId).not.toContain('/');
      expect(['PENDING', 'INSYNC']).toContain(
        valueOf(await channel.changeState(change.changeId, limitMs)).state,
      );
      const there = valueOf(await channel.listNames(['www.shop.example'], limitMs));
      expect(byKey(there)).toEqual(byKey(changes.map(({ after }) => after)));
      const overwriting: ChangeBatch = { changes: before.map((set) => ({ action: 'UPSERT', set })) };
      const back = lacks.has('way-back') ? overwriting : reverseBatch(batch);
      valueOf(await channel.change(back, 'back', limitMs));
      expect(byKey(valueOf(await channel.list(limitMs)))).toEqual(byKey(live));
    });

    test('refuses a batch that does not fit what is there, and does nothing of it', async () => {
      const live = valueOf(await channel.list(limitMs));
      const first = hardSets[0] ?? setOf();
      const other = { ...first, content: { kind: 'values' as const, ttlSeconds: 7, values: ['192.0.2.99'] } };
      const fresh = setOf({ name: 'fresh.shop.example' });
      for (const batch of [
        create([fresh, first]),
        remove([other]),
        remove([setOf({ name: 'gone.shop.example' })]),
      ]) {
        const answer = await channel.change(batch, 'wrong', limitMs);
        // An implementation that does not judge would make a change that was to be refused.
        if (answer.kind === 'ok' && lacks.has('judging')) continue;
        const refusal = lacks.has('judging') ? {} : { refusal: 'rejected' };
        expect(answer).toMatchObject({ kind: 'refused', code: 400, ...refusal });
      }
      if (!lacks.has('judging')) expect(byKey(valueOf(await channel.list(limitMs)))).toEqual(byKey(live));
    });

    test('stays as it is when a record set is written as it stands', async () => {
      const live = valueOf(await channel.list(limitMs));
      for (const set of hardSets) valueOf(await channel.change(unchangingBatch(set), 'no change', limitMs));
      expect(byKey(valueOf(await channel.list(limitMs)))).toEqual(byKey(live));
    });

    test('takes 100 record sets in one call, and lists more than one page', async () => {
      const many = Array.from({ length: 400 }, (_, at) => setOf({ name: `n${at}.many.shop.example` }));
      for (let at = 0; at < many.length; at += 100)
        valueOf(await channel.change(create(many.slice(at, at + 100)), 'many', limitMs));
      const listed = valueOf(await channel.list(limitMs));
      expect(byKey(listed.filter(({ name }) => name.endsWith('many.shop.example')))).toEqual(byKey(many));
      for (let at = 0; at < many.length; at += 100)
        valueOf(await channel.change(remove(many.slice(at, at + 100)), 'many', limitMs));
    });

    test('says that there is no such change and no such health check', async () => {
      const none = await channel.changeState('C0NOBODYHASTHIS', limitMs);
      if (!lacks.has('changes')) expect(none).toMatchObject({ kind: 'refused', refusal: 'no-such-change' });
      expect(valueOf(await channel.healthCheck('00000000-0000-4000-8000-000000000000', limitMs))).toBeNull();
    });

    test('creates a health check of the plan and reads it back', async () => {
      const planned = {
        id: 'east',
        type: 'HTTPS' as const,
        address: '192.0.2.10',
        port: 443,
        path: '/health',
        hostName: 'www.shop.example',
        dependsOnWrites: false,
        intervalSeconds: 10 as const,
        failureThreshold: 2,
        stableIntervals: 3,
        regions: ['us-east-1', 'eu-west-1', 'sa-east-1'] as const,
      };
      const wanted = { ...planned, regions: [...planned.regions] };
      const made = valueOf(await channel.createHealthCheck(wanted, 'reference-1', limitMs));
      expect(made).toMatchObject({
        type: 'HTTPS',
        address: '192.0.2.10',
        port: 443,
        path: '/health',
        inverted: false,
      });
      expect(made).toMatchObject({ hostName: 'www.shop.example', intervalSeconds: 10, failureThreshold: 2 });
      expect(valueOf(await channel.healthCheck(made.healthCheckId, limitMs))).toEqual(made);
      if (!lacks.has('check-regions')) expect(made.regions).toEqual(['eu-west-1', 'sa-east-1', 'us-east-1']);
      const differing = checkFields(wanted, made).filter(({ planned: one, seen }) => one !== seen);
      expect(differing.filter(({ field }) => !lacks.has('check-regions') || field !== 'regions')).toEqual([]);
    });

    test('knows the request for a health check again, and refuses another one of the same reference', async () => {
      const wanted = {
        id: 'west',
        type: 'TCP' as const,
        address: '192.0.2.20',
        port: 443,
        intervalSeconds: 30 as const,
        failureThreshold: 3,
        stableIntervals: 3,
        regions: [],
      };
      const made = valueOf(await channel.createHealthCheck(wanted, 'reference-2', limitMs));
      if (lacks.has('check-references')) return;
      expect(valueOf(await channel.createHealthCheck(wanted, 'reference-2', limitMs))).toEqual(made);
      const other = await channel.createHealthCheck({ ...wanted, port: 80 }, 'reference-2', limitMs);
      expect(other).toMatchObject({ kind: 'refused', code: 409 });
      expect(valueOf(await channel.healthCheck(made.healthCheckId, limitMs))).toEqual(made);
    });

    test('says what the checkers of a health check say, and of one that is not there that it is not', async () => {
      if (lacks.has('check-votes')) return;
      const none = await channel.healthVotes('00000000-0000-4000-8000-000000000000', limitMs);
      expect(none).toMatchObject({ kind: 'refused', code: 404 });
      const wanted = {
        id: 'votes',
        type: 'TCP' as const,
        address: '192.0.2.30',
        port: 443,
        intervalSeconds: 10 as const,
        failureThreshold: 3,
        stableIntervals: 3,
        regions: [],
      };
      const made = valueOf(await channel.createHealthCheck(wanted, 'reference-3', limitMs));
      for (const { region, checker } of valueOf(await channel.healthVotes(made.healthCheckId, limitMs))) {
        expect(region).toMatch(/^[a-z]{2}-[a-z]+-\d$/);
        expect(parseIp(checker)).not.toBeNull();
      }
    });

    test('says what Route 53 itself would answer', async () => {
      if (lacks.has('test-answer')) return;
      const ask = { name: 'c.shop.example', type: 'CNAME', clientSubnet: null };
      const answer = valueOf(await channel.testAnswer(ask, limitMs));
      expect(answer).toEqual({ rcode: 'NOERROR', values: ['edge.shop.example'] });
    });
  });
}
