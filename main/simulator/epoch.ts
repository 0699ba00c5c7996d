import type { Answer } from '../../shared/sessions/session.ts';
import type { EpochMark } from '../../shared/steps/driver.ts';
import type { SshOutput } from '../ports.ts';
import type { HostWorld } from './world.ts';

export type Refused = Extract<Answer<never>, { readonly kind: 'refused' }>;

/** What a host does in front of a line that changes it: the newest line of its epoch file counts. Null: let through. */
export function compare(host: HostWorld, { file, epoch, who }: EpochMark): Refused | null {
  const kept = host.files.get(file);
  if (kept === undefined) return refused(host, 'its epoch file is gone: the run is over on this host');
  const [, number = '0', by = ''] = /(\d+) (.*)\n$/.exec(kept) ?? [];
  const newest = Number(number);
  if (newest > epoch || (newest === epoch && by !== who))
    return refused(host, `epoch ${newest} is driven by ${by}`);
  if (newest < epoch) host.files.set(file, `${kept}${epoch} ${who}\n`);
  return null;
}

/** Takes the epoch, or takes its file away. */
export function ordered(host: HostWorld, mark: EpochMark, order: 'take' | 'drop'): Answer<SshOutput> {
  if (order === 'take' && !host.files.has(mark.file)) host.files.set(mark.file, '');
  const other = host.files.has(mark.file) ? compare(host, mark) : null;
  if (other !== null) return other;
  if (order === 'drop') host.files.delete(mark.file);
  return { kind: 'ok', value: { stdout: '', stderr: '' }, takenAt: 0, tookMs: 0 };
}

function refused(host: HostWorld, why: string): Refused {
  return {
    kind: 'refused',
    code: 77,
    message: `${host.id} ran nothing: ${why}`,
    ousted: true,
    takenAt: 0,
    tookMs: 0,
  };
}
