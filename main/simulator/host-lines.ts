import type { Answer } from '../../shared/sessions/session.ts';
import { folderOf } from '../../shared/steps/file-looks.ts';
import type { HostReplyFault, HostWorld, World } from './world.ts';

/** A line that changes a host arrives there; answers in which way it fails, or null. */
export function lineArrives(world: World, host: HostWorld): HostReplyFault | null {
  const fault = host.replyFaults.find(({ times }) => times > 0) ?? null;
  if (fault !== null) fault.times -= 1;
  for (const call of world.onHostLine) call(host.id, fault?.way ?? null);
  return fault;
}

/** The answer of a line that failed by itself. */
export function exitedWith(
  status: number,
  words: string,
): Extract<Answer<never>, { readonly kind: 'refused' }> {
  return { kind: 'refused', code: status, message: `exit status ${status}: ${words}`, takenAt: 0, tookMs: 0 };
}

/** Why nothing can be put into a folder; null when it can. */
export function foldersTrouble(
  { missingFolders, readOnlyFolders }: Pick<HostWorld, 'missingFolders' | 'readOnlyFolders'>,
  folder: string,
): string | null {
  if (missingFolders.has(folder)) return 'No such file or directory';
  return readOnlyFolders.has(folder) ? 'Permission denied' : null;
}

/** Puts a file in place, or takes it away (null); answers with what is read back. */
export function put(
  { sha256 }: Pick<World, 'sha256'>,
  host: HostWorld,
  [path, content]: readonly [path: string, content: string | null],
): Answer<{ readonly sha256: string | null }> {
  const trouble = foldersTrouble(host, folderOf(path));
  // What is not there is away already.
  if (trouble !== null && (content !== null || host.files.has(path)))
    return exitedWith(1, `${path}: ${trouble}`);
  if (content === null) host.files.delete(path);
  else host.files.set(path, content);
  const value = {
    // Worked out when somebody reads it: the hash of a long script is dear, and mostly nobody does.
    get sha256() {
      return content === null ? null : sha256(content);
    },
  };
  return { kind: 'ok', value, takenAt: 0, tookMs: 0 };
}
