import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingFor } from './flavors.ts';
import { expectNothingLost, isClosed } from './lab-truth.ts';
import {
  cli,
  journalFileOf,
  journalText,
  newState,
  removeStates,
  runCli,
  settingsOf,
  takesWrites,
  underLoad,
  writePlan,
  type Ended,
} from './minute-ground.ts';
import { eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { chains, flavors, membersOf } from './topology.ts';

const limitMs = 400_000;
const nodes = (...roles: Parameters<typeof membersOf>[1][]): readonly string[] =>
  chains.flatMap((chain) => membersOf(chain, ...roles).map(({ id }) => id));
const sources = nodes('source-master', 'source-slave');

afterAll(removeStates);

/** Long runs of real servers: `npm run test:night` asks for them. */
const asked = process.env['NIGHT'] !== undefined;
if (!asked) console.warn('!!! NOT RUN: taking a run over on real servers. `npm run test:night` runs it.');

describe.runIf(asked).each(flavors)('a cockpit that sleeps is taken over on real servers: %s', (flavor) => {
  const here = missingFor(flavor).length === 0;
  let lab: Lab;
  let plan: string;
  beforeAll(async () => {
    if (!here) return;
    lab = await startLab({
      flavor,
      gtid: 'on',
      dir: mkdtempSync(join(tmpdir(), 'cutover-takeover-')),
      owner: process.pid,
    });
    const directory = join(lab.dir, 'mirror');
    mkdirSync(directory);
    plan = writePlan(lab, 'takeover', (of) => ({ ...of, journalMirror: { host: 'colo-b-db', directory } }));
  }, limitMs);
  afterAll(async () => lab?.stop(), limitMs);

  /** Stops the first cockpit where its journal says so; the second takes over, is over, and only then the first wakes. */
  const takenOver = async (said: RegExp, meanwhile: (second: Ended) => Promise<void>) => {
    const [one, two] = [newState(), newState()];
    let second: Ended = { code: -1, stdout: '', stderr: '' };
    const first = await runCli(one, plan, async (run) => {
      await eventually(`the journal says ${said}`, limitMs, async () => {
        if (!said.test(journalText(one))) throw new Error(run.stderr().slice(-500));
      });
      run.send('SIGSTOP');
      try {
        const runId = journalFileOf(one)?.split('/').at(-2) ?? '';
        second = await cli(two, 'takeover', runId, '--plan', plan, '--json');
        await meanwhile(second);
      } finally {
        run.send('SIGCONT');
      }
    });
    return { first, second };
  };
  const outcomeOf = ({ stdout }: { readonly stdout: string }): unknown =>
    (JSON.parse(stdout) as { readonly outcome: unknown }).outcome;

  test.runIf(here)(
    'behind the fence: everything is taken back, and the first one wakes up ousted and changes nothing',
    async () => {
      const before = await settingsOf(lab, sources);
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        const { first, second } = await takenOver(/"fence:orders done"/, async (ended) => {
          expect(ended.code, ended.stderr).toBe(3);
          for (const master of nodes('source-master')) await takesWrites(lab, writing, master);
        });
        expect(outcomeOf(second)).toBe('thawed');
        expect(first.code, first.stderr).toBe(4);
        expect(outcomeOf(first)).toBe('ousted');
        for (const master of nodes('source-master')) await takesWrites(lab, writing, master);
      });
      expect(await settingsOf(lab, sources)).toEqual(before);
      await expectNothingLost(lab, load, { on: nodes('source-master') });
    },
    limitMs,
  );

  test.runIf(here)(
    'behind the point of no return: the second one ends it done, and the target alone takes writes',
    async () => {
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        const { first, second } = await takenOver(/"promote:orders done"/, async (ended) => {
          expect(ended.code, ended.stderr).toBe(0);
        });
        expect(outcomeOf(second)).toBe('done');
        expect(first.code, first.stderr).toBe(4);
        expect(outcomeOf(first)).toBe('ousted');
        for (const target of nodes('target-master').slice(0, 1)) await takesWrites(lab, writing, target);
      });
      for (const source of sources) expect(await isClosed(lab, source), source).toBe(true);
      for (const target of nodes('target-master')) expect(await isClosed(lab, target), target).toBe(false);
      await expectNothingLost(lab, load, { on: nodes('target-master') });
    },
    limitMs,
  );
});
