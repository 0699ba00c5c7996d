import { foldRun } from '../../shared/audit/fold.ts';
import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { driverAfter, type Driver } from '../../shared/steps/driver.ts';
import { foundUndo } from '../../shared/steps/found.ts';
import { mirrorOf } from '../../shared/steps/mirror-place.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import type { Run } from '../../shared/steps/run.ts';
import { allThreads, driveRun, type ActiveRun } from './active-run.ts';
import { actingSessions, nightOf, tellLost, type Night, type NightNeeds } from './night-ground.ts';
import { lookAgain, whyNotThisJournal } from './look-again.ts';
import { openMirror, ownName } from './open-mirror.ts';
import { compareMirror, journalText, readMirror } from './mirror-read.ts';
import type { Journal, SshChannel } from '../ports.ts';
import type { RunJournal } from './parts.ts';
import { readSwitches } from './read-switches.ts';
import { reopenLost } from './reopen.ts';
import { settleReversed } from './settle-reversed.ts';
import { emptySessions } from './sessions.ts';
import { reasonOf } from './troubles.ts';

const lookLimitMs = 2_000;

/** Taken over from a cockpit that may still live: under this epoch, which the mirror's host has already. */
export type Overtaking = { readonly driver: Driver };

/** A run that was taken up again, and where it stood then. */
export type Resumed = { readonly night: Night; readonly stands: string };

/**
 * Takes a run up again whose cockpit ended: folds its journal, opens sessions of its own, sees that they reached the same
 * servers, looks, says where things stand, and lets the run decide. Until that is recorded nothing is sent but looks.
 */
export async function resumeNight(
  needs: NightNeeds,
  who: string,
  from: RunJournal & { readonly takeover?: Overtaking },
): Promise<Result<Resumed, string>> {
  const { plan, ports } = needs.parts;
  const { journal } = from;
  const folded = foldRun(journal.read());
  if (!folded.ok) return failed(`The journal ${journal.file} cannot be taken up again: ${folded.error}`);
  const { run, header } = folded.value;
  const mirrorChannel = await openMirror(plan, ports);
  const ahead = from.takeover === undefined ? await whoWentOn(mirrorChannel, run, journal) : null;
  if (ahead !== null) {
    await mirrorChannel?.close();
    return failed(ahead);
  }
  const over = whyOver(run);
  if (over !== null) {
    settleEnded(needs, run, journal.head());
    return failed(`Run ${run.id} cannot be taken up again: ${over}.`);
  }
  let active: ActiveRun | null = null;
  const sessions = emptySessions(tellLost(() => active?.runner ?? null, needs.changed));
  const ground = { plan, ports, run, sessions, channels: needs.channels };
  // A run that was never released sent nothing anywhere: it ends without a look at any server.
  const reopened =
    run.phase === 'held'
      ? ok({ threads: {}, stillLost: [] })
      : await needs.observer.work.during(reopenLost(ground));
  const switches = reopened.ok ? await readSwitches(run, plan, needs.channels) : {};
  const looked = reopened.ok ? await lookAgain(ground, { ...run, switches }, sessions) : reopened;
  if (!reopened.ok || !looked.ok) {
    await Promise.all([sessions.close(), mirrorChannel?.close()]);
    return reopened.ok ? failed(looked.ok ? '' : looked.error) : reopened;
  }
  const { stands, restarted, seen } = looked.value;
  const strange = from.takeover === undefined ? null : whyNotThisJournal(run, plan, looked.value);
  if (strange !== null) {
    await sessions.close();
    return failed(strange);
  }
  // A run that began on another laptop is one of this one's from here on.
  if (!needs.preparation().runs.some(({ runId }) => runId === run.id))
    needs.record({ kind: 'run-begun', runId: run.id });
  needs.tell(`Run ${run.id} is taken up again: ${stands}.`);
  const sleep = await ports.laptop.blockSleep();
  const clients = ports.clients
    .start()
    .catch((error: unknown) => needs.tell(`The clients could not be started: ${reasonOf(error)}.`));
  // The way forward ends with a write through the application; the way back waits for nobody.
  if (run.ponrAt !== null) await needs.observer.work.during(clients);
  const precedence = ports.laptop.takePrecedence();
  const acting = actingSessions(needs, sessions);
  const driver = from.takeover?.driver ?? driverAfter(run.driver, ownName(ports, who));
  const mirror = mirrorOf(plan, run.id);
  active = driveRun({ ...needs, sessions: acting }, { ...from, run, driver, mirrorChannel });
  active.runner.post({
    kind: 'resumed',
    who,
    driver,
    ...(mirror === null ? {} : { mirror: { ...mirror, lost: null } }),
    ...(from.takeover === undefined
      ? {}
      : { takeover: { found: run.ponrAt === null ? foundUndo(run, plan, seen) : [] } }),
    threads: allThreads(sessions.threads(), needs.observer.threads()),
    restarted,
    stillLost: reopened.value.stillLost,
    ...(Object.keys(switches).length === 0 ? {} : { switches }),
    stands,
  });
  const driven = active;
  const judged = {
    verdicts: header.verdicts,
    blocks: [],
    armedAt: ports.clock.now().utcMs,
    lost: () => [],
    forecasts: {},
  };
  const night = nightOf(needs, { sessions, judged, active: () => driven, begin: () => ok(driven) }, () => {
    sleep.release();
    precedence.release();
  });
  return ok({ night, stands });
}

/** A mirror that holds more than this laptop was written by another cockpit: then this journal is not the run any more. */
async function whoWentOn(channel: SshChannel | null, run: Run, journal: Journal): Promise<string | null> {
  if (run.mirror === null || channel === null) return null;
  const read = await readMirror(channel, run.mirror.file, lookLimitMs);
  if (!read.ok || read.value === null) return null;
  const { kind } = compareMirror(journalText(journal.read()), read.value.text);
  return kind === 'behind'
    ? null
    : `Run ${run.id} went on without this laptop: its mirror at ${run.mirror.host} holds records that are not here. Another cockpit took it over. Take it over from there with "cockpit takeover ${run.id}", or leave it to that one.`;
}

/** A run that ended in its own journal ends in the plan's too: its cockpit may have gone before that was written. */
function settleEnded(needs: NightNeeds, run: Run, head: string): void {
  const known = needs.preparation().runs.find(({ runId }) => runId === run.id);
  if (run.reversing === null && known?.outcome === null && run.outcome !== null)
    needs.record({ kind: 'run-ended', runId: run.id, outcome: run.outcome, head });
  // So may the journal of the run that it turned round.
  settleReversed(needs, run);
}
