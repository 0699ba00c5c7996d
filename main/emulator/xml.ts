import { failed, ok, type Result } from '../../shared/lib/result.ts';

/** One element of a document as Route 53 writes and reads them: texts or children, attributes only at the root. */
export type Element = { readonly name: string; readonly text: string; readonly children: readonly Element[] };

/** Deeper bodies are not Route 53's. */
const deepest = 12;

/**
 * Reads the few bodies that the API takes, strictly: elements, texts and the five entities. No document type, no comments,
 * no CDATA: what is not understood is refused.
 */
export function parseXml(text: string): Result<Element, string> {
  const body = text.replace(/^\uFEFF?\s*<\?xml[^>]*\?>/, '').trim();
  const tokens = body.match(/<[^<>]*>|[^<>]+/g) ?? [];
  if (tokens.join('') !== body) return failed('a < or > stands alone');
  const open: { name: string; text: string; children: Element[] }[] = [{ name: '', text: '', children: [] }];
  for (const token of tokens) {
    const here = open.at(-1);
    if (here === undefined) return failed('it closes more than it opens');
    const tag = /^<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>$/.exec(token);
    if (tag === null) {
      if (token.startsWith('<')) return failed(`${token} is no element`);
      const plain = unescaped(token);
      if (plain === null) return failed(`${token.trim()} holds an unknown entity`);
      here.text += plain;
      continue;
    }
    const [, closing, name = '', , empty] = tag;
    if (closing === '/') {
      const parent = open.at(-2);
      if (here.name !== name || parent === undefined) return failed(`</${name}> closes <${here.name}>`);
      open.pop();
      parent.children.push({ ...here, text: here.children.length > 0 ? '' : here.text });
    } else if (empty === '/') here.children.push({ name, text: '', children: [] });
    else if (open.length > deepest) return failed(`it is deeper than ${deepest} elements`);
    else open.push({ name, text: '', children: [] });
  }
  const root = open[0]?.children;
  const only = root?.[0];
  if (open.length !== 1 || only === undefined || root?.length !== 1)
    return failed('expected one whole element at the root');
  return ok(only);
}

/** The first child of a name. */
export function childOf(element: Element, name: string): Element | undefined {
  return element.children.find((child) => child.name === name);
}

/** The text of the first child of a name; undefined without one. */
export function textOf(element: Element, name: string): string | undefined {
  return childOf(element, name)?.text;
}

/** Writes one element; undefined is left out. */
export function xml(name: string, inside: string | number | boolean | undefined | readonly string[]): string {
  if (inside === undefined) return '';
  const content = typeof inside === 'object' ? inside.join('') : escaped(String(inside));
  return `<${name}>${content}</${name}>`;
}

/** A whole document in the namespace of the API. */
export function xmlDocument(name: string, children: readonly string[], namespace = route53Namespace): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${children.join('')}</${name}>`;
}

const route53Namespace = 'https://route53.amazonaws.com/doc/2013-04-01/';

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string | null {
  let known = true;
  const plain = text.replace(/&([^;&]*;?)/g, (_, entity: string) => {
    const word = entity.endsWith(';') ? entity.slice(0, -1) : '';
    const code = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(word);
    const point =
      code === null ? NaN : Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16);
    const character = Number.isNaN(point) || point > 0x10ffff ? entities[word] : String.fromCodePoint(point);
    if (character === undefined) known = false;
    return character ?? '';
  });
  return known ? plain : null;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;');
}
