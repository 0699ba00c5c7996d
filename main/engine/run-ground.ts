import type { PlanRecord } from '../../shared/audit/record.ts';
import type { Verdict } from '../../shared/gates/gate.ts';
import type { ForecastResult } from '../../shared/observations/forecast.ts';
import type { Identity } from '../../shared/sessions/identity.ts';
import type { PreparedZone } from '../../shared/steps/prepared-zone.ts';
import type { SshChannel } from '../ports.ts';
import type { Observer } from './observer.ts';
import type { CockpitParts } from './parts.ts';
import type { Sessions } from './sessions.ts';

/** What every run stands on, whether it begins or is taken up again. */
export type RunGround = {
  readonly parts: CockpitParts;
  readonly observer: Observer;
  readonly sessions: Sessions;
  readonly record: (payload: PlanRecord) => void;
  readonly changed: () => void;
  readonly tell: (text: string) => void;
};

/** What a run begins with: judged, open, and released by a person. */
export type RunBeginning = RunGround & {
  readonly who: string;
  readonly unattended: boolean;
  readonly verdicts: readonly Verdict[];
  readonly forecasts: Readonly<Record<string, ForecastResult>>;
  readonly identities: Readonly<Record<string, Identity>>;
  readonly proofTables: Readonly<Record<string, readonly string[]>>;
  /** What Route 53 will be asked. */
  readonly zones: readonly PreparedZone[];
  readonly mirrorChannel: SshChannel | null;
};
