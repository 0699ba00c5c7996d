import { letsPass, type Verdict } from '../../shared/gates/gate.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { forecastChain, type ForecastResult } from '../../shared/observations/forecast.ts';
import type { MeasuredRecord, PlanRecord } from '../../shared/audit/record.ts';
import type { Preparation } from '../../shared/audit/fold.ts';
import type { Identity } from '../../shared/sessions/identity.ts';
import { planNodes } from '../../shared/steps/need.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Journal } from '../ports.ts';
import { beginRun, type ActiveRun } from './active-run.ts';
import type { Observer } from './observer.ts';
import { whatBlocks, type CockpitParts } from './parts.ts';
import { choosePlanTables } from './proof-tables.ts';
import type { Runner } from './runner.ts';
import { reasonOf } from './troubles.ts';
import { reopenLost } from './reopen.ts';
import { emptySessions, openForRun, type LostCall, type Sessions } from './sessions.ts';

const identityLimitMs = 5_000;
/** Synthetic clients write for this long before the release, so that "before" is measured too. */
const clientsWarmUpMs = 1_000;

/** A run from arming to its end: sessions open, everything judged, one person away from the minute. */
export type Night = {
  /** What a release must show: it belongs to this arming and to nothing else. */
  readonly permit: string;
  readonly verdicts: readonly Verdict[];
  readonly blocks: readonly string[];
  /** UTC ms. */
  readonly armedAt: number;
  readonly forecasts: Readonly<Record<string, ForecastResult>>;
  readonly run: () => Run | null;
  readonly runner: () => Runner | null;
  readonly journal: () => Journal | null;
  /** Where the emergency sheet of the run is; null before it begins. */
  readonly sheetFile: () => string | null;
  readonly measured: () => MeasuredRecord | null;
  /** Releases a hold. The first release judges once more and begins the journal. */
  readonly release: (by: {
    readonly hold: string;
    readonly permit: string;
    readonly who: string;
  }) => Result<null, string>;
  /** One press on a failed step: what was lost is opened again and says who it is, then the step begins once more. */
  readonly retry: (by: { readonly step: string; readonly who: string }) => Promise<Result<null, string>>;
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

type By = { readonly who: string; readonly unattended: boolean };

/** Opens and checks all that the minute needs. Changes nothing on any server. */
export async function armNight(needs: NightNeeds, by: By): Promise<Result<Night, string>> {
  const { observer } = needs;
  const { plan, ports } = needs.parts;
  let active: ActiveRun | null = null;
  let retrying: Promise<Result<null, string>> | null = null;
  const sessions = emptySessions(tellLost(() => active?.runner ?? null, needs.changed));
  const opening = openForRun(plan, ports, {
    ...sessions,
    channel: needs.channels.channel,
    adoptChannel: needs.channels.adoptChannel,
  });
  const failures = await observer.work.during(opening);
  const identified: Result<Readonly<Record<string, Identity>>, string> = failures.length > 0
    ? failed(failures.map(({ where, refused }) => `${where}: ${refused.message}`).join('; '))
    : await identities(needs, sessions);
  if (!identified.ok) {
    await sessions.close();
    return identified;
  }
  const proofTables = await observer.work.during(choosePlanTables(plan, sessions));
  const sleep = await ports.laptop.blockSleep();
  // Judged last: opening dozens of sessions keeps this laptop busy, and what was seen before that is old by now.
  await observer.work.during(ports.clients.start());
  await Promise.all([
    observer.refresh(),
    new Promise<void>((over) => ports.clock.after(clientsWarmUpMs, over)),
  ]);
  // Last, so that the client processes, which measure, do not inherit it.
  const precedence = ports.laptop.takePrecedence();
  const verdicts = needs.verdicts('go');
  const permit = crypto.randomUUID();
  const forecasts = forecastAll(needs);
  const begin = (who: string): ActiveRun =>
    beginRun({
      ...needs,
      ...by,
      who,
      verdicts,
      forecasts,
      proofTables,
      identities: identified.value,
      sessions: actingSessions(needs, sessions),
    });

  return ok({
    permit,
    verdicts,
    blocks: [...whatBlocks(verdicts), ...identityMistakes(needs, identified.value)],
    armedAt: ports.clock.now().utcMs,
    forecasts,
    run: () => active?.runner.run() ?? null,
    runner: () => active?.runner ?? null,
    journal: () => active?.journal ?? null,
    sheetFile: () => active?.sheetFile ?? null,
    measured: () => active?.measured() ?? null,
    release: ({ hold, permit: shown, who }) => {
      if (shown !== permit)
        return failed('This permit is not the one that go/no-go shows now; nothing was released.');
      if (active === null) {
        const now = [
          ...whatBlocks(needs.verdicts('go').filter((verdict) => !letsPass(verdict))),
          ...identityMistakes(needs, identified.value),
        ];
        if (now.length > 0) return failed(`Not released: ${now.join('; ')}`);
        try {
          active = begin(who);
        } catch (error) {
          return failed(`Not released, and nothing was begun: ${reasonOf(error)}`);
        }
      }
      if (active.runner.run().heldAt !== hold) return failed(`The run does not wait at "${hold}".`);
      active.runner.post({ kind: 'released', hold, who });
      return ok(null);
    },
    retry: async ({ step, who }) => {
      if (active === null) return failed('No run is under way.');
      if (retrying !== null) return failed('Another retry is opening lost sessions just now; wait for it.');
      retrying = retryOver(needs, { runner: active.runner, sessions }, { step, who });
      try {
        return await retrying;
      } finally {
        retrying = null;
      }
    },
    stop: async () => {
      await active?.stop();
      // What a retry opens meanwhile must not stay behind.
      await retrying;
      await sessions.close();
      sleep.release();
      precedence.release();
    },
  });
}

/** A lost session of the minute is told to the run at once; what it means there is decided there. */
function tellLost(runner: () => Runner | null, changed: () => void): LostCall {
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
  { parts, channels }: NightNeeds,
  { runner, sessions }: { readonly runner: Runner; readonly sessions: Sessions },
  { step, who }: { readonly step: string; readonly who: string },
): Promise<Result<null, string>> {
  const nothing = failed(`Step "${step}" has not failed; there is nothing to retry.`);
  if (runner.run().steps[step]?.state !== 'failed') return nothing;
  const { plan, ports } = parts;
  const reopened = await reopenLost({ plan, ports, run: runner.run(), sessions, channels });
  if (!reopened.ok) return reopened;
  const { threads, stillLost } = reopened.value;
  runner.post({
    kind: 'retry-asked',
    who,
    step,
    ...(Object.keys(threads).length === 0 ? {} : { threads }),
    ...(stillLost.length === 0 ? {} : { stillLost }),
  });
  return ok(null);
}

/** The minute's own sessions, the observer's where a step reads or closes beside it, and the channels of preflight. */
function actingSessions({ observer, channels }: NightNeeds, sessions: Sessions): Sessions {
  return {
    ...sessions,
    mysql: (instance, purpose) => {
      if (purpose === 'watch') return observer.watchSession(instance);
      if (purpose === 'survey') return observer.surveySession(instance);
      return sessions.mysql(instance, purpose);
    },
    channel: channels.channel,
  };
}

function forecastAll({ parts, observer, preparation }: NightNeeds): Readonly<Record<string, ForecastResult>> {
  const facts = { snapshot: observer.snapshot(), history: preparation().history };
  return Object.fromEntries(
    parts.plan.chains.map((chain) => [chain.id, forecastChain(parts.plan, chain, facts)]),
  );
}

/** Identity is read on the very session that will act, and again after the lock is taken. */
async function identities(
  { parts }: NightNeeds,
  sessions: Sessions,
): Promise<Result<Readonly<Record<string, Identity>>, string>> {
  const answers = await Promise.all(
    planNodes(parts.plan).map(
      async (node) =>
        [node, await sessions.mysql(node, 'act')?.ask('identity', {}, identityLimitMs)] as const,
    ),
  );
  const found: Record<string, Identity> = {};
  for (const [node, answer] of answers) {
    if (answer?.kind !== 'ok')
      return failed(
        `${node} did not say who it is on its acting session: ${answer?.message ?? 'no session'}`,
      );
    found[node] = answer.value;
  }
  return ok(found);
}

/** The acting sessions must have reached the same servers that the gates judged (I7). */
function identityMistakes(
  { observer }: NightNeeds,
  acting: Readonly<Record<string, Identity>>,
): readonly string[] {
  const seen = observer.snapshot().instances;
  return Object.entries(acting).flatMap(([node, identity]) => {
    const judged = seen[node]?.identity;
    if (judged?.kind !== 'known') return [`${node} was not identified by the observer`];
    const { serverUuid, serverId, datadir } = judged.value;
    if (serverUuid === identity.serverUuid && serverId === identity.serverId && datadir === identity.datadir)
      return [];
    return [
      `${node}: the acting session reached server id ${identity.serverId} (${identity.datadir}); the gates judged ${serverId} (${datadir})`,
    ];
  });
}
