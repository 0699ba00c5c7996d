import { known, unknown } from '../../shared/observations/observation.ts';
import type { MirrorFacts } from '../../shared/observations/snapshot.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { mirrorCheckArgv } from '../../shared/steps/mirror-check.ts';
import type { SshChannel } from '../ports.ts';

/** What is known of the mirror before its host was asked; null: the plan keeps none. */
export function mirrorUnseen({ journalMirror }: Plan, now: number): MirrorFacts | null {
  if (journalMirror === undefined) return null;
  return { host: journalMirror.host, freeBytes: unknown('not asked yet', now, journalMirror.host) };
}

/** Asks the host of the journal's mirror whether it can keep one; null: this channel leads to another host. */
export async function lookAtMirror(
  { journalMirror }: Plan,
  channel: SshChannel,
  limitMs: number,
): Promise<MirrorFacts | null> {
  const { host } = channel;
  if (journalMirror?.host !== host) return null;
  const free = await channel.run(mirrorCheckArgv(journalMirror.directory), limitMs);
  return {
    host,
    freeBytes:
      free.kind === 'ok'
        ? known(Number(free.value.stdout) * 1_024, free.takenAt, `df on ${host}`)
        : unknown(free.message, free.takenAt, host),
  };
}
