import type { Answer } from '../../shared/sessions/session.ts';
import { answersFrom } from './answers.ts';
import { limitTimer } from './limit-timer.ts';
import type { RequestBudget } from './request-budget.ts';
import { awsFailure } from './route53-refusal.ts';

/** One request to AWS: its limit, and whether it goes before all others of the account. */
export type AwsRequest<T> = {
  readonly limitMs: number;
  /** Null: a service with a budget of its own (STS). */
  readonly budget: RequestBudget | null;
  readonly urgent: boolean;
  /** Whether the channel that it belongs to was closed: the SDK would open its connections again. */
  readonly isClosed: () => boolean;
  readonly send: (signal: AbortSignal) => Promise<T>;
};

/** How long the others of the account rest after one of them was throttled. */
const restMs = 1_000;

/**
 * Sends one request within its limit. A limit that passes while it still waits for its turn has sent nothing, and says so;
 * one that passes afterwards leaves open what happened. The answer does not wait for the SDK to notice the abort.
 */
export async function sendToAws<T>(request: AwsRequest<T>): Promise<Answer<T>> {
  const { limitMs, budget, urgent, isClosed, send } = request;
  const answers = answersFrom();
  if (isClosed())
    return answers.none({ why: 'not-connected', message: 'The channel was closed; nothing was sent.' });
  const abort = new AbortController();
  const late = Promise.withResolvers<'late'>();
  const turn = budget?.take(urgent) ?? null;
  const limit = limitTimer(limitMs, () => {
    late.resolve('late');
    turn?.cancel();
    abort.abort();
  });
  try {
    if (turn !== null && !(await turn.granted))
      return answers.none({
        why: 'not-connected',
        message: `The requests of this account left no turn within ${limitMs} ms; nothing was sent.`,
      });
    const sent = send(abort.signal);
    // Whatever it comes to after the limit is nobody's news any more.
    sent.catch(() => {});
    const first = await Promise.race([sent.then((value) => ({ value })), late.promise]);
    if (first === 'late')
      return answers.none({ why: 'time-limit', message: `AWS gave no answer within ${limitMs} ms.` });
    return answers.ok(first.value);
  } catch (error) {
    if (abort.signal.aborted)
      return answers.none({ why: 'time-limit', message: `AWS gave no answer within ${limitMs} ms.` });
    const failure = awsFailure(error);
    if (failure.kind === 'none') return answers.none(failure);
    if (failure.refusal === 'throttled') budget?.rest(restMs);
    return answers.refused(failure);
  } finally {
    limit.cancel();
  }
}
