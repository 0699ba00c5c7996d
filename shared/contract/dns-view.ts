import type { HealthView } from './health-view.ts';

/** What the screen shows of DNS: pushed apart from the view, because it changes by itself and may be long. */
export type DnsView = {
  readonly atUtcMs: number;
  /** What the minute will change, in the plan's words. */
  readonly changes: readonly DnsChangeView[];
  /** By which plane of Route 53 it is announced, and how long that takes: a sentence for each way. */
  readonly planes: readonly string[];
  /** What Route 53 itself would answer, beside what the plan expects on either side. */
  readonly told: readonly DnsToldView[];
  readonly zones: readonly DnsZoneView[];
  readonly rows: readonly DnsRowView[];
  readonly share: ShareView;
  readonly regions: readonly { readonly region: string; readonly share: ShareView }[];
  readonly eta:
    | { readonly kind: 'done' }
    | { readonly kind: 'until'; readonly atUtcMs: number; readonly without: number }
    | { readonly kind: 'unknown'; readonly why: string };
  /** Who is not on the target, and why; the first of them. */
  readonly lingering: readonly {
    readonly row: string;
    readonly side: DnsSide;
    readonly label: string;
    readonly why: string;
  }[];
  readonly lingeringMore: number;
  /** The share over time, oldest first. */
  readonly history: readonly (ShareView & { readonly atUtcMs: number })[];
  readonly pace: string;
  /** Null: there is none, or nobody looks at Route 53 here. */
  readonly health: HealthView | null;
};

export type DnsSide = 'source' | 'target' | 'other' | 'error' | 'waiting';

export type ShareView = {
  readonly target: number;
  readonly source: number;
  readonly other: number;
  readonly error: number;
};

export type DnsChangeView = {
  readonly set: string;
  readonly zone: string;
  readonly region: string | null;
  readonly before: string;
  readonly after: string;
};

export type DnsZoneView = {
  readonly zone: string;
  readonly name: string;
  readonly view: 'public' | 'private';
  /** Null: not looked for yet. */
  readonly servers:
    | readonly {
        readonly server: string;
        readonly address: string | null;
        readonly standing: 'holds' | 'lame' | 'silent' | 'no-address';
        readonly why: string;
      }[]
    | null;
  readonly notes: readonly string[];
  /** UTC ms at which the last authoritative server was seen with the change. */
  readonly changedAtUtcMs: number | null;
};

export type DnsToldView = {
  readonly row: string;
  /** `www.shop.example A`. */
  readonly question: string;
  readonly users: string | null;
  readonly region: string | null;
  readonly side: DnsSide;
  readonly values: readonly string[];
  readonly why: string;
  readonly expectedSource: readonly string[];
  readonly expectedTarget: readonly string[];
  readonly atUtcMs: number;
};

export type DnsRowView = {
  /** Stable from look to look. */
  readonly row: string;
  readonly kind: 'authoritative' | 'resolver' | 'host' | 'office';
  readonly zone: string;
  readonly server: string;
  readonly address: string;
  /** `www.shop.example A`. */
  readonly question: string;
  /** Group of users that is asked for; null: the server's own place. */
  readonly users: string | null;
  readonly region: string | null;
  readonly side: DnsSide;
  /** What kind of answer it is: as-planned, nxdomain, lame, stale, … */
  readonly answer: string;
  readonly why: string;
  readonly values: readonly string[];
  /** Names that were passed through, when there is more than one. */
  readonly chain: readonly string[];
  /** What was left of it when it was seen; null: nothing is kept, or it is not told. */
  readonly ttlSeconds: number | null;
  readonly seenAtUtcMs: number | null;
  readonly turnedAtUtcMs: number | null;
  readonly turnedBack: number;
  readonly ignoresTtl: string | null;
  /** It answers for its own place, whoever is asked for. */
  readonly ownPlaceOnly: boolean;
};
