import type { Run } from '../../shared/steps/run.ts';
import type { ClockPort } from '../ports.ts';
import type { Observer } from './observer.ts';

/**
 * Where the observations of a run go: a file beside its journal, never synced, never read by a decision. What a
 * decision used is in its own record; this is for looking at the night again.
 */
export type ObservationSink = { readonly write: (line: string) => void; readonly close: () => void };

/** Once a run has its outcome each server is written down this often, so that a long watch stays a small file. */
const calmPeriodMs = 1_000;

/** Writes every fresh reading of every server down as one line, and the lags and clients once a second. */
export function writeObservations(
  {
    clock,
    observer,
    run,
  }: { readonly clock: ClockPort; readonly observer: Observer; readonly run: () => Run },
  sink: ObservationSink,
): () => void {
  const newest = new Map<string, number>();
  let togetherAt = -Infinity;
  const stop = observer.onWatched(({ instance, facts, askedAt }) => {
    const at = clock.now();
    const calm = run().outcome !== null && at.monoMs - (newest.get(instance) ?? -Infinity) < calmPeriodMs;
    if (!calm) {
      newest.set(instance, at.monoMs);
      sink.write(JSON.stringify({ at, kind: 'fast', instance, askedAt, facts }));
    }
    if (at.monoMs - togetherAt < calmPeriodMs) return;
    togetherAt = at.monoMs;
    const { lags, clients, hosts, laptop } = observer.snapshot();
    sink.write(JSON.stringify({ at, kind: 'together', lags, clients, hosts, laptop }));
  });
  return () => {
    stop();
    sink.close();
  };
}
