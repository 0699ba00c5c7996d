import type { Answer, NoAnswer } from '../../shared/sessions/session.ts';
import type { ZoneRefusal } from '../../shared/sessions/zone-answers.ts';

type Refused = {
  readonly code: number | null;
  readonly message: string;
  readonly ousted?: true;
  readonly refusal?: ZoneRefusal;
};
type None = { readonly why: NoAnswer; readonly message: string };

/** Stamps the answers of one call with when they came and how long they took. Made when the call begins. */
export function answersFrom(): {
  readonly ok: <T>(value: T) => Answer<T>;
  readonly refused: (refused: Refused) => Answer<never>;
  readonly none: (none: None) => Answer<never>;
} {
  const began = performance.now();
  const stamp = (): { takenAt: number; tookMs: number } => ({
    takenAt: Date.now(),
    tookMs: performance.now() - began,
  });
  return {
    ok: (value) => ({ kind: 'ok', value, ...stamp() }),
    refused: (refused) => ({ kind: 'refused', ...refused, ...stamp() }),
    none: (none) => ({ kind: 'none', ...none, ...stamp() }),
  };
}
