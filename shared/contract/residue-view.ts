/** Who still arrives on the source side after the switch, and whether it may go dark. */
export type ResidueView = {
  readonly atUtcMs: number;
  readonly goDark: {
    readonly state: 'open' | 'closed' | 'unknown';
    readonly reasons: readonly string[];
    /** UTC ms at which it opens when nobody comes any more; null: somebody is there, or it cannot be told. */
    readonly opensAtUtcMs: number | null;
  };
  readonly places: readonly {
    readonly place: string;
    readonly kind: 'database' | 'edge';
    readonly unknown: string | null;
    readonly perMinute: number | null;
    readonly quietSinceUtcMs: number | null;
    readonly lookedAtUtcMs: number | null;
    readonly arrivals: readonly {
      readonly who: string;
      readonly owner: string | null;
      readonly mayStay: boolean;
      readonly count: number;
      readonly lastAtUtcMs: number;
    }[];
  }[];
};
