import type { View } from '../../shared/contract/view.ts';
import { blockerText } from '../../shared/observations/blockers.ts';
import { doingText } from '../../shared/steps/wording.ts';
import { at } from './view-chains.ts';
import { minute, steps } from './view-minute.ts';

const blocker = {
  thread: 48_213,
  user: 'nightly_report',
  host: '10.20.4.17:51822',
  kind: 'lock-tables',
  ageMs: 184_000,
  rowsModified: 1_204,
  statement: null,
  holdsFence: true,
  idle: true,
  never: 'more than 1000 rows changed: its rollback would outlast the minute',
  tables: ['shop.orders', 'shop.order_lines'],
} as const;
const update = {
  ...blocker,
  thread: 48_377,
  user: 'batch',
  kind: 'statement',
  ageMs: 31_400,
  rowsModified: null,
  idle: false,
  tables: ['shop.access_log'],
  statement: "UPDATE access_log SET archived = 1 WHERE seen_at < '2026-10-01 00:00:00'",
  never: 'half of a killed write to a table without transactions stays',
} as const;

const who = [blocker, update]
  .map((each) => `${blockerText(each)} [not ended by policy: ${each.never}]`)
  .join('; ');

/** The fence of one chain has to wait: who blocks it, since when, and what the plan's policy does about it. */
export const blocked: View = {
  ...minute,
  run:
    minute.run === null
      ? null
      : {
          ...minute.run,
          steps: steps('fence'),
          now: {
            title: doingText('fence', 'orders'),
            detail: `orders: Waiting for orders-a1 to take the fence (attempt 1 of 3), which keeps writers waiting; the plan says kill-idle: who only idles is ended, then it is tried again. In its way: ${who}.`,
            statement:
              "SET SESSION lock_wait_timeout = 3\nSET GLOBAL read_only = IF(IS_USED_LOCK('cutover:run') = CONNECTION_ID(), 1, (SELECT 1 UNION SELECT 2))",
            where: 'orders-a1 · thread 5121',
            sinceUtcMs: at - 1_240,
            limitMs: 10_000,
          },
        },
};
