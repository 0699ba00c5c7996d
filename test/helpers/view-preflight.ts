import type { ClocksView, HeaderView, LogLine, View } from '../../shared/contract/view.ts';
import { at, chainView } from './view-chains.ts';
import { gates } from './view-gates.ts';

/** The head of a view. */
export function header(part: Partial<HeaderView> = {}): HeaderView {
  return {
    plan: 'colo-to-ec2',
    planDigest: '9f3c51d2a07be4419c3b7f6a2e1d0c88b5f1a9930c7d2e4f6a8b0c1d2e3f45e1',
    environment: 'simulator',
    mode: 'rehearsal',
    sites: { source: ['colo-a', 'colo-b'], target: ['us-east-1', 'us-west-2'] },
    phase: 'preflight',
    runId: null,
    driver: 'ops-laptop-2',
    observers: 2,
    atUtcMs: at,
    prepared: true,
    reverses: null,
    cannotLeave: null,
    ...part,
  };
}

/** Nothing has been frozen yet. */
export const idleClocks: ClocksView = {
  chains: (['orders', 'content'] as const).map((chain) => ({
    chain,
    freezeMs: null,
    running: false,
    budgetMs: 10_000,
    forecastMs: chain === 'orders' ? 900 : 800,
    acknowledged: 9_201,
    lost: null,
    unknown: 0,
  })),
  downtimeMs: null,
  downtimeRunning: false,
  downtimeBudgetMs: 60_000,
  downtimeForecastMs: 3_200,
  clients: [
    ...(['orders', 'content'] as const).flatMap((chain) =>
      ['us-east', 'us-west'].map((region) => ({
        client: `${chain}-http-${region}`,
        chain,
        region,
        acknowledged: 4_100,
        refused: 0,
        unknown: 0,
        alive: true,
        perSecond: 51.4,
      })),
    ),
    {
      client: 'orders-mysql',
      chain: 'orders',
      region: null,
      acknowledged: 1_002,
      refused: 0,
      unknown: 0,
      alive: true,
      perSecond: 20,
    },
    {
      client: 'content-mysql',
      chain: 'content',
      region: null,
      acknowledged: 1_000,
      refused: 0,
      unknown: 0,
      alive: true,
      perSecond: 20,
    },
  ],
};

/** Log lines by how long ago they were. */
export const log = (
  lines: readonly (readonly [number, string | null, string, LogLine['tone']])[],
): LogLine[] => lines.map(([ago, chain, text, tone]) => ({ atUtcMs: at - ago, chain, text, tone }));

/** What all of them share. */
export const base: View = {
  header: header(),
  chains: [chainView('orders'), chainView('content')],
  gates,
  checklist: [
    {
      item: 'status-page',
      title: 'Status page posted',
      phase: 'preflight',
      role: 'communications',
      blocking: true,
      answer: null,
    },
    {
      item: 'deploy-freeze',
      title: 'Deploys are frozen and the pipeline is off',
      phase: 'preflight',
      role: 'release manager',
      blocking: true,
      answer: { item: 'deploy-freeze', answer: 'yes', who: 'dana', atUtcMs: at - 1_900_000 },
    },
    {
      item: 'backups',
      title: 'Last backup of both chains restored and read',
      phase: 'preflight',
      role: 'database',
      blocking: false,
      answer: { item: 'backups', answer: 'no', who: 'kim', atUtcMs: at - 300_000 },
    },
    {
      item: 'present',
      title: 'Database, network and application leads are on the call',
      phase: 'go',
      role: 'incident lead',
      blocking: true,
      answer: null,
    },
    { item: 'alerts', title: 'Alerts unmuted', phase: 'close', role: null, blocking: false, answer: null },
  ],
  hostKeys: [
    {
      host: 'orders-a2',
      fingerprint: 'SHA256:1uZyQ8vYpYc8zX7kVq1Kk3cJ2V9i0m8h6TnUQbqfWjE',
      state: 'unknown',
    },
    {
      host: 'orders-b1',
      fingerprint: 'SHA256:Xk3cJ2V9i0m8h6TnUQbqfWjE1uZyQ8vYpYc8zX7kVq1',
      state: 'accepted',
    },
  ],
  go: null,
  run: null,
  left: null,
  other: null,
  clocks: idleClocks,
  report: null,
  log: log([[1_200, null, 'Preflight judged: 10 open, 3 closed, 1 unknown', 'plain']]),
};

/** Preflight with a closed, an unknown and an overridden gate, an unknown host key and open checklist items. */
export const preflight: View = base;

/** Preflight of a production plan before anything was prepared, with a changed host key. */
export const production: View = {
  ...base,
  header: header({ environment: 'production', mode: 'live', prepared: false }),
  hostKeys: [
    {
      host: 'content-b1',
      fingerprint: 'SHA256:Xk3cJ2V9i0m8h6TnUQbqfWjE1uZyQ8vYpYc8zX7kVq1',
      state: 'changed',
    },
  ],
};

/** Everything open: the run may be armed. */
export const ready: View = {
  ...base,
  hostKeys: [],
  gates: gates.map((gate) => ({
    ...gate,
    state: 'open',
    fix: null,
    override: null,
    takenAt: at - 300,
    ages: gate.ages.map(({ limitMs }) => ({ takenAt: at - 300, limitMs })),
  })),
  checklist: base.checklist.map((item) => ({
    ...item,
    answer: { item: item.item, answer: 'yes', who: 'dana', atUtcMs: at - 60_000 },
  })),
};

/** A cockpit that was started again after another one died in the fence. */
export const leftRun: View = {
  ...ready,
  left: {
    run: '2026-03-14-02',
    text: 'Run 2026-03-14-02 of this plan was begun and has not ended: the cockpit that drove it is gone. By its journal the point of no return was not passed, so everything is taken back. Take it up again with "cockpit resume 2026-03-14-02", or take everything back with "cockpit abort 2026-03-14-02"; until then nothing is armed.',
    label: 'Take everything back',
    whyNot: null,
  },
};
