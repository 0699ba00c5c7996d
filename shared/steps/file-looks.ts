import { homeIn } from '../lib/shell-words.ts';

/** The folder of a file: what is put there is written beside it and renamed, so the folder must be writable. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** Stands behind such a look, so that whoever reads a process list there knows what it is. */
const fileMark = 'cutover-file-look';

/** What a host tries of a path that it is given as a word, by the very login that will write there. */
const tests = {
  there: `p=$1; ${homeIn('p')}; test -e "$p"`,
  writable: `p=$1; ${homeIn('p')}; test -d "$p" -a -w "$p" -a -x "$p"`,
} as const;

/** Looks whether something is there: exit status 0, or 1 where it is not. */
export function thereArgv(path: string): readonly string[] {
  return ['sh', '-c', tests.there, fileMark, path];
}

/** Looks whether files may be put into its folder and taken away there: exit status 0, or 1 where they may not. */
export function writableArgv(path: string): readonly string[] {
  return ['sh', '-c', tests.writable, fileMark, folderOf(path)];
}

/** Which of the two an argument list is, and of what; null: another one. */
export function fileLookOf(
  argv: readonly string[],
): { readonly what: keyof typeof tests; readonly path: string } | null {
  const [, , script, mark, path = ''] = argv;
  if (mark !== fileMark) return null;
  if (script === tests.there) return { what: 'there', path };
  return script === tests.writable ? { what: 'writable', path } : null;
}
