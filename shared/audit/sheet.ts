import type { Plan } from '../plan/plan.ts';
import type { Run } from '../steps/run.ts';
import { promotedApart } from '../steps/reversible.ts';
import { openedBySwitch } from '../steps/stand-down.ts';
import { backSections } from './sheet-back.ts';
import { cockpitEnded, checks } from './sheet-common.ts';
import { forwardSections } from './sheet-forward.ts';
import type { Sheet, SheetGround } from './sheet-parts.ts';
import { setupSection, tunnelsClosed } from './sheet-reach.ts';
import { whereThingsStand } from './sheet-standing.ts';

const headlines = {
  nothing: 'Nothing is to be taken back. Only look.',
  closed:
    'DONE AND CLOSED: every chain takes writes at its target. Only look; the source stays closed. The lines below say how things must stand.',
  back: 'GO BACK: the point of no return is not passed. The source must take writes again.',
  stay: "STAY: every dead-man's switch opened its source again. The source takes the writes, the target stays closed.",
  forward:
    'GO FORWARD: the point of no return is passed. The source stays closed, the target takes the writes.',
} as const;

/** The emergency sheet of a run as it stands: the way back before the point of no return, forward after it. */
export function emergencySheet(run: Run, plan: Plan): Sheet {
  const ground: SheetGround = { run, plan };
  const direction = directionOf(run);
  const isBack = direction === 'forward' && openedBySwitch(run, plan).length === plan.chains.length;
  const doing = { nothing: () => [], back: backSections, forward: forwardSections }[direction];
  const sections =
    Object.keys(run.identities).length === 0
      ? []
      : [
          setupSection(ground),
          cockpitEnded(ground),
          ...doing(ground),
          checks(ground, direction),
          ...tunnelsClosed(ground),
        ];
  return {
    runId: run.id,
    plan: plan.name,
    environment: plan.environment,
    asOfUtcMs: run.now.utcMs,
    direction,
    headline: isBack ? headlines.stay : headlines[isClosed(run) ? 'closed' : direction],
    standing: whereThingsStand(run, plan),
    never: neverDone(direction, promotedApart(run, plan).stuck),
    sections,
  };
}

/** Nothing is left to be done: a person at night must not read that he has to go anywhere. */
function isClosed({ outcome, phase }: Run): boolean {
  return outcome === 'done' && phase === 'ended';
}

function directionOf({ ponrAt, outcome, undo }: Run): Sheet['direction'] {
  // A run that was reversed is writable on a side that this run's undo list does not know.
  if (outcome === 'reversed' || outcome === 'thawed') return 'nothing';
  if (ponrAt !== null) return 'forward';
  return undo.length === 0 ? 'nothing' : 'back';
}

function neverDone(direction: Sheet['direction'], stuck: readonly string[]): readonly string[] {
  const always =
    'Never send a line whose server is not the one the sheet expects, and never one that another person sends too.';
  if (direction === 'forward')
    return [
      `NEVER open a source again (read_only = 0 there): both sides would take writes, and the data would be split for good.${stuck.length === 0 ? '' : ` The one exception, and only as its own part below says: ${stuck.join(', ')}, whose target never took a write.`}`,
      'Never open a target before its line "contains_everything" answered 1.',
      'Never close the ring of the source again while a reverse link is configured there: events would circle and double rows.',
      always,
    ];
  return [
    'NEVER open a target (read_only = 0 there), and never stop its replication: before the point of no return only the source takes writes.',
    'If a target already takes writes, the point of no return was passed after this sheet was written: send none of the lines that open a source, and print the sheet again with `cockpit sheet RUN`.',
    always,
  ];
}
