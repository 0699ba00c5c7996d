import type { Verdict, ChecklistAnswer } from '../gates/gate.ts';
import type { Outcome } from '../steps/run.ts';

/** What the screen shows. Built in main/api from the run's fold and the observer; the renderer only draws it. */
export type View = {
  readonly header: HeaderView;
  readonly chains: readonly ChainView[];
  /** As they are judged now; armed and before a run, as they were judged at `go.frozenAt`. */
  readonly gates: readonly Verdict[];
  readonly checklist: readonly ChecklistView[];
  readonly hostKeys: readonly HostKeyView[];
  readonly go: GoView | null;
  readonly run: RunView | null;
  /** A run that was begun and never ended, and that nobody drives; null: there is none. */
  readonly left: LeftView | null;
  /** Another cockpit drives: then `run` is its run, as the mirror tells it, and nothing of it can be pressed here. */
  readonly other: OtherView | null;
  readonly clocks: ClocksView;
  readonly report: ReportView | null;
  /** Newest first, at most 200. */
  readonly log: readonly LogLine[];
};

export type Phase = 'replicate' | 'preflight' | 'go' | 'minute' | 'watch' | 'close';

export type HeaderView = {
  readonly plan: string;
  readonly planDigest: string;
  readonly environment: 'production' | 'staging' | 'simulator';
  readonly mode: 'live' | 'rehearsal';
  readonly sites: { readonly source: readonly string[]; readonly target: readonly string[] };
  readonly phase: Phase;
  readonly runId: string | null;
  /** The run that is turned round here; null on the way forth. */
  readonly reverses: string | null;
  readonly driver: string;
  readonly observers: number;
  /** UTC ms of the moment this view was built, for ages. */
  readonly atUtcMs: number;
  /** Whether `cutover` schema is prepared on every source master. */
  readonly prepared: boolean;
  readonly cannotLeave: string | null;
};

export type LeftView = {
  readonly run: string;
  readonly text: string;
  /** What taking it up means, on the button. */
  readonly label: string;
  /** Why it cannot be taken up here; null: it can. */
  readonly whyNot: string | null;
};

/** A cockpit that drives this plan elsewhere, as it is seen from here. */
export type OtherView = {
  /** Null: its journal is not to be had from here. */
  readonly run: string | null;
  /** The person, and the laptop; null: not known. */
  readonly driver: string | null;
  readonly since: string | null;
  readonly standing: 'driving' | 'silent' | 'gone' | 'not-known' | 'over';
  /** What that means, in sentences. */
  readonly text: string;
  /** Who holds the run locks, as the servers say. */
  readonly locks: string;
  readonly mirror: {
    readonly host: string;
    readonly records: number;
    /** UTC ms of its newest record, by the clock of the cockpit that wrote it. */
    readonly newestAtUtcMs: number;
    /** UTC ms of the last time it was read here. */
    readonly readAtUtcMs: number;
    readonly trouble: string | null;
  } | null;
  readonly takeOver: {
    /** What it does, in order. */
    readonly steps: readonly string[];
    /** Why it cannot be done here; null: it can. */
    readonly whyNot: string | null;
  };
};

export type ChainView = {
  readonly chain: string;
  readonly flavor: string;
  readonly version: string;
  readonly gtid: boolean;
  readonly nodes: readonly NodeView[];
  readonly links: readonly LinkView[];
};

export type NodeView = {
  readonly instance: string;
  readonly side: 'source' | 'target';
  readonly role: 'master' | 'slave' | 'replica';
  readonly site: string;
  readonly state: 'writable' | 'read-only' | 'fenced' | 'unknown';
  readonly position: string;
  readonly writesPerSecond: number | null;
  /** UTC ms of the newest fast facts; null: never. */
  readonly takenAt: number | null;
  readonly why: string | null;
};

export type LinkView = {
  readonly from: string;
  readonly to: string;
  readonly kind: 'ring' | 'slave' | 'forward' | 'replica' | 'reverse';
  readonly state: 'running' | 'connecting' | 'stopped' | 'broken' | 'unknown' | 'absent';
  readonly lagMs: number | null;
  readonly transactionsBehind: number | null;
  readonly bytesBehind: number | null;
  readonly takenAt: number | null;
  readonly why: string | null;
};

export type ChecklistView = {
  readonly item: string;
  readonly title: string;
  readonly phase: 'preflight' | 'go' | 'close';
  readonly role: string | null;
  readonly blocking: boolean;
  readonly answer: ChecklistAnswer | null;
};

/** A host whose key is not known yet (or has changed): shown in preflight, accepted there or never. */
export type HostKeyView = {
  readonly host: string;
  readonly fingerprint: string;
  readonly state: 'unknown' | 'changed' | 'accepted';
};

export type GoView = {
  readonly canGo: boolean;
  readonly why: readonly string[];
  /** What would refuse the press now, though it let pass when it was judged. */
  readonly closedSince: readonly string[];
  readonly forecast: ForecastView;
  /** Exact statements, in order, as they will be sent. */
  readonly statements: readonly {
    readonly step: string;
    readonly where: string;
    readonly statement: string;
  }[];
  readonly absent: readonly string[];
  readonly notes: readonly string[];
  readonly frozenAt: number | null;
};

export type ForecastView = {
  readonly chains: readonly {
    readonly chain: string;
    readonly freezeMs: number | null;
    readonly freezeP95Ms: number | null;
    readonly how: string;
  }[];
  readonly downtimeMs: number | null;
  readonly downtimeP95Ms: number | null;
};

export type StepView = {
  readonly key: string;
  readonly step: string;
  readonly chain: string | null;
  readonly word: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'absent' | 'undone';
  readonly text: string;
  readonly startedAtUtcMs: number | null;
  readonly tookMs: number | null;
  readonly limitMs: number;
  readonly limitFrom: string;
  readonly side: 'before' | 'passage' | 'after';
};

export type RunView = {
  readonly id: string;
  readonly phase: 'held' | 'running' | 'unwinding' | 'watching' | 'closing' | 'ended';
  readonly heldAt: string | null;
  readonly passedPointOfNoReturn: boolean;
  readonly steps: readonly StepView[];
  readonly now: {
    readonly title: string;
    readonly detail: string;
    readonly statement: string | null;
    readonly where: string | null;
    readonly sinceUtcMs: number | null;
    readonly limitMs: number | null;
  };
  readonly deadlineUtcMs: number | null;
  readonly stopHere: StopHereView;
  /** The one red control: what it does now. */
  readonly control: {
    readonly kind: 'abort' | 'reverse' | 'none';
    readonly label: string;
    readonly detail: string;
    readonly enabled: boolean;
  };
  /** What one press begins once more: a step that failed, or one whose work was seen undone. */
  readonly retry: readonly {
    readonly step: string;
    /** What the zones of the shown difference hold now is overwritten: a press of its own beside the step's retry. */
    readonly overwrite: boolean;
    readonly label: string;
    /** Why it failed; of what was undone: what the press will do. */
    readonly why: string;
    /** The alarm that told of it; null for a step that failed. */
    readonly alarm: string | null;
  }[];
  readonly alarms: readonly { readonly text: string; readonly atUtcMs: number }[];
  /** The emergency sheet on this laptop; null where none is written. */
  readonly sheetFile: string | null;
  readonly outcome: Outcome | null;
  readonly outcomeText: string | null;
};

export type StopHereView = {
  readonly writable: string;
  readonly lost: string;
  readonly wayBack: string;
  readonly takes: string;
  readonly ifLaptopDies: string;
};

export type ClocksView = {
  readonly chains: readonly {
    readonly chain: string;
    readonly freezeMs: number | null;
    readonly running: boolean;
    readonly budgetMs: number;
    readonly forecastMs: number | null;
    readonly acknowledged: number;
    readonly lost: number | null;
    readonly unknown: number;
  }[];
  readonly downtimeMs: number | null;
  readonly downtimeRunning: boolean;
  readonly downtimeBudgetMs: number;
  readonly downtimeForecastMs: number | null;
  readonly clients: readonly {
    readonly client: string;
    readonly chain: string;
    readonly region: string | null;
    readonly acknowledged: number;
    readonly refused: number;
    readonly unknown: number;
    readonly alive: boolean;
    readonly perSecond: number;
  }[];
};

export type ReportView = {
  readonly runId: string;
  readonly outcome: Outcome;
  readonly text: string;
  readonly chains: readonly {
    readonly chain: string;
    readonly writeFreezeMs: number | null;
    readonly acknowledged: number;
    /** null: it could not be looked for, and `notChecked` says why. */
    readonly lost: number | null;
    readonly notChecked?: string;
    /** Looked for on the source, which the dead-man's switch opened again behind the point of no return. */
    readonly countedOn?: 'source';
    readonly unknown: number;
  }[];
  readonly userVisibleDowntimeMs: number | null;
  readonly journalFile: string;
  readonly journalHead: string;
  readonly journalRecords: number;
};

export type LogLine = {
  readonly atUtcMs: number;
  readonly chain: string | null;
  readonly text: string;
  readonly tone: 'plain' | 'good' | 'bad' | 'warn';
};

/** Live numbers for charts, sent apart from the view at up to 10 Hz. */
export type SeriesPoint = {
  readonly atUtcMs: number;
  readonly lag: readonly { readonly from: string; readonly to: string; readonly lagMs: number | null }[];
  readonly writes: readonly { readonly instance: string; readonly perSecond: number | null }[];
};
