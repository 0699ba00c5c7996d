import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { readJournalFile } from '../../main/adapters/journal-file.ts';
import { drawnBy } from './faults/cells.ts';
import { testedCommit } from './faults/kept-results.ts';
import { missingFor } from './flavors.ts';
import { linkOf } from './links.ts';
import { compareAcknowledged, type Load } from './load.ts';
import {
  cli,
  journalFileOf,
  newState,
  patiently,
  removeStates,
  runCli,
  secretsIn,
  settingsOf,
  takesWrites,
  underLoad,
  writePlan,
} from './minute-ground.ts';
import { eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { chains, flavors, members, membersOf, variants } from './topology.ts';

const limitMs = 500_000;
/** Long runs of real servers: `npm run test:night` asks for all of them; otherwise the commit draws one by GTID. */
const night = process.env['NIGHT'] !== undefined;
const drawn = drawnBy(`a way back of ${testedCommit()}`, flavors);
const asked = variants.filter(({ flavor, gtid }) => night || (gtid === 'on' && flavor === drawn));
for (const { name } of variants.filter((each) => !asked.includes(each)))
  console.warn(`!!! NOT RUN: Reverse on real servers, ${name}. \`npm run test:night\` runs it.`);
const sources = members.filter(({ role }) => role.startsWith('source')).map(({ id }) => id);

afterAll(removeStates);

describe.each(asked)('a minute and its way back on real servers: $name', ({ flavor, gtid }) => {
  const here = missingFor(flavor).length === 0;
  let lab: Lab;
  let plan: string;
  const state = newState();
  beforeAll(async () => {
    if (!here) return;
    const dir = mkdtempSync(join(tmpdir(), 'cutover-reverse-'));
    lab = await startLab({ flavor, gtid, dir, owner: process.pid });
    plan = writePlan(lab, 'reverse');
    // Without a key a row that comes round twice is there twice, and no error says so.
    for (const chain of chains)
      await lab.sql(`${chain}-a1`, 'CREATE TABLE shop.visits (note VARCHAR(64) NOT NULL)');
  }, limitMs);
  afterAll(async () => lab?.stop(), limitMs);

  const visit = async (instances: readonly string[], note: string): Promise<void> => {
    for (const id of instances)
      for (let n = 0; n < 3; n += 1)
        await lab.sql(id, `INSERT INTO shop.visits VALUES ('${note} ${id} ${n}')`);
  };
  const on = (...nodes: readonly string[]): readonly string[] =>
    chains.flatMap((chain) => nodes.map((node) => `${chain}-${node}`));

  test.runIf(here)(
    'every acknowledged write of both ways is on both sides, once, and the estate is as it was',
    async () => {
      const before = await settled(lab);
      const [, load] = await underLoad(lab, async (running) => {
        await takesWrites(lab, running, 'orders-a1');
        await visit(on('a1', 'b1'), 'before');
        const forth = await patiently(() => runCli(state, plan));
        expect(forth.code, forth.stderr).toBe(0);
        for (const id of on('t1')) await takesWrites(lab, running, id);
        await visit(on('t1'), 'after the way forth');
        const runId = runIdOf(forth.stdout);
        // One that was taken back leaves the run as it was: it can be reversed again.
        const back = await patiently(() => cli(state, 'reverse', runId, '--json'));
        expect(back.code, back.stderr).toBe(0);
        const said: unknown = JSON.parse(back.stdout);
        expect(said).toMatchObject({
          reverses: runId,
          outcome: 'reversed',
          chains: chains.map((name) => ({ name, lost: 0, writeFreezeMs: expect.any(Number) })),
        });
        console.info(`${flavor}, GTID ${gtid}: forth ${freezes(forth.stdout)}, back ${freezes(back.stdout)}`);
        for (const id of on('a1', 'b1')) await takesWrites(lab, running, id);
        await visit(on('a1', 'b1'), 'after the way back');
        await expectReversed(runId);
        expect(secretsIn(lab, state, { out: back.stdout, err: back.stderr })).toEqual([]);
        // What was reversed is reversed once.
        expect(await cli(state, 'reverse', runId)).toMatchObject({ code: 1 });
      });
      await nothingIsLost(load);
      await visitsAreEqual();
      expect(await settled(lab)).toEqual(before);
      for (const chain of chains) await followsAgain(chain);
    },
    limitMs,
  );

  const expectReversed = async (runId: string): Promise<void> => {
    const reverse = journalFileOf(state) ?? '';
    const [forthRecords, backRecords] = [
      reverse.replace(/[^/]+\/journal\.jsonl$/, `${runId}/journal.jsonl`),
      reverse,
    ].map((file) => readJournalFile(file));
    const forth = forthRecords?.ok === true ? foldRun(forthRecords.value) : forthRecords;
    const back = backRecords?.ok === true ? foldRun(backRecords.value) : backRecords;
    expect(forth).toMatchObject({ ok: true, value: { run: { outcome: 'reversed', phase: 'ended' } } });
    expect(back).toMatchObject({
      ok: true,
      value: { header: { reverses: { runId } }, run: { outcome: 'done', phase: 'ended', alarms: [] } },
    });
  };

  const nothingIsLost = async (load: Load): Promise<void> => {
    for (const id of on('a1', 'b1', 't1'))
      await eventually(`every write on ${id}`, 60_000, async () => {
        const found = await compareAcknowledged(lab.state(), load, id);
        expect(found.acknowledged).toBeGreaterThan(100);
        expect(found).toMatchObject({ missing: [], refusedButPresent: [] });
      });
  };

  const visitsAreEqual = async (): Promise<void> => {
    for (const chain of chains) {
      const nodes = membersOf(chain, 'source-master', 'source-slave', 'target-master', 'target-replica');
      for (const { id } of nodes)
        await eventually(`15 visits on ${id}`, 30_000, async () => {
          const rows = await lab.sql(id, 'SELECT COUNT(*) AS n FROM shop.visits');
          expect(rows).toEqual([{ n: '15' }]);
        });
    }
  };

  /** The target follows the source again by the link that it followed it with before, and so does its own replica. */
  const followsAgain = async (chain: string): Promise<void> => {
    for (const [node, from] of [
      ['t1', 'a1'],
      ['a1', 'b1'],
      ['b1', 'a1'],
      ['s1', 'a1'],
      ['t2', 't1'],
    ] as const)
      expect(await linkOf(lab.state(), `${chain}-${node}`), `${chain}-${node}`).toMatchObject({
        io: 'Yes',
        sql: 'Yes',
        sourcePort: String(lab.port(`${chain}-${from}`)),
      });
  };

  /** What the two nights may have changed on the source side, and nobody else. */
  const settled = async (at: Lab): Promise<unknown> => {
    const found = (await settingsOf(at, sources)) as readonly Readonly<Record<string, unknown>>[];
    return found.map(({ main: _main, ...rest }) => rest);
  };
});

function runIdOf(stdout: string): string {
  return (JSON.parse(stdout) as { readonly runId: string }).runId;
}

function freezes(stdout: string): string {
  const { chains: found } = JSON.parse(stdout) as {
    readonly chains: readonly { readonly name: string; readonly writeFreezeMs: number }[];
  };
  return found.map(({ name, writeFreezeMs }) => `${name} ${Math.round(writeFreezeMs)} ms`).join(', ');
}

test('without its servers says what is missing, and under CI that is a failure', () => {
  const missing = [...new Set(variants.flatMap(({ flavor }) => missingFor(flavor)))];
  if (missing.length > 0) console.warn(`NOT RUN: Reverse on real servers needs ${missing.join(', ')}`);
  expect(process.env['CI'] === 'true' ? missing : []).toEqual([]);
});
