import { describe, expect, test } from 'vitest';
import { callerReference, foldHealthRecord, type HealthLine } from '../../../shared/audit/health-record.ts';

const about = { check: 'east', callerReference: 'r', at: 1 };
const lines = (...each: readonly HealthLine[]): string =>
  each.map((line) => `${JSON.stringify(line)}\n`).join('');

describe('what is kept of health checks that were made', () => {
  test('gives the ids by check, oldest first, each once', () => {
    const text = lines(
      { kind: 'intended', ...about, account: '1', planDigest: 'd', planned: '{}' },
      { kind: 'not-created', ...about, outcome: 'none', message: 'no answer' },
      { kind: 'created', ...about, healthCheckId: 'one' },
      { kind: 'created', ...about, healthCheckId: 'one' },
      { kind: 'created', ...about, healthCheckId: 'two' },
    );
    const read = foldHealthRecord(text);
    expect(read.ok && [...read.value]).toEqual([['east', ['one', 'two']]]);
  });

  test('refuses a line that it cannot read, and leaves out one that was never ended', () => {
    expect(foldHealthRecord('{"kind":"made"}\n')).toMatchObject({
      ok: false,
      error: expect.stringContaining('line 1'),
    });
    const read = foldHealthRecord(
      `${lines({ kind: 'created', ...about, healthCheckId: 'one' })}{"kind":"cre`,
    );
    expect(read.ok && read.value.size).toBe(1);
  });

  test('a reference is the same for the same check of the same plan, and short enough', () => {
    const long = callerReference('p'.repeat(200), 'c'.repeat(200), 0);
    expect(long.length).toBeLessThanOrEqual(64);
    expect(callerReference('plan', 'east', 0)).toBe(callerReference('plan', 'east', 0));
    const all = [
      ['plan', 'east', 0],
      ['plan', 'west', 0],
      ['other', 'east', 0],
      ['plan', 'east', 1],
    ] as const;
    expect(new Set(all.map(([plan, check, made]) => callerReference(plan, check, made))).size).toBe(
      all.length,
    );
  });
});
