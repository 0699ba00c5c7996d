import { homedir } from 'node:os';
import { join } from 'node:path';

/** A path of the plan or of ssh_config with a leading `~/` put in place, as both files write the user's home. */
export function homePath(path: string): string {
  return path === '~' ? homedir() : path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
