import type { Plan } from '../plan/plan.ts';
import { switchOf } from '../plan/switches.ts';
import { undoneSince } from './again.ts';
import type { Run } from './run.ts';
import { secondStageMs } from '../plan/switches.ts';
import { openedBySwitch } from './stand-down.ts';

/** The stop-here matrix: what is writable now, what is lost if we stop, how to go back, how long it takes. */
export type StopHere = {
  readonly writable: string;
  readonly lost: string;
  readonly wayBack: string;
  readonly takes: string;
  readonly ifLaptopDies: string;
};

/** What stopping at this moment would mean, from the run's own record. */
export function judgeStopHere(run: Run, plan: Plan): StopHere {
  if (run.outcome === 'ousted') return drivenElsewhere;
  if (run.ponrAt === null) return beforePonr(run, plan);
  if (run.reversing !== null || run.outcome === 'reversed') return turnedRound(run);
  if (run.outcome === 'thawed') return concluded;
  const promoted = plan.chains.filter(
    (chain) =>
      run.steps[`promote:${chain.id}`]?.state === 'done' &&
      undoneSince(run, chain, 'target-closed').length === 0,
  );
  const names = (chains: readonly { readonly id: string }[]) => chains.map(({ id }) => id).join(', ');
  const onSource = openedBySwitch(run, plan);
  const open = plan.chains.filter((chain) => !promoted.includes(chain) && !onSource.includes(chain));
  const reversible = plan.chains.filter(
    ({ id, wayBack }) => wayBack === 'reverse' && run.steps[`reverse:${id}`]?.state === 'done',
  );
  if (onSource.length > 0) return openAtSource([onSource, promoted, open]);
  return {
    writable:
      open.length === 0
        ? 'the target, of every chain'
        : `the target of ${names(promoted) || 'no chain yet'}; nothing of ${names(open)}`,
    lost: 'nothing: the target contains everything the source committed',
    wayBack:
      open.length > 0
        ? 'forward: finish promotion, by Retry where it failed; no run is turned round in part'
        : reversible.length === plan.chains.length
          ? 'Reverse: the same minute with the sides swapped, over the reverse links'
          : `no running reverse link yet for ${names(plan.chains.filter((chain) => !reversible.includes(chain)))}`,
    takes:
      open.length > 0
        ? 'one press, within limits.promoteMs'
        : 'its own go/no-go, then about as long as the way forth',
    ifLaptopDies: 'the target stays open and the source closed; journal and report tell the rest',
  };
}

/**
 * The second stage acted: nothing may go forward there, because the data is on the source, and nothing of it back, because
 * the forward link may be gone. What is left is for a person, by the emergency sheet.
 */
function openAtSource([onSource, promoted, closed]: readonly (readonly {
  readonly id: string;
}[])[]): StopHere {
  const names = (chains: readonly { readonly id: string }[] | undefined) =>
    (chains ?? []).map(({ id }) => id).join(', ');
  const rest = [
    ...(promoted?.length === 0 ? [] : [`the target of ${names(promoted)}`]),
    ...(closed?.length === 0 ? [] : [`nothing of ${names(closed)}`]),
  ];
  return {
    writable: [
      `the source of ${names(onSource)}, which its dead-man's switch opened again while no target was open`,
      ...rest,
    ].join('; '),
    lost: `nothing: what was written since stands on the source of ${names(onSource)}`,
    wayBack: `${names(onSource)} is back already. Leave its source open and its target closed; where every chain is back, Conclude ends the run, and otherwise the emergency sheet says how it is cleared away by hand`,
    takes: "no writes wait for it; the target's replication is set up anew before the next run",
    ifLaptopDies: `the source of ${names(onSource)} stays open: the switch keeps the run lock without which no target opens`,
  };
}

/** What became of the run since this cockpit was ousted, only the other one knows. */
const drivenElsewhere: StopHere = {
  writable: 'not known by this run: look at the servers as they are shown, and at the cockpit that drives',
  lost: 'as the cockpit that drives says',
  wayBack: 'by the cockpit that drives; from here only by taking the run over',
  takes: 'as that cockpit says',
  ifLaptopDies: 'nothing happens: it drives nothing any more',
};

/** One press ended the run where its switches had brought it. */
const concluded: StopHere = {
  writable:
    "the source, of every chain: its dead-man's switch had opened it, and the run was concluded there",
  lost: 'nothing',
  wayBack: 'nothing is left to take back; see which links the targets have left before the next run',
  takes: 'at once',
  ifLaptopDies: 'the application does not notice',
};

/** Another run drives the same servers: what is true here it alone knows. */
function turnedRound({ reversing, outcome }: Run): StopHere {
  if (reversing === null || outcome === 'reversed')
    return {
      writable: 'the source, of every chain: the run was reversed',
      lost: 'nothing',
      wayBack: 'nothing is left to take back',
      takes: 'at once',
      ifLaptopDies: 'the application does not notice',
    };
  const other = `run ${reversing.runId}, which reverses this one`;
  return {
    writable: `as ${other} says`,
    lost: 'nothing',
    wayBack: `by ${other}`,
    takes: `as ${other} says`,
    ifLaptopDies: `${other}, is taken up again: cockpit resume ${reversing.runId}`,
  };
}

function beforePonr(run: Run, plan: Plan): StopHere {
  const fenced = run.undo.filter(({ kind }) => kind === 'thaw').length;
  if (run.outcome === 'needs-operator' && run.undo.length > 0) return notTakenBack(run);
  if (run.phase === 'ended' || fenced === 0) {
    return {
      writable: 'the source, of every chain',
      lost: 'nothing',
      wayBack:
        run.phase === 'ended' ? 'nothing is left to take back' : 'nothing to take back on the databases',
      takes: 'at once',
      ifLaptopDies: 'the application does not notice',
    };
  }
  return {
    writable:
      run.phase === 'unwinding' ? 'the source, as each node thaws' : 'nothing: both sides are read-only',
    lost: 'nothing',
    wayBack:
      run.phase === 'unwinding'
        ? 'thawing now'
        : 'thaw every chain; it happens by itself on any failure or overrun',
    takes: `about 0.3 s; bounded by ${plan.limits.abortMs} ms (limits.abortMs of the plan)`,
    ifLaptopDies: ifLaptopDies(run, plan),
  };
}

/** Taking everything back failed somewhere: nobody may read that the source takes writes. */
function notTakenBack(run: Run): StopHere {
  return {
    writable: 'not known: it was not seen that everything was taken back',
    lost: 'nothing',
    wayBack: `retry the thaw, or go by the emergency sheet. ${run.steps['unwind']?.text ?? ''}`.trim(),
    takes: 'one press, or as long as a person needs',
    ifLaptopDies: 'whatever is closed stays closed until a person opens it by the emergency sheet',
  };
}

function ifLaptopDies(run: Run, plan: Plan): string {
  const without = plan.chains.filter((chain) => switchOf(plan, chain).kind !== 'armed');
  if (without.length === plan.chains.length)
    return "the sources stay read-only until a person thaws them: the plan has no dead-man's switch";
  const rest =
    without.length === 0
      ? ''
      : `; ${without.map(({ id }) => id).join(', ')} stays read-only until a person thaws it`;
  if (run.steps['claim']?.state === 'done')
    return `the second stage of the dead-man's switch opens the sources after ${secondStageMs / 1_000} s, where it can hold the target closed${rest}`;
  return `the dead-man's switch opens the sources, at most ${plan.limits.deadMansSwitchMs / 1_000} s after it was armed (limits.deadMansSwitchMs of the plan)${rest}`;
}
