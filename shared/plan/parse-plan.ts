import { canonicalJson } from '../lib/canonical-json.ts';
import { failed, ok, type Result } from '../lib/result.ts';
import { sha256 } from '../lib/sha256.ts';
import type { Complaint } from './complaint.ts';
import { judgePlan } from './judge-plan.ts';
import { nearestName, orderMistakes, type Mistake, type PlanMistake } from './mistake.ts';
import { planSchema, type Plan } from './plan.ts';
import { readYaml } from './read-yaml.ts';
import { repair, type LeftOut } from './repair.ts';
import { schemaMistakes } from './schema-mistakes.ts';
import { planShape } from './shape.ts';
import { follow, valueOf, type Tree } from './tree.ts';

/** A plan that may be used, with the SHA-256 (hex) of its RFC 8785 canonical JSON: the digest a person compares. */
export type ParsedPlan = { readonly plan: Plan; readonly digest: string };

/**
 * Parses the text of a plan file; `file` is its name for the messages. All mistakes are reported at once, each with its
 * line and column; print them with formatMistake. Never throws, whatever the text. The digest is over the parsed plan
 * with its defaults: comments and layout do not change it, a changed default does.
 */
export function parsePlan(text: string, file: string): Result<ParsedPlan, readonly PlanMistake[]> {
  const refuse = (mistakes: readonly Mistake[]): Result<never, readonly PlanMistake[]> =>
    failed(orderMistakes(mistakes).map((mistake) => ({ file, ...mistake })));
  const read = readYaml(text);
  if (!read.ok) return refuse(read.error);
  const { tree } = read.value;
  const parsed = planSchema.safeParse(valueOf(tree));
  if (parsed.success) {
    const mistakes = [...read.value.mistakes, ...locate(judgePlan(parsed.data), tree, [])];
    return mistakes.length > 0
      ? refuse(mistakes)
      : ok({ plan: parsed.data, digest: planDigest(parsed.data) });
  }
  const rest = repair(tree, planShape);
  const judged = rest === null ? [] : locate(judgePlan(rest.plan), rest.tree, rest.leftOut);
  return refuse([...read.value.mistakes, ...schemaMistakes(parsed.error.issues, tree, planShape), ...judged]);
}

/** The digest of a plan: SHA-256 (hex) over its canonical JSON. */
export function planDigest(plan: Plan): string {
  return sha256(canonicalJson(plan));
}

function locate(
  complaints: readonly Complaint[],
  tree: Tree,
  leftOut: readonly LeftOut[],
): readonly Mistake[] {
  return complaints
    .filter((complaint) => !mayFollowFrom(complaint, tree, leftOut))
    .map((complaint) => {
      // A limit that is only a default has no place of its own: the one it clashes with was written.
      const written = [complaint.path, ...complaint.needs].find((path) => follow(tree, path).found);
      const place = follow(tree, written ?? complaint.path).tree;
      return { ...place.at, message: complaint.message };
    });
}

/** Whether a complaint may only be the consequence of a part that was left out. */
function mayFollowFrom(complaint: Complaint, tree: Tree, leftOut: readonly LeftOut[]): boolean {
  const needs = complaint.needs.map((path) => {
    const place = follow(tree, path);
    return place.found ? place.tree.origin : `/${path.join('/')}`;
  });
  return leftOut.some((part) => {
    const { refers } = complaint;
    const declares = refers !== undefined && within(part.origin, `/${refers.section}`);
    if (declares && part.kind === 'part' && (part.id === null || part.id === refers.id)) return true;
    return needs.some(
      (need) => within(part.origin, need) || within(need, part.origin) || misspells(part, need),
    );
  });
}

/** Whether a key that was left out stands beside the needed one and was probably meant to be it. */
function misspells(part: LeftOut, need: string): boolean {
  const cut = need.lastIndexOf('/');
  const beside =
    part.kind === 'unknown-key' &&
    part.origin.lastIndexOf('/') === cut &&
    within(part.origin, need.slice(0, cut));
  return beside && nearestName(part.origin.slice(cut + 1), [need.slice(cut + 1)]) !== null;
}

function within(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}
