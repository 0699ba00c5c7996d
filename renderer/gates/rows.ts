import { letsPass } from '../../shared/contract/passing.ts';
import type { ChecklistView, HostKeyView, View } from '../../shared/contract/view.ts';
import type { GateGroup, Verdict } from '../../shared/gates/gate.ts';
import type { Listed } from '../store/ui.ts';

/** Whatever preflight asks for: a gate, an answer, a host key. */
export type Row =
  | { readonly kind: 'gate'; readonly key: string; readonly verdict: Verdict }
  | { readonly kind: 'item'; readonly key: string; readonly item: ChecklistView }
  | { readonly kind: 'host'; readonly key: string; readonly host: HostKeyView };

/** The groups in the order of the list, with their words. */
export const groups: readonly { readonly group: GateGroup; readonly word: string }[] = [
  { group: 'right-servers', word: 'Right servers' },
  { group: 'replication', word: 'Replication' },
  { group: 'writers', word: 'Writers' },
  { group: 'way-back', word: 'Way back' },
  { group: 'durability', word: 'Durability' },
  { group: 'hosts', word: 'Hosts' },
  { group: 'dns', word: 'DNS' },
  { group: 'laptop', word: 'This laptop' },
  { group: 'people', word: 'People' },
  { group: 'versions', word: 'Versions' },
];

/** Whether a row keeps the run from beginning. */
export function blocks(row: Row): boolean {
  switch (row.kind) {
    case 'gate':
      return !letsPass(row.verdict);
    case 'item':
      return row.item.blocking && row.item.answer?.answer !== 'yes';
    case 'host':
      return row.host.state !== 'accepted';
  }
}

/** The gate of a checklist item that its own row tells already; shown again only when an answer was given and does not count. */
function saidByItem(view: View, verdict: Verdict): boolean {
  const item = view.checklist.find(({ item: id }) => verdict.gate === `people.checklist:${id}`);
  return item !== undefined && (item.answer === null || verdict.state === 'open');
}

/** All rows in one fixed order: gates by group, answers, host keys. */
export function rowsOf(view: View): readonly Row[] {
  const hosts = view.hostKeys.map((host): Row => ({ kind: 'host', key: `host:${host.host}`, host }));
  const items = view.checklist
    .filter((item) => item.phase === 'preflight')
    .map((item): Row => ({ kind: 'item', key: `item:${item.item}`, item }));
  const gates = groups.flatMap(({ group }) =>
    view.gates
      .filter((verdict) => verdict.group === group && !saidByItem(view, verdict))
      .sort((left, right) => (left.gate < right.gate ? -1 : 1))
      .map((verdict): Row => ({ kind: 'gate', key: `gate:${verdict.gate}`, verdict })),
  );
  return [...gates, ...items, ...hosts];
}

/** A gate that is not open and stops nothing: shown, not counted as closed. */
function warns(verdict: Verdict): boolean {
  return !verdict.blocking && verdict.state !== 'open';
}

function urgency(row: Row): number {
  if (!blocks(row)) return row.kind === 'gate' && warns(row.verdict) ? 3 : 4;
  if (row.kind !== 'gate') return 2;
  return row.verdict.state === 'closed' ? 0 : 1;
}

/** What blocks first, each kind in its own order. */
export function blockersFirst(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((left, right) => urgency(left) - urgency(right));
}

/** The rows in an order that was taken before; what is new since stands at the end. */
export function inOrder(rows: readonly Row[], keys: readonly string[]): readonly Row[] {
  const place = (row: Row) => (keys.includes(row.key) ? keys.indexOf(row.key) : keys.length);
  return [...rows].sort((left, right) => place(left) - place(right));
}

/** What is listed under one entry of the navigation. */
export function listedRows(rows: readonly Row[], listed: Listed, onlyBlocking: boolean): readonly Row[] {
  const wanted = rows.filter((row) => {
    if (listed === 'all') return true;
    if (listed === 'checklist') return row.kind === 'item';
    if (listed === 'host-keys') return row.kind === 'host';
    return row.kind === 'gate' && row.verdict.group === listed;
  });
  return onlyBlocking ? wanted.filter(blocks) : wanted;
}

export type Counts = {
  readonly closed: number;
  readonly unknown: number;
  readonly open: number;
  readonly warnings: number;
  readonly overridden: number;
  readonly blockingGates: number;
  readonly answers: number;
  readonly hosts: number;
};

/** The figures of the head line and of the button that leads on. */
export function countRows(rows: readonly Row[]): Counts {
  const gates = rows.flatMap((row) => (row.kind === 'gate' ? [row.verdict] : []));
  const overridden = (verdict: Verdict) =>
    verdict.state !== 'open' && verdict.override !== null && verdict.overridable;
  const blocking = rows.filter(blocks);
  return {
    closed: gates.filter((verdict) => verdict.blocking && verdict.state === 'closed' && !overridden(verdict))
      .length,
    unknown: gates.filter(
      (verdict) => verdict.blocking && verdict.state === 'unknown' && !overridden(verdict),
    ).length,
    open: gates.filter((verdict) => verdict.state === 'open').length,
    warnings: gates.filter(warns).length,
    overridden: gates.filter(overridden).length,
    blockingGates: blocking.filter((row) => row.kind === 'gate').length,
    answers: blocking.filter((row) => row.kind === 'item').length,
    hosts: blocking.filter((row) => row.kind === 'host').length,
  };
}
