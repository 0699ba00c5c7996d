import type { Judged } from './need.ts';

/** What the parts of a step wait for together, until the first of them is to be looked at again; null: none of them waits. */
export function waitingTogether(
  parts: readonly { readonly kind: string; readonly text: string; readonly wakeAtMonoMs?: number }[],
): Extract<Judged, { readonly kind: 'waiting' }> | null {
  const waiting = parts.filter(({ kind }) => kind === 'waiting');
  if (waiting.length === 0) return null;
  const text = waiting.map((part) => part.text).join('; ');
  const wakes = waiting.flatMap(({ wakeAtMonoMs }) => wakeAtMonoMs ?? []);
  return wakes.length === 0
    ? { kind: 'waiting', text }
    : { kind: 'waiting', text, wakeAtMonoMs: Math.min(...wakes) };
}
