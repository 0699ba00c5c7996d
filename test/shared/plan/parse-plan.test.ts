import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { planJsonSchema } from '../../../shared/plan/json-schema.ts';
import { formatMistake } from '../../../shared/plan/mistake.ts';
import { parsePlan } from '../../../shared/plan/parse-plan.ts';
import { identities, inProduction, smallPlan, withChange } from './small-plan.ts';

const root = join(import.meta.dirname, '../../..');

type BadPlan = { readonly from: string; readonly to: string; readonly says: readonly string[] };
const badPlans = parse(
  readFileSync(join(import.meta.dirname, 'fixtures/bad-plans.yaml'), 'utf8'),
) as readonly BadPlan[];

/** What is said of a plan, line by line, without the file's name; `good` when nothing is. */
function said(text: string): readonly string[] {
  const result = parsePlan(text, 'plan.yaml');
  return result.ok
    ? ['good']
    : result.error.map((mistake) => formatMistake(mistake).replace('plan.yaml:', ''));
}

describe('a good plan', () => {
  test('has its defaults and a digest that layout does not change', () => {
    const plain = parsePlan(smallPlan, 'plan.yaml');
    const other = parsePlan(
      `# a comment\n${smallPlan.replace('driver, title', 'driver,   title')}`,
      'other.yaml',
    );
    if (!plain.ok || !other.ok) throw new Error('expected two good plans');
    expect(plain.value.plan.limits.fenceMs).toBe(10_000);
    expect(plain.value.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(other.value.digest).toBe(plain.value.digest);
    const changed = parsePlan(withChange('drainMs: 20000', 'drainMs: 20001'), 'plan.yaml');
    expect(changed.ok && changed.value.digest).not.toBe(plain.value.digest);
  });

  test.each(['reference.simulator.yaml', 'example.production.yaml'])('%s passes the check', (file) => {
    expect(said(readFileSync(join(root, 'resources/plans', file), 'utf8'))).toEqual(['good']);
  });
});

describe('a bad plan', () => {
  test.each(badPlans)('$from → $to', ({ from, to, says }) => {
    expect(said(withChange(from, to))).toEqual(says);
  });

  test('names its file', () => {
    const result = parsePlan('', 'plans/tonight.yaml');
    expect(result.ok ? [] : result.error.map(formatMistake)).toEqual([
      'plans/tonight.yaml:1:1: the file is empty, expected a plan that begins with schemaVersion: 1',
    ]);
  });

  test('is told everything at once: keys, values, references and limits', () => {
    const text = withChange('name: small', 'name: small\nnmae: x')
      .replace('environment: staging', 'environment: prod')
      .replace('id: h1, site: colo', 'id: h1, site: clo')
      .replace('{ loginPath: operator }', 'hunter2')
      .replace('drainMs: 20000', 'drainMs: 70000');
    expect(said(text)).toEqual([
      '3:1: unknown key "nmae" in a plan, expected "name"',
      '4:14: environment is "prod", expected "production", "staging" or "simulator"',
      '11:21: there is no site "clo", expected "colo"',
      '16:13: accounts.operator is a text, expected { loginPath }, { optionFile }, { user, environment } or { user, keychain }',
      '63:42: limits.drainMs is 70000, expected less than runDeadlineMs (60000): the deadline would thaw every drain',
    ]);
  });

  test('leaves the second stage of its switches more time than its own passage takes', () => {
    const text = readFileSync(join(root, 'resources/plans/example.production.yaml'), 'utf8');
    const [blamed = ''] = said(text.replace('deadMansSwitchMs:', 'passageMs: 1700\n  deadMansSwitchMs:'));
    expect(blamed).toContain('limits.passageMs is 1700, expected 3 × passageMs + promoteMs (10100)');
    expect(said(text.replace('deadMansSwitchMs:', 'passageMs: 1600\n  deadMansSwitchMs:'))).toEqual(['good']);
  });

  test('is not blamed for what only follows from another mistake', () => {
    // Without its bad port the host h1 would listen twice on 3306, and without the host every reference to it dangles.
    expect(said(withChange('{ id: h1, site: colo, ssh', '{ id: h1, sit: colo, ssh'))).toEqual([
      '10:5: hosts.h1.site is missing, expected a name, unique within its section',
      '10:15: unknown key "sit" in hosts.h1, expected "site"',
    ]);
  });
});

describe('a production plan', () => {
  const reachable = inProduction(identities)
    .replace('{ id: a1, host: h1 }', '{ id: a1, host: h1, replicationAddress: 10.0.0.1 }')
    .replace('{ id: b1, host: h2 }', '{ id: b1, host: h2, replicationAddress: 10.0.0.2 }')
    .replace('{ id: t1, host: h3 }', '{ id: t1, host: h3, replicationAddress: 10.9.0.1 }');

  test('with identities for all its servers is good', () => {
    expect(said(reachable)).toEqual(['good']);
  });

  test('without identities is refused', () => {
    expect(said(reachable.replace(identities, ''))).toEqual([
      '1:1: a production plan without identities, expected for each instance serverUuid, or serverId with hostKey and datadir: this is what keeps rehearsals off these servers',
    ]);
  });

  test('with incomplete identities is refused', () => {
    const part = reachable
      .replace(/ {2}- \{ instance: b1, serverUuid.*\n/, '')
      .replace(', datadir: /var/lib/mysql', '');
    expect(said(part)).toEqual([
      '65:3: instance b1 of a production plan has no identity, expected an entry with serverUuid, or serverId with hostKey and datadir',
      '67:5: the identity of t1 is not complete, expected serverUuid, or serverId with hostKey and datadir',
    ]);
  });

  test('with one server under two names is refused', () => {
    expect(said(reachable.replace('0000000000b1', '0000000000a1'))).toEqual([
      '66:33: b1 has a serverUuid that is used twice (also of a1), expected its own',
    ]);
  });

  test('does not send its data in the clear', () => {
    expect(said(reachable.replace('VERIFY_IDENTITY', 'DISABLED'))).toEqual([
      '22:72: instance t2 is reached directly without TLS in production, expected REQUIRED, VERIFY_CA or VERIFY_IDENTITY',
    ]);
  });

  test('says how its instances are reached by the others', () => {
    expect(said(inProduction(identities))[0]).toBe(
      '18:11: others replicate from a1, whose address is a loopback address, expected replicationAddress',
    );
  });

  test('cannot be led to an emulated Route 53; a staging plan may', () => {
    const emulator = 'dns:\n  emulator: { apiPort: 23143, dnsPort: 23144 }\n';
    expect(said(reachable.replace('dns:\n', emulator))).toEqual([
      '48:13: a production plan with dns.emulator, expected it in a staging plan alone: its zones are not those of Route 53',
    ]);
    expect(said(withChange('dns:\n', emulator))).toEqual(['good']);
  });

  test('does not deny itself, and denies nobody by an empty identity', () => {
    const deny = `denyIdentities:\n  - { serverUuid: 00000000-0000-0000-0000-0000000000A1 }\n  - { serverId: 1 }\n`;
    expect(said(reachable + deny)).toEqual([
      '71:19: this plan denies its own instance a1, expected only servers of other plans',
      '72:5: this denied identity cannot recognise a server, expected serverUuid, or serverId with hostKey and datadir',
    ]);
  });
});

describe('no secret that stands in a plan by mistake is repeated', () => {
  test.each([
    ['{ loginPath: operator }', 'hunter2'],
    ['{ loginPath: operator }', '{ user: op, password: hunter2 }'],
    ['{ loginPath: operator }', '!hunter2'],
    ['{ loginPath: operator }', '@hunter2'],
    ['"http://w.example/w"', '"http://u:hunter2@w.example/w"'],
    ['"http://w.example/w"', 'u:hunter2'],
    ['cloud: [switch, cloud]', 'cloud: [switch, --password=hunter2]'],
  ])('%s → %s', (from, to) => {
    const lines = said(withChange(from, to));
    expect(lines).not.toEqual(['good']);
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});

test('the JSON Schema on disk is the one that is generated', () => {
  const onDisk: unknown = JSON.parse(readFileSync(join(root, 'resources/schema/plan.schema.json'), 'utf8'));
  expect(onDisk).toEqual(JSON.parse(JSON.stringify(planJsonSchema())));
});

describe('any text', () => {
  test('is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(parsePlan(text, 'x').ok).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test('that is nearly a plan is answered with places inside it', () => {
    const lines = smallPlan.split('\n');
    const edit = fc.tuple(fc.nat(lines.length - 1), fc.nat(60), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const changed = [...lines];
        for (const [line, column, insert] of edits)
          changed[line] =
            `${(changed[line] ?? '').slice(0, column)}${insert}${(changed[line] ?? '').slice(column + 2)}`;
        const result = parsePlan(changed.join('\n'), 'x');
        for (const mistake of result.ok ? [] : result.error) {
          expect(mistake.line).toBeGreaterThan(0);
          expect(mistake.line).toBeLessThanOrEqual(lines.length + 8);
          expect(mistake.column).toBeGreaterThan(0);
          expect(mistake.message).toContain('expected');
        }
      }),
      { numRuns: 100 },
    );
  });
});
