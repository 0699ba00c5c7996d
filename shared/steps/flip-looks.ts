/** The folder of a file of the flip: what is put there is written beside it and renamed, so the folder must be writable. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}

/** Looks whether the file is there: exit status 0, or 1 where it is not. */
export function thereArgv(path: string): readonly string[] {
  return ['test', '-e', path];
}

/** Looks whether files may be put into its folder and taken away there: exit status 0, or 1 where they may not. */
export function writableArgv(path: string): readonly string[] {
  const folder = folderOf(path);
  return ['test', '-d', folder, '-a', '-w', folder, '-a', '-x', folder];
}
