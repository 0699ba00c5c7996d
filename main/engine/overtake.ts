import { failed, ok, type Result } from '../../shared/lib/result.ts';
import { whyOver } from '../../shared/steps/resume.ts';
import { lookBeforeTaking } from './look-again.ts';
import { ownName } from './open-mirror.ts';
import type { OtherCockpit } from './other-cockpit.ts';
import type { CockpitParts, RunJournal } from './parts.ts';
import type { Overtaking } from './resume.ts';
import { ownPart, takeMirror } from './takeover.ts';
import { reasonOf } from './troubles.ts';

const openMs = 10_000;

/** Why this cockpit cannot take over the run of another one; null: it can. */
export function whyNotOvertake({ planDigest, leftRuns }: CockpitParts, other: OtherCockpit): string | null {
  const { run } = other;
  if (run === null)
    return `Its journal is not to be had from here: ${other.unread} Look for the laptop that drives.`;
  const over = whyOver(run.run);
  if (over !== null) return `There is nothing to take over: ${over}.`;
  const byHand = `Take it over on the command line: cockpit takeover ${run.run.id} --plan FILE`;
  if (run.header.reverses !== undefined)
    return `It turns run ${run.header.reverses.runId} round, by a plan of its own. ${byHand}`;
  if (run.header.planDigest !== planDigest)
    return `The plan's file here is not the one that this run began with. ${byHand}; that goes by the plan that the run began with.`;
  return leftRuns === undefined ? 'Runs of this plan are not kept here.' : null;
}

/**
 * Looks at everything, fetches the newest journal of the other cockpit's run under a higher epoch and keeps it here, to be
 * driven on. A look that refuses leaves the other cockpit as it was. From the
 * epoch on that cockpit can add nothing to the mirror and change no host; on no server anything is changed yet.
 */
export async function overtake(
  parts: CockpitParts,
  other: OtherCockpit,
  who: string,
): Promise<Result<RunJournal & { readonly takeover: Overtaking }, string>> {
  const why = whyNotOvertake(parts, other);
  if (why !== null || other.run === null || parts.leftRuns === undefined) return failed(why ?? other.unread);
  const { ports, leftRuns } = parts;
  const { host, file, run } = other.run;
  const opened = await ports.ssh.open(host, openMs);
  if (opened.kind === 'refused')
    return failed(`${host}, which keeps the mirror, is not reached: ${opened.message}`);
  try {
    const kept = leftRuns.read(run.id);
    const here = kept.ok ? ownPart(kept.value) : null;
    const taken = await takeMirror(opened.channel, {
      file,
      here,
      name: ownName(ports, who),
      look: (run) => lookBeforeTaking(parts, run, []),
    });
    if (!taken.ok) return taken;
    const from =
      here === taken.value.text ? leftRuns.reopen(run.id) : leftRuns.keep(run.id, taken.value.text);
    return from.ok ? ok({ ...from.value, takeover: { driver: taken.value.driver } }) : from;
  } catch (error) {
    return failed(`The journal of run ${run.id} could not be kept here: ${reasonOf(error)}`);
  } finally {
    await opened.channel.close();
  }
}
