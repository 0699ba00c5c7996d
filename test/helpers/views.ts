import type { View } from '../../shared/contract/view.ts';
import { atSource, needsOperator, targetClosed, thawed, watch, wayBackStopped } from './view-after.ts';
import { blocked } from './view-blocked.ts';
import { go, goClosedSince, goRefused } from './view-go.ts';
import { minute } from './view-minute.ts';
import { observed, observedAsleep, observedGone, observedUnread, ousted } from './view-other.ts';
import { leftRun, preflight, production, ready } from './view-preflight.ts';

/** Every fixture by name, as the test server offers them. */
export const views: Readonly<Record<string, View>> = {
  preflight,
  production,
  ready,
  leftRun,
  go,
  goClosedSince,
  goRefused,
  minute,
  blocked,
  needsOperator,
  atSource,
  thawed,
  watch,
  targetClosed,
  wayBackStopped,
  observed,
  observedAsleep,
  observedGone,
  observedUnread,
  ousted,
};
