/** What a server answered: column names and cells, every value as its text. */
export type ResultSet = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** LAST_INSERT_ID of the statement, as text. */
  readonly insertId: string;
};

/** An answer without the column or in another shape than the dialect knows: refused, never guessed. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** One row by column name (case is ignored: flavours differ in it). */
export type Row = {
  readonly has: (...names: readonly string[]) => boolean;
  /** The cell of the first of these columns that the answer has; none: Unreadable. */
  readonly text: (...names: readonly string[]) => string | null;
  /** As `text`; null is Unreadable too. */
  readonly must: (...names: readonly string[]) => string;
  /** A whole number that is exact in JavaScript. */
  readonly whole: (...names: readonly string[]) => number;
};

/** The rows of an answer; `what` and `version` name it in refusals. */
export function rowsOf(set: ResultSet, what: string): readonly Row[] {
  const places = new Map(set.columns.map((name, place) => [name.toLowerCase(), place]));
  const find = (names: readonly string[]): number | undefined => {
    for (const name of names) {
      const place = places.get(name.toLowerCase());
      if (place !== undefined) return place;
    }
    return undefined;
  };
  return set.rows.map((cells) => {
    const text = (...names: readonly string[]): string | null => {
      const place = find(names);
      if (place === undefined)
        throw new Unreadable(`${what} has no column ${names.join(' or ')}. Nothing is assumed in its place.`);
      return cells[place] ?? null;
    };
    const must = (...names: readonly string[]): string => {
      const value = text(...names);
      if (value === null) throw new Unreadable(`${what} gives NULL for ${names.join(' or ')}.`);
      return value;
    };
    return {
      has: (...names) => find(names) !== undefined,
      text,
      must,
      whole: (...names) => wholeNumber(must(...names), `${what}, ${names.join(' or ')}`),
    };
  });
}

/** The only row of an answer. */
export function onlyRow(set: ResultSet, what: string): Row {
  const [row, second] = rowsOf(set, what);
  if (row === undefined || second !== undefined)
    throw new Unreadable(`${what} gave ${set.rows.length} rows instead of one.`);
  return row;
}

/** A whole number, exact: anything else (a fraction, more than 2^53) is Unreadable. */
export function wholeNumber(text: string, what: string): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new Unreadable(`${what}: ${JSON.stringify(text)} is not a whole number that can be kept exactly.`);
  }
  return value;
}

/** read_only is off only when the server says so in a known way; newer MariaDB has more than two values. */
export function isReadOnly(text: string | null): boolean {
  return !(text === '0' || text === 'OFF');
}

/** ON, 1 and YES of the servers. */
export function isOn(text: string | null): boolean {
  return text !== null && /^(1|ON|YES)$/i.test(text);
}

/** A GTID text without the line breaks that MySQL puts into it. */
export function gtidText(text: string | null): string {
  return (text ?? '').replaceAll(/\s+/g, '');
}
