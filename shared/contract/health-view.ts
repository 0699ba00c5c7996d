/** What the screen shows of the health checks of the plan: each check, and the votes of its checkers over time. */
export type HealthView = {
  readonly checks: readonly HealthCheckView[];
  /** Record sets that Route 53 chooses among and that nothing checks: answered even when their endpoint is dead. */
  readonly unchecked: readonly string[];
  /** What the votes together mean just now, where it is not what one would think. */
  readonly traps: readonly string[];
};

/** What all checkers of a region said at one look; `none`: the look brought nothing. */
export type RegionLook = 'healthy' | 'part' | 'unhealthy' | 'none';

export type HealthCheckView = {
  readonly check: string;
  readonly side: 'source' | 'target' | 'both' | 'unused';
  readonly state: 'as-planned' | 'differs' | 'missing' | 'unknown';
  /** What is different or why nothing is known; empty where it is as planned. */
  readonly why: string;
  readonly regions: readonly {
    readonly region: string;
    /** Oldest first; every region has as many. */
    readonly looks: readonly RegionLook[];
    /** Of the newest look: so many checkers of so many. */
    readonly healthy: number;
    readonly of: number;
  }[];
  /** UTC ms of the oldest look shown and of the newest; null: none yet. */
  readonly fromUtcMs: number | null;
  readonly toUtcMs: number | null;
  /** Whole intervals on end that every checker saw it healthy, of how many that the plan asks for. */
  readonly stable: { readonly intervals: number; readonly wanted: number };
  /** Route 53 takes the endpoint out after interval × threshold. */
  readonly detection: {
    readonly intervalSeconds: number;
    readonly threshold: number;
    readonly seconds: number;
  };
  /** Null: the plan does not say. */
  readonly dependsOnWrites: boolean | null;
};
