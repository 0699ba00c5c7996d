import { letsPass, type Verdict } from '../../shared/gates/gate.ts';
import { firstFew } from '../../shared/lib/first-few.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { forecastChain, type ForecastResult } from '../../shared/observations/forecast.ts';
import type { Identity } from '../../shared/sessions/identity.ts';
import { planNodes } from '../../shared/steps/need.ts';
import { beginRun, type ActiveRun } from './active-run.ts';
import { actingSessions, nightOf, tellLost, type Night, type NightNeeds } from './night-ground.ts';
import { whatBlocks } from './parts.ts';
import { pause } from './pause.ts';
import { openMirror } from './open-mirror.ts';
import { prepareZones } from './prepare-zones.ts';
import { keepProving, proveZones } from './prove-zones.ts';
import { choosePlanTables } from './proof-tables.ts';
import { reasonOf } from './troubles.ts';
import { tryOnScratch } from './try-on-scratch.ts';
import { emptySessions, lostSessions, openForRun, type Sessions } from './sessions.ts';

const identityLimitMs = 5_000;
/** Client processes start on this laptop: however long that takes, it is work. Their adapter gives up sooner. */
const clientsStartMostMs = 15_000;
/** Synthetic clients write for this long before the release, so that "before" is measured too. */
const clientsWarmUpMs = 1_000;

/** Where nobody can look again, what was measured while the clients started gets this long to become steady. */
const patienceMs = 10_000;
const lookAgainMs = 250;

type By = { readonly who: string; readonly unattended: boolean };

/**
 * Opens and checks all that the minute needs. Changes nothing on any server; in Route 53 one record set of each zone is
 * written as it stands, and in a rehearsal the change is tried under the scratch name.
 */
export async function armNight(needs: NightNeeds, by: By): Promise<Result<Night, string>> {
  const { observer } = needs;
  const { plan, ports } = needs.parts;
  let active: ActiveRun | null = null;
  const sessions = emptySessions(tellLost(() => active?.runner ?? null, needs.changed));
  const opening = openForRun(plan, ports, { sessions, channels: needs.channels });
  const failures = await observer.work.during(opening);
  const identified: Result<Readonly<Record<string, Identity>>, string> = failures.length > 0
    ? failed(failures.map(({ where, refused }) => `${where}: ${refused.message}`).join('; '))
    : await identities(needs, sessions);
  if (!identified.ok) {
    await sessions.close();
    return identified;
  }
  const mirrorChannel = await observer.work.during(openMirror(plan, ports));
  const dns = await observer.work.during(prepareZones(plan, ports, needs.channels));
  const proving = { plan, ports, channels: needs.channels, record: needs.record, who: by.who };
  // Its gate tells what became of it; a zone that could not be prepared is not written to.
  if (dns.troubles.length === 0) {
    await observer.work.during(proveZones(proving));
    const trying = { ...proving, clock: ports.clock, channel: needs.channels.zone };
    await observer.work.during(tryOnScratch(trying, dns.zones));
  }
  const proofTables = await observer.work.during(choosePlanTables(plan, sessions));
  const sleep = await ports.laptop.blockSleep();
  // Judged last: opening dozens of sessions keeps this laptop busy, and what was seen before that is old by now.
  await observer.work.during(ports.clients.start(), clientsStartMostMs);
  await Promise.all([observer.refresh(), pause(ports.clock, clientsWarmUpMs)]);
  // Last, so that the client processes, which measure, do not inherit it.
  const precedence = ports.laptop.takePrecedence();
  const verdicts = by.unattended ? await verdictsInCalm(needs, patienceMs) : needs.verdicts('go');
  const forecasts = forecastAll(needs);
  const renewed = keepProving({
    ...proving,
    proofs: () => needs.preparation().proofs,
    failed: (error) => needs.tell(`The program is wrong: proving the zones failed (${reasonOf(error)}).`),
  });
  const lost = (): readonly string[] => lostSessions(plan, sessions);
  const begin = (who: string): Result<ActiveRun, string> => {
    const now = [
      ...whatBlocks(needs.verdicts('go').filter((verdict) => !letsPass(verdict))),
      ...identityMistakes(needs, identified.value),
      ...dns.troubles,
      ...lost(),
    ];
    if (now.length > 0) return failed(`Not released: ${firstFew(now, 3)}`);
    try {
      const beginning = {
        ...needs,
        ...by,
        who,
        verdicts,
        forecasts,
        proofTables,
        zones: dns.zones,
        mirrorChannel,
      };
      active = beginRun({
        ...beginning,
        identities: identified.value,
        sessions: actingSessions(needs, sessions),
      });
      renewed.stop();
      return ok(active);
    } catch (error) {
      return failed(`Not released, and nothing was begun: ${reasonOf(error)}`);
    }
  };
  const judged = {
    verdicts,
    blocks: [...whatBlocks(verdicts), ...identityMistakes(needs, identified.value), ...dns.troubles],
    armedAt: ports.clock.now().utcMs,
    lost,
    forecasts,
  };
  const ground = { sessions, judged, active: () => active, begin };
  return ok(
    nightOf(needs, ground, () => {
      renewed.stop();
      sleep.release();
      precedence.release();
    }),
  );
}

/** Looks again until every gate lets pass, or the time is over: then it is judged as it is. */
async function verdictsInCalm({ parts, verdicts }: NightNeeds, limitMs: number): Promise<readonly Verdict[]> {
  const { clock } = parts.ports;
  const end = clock.now().monoMs + limitMs;
  let judged = verdicts('go');
  while (!judged.every(letsPass) && clock.now().monoMs < end) {
    await pause(clock, lookAgainMs);
    judged = verdicts('go');
  }
  return judged;
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
