import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readJournalFile } from '../../main/adapters/journal-file.ts';
import { foldRun } from '../../shared/audit/fold.ts';
import { emergencySheet } from '../../shared/audit/sheet.ts';
import type { Sheet } from '../../shared/audit/sheet-parts.ts';
import { optionFile, passwordOf } from './accounts.ts';
import { writeAsApp } from './bad-luck-ground.ts';
import { missingFor } from './flavors.ts';
import { hostDir } from './hosts.ts';
import { linkOf } from './links.ts';
import {
  cli,
  journalFileOf,
  newState,
  removeStates,
  secretsIn,
  settingsOf,
  writePlan,
  killedRun,
} from './minute-ground.ts';
import { resetLab } from './reset.ts';
import { followSheet, type Person } from './sheet-shell.ts';
import { eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { appHosts, chains, flavors, membersOf, sourceIds } from './topology.ts';

const limitMs = 400_000;
const masters = chains.flatMap((chain) => membersOf(chain, 'source-master').map(({ id }) => id));

/** The cockpit is killed at the end of this step, and this is the way its sheet shows. */
const killedAfter: readonly { readonly step: string; readonly direction: Sheet['direction'] }[] = [
  { step: 'lock', direction: 'back' },
  { step: 'pre-drain:orders', direction: 'back' },
  { step: 'quiet', direction: 'back' },
  { step: 'configure-reverse:orders', direction: 'back' },
  { step: 'fence:orders', direction: 'back' },
  { step: 'end-sessions:orders', direction: 'back' },
  { step: 'converge:orders', direction: 'back' },
  { step: 'drain:orders', direction: 'back' },
  { step: 'prove:orders', direction: 'back' },
  { step: 'last-look', direction: 'forward' },
  { step: 'persist-fence:orders', direction: 'forward' },
  { step: 'detach:orders', direction: 'forward' },
  { step: 'promote:orders', direction: 'forward' },
  { step: 'redirect', direction: 'forward' },
  { step: 'reverse:orders', direction: 'forward' },
  { step: 'canary', direction: 'forward' },
];

afterAll(removeStates);

/** Long runs of real servers: `npm run test:night` asks for them. */
const asked = process.env['NIGHT'] !== undefined;
if (!asked) console.warn('!!! NOT RUN: the emergency sheet on real servers. `npm run test:night` runs it.');

describe.runIf(asked).each(flavors)(
  'with the cockpit killed, a person follows the emergency sheet on %s',
  (flavor) => {
    const here = missingFor(flavor).length === 0;
    let lab: Lab;
    let plan: string;
    let spent = false;
    beforeAll(async () => {
      if (!here) return;
      const dir = mkdtempSync(join(tmpdir(), 'cutover-sheet-'));
      lab = await startLab({ flavor, dir, owner: process.pid });
      // The AWS command line is none of the lab's programs: what the sheet says of DNS is not pasted here.
      plan = writePlan(lab, 'sheet', ({ dns: _dns, ...rest }) => rest);
    }, limitMs);
    afterAll(async () => lab?.stop());

    test.runIf(here).each(killedAfter)(
      'at the end of $step: $direction, and all is well',
      async ({ step, direction }) => {
        if (spent) await resetLab(lab);
        spent = true;
        const state = newState();
        const before = await settingsOf(lab, sourceIds);
        await killedRun({ plan, step, state });
        const file = journalFileOf(state) ?? '';
        const printed = await cli(state, 'sheet', file);
        expect(printed, printed.stderr).toMatchObject({ code: 0 });
        const sheet = sheetOf(file);
        expect(sheet.direction).toBe(direction);
        const told = await followSheet(sheet, await personOf(lab));
        console.info(
          `${flavor}, killed after ${step}: ${told.length} lines, each answered as the sheet says`,
        );
        expect(secretsIn(lab, state, { printed: printed.stdout })).toEqual([]);
        if (direction === 'forward') await isForward();
        else await isAsBefore(before);
      },
      limitMs,
    );

    const isAsBefore = async (before: unknown): Promise<void> => {
      expect(await settingsOf(lab, sourceIds)).toEqual(before);
      for (const master of masters) await writeAsApp(lab, master);
      for (const chain of chains) await expect(writeAsApp(lab, `${chain}-t1`)).rejects.toThrow(/read.only/);
    };

    const isForward = async (): Promise<void> => {
      for (const chain of chains) {
        await writeAsApp(lab, `${chain}-t1`);
        for (const { id } of membersOf(chain, 'source-master', 'source-slave'))
          await expect(writeAsApp(lab, id), id).rejects.toThrow(/read.only/);
        await eventually(`the way back of ${chain} runs`, 30_000, async () => {
          expect(await linkOf(lab.state(), `${chain}-a1`, 'cutover_reverse')).toMatchObject({
            io: 'Yes',
            sql: 'Yes',
          });
        });
      }
      for (const { id, target } of appHosts)
        expect(
          execFileSync(join(hostDir(lab.dir, id), 'bin', 'site-in-use'))
            .toString()
            .trim(),
        ).toBe(target);
    };
  },
);

/** The sheet that `cockpit sheet` prints, as lines with what they must answer. */
function sheetOf(file: string): Sheet {
  const records = readJournalFile(file);
  const folded = records.ok ? foldRun(records.value) : records;
  if (!folded.ok) throw new Error(folded.error);
  return emergencySheet(folded.value.run, folded.value.header.plan);
}

/** A person with an option file of their own, and the reverse accounts in their head. */
async function personOf(lab: Lab): Promise<Person> {
  const directory = mkdtempSync(join(lab.dir, 'person-'));
  const file = join(directory, 'emergency.cnf');
  writeFileSync(file, `${readFileSync(optionFile(lab.dir, 'cockpit'), 'utf8')}ssl\n`, { mode: 0o600 });
  return {
    own: {
      'MYSQL=': `MYSQL="mysql --defaults-file=${file} --connect-timeout=10"`,
      'P=': `P=${await freeRow(10)}`,
    },
    types: { REVERSE_USER: 'repl_rev', REVERSE_PASSWORD: passwordOf(lab.dir, 'repl_rev') },
    directory,
  };
}

/** A port after which that many are free. */
async function freeRow(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = Array.from({ length: count }, (_, index) => first + index + 1);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((told) => {
    const server = createServer();
    server.once('error', () => told(false));
    server.listen(port, '127.0.0.1', () => server.close(() => told(true)));
  });
}

test('without its servers says what is missing, and under CI that is a failure', () => {
  const missing = [...new Set(flavors.flatMap((flavor) => missingFor(flavor)))];
  if (missing.length > 0)
    console.warn(`NOT RUN: the emergency sheet on real servers needs ${missing.join(', ')}`);
  expect(process.env['CI'] === 'true' ? missing : []).toEqual([]);
});
