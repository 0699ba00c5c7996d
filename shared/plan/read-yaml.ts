import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLError } from 'yaml';
import { failed, ok, type Result } from '../lib/result.ts';
import type { Mistake, Position } from './mistake.ts';
import type { Tree } from './tree.ts';

const largestBytes = 1024 * 1024;
const deepest = 24;
const tagRefused =
  'a tag (!) is not used in plans, expected a plain value; put a text that begins with ! in quotes';

/** What was read: a tree and the mistakes that leave it usable, or only mistakes. */
export type ReadYaml = { readonly tree: Tree; readonly mistakes: readonly Mistake[] };

/**
 * Reads YAML 1.2 (core schema) with a place for every value. Aliases and tags are refused, because a plan must say
 * what it says where it says it, and keys are unique texts. The library's own uniqueness check is quadratic in the
 * number of keys and its alias expansion is unbounded by size: both are done here, in one pass.
 */
export function readYaml(text: string): Result<ReadYaml, readonly Mistake[]> {
  // A UTF-16 unit is at most three bytes of UTF-8: only large texts are counted exactly.
  if (text.length > largestBytes || (text.length * 3 > largestBytes && bytesOf(text) > largestBytes))
    return failed([
      { line: 1, column: 1, message: 'the file is larger than 1 MiB, expected a plan of at most 1 MiB' },
    ]);
  const lines = new LineCounter();
  const positionOf = (offset: number): Position => {
    const found = lines.linePos(offset);
    return { line: Math.max(1, found.line), column: Math.max(1, found.col) };
  };
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
    const problems = [...document.errors, ...document.warnings];
    if (problems.length > 0)
      return failed(problems.map((problem) => explain(problem, positionOf(problem.pos[0]))));
    if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
      return failed([
        {
          line: 1,
          column: 1,
          message: 'the file is empty, expected a plan that begins with schemaVersion: 1',
        },
      ]);
    const mistakes: Mistake[] = [];
    const tree = grow(document.contents, { origin: '', key: null, depth: 0 }, { positionOf, mistakes });
    return ok({ tree, mistakes });
  } catch (error) {
    // Hostile nesting exhausts the library's recursion; anything else is a mistake of the file all the same.
    const why = error instanceof RangeError ? 'it is nested too deeply' : 'it is no YAML that can be read';
    return failed([
      { line: 1, column: 1, message: `the file cannot be read: ${why}, expected a plan in YAML 1.2` },
    ]);
  }
}

function bytesOf(text: string): number {
  let bytes = 0;
  for (const letter of text) {
    const point = letter.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

type Place = { readonly origin: string; readonly key: Position | null; readonly depth: number };
type Reading = { readonly positionOf: (offset: number) => Position; readonly mistakes: Mistake[] };

function grow(node: Node | null, place: Place, reading: Reading): Tree {
  const start = node?.range?.[0];
  const empty = node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
  const at = empty && place.key !== null ? place.key : reading.positionOf(start ?? 0);
  const wrong = (message: string): Tree => {
    reading.mistakes.push({ ...at, message });
    return { at, key: place.key, origin: place.origin, content: { kind: 'scalar', value: null } };
  };
  const down = (step: string | number, key: Position | null): Place => ({
    origin: `${place.origin}/${step}`,
    key,
    depth: place.depth + 1,
  });
  if (place.depth > deepest) return wrong(`nested more than ${deepest} levels deep, expected a plan`);
  if (node?.tag !== undefined) return wrong(tagRefused);
  if (isAlias(node)) return wrong('an alias is not allowed in a plan, expected the value itself');
  if (isSeq<Node | null>(node)) {
    const items = node.items.map((item, index) => grow(item, down(index, null), reading));
    return { at, key: place.key, origin: place.origin, content: { kind: 'list', items } };
  }
  if (isMap<Node | null, Node | null>(node)) {
    const members = new Map<string, Tree>();
    for (const { key, value } of node.items) {
      const keyAt = reading.positionOf(key?.range?.[0] ?? start ?? 0);
      const name =
        isScalar(key) && key.value !== null && typeof key.value !== 'object' ? String(key.value) : null;
      if (name === null || !name.isWellFormed()) {
        reading.mistakes.push({ ...keyAt, message: 'this key is not a plain text, expected a name' });
      } else if (members.has(name)) {
        reading.mistakes.push({
          ...keyAt,
          message: `"${shown(name)}" is written twice here, expected each key once`,
        });
      } else members.set(name, grow(value, down(name, keyAt), reading));
    }
    return { at, key: place.key, origin: place.origin, content: { kind: 'map', members } };
  }
  const value: unknown = isScalar(node) ? node.value : null;
  if (typeof value === 'string' && !value.isWellFormed())
    return wrong('this text holds half of a character (a lone surrogate), expected text in Unicode');
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null)
    return { at, key: place.key, origin: place.origin, content: { kind: 'scalar', value } };
  return wrong('this is no text, number, list or map, expected one of these');
}

function shown(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}…` : name;
}

/** Our words for the library's codes: its own messages may quote the file, and the file may hold what it should not. */
function explain(problem: YAMLError, at: Position): Mistake {
  const words: Partial<Record<YAMLError['code'], string>> = {
    BAD_INDENT: 'the indentation does not fit what stands above, expected members of one map in one column',
    TAB_AS_INDENT: 'a tab is used as indentation, expected spaces',
    MISSING_CHAR: 'a closing sign is missing, expected the end of this quote, list or map',
    MULTIPLE_DOCS: 'a second document begins here, expected one plan in a file',
    TAG_RESOLVE_FAILED: tagRefused,
    BAD_SCALAR_START: 'this text begins with a sign that YAML reserves, expected it in quotes',
    BLOCK_AS_IMPLICIT_KEY:
      'a map begins inside a value, expected it on lines of its own or the text in quotes',
    MULTILINE_IMPLICIT_KEY: 'a key goes over several lines, expected "key: value" on one line',
    RESOURCE_EXHAUSTION: 'nested too deeply, expected a plan',
    UNEXPECTED_TOKEN: 'this does not belong here, expected "key: value" or "- item"',
    BAD_DQ_ESCAPE:
      'an unknown escape in a double-quoted text, expected one of YAML or the text in single quotes',
    BAD_DIRECTIVE: 'this directive (%) is not used in plans, expected schemaVersion: 1',
  };
  return {
    ...at,
    message: words[problem.code] ?? `no valid YAML (${problem.code.toLowerCase()}), expected YAML 1.2`,
  };
}
