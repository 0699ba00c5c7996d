import { homeIn } from '../lib/shell-words.ts';

/** The name under which the folder is made: what a simulated host knows it by. */
export const mirrorFolder = 'mirror-folder';

/** Makes the folder that a mirror's file is in, with all above it; one that is there stays as it is. */
export function mirrorFolderArgv(file: string): readonly string[] {
  const script = ['d=${1%/*}', homeIn('d'), 'mkdir -p -- "$d"'].join('; ');
  return ['sh', '-c', script, mirrorFolder, file];
}
