// Who may import whom: the table of the architecture, as one ESLint rule. The first row whose `files` match a file decides.
// `may` lists repository paths, `types` paths of which only types may be taken, `packages` the packages.
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { root } from './root.mjs';

const anywhere = /^/;

/** Packages that only one file (or one folder) may import, whatever its row below allows. */
export const doors = [
  {
    package: 'mysql2',
    door: /^(main\/adapters\/mysql-driver\.ts|test\/)/,
    goTo: 'main/adapters/mysql-driver.ts',
  },
  {
    package: 'ssh2',
    door: /^(main\/adapters\/ssh-connection\.ts|test\/)/,
    goTo: 'main/adapters/ssh-connection.ts',
  },
  {
    package: '@aws-sdk',
    door: /^(main\/adapters\/(route53|cluster)-driver\.ts|test\/)/,
    goTo: 'main/adapters/route53-driver.ts, or cluster-driver.ts beside it',
  },
  { package: 'ssh-config', door: /^main\/adapters\/ssh-[a-z-]+\.ts$/, goTo: 'main/adapters/ssh-alias.ts' },
  { package: 'yaml', door: /^(shared\/plan\/|test\/)/, goTo: 'shared/plan' },
  { package: 'canonicalize', door: /^(shared\/(audit|lib)\/|test\/)/, goTo: 'shared/audit' },
  { package: 'commander', door: /^main\/cli[a-z/-]*\.ts$/, goTo: 'main/cli.ts' },
  { package: 'ws', door: /^(main\/shells\/web-socket\.ts|test\/)/, goTo: 'main/shells/web-socket.ts' },
  {
    package: 'electron',
    door: /^(main\/electron\.ts|main\/shells\/electron-[a-z-]+\.ts|preload\/|test\/)/,
    goTo: 'main/electron.ts or main/shells/electron-*.ts: importing it anywhere else downloads the binary',
  },
];

const rows = [
  {
    files: /^shared\//,
    may: [/^shared\//],
    packages: [/^zod$/, /^yaml$/, /^canonicalize$/],
    why: 'shared/ decides and never touches the world: take it as an argument, or put the effect behind main/ports.ts.',
  },
  {
    files: /^preload\//,
    may: [/^preload\//, /^shared\/contract\//],
    packages: [/^electron$/],
    why: 'the preload is a narrow door: it knows shared/contract and electron, nothing else.',
  },
  {
    files: /^renderer\//,
    may: [/^renderer\//, /^shared\/(contract|lib)\//, /^shared\/.*wording[a-z-]*\.ts$/],
    types: [/^shared\//],
    packages: [/^(?!node:|electron$|zod$|yaml$|mysql2|ssh2|ws$)/],
    why: 'the renderer shows and asks: types from shared/ (import type), values from shared/contract or a wording file; what must be decided is decided in main.',
  },
  {
    files: /^main\/simulator\//,
    may: [/^main\/simulator\//, /^main\/ports\.ts$/, /^shared\//],
    packages: [],
    why: 'the simulator is a world without I/O: only shared/ and main/ports.ts; time comes from its own clock.',
  },
  {
    files: /^main\/emulator\//,
    may: [/^main\/emulator\//, /^shared\//],
    packages: [/^node:/],
    why: 'the emulator is a Route 53 of its own on loopback: it knows shared/ and nothing of the cockpit that talks to it.',
  },
  {
    files: /^main\/(engine|api)\//,
    may: [/^main\/(engine|api)\//, /^main\/ports\.ts$/, /^shared\//],
    packages: [/^node:/],
    why: 'the engine and the API know ports, not adapters: add the method to main/ports.ts and let main/compose.ts join them.',
  },
  {
    files: /^main\/adapters\//,
    may: [/^main\/adapters\//, /^main\/ports\.ts$/, /^shared\/(?!steps\/decide\.ts|gates\/judge\.ts)/],
    packages: [/^node:/, /^mysql2/, /^ssh2$/, /^ssh-config$/, /^@aws-sdk\//, /^pino$/, /^zod$/],
    why: 'an adapter touches one part of the world and decides nothing: shared/ types and main/ports.ts only.',
  },
  {
    files: /^main\/clients\//,
    may: [
      /^main\/clients\//,
      /^main\/adapters\/(app-account|client-config|http-path|mysql-driver)\.ts$/,
      /^shared\//,
    ],
    packages: [/^node:/],
    why: 'a synthetic client stands for an application: it knows the way to the databases and nothing of the cockpit.',
  },
  {
    files: /^main\/shells\//,
    may: [/^main\/(shells|api)\//, /^main\/(compose|ports|settings)\.ts$/, /^shared\/(contract|lib)\//],
    types: [/^shared\//],
    packages: [/^node:/, /^electron$/, /^ws$/, /^zod$/],
    why: 'a shell carries the contract: main/compose.ts, main/api and shared/contract; nothing behind them.',
  },
  {
    // compose.ts is the only file that knows both the engine and the adapters.
    files: /^main\/compose[a-z-]*\.ts$/,
    may: [/^main\/(?!shells\/)/, /^shared\//],
    packages: [/^node:/, /^pino$/],
    why: 'compose joins engine, adapters and simulator; it knows no shell.',
  },
  {
    files: /^main\/ports\.ts$/,
    may: [/^shared\//],
    packages: [],
    why: 'ports are types over shared/ words.',
  },
  {
    files: /^main\//,
    may: [/^main\/(?!adapters\/|engine\/|simulator\/)/, /^shared\//],
    types: [/^main\//],
    packages: [/^node:/, /^commander$/, /^electron$/, /^pino$/],
    why: 'only main/compose.ts knows the engine, the adapters and the simulator: ask it for what is needed.',
  },
  { files: anywhere, may: [anywhere], packages: [anywhere], why: '' },
];

function judgeImport(file, source, typeOnly) {
  const row = rows.find((candidate) => candidate.files.test(file));
  if (source.startsWith('.') || isAbsolute(source)) {
    const target = relative(root, resolve(root, dirname(file), source));
    const allowed = typeOnly ? [...row.may, ...(row.types ?? [])] : row.may;
    if (allowed.some((pattern) => pattern.test(target))) return undefined;
    return `${file} may not import ${target}: ${row.why}`;
  }
  const door = doors.find(
    (candidate) => source === candidate.package || source.startsWith(`${candidate.package}/`),
  );
  if (door !== undefined && !door.door.test(file) && !(door.package === 'electron' && typeOnly))
    return `${source} has one door: ${door.goTo}.`;
  if (row.packages.some((pattern) => pattern.test(source))) return undefined;
  return `${file} may not import ${source}: ${row.why}`;
}

function isTypeOnly(node) {
  if (node.importKind === 'type' || node.exportKind === 'type') return true;
  const names = node.specifiers ?? [];
  return names.length > 0 && names.every((name) => name.importKind === 'type' || name.exportKind === 'type');
}

/** The ESLint rule `house/imports`. */
export const importRule = {
  meta: { type: 'problem', schema: [], messages: { no: '{{ problem }}' } },
  create(context) {
    const file = relative(root, context.filename).replaceAll('\\', '/');
    function check(node) {
      if (node.source?.type !== 'Literal' || typeof node.source.value !== 'string') return;
      const problem = judgeImport(file, node.source.value, isTypeOnly(node));
      if (problem !== undefined) context.report({ node: node.source, messageId: 'no', data: { problem } });
    }
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
