import type { Cockpit } from './engine/cockpit.ts';

/** Observations of two rounds are needed for rates. */
const leastMs = 2_000;
/** Round trips come five a second, fewer while this laptop is busy with opening; after this long it is judged anyway. */
const mostMs = 10_000;
const lookAgainMs = 250;
/** Enough that one slow trip in them is not the slowest twentieth. */
const fewestTrips = 12;

/** Reads everything once, then watches until what is measured over time can be judged: nobody here can wait and look again. */
export async function settle({ observer, snapshot, parts }: Cockpit): Promise<void> {
  const { clock } = parts.ports;
  const pass = (ms: number): Promise<void> => new Promise((over) => clock.after(ms, () => over()));
  await observer.refresh();
  const begun = clock.now().monoMs;
  await pass(leastMs);
  const measuring = (): boolean =>
    Object.values(snapshot().instances).some(
      ({ fast, roundTripsMs }) => fast.kind === 'known' && roundTripsMs.length < fewestTrips,
    );
  while (measuring() && clock.now().monoMs - begun < mostMs) await pass(lookAgainMs);
}
