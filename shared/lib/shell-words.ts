/** One word for a POSIX shell: within single quotes nothing is special but the quote itself. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A path as one word: a leading `~/` is the home of whoever's shell reads it, whatever else is in the path. */
export function quotePath(path: string): string {
  return path.startsWith('~/') ? `"$HOME"/${quoteWord(path.slice(2))}` : quoteWord(path);
}

/** A line of a script that is given a path as its first word: from here on `$1` is the path with the home of the account in it. */
export const homeInFirstWord = `case $1 in '~/'*) set -- "$HOME/\${1#??}" ;; esac`;

/** One word for people to read: bare where nothing in it is special to a shell. */
export function plainWord(word: string): string {
  return /^[A-Za-z0-9_./:=@-]+$/.test(word) ? word : quoteWord(word);
}

/** A path for people to read: bare where nothing in it is special but a leading `~/`. */
export function plainPath(path: string): string {
  return path.startsWith('~/') && plainWord(path.slice(2)) === path.slice(2)
    ? `"$HOME"/${path.slice(2)}`
    : path.startsWith('~/')
      ? quotePath(path)
      : plainWord(path);
}

/**
 * A statement as one word. Statements are full of single quotes, so they stand in double quotes where that can be read;
 * an exclamation mark would be the history of an interactive bash there, and line breaks would end a pasted line.
 */
export function statementWord(sql: string): string {
  if (sql.includes('!') || !sql.includes("'")) return quoteWord(sql);
  return `"${sql.replaceAll(/[\\"$`]/g, (sign) => `\\${sign}`)}"`;
}
