import type { Position } from './mistake.ts';

/** A path into a plan, as the schema library gives it. */
export type Path = readonly (string | number)[];

/** A value of the plan file that remembers where it was written. */
export type Tree = {
  /** Where the value begins. */
  readonly at: Position;
  /** Where its key begins; null in lists and at the root. */
  readonly key: Position | null;
  /** The path it was written at: it stays the same when list items before it are left out. */
  readonly origin: string;
  readonly content:
    | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
    | { readonly kind: 'map'; readonly members: ReadonlyMap<string, Tree> }
    | { readonly kind: 'list'; readonly items: readonly Tree[] };
};

/** The plain value of a tree. Members are own properties whatever their name, so `__proto__` is only a wrong key. */
export function valueOf(tree: Tree): unknown {
  const { content } = tree;
  if (content.kind === 'scalar') return content.value;
  if (content.kind === 'list') return content.items.map(valueOf);
  return Object.fromEntries([...content.members].map(([key, member]) => [key, valueOf(member)]));
}

/** The member or item one step down, if there is one. */
export function child(tree: Tree, step: string | number): Tree | undefined {
  if (tree.content.kind === 'map') return tree.content.members.get(String(step));
  if (tree.content.kind === 'list' && typeof step === 'number') return tree.content.items[step];
  return undefined;
}

/** Follows a path as far as it goes: the last tree met, and whether the whole path exists. */
export function follow(root: Tree, path: Path): { readonly tree: Tree; readonly found: boolean } {
  let tree = root;
  for (const step of path) {
    const next = child(tree, step);
    if (next === undefined) return { tree, found: false };
    tree = next;
  }
  return { tree, found: true };
}

/** The same tree without what stands at a path. */
export function without(tree: Tree, path: Path): Tree {
  const [step, ...rest] = path;
  if (step === undefined) return tree;
  const next = child(tree, step);
  if (next === undefined) return tree;
  const replaced = rest.length === 0 ? [] : [without(next, rest)];
  if (tree.content.kind === 'map') {
    const members = [...tree.content.members].flatMap(([key, member]): [string, Tree][] =>
      key === step ? replaced.map((it) => [key, it]) : [[key, member]],
    );
    return { ...tree, content: { kind: 'map', members: new Map(members) } };
  }
  if (tree.content.kind !== 'list') return tree;
  const items = tree.content.items.flatMap((item, index) => (index === step ? replaced : [item]));
  return { ...tree, content: { kind: 'list', items } };
}

const naming = ['id', 'instance', 'host', 'name'];

/** Names a path as a reader would: `chains.orders.source.masters`; list items by their id, else by their number. */
export function label(root: Tree, path: Path): string {
  let tree: Tree | undefined = root;
  let text = '';
  for (const step of path) {
    tree = tree === undefined ? undefined : child(tree, step);
    const name = typeof step === 'number' ? itemName(tree) : step;
    if (name === null) text += `[${Number(step) + 1}]`;
    else text += text === '' ? name : `.${name}`;
  }
  return text === '' ? 'the plan' : text;
}

function itemName(tree: Tree | undefined): string | null {
  for (const key of naming) {
    const content = tree === undefined ? undefined : child(tree, key)?.content;
    if (content?.kind === 'scalar' && typeof content.value === 'string' && content.value.length <= 64)
      return content.value;
  }
  return null;
}
