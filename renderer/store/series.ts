import type { SeriesPoint } from '../../shared/contract/view.ts';

/** Five minutes at 10 Hz. */
export const seriesCapacity = 3_000;

/**
 * The last points of one line in fixed memory. Charts read it straight, outside React: ten updates a second times the
 * number of links would otherwise render the whole screen.
 */
export class Ring {
  readonly times: Float64Array;
  readonly values: Float64Array;
  #next = 0;
  #size = 0;

  constructor(capacity: number) {
    this.times = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds one point; null (nothing is known) is a gap. */
  add(atUtcMs: number, value: number | null): void {
    this.times[this.#next] = atUtcMs;
    this.values[this.#next] = value ?? Number.NaN;
    this.#next = (this.#next + 1) % this.times.length;
    this.#size = Math.min(this.#size + 1, this.times.length);
  }

  /** Calls back for each point from `sinceUtcMs` on, oldest first; a gap is null. */
  each(sinceUtcMs: number, visit: (atUtcMs: number, value: number | null) => void): void {
    const first = (this.#next - this.#size + this.times.length) % this.times.length;
    for (let offset = 0; offset < this.#size; offset += 1) {
      const index = (first + offset) % this.times.length;
      const atUtcMs = this.times[index] ?? 0;
      const value = this.values[index] ?? Number.NaN;
      if (atUtcMs >= sinceUtcMs) visit(atUtcMs, Number.isNaN(value) ? null : value);
    }
  }
}

/** The name of a link's line. */
export function lagLine(link: { readonly from: string; readonly to: string }): string {
  return `lag ${link.from} → ${link.to}`;
}

/** The name of an instance's line. */
export function writesLine(instance: string): string {
  return `writes ${instance}`;
}

/** All lines of the screen, and who wants to know that there are new points. */
export class Series {
  readonly #lines = new Map<string, Ring>();
  readonly #listeners = new Set<() => void>();
  newestUtcMs = 0;

  add(point: SeriesPoint): void {
    this.newestUtcMs = Math.max(this.newestUtcMs, point.atUtcMs);
    for (const lag of point.lag) this.#line(lagLine(lag)).add(point.atUtcMs, lag.lagMs);
    for (const writes of point.writes)
      this.#line(writesLine(writes.instance)).add(point.atUtcMs, writes.perSecond);
    for (const listener of this.#listeners) listener();
  }

  line(name: string): Ring | undefined {
    return this.#lines.get(name);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #line(name: string): Ring {
    const existing = this.#lines.get(name);
    if (existing !== undefined) return existing;
    const created = new Ring(seriesCapacity);
    this.#lines.set(name, created);
    return created;
  }
}

/** The series of this window. */
export const series = new Series();
