/** One taker's turn; `cancel` gives up waiting for it. */
export type Turn = { readonly granted: Promise<boolean>; readonly cancel: () => void };

/** The requests that one account may send, shared by everything here that sends any. */
export type RequestBudget = {
  /**
   * Waits for a turn; `granted` is false only when it was given up. An urgent request goes before all that wait and may
   * take the share that ordinary ones leave free, so that a change of the minute never stands behind a listing.
   */
  readonly take: (urgent: boolean) => Turn;
  /** Ordinary requests rest for so long: the account was throttled, so somebody else spends it too. */
  readonly rest: (ms: number) => void;
};

/** Route 53 answers five requests a second and account (Quotas, "Maximums on API requests"). */
const requestsASecond = 5;
/** A second by the laptop's clock is not one by theirs: requests travel for differing times. */
const windowMs = 1_050;

/** Hands out turns for one account; nothing is dropped, everything waits. */
export function requestBudget(perSecond: number = requestsASecond): RequestBudget {
  type Waiting = { readonly urgent: boolean; readonly done: (granted: boolean) => void };
  const waiting: Waiting[] = [];
  let taken: readonly number[] = [];
  let restsUntil = 0;
  let timer: NodeJS.Timeout | undefined;

  /** When the next one that waits may go; the past means now. */
  const freeAt = (urgent: boolean): number => {
    const most = urgent ? perSecond : perSecond - 1;
    const oldest = taken.at(-most);
    const byShare = taken.length < most || oldest === undefined ? 0 : oldest + windowMs;
    return urgent ? byShare : Math.max(byShare, restsUntil);
  };
  const serve = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (;;) {
      const now = performance.now();
      taken = taken.filter((at) => at > now - windowMs);
      const next = waiting.find(({ urgent }) => urgent) ?? waiting[0];
      if (next === undefined) return;
      const at = freeAt(next.urgent);
      if (at > now) {
        // A timer may fire a fraction early; then it looks again.
        timer = setTimeout(serve, Math.max(1, Math.ceil(at - now)));
        return;
      }
      waiting.splice(waiting.indexOf(next), 1);
      taken = [...taken, now];
      next.done(true);
    }
  };
  return {
    take: (urgent) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const own: Waiting = { urgent, done: resolve };
      waiting.push(own);
      serve();
      return {
        granted: promise,
        cancel: () => {
          const at = waiting.indexOf(own);
          if (at >= 0) waiting.splice(at, 1);
          resolve(false);
        },
      };
    },
    rest: (ms) => {
      restsUntil = Math.max(restsUntil, performance.now() + ms);
    },
  };
}
