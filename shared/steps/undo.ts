/** One thing to set back, recorded before the effect that makes it necessary. */
export type UndoItem =
  | { readonly kind: 'thaw'; readonly instance: string; readonly fenceThread: number }
  | { readonly kind: 'scheduler-on'; readonly instance: string }
  /** Accounts that this run locked; those that were locked before it stay as they are. */
  | { readonly kind: 'unlock-accounts'; readonly instance: string; readonly accounts: readonly string[] }
  | { readonly kind: 'unstage'; readonly host: string; readonly path: string }
  /** The dead-man's switch of a host, stood down last: as long as anything is not restored it stays armed. */
  | { readonly kind: 'stand-down'; readonly host: string }
  /** Taken away at the very end: from then on the host lets no line of this run through. */
  | { readonly kind: 'epoch'; readonly host: string }
  | { readonly kind: 'maintenance-off'; readonly fleet: string; readonly host: string }
  | { readonly kind: 'close-ring'; readonly instance: string; readonly channel: string }
  | { readonly kind: 'remove-reverse'; readonly instance: string; readonly channel: string };

/** One line of the undo list, in words. */
export function itemText(item: UndoItem): string {
  if (item.kind === 'thaw') return `${item.instance} writable again`;
  if (item.kind === 'scheduler-on') return `event scheduler of ${item.instance} on`;
  if (item.kind === 'unlock-accounts') return `${item.accounts.join(', ')} unlocked on ${item.instance}`;
  if (item.kind === 'stand-down') return `dead-man's switch of ${item.host} stood down`;
  if (item.kind === 'epoch') return `epoch of this run on ${item.host} removed`;
  if (item.kind === 'maintenance-off') return `maintenance mode of ${item.host} off`;
  if (item.kind === 'unstage') return `${item.path} removed on ${item.host}`;
  if (item.kind === 'close-ring') return `ring link of ${item.instance} on`;
  return `reverse link of ${item.instance} removed`;
}
