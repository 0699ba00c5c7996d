/** One thing to set back, recorded before the effect that makes it necessary. */
export type UndoItem =
  | { readonly kind: 'thaw'; readonly instance: string; readonly fenceThread: number }
  | { readonly kind: 'scheduler-on'; readonly instance: string }
  | { readonly kind: 'unstage'; readonly host: string; readonly path: string }
  | { readonly kind: 'maintenance-off'; readonly fleet: string; readonly host: string }
  | { readonly kind: 'close-ring'; readonly instance: string; readonly channel: string }
  | { readonly kind: 'remove-reverse'; readonly instance: string; readonly channel: string };
