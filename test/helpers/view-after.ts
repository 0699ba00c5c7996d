import type { View } from '../../shared/contract/view.ts';
import { at } from './view-chains.ts';
import { clocks, fencedChains, minute, steps } from './view-minute.ts';
import { base, header, log } from './view-preflight.ts';

function withRun(view: View, part: Partial<NonNullable<View['run']>>): View {
  return { ...view, run: view.run === null ? null : { ...view.run, ...part } };
}

const promoted = fencedChains.map((chain) => ({
  ...chain,
  nodes: chain.nodes.map((one) =>
    one.side === 'target' && one.role === 'master'
      ? { ...one, state: 'writable' as const, writesPerSecond: 402 }
      : one,
  ),
  links: chain.links.map((one) =>
    one.kind === 'forward'
      ? { ...one, state: 'absent' as const, lagMs: null, transactionsBehind: null }
      : one.kind === 'reverse'
        ? { ...one, state: 'running' as const, lagMs: 37, transactionsBehind: 1, takenAt: at - 90 }
        : one,
  ),
}));

/** After the point of no return an application host refuses the switch. */
export const needsOperator: View = withRun(
  {
    ...minute,
    header: header({
      phase: 'minute',
      runId: '2026-11-23-04',
      environment: 'production',
      mode: 'live',
      cannotLeave: 'The point of no return is behind us: the cockpit must stay until Close.',
    }),
    chains: promoted,
    clocks: clocks({ downtimeMs: 4_870, downtimeRunning: true }, [912, 804], false),
    log: log([
      [90, null, 'app-3 did not switch: exit code 1', 'bad'],
      [400, 'orders', 'orders-use1 takes writes', 'good'],
      [900, null, 'point of no return recorded', 'warn'],
    ]),
  },
  {
    passedPointOfNoReturn: true,
    steps: steps('redirect', 'redirect'),
    now: {
      title: 'app-3 is still on colo-a',
      detail:
        '7 of 8 hosts use us-east-1. app-3 answered exit code 1: "haproxy: backend us-east-1 unknown". The source takes no writes, so its requests are refused.',
      statement: '/usr/local/bin/use-site us-east-1',
      where: 'app-3',
      sinceUtcMs: at - 2_100,
      limitMs: 10_000,
    },
    deadlineUtcMs: null,
    stopHere: {
      writable: 'target only: orders-use1, content-use1',
      lost: 'nothing',
      wayBack: 'no running reverse link yet for orders, content',
      takes: '—',
      ifLaptopDies: 'the target goes on; app-3 stays on colo-a and is refused',
    },
    control: {
      kind: 'reverse',
      label: 'Reverse',
      detail:
        'There is no thaw any more, and Reverse is not open: the source of orders, content does not follow its target yet: expected a running reverse link.',
      enabled: false,
    },
    retry: [
      {
        step: 'redirect',
        overwrite: false,
        label: 'Switch app-3 again',
        why: 'It runs the same command once more, on app-3 only.',
        alarm: null,
      },
    ],
    alarms: [{ text: 'app-3 did not switch', atUtcMs: at - 90 }],
    outcome: 'needs-operator',
    outcomeText: 'Both chains are on the target; app-3 needs a person.',
  },
);

/** The run failed before the point of no return and everything was taken back. */
export const thawed: View = withRun(
  {
    ...minute,
    header: header({ phase: 'close', runId: '2026-11-23-04', environment: 'staging' }),
    chains: base.chains,
    clocks: clocks({ downtimeMs: 5_410, downtimeRunning: false }, [5_210, 5_190], false),
    report: {
      runId: '2026-11-23-04',
      outcome: 'thawed',
      text: 'Nothing was moved. orders did not drain within 5 s, so both chains were thawed; the source takes writes again since 02:14:36.',
      chains: [
        { chain: 'orders', writeFreezeMs: 5_210, acknowledged: 18_402, lost: 0, unknown: 0 },
        { chain: 'content', writeFreezeMs: 5_190, acknowledged: 17_020, lost: 0, unknown: 1 },
      ],
      userVisibleDowntimeMs: 5_410,
      journalFile: '~/.local/state/cutover-cockpit/runs/2026-11-23-04/journal.jsonl',
      journalHead: 'b6a1f0c2d9e8477c9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f',
      journalRecords: 214,
    },
  },
  {
    phase: 'ended',
    steps: steps('drain', 'drain:orders'),
    now: {
      title: 'The run is over',
      detail: 'Everything was thawed.',
      statement: null,
      where: null,
      sinceUtcMs: null,
      limitMs: null,
    },
    deadlineUtcMs: null,
    control: { kind: 'none', label: 'Nothing to stop', detail: 'the run is over', enabled: false },
    outcome: 'thawed',
    outcomeText: 'Nothing was moved: both chains were thawed.',
  },
);

/** All steps are through: watching, until Close. */
export const watch: View = withRun(
  {
    ...needsOperator,
    header: header({
      phase: 'watch',
      runId: '2026-11-23-04',
      environment: 'staging',
      cannotLeave: 'The run is watched until Close.',
    }),
    clocks: clocks({ downtimeMs: 1_920, downtimeRunning: false }, [912, 804], false),
    report: {
      runId: '2026-11-23-04',
      outcome: 'done',
      text: 'Both chains moved to us-east-1 and us-west-2. Nothing that was acknowledged was lost.',
      chains: [
        { chain: 'orders', writeFreezeMs: 912, acknowledged: 18_402, lost: 0, unknown: 2 },
        { chain: 'content', writeFreezeMs: 804, acknowledged: 17_020, lost: 0, unknown: 0 },
      ],
      userVisibleDowntimeMs: 1_920,
      journalFile: '~/.local/state/cutover-cockpit/runs/2026-11-23-04/journal.jsonl',
      journalHead: 'b6a1f0c2d9e8477c9a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f',
      journalRecords: 312,
    },
  },
  {
    phase: 'watching',
    steps: steps('nothing').map((step) =>
      step.state === 'absent' ? step : { ...step, state: 'done', tookMs: 98 },
    ),
    now: {
      title: 'Watching',
      detail: 'Every step is through. The reverse link runs; close when you are content.',
      statement: null,
      where: null,
      sinceUtcMs: at - 40_000,
      limitMs: null,
    },
    retry: [],
    alarms: [],
    outcome: 'done',
    outcomeText: 'Both chains are on the target.',
  },
);

const closedAgain =
  'orders-t1: it refuses writes (up 1 s); expected that it takes writes since its promotion. Find out what closed it, take read_only out of its option file, and have it opened again by "Open orders-t1 again": nothing opens it by itself';

/** The promoted target was killed and came back closed: one press beside the alarm opens it again. */
export const targetClosed: View = withRun(watch, {
  now: {
    title: 'It is not as this run left it',
    detail: '',
    statement: null,
    where: null,
    sinceUtcMs: null,
    limitMs: null,
  },
  retry: [
    {
      step: 'promote:orders',
      overwrite: false,
      label: 'Open orders-t1 again',
      why: 'Sees that every source of orders is closed and that orders-t1 is the server that this run promoted; takes the run lock there; then opens it for writes under that lock, for 1000 ms at most, and reads it back with a canary. Otherwise nothing is changed, and it says why.',
      alarm: closedAgain,
    },
  ],
  alarms: [
    { text: closedAgain, atUtcMs: at - 1_200 },
    ...['act', 'look', 'abort', 'watch'].map((purpose, index) => ({
      text: `orders-t1: the session "${purpose}" ended (Connection lost: The server closed the connection); expected it to stay open`,
      atUtcMs: at - 8_000 - index,
    })),
  ],
});

/** The cockpit died in the passage and came back behind the second stage: one press ends the run where its data is. */
export const atSource: View = withRun(needsOperator, {
  now: {
    title: 'The data is on the source',
    detail:
      "orders: orders-a1 opened again by the second stage of its dead-man's switch at 02:13:58 UTC, its target is closed",
    statement: null,
    where: null,
    sinceUtcMs: null,
    limitMs: null,
  },
  retry: [
    {
      step: 'unwind',
      overwrite: false,
      label: 'Conclude at the source',
      why: "Asks every dead-man's switch and every server once more; only where orders-a1 and orders-b1 are open by their switches, every target is closed, and no target holds what its source has not, it sets back what is left, has the switches let the run locks go, and ends the run as thawed. It opens and closes no server.",
      alarm: null,
    },
  ],
  alarms: [],
  outcomeText: 'A second stage opened the source behind the point of no return.',
});

const linkStopped =
  'orders-a1: its reverse link has stopped with error 13117: Fatal error: Invalid (empty) username when attempting to connect to the source server. Connection attempt terminated. (up 1 s); expected that it follows orders-t1 until Close: without it what is written now does not reach the source, and orders cannot be reversed. Have it started by "Start the way back of orders again": nothing starts it by itself';

/** MySQL has forgotten the account of the reverse link: words of the server's own length, and one press. */
export const wayBackStopped: View = withRun(targetClosed, {
  retry: [
    {
      step: 'reverse:orders',
      overwrite: false,
      label: 'Start the way back of orders again',
      why: 'Sees the ring open at orders-a1, then starts the reverse link with its account and sees it run. What was written meanwhile comes after. Nothing is skipped: an event that cannot be applied stops it again, and it says which.',
      alarm: linkStopped,
    },
  ],
  alarms: [{ text: linkStopped, atUtcMs: at - 1_200 }],
});
