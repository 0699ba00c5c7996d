import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../shared/plan/scenario.ts';

describe('a fault script', () => {
  test.each([
    [
      'an unknown kind',
      'title: a\nsays: b\nexpect: done\nfaults:\n  - when: { atMs: 0 }\n    fault: { kind: earthquake }\n',
      6,
    ],
    [
      'an unknown operation',
      'title: a\nsays: b\nexpect: done\nfaults:\n  - when: { before: dance }\n    fault: { kind: host-unreachable, host: x }\n',
      5,
    ],
    ['no fault at all', 'title: a\nsays: b\nexpect: done\nfaults: []\n', 4],
  ])('with %s is refused at its line', (_what, text, line) => {
    const parsed = parseScenario(text, 'card.yaml');
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.error[0]).toMatchObject({ file: 'card.yaml', line });
  });
});
