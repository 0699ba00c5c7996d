import type { ClockPort } from '../ports.ts';

/** Something that is wrong with the cockpit itself, as the operator must hear it; the same one again only counts. */
export type Trouble = { readonly atUtcMs: number; readonly text: string; readonly times: number };

export type Troubles = {
  readonly tell: (text: string) => void;
  /** Oldest first, bounded. */
  readonly all: () => readonly Trouble[];
};

const kept = 100;

/** Keeps what went wrong in the program, so that no defect stays silent. `told` hears each new one once. */
export function keepTroubles(clock: ClockPort, told: (text: string) => void): Troubles {
  const troubles = new Map<string, Trouble>();
  return {
    tell: (text) => {
      const known = troubles.get(text);
      if (known === undefined && troubles.size >= kept) return;
      troubles.set(text, {
        atUtcMs: known?.atUtcMs ?? clock.now().utcMs,
        text,
        times: (known?.times ?? 0) + 1,
      });
      if (known === undefined) told(text);
    },
    all: () => [...troubles.values()],
  };
}

/** What an error says, for a sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
