import type { Answer } from '../../shared/sessions/session.ts';
import type { EpochMark } from '../../shared/steps/driver.ts';
import { mirrorFolderArgv } from '../../shared/steps/mirror-folder.ts';
import type { ClockPort, Journal, SshChannel, SshPort, Timer } from '../ports.ts';
import { compareMirror, journalText, readMirror } from './mirror-read.ts';
import { pause } from './pause.ts';

/** Records are gathered for this long: each batch costs the host a few processes. */
const paceMs = 100;
/** One batch; what is longer goes in several. */
const batchBytes = 256 * 1024;
const answerMs = 1_500;
const openMs = 2_000;
/** From the first trouble on the mirror has this long to take records again; then it is lost for this run. */
const patienceMs = 3_000;
const tryAgainMs = 250;

/** The mirror of a run's journal, as the screen shows it. */
export type MirrorState =
  | { readonly kind: 'kept'; readonly host: string; readonly behind: number }
  | { readonly kind: 'lost'; readonly host: string; readonly why: string };

export type Mirror = {
  readonly state: () => MirrorState;
  /** Ok once everything recorded so far is on the mirror's disk; otherwise why not, after `limitMs` at the latest. */
  readonly caughtUp: (limitMs: number) => Promise<Answer<{ readonly records: number }>>;
  /** Whether this cockpit still drives, as the mirror's host says; heard by `ousted` when it does not. Bounded. */
  readonly confirm: (limitMs: number) => Promise<void>;
  /** Sends what is left, takes the epoch beside the file away where the run is over, and closes the channel. */
  readonly stop: (over: boolean) => Promise<void>;
};

export type MirrorGround = {
  readonly clock: ClockPort;
  readonly ssh: SshPort;
  readonly journal: Journal;
  readonly place: { readonly host: string; readonly file: string };
  readonly mark: EpochMark;
  /** The channel that was opened before the hold; null: it could not be. */
  readonly channel: SshChannel | null;
  readonly lost: (why: string) => void;
  readonly ousted: (by: string) => void;
};

/**
 * Sends every record of the journal to a file on a host of the plan, in order, beside the run: nothing waits for it but
 * the one step that asks. The file only ever grows by what this journal holds behind what is there already, compared under
 * the epoch's lock, so it is a whole journal at every moment up to a torn last record.
 */
export function startMirror(ground: MirrorGround): Mirror {
  const { clock, journal, place, mark } = ground;
  let channel = ground.channel;
  let lost: string | null = null;
  let stopped = false;
  /** Lines that the mirror does not have yet, oldest first. */
  const unsent: string[] = [];
  let at = 0;
  let torn: number | null = null;
  let met = false;
  let metOnce = false;
  let recorded = journal.count();
  let sending: Promise<void> | null = null;
  let timer: Timer | null = null;
  const waiters: { readonly upTo: number; readonly call: () => void }[] = [];

  const tellWaiters = (): void => {
    const sent = recorded - unsent.length;
    for (const waiter of waiters.splice(0))
      if (lost !== null || (met && sent >= waiter.upTo)) waiter.call();
      else waiters.push(waiter);
  };
  const lose = (why: string): void => {
    if (lost !== null) return;
    lost = why;
    unfollow();
    tellWaiters();
    if (!stopped) ground.lost(why);
  };
  const isOusted = (answer: Answer<unknown>): boolean => {
    if (answer.kind !== 'refused' || answer.ousted !== true) return false;
    lose(answer.message);
    if (!stopped) ground.ousted(answer.message);
    return true;
  };

  /** Why it did not go this time; null: it went, or there is nothing more to try. */
  const meet = async (): Promise<string | null> => {
    if (channel?.state() !== 'open') {
      const opened = await ground.ssh.open(place.host, openMs);
      if (opened.kind === 'refused') return opened.message;
      channel = opened.channel;
    }
    const made = await channel.run(mirrorFolderArgv(place.file), answerMs);
    if (made.kind !== 'ok') return made.message;
    // Only the first time makes the file: where it is gone later, the run is over for this cockpit.
    const taken = metOnce
      ? await channel.as(mark).run(['true'], answerMs)
      : await channel.epoch(mark, 'take', answerMs);
    if (isOusted(taken)) return null;
    if (taken.kind !== 'ok') return taken.message;
    const there = await readMirror(channel, place.file, answerMs);
    if (!there.ok) return there.error;
    const here = journalText(journal.read());
    const compared = compareMirror(here, there.value?.text ?? '');
    if (compared.kind === 'ahead') {
      const by = `${place.file} on ${place.host} holds more of this run than this laptop`;
      lose(by);
      if (!stopped) ground.ousted(by);
      return null;
    }
    if (compared.kind !== 'behind') {
      lose(`${place.file} on ${place.host} holds another journal of this run than this laptop`);
      return null;
    }
    unsent.splice(0, unsent.length, ...here.slice(compared.whole.length).split(/(?<=\n)/));
    if (unsent.at(-1) === '') unsent.pop();
    recorded = journal.count();
    at = Buffer.byteLength(compared.whole);
    torn = (there.value?.length ?? 0) > at ? (there.value?.length ?? 0) : null;
    met = true;
    metOnce = true;
    return null;
  };

  const sendBatch = async (): Promise<string | null> => {
    if (!met) return meet();
    if (channel === null || unsent.length === 0) return null;
    let lines = 0;
    let bytes = 0;
    while (lines < unsent.length && (lines === 0 || bytes < batchBytes)) {
      bytes += Buffer.byteLength(unsent[lines] ?? '');
      lines += 1;
    }
    const text = unsent.slice(0, lines).join('');
    const added = await channel
      .as(mark)
      .appendFile(place.file, { at, text, ...(torn === null ? {} : { torn }) }, answerMs);
    if (isOusted(added)) return null;
    if (added.kind !== 'ok' || added.value.length !== at + bytes) {
      // What it took nobody heard: the file is looked at before anything more is sent.
      met = false;
      return added.kind === 'ok' ? `${place.file} has another length than expected` : added.message;
    }
    at += bytes;
    torn = null;
    unsent.splice(0, lines);
    return null;
  };

  const send = async (): Promise<void> => {
    let troubledSince: number | null = null;
    while (lost === null && (!met || unsent.length > 0)) {
      const trouble = await sendBatch();
      if (trouble === null) {
        troubledSince = null;
        tellWaiters();
        continue;
      }
      const now = clock.now().monoMs;
      troubledSince ??= now;
      if (now - troubledSince >= patienceMs || stopped) lose(trouble);
      else await pause(clock, tryAgainMs);
    }
  };
  const sendNow = (): Promise<void> => {
    timer?.cancel();
    timer = null;
    sending ??= send()
      .catch((error: unknown) => lose(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        sending = null;
        // What came in between the last look and now.
        if (unsent.length > 0 && lost === null) soon();
      });
    return sending;
  };
  const soon = (): void => {
    if (sending === null) timer ??= clock.after(paceMs, () => void sendNow());
  };

  const unfollow = journal.follow((line) => {
    recorded += 1;
    unsent.push(`${line}\n`);
    soon();
  });
  void sendNow();

  const notKept = (message: string): Answer<never> => ({
    kind: 'none',
    why: 'not-connected',
    message,
    takenAt: clock.now().utcMs,
    tookMs: 0,
  });
  return {
    state: () =>
      lost === null
        ? { kind: 'kept', host: place.host, behind: unsent.length }
        : { kind: 'lost', host: place.host, why: lost },
    caughtUp: async (limitMs) => {
      // Written first: what waits in this turn of the loop is part of what was recorded.
      journal.head();
      const asked = clock.now();
      const upTo = recorded;
      void sendNow();
      let limit: Timer | null = null;
      await new Promise<void>((call) => {
        waiters.push({ upTo, call });
        limit = clock.after(limitMs, call);
        tellWaiters();
      });
      (limit as Timer | null)?.cancel();
      if (lost !== null) return notKept(lost);
      if (!met || recorded - unsent.length < upTo)
        return notKept(`${place.host} did not take it within ${limitMs} ms`);
      const now = clock.now();
      return { kind: 'ok', value: { records: upTo }, takenAt: now.utcMs, tookMs: now.monoMs - asked.monoMs };
    },
    confirm: async (limitMs) => {
      if (lost !== null) return;
      const asked = async (): Promise<void> => {
        const open = channel?.state() === 'open' ? channel : null;
        const opened = open === null ? await ground.ssh.open(place.host, limitMs) : null;
        const asking = open ?? (opened?.kind === 'open' ? opened.channel : null);
        if (asking === null) return;
        if (metOnce) isOusted(await asking.as(mark).run(['true'], limitMs));
        if (asking !== open) await asking.close();
      };
      await Promise.race([asked(), pause(clock, limitMs)]);
    },
    stop: async (over) => {
      journal.head();
      stopped = true;
      await sendNow();
      unfollow();
      timer?.cancel();
      if (over && lost === null && channel?.state() === 'open') await channel.epoch(mark, 'drop', answerMs);
      await channel?.close();
    },
  };
}
