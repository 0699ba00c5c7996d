import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournal } from '../../main/adapters/journal-file.ts';
import { composeTakeover } from '../../main/compose-takeover.ts';
import { journalFile, planDirectory, runDirectory } from '../../main/settings.ts';
import { createRedactor } from '../../shared/audit/redact.ts';
import type { Payload } from '../../shared/audit/record.ts';
import { referencePlan } from '../helpers/reference-plan.ts';

const plan = referencePlan();
const mirrorHost = plan.journalMirror?.host ?? '';
const planFile = join(import.meta.dirname, '../../resources/plans/reference.simulator.yaml');
const runId = '2026-11-27-01-abcd';
const by = { planDigest: 'none', program: 'a test' };

let state = '';
let outside: string | undefined;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'state-'));
  outside = process.env['COCKPIT_STATE'];
  process.env['COCKPIT_STATE'] = state;
});
afterEach(() => {
  if (outside === undefined) delete process.env['COCKPIT_STATE'];
  else process.env['COCKPIT_STATE'] = outside;
  rmSync(state, { recursive: true, force: true });
});

function keep(file: string, payload: Payload): void {
  const opened = openJournal(file, createRedactor());
  if (!opened.ok) throw new Error(opened.error);
  opened.value.journal.append({ utcMs: 0, monoMs: 0 }, payload, true);
  opened.value.journal.close();
}

const opened = (): void =>
  keep(journalFile(planDirectory(state, plan.name)), { kind: 'plan', format: 1, planFile, ...by });
const taken = async (run: string, given?: string): Promise<string> => {
  const told: string[] = [];
  const named = given === undefined ? {} : { plan: given };
  const composed = await composeTakeover(run, { ...named, tell: (text) => told.push(text) });
  expect(told).toEqual([]);
  return composed.ok ? 'taken' : composed.error;
};

// The addresses of a rehearsed plan may be those of production: a takeover would log in there, and take an epoch.
test('a run of the simulator is not taken over, and the host of its mirror is not called', async () => {
  let calls = 0;
  const real = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  await new Promise<void>((listening) => real.listen(0, '127.0.0.1', listening));
  const { port } = real.address() as AddressInfo;
  const identityFile = join(state, 'key');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  writeFileSync(identityFile, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const ssh = { address: '127.0.0.1', port, user: 'nobody', identityFile, agent: false, jump: [] };
  keep(journalFile(runDirectory(state, runId)), {
    kind: 'run',
    format: 1,
    runId,
    plan: { ...plan, hosts: plan.hosts.map((each) => (each.id === mirrorHost ? { ...each, ssh } : each)) },
    planJournalHead: null,
    driver: 'test',
    verdicts: [],
    forecast: [],
    ...by,
  });
  expect(await taken(runId)).toMatch(/^Run 2026-11-27-01-abcd was rehearsed in the simulator/);
  expect(await taken(runId, planFile)).toMatch(/was rehearsed in the simulator/);
  expect(calls).toBe(0);
  await new Promise((closed) => real.close(closed));
});

test('a run that is not here is not looked for on the hosts of a rehearsed plan, opened before or named', async () => {
  opened();
  expect(await taken(runId)).toMatch(/Expected one plan with a journalMirror .*, seen 0: add --plan FILE/);
  expect(await taken(runId, planFile)).toMatch(/^Plan reference-simulator is rehearsed in the simulator/);
});
