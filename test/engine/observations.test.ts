import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createRedactor, redacted } from '../../shared/audit/redact.ts';
import { openObservationsFile } from '../../main/adapters/observations-file.ts';
import { rehearse } from '../helpers/rehearsal.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), 'observations-'));
  made.push(directory);
  return join(directory, 'observations.jsonl');
}

/** The stream writes by itself: waits until the file has so many lines. */
async function linesOf(file: string, count: number): Promise<readonly string[]> {
  for (let look = 0; look < 500; look += 1) {
    await new Promise((later) => setTimeout(later, 2));
    try {
      const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
      if (lines.length >= count) return lines;
    } catch {
      // Not made yet.
    }
  }
  throw new Error(`${file} never had ${count} lines`);
}

test('while a run is under way every fresh reading becomes a line, and only then', async () => {
  const lines: string[] = [];
  let beforeRun = -1;
  const night = await rehearse({
    observations: (line) => lines.push(line),
    armed: () => {
      beforeRun = lines.length;
    },
  });
  expect(beforeRun).toBe(0);
  const parsed = lines.map(
    (line) => JSON.parse(line) as { kind: string; instance?: string; at: { monoMs: number } },
  );
  const fast = parsed.filter(({ kind }) => kind === 'fast');
  expect(new Set(fast.map(({ instance }) => instance)).size).toBe(10);
  expect(parsed.filter(({ kind }) => kind === 'together').length).toBeGreaterThan(0);
  const times = parsed.map(({ at }) => at.monoMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  // Four readings a second of each server while the minute lasts; afterwards one.
  const outcomeAt = night.records.filter(({ payload }) => payload.kind === 'event').at(-1)?.at.monoMs ?? 0;
  const later = fast.filter(({ instance, at }) => instance === 'orders-a1' && at.monoMs > outcomeAt);
  expect(later.length).toBeLessThanOrEqual(2);
});

test('a night is the same with its side file and without', async () => {
  const [without, beside] = [await rehearse(), await rehearse({ observations: () => undefined })];
  expect(beside.records.at(-1)?.hash).toBe(without.records.at(-1)?.hash);
});

test('secrets are replaced, and nobody else may read the file', async () => {
  const file = place();
  const redactor = createRedactor();
  redactor.register('hunter2-canary');
  const sink = openObservationsFile(file, redactor, () => undefined);
  sink.write(JSON.stringify({ host: 'user:hunter2-canary@db' }));
  sink.write(JSON.stringify({ host: 'plain' }));
  sink.close();
  expect(await linesOf(file, 2)).toEqual([`{"host":"user:${redacted}@db"}`, '{"host":"plain"}']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a side file that cannot be written is told once and stops nothing', async () => {
  const told: string[] = [];
  const sink = openObservationsFile(join(place(), 'no', 'such', 'folder'), createRedactor(), (why) =>
    told.push(why),
  );
  for (let look = 0; look < 500 && told.length === 0; look += 1) {
    sink.write('{}');
    await new Promise((later) => setTimeout(later, 2));
  }
  sink.write('{}');
  sink.close();
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/cannot be written: ENOENT.*go on/);
});
