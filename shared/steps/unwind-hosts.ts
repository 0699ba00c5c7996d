import { present } from '../lib/assert.ts';
import { trouble, type Needs, type StepContext } from './need.ts';
import { standDownArgv, standDownMs } from './stand-down.ts';
import type { UndoItem } from './undo.ts';

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
      const ended = need.ssh('stand-down', [host, standDownArgv(run.id, host)], {
        effect: true,
        limitMs: standDownMs,
      });
      if (ended === undefined) return { item, result: 'waiting' };
      if (ended.kind === 'ok') return { item, result: 'done' };
      return { item, result: { left: trouble(host, "standing its dead-man's switch down", ended) } };
    });
}

/** A file that no server reads: what stays of it costs nobody anything. */
export function unstage(need: Needs, { host, path }: Extract<UndoItem, { kind: 'unstage' }>): Restored {
  const removed = need.sshFile(`unstage.${path}`, [host, path, null], {});
  if (removed === undefined) return 'waiting';
  return removed.kind === 'ok' ? 'done' : { left: trouble(host, `removing ${path}`, removed) };
}

/** Ends the maintenance mode of one application host. */
export function maintenanceOff(
  need: Needs,
  { plan }: StepContext,
  item: Extract<UndoItem, { kind: 'maintenance-off' }>,
): Restored {
  const fleet = present(
    plan.appFleets.find(({ id }) => id === item.fleet),
    item.fleet,
  );
  const off = need.ssh(`${fleet.id}.maintenance-off`, [item.host, fleet.maintenance?.off ?? ['true']], {
    effect: true,
  });
  if (off === undefined) return 'waiting';
  return off.kind === 'ok' ? 'done' : { failed: trouble(item.host, 'maintenance mode off', off) };
}
