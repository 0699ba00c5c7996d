import { foldRun, type FoldedRun } from '../../shared/audit/fold.ts';
import { verificationText } from '../../shared/audit/verify.ts';
import type { ClockPort, SshChannel } from '../ports.ts';
import { verifyMirror } from './mirror-read.ts';

const partMs = 2_000;
/** Parts that are read in one look: a journal of a night is one or two of them. */
const mostParts = 8;
/** A run's journal is some hundred kilobytes; what grows above this is none. */
const mostLetters = 64 * 1024 * 1024;

/** A run as its mirror tells it, and how fresh that is. */
export type Followed = FoldedRun & {
  readonly host: string;
  readonly file: string;
  readonly records: number;
  /** When its newest record was written, by the clock of the cockpit that wrote it. */
  readonly newestAt: number;
  /** When it was last seen to grow, by this laptop's clock; as it was found, it was written when its newest record says. */
  readonly grewAt: number;
  /** Whether it grew since it was found: then somebody lives who writes it. */
  readonly grew: boolean;
  /** When the mirror was last read, by this laptop's clock. */
  readonly readAt: number;
  /** Why it cannot be read now; null: it can. */
  readonly trouble: string | null;
};

/** Follows one mirror: each look reads what was added since the last one, and folds it. Changes nothing there. */
export type MirrorFollower = {
  readonly look: (channel: Pick<SshChannel, 'host' | 'readFile'>) => Promise<void>;
  readonly seen: () => Followed | null;
};

/** Begins with nothing read. */
export function followMirror(clock: ClockPort, file: string): MirrorFollower {
  let text = '';
  let at = 0;
  let seen: Followed | null = null;

  const trouble = (why: string): void => {
    if (seen !== null) seen = { ...seen, trouble: why };
  };
  /** From the first byte again: a torn record was mended, or the file is another one now. */
  const again = (): void => {
    text = '';
    at = 0;
  };
  const fold = (host: string): void => {
    const verified = verifyMirror(text);
    if (!verified.ok) {
      again();
      return trouble(`${file} on ${host} is ${verificationText(verified, null).text}`);
    }
    const folded = foldRun(verified.value.records);
    if (!folded.ok) return trouble(`${file} on ${host}: ${folded.error}`);
    const now = clock.now().utcMs;
    const newestAt = verified.value.records.at(-1)?.at.utcMs ?? 0;
    const records = verified.value.records.length;
    const grewAt = seen === null ? Math.min(now, newestAt) : records > seen.records ? now : seen.grewAt;
    const grew = seen !== null && (seen.grew || records > seen.records);
    seen = { ...folded.value, host, file, records, newestAt, grewAt, grew, readAt: now, trouble: null };
  };

  return {
    seen: () => seen,
    look: async (channel) => {
      const before = text.length;
      for (let parts = 0; parts < mostParts; parts += 1) {
        const part = await channel.readFile(file, at, partMs);
        if (part.kind !== 'ok') return trouble(part.message);
        if (part.value === null || part.value.length < at) {
          again();
          return trouble(`${file} on ${channel.host} is not there any more, or shorter than it was`);
        }
        text += part.value.text;
        const stuck = part.value.next <= at;
        at = part.value.next;
        if (stuck || at >= part.value.length) break;
      }
      if (text.length > mostLetters)
        return trouble(`${file} on ${channel.host} is no journal: it is too long`);
      if (text.length > before || seen === null) return fold(channel.host);
      seen = { ...seen, readAt: clock.now().utcMs, trouble: null };
    },
  };
}
