import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Composed } from '../../main/compose.ts';
import type { Night } from '../../main/engine/night-ground.ts';
import { changedZones } from '../../shared/steps/overwrite.ts';
import type { Run } from '../../shared/steps/run.ts';
import {
  byHand,
  changesAsked,
  minuteWith,
  press,
  startAnnounceGround,
  textOf,
  type AnnounceGround,
} from './announce-ground.ts';
import { arm, prepared, writeAsApp } from './bad-luck-ground.ts';
import { missingFor } from './flavors.ts';
import { cli, newState, removeStates } from './minute-ground.ts';
import { eventually } from './sql.ts';
import { zoneAnswers } from './zone-truth.ts';

const limitMs = 300_000;
const instances = ['orders-a1', 'orders-b1', 'orders-t1'];

// DNS is changed behind the point of no return: whatever Route 53 does then, the data is safe and the run only goes on.
describe.runIf(missingFor('mariadb').length === 0)('the change of DNS in a minute on real servers', () => {
  let ground: AnnounceGround;
  let composed: Composed | null = null;
  let spent = false;
  beforeAll(async () => {
    ground = await startAnnounceGround(instances);
  }, limitMs);
  beforeEach(async () => {
    await composed?.stop();
    if (spent) await ground.reset();
    spent = false;
    composed = await prepared(ground.planFile);
  }, limitMs);
  afterAll(async () => {
    await composed?.stop();
    await ground?.stop();
    removeStates();
  }, limitMs);

  const cockpitNow = (): Composed => {
    if (composed === null) throw new Error('nothing is composed');
    return composed;
  };
  const answer = (side: 'source' | 'target'): Promise<void> =>
    eventually(`every user is answered the ${side}`, 30_000, async () => {
      const lines = await zoneAnswers(ground.lab);
      expect(lines.filter((line) => !line.endsWith(`(${side})`))).toEqual([]);
    });
  /** Exactly the target takes writes, and DNS leads there. */
  const isForward = async (run: Run): Promise<void> => {
    expect(run.outcome, textOf(run)).toBe('done');
    await answer('target');
    await writeAsApp(ground.lab, 'orders-t1');
    for (const source of ['orders-a1', 'orders-b1'])
      await expect(writeAsApp(ground.lab, source)).rejects.toMatchObject({ errno: 1290 });
  };
  /** The rehearsal tried the whole change and its way back under the scratch name, and left nothing of it there. */
  const triedOnScratch = (night: Night): void => {
    const gate = night.verdicts.find(({ gate: id }) => id === 'dns.scratch:shop');
    console.info(`the rehearsal shows: ${gate?.reasons.join(' ')}`);
    expect(gate).toMatchObject({ state: 'open', reasons: [expect.stringMatching(/^Tried \d+ s ago/)] });
    const [zone] = ground.aws().aws.zones.values();
    expect(zone?.sets.filter(({ name }) => name.endsWith('cutover-scratch.shop.example'))).toEqual([]);
  };
  /** A run that waits for a person: nothing was changed in Route 53, and the data is where it was opened. */
  const waits = async (run: Run, says: readonly RegExp[]): Promise<void> => {
    expect(run.outcome).toBe('needs-operator');
    for (const words of says) expect(textOf(run)).toMatch(words);
    expect(textOf(run)).not.toContain('..');
    console.info(`it says: ${textOf(run)}`);
    await writeAsApp(ground.lab, 'orders-t1');
  };

  test(
    'is not begun while the zone cannot be reached, the login has ended, or somebody changed the zone; abort leaves it',
    async () => {
      const { cockpit } = cockpitNow();
      const blockedBy = async (gate: string, says: RegExp): Promise<void> => {
        const { blocks } = await arm(cockpit);
        expect(blocks.join('\n')).toContain(gate);
        expect(blocks.join('\n')).toMatch(says);
        await cockpit.disarm();
      };
      const { aws } = ground.aws();
      await ground.aws().reachable(false);
      await blockedBy('dns.access:shop', /No connection to AWS|connection to AWS ended/);
      await ground.aws().reachable(true);
      aws.faults.credentials = 'expired';
      await blockedBy('dns.access:shop', /ExpiredToken.*aws sso login/);
      aws.faults.credentials = 'good';
      byHand(ground.aws(), '192.0.2.10', '192.0.2.99');
      await blockedBy('dns.before:shop', /values is 192\.0\.2\.99, expected 192\.0\.2\.10/);
      byHand(ground.aws(), '192.0.2.99', '192.0.2.10');

      const night = await arm(cockpit);
      expect(night.blocks).toEqual([]);
      expect(night.release({ hold: 'lock', permit: night.permit, who: 'test' })).toMatchObject({ ok: true });
      night.runner()?.post({ kind: 'abort-asked', who: 'test', reason: 'asked by the test' });
      await eventually('it is thawed', 60_000, async () => expect(night.run()?.outcome).toBe('thawed'));
      expect(changesAsked(ground.aws(), night.run())).toEqual([]);
      await answer('source');
      await writeAsApp(ground.lab, 'orders-a1');
    },
    limitMs,
  );

  test(
    'is one batch behind the promotion, seen INSYNC and answered to every user; dns diff knows both sides of it',
    async () => {
      const state = newState();
      const before = await cli(state, 'dns', 'diff', ground.planFile, '--json');
      expect(before.code, before.stderr).toBe(0);
      expect(JSON.parse(before.stdout)).toMatchObject({
        zones: [{ code: 0, share: { changed: 3 }, ttls: 'lowered' }],
      });
      spent = true;
      const heardBefore = ground.aws().heard().length;
      const { night, run } = await minuteWith(cockpitNow(), () => undefined);
      triedOnScratch(night);
      const released = run.steps['lock']?.startedAt?.utcMs ?? 0;
      const trial = ground.aws().heard().slice(heardBefore);
      const batches = trial.filter(
        ({ line, at }) => line.startsWith('POST /2013') && performance.timeOrigin + at < released,
      );
      console.info(
        `before the release ${batches.length} batches were taken: the trial, and the proofs of the write`,
      );
      // What the plan calls before is put there, the change, its reverse, and it is taken away: besides the proof.
      expect(batches.length).toBeGreaterThanOrEqual(5);
      await isForward(run);
      const sent = changesAsked(ground.aws(), run);
      expect(sent.map(({ line }) => line)).toEqual(['POST /2013-04-01/hostedzone/Z0EXAMPLE1SHOP/rrset 200']);
      const { startedAt, endedAt } = run.steps['announce'] ?? {};
      const begun = startedAt?.utcMs ?? 0;
      const promoted = run.steps['promote:orders']?.endedAt?.utcMs ?? Infinity;
      expect(begun).toBeGreaterThanOrEqual(promoted);
      console.info(
        `announce began ${Math.round(begun - promoted)} ms behind the promotion; Route 53 had the batch ${Math.round((sent[0]?.at ?? 0) - begun)} ms later, the step took ${Math.round((endedAt?.utcMs ?? 0) - begun)} ms`,
      );
      const [change] = await eventually('it is INSYNC', 30_000, async () => {
        const changes = night.changes();
        expect(changes.map(({ state: seen }) => seen)).toEqual(['INSYNC']);
        return changes;
      });
      console.info(`INSYNC ${(change?.insyncAt ?? 0) - (change?.heardAt ?? 0)} ms after it was taken`);
      const after = await cli(state, 'dns', 'diff', ground.planFile, '--json');
      expect(after.code).toBe(2);
      expect(after.stderr).toContain('is already what the plan calls after');
    },
    limitMs,
  );

  test(
    'outlasts 20 s of throttling and a lost reply by itself, and is sent no more often than it must be',
    async () => {
      spent = true;
      const { faults } = ground.aws().aws;
      const { run } = await minuteWith(cockpitNow(), () => {
        faults.throttledUntil = Date.now() + 20_000;
        faults.loseReplies = 1;
      });
      await isForward(run);
      expect(textOf(run)).toMatch(/holds what the plan calls after, although .*connection to AWS ended/);
      const sent = changesAsked(ground.aws(), run).map(({ line }) => line.split(' ').at(-1));
      expect(sent.slice(-1)).toEqual(['lost']);
      expect(sent.slice(0, -1).every((status) => status === '400')).toBe(true);
      console.info(`${sent.length} sent, 1 accepted; it says: ${textOf(run)}`);
    },
    limitMs,
  );

  test(
    'waits for a person when it is refused, the login ended, Route 53 is gone or the zone was changed: each is said, and one press goes on',
    async () => {
      spent = true;
      const { faults } = ground.aws().aws;
      const { night, run } = await minuteWith(cockpitNow(), () => {
        faults.rejectNext = 'a rule of its own';
      });
      await waits(run, [/a rule of its own/, /holds what the plan calls before/, /press Retry/]);

      faults.credentials = 'expired';
      await waits(await press(night), [/ExpiredToken/, /aws sso login/, /press Retry/]);
      faults.credentials = 'good';

      await ground.aws().reachable(false);
      await waits(await press(night), [/nothing was sent|unknown/, /press Retry/i]);
      await ground.aws().reachable(true);
      expect(changesAsked(ground.aws(), run).filter(({ line }) => / (200|lost)$/.test(line))).toEqual([]);

      byHand(ground.aws(), '192.0.2.20', '192.0.2.77');
      const changed = await press(night);
      await waits(changed, [/values is 192\.0\.2\.77, expected 192\.0\.2\.20/, /overwrite it/]);
      const zones = changedZones(changed).map(({ zone }) => zone);
      expect(zones).toEqual(['shop']);
      await isForward(await press(night, zones));
    },
    limitMs,
  );
});

test('without its servers says what is missing, and under CI that is a failure', () => {
  const missing = missingFor('mariadb');
  if (missing.length > 0) console.warn(`NOT RUN: the change of DNS in a minute needs ${missing.join(', ')}`);
  expect(process.env['CI'] === 'true' ? missing : []).toEqual([]);
});
