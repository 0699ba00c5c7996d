import { utf8Bytes } from '../lib/utf8.ts';

/** What stands in place of a secret. */
export const redacted = '‹secret›';

/** Secrets shorter than this are not registered: blotting out "ab" everywhere hides nothing and ruins every record. */
export const shortestSecret = 4;

/**
 * The one place that knows which values are secret. Everything that is written or shown outside goes through it: the
 * journal, logs, exports, views and error messages.
 */
export type Redactor = {
  /** Registers a secret; `too-short` means the caller must refuse to use it. */
  readonly register: (value: string) => 'registered' | 'too-short';
  /** Replaces every registered secret, in any form it may have taken on its way. */
  readonly redact: (text: string) => string;
  /** The same in every text of a value, keys included. */
  readonly redactDeep: <T>(value: T) => T;
};

/** Makes a redactor that knows no secret yet. */
export function createRedactor(): Redactor {
  const forms = new Set<string>();
  let longestFirst: readonly string[] = [];
  let shortest = Infinity;
  const redact = (text: string): string => {
    // Most texts of a record are too short to hold any secret.
    if (text.length < shortest) return text;
    let result = text;
    // Longest first, so that a secret which contains another one goes as a whole.
    for (const form of longestFirst) if (result.includes(form)) result = result.replaceAll(form, redacted);
    return result;
  };
  return {
    register: (value) => {
      if (value.length < shortestSecret) return 'too-short';
      for (const form of formsOf(value)) forms.add(form);
      longestFirst = [...forms].sort((a, b) => b.length - a.length);
      shortest = longestFirst.at(-1)?.length ?? Infinity;
      return 'registered';
    },
    redact,
    redactDeep: (value) => deep(value, redact) as typeof value,
  };
}

/** The value itself when nothing in it is secret, which is nearly always: records of the minute are not copied for it. */
function deep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (typeof value !== 'object' || value === null || !holdsSecret(value, redact)) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => deep(item, redact));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]: [string, unknown]) => [redact(key), deep(member, redact)]),
  );
}

function holdsSecret(value: unknown, redact: (text: string) => string): boolean {
  if (typeof value === 'string') return redact(value) !== value;
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => holdsSecret(item, redact));
  const object = value as Readonly<Record<string, unknown>>;
  return Object.keys(object).some((key) => redact(key) !== key || holdsSecret(object[key], redact));
}

/** A secret as it may appear in texts: as it is, and escaped for URLs, base64, hex, SQL, JSON, shells and HTML. */
function formsOf(secret: string): readonly string[] {
  // A key file's lines are secrets of their own: errors quote single lines.
  const lines = secret.includes('\n') ? secret.split(/\r?\n/).filter((line) => line.length >= 16) : [];
  const values = [secret, secret.trim(), ...lines].filter((value) => value.length >= shortestSecret);
  return [...new Set(values.flatMap(writings))].filter((form) => form.length >= shortestSecret);
}

function writings(secret: string): readonly string[] {
  const url = encodeURIComponent(secret.toWellFormed());
  const strictUrl = url.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (text: string): string => text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const bytes = utf8Bytes(secret);
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const json = JSON.stringify(secret).slice(1, -1);
  return [
    secret,
    ...[url, strictUrl, url.replaceAll('%20', '+')].flatMap((text) => [text, lower(text)]),
    ...base64Forms(bytes),
    hex,
    hex.toUpperCase(),
    secret.replaceAll("'", "''"),
    secret.replaceAll('\\', '\\\\').replaceAll("'", "''"),
    sqlEscaped(secret),
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('/', '\\/'),
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
  ];
}

const sqlEscapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\x1a': '\\Z',
  '"': '\\"',
  "'": "\\'",
  '\\': '\\\\',
};

function sqlEscaped(secret: string): string {
  return secret.replaceAll(/[\0\b\t\n\r\x1a"'\\]/g, (sign) => sqlEscapes[sign] ?? sign);
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Base64 of the secret alone, and what it leaves inside the base64 of a longer text (`user:secret`) at each of the
 * three offsets. Short leftovers are not used: four letters of base64 appear by chance.
 */
function base64Forms(bytes: readonly number[]): readonly string[] {
  const whole = base64(bytes);
  const inside = [0, 1, 2].map((offset) => {
    const encoded = base64([...Array.from({ length: offset }, () => 0), ...bytes]);
    const from = Math.ceil((offset * 8) / 6);
    const until = Math.floor(((offset + bytes.length) * 8) / 6);
    return encoded.slice(from, until);
  });
  const forms = [whole, whole.replaceAll('=', ''), ...inside].filter(
    (form) => form.length >= 8 || form === whole,
  );
  return forms.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')]);
}

function base64(bytes: readonly number[]): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    for (let letter = 0; letter < 4; letter += 1)
      text += index + letter > bytes.length ? '=' : (alphabet[(group >> (18 - 6 * letter)) & 63] ?? '');
  }
  return text;
}
