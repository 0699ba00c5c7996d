import type { Answer } from '../sessions/session.ts';
import { trouble } from './need.ts';

/** First answer of several that is no value, as a sentence; null when all that are there are values. */
export function firstTrouble(
  what: string,
  answers: readonly (readonly [where: string, answer: Answer<unknown> | undefined])[],
): string | null {
  for (const [where, answer] of answers) {
    if (answer !== undefined && answer.kind !== 'ok') return trouble(where, what, answer);
  }
  return null;
}
