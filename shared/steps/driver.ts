/**
 * Who drives a run. The epoch grows with each cockpit that takes the run up; the name tells two of the same epoch apart,
 * and tells whoever lost the run who has it now.
 */
export type Driver = { readonly epoch: number; readonly who: string };

/** What a host keeps beside what the run changes there: each effect over SSH compares it, under flock, first. */
export type EpochMark = Driver & { readonly file: string };

/** The mark of a run on one host. Names carry run and host: several hosts may share one home. */
export function epochMark(run: { readonly id: string; readonly driver: Driver }, host: string): EpochMark {
  return { ...run.driver, file: `~/.cutover-${run.id}-${host}.epoch` };
}

/** The driver after this one: only a higher epoch is let in. */
export function driverAfter({ epoch }: Driver, who: string): Driver {
  return { epoch: epoch + 1, who };
}

/**
 * A driver by name: the person, the laptop, and since when, so that no two are the same. Nothing that a file's line or a
 * shell could misread.
 */
export function driverName(who: string, laptop: string, since: number): string {
  const plain = `${who} on ${laptop}`.replaceAll(/[^\p{L}\p{N} .,@()_-]/gu, '_').slice(0, 120);
  return `${plain} since ${new Date(since).toISOString()}`;
}
