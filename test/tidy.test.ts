// House rules as tests. `tooLong` and `tooDeep` are ratchets: entries may be taken out, never put in.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCycles, importsOf } from './helpers/import-graph.ts';

const root = join(import.meta.dirname, '..');
const maxLines = 300;

/** Files that were longer than the limit when the rule came. Empty from the start: it stays so. */
const tooLong: readonly string[] = [];

const nouns = ['plan', 'sessions', 'observations', 'gates', 'steps', 'audit'];
const bannedWord =
  /(Manager|Service|Helper|Utils?)(?![a-z])|(^|[-/])(manager|service|helper|utils?)(?=[-./]|$)/;

// Untracked files are looked at too: a rule that is met only at the commit is met too late.
const tracked = execFileSync(
  'git',
  ['-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard'],
  { cwd: root },
)
  .toString()
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const code = tracked.filter((path) => /\.(ts|tsx|mjs|js)$/.test(path));
const typescript = tracked.filter((path) => /\.tsx?$/.test(path));
const texts = tracked.filter((path) => !/\.(png|ico|icns|woff2?|gz|pdf)$/.test(path));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const isToolConfig = (path: string): boolean => path.includes('.config.');

/** The lines of the files that match, as `file:line: text`, so that a failure names its places. */
function linesWith(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('files', () => {
  test(`are at most ${maxLines} lines long`, () => {
    const long = code.filter((path) => read(path).split('\n').length - 1 > maxLines);
    expect(long.filter((path) => !tooLong.includes(path))).toEqual([]);
    expect(tooLong.filter((path) => !long.includes(path))).toEqual([]);
  });

  test('are named in kebab-case, React components in PascalCase', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|lab|simulator|config|d))*\.(ts|tsx|mjs|js)$/;
    const pascal = /^[A-Z][A-Za-z0-9]*(\.test)?\.tsx$/;
    const wrong = code.filter((path) => !kebab.test(basename(path)) && !pascal.test(basename(path)));
    expect(wrong).toEqual([]);
  });

  test('and exported names avoid words that say nothing', () => {
    const names = code.filter((path) => bannedWord.test(basename(path)));
    const exported = linesWith(
      typescript,
      /^export (?:async )?(?:const|function|class|type|interface) \w+/,
    ).filter((line) => bannedWord.test(/export (?:async )?\w+ (\w+)/.exec(line)?.[1] ?? ''));
    expect([...names, ...exported]).toEqual([]);
  });

  test('stand in the folders of the six nouns', () => {
    const places = new Set([...nouns, 'contract', 'lib']);
    const wrong = tracked.filter((path) => {
      const [top, second, third] = path.split('/');
      return top === 'shared' && third !== undefined && second !== undefined && !places.has(second);
    });
    const loose = tracked.filter((path) => /^shared\/[^/]+\.ts$/.test(path));
    expect([...wrong, ...loose]).toEqual([]);
  });
});

describe('code', () => {
  test('has no default exports', () => {
    expect(
      linesWith(
        code.filter((path) => !isToolConfig(path)),
        /^export default\b|\bas default\b/,
      ),
    ).toEqual([]);
  });

  test('imports files by their full name', () => {
    const wrong = typescript.flatMap((path) =>
      importsOf(read(path))
        .filter((source) => source.startsWith('.') && extname(source).length < 3)
        .map((source) => `${path}: ${source}`),
    );
    expect(wrong).toEqual([]);
  });

  test('has no import cycles', () => {
    const graph = new Map(
      typescript.map((path) => [
        path,
        importsOf(read(path))
          .filter((source) => source.startsWith('.'))
          .map((source) => join(dirname(path), source)),
      ]),
    );
    expect(findCycles(graph)).toEqual([]);
  });

  test('has one door for each driver', () => {
    const drivers = ['mysql2', 'ssh2', 'commander', 'canonicalize', 'ws', 'pino'];
    const shipped = typescript.filter((path) => /^(main|shared|renderer|preload)\//.test(path));
    const crowded = drivers.flatMap((driver) => {
      const users = shipped.filter((path) =>
        importsOf(read(path)).some((source) => source === driver || source.startsWith(`${driver}/`)),
      );
      return users.length > 1 ? [`${driver}: ${users.join(', ')}`] : [];
    });
    expect(crowded).toEqual([]);
  });
});

describe('tests', () => {
  const tests = typescript.filter((path) => path.startsWith('test/') && path !== 'test/tidy.test.ts');

  test('mock no modules', () => {
    expect(linesWith(tests, /\bvi\.(mock|doMock|hoisted)\(/)).toEqual([]);
  });

  test('are all run: no only, skip, todo or expected failure', () => {
    expect(linesWith(tests, /\b(describe|test|it|suite)\.(only|skip|todo|fails|skipIf)\b/)).toEqual([]);
  });
});

describe('the repository', () => {
  const tops = ['main', 'renderer', 'preload', 'shared', 'resources', 'test'];
  const readmes = tracked.filter((path) => basename(path) === 'README.md');

  test('has a README of at most 150 lines in every top folder', () => {
    expect(tops.filter((top) => !readmes.includes(`${top}/README.md`))).toEqual([]);
    expect(readmes.filter((path) => read(path).split('\n').length > 151)).toEqual([]);
  });

  test('names only files that exist in its documents', () => {
    const documents = [...readmes, 'CONTRIBUTING.md'];
    const known = new Set(tracked.flatMap((path) => [path, dirname(path), basename(path)]));
    const wrong = documents.flatMap((document) =>
      [...read(document).matchAll(/`([\w.@/-]+)`/g)]
        .map((match) => match[1] ?? '')
        .filter(
          (name) =>
            /^[\w.-]+(\/[\w.-]+)*\/?$/.test(name) && /\/|\.(ts|tsx|mjs|js|yaml|yml|md|sh|json)$/.test(name),
        )
        .map((name) => name.replace(/\/$/, ''))
        .filter((name) => !/^(dist|node_modules)(\/|$)/.test(name))
        .filter((name) => !isKnown(known, name, dirname(document)))
        .map((name) => `${document}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('holds no path of one machine and no registry host', () => {
    const machine = /(^|[\s"'`=(:])\/(work|root|home)\/[a-z]/;
    const registry =
      /registry\.(npmjs|yarnpkg)|\/\/[a-z0-9.-]*(npm|registry|artifactory|nexus)[a-z0-9.-]*[:/]/;
    expect(
      linesWith(
        texts.filter((path) => path !== 'test/tidy.test.ts'),
        machine,
      ),
    ).toEqual([]);
    expect(
      linesWith(
        texts.filter((path) => path !== 'test/tidy.test.ts'),
        registry,
      ),
    ).toEqual([]);
  });
});

/** A document names a file from the top of the repository, from its own folder, or by a bare name. */
function isKnown(known: ReadonlySet<string>, name: string, folder: string): boolean {
  const prefixes = [...known].some(
    (path) => path.startsWith(`${name}/`) || path.startsWith(`${join(folder, name)}/`),
  );
  return known.has(name) || known.has(join(folder, name)) || prefixes;
}
