import type { ScriptedFault, When } from '../../shared/plan/scenario.ts';
import type { StepState } from '../../shared/steps/run.ts';
import { serverChosen } from './fault-places.ts';
import { inject } from './faults.ts';
import type { OperationEdge, World } from './world.ts';

export type Triggers = {
  /** Adds one scripted fault. */
  readonly add: (scripted: ScriptedFault) => void;
  /** Tells the world that a step of the run changed its state. */
  readonly onStep: (key: string, state: StepState['state']) => void;
  /** Scripted faults that have happened, for tests. */
  readonly happened: readonly ScriptedFault[];
};

/** Watches for the moments at which scripted faults happen: a time, a statement on a server, a step of the run. */
export function makeTriggers(world: World): Triggers {
  const happened: ScriptedFault[] = [];
  const waiting = new Map<ScriptedFault, number>();

  function happen(scripted: ScriptedFault): void {
    waiting.delete(scripted);
    happened.push(scripted);
    inject(world, scripted.fault);
  }
  function seen(scripted: ScriptedFault, count: number): boolean {
    const times = (waiting.get(scripted) ?? 0) + 1;
    waiting.set(scripted, times);
    return times >= count;
  }
  function look(edge: OperationEdge): void {
    for (const scripted of [...waiting.keys()]) {
      const { when } = scripted;
      const operation =
        edge.edge === 'before'
          ? 'before' in when
            ? when.before
            : null
          : 'after' in when
            ? when.after
            : null;
      if (operation !== edge.operation || !isOn(world, when, edge.instance)) continue;
      if (!('count' in when) || !seen(scripted, when.count)) continue;
      const delayMs = 'delayMs' in when ? when.delayMs : 0;
      if (delayMs === 0) happen(scripted);
      else {
        waiting.delete(scripted);
        world.clock.in(delayMs, () => happen(scripted));
      }
    }
  }
  world.onOperation.push(look);

  return {
    add: (scripted) => {
      if ('atMs' in scripted.when) {
        const inMs = scripted.when.atMs - world.clock.nowMs();
        if (inMs <= 0) happen(scripted);
        else world.clock.in(inMs, () => happen(scripted));
      } else waiting.set(scripted, 0);
    },
    onStep: (key, state) => {
      for (const scripted of [...waiting.keys()]) {
        const { when } = scripted;
        if ('step' in when && when.state === state && (when.step === key || key.startsWith(`${when.step}:`)))
          happen(scripted);
      }
    },
    happened,
  };
}

function isOn(world: World, when: When, instance: string): boolean {
  return !('on' in when) || when.on === undefined || serverChosen(world, when.on)?.id === instance;
}
