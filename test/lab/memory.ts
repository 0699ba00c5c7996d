import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { userInfo } from 'node:os';

/**
 * Folders in memory. Ten durable servers on one shared disk wait for it most of their time, and a killed server finds the
 * same bytes again in memory as on a disk. Only a power cut would tell the two apart, and no test cuts the power.
 */

/** Room for a lab of ten servers; only what is written is taken. */
const options = 'mode=700,size=8G';

/** Lets an empty folder live in memory; where this machine refuses that (no root, a container) it stays on disk. */
export function liveInMemory(folder: string): void {
  if (userInfo().uid !== 0) return;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'cutover-lab', folder], { stdio: 'pipe' });
  } catch (error) {
    console.warn(`${folder} stays on disk: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Gives the memory back, when the folder lives there: at once for whoever looks, and wholly when the last file is closed. */
export function leaveMemory(folder: string): void {
  if (isInMemory(folder)) execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
}

function isInMemory(folder: string): boolean {
  try {
    const place = realpathSync(folder);
    return readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`cutover-lab ${place} `));
  } catch {
    return false;
  }
}
