import { locksText, standingText, takeoverSteps } from '../../shared/audit/other-cockpit.ts';
import type { OtherView, RunView } from '../../shared/contract/view.ts';
import type { Snapshot } from '../../shared/observations/snapshot.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import { planNodes } from '../../shared/steps/need.ts';
import type { Run } from '../../shared/steps/run.ts';
import type { Cockpit } from '../engine/cockpit.ts';
import { whyNotOvertake } from '../engine/overtake.ts';
import { runView } from './run-view.ts';

/** The run that the screen is about, with the plan that it goes by: this cockpit's own, or the one that it observes. */
export type ShownRun = { readonly run: Run | null; readonly plan: Plan; readonly reverses: string | null };

/** This cockpit's own run first; without one, that of another cockpit. */
export function shownRun(cockpit: Cockpit): ShownRun {
  const { plan, reverses } = cockpit.parts;
  const own = { run: cockpit.night()?.run() ?? null, plan, reverses: reverses?.runId ?? null };
  const other = own.run === null ? (cockpit.other()?.run ?? null) : null;
  if (other === null) return own;
  return { run: other.run, plan: other.header.plan, reverses: other.header.reverses?.runId ?? null };
}

/** The other cockpit's run as its mirror tells it, with nothing to press. */
export function observedRunView(cockpit: Cockpit, snapshot: Snapshot): RunView | null {
  const other = cockpit.other()?.run ?? null;
  if (other === null) return null;
  const { plan, ports } = cockpit.parts;
  const isKnown = planNodes(other.header.plan).every((node) => plan.instances.some(({ id }) => id === node));
  // The statements of a server that this plan does not have cannot be told here.
  const mysql = isKnown ? ports.mysql : { ...ports.mysql, statements: () => [] };
  const view = runView(other.run, other.header.plan, { mysql, snapshot });
  return {
    ...view,
    // Its time runs on the other laptop: between two records nothing is known of its deadline.
    deadlineUtcMs: null,
    control: {
      kind: 'none',
      label: 'Observing',
      detail: 'Only the cockpit that drives acts.',
      enabled: false,
    },
    retry: [],
    sheetFile: null,
  };
}

/** Who drives elsewhere, how sure that is, and what taking over would do; null: nobody is seen. */
export function otherView(cockpit: Cockpit): OtherView | null {
  const other = cockpit.other();
  if (other === null) return null;
  const { run, unread, locks, standing } = other;
  const [driver, since] = run === null ? [null, null] : driverParts(run.run.driver.who);
  const whyNot = whyNotOvertake(cockpit.parts, other);
  return {
    run: run?.run.id ?? null,
    driver,
    since,
    standing,
    text: `${standingText(standing, run?.run ?? null)}${run === null ? ` ${unread}` : ''}`,
    locks: locksText(locks),
    mirror:
      run === null
        ? null
        : {
            host: run.host,
            records: run.records,
            newestAtUtcMs: run.newestAt,
            readAtUtcMs: run.readAt,
            trouble: run.trouble,
          },
    takeOver: {
      steps: run === null || whyNot !== null ? [] : takeoverSteps(run.run, run.host),
      whyNot,
    },
  };
}

/** `Dana on dana@laptop-a since 2026-…` in two parts: who, and since when. */
function driverParts(who: string): readonly [string, string | null] {
  const at = who.lastIndexOf(' since ');
  return at < 0 ? [who, null] : [who.slice(0, at), who.slice(at + ' since '.length)];
}
