import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ZoneChannel } from '../../main/ports.ts';
import { normaliseSet, type RecordSet } from '../../shared/observations/record-set.ts';
import { diffZone } from '../../shared/observations/zone-diff.ts';
import { batchOf, reverseBatch, unchangingBatch, type ChangeBatch } from '../../shared/steps/change-batch.ts';
import { inRegion, setOf } from '../helpers/record-sets.ts';
import { shopZone, valueOf, type Route53World } from '../helpers/route53-world.ts';
import type { AbilityTest, Lacks } from './route53-abilities.ts';
import { route53Checks } from './route53-suite-checks.ts';

const limitMs = 20_000;
const syncLimitMs = 90_000;

const latency = (set: RecordSet): RecordSet => ({ ...set, name: 'l.shop.example' });

/** Every routing that is written here, names and values that are hard to carry. */
const hardSets: readonly RecordSet[] = [
  setOf({ name: '*.hard.shop.example' }),
  latency(inRegion('us-east-1', '192.0.2.10')),
  latency(inRegion('eu-west-1', '192.0.2.20')),
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

type Action = ChangeBatch['changes'][number]['action'];
const all = (action: Action, sets: readonly RecordSet[]): ChangeBatch => ({
  changes: sets.map((set) => ({ action, set })),
});
const namesOf = (sets: readonly RecordSet[]): readonly string[] => [...new Set(sets.map(({ name }) => name))];
const byKey = (sets: readonly RecordSet[]): readonly string[] =>
  sets.map((set) => JSON.stringify(normaliseSet(set))).toSorted();
const valued = (set: RecordSet, value: string): RecordSet => ({
  ...set,
  content: { kind: 'values', ttlSeconds: 60, values: [value] },
});

/** What every Route 53 must do: ours over the adapter, the simulated one, moto as far as it can, and AWS itself. */
export function route53Suite(
  title: string,
  make: () => Promise<Route53World>,
  lacks: Lacks = new Map(),
): void {
  describe(title, () => {
    let ground: Route53World;
    let channel: ZoneChannel;
    beforeAll(async () => {
      ground = await make();
      channel = await ground.open();
    });
    afterAll(() => ground?.stop());

    const testAbility: AbilityTest = (ability, text, work) => {
      const seen = lacks.get(ability);
      if (seen === undefined) return test(text, work);
      test(`lacks ${ability}, as it was just asked for it: ${text}`, async () => {
        await expect(work()).rejects.toThrow(seen);
      });
    };
    const change = async (batch: ChangeBatch) => valueOf(await channel.change(batch, 'suite', limitMs));
    const held = async (names: readonly string[]) => valueOf(await channel.listNames(names, limitMs));

    test('is opened with the account behind its credentials, and says which zone it is', async () => {
      expect(channel).toMatchObject({ zone: 'shop', account: ground.account, credentialsEndAt: null });
      expect(channel.account).toMatch(/^\d{12}$/);
      const facts = valueOf(await channel.facts(limitMs));
      expect(facts).toMatchObject({ hostedZoneId: ground.hostedZoneId, name: shopZone, view: 'public' });
      expect(facts.nameServers.length).toBeGreaterThan(0);
      expect(facts.recordSetCount).toBe(valueOf(await channel.list(limitMs)).length);
    });

    const opened = async (zone: object): Promise<string> => {
      const good = { id: 'shop', hostedZoneId: ground.hostedZoneId, name: shopZone, view: 'public' as const };
      const answer = await ground.port({ zones: [{ ...good, ...zone }] }).open('shop', limitMs);
      return answer.kind === 'refused' ? `${answer.reason}: ${answer.message}` : 'open';
    };
    test('is refused when the plan does not name it', async () => {
      expect(await opened({})).toBe('open');
      expect(await opened({ id: 'no-such-zone' })).toMatch(/^other: /);
    });
    testAbility('other-accounts', 'is refused when it is another account, zone or name', async () => {
      expect(await opened({ account: '999999999999' })).toMatch(/^credential: .*expected 999999999999/);
      expect(await opened({ hostedZoneId: 'ZNOBODYHASTHIS' })).toMatch(/^other: .*NoSuchHostedZone/);
      expect(await opened({ name: 'other.example' })).toMatch(/expected the public zone other\.example/);
    });

    test('gives back what was written, in the one form that is compared', async () => {
      await change(all('CREATE', hardSets));
      const names = new Set(namesOf(hardSets));
      const listed = valueOf(await channel.list(limitMs)).filter(({ name }) => names.has(name));
      expect(byKey(listed)).toEqual(byKey(hardSets));
      const some = [normaliseSet(hardSets[0] ?? setOf()).name, 'w.shop.example'];
      expect(byKey(await held(some))).toEqual(byKey(hardSets.filter(({ name }) => some.includes(name))));
    });

    const moving = (label: string) => {
      const before = ['us-east-1', 'eu-west-1'].map((region, at) => ({
        ...inRegion(region, `192.0.2.${at + 1}`),
        name: `${label}.shop.example`,
        setIdentifier: `${label}-${region}`,
      }));
      const after = before.map((set, at) => valued(set, `203.0.113.${at + 1}`));
      return { before, after, names: namesOf(before) };
    };
    test('takes DELETE of what was found and CREATE in one batch, as one change', async () => {
      const { before, after, names } = moving('forth');
      await change(all('CREATE', before));
      const pairs = before.map((set, at) => ({ before: set, after: after[at] ?? set }));
      const diff = diffZone(pairs, await held(names));
      expect(diff.refusals).toEqual([]);
      const { changeId } = await change(batchOf(diff.entries));
      expect(changeId).toMatch(/^[^/]+$/);
      const { state } = valueOf(await channel.changeState(changeId, limitMs));
      expect(['PENDING', 'INSYNC']).toContain(state);
      expect(byKey(await held(names))).toEqual(byKey(after));
    });
    testAbility('way-back', 'takes the exact reverse of such a batch', async () => {
      const { before, after, names } = moving('back');
      await change(all('CREATE', before));
      const batch: ChangeBatch = {
        changes: [...all('DELETE', before).changes, ...all('CREATE', after).changes],
      };
      await change(batch);
      await change(reverseBatch(batch));
      expect(byKey(await held(names))).toEqual(byKey(before));
    });

    test('a record set stays as it is when it is written as it stands, in one batch of DELETE and CREATE', async () => {
      const sets = hardSets.map((set) => ({ ...set, name: set.name.replace('.shop', '.stands.shop') }));
      // moto takes such a batch of what was written by UPSERT alone.
      const own = sets.map((set) =>
        set.setIdentifier === '' ? set : { ...set, setIdentifier: `stands-${set.setIdentifier}` },
      );
      await change(all('UPSERT', own));
      for (const set of own) await change(unchangingBatch(set));
      expect(byKey(await held(namesOf(own)))).toEqual(byKey(own));
    });
    testAbility('create-again', 'such a batch is taken of what was made by CREATE too', async () => {
      const set = setOf({ name: 'again.shop.example' });
      await change(all('CREATE', [set]));
      await change(unchangingBatch(set));
      expect(byKey(await held([set.name]))).toEqual(byKey([set]));
    });

    test('a record set that somebody changed is not written as it was looked at', async () => {
      const looked = setOf({ name: 'stale.shop.example' });
      const now = valued(looked, '192.0.2.77');
      await change(all('UPSERT', [now]));
      expect(await channel.change(unchangingBatch(looked), 'suite', limitMs)).toMatchObject({
        kind: 'refused',
      });
      expect(byKey(await held([looked.name]))).toEqual(byKey([now]));
    });
    testAbility(
      'judging',
      'refuses a batch that does not fit, by its own word, and does nothing of it',
      async () => {
        const first = setOf({ name: 'first.shop.example' });
        const fresh = setOf({ name: 'fresh.shop.example' });
        const gone = setOf({ name: 'gone.shop.example' });
        await change(all('CREATE', [first]));
        for (const batch of [
          all('CREATE', [fresh, first]),
          all('DELETE', [valued(first, '192.0.2.99')]),
          { changes: [...all('CREATE', [fresh]).changes, ...all('DELETE', [gone]).changes] },
          unchangingBatch(valued(first, '192.0.2.99')),
        ])
          expect(await channel.change(batch, 'suite', limitMs)).toMatchObject({
            kind: 'refused',
            refusal: 'rejected',
          });
        expect(byKey(await held(namesOf([first, fresh, gone])))).toEqual(byKey([first]));
      },
    );

    test('takes 100 record sets in one call, and lists more than one page', async () => {
      const many = Array.from({ length: 400 }, (_, at) => setOf({ name: `n${at}.many.shop.example` }));
      for (let at = 0; at < many.length; at += 100) await change(all('CREATE', many.slice(at, at + 100)));
      const listed = valueOf(await channel.list(limitMs));
      expect(byKey(listed.filter(({ name }) => name.endsWith('many.shop.example')))).toEqual(byKey(many));
      for (let at = 0; at < many.length; at += 100) await change(all('DELETE', many.slice(at, at + 100)));
    });

    test('a change becomes INSYNC', async () => {
      const { changeId } = await change(all('CREATE', [setOf({ name: 'sync.shop.example' })]));
      let state = 'PENDING';
      for (let waited = 0; state === 'PENDING' && waited < syncLimitMs; waited += 1_000) {
        await ground.waitMs(1_000);
        state = valueOf(await channel.changeState(changeId, limitMs)).state;
      }
      expect(state).toBe('INSYNC');
    });
    testAbility('unknown-changes', 'a change that does not exist is not known', async () => {
      expect(await channel.changeState('C0NOBODYHASTHIS', limitMs)).toMatchObject({
        kind: 'refused',
        refusal: 'no-such-change',
      });
    });

    testAbility('test-answer', 'says what Route 53 itself would answer', async () => {
      const ask = { name: 'c.shop.example', type: 'CNAME', clientSubnet: null };
      await ground.waitMs(1_000);
      const answer = valueOf(await channel.testAnswer(ask, limitMs));
      expect(answer).toEqual({ rcode: 'NOERROR', values: ['edge.shop.example'] });
    });

    route53Checks(() => channel, testAbility);

    test('a closed channel sends nothing', async () => {
      const other = await ground.open();
      await other.close();
      expect(await other.list(limitMs)).toMatchObject({ kind: 'none', why: 'not-connected' });
    });
  });
}
