import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { journalFile, newRunId, planDirectory, runDirectory, stateDirectory } from '../../main/settings.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'state-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

test('the state directory follows COCKPIT_STATE, then the base directory specification', () => {
  expect(stateDirectory({ COCKPIT_STATE: '/a/b', XDG_STATE_HOME: '/c' })).toBe('/a/b');
  expect(stateDirectory({ XDG_STATE_HOME: '/c' })).toBe('/c/cutover-cockpit');
  expect(stateDirectory({ XDG_STATE_HOME: 'relative', COCKPIT_STATE: '' })).toBe(
    join(homedir(), '.local/state/cutover-cockpit'),
  );
});

test('plans and runs have directories of their own that nobody else can enter', () => {
  const plan = planDirectory(state, 'reference');
  expect(plan).toBe(join(state, 'plans', 'reference'));
  expect(statSync(plan).mode & 0o777).toBe(0o700);
  expect(journalFile(runDirectory(state, '2026-11-23-01'))).toBe(
    join(state, 'runs/2026-11-23-01/journal.jsonl'),
  );
});

test('run ids count up within a day and are claimed by making their directory', () => {
  const night = Date.UTC(2026, 10, 23, 3);
  expect(newRunId(state, night)).toMatch(/^2026-11-23-01-[a-z2-9]{4}$/);
  const second = newRunId(state, night);
  expect(second).toMatch(/^2026-11-23-02-[a-z2-9]{4}$/);
  expect(newRunId(state, night + 86_400_000)).toMatch(/^2026-11-24-01-[a-z2-9]{4}$/);
  expect(existsSync(join(state, 'runs', second))).toBe(true);
});
