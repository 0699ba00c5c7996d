import { judgeStanding, seeLocks, type LocksSeen, type Standing } from '../../shared/audit/other-cockpit.ts';
import { mirrorOf } from '../../shared/steps/mirror-place.ts';
import { mirrorRunsArgv, parseMirrorRuns } from '../../shared/steps/mirror-runs.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { SshChannel } from '../ports.ts';
import { followMirror, type Followed, type MirrorFollower } from './follow-mirror.ts';
import { startLoop } from './loop.ts';
import type { CockpitParts } from './parts.ts';
import { reasonOf } from './troubles.ts';

/** While a run is followed its mirror is read this often. */
const followMs = 500;
/** Without a sign of a run the mirror's host is asked this seldom; a lock that somebody holds is a sign. */
const searchMs = 10_000;
const searchHeldMs = 1_000;
const searchLimitMs = 2_000;
/** Sessions that this cockpit has just closed may hold their lock for a moment still. */
const strangeLockMs = 2_000;

/** Another cockpit that drives this plan: its run as the mirror tells it, and its locks as the servers show them. */
export type OtherCockpit = {
  /** Null: its mirror tells nothing here, and `unread` says why. */
  readonly run: Followed | null;
  readonly unread: string;
  readonly locks: LocksSeen;
  readonly standing: Standing;
};

export type OtherCockpits = {
  /** Null: none is seen. */
  readonly seen: () => OtherCockpit | null;
  /** A run that is over is not shown any more. */
  readonly forget: () => void;
  readonly stop: () => void;
};

type Ground = {
  readonly parts: CockpitParts;
  readonly snapshot: () => Snapshot;
  readonly channel: (host: string) => SshChannel | null;
  readonly threads: () => Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Whether this cockpit has a night of its own: then it looks for no other. */
  readonly busy: () => boolean;
  readonly tell: (text: string) => void;
  readonly changed: () => void;
};

/**
 * Looks for a cockpit that drives this plan elsewhere, and follows its run: by the mirror on the plan's host what it does,
 * by the servers' own word who holds the locks. Changes nothing anywhere; rests while this cockpit has a night of its own.
 */
export function watchOtherCockpits(ground: Ground): OtherCockpits {
  const { parts, snapshot } = ground;
  const { plan, ports } = parts;
  const { clock } = ports;
  const place = mirrorOf(plan, 'any');
  let following: MirrorFollower | null = null;
  let searchedAt = -Infinity;
  let lockedSince: number | null = null;
  let unread = place === null ? 'The plan keeps no mirror of the journal.' : 'Its mirror was not read yet.';
  /** Mirrors that are not shown: of other plans, or of runs that are over and were looked at. */
  const ignored = new Set<string>();

  const locks = (run: Followed | null): LocksSeen =>
    seeLocks(plan, snapshot(), { own: ground.threads(), run: run?.run ?? null });

  const standing = (run: Followed | null): Standing =>
    // Where the mirror cannot be read, the silence is not the other cockpit's.
    judgeStanding(
      run?.run ?? null,
      locks(run),
      run === null || run.trouble !== null ? 0 : clock.now().utcMs - run.grewAt,
    );

  /** The newest run of this plan that is not over, among those that the mirror's host keeps. */
  const search = async (channel: SshChannel): Promise<void> => {
    searchedAt = clock.now().monoMs;
    const named = await channel.run(mirrorRunsArgv(plan.journalMirror?.directory ?? ''), searchLimitMs);
    if (named.kind !== 'ok') return void (unread = `Its mirror cannot be read: ${named.message}.`);
    unread = `${channel.host} keeps no journal of a run of this plan that is under way.`;
    for (const id of parseMirrorRuns(named.value.stdout)) {
      if (ignored.has(id) || following?.seen()?.run.id === id) continue;
      const file = mirrorOf(plan, id)?.file ?? '';
      const found = followMirror(clock, file);
      await found.look(channel);
      const seen = found.seen();
      if (seen === null) {
        unread = `${file} on ${channel.host} cannot be read as the journal of a run.`;
        continue;
      }
      if (seen.header.plan.name !== plan.name) ignored.add(id);
      else if (standing(seen) !== 'over') return void (following = found);
    }
  };

  const turn = async (): Promise<void> => {
    if (ground.busy() || parts.reverses !== undefined) {
      if (following !== null) following = null;
      lockedSince = null;
      return;
    }
    const now = clock.now().monoMs;
    const followed = following?.seen() ?? null;
    const isHeld = locks(null).held.length > 0;
    lockedSince = isHeld ? (lockedSince ?? now) : null;
    const channel = place === null ? null : ground.channel(place.host);
    if (channel?.state() !== 'open') {
      if (place !== null) unread = `Its mirror cannot be read: ${place.host} is not reached.`;
      return;
    }
    await following?.look(channel);
    const driven = followed !== null && standing(followed) !== 'over';
    if (!driven && now - searchedAt >= (isHeld ? searchHeldMs : searchMs)) await search(channel);
    if (following !== null) ground.changed();
  };
  const loop = startLoop(clock, {
    periodMs: followMs,
    turn,
    failed: (error) =>
      ground.tell(`The program is wrong: looking for other cockpits failed (${reasonOf(error)}).`),
  });

  return {
    seen: () => {
      const run = following?.seen() ?? null;
      const strange = lockedSince !== null && clock.now().monoMs - lockedSince >= strangeLockMs;
      if (run === null && !strange) return null;
      return { run, unread, locks: locks(run), standing: standing(run) };
    },
    forget: () => {
      const run = following?.seen()?.run;
      if (run !== undefined) ignored.add(run.id);
      following = null;
    },
    stop: loop.stop,
  };
}
