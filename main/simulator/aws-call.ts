import type { Answer } from '../../shared/sessions/session.ts';
import type { ZoneRefusal } from '../../shared/sessions/zone-answers.ts';
import type { SimulatorClock } from './clock.ts';

/** What an endpoint of AWS says to a call; null: nothing comes back, whatever became of it. */
export type AwsReply<T> =
  { readonly value: T } | { readonly refusal: ZoneRefusal; readonly message: string } | null;

export type AwsCall<T> = {
  readonly limitMs: number;
  /** Why no call leaves at all; null: it does. */
  readonly unconnected: string | null;
  /** There, and back, ms. */
  readonly wayMs: readonly [there: number, back: number];
  /** What is said when the limit comes first. */
  readonly silence: string;
  readonly work: () => AwsReply<T>;
};

/** One call to an endpoint of AWS: there, what is done with it, and back; or the limit. */
export function awsCall<T>(clock: SimulatorClock, call: AwsCall<T>): Promise<Answer<T>> {
  const begun = clock.nowMs();
  const stamp = (): { readonly takenAt: number; readonly tookMs: number } => ({
    takenAt: Math.floor(clock.utcMs()),
    tookMs: clock.nowMs() - begun,
  });
  if (call.unconnected !== null)
    return Promise.resolve({ kind: 'none', why: 'not-connected', message: call.unconnected, ...stamp() });
  const [thereMs, backMs] = call.wayMs;
  return new Promise((resolve) => {
    let over = false;
    const settle = (answer: Answer<T>): void => {
      if (over) return;
      over = true;
      limit.cancel();
      clock.answered();
      resolve(answer);
    };
    const limit = clock.in(call.limitMs, () =>
      settle({ kind: 'none', why: 'time-limit', message: call.silence, ...stamp() }),
    );
    clock.answered();
    clock.in(thereMs, () => {
      const reply = call.work();
      if (reply === null) return;
      clock.in(backMs, () =>
        settle(
          'value' in reply
            ? { kind: 'ok', value: reply.value, ...stamp() }
            : { kind: 'refused', code: null, ...reply, ...stamp() },
        ),
      );
    });
  });
}
