import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { readJournalFile } from '../../main/adapters/journal-file.ts';
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
} from './minute-ground.ts';
import { eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { chains, type Flavor, membersOf, sourceIds } from './topology.ts';

const limitMs = 400_000;
const mastersOf = (side: 'source-master' | 'target-master'): readonly string[] =>
  chains.flatMap((chain) => membersOf(chain, side).map(({ id }) => id));

const flavors: readonly { readonly flavor: Flavor; readonly name: string }[] = [
  { flavor: 'mariadb', name: 'MariaDB' },
  { flavor: 'mysql', name: 'MySQL' },
];

afterAll(removeStates);

/** Long runs of real servers: `npm run test:night` asks for them. */
const asked = process.env['NIGHT'] !== undefined;
if (!asked) console.warn('!!! NOT RUN: kill -9 and resume on real servers. `npm run test:night` runs it.');

describe.runIf(asked).each(flavors)('kill -9 of the cockpit on real servers: $name', ({ flavor }) => {
  const here = missingFor(flavor).length === 0;
  let lab: Lab;
  let plan: string;
  const state = newState();
  beforeAll(async () => {
    if (!here) return;
    const dir = mkdtempSync(join(tmpdir(), 'cutover-resume-'));
    lab = await startLab({ flavor, gtid: 'on', dir, owner: process.pid });
    plan = writePlan(lab, 'resume');
  }, limitMs);
  afterAll(async () => lab?.stop(), limitMs);

  /** A run that is killed as soon as its journal says so; the id of that run. */
  const killedWhen = async (said: RegExp): Promise<string> => {
    const ended = await runCli(state, plan, async (run) => {
      await eventually(`the journal says ${said}`, limitMs, async () => {
        if (!said.test(journalText(state))) throw new Error(run.stderr().slice(-500));
      });
      run.send('SIGKILL');
    });
    expect(ended.stdout).toBe('');
    const file = journalFileOf(state);
    if (file === null) throw new Error('no journal');
    return file.split('/').at(-2) ?? '';
  };

  test.runIf(here)(
    'after the fence: nothing is armed until it is resumed; then every source is open and every setting as before',
    async () => {
      const before = await settingsOf(lab, sourceIds);
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        const run = await killedWhen(/"fence:orders done"/);
        expect(await Promise.all(chains.map((chain) => isClosed(lab, `${chain}-a1`)))).toContain(true);
        const again = await cli(state, 'run', plan, '--unattended', '--yes', '--json');
        expect(again.code, again.stderr).toBe(2);
        expect(again.stderr).toContain(`cockpit resume ${run}`);
        const resumed = await cli(state, 'resume', run, '--json');
        expect(resumed.code, resumed.stderr).toBe(3);
        expect(JSON.parse(resumed.stdout)).toMatchObject({ runId: run, outcome: 'thawed' });
        expect(resumed.stderr).toContain('everything is taken back');
        for (const master of mastersOf('source-master')) await takesWrites(lab, writing, master);
        // It ended: there is nothing to take up a second time.
        const third = await cli(state, 'abort', run, '--json');
        expect(third.code).toBe(1);
        expect(JSON.parse(third.stdout)).toMatchObject({ outcome: 'thawed' });
      });
      expect(await settingsOf(lab, sourceIds)).toEqual(before);
      await expectNothingLost(lab, load, { on: mastersOf('source-master') });
    },
    limitMs,
  );

  test.runIf(here)(
    'after the point of no return: abort is refused, resume ends it done with the target the only writable side',
    async () => {
      const [, load] = await underLoad(lab, async (writing) => {
        await takesWrites(lab, writing, 'orders-a1');
        const run = await killedWhen(/"pointOfNoReturn":true/);
        const aborted = await cli(state, 'abort', run);
        expect(aborted.code, aborted.stderr).toBe(1);
        expect(aborted.stderr).toContain('point of no return');
        const resumed = await cli(state, 'resume', run, '--json');
        expect(resumed.code, resumed.stderr).toBe(0);
        expect(JSON.parse(resumed.stdout)).toMatchObject({ runId: run, outcome: 'done' });
        for (const master of mastersOf('target-master').slice(0, 1)) await takesWrites(lab, writing, master);
      });
      for (const source of sourceIds) expect(await isClosed(lab, source), source).toBe(true);
      for (const target of mastersOf('target-master'))
        expect(await isClosed(lab, target), target).toBe(false);
      await expectNothingLost(lab, load, { on: mastersOf('target-master') });
      const file = journalFileOf(state);
      const records = file === null ? null : readJournalFile(file);
      if (records?.ok !== true) throw new Error(records?.error ?? 'no journal');
      expect(foldRun(records.value)).toMatchObject({ ok: true, value: { run: { outcome: 'done' } } });
    },
    limitMs,
  );
});
