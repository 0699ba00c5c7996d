import type { z } from 'zod';
import { namesOf, nearestName, type Mistake } from './mistake.ts';
import { alternatives, counted, expectedOf, knownKeys, shapeAt, shapeBelow, type Shape } from './shape.ts';
import { follow, label, type Path, type Tree } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** Where an issue stands: the tree it was found in, the path and shape of the schema that raised it. */
type Context = { readonly root: Tree; readonly path: Path; readonly shape: Shape | undefined };

/** Below these keys no value is ever repeated in a message: what stands there by mistake may be a password. */
const quiet = new Set(['accounts', 'account', 'operator', 'plain', 'writeUrl', 'readUrl']);
const passwordLike = /(password|passwd|passphrase|pwd|secret|token|privatekey|accesskey|apikey)$|^pass$/;
const neverPassword =
  'a plan never holds a password; expected a reference: loginPath, optionFile, user with environment, or user with keychain';

/** Unknown keys told of one map; a file with more is no plan, and looking for near names costs time. */
const keysTold = 250;

/** Tells the schema's issues in the words of a plan's author, each at the place it is about. */
export function schemaMistakes(issues: readonly Issue[], root: Tree, shape: Shape): readonly Mistake[] {
  return issues.flatMap((issue) => tell(issue, { root, path: [], shape }));
}

function tell(issue: Issue, around: Context): readonly Mistake[] {
  const steps = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  const shape = around.shape === undefined ? undefined : shapeAt(around.shape, steps);
  const context: Context = { root: around.root, path: [...around.path, ...steps], shape };
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys
        .slice(0, keysTold)
        .map((key) =>
          unknownKey(
            key,
            context,
            knownKeys(shape, [...mapAt(context.root, context.path).members.keys()], issue.keys),
          ),
        );
    case 'invalid_union':
      return tellUnion(issue, context);
    case 'invalid_key':
      return [wrong(context, `the key "${steps.at(-1) ?? ''}"`, firstMessage(issue.issues))];
    case 'too_small':
    case 'too_big':
      return [wrong(context, undefined, boundOf(issue, context))];
    case 'invalid_format':
      return [wrong(context, undefined, formatOf(issue, shape))];
    default:
      return [
        wrong(
          context,
          undefined,
          (shape?.minItems ?? 0) > 0 ? atLeast(shape?.minItems ?? 0, context.path) : expectedOf(shape),
        ),
      ];
  }
}

function wrong(context: Context, subject: string | undefined, expected: string): Mistake {
  const { tree, found } = follow(context.root, context.path);
  const name = subject ?? label(context.root, context.path);
  if (!found) return { ...(tree.key ?? tree.at), message: `${name} is missing, expected ${expected}` };
  if (subject !== undefined)
    return { ...(tree.key ?? tree.at), message: `${name} cannot be used, expected ${expected}` };
  const { content } = tree;
  const unquoted = content.kind === 'scalar' && content.value !== null && typeof content.value !== 'string';
  const hint = unquoted && context.shape?.type === 'string' ? ', as a text in quotes' : '';
  return { ...tree.at, message: `${name} ${foundIn(tree, context.path)}, expected ${expected}${hint}` };
}

function foundIn(tree: Tree, path: Path): string {
  const { content } = tree;
  if (content.kind === 'list')
    return content.items.length === 0 ? 'is an empty list' : `is a list of ${counted(content.items.length)}`;
  if (content.kind === 'map') return 'is a map';
  if (content.value === null) return 'has no value';
  if (path.some((step) => quiet.has(String(step))))
    return `is a ${typeof content.value === 'string' ? 'text' : typeof content.value}`;
  if (typeof content.value !== 'string') return `is ${String(content.value)}`;
  if (content.value === '') return 'is an empty text';
  return `is ${JSON.stringify(content.value.length > 60 ? `${content.value.slice(0, 60)}…` : content.value)}`;
}

function unknownKey(key: string, context: Context, known: readonly string[]): Mistake {
  const { tree } = follow(context.root, [...context.path, key]);
  const at = tree.key ?? tree.at;
  const where = context.path.length === 0 ? 'a plan' : label(context.root, context.path);
  if (isPasswordLike(key, known)) return { ...at, message: `"${key}" in ${where}: ${neverPassword}` };
  const short = key.length > 40 ? `${key.slice(0, 40)}…` : key;
  const { members } = mapAt(context.root, context.path);
  const near =
    nearestName(
      key,
      known.filter((name) => !members.has(name)),
    ) ?? nearestName(key, known);
  const expected =
    near === null
      ? `expected ${known.length === 0 ? 'no such key' : `one of ${namesOf(known)}`}`
      : `expected "${near}"`;
  return { ...at, message: `unknown key "${short}" in ${where}, ${expected}` };
}

function isPasswordLike(key: string, known: readonly string[]): boolean {
  if (nearestName(key, known) !== null) return false;
  return (
    passwordLike.test(key.toLowerCase().replaceAll(/[-_.]/g, '')) || nearestName(key, ['password']) !== null
  );
}

function mapAt(root: Tree, path: Path): { readonly members: ReadonlyMap<string, Tree> } {
  const { tree, found } = follow(root, path);
  return found && tree.content.kind === 'map' ? tree.content : { members: new Map() };
}

type UnionIssue = Extract<Issue, { code: 'invalid_union' }>;

/** A union fails in every branch: the mistake told is that of the branch its author probably meant. */
function tellUnion(issue: UnionIssue, context: Context): readonly Mistake[] {
  const { members } = mapAt(context.root, context.path);
  const shapes = context.shape?.anyOf ?? [];
  const known = [...new Set(shapes.flatMap((shape) => Object.keys(shape.properties ?? {})))];
  const secrets = [...members.keys()].filter((key) => isPasswordLike(key, known));
  if (secrets.length > 0) return secrets.map((key) => unknownKey(key, context, known));

  const kinds = shapes.map((shape) => shape.properties?.['kind']?.const).filter((kind) => kind !== undefined);
  const kindMissed = issue.errors.every((branch) =>
    branch.some((one) => one.path.length === 1 && one.path[0] === 'kind'),
  );
  if (kinds.length > 1 && kindMissed && members.size > 0)
    return [
      wrong(
        { ...context, path: [...context.path, 'kind'] },
        undefined,
        alternatives(kinds.map((kind) => JSON.stringify(kind))),
      ),
    ];

  const costs = issue.errors.map((branch, index) => costOf(branch, members, shapes[index]));
  const least = Math.min(...costs);
  const best = costs.flatMap((cost, index) => (cost === least ? [index] : []));
  const chosen = best[0] ?? 0;
  const branch = issue.errors[chosen] ?? [];
  if (least >= wholeValueWrong || branch.length === 0)
    return [wrong(context, undefined, expectedOf(context.shape))];
  if (best.length === 1) return branch.flatMap((one) => tell(one, { ...context, shape: shapes[chosen] }));

  // Several branches fit equally well: say what none of them knows, then what the choices are.
  const unknown = [...members.keys()].filter((key) => !known.includes(key));
  return [
    ...unknown.map((key) => unknownKey(key, context, known)),
    {
      ...wrong(context, undefined, ''),
      message: `${label(context.root, context.path)} is not complete, expected ${expectedOf(context.shape)}`,
    },
  ];
}

const wholeValueWrong = 100;

function costOf(
  branch: readonly Issue[],
  members: ReadonlyMap<string, Tree>,
  shape: Shape | undefined,
): number {
  let cost = 0;
  for (const issue of branch) {
    if (issue.code === 'unrecognized_keys') {
      const missing = Object.keys(shape?.properties ?? {}).filter((key) => !members.has(key));
      for (const key of issue.keys) cost += nearestName(key, missing) === null ? 2 : 1;
    } else if (issue.path.length === 0) cost += wholeValueWrong;
    else if (shape !== undefined && shapeBelow(shape, String(issue.path[0]))?.const !== undefined) cost += 20;
    else cost += members.has(String(issue.path[0])) ? 1 : 1.5;
  }
  return cost;
}

function firstMessage(issues: readonly Issue[]): string {
  return issues[0]?.message ?? 'another key';
}

function boundOf(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, context: Context): string {
  if (issue.origin !== 'array') return expectedOf(context.shape);
  if (issue.code === 'too_big') return `at most ${counted(Number(issue.maximum))}`;
  return atLeast(Number(issue.minimum), context.path);
}

function atLeast(minimum: number, path: Path): string {
  const [side, name] = path.slice(-2);
  if (name === 'masters') return `at least one ${String(side)} master`;
  return `a list of at least ${counted(minimum)}`;
}

function formatOf(issue: Extract<Issue, { code: 'invalid_format' }>, shape: Shape | undefined): string {
  if (issue.format === 'guid') return 'a UUID such as 3e11fa47-71ca-11e1-9e33-c80aa9429562';
  if (issue.format === 'url') return 'an address that begins with http:// or https://';
  // Our schema gives each pattern a message that says what it wants; the library's own begins with "Invalid".
  return issue.message.startsWith('Invalid') ? expectedOf(shape) : issue.message;
}
