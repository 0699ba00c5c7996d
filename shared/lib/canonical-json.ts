import { present } from './assert.ts';

/**
 * Writes a value as RFC 8785 canonical JSON: the same value gives the same bytes, whoever writes it.
 * Members that JSON cannot hold are dropped or become null as in JSON.stringify. A lone surrogate or a number that is
 * not finite is made writable first, because a record that cannot be written would stop the minute.
 *
 * One pass and no copy: every record of the minute goes through here between a decision and its effect.
 */
export function canonicalJson(value: unknown): string {
  return present(textOf(value), 'a value that JSON can hold');
}

/** The standard takes strings and numbers as ECMAScript writes them, and sorts names by their UTF-16 units, as `sort` does. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.toWellFormed());
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : 'null';
    case 'bigint':
      return `"${value.toString()}"`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return arrayText(value);
      return objectText(value);
    default:
      return undefined;
  }
}

function arrayText(items: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < items.length; index += 1)
    text += `${index === 0 ? '' : ','}${textOf(items[index]) ?? 'null'}`;
  return `${text}]`;
}

function objectText(value: object): string {
  const object = withGoodNames(value);
  let text = '{';
  for (const name of Object.keys(object).sort()) {
    const member = textOf(object[name]);
    if (member !== undefined) text += `${text === '{' ? '' : ','}${nameText(name)}:${member}`;
  }
  return `${text}}`;
}

/** Most names need no escape, and every record of the minute has hundreds of them. */
const plainName = /^[\w-]*$/;

function nameText(name: string): string {
  return plainName.test(name) ? `"${name}"` : JSON.stringify(name);
}

/** Names with lone surrogates are made writable too; of two that become one, the later stays. */
function withGoodNames(value: object): Readonly<Record<string, unknown>> {
  const object = value as Readonly<Record<string, unknown>>;
  if (Object.keys(object).every((name) => name.isWellFormed())) return object;
  // fromEntries defines own members, so a key named __proto__ stays a key.
  return Object.fromEntries(
    Object.entries(object).map(([name, member]): [string, unknown] => [name.toWellFormed(), member]),
  );
}
