import type { View } from '../../shared/contract/view.ts';
import { at } from './view-chains.ts';
import { gates } from './view-gates.ts';
import { header, ready } from './view-preflight.ts';

/** Go/no-go, armed: hold `release`, permit `permit-1`. */
export const go: View = {
  ...ready,
  header: header({ phase: 'go', runId: '2026-11-23-04', environment: 'staging' }),
  go: {
    canGo: true,
    why: [],
    closedSince: [],
    forecast: {
      chains: [
        {
          chain: 'orders',
          freezeMs: 900,
          freezeP95Ms: 1_400,
          how: 'lag 0.02 s, apply rate 1,900 trx/s, 6 rehearsals',
        },
        {
          chain: 'content',
          freezeMs: 800,
          freezeP95Ms: 1_100,
          how: 'lag 0.04 s, apply rate 2,400 trx/s, 6 rehearsals',
        },
      ],
      downtimeMs: 3_200,
      downtimeP95Ms: 4_800,
    },
    statements: [
      { step: 'lock', where: 'orders-a1', statement: "SELECT GET_LOCK('cutover:run', 0)" },
      {
        step: 'fence:orders',
        where: 'orders-a1',
        statement:
          "SET GLOBAL read_only = IF(IS_USED_LOCK('cutover:run') = CONNECTION_ID(), 1, (SELECT 1 UNION SELECT 2))",
      },
      {
        step: 'fence:orders',
        where: 'orders-b1',
        statement:
          "SET GLOBAL read_only = IF(IS_USED_LOCK('cutover:run') = CONNECTION_ID(), 1, (SELECT 1 UNION SELECT 2))",
      },
      {
        step: 'promote:orders',
        where: 'orders-use1',
        statement:
          "SET GLOBAL read_only = IF(IS_USED_LOCK('cutover:run') = CONNECTION_ID() AND UTC_TIMESTAMP(6) < '2026-11-23 02:15:05.000000', 0, (SELECT 1 UNION SELECT 2))",
      },
      {
        step: 'announce',
        where: 'shop',
        statement: 'DELETE www.shop.example A (east): 192.0.2.10, TTL 60 s, latency us-east-1',
      },
      { step: 'redirect', where: 'app-1', statement: '/usr/local/bin/use-site us-east-1' },
    ],
    absent: [
      "The dead-man's switch of content (content-a1 has no hostLogin): if this laptop dies between fence and promote, its source stays read-only until a person thaws it.",
    ],
    notes: ['content has no reverse link rehearsal in the last 7 days.'],
    frozenAt: at - 900,
  },
};

const refused = 'seen: colo-a-db (root@192.0.2.21:22): connect ECONNREFUSED 192.0.2.21:22';

/** The SSH server of a source's host died after it was judged: one cause, dozens of gates. */
export const goClosedSince: View = {
  ...go,
  go:
    go.go === null
      ? null
      : {
          ...go.go,
          closedSince: [
            ...['orders-a1', 'orders-s1', 'content-a1', 'content-s1'].flatMap((node) => [
              `right-servers.reachable:${node} is closed: ${node} answers. – Expected an answer of ${node}, ${refused}`,
              `right-servers.identity:${node} is unknown: ${node} is the server that the plan means. – fast facts of ${node}: ${refused}`,
            ]),
          ],
        },
};

/** Go/no-go that may not go. */
export const goRefused: View = {
  ...go,
  gates,
  go:
    go.go === null
      ? null
      : {
          ...go.go,
          canGo: false,
          why: [
            'No account can write through the fence on orders: closed',
            'Present at go: nobody has answered',
          ],
        },
};
