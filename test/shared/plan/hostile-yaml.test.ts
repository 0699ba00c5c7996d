import { describe, expect, test } from 'vitest';
import { formatMistake } from '../../../shared/plan/mistake.ts';
import { parsePlan } from '../../../shared/plan/parse-plan.ts';

function said(text: string): string {
  const result = parsePlan(text, 'p');
  return result.ok ? 'good' : result.error.map(formatMistake).join('\n');
}

const bomb = `a: &a [x, x]\n${[...'bcdefghij'].map((name, index) => `${name}: &${name} [*${'abcdefghi'[index] ?? 'a'}, *${'abcdefghi'[index] ?? 'a'}]`).join('\n')}\n`;

describe('hostile or broken YAML gives a clear mistake', () => {
  test.each([
    ['nothing', '', 'p:1:1: the file is empty, expected a plan that begins with schemaVersion: 1'],
    [
      'only a comment',
      '# plan\n',
      'p:1:1: the file is empty, expected a plan that begins with schemaVersion: 1',
    ],
    [
      'a list',
      '- a\n',
      'p:1:1: the plan is a list of 1 item, expected a map with schemaVersion, name, environment, sites, hosts, accounts, instances, chains',
    ],
    [
      'an alias',
      'name: &x a\nenvironment: *x\n',
      'p:2:14: an alias is not allowed in a plan, expected the value itself',
    ],
    [
      'a key written twice',
      'name: a\nname: b\n',
      'p:2:1: "name" is written twice here, expected each key once',
    ],
    [
      'a tag',
      'name: !!binary aGk=\n',
      'p:1:16: a tag (!) is not used in plans, expected a plain value; put a text that begins with ! in quotes',
    ],
    ['a tab', 'sites:\n\t- a\n', 'p:2:1: a tab is used as indentation, expected spaces'],
    [
      'two documents',
      'name: a\n---\nname: b\n',
      'p:2:1: a second document begins here, expected one plan in a file',
    ],
    [
      'an open quote',
      "name: 'a\n",
      'p:2:1: a closing sign is missing, expected the end of this quote, list or map',
    ],
    [
      'an open list',
      'sites: [a\n',
      'p:2:1: the indentation does not fit what stands above, expected members of one map in one column',
    ],
    ['a list as key', '? [a]\n: b\n', 'p:1:3: this key is not a plain text, expected a name'],
    [
      'half a character',
      'name: "\\uD800"\n',
      'p:1:7: this text holds half of a character (a lone surrogate), expected text in Unicode',
    ],
    [
      'a map in a value',
      'name: a: b\n',
      'p:1:7: a map begins inside a value, expected it on lines of its own or the text in quotes',
    ],
  ])('%s', (_, text, line) => {
    expect(said(text).split('\n')).toContain(line);
  });

  test('too much nesting, whichever way', () => {
    expect(said('['.repeat(20_000))).toMatch(/nested too deeply|more than 24 levels|closing sign/);
    expect(said(`name: ${'['.repeat(40)}${']'.repeat(40)}`)).toContain('nested more than 24 levels deep');
  });

  test('an alias bomb stays small', () => {
    expect(said(bomb)).toContain('an alias is not allowed');
  });

  test('more than a mebibyte, counted in bytes', () => {
    const over = 'p:1:1: the file is larger than 1 MiB, expected a plan of at most 1 MiB';
    expect(said(`# ${'x'.repeat(1024 * 1024)}\n`)).toBe(over);
    expect(said(`# ${'ä'.repeat(512 * 1024)}\n`)).toBe(over);
    expect(said(`# ${'ä'.repeat(500 * 1024)}\n`)).not.toBe(over);
  });

  test('a great many wrong keys: the first ones are told, the rest is counted', () => {
    const keys = Array.from({ length: 5000 }, (_, index) => `wrong${index}: 1\n`).join('');
    const result = parsePlan(keys, 'p');
    expect(result.ok ? 0 : result.error.length).toBe(201);
    expect(result.ok ? '' : result.error.at(-1)?.message).toMatch(
      /^\d+ more mistakes from here on, expected none$/,
    );
  });

  test('keys that mean something to JavaScript are only wrong keys', () => {
    expect(said('__proto__: { name: x }\n')).toMatch(/__proto__|schemaVersion is missing/);
    expect(said('constructor: 1\n')).toContain('expected');
    expect(({} as { name?: string }).name).toBeUndefined();
  });
});
