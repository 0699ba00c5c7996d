import { present } from '../lib/assert.ts';
import { dropEpoch } from './epoch.ts';
import { lookLater, newestAsked, trouble, type Needs, type StepContext } from './need.ts';
import { standDownArgv, standDownMs } from './stand-down.ts';
import type { UndoItem } from './undo.ts';
import { undoHostMs } from './undo-limits.ts';

/** What became of one line of the undo list. */
export type Restored =
  | 'done'
  | 'waiting'
  /** Nobody answered: it is asked again, and the rest of the list need not wait for it. */
  | { readonly again: string }
  /** It stays, and changes nothing: no person need be called for it. */
  | { readonly left: string }
  | { readonly failed: string };

export type Undone = { readonly item: UndoItem; readonly result: Restored };

/** Whether something stays that costs nobody anything. */
export function isLeft(result: Restored): result is { readonly left: string } {
  return typeof result === 'object' && 'left' in result;
}

/** Claims each switch and sees it gone; one that has acted by itself undid what is undone here, and says so. */
export function standDownAll(need: Needs, { run }: StepContext): readonly Undone[] {
  return run.undo
    .filter((item) => item.kind === 'stand-down')
    .map((item): Undone => {
      const { host } = item;
      const ended = need.ssh('stand-down', [host, standDownArgv(run.id, host, 'undone')], {
        effect: true,
        limitMs: standDownMs,
      });
      if (ended === undefined) return { item, result: 'waiting' };
      if (ended.kind === 'ok') return { item, result: 'done' };
      return { item, result: { left: trouble(host, "standing its dead-man's switch down", ended) } };
    });
}

/** Nothing of this run is let through on a host whose epoch is gone: it goes last. */
export function dropEpochs(need: Needs, { run, plan }: StepContext): readonly Undone[] {
  return run.undo
    .filter((item) => item.kind === 'epoch')
    .map((item): Undone => ({ item, result: dropEpoch(need, plan, item.host) }));
}

/** A file that no server reads: what stays of it costs nobody anything. */
export function unstage(
  need: Needs,
  { plan }: StepContext,
  { host, path }: Extract<UndoItem, { kind: 'unstage' }>,
): Restored {
  const limitMs = undoHostMs(plan);
  const removed = need.sshFile(`unstage.${path}`, [host, path, () => null], { limitMs });
  if (removed === undefined) return 'waiting';
  return removed.kind === 'ok' ? 'done' : { left: trouble(host, `removing ${path}`, removed) };
}

/** How often an application host that does not answer is asked again, ms. */
const askAgainMs = 500;

/**
 * Ends the maintenance mode of one application host. Users are shut out as long as it is on, so a host that does not answer
 * is asked again and again within the undo's own budget: its channel comes back by itself, and off twice is still off.
 */
export function maintenanceOff(
  need: Needs,
  context: StepContext,
  { fleet: id, host }: Extract<UndoItem, { kind: 'maintenance-off' }>,
): Restored {
  const fleet = present(
    context.plan.appFleets.find((each) => each.id === id),
    id,
  );
  const name = (round: number): string => `${fleet.id}.maintenance-off${round === 0 ? '' : round}`;
  for (let round = newestAsked(context, (each) => `${name(each)}@${host}`); ; round += 1) {
    const off = need.ssh(name(round), [host, fleet.maintenance?.off ?? ['true']], { effect: true });
    if (off === undefined) return 'waiting';
    if (off.kind === 'ok') return 'done';
    const text = trouble(host, 'maintenance mode off', off);
    if (off.kind === 'refused') return { failed: text };
    if (lookLater(context, `${name(round)}@${host}`, askAgainMs) !== null) return { again: text };
  }
}
