import type { Preparation } from '../../shared/audit/fold.ts';
import type { MeasuredRecord, PlanRecord } from '../../shared/audit/record.ts';
import type { Verdict } from '../../shared/gates/gate.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { ForecastResult } from '../../shared/observations/forecast.ts';
import type { ResidueSeen } from '../../shared/observations/residue-seen.ts';
import { stepsToTryAgain } from '../../shared/steps/again.ts';
import { changedZones } from '../../shared/steps/overwrite.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { ChangeSeen } from '../../shared/steps/taken-changes.ts';
import type { Journal } from '../ports.ts';
import { allThreads, type ActiveRun, type Threads } from './active-run.ts';
import type { Observer } from './observer.ts';
import type { CockpitParts } from './parts.ts';
import { readSwitches } from './read-switches.ts';
import { reopenLost } from './reopen.ts';
import type { Runner } from './runner.ts';
import type { emptySessions, LostCall, Sessions } from './sessions.ts';

/** A run from arming to its end: sessions open, everything judged, one person away from the minute. */
export type Night = {
  /** What a release must show: it belongs to this arming and to nothing else. */
  readonly permit: string;
  readonly verdicts: readonly Verdict[];
  readonly blocks: readonly string[];
  /** UTC ms. */
  readonly armedAt: number;
  /** Sessions of the minute that were lost since then, as sentences: they would end the run as it begins. */
  readonly lost: () => readonly string[];
  readonly forecasts: Readonly<Record<string, ForecastResult>>;
  readonly run: () => Run | null;
  readonly runner: () => Runner | null;
  readonly journal: () => Journal | null;
  /** Where the emergency sheet of the run is; null before it begins. */
  readonly sheetFile: () => string | null;
  readonly measured: () => MeasuredRecord | null;
  /** The run's changes of DNS as Route 53 says they are. */
  readonly changes: () => readonly ChangeSeen[];
  /** Who still arrives on the source side; null: nothing was switched yet. */
  readonly residue: () => ResidueSeen | null;
  /** Judges once more and begins the journal, still held; what the first release does by itself. */
  readonly begin: (by: { readonly permit: string; readonly who: string }) => Result<ActiveRun, string>;
  /** Releases a hold. The first release judges once more and begins the journal. */
  readonly release: (by: {
    readonly hold: string;
    readonly permit: string;
    readonly who: string;
  }) => Result<null, string>;
  /** Ends the watch. A Close that failed is a failed step: it is tried over sessions that are opened again. */
  readonly close: (who: string) => Promise<Result<null, string>>;
  /** One press on a failed step: what was lost is opened again and says who it is, then the step begins once more. */
  readonly retry: (by: {
    readonly step: string;
    readonly who: string;
    /** Zones whose difference was shown, and which may be overwritten now. */
    readonly overwrite?: readonly string[];
  }) => Promise<Result<null, string>>;
  readonly stop: () => Promise<void>;
};

export type NightNeeds = {
  readonly parts: CockpitParts;
  readonly observer: Observer;
  readonly channels: ReturnType<typeof emptySessions>;
  readonly verdicts: (phase: 'preflight' | 'go') => readonly Verdict[];
  readonly preparation: () => Preparation;
  readonly record: (payload: PlanRecord) => void;
  readonly changed: () => void;
  readonly tell: (text: string) => void;
};

/** What a night is built on, whether it was armed or taken up again from a journal. */
export type NightGround = {
  readonly sessions: Sessions;
  readonly judged: Pick<Night, 'verdicts' | 'blocks' | 'armedAt' | 'lost' | 'forecasts'>;
  readonly active: () => ActiveRun | null;
  /** Makes it active with the first release; a run that was taken up again is. */
  readonly begin: (who: string) => Result<ActiveRun, string>;
};

/** The night of sessions that are open: what a person can do with it, and how it ends. */
export function nightOf(
  needs: NightNeeds,
  { sessions, judged, active, begin }: NightGround,
  released: () => void,
): Night {
  const permit = crypto.randomUUID();
  let retrying: Promise<Result<null, string>> | null = null;
  const begun: Night['begin'] = ({ permit: shown, who }) => {
    if (shown !== permit)
      return failed('This permit is not the one that go/no-go shows now; nothing was released.');
    const already = active();
    return already === null ? begin(who) : ok(already);
  };
  const retry: Night['retry'] = async (by) => {
    const driven = active();
    if (driven === null) return failed('No run is under way.');
    if (retrying !== null) return failed('Another retry is opening lost sessions just now; wait for it.');
    retrying = retryOver(needs, { runner: driven.runner, sessions }, by);
    try {
      return await retrying;
    } finally {
      retrying = null;
    }
  };
  return {
    ...judged,
    permit,
    run: () => active()?.runner.run() ?? null,
    runner: () => active()?.runner ?? null,
    journal: () => active()?.journal ?? null,
    sheetFile: () => active()?.sheetFile ?? null,
    measured: () => active()?.measured() ?? null,
    changes: () => active()?.changes() ?? [],
    residue: () => active()?.residue() ?? null,
    begin: begun,
    release: ({ hold, permit: shown, who }) => {
      const run = begun({ permit: shown, who });
      if (!run.ok) return run;
      if (run.value.runner.run().heldAt !== hold) return failed(`The run does not wait at "${hold}".`);
      run.value.runner.post({ kind: 'released', hold, who });
      return ok(null);
    },
    retry,
    close: async (who) => {
      const runner = active()?.runner;
      if (runner?.run().phase !== 'watching')
        return failed('The run is not at its watch; there is nothing to close yet.');
      if (runner.run().steps['close']?.state === 'failed') return retry({ step: 'close', who });
      runner.post({ kind: 'close-asked', who });
      return ok(null);
    },
    stop: async () => {
      await active()?.stop();
      // What a retry opens meanwhile must not stay behind.
      await retrying;
      await sessions.close();
      released();
    },
  };
}

/** A lost session of the minute is told to the run at once; what it means there is decided there. */
export function tellLost(runner: () => Runner | null, changed: () => void): LostCall {
  return ({ instance, purpose }, why) => {
    runner()?.post({
      kind: 'alarmed',
      alarm: {
        alarm: 'session-lost',
        instance,
        seen: `the ${purpose} session ended: ${why}`,
        expected: 'it to stay open',
      },
    });
    changed();
  };
}

/** Opens what was lost and posts the retry; a server that is another one now is a refusal, and nothing is tried. */
async function retryOver(
  { parts, channels, observer }: NightNeeds,
  { runner, sessions }: { readonly runner: Runner; readonly sessions: Sessions },
  { step, who, overwrite = [] }: Parameters<Night['retry']>[0],
): Promise<Result<null, string>> {
  const { plan, ports } = parts;
  const shown = changedZones(runner.run()).map(({ zone }) => zone);
  if (overwrite.some((zone) => step !== 'announce' || !shown.includes(zone)))
    return failed(`Of ${overwrite.join(', ')} no difference is shown; there is nothing to overwrite.`);
  if (!stepsToTryAgain(runner.run(), plan).some((again) => again.step === step))
    return failed(`Step "${step}" has neither failed nor come undone; there is nothing to retry.`);
  const reopened = await reopenLost({ plan, ports, run: runner.run(), sessions, channels, step });
  if (!reopened.ok) return reopened;
  const { stillLost } = reopened.value;
  // What a switch had not done yet when the run was taken up, it may have done since.
  const switches = step === 'lock' ? await readSwitches(runner.run(), plan, channels) : {};
  const threads = unknownTo(runner.run(), allThreads(reopened.value.threads, observer.threads()));
  runner.post({
    kind: 'retry-asked',
    who,
    step,
    ...(overwrite.length === 0 ? {} : { overwrite }),
    ...(Object.keys(threads).length === 0 ? {} : { threads }),
    ...(stillLost.length === 0 ? {} : { stillLost }),
    ...(Object.keys(switches).length === 0 ? {} : { switches }),
  });
  return ok(null);
}

/** The observer's sessions come back by themselves: what the run does not know it would end as an application's. */
function unknownTo(run: Run, open: Threads): Threads {
  return Object.fromEntries(
    Object.entries(open).flatMap(([instance, own]) => {
      const fresh = Object.entries(own).filter(
        ([purpose, thread]) => run.threads[instance]?.[purpose] !== thread,
      );
      return fresh.length === 0 ? [] : [[instance, Object.fromEntries(fresh)]];
    }),
  );
}

/** The minute's own sessions, the observer's where a step reads or closes beside it, and the channels of preflight. */
export function actingSessions({ observer, channels }: NightNeeds, sessions: Sessions): Sessions {
  return {
    ...sessions,
    mysql: (instance, purpose) => {
      if (purpose === 'watch') return observer.watchSession(instance);
      if (purpose === 'survey') return observer.surveySession(instance);
      return sessions.mysql(instance, purpose);
    },
    channel: channels.channel,
    zone: channels.zone,
    cluster: channels.cluster,
  };
}
