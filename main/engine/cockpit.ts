import type { Verdict } from '../../shared/gates/gate.ts';
import { judge } from '../../shared/gates/judge.ts';
import { thisProgram } from '../../shared/gates/world.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { PlanRecord } from '../../shared/audit/record.ts';
import { foldPreparation, type Preparation } from '../../shared/audit/fold.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { OpenRefused } from '../ports.ts';
import { closedUnless, leftRun, openLeft, type LeftRun } from './left-run.ts';
import { armNight } from './night.ts';
import type { Night, NightNeeds } from './night-ground.ts';
import { startObserver, type Observer } from './observer.ts';
import type { CockpitParts, RunJournal } from './parts.ts';
import { prepareSources } from './prepare.ts';
import { resumeNight, type Resumed } from './resume.ts';
import { emptySessions } from './sessions.ts';
import { keepTroubles, type Trouble } from './troubles.ts';

/** One plan, watched and driven: what both shells and the command line stand on. */
export type Cockpit = {
  readonly parts: CockpitParts;
  readonly observer: Observer;
  readonly preparation: () => Preparation;
  readonly refusals: () => Readonly<Record<string, OpenRefused>>;
  readonly snapshot: () => Snapshot;
  /** Judges now; the phase decides which checklist items count. */
  readonly verdicts: (phase: 'preflight' | 'go') => readonly Verdict[];
  readonly record: (payload: PlanRecord) => void;
  readonly prepare: (who: string) => Promise<Result<string, string>>;
  readonly acceptHostKey: (host: string, fingerprint: string, who: string) => Promise<Result<null, string>>;
  readonly night: () => Night | null;
  /** A run of this plan that was begun and never ended, when no cockpit drives it; null: there is none. */
  readonly left: () => LeftRun | null;
  /** Opens everything, judges everything, and holds: nothing is changed before the release. */
  readonly arm: (who: string, unattended: boolean) => Promise<Result<Night, string>>;
  /** Takes a run up again from its journal: the cockpit that drove it ended without a word. */
  readonly resume: (who: string, from: RunJournal) => Promise<Result<Resumed, string>>;
  /** Takes up the run that was left on this machine. */
  readonly resumeLeft: (who: string, runId: string) => Promise<Result<Resumed, string>>;
  readonly disarm: () => Promise<void>;
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
  const observer = startObserver(plan, ports, { channels, tell: troubles.tell });
  let preparation = foldPreparation(planJournal.read());
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
      people: { answers: preparation.answers, overrides: preparation.overrides },
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

  // A journal that nobody appends to says the same each time it is read.
  let known: LeftRun | null = null;
  const left = (): LeftRun | null => {
    const newest = preparation.runs.at(-1);
    if (night !== null || newest?.outcome !== null) return (known = null);
    if (known?.runId !== newest.runId) known = leftRun(parts, newest.runId);
    return known;
  };
  const resume = (who: string, from: RunJournal): Promise<Result<Resumed, string>> =>
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
    refusals: observer.refusals,
    snapshot: observer.snapshot,
    verdicts,
    record,
    prepare: async (who) => {
      const prepared = await prepareSources(plan, ports, { record, who });
      await observer.refresh();
      changed();
      return prepared;
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
      const open = left();
      if (open !== null) return failed(open.text);
      return occupy(async () => {
        const armed = await armNight(needs, { who, unattended });
        if (armed.ok) night = armed.value;
        return armed;
      });
    },
    resume,
    resumeLeft: async (who, runId) => {
      const found = left();
      if (found?.runId !== runId) return failed(`Run ${runId} is not one that was left without an end.`);
      const from = openLeft(parts, found);
      if (!from.ok) return from;
      return closedUnless(from.value, resume(who, from.value));
    },
    disarm,
    troubles: troubles.all,
    tell: troubles.tell,
    onChange: (call) => listeners.push(call),
    stop: async () => {
      await disarm();
      await observer.stop();
      await channels.close();
      await ports.clients.stop();
      planJournal.close();
    },
  };
}
