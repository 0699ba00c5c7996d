import { planJsonSchema } from './json-schema.ts';
import type { Path } from './tree.ts';

/** What the generated JSON Schema says of one place in a plan: the same source that editors use. */
export type Shape = {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
};

/** The shape of the whole plan. */
export const planShape: Shape = planJsonSchema() as Shape;

/** The shape one step down; undefined where the schema knows nothing. */
export function shapeBelow(shape: Shape, step: string | number): Shape | undefined {
  // Inside a union: the first branch that knows the step.
  for (const branch of shape.anyOf ?? []) {
    const below = shapeBelow(branch, step);
    if (below !== undefined) return below;
  }
  if (typeof step === 'number') return shape.items;
  if (shape.properties !== undefined && Object.hasOwn(shape.properties, step)) return shape.properties[step];
  return typeof shape.additionalProperties === 'object' ? shape.additionalProperties : undefined;
}

/** The shape at a path; undefined where the schema knows nothing. */
export function shapeAt(shape: Shape, path: Path): Shape | undefined {
  let here: Shape | undefined = shape;
  for (const step of path) here = here === undefined ? undefined : shapeBelow(here, step);
  return here;
}

/** The keys that a map may have here; in a union, those of the branch that fits the keys it has best and refuses `refused`. */
export function knownKeys(
  shape: Shape | undefined,
  present: readonly string[],
  refused: readonly string[] = [],
): readonly string[] {
  if (shape?.anyOf === undefined) return Object.keys(shape?.properties ?? {});
  const fits = (keys: readonly string[]): number =>
    keys.filter((key) => present.includes(key)).length -
    keys.filter((key) => refused.includes(key)).length * present.length;
  const branches = shape.anyOf.map((branch) => Object.keys(branch.properties ?? {}));
  return branches.toSorted((a, b) => fits(b) - fits(a))[0] ?? [];
}

/** Says what was expected at a place, in words: `a whole number from 1 to 65535`. */
export function expectedOf(shape: Shape | undefined): string {
  if (shape === undefined) return 'another kind of value';
  if (shape.anyOf !== undefined) return alternatives(shape.anyOf.map(brief));
  if (shape.const !== undefined) return JSON.stringify(shape.const);
  if (shape.enum !== undefined) return alternatives(shape.enum.map((value) => JSON.stringify(value)));
  switch (shape.type) {
    case 'integer':
      return `a whole number from ${shape.minimum ?? '…'} to ${shape.maximum ?? '…'}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list${(shape.minItems ?? 0) > 0 ? ` of at least ${counted(shape.minItems ?? 0)}` : ''}`;
    case 'object':
      return `a map${(shape.required ?? []).length > 0 ? ` with ${(shape.required ?? []).join(', ')}` : ''}`;
    case 'string':
      return shape.description === undefined ? textOf(shape) : phrase(shape.description);
    default:
      return 'another kind of value';
  }
}

/** "a", "b" or "c". */
export function alternatives(texts: readonly string[]): string {
  const last = texts.at(-1) ?? 'nothing';
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} or ${last}`;
}

/** "1 item", "2 items". */
export function counted(items: number): string {
  return `${items} ${items === 1 ? 'item' : 'items'}`;
}

function brief(shape: Shape): string {
  if (shape.type !== 'object' || shape.properties === undefined) return expectedOf(shape);
  return `{ ${(shape.required ?? []).join(', ')} }`;
}

function textOf(shape: Shape): string {
  return shape.maxLength === undefined
    ? 'a text'
    : `a text of ${shape.minLength ?? 0} to ${shape.maxLength} characters`;
}

function phrase(description: string): string {
  const sentence = (description.split('. ')[0] ?? '').replace(/\.$/, '');
  return /^[A-Z][a-z ]/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence;
}
