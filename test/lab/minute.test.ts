import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foldRun } from '../../shared/audit/fold.ts';
import { readJournalFile } from '../../main/adapters/journal-file.ts';
import { drawnBy } from './faults/cells.ts';
import { testedCommit } from './faults/kept-results.ts';
import { missingFor } from './flavors.ts';
import { hostDir } from './hosts.ts';
import { linkOf } from './links.ts';
import { compareAcknowledged, startLoad, type Load } from './load.ts';
import {
  answerYes,
  cli,
  journalFileOf,
  journalText,
  newState,
  patiently,
  removeStates,
  runCli,
  secretsIn,
  settingsOf,
  takesWrites,
  writePlan,
} from './minute-ground.ts';
import { sidesOf, startProbe, type Probe } from './minute-probe.ts';
import { connectAsRoot, eventually } from './sql.ts';
import { startLab, type Lab } from './start-lab.ts';
import { appHosts, chains, flavors, sourceIds, variants } from './topology.ts';

const limitMs = 400_000;
/** `npm run test:night` asks for all of them; otherwise both flavours with GTID, and one of them without that the commit draws. */
const night = process.env['NIGHT'] !== undefined;
const drawn = drawnBy(`a minute of ${testedCommit()}`, flavors);
const asked = variants.filter(({ flavor, gtid }) => night || gtid === 'on' || flavor === drawn);
for (const { name } of variants.filter((each) => !asked.includes(each)))
  console.warn(`!!! NOT RUN: a minute on real servers, ${name}. \`npm run test:night\` runs it.`);

afterAll(removeStates);

describe.each(asked)('a minute on real servers: $name', ({ flavor, gtid }) => {
  const here = missingFor(flavor).length === 0;
  let lab: Lab;
  let plan: string;
  const state = newState();
  beforeAll(async () => {
    if (!here) return;
    lab = await startLab({
      flavor,
      gtid,
      dir: mkdtempSync(join(tmpdir(), 'cutover-minute-')),
      owner: process.pid,
    });
    plan = writePlan(lab, 'minute');
  });
  afterAll(async () => lab?.stop());

  /** Outside load on both co-masters of both chains, and a probe of every side, while something is done. */
  const under = async <T>(
    work: (load: Load) => Promise<T>,
  ): Promise<{
    readonly result: T;
    readonly load: Load;
    readonly probes: Readonly<Record<string, Probe>>;
  }> => {
    const load = startLoad(lab.state(), { writers: 8, perSecond: 2, follow: true, seconds: 900 });
    const probes = Object.fromEntries(chains.map((chain) => [chain, startProbe(lab, chain)]));
    try {
      return { result: await work(load), load, probes };
    } finally {
      await load.stop();
      await Promise.all(Object.values(probes).map((probe) => probe.stop()));
    }
  };
  /** Nothing acknowledged is missing, nothing refused is there, and no side took a write while the other did. */
  const nothingIsLost = async (
    on: string,
    chain: string,
    seen: { readonly load: Load; readonly probes: Readonly<Record<string, Probe>> },
  ): Promise<void> => {
    const probe = seen.probes[chain];
    if (probe === undefined) throw new Error(`no probe of ${chain}`);
    // What the other co-master took last may still be on its way: it gets time, and what is lost never comes.
    await eventually(`every write of ${chain} on ${on}`, 30_000, async () => {
      const found = await compareAcknowledged(lab.state(), seen.load, on);
      expect(found.acknowledged).toBeGreaterThan(100);
      expect(found).toMatchObject({ missing: [], refusedButPresent: [] });
      const rows = await lab.sql(on, "SELECT id FROM shop.writes WHERE id LIKE 'probe-%'");
      const present = new Set(rows.map((row) => row['id']));
      expect(
        Object.values(probe.acknowledged())
          .flat()
          .filter((id) => !present.has(id)),
      ).toEqual([]);
    });
  };

  test.runIf(here && gtid === 'on')(
    'SIGTERM while a fence waits is Abort: exit code 3, thawed, every setting as before',
    async () => {
      const before = await settingsOf(lab, sourceIds);
      // Whoever holds a table keeps the fence of this server waiting; the other three are fenced meanwhile.
      const blocker = await connectAsRoot(lab.state(), 'orders-a1');
      const { result: aborted, ...seen } = await under(async (load) => {
        await takesWrites(lab, load, 'orders-a1');
        await blocker.query('LOCK TABLES shop.customers WRITE');
        const ended = await runCli(state, plan, async (run) => {
          await eventually('the fence waits', limitMs, async () => {
            if (!/"fence:orders running"/.test(journalText(state))) throw new Error(run.stderr().slice(-500));
          });
          run.send('SIGTERM');
        });
        for (const instance of sourceIds.filter((id) => !id.endsWith('s1')))
          await takesWrites(lab, load, instance);
        return ended;
      }).finally(() => blocker.destroy());
      expect(aborted.code, aborted.stderr).toBe(3);
      expect(JSON.parse(aborted.stdout)).toMatchObject({ outcome: 'thawed' });
      expect(aborted.stderr).toContain('Thawing now');
      expect(await settingsOf(lab, sourceIds)).toEqual(before);
      for (const chain of chains) await nothingIsLost(`${chain}-b1`, chain, seen);
      expect(secretsIn(lab, state, { out: aborted.stdout, err: aborted.stderr })).toEqual([]);
    },
    limitMs,
  );

  test.runIf(here && gtid === 'on' && flavor === 'mariadb')(
    'preflight answers with its exit code: 0 all open, 2 something blocks, 1 not a plan',
    async () => {
      // The schema was prepared by the run before, in the same state directory; what people said was about that run.
      const unanswered = await cli(state, 'preflight', plan, '--json');
      expect(unanswered.code).toBe(2);
      expect(shutIn(unanswered.stdout)).toEqual(['people.checklist:deploys']);
      answerYes(state, 'minute', 'deploys');
      const open = await cli(state, 'preflight', plan, '--json');
      expect(JSON.parse(open.stdout)).toMatchObject({ open: true });
      expect(open.code).toBe(0);
      await lab.sql('content-t2', 'SET GLOBAL read_only=0');
      const closed = await cli(state, 'preflight', plan, '--json');
      await lab.sql('content-t2', 'SET GLOBAL read_only=1');
      expect(closed.code).toBe(2);
      expect(shutIn(closed.stdout)).toEqual(['writers.others-read-only:content']);
      const bad = join(lab.dir, 'bad.yaml');
      writeFileSync(bad, readFileSync(plan, 'utf8').replace('schemaVersion', 'schemeVersion'));
      expect(await cli(state, 'preflight', bad, '--json')).toMatchObject({ code: 1, stdout: '' });
    },
    limitMs,
  );

  test.runIf(here)(
    'moves both chains: nothing lost, never two writable sides, the way back runs',
    async () => {
      const { result: run, ...seen } = await under(async (load) => {
        const ended = await patiently(() => runCli(state, plan));
        for (const chain of chains) if (ended.code === 0) await takesWrites(lab, load, `${chain}-t1`);
        return ended;
      });
      expect(run.code, run.stderr).toBe(0);
      const answer: unknown = JSON.parse(run.stdout);
      expect(answer).toMatchObject({
        outcome: 'done',
        chains: chains.map((name) => ({ name, lost: 0, writeFreezeMs: expect.any(Number) })),
        userVisibleDowntimeMs: expect.any(Number),
        journal: journalFileOf(state),
      });
      console.info(figures(`${flavor}, GTID ${gtid}`, run.stdout));
      for (const chain of chains) {
        await nothingIsLost(`${chain}-t1`, chain, seen);
        await neverTwoSides(chain, seen);
        await isTurnedRound(chain);
      }
      for (const host of appHosts)
        expect(
          execFileSync(join(hostDir(lab.dir, host.id), 'bin', 'site-in-use'))
            .toString()
            .trim(),
        ).toBe(host.target);
      await journalIsWhole(run);
      await fenceOutlives('orders-a1');
    },
    limitMs,
  );

  const neverTwoSides = async (
    chain: string,
    { load, probes }: { readonly load: Load; readonly probes: Readonly<Record<string, Probe>> },
  ): Promise<void> => {
    const probe = probes[chain];
    if (probe === undefined) throw new Error(`no probe of ${chain}`);
    const sides = await sidesOf(lab, chain, { load, probe });
    expect(Math.min(sides.onSource, sides.onTarget, ...Object.values(probe.tries()))).toBeGreaterThan(10);
    expect(sides.lastOnSource < sides.firstOnTarget, JSON.stringify(sides)).toBe(true);
    console.info(`${chain}: ${JSON.stringify(sides)}`);
  };

  const isTurnedRound = async (chain: string): Promise<void> => {
    const readOnly = flavor === 'mysql' ? '@@global.super_read_only' : '@@global.read_only';
    const closed = async (node: string): Promise<string | null | undefined> =>
      (await lab.sql(`${chain}-${node}`, `SELECT ${readOnly} AS closed`))[0]?.['closed'];
    for (const node of ['a1', 'b1', 's1', 't2']) expect(await closed(node), node).toBe('1');
    expect(await closed('t1')).toBe('0');
    // The forward link is gone by name, and nothing else follows anybody there.
    const statement = flavor === 'mysql' ? 'SHOW REPLICA STATUS' : 'SHOW ALL SLAVES STATUS';
    expect(await lab.sql(`${chain}-t1`, statement)).toEqual([]);
    const back = await linkOf(lab.state(), `${chain}-a1`, 'cutover_reverse');
    expect(back).toMatchObject({ io: 'Yes', sql: 'Yes', sourcePort: String(lab.port(`${chain}-t1`)) });
    const ring = await linkOf(lab.state(), `${chain}-a1`);
    const opened = flavor === 'mariadb' || gtid === 'off';
    expect(ring).toMatchObject(opened ? { io: 'No', sql: 'No' } : { io: 'Yes', sql: 'Yes' });
    const id = `way-back-${chain}`;
    await lab.sql(`${chain}-t1`, `INSERT INTO shop.writes VALUES ('${id}', 'test', 1, UTC_TIMESTAMP(6))`);
    for (const node of ['a1', 'b1', 's1', 't2'])
      await eventually(`${id} on ${node}`, 30_000, async () => {
        const rows = await lab.sql(`${chain}-${node}`, `SELECT id FROM shop.writes WHERE id = '${id}'`);
        if (rows.length !== 1) throw new Error('no row');
      });
  };

  const journalIsWhole = async (run: { readonly stdout: string; readonly stderr: string }): Promise<void> => {
    const file = journalFileOf(state) ?? '';
    const verified = await cli(state, 'audit', 'verify', file);
    expect(verified, verified.stderr).toMatchObject({ code: 0 });
    const records = readJournalFile(file);
    const folded = records.ok ? foldRun(records.value) : records;
    expect(folded).toMatchObject({ ok: true, value: { run: { outcome: 'done', phase: 'ended' } } });
    for (const format of ['html', 'csv', 'json']) {
      const out = join(state, `export.${format}`);
      expect(await cli(state, 'audit', 'export', file, '--format', format, '--out', out)).toMatchObject({
        code: 0,
      });
      expect(readFileSync(out, 'utf8')).toContain('persist-fence');
    }
    expect(secretsIn(lab, state, { out: run.stdout, err: run.stderr })).toEqual([]);
  };

  const fenceOutlives = async (instance: string): Promise<void> => {
    await lab.kill(instance);
    await lab.restart(instance);
    const rows = await lab.sql(instance, 'SELECT @@global.read_only AS closed');
    expect(rows).toEqual([{ closed: '1' }]);
  };
});

function figures(name: string, stdout: string): string {
  const run = JSON.parse(stdout) as {
    readonly steps: readonly { readonly id: string; readonly ms: number | null }[];
    readonly chains: unknown;
    readonly userVisibleDowntimeMs: number;
  };
  const steps = run.steps.map(({ id, ms }) => `${id} ${ms === null ? '–' : Math.round(ms)}`);
  return `${name}: ${JSON.stringify(run.chains)}, downtime ${Math.round(run.userVisibleDowntimeMs)} ms; ${steps.join(', ')}`;
}

test('without its servers says what is missing, and under CI that is a failure', () => {
  const missing = [...new Set(variants.flatMap(({ flavor }) => missingFor(flavor)))];
  if (missing.length > 0) console.warn(`NOT RUN: whole minutes need ${missing.join(', ')}`);
  expect(process.env['CI'] === 'true' ? missing : []).toEqual([]);
});

/** The blocking gates that are not open, of what `preflight --json` answered. */
function shutIn(stdout: string): readonly string[] {
  const { verdicts } = JSON.parse(stdout) as {
    readonly verdicts: readonly {
      readonly gate: string;
      readonly state: string;
      readonly blocking: boolean;
    }[];
  };
  return verdicts.filter(({ blocking, state }) => blocking && state !== 'open').map(({ gate }) => gate);
}
