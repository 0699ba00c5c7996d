/** One word for a POSIX shell: within single quotes nothing is special but the quote itself. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A path as one word: a leading `~/` is the home of whoever's shell reads it, whatever else is in the path. */
export function quotePath(path: string): string {
  return path.startsWith('~/') ? `"$HOME"/${quoteWord(path.slice(2))}` : quoteWord(path);
}

/** A line of a script that was given a path as a word: a leading `~/` in that variable becomes the home of the account. */
export function homeIn(variable: string): string {
  return `case $${variable} in '~/'*) ${variable}=$HOME/\${${variable}#??} ;; esac`;
}

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
