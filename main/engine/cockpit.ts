import type { Verdict } from '../../shared/gates/gate.ts';
import { judge } from '../../shared/gates/judge.ts';
import { thisProgram, type People } from '../../shared/gates/world.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { PlanRecord } from '../../shared/audit/record.ts';
import { foldPreparation, type Preparation } from '../../shared/audit/fold.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { OpenRefused, ZoneChannel } from '../ports.ts';
import { closedUnless, leftRun, openLeft, type LeftRun } from './left-run.ts';
import { armNight } from './night.ts';
import type { Night, NightNeeds } from './night-ground.ts';
import { startObserver, type Observer } from './observer.ts';
import { watchOtherCockpits, type OtherCockpit } from './other-cockpit.ts';
import { overtake } from './overtake.ts';
import type { CockpitParts, RunJournal } from './parts.ts';
import { prepareSources } from './prepare.ts';
import { proveZones } from './prove-zones.ts';
import { resumeNight, type Overtaking, type Resumed } from './resume.ts';
import { emptySessions } from './sessions.ts';
import { keepTroubles, type Trouble } from './troubles.ts';

/** One plan, watched and driven: what both shells and the command line stand on. */
export type Cockpit = {
  readonly parts: CockpitParts;
  readonly observer: Observer;
  readonly preparation: () => Preparation;
  /** The open channel to a zone of the plan; null: none is. */
  readonly zone: (zone: string) => ZoneChannel | null;
  readonly refusals: () => Readonly<Record<string, OpenRefused>>;
  readonly snapshot: () => Snapshot;
  /** Judges now; the phase decides which checklist items count. */
  readonly verdicts: (phase: 'preflight' | 'go') => readonly Verdict[];
  readonly record: (payload: PlanRecord) => void;
  readonly prepare: (who: string) => Promise<Result<string, string>>;
  /** Writes one planned record set of each zone as it stands: whether the zones may be changed is seen by that alone. */
  readonly proveZones: (who: string) => Promise<Result<string, string>>;
  readonly acceptHostKey: (host: string, fingerprint: string, who: string) => Promise<Result<null, string>>;
  readonly night: () => Night | null;
  /** A run of this plan that was begun and never ended, when no cockpit drives it; null: there is none. */
  readonly left: () => LeftRun | null;
  /** Another cockpit that drives a run of this plan, as far as it is seen from here; null: none is. */
  readonly other: () => OtherCockpit | null;
  /** Drives its run on from here: it is ousted, and its sessions are ended on every server. */
  readonly takeOver: (who: string, runId: string) => Promise<Result<Resumed, string>>;
  /** Opens, proves and judges everything, and holds: nothing is another before the release. */
  readonly arm: (who: string, unattended: boolean) => Promise<Result<Night, string>>;
  /** Releases a hold of what is armed; on the way back the run that is turned round is handed over first. */
  readonly release: (by: Parameters<Night['release']>[0]) => Promise<Result<null, string>>;
  /** Takes a run up again from its journal: the cockpit that drove it ended without a word. */
  readonly resume: (
    who: string,
    from: RunJournal & { readonly takeover?: Overtaking },
  ) => Promise<Result<Resumed, string>>;
  /** Takes up the run that was left on this machine. */
  readonly resumeLeft: (who: string, runId: string) => Promise<Result<Resumed, string>>;
  readonly disarm: () => Promise<void>;
  /** Turns to the way back of the run that is watched. */
  readonly reverse: (who: string) => Promise<Result<null, string>>;
  /** After a run has ended, or from the go/no-go of a way back that was not begun: back to what was before. */
  readonly startOver: (who: string) => Promise<Result<null, string>>;
  /** What is wrong with the cockpit itself: defects, a journal that cannot be written. */
  readonly troubles: () => readonly Trouble[];
  readonly tell: (text: string) => void;
  readonly onChange: (call: () => void) => void;
  readonly stop: () => Promise<void>;
};

/** Starts watching a plan. Looking is inert: nothing is written anywhere but in the plan's own journal. */
export function startCockpit(parts: CockpitParts): Cockpit {
  const { plan, ports, planJournal } = parts;
  const listeners: (() => void)[] = [];
  const changed = (): void => listeners.forEach((call) => call());
  const channels = emptySessions(() => changed());
  const troubles = keepTroubles(ports.clock, (text) => {
    parts.told?.(text);
    changed();
  });
  const observer = startObserver(plan, ports, {
    channels,
    tell: troubles.tell,
    lowering: parts.lowering,
    tried: () => preparation,
  });
  let preparation = foldPreparation(planJournal.read());
  // What people answered before the way back was asked for, they answered for the way forth.
  const askedSince = parts.reverses === undefined ? 0 : ports.clock.now().utcMs;
  let night: Night | null = null;
  let arming = false;

  const record = (payload: PlanRecord): void => {
    planJournal.append(ports.clock.now(), payload, true);
    preparation = foldPreparation(planJournal.read());
    changed();
  };
  record({
    kind: 'plan',
    format: 1,
    planFile: parts.planFile,
    planDigest: parts.planDigest,
    program: parts.program,
  });

  const verdicts = (phase: 'preflight' | 'go'): readonly Verdict[] =>
    judge(plan, observer.snapshot(), {
      people: peopleSince(preparation, askedSince),
      context: { now: ports.clock.now().utcMs, phase, history: preparation.history, program: thisProgram },
    });

  const needs: NightNeeds = {
    parts,
    observer,
    channels,
    verdicts,
    preparation: () => preparation,
    record,
    changed,
    tell: troubles.tell,
  };

  /** One night at a time: nothing is opened while another one is, or is being opened. */
  const occupy = async <T>(work: () => Promise<Result<T, string>>): Promise<Result<T, string>> => {
    if (arming || night !== null)
      return failed('A run is already armed or under way; expected none. Disarm it or let it end first.');
    arming = true;
    try {
      return await work();
    } finally {
      arming = false;
      changed();
    }
  };

  const others = watchOtherCockpits({
    parts,
    snapshot: observer.snapshot,
    channel: channels.channel,
    threads: observer.threads,
    busy: () => night !== null,
    tell: troubles.tell,
    changed,
  });
  // A journal that nobody appends to says the same each time it is read.
  let known: LeftRun | null = null;
  const leftHere = (): LeftRun | null => {
    const newest = preparation.runs.at(-1);
    // On the way back the run that is turned round may be under its watch still.
    if (newest?.runId === parts.reverses?.runId) return (known = null);
    if (night !== null || newest?.outcome !== null) return (known = null);
    if (known?.runId !== newest.runId) known = leftRun(parts, newest.runId);
    return known;
  };
  /** A run that this laptop left is its own, until its mirror tells of a later driver, or of one that lives. */
  const other = (): OtherCockpit | null => {
    const seen = night === null ? others.seen() : null;
    const own = seen === null ? null : leftHere();
    if (seen === null || own === null) return seen;
    if (seen.run === null) return null;
    const { run, grew } = seen.run;
    const isDriven = run.driver.epoch > own.epoch || (seen.standing === 'driving' && grew);
    return run.id === own.runId && !isDriven ? null : seen;
  };
  const left = (): LeftRun | null => (other() === null ? leftHere() : null);
  const othersRun = (): string | null => {
    const seen = other();
    if (seen === null || seen.standing === 'over') return null;
    const which = seen.run === null ? 'this plan' : `run ${seen.run.run.id} of this plan`;
    return `Another cockpit drives ${which}: nothing of it is begun or changed from here. Take it over, or wait until it has ended.`;
  };
  const resume: Cockpit['resume'] = (who, from) =>
    occupy(async () => {
      const resumed = await resumeNight(needs, who, from);
      if (resumed.ok) night = resumed.value.night;
      return resumed;
    });

  const disarm = async (): Promise<void> => {
    const ending = night;
    night = null;
    await ending?.stop();
    observer.rest(false);
    changed();
  };

  return {
    parts,
    observer,
    preparation: () => preparation,
    zone: channels.zone,
    refusals: observer.refusals,
    snapshot: observer.snapshot,
    verdicts,
    record,
    prepare: async (who) => {
      const driven = othersRun();
      if (driven !== null) return failed(driven);
      const prepared = await prepareSources(plan, ports, { record, who });
      await observer.refresh();
      changed();
      return prepared;
    },
    proveZones: (who) => {
      const driven = othersRun();
      if (driven !== null) return Promise.resolve(failed(driven));
      return occupy(() => proveZones({ plan, ports, channels, record, who }));
    },
    acceptHostKey: async (host, fingerprint, who) => {
      const refused =
        observer.refusals()[host] ?? Object.values(observer.refusals()).find((each) => each.host === host);
      if (refused?.reason === 'changed-host-key')
        return failed(
          `The key of ${host} has changed. That is a hard stop: find out why, then mend known_hosts by hand.`,
        );
      if (refused?.fingerprint !== fingerprint)
        return failed(
          `${host} did not show the key ${fingerprint}; expected ${refused?.fingerprint ?? 'none to be waiting'}`,
        );
      await ports.ssh.acceptHostKey(host, fingerprint);
      record({ kind: 'host-key-accepted', host, fingerprint, who });
      observer.retry();
      return ok(null);
    },
    night: () => night,
    left,
    arm: async (who, unattended) => {
      const open = othersRun() ?? left()?.text;
      if (open !== undefined) return failed(open);
      return occupy(async () => {
        const armed = await armNight(needs, { who, unattended });
        if (armed.ok) night = armed.value;
        return armed;
      });
    },
    release: async (by) => {
      const armed = night;
      if (armed === null) return failed('Nothing is armed.');
      if (parts.reverses === undefined || armed.run() !== null) return armed.release(by);
      const begun = armed.begin(by);
      if (!begun.ok) return begun;
      const { runner } = begun.value;
      const handed = await parts.reverses.handOver({ who: by.who, runId: runner.run().id });
      if (handed.ok) return armed.release(by);
      runner.post({ kind: 'abort-asked', who: 'cockpit', reason: handed.error });
      return failed(`Not released: ${handed.error}`);
    },
    resume,
    resumeLeft: async (who, runId) => {
      const found = left();
      if (found?.runId !== runId) return failed(`Run ${runId} is not one that was left without an end.`);
      const from = openLeft(parts, found);
      if (!from.ok) return from;
      return closedUnless(from.value, resume(who, from.value));
    },
    other,
    takeOver: async (who, runId) => {
      const found = other();
      if (found?.run?.run.id !== runId) return failed(`Run ${runId} is not one that another cockpit drives.`);
      return occupy(async () => {
        const from = await overtake(parts, found, who);
        if (!from.ok) return from;
        const resumed = await closedUnless(from.value, resumeNight(needs, who, from.value));
        if (resumed.ok) night = resumed.value.night;
        return resumed;
      });
    },
    disarm,
    reverse: async () => failed('This cockpit drives one plan: "cockpit reverse RUN" turns a run round.'),
    startOver: async () => {
      if (other()?.standing === 'over') {
        others.forget();
        return ok(null);
      }
      if (night?.run()?.phase !== 'ended') return failed('The run has not ended.');
      await disarm();
      return ok(null);
    },
    troubles: troubles.all,
    tell: troubles.tell,
    onChange: (call) => listeners.push(call),
    stop: async () => {
      others.stop();
      await disarm();
      await observer.stop();
      await channels.close();
      await ports.clients.stop();
      planJournal.close();
    },
  };
}

/** What people said of one way, not of the other: an answer to go/no-go hours ago was about the way forth. */
function peopleSince({ answers, overrides }: Preparation, utcMs: number): People {
  return {
    answers: answers.filter(({ atUtcMs }) => atUtcMs >= utcMs),
    overrides: overrides.filter(({ atUtcMs }) => atUtcMs >= utcMs),
  };
}
