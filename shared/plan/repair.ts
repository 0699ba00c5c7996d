import { z } from 'zod';
import { planSchema, type Plan } from './plan.ts';
import { shapeBelow, type Shape } from './shape.ts';
import { child, follow, valueOf, without, type Path, type Tree } from './tree.ts';

const whole = planSchema.shape;

/** The plan's schema without its demands at the top: every section may be missing, lists may be empty. */
const restSchema = planSchema.extend({
  schemaVersion: whole.schemaVersion.default(1),
  name: whole.name.default('plan'),
  environment: whole.environment.default('staging'),
  sites: z.array(whole.sites.element).default([]),
  hosts: z.array(whole.hosts.element).default([]),
  accounts: whole.accounts.default({ operator: { loginPath: 'none' }, plain: { loginPath: 'none' } }),
  instances: z.array(whole.instances.element).default([]),
  chains: z.array(whole.chains.element).default([]),
});

/** What was left out of a plan so that the rest can be judged. */
export type LeftOut = {
  /** Origin path of what was left out. */
  readonly origin: string;
  /** The id it declared; null when it had none. */
  readonly id: string | null;
  readonly kind: 'unknown-key' | 'part';
};

/** The usable rest of a plan: its tree without the broken parts, the parsed value, and what is not in it. */
export type Repaired = { readonly tree: Tree; readonly plan: Plan; readonly leftOut: readonly LeftOut[] };

const rounds = 30;
/** More broken places than this is no plan: judging its rest would cost much and tell little. */
const placesAtOnce = 200;

/**
 * Leaves out the smallest parts that break the schema until the rest parses, so that dangling references and
 * impossible budgets are reported in the same go as a misspelt key elsewhere. Null: too much is broken for that.
 */
export function repair(tree: Tree, shape: Shape): Repaired | null {
  let rest = tree;
  const leftOut: LeftOut[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const parsed = restSchema.safeParse(valueOf(rest));
    if (parsed.success) return { tree: rest, plan: parsed.data, leftOut };
    const places = distinct(parsed.error.issues.flatMap((issue) => brokenPlaces(issue, rest, shape)));
    if (places.length === 0 || places.length > placesAtOnce) return null;
    // Later list items first, so that the paths of earlier ones stay true.
    for (const place of places.toSorted((a, b) => compare(b.path, a.path))) {
      const found = follow(rest, place.path);
      if (!found.found) continue;
      leftOut.push({ origin: found.tree.origin, id: declaredId(found.tree), kind: place.kind });
      rest = without(rest, place.path);
    }
  }
  return null;
}

type Place = { readonly path: Path; readonly kind: LeftOut['kind'] };

function brokenPlaces(issue: z.core.$ZodIssue, tree: Tree, shape: Shape): readonly Place[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], kind: 'unknown-key' }));
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    if (follow(tree, part).found && mayGo(part, shape)) return [{ path: part, kind: 'part' }];
  }
  return [];
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((place) => [JSON.stringify(place.path), place])).values()];
}

/** Sections, list items and members that the schema does not ask for may go; inside a union, nothing is known. */
function mayGo(path: Path, shape: Shape): boolean {
  let holder: Shape | undefined = shape;
  for (const step of path.slice(0, -1)) holder = holder === undefined ? undefined : shapeBelow(holder, step);
  const last = path.at(-1);
  if (holder === undefined || last === undefined) return false;
  if (typeof last === 'number' || path.length === 1) return true;
  return !(holder.required ?? []).includes(last);
}

function declaredId(tree: Tree): string | null {
  const content = child(tree, 'id')?.content;
  return content?.kind === 'scalar' && typeof content.value === 'string' ? content.value : null;
}

function compare(a: Path, b: Path): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index], b[index]];
    if (left === right) continue;
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    return String(left ?? '') < String(right ?? '') ? -1 : 1;
  }
  return 0;
}
