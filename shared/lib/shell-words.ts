/** One word for a POSIX shell: within single quotes nothing is special but the quote itself. */
export function quoteWord(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A path on a host as one word: a leading `~/` is the home of the account there, whatever else is in it. */
export function quoteFile(path: string): string {
  return path.startsWith('~/') ? `"$HOME"/${quoteWord(path.slice(2))}` : quoteWord(path);
}
