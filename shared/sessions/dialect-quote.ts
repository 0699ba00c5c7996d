/** A value that would have to be put into a statement and has not the shape the statement allows. */
export class UnsafeValue extends Error {
  override readonly name = 'UnsafeValue';
}

/** A text literal, for statements that take no placeholders. Holds in every sql_mode but NO_BACKSLASH_ESCAPES, which our sessions do not set. */
export function quoteText(text: string): string {
  if (text.includes('\0')) throw new UnsafeValue('A text with a NUL byte cannot be part of a statement.');
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\x1a', '\\Z')}'`;
}

/** An identifier in backticks; only the characters that the plan allows. */
export function quoteName(name: string): string {
  if (!/^[A-Za-z0-9_$-]{1,64}$/.test(name)) {
    throw new UnsafeValue(
      `${JSON.stringify(name)} is not a name of letters, digits, _, $ or - (at most 64).`,
    );
  }
  return `\`${name}\``;
}

/** An identifier that a server told us (a key column): anything but NUL, backticks doubled. */
export function quoteFoundName(name: string): string {
  if (name === '' || name.includes('\0'))
    throw new UnsafeValue('An empty name or a NUL byte cannot be part of a statement.');
  return `\`${name.replaceAll('`', '``')}\``;
}

/** `schema.name` as two quoted identifiers. */
export function quoteQualified(qualified: string): string {
  const parts = qualified.split('.');
  const [schema, name] = parts;
  if (parts.length !== 2 || schema === undefined || name === undefined) {
    throw new UnsafeValue(`${JSON.stringify(qualified)} is not of the form schema.name.`);
  }
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** A whole number that is exact in JavaScript, for thread ids, ports and limits. */
export function quoteWhole(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new UnsafeValue(`${value} is not a whole number from 0 on.`);
  return String(value);
}

/** A GTID set or state: digits, hexadecimal, tags, colons, dashes and commas; white space is dropped. */
export function quoteGtid(gtid: string): string {
  const text = gtid.replaceAll(/\s+/g, '');
  if (!/^[A-Za-z0-9_:,-]*$/.test(text))
    throw new UnsafeValue('A GTID text holds characters that no GTID has.');
  return `'${text}'`;
}

/** A binary log file's name. */
export function quoteLogFile(file: string): string {
  if (!/^[A-Za-z0-9._/-]{1,255}$/.test(file))
    throw new UnsafeValue(`${JSON.stringify(file)} is not a binary log file's name.`);
  return `'${file}'`;
}

/** A channel or connection name. */
export function quoteChannel(channel: string): string {
  if (!/^[A-Za-z0-9_-]{0,64}$/.test(channel))
    throw new UnsafeValue(`${JSON.stringify(channel)} is not a channel name.`);
  return `'${channel}'`;
}

/** A UTC time (`2026-11-23T01:02:03.456Z` or `2026-11-23 01:02:03.456789`) as the literal that UTC_TIMESTAMP(6) compares with. */
export function quoteUtc(utc: string): string {
  const found = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z?$/.exec(utc);
  if (found === null) throw new UnsafeValue(`${JSON.stringify(utc)} is not a UTC time.`);
  return `'${found[1]} ${found[2]}.${(found[3] ?? '').padEnd(6, '0')}'`;
}
