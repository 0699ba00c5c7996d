import { describe, expect, test } from 'vitest';
import type { Route53Port, ZoneChannel } from '../../main/ports.ts';
import { keyOfSet, type RecordSet } from '../../shared/observations/record-set.ts';
import { reverseBatch, type ChangeBatch } from '../../shared/steps/change-batch.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import { setOf } from '../helpers/record-sets.ts';

/** One implementation of the port, with a zone of it that the suite may change. */
export type ZoneGround = {
  readonly port: Route53Port;
  /** The plan's id of the zone, and its name. */
  readonly zone: string;
  readonly name: string;
  /** Answers what was asked; where time stands still by itself it is driven meanwhile. */
  readonly settle: <T>(asked: Promise<T>) => Promise<T>;
  readonly waitMs: (ms: number) => Promise<void>;
};

const limitMs = 5_000;
const syncLimitMs = 90_000;

/** What every implementation of the Route 53 port must do, with record sets of its own below one name. */
export function zoneSuite(title: string, open: () => Promise<ZoneGround>): void {
  describe(title, () => {
    const withChannel = async (
      work: (channel: ZoneChannel, ground: ZoneGround) => Promise<void>,
    ): Promise<void> => {
      const ground = await open();
      const opened = await ground.settle(ground.port.open(ground.zone, limitMs));
      if (opened.kind !== 'open') throw new Error(opened.message);
      await work(opened.channel, ground);
      await opened.channel.close();
    };

    test('a zone that the plan does not name is refused', async () => {
      const ground = await open();
      expect(await ground.settle(ground.port.open('no-such-zone', limitMs))).toMatchObject({
        kind: 'refused',
      });
    });

    test('says which zone it is, and whose', () =>
      withChannel(async (channel, { settle, zone, name }) => {
        expect(channel).toMatchObject({ zone, account: expect.stringMatching(/^\d{12}$/) as string });
        const facts = value(await settle(channel.facts(limitMs)));
        expect(facts.name).toBe(name);
        expect(facts.recordSetCount).toBe(value(await settle(channel.list(limitMs))).length);
      }));

    test('an exact batch is taken once; the second time it is refused as a whole', () =>
      withChannel(async (channel, { settle, name }) => {
        const [one, other] = ['a', 'b'].map((host) => setOf({ name: `suite-${host}.${name}` }));
        const create = batch(['CREATE', one], ['CREATE', other]);
        const taken = value(await settle(channel.change(create, 'suite', limitMs)));
        expect(taken.changeId).not.toBe('');
        expect(await settle(channel.change(create, 'suite', limitMs))).toMatchObject({
          kind: 'refused',
          refusal: 'rejected',
        });
        const names = [one, other].map((set) => set?.name ?? '');
        expect(keys(value(await settle(channel.listNames(names, limitMs))))).toEqual(keys([one, other]));
        value(await settle(channel.change(reverseBatch(create), 'suite', limitMs)));
        expect(value(await settle(channel.listNames(names, limitMs)))).toEqual([]);
      }));

    test('nothing of a batch is done when one part of it does not fit', () =>
      withChannel(async (channel, { settle, name }) => {
        const fits = setOf({ name: `suite-c.${name}` });
        const missing = setOf({ name: `suite-d.${name}` });
        const answer = await settle(
          channel.change(batch(['CREATE', fits], ['DELETE', missing]), 'suite', limitMs),
        );
        expect(answer).toMatchObject({ kind: 'refused', refusal: 'rejected' });
        expect(value(await settle(channel.listNames([fits.name, missing.name], limitMs)))).toEqual([]);
      }));

    test('a record set that somebody changed is not deleted as it was before', () =>
      withChannel(async (channel, { settle, name }) => {
        const before = setOf({ name: `suite-e.${name}` });
        const changed = setOf({
          ...before,
          content: { kind: 'values', ttlSeconds: 60, values: ['192.0.2.77'] },
        });
        value(await settle(channel.change(batch(['CREATE', changed]), 'suite', limitMs)));
        expect(await settle(channel.change(batch(['DELETE', before]), 'suite', limitMs))).toMatchObject({
          refusal: 'rejected',
        });
        value(await settle(channel.change(batch(['DELETE', changed]), 'suite', limitMs)));
      }));

    test('a change becomes INSYNC, and one that does not exist is not known', () =>
      withChannel(async (channel, { settle, name, waitMs }) => {
        const set = setOf({ name: `suite-f.${name}` });
        const { changeId } = value(await settle(channel.change(batch(['CREATE', set]), 'suite', limitMs)));
        let state = 'PENDING';
        for (let waited = 0; state === 'PENDING' && waited < syncLimitMs; waited += 1_000) {
          await waitMs(1_000);
          state = value(await settle(channel.changeState(changeId, limitMs))).state;
        }
        expect(state).toBe('INSYNC');
        expect(await settle(channel.changeState('C0NOSUCHCHANGE', limitMs))).toMatchObject({
          refusal: 'no-such-change',
        });
        value(await settle(channel.change(batch(['DELETE', set]), 'suite', limitMs)));
      }));

    test('a closed channel sends nothing', async () => {
      const ground = await open();
      const opened = await ground.settle(ground.port.open(ground.zone, limitMs));
      if (opened.kind !== 'open') throw new Error(opened.message);
      await opened.channel.close();
      expect(await ground.settle(opened.channel.list(limitMs))).toMatchObject({ why: 'not-connected' });
    });
  });
}

function value<T>(answer: Answer<T>): T {
  if (answer.kind !== 'ok') throw new Error(`${answer.kind}: ${answer.message}`);
  return answer.value;
}

function batch(...changes: readonly (readonly ['CREATE' | 'DELETE', RecordSet | undefined])[]): ChangeBatch {
  return {
    changes: changes.flatMap(([action, set]) => (set === undefined ? [] : [{ action, set }])),
  };
}

function keys(sets: readonly (RecordSet | undefined)[]): readonly string[] {
  return sets.flatMap((set) => (set === undefined ? [] : [keyOfSet(set)])).toSorted();
}
