import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { exportRun } from '../../shared/audit/export.ts';
import { createRedactor } from '../../shared/audit/redact.ts';
import { openJournal, verifyJournalFile } from '../../main/adapters/journal-file.ts';
import { isEffect } from '../../main/engine/perform.ts';
import type { MysqlSession } from '../../main/ports.ts';
import { brokenRules } from '../helpers/broken-rules.ts';
import { rehearse } from '../helpers/rehearsal.ts';

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true });
});

test('every effect is intended in a record before the one that holds its answer, and each is answered', async () => {
  const night = await rehearse();
  const intendedAt = new Map<string, number>();
  const answeredAt = new Map<string, number>();
  for (const { seq, payload } of night.records) {
    if (payload.kind !== 'event') continue;
    if (payload.event.kind === 'answered') answeredAt.set(payload.event.key, seq);
    for (const { key, action } of payload.intended) if (isEffect(action)) intendedAt.set(key, seq);
  }
  expect(intendedAt.size).toBeGreaterThan(40);
  for (const [key, seq] of intendedAt) expect(answeredAt.get(key) ?? 0, key).toBeGreaterThan(seq);
  expect(night.unintended).toEqual([]);
});

/** A server that puts a secret into everything it says, as error messages and process lists do. */
function leaking(session: MysqlSession, secret: string): MysqlSession {
  return {
    ...session,
    ask: async (operation, input, limitMs) => {
      const answer = await session.ask(operation, input, limitMs);
      if (answer.kind !== 'ok') return { ...answer, message: `${answer.message} (using password ${secret})` };
      if (operation !== 'clientSessions') return answer;
      return {
        ...answer,
        value: JSON.parse(
          JSON.stringify(answer.value).replaceAll(
            '"statement":null',
            `"statement":"SET PASSWORD = '${secret}'"`,
          ),
        ) as typeof answer.value,
      };
    },
  };
}

test.each(['done', 'thawed'] as const)(
  'a canary secret that servers say aloud is in no record of a night that ends %s, in no export and in no side file',
  async (outcome) => {
    const secret = 'c4nary/s3cret+of the night';
    const redactor = createRedactor();
    expect(redactor.register(secret)).toBe('registered');
    const directory = mkdtempSync(join(tmpdir(), 'night-'));
    made.push(directory);
    const file = join(directory, 'journal.jsonl');
    const opened = openJournal(file, redactor);
    if (!opened.ok) throw new Error(opened.error);
    const night = await rehearse({
      journal: opened.value.journal,
      faults:
        outcome === 'done'
          ? []
          : [
              {
                when: { step: 'lock', state: 'running' },
                fault: {
                  kind: 'reply',
                  on: 'orders-a1',
                  operation: 'fence',
                  way: 'error',
                  code: 1045,
                  ms: 0,
                  times: 1,
                },
              },
            ],
      ports: (ports) => ({
        ...ports,
        mysql: {
          ...ports.mysql,
          open: async (instance, purpose, limitMs) => {
            const opened = await ports.mysql.open(instance, purpose, limitMs);
            return opened.kind === 'open'
              ? { kind: 'open', session: leaking(opened.session, secret) }
              : opened;
          },
        },
      }),
    });
    expect(night.run?.outcome).toBe(outcome);
    expect(brokenRules(night)).toEqual([]);
    opened.value.journal.close();
    const written = readFileSync(file, 'utf8');
    expect(written).toContain('‹secret›');
    const exports = (['json', 'csv', 'html'] as const).map((format) =>
      JSON.stringify(exportRun(night.records, format)),
    );
    for (const text of [written, ...exports]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain('c4nary');
      expect(text).not.toContain(Buffer.from(secret).toString('base64'));
    }
    expect(verifyJournalFile(file)).toMatchObject({ good: true });
  },
);
