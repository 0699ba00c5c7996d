import type { ClocksView, StepView, View } from '../../shared/contract/view.ts';
import { order } from '../../shared/steps/order.ts';
import { at } from './view-chains.ts';
import { base, header, idleClocks, log, ready } from './view-preflight.ts';

const limits: Readonly<Record<string, number>> = {
  converge: 5_000,
  drain: 20_000,
  prove: 2_000,
  promote: 2_000,
  redirect: 10_000,
};

/** The steps with the first `done` of them done and the next running. */
export function steps(reached: string, failed?: string): StepView[] {
  const ids = order.map((place) => place.id as string);
  const position = ids.indexOf(reached);
  return order.flatMap((place, index) => {
    const chains: readonly (string | null)[] = place.scope === 'run' ? [null] : ['orders', 'content'];
    return chains.map((chain): StepView => {
      const key = chain === null ? place.id : `${place.id}:${chain}`;
      const absent = place.id === 'arm' || place.id === 'flip' || place.id === 'announce';
      const ahead = chain === 'content' && place.side === 'before' && index === position;
      const state = absent
        ? 'absent'
        : key === failed
          ? 'failed'
          : index < position || ahead
            ? 'done'
            : index === position
              ? 'running'
              : 'waiting';
      const text = absent
        ? 'This plan does without it.'
        : state === 'failed'
          ? 'app-3 did not switch: exit code 1, "haproxy: backend us-east-1 unknown"'
          : place.says;
      return {
        key,
        step: place.id,
        chain,
        word: place.word,
        state,
        text,
        startedAtUtcMs: state === 'waiting' ? null : at - 500,
        tookMs: state === 'done' ? 112 : null,
        limitMs: limits[place.id] ?? 1_000,
        limitFrom: `limits.${place.limit} of the plan`,
        side: place.side,
      };
    });
  });
}

/** The chains with their sources fenced. */
export const fencedChains = base.chains.map((chain) => ({
  ...chain,
  nodes: chain.nodes.map((one) =>
    one.side === 'source' ? { ...one, state: 'fenced' as const, writesPerSecond: 0 } : one,
  ),
  links: chain.links.map((one) => ({
    ...one,
    lagMs: one.kind === 'reverse' ? null : 20,
    transactionsBehind: one.kind === 'reverse' ? null : 0,
  })),
}));

/** The clocks with a freeze per chain. */
export const clocks = (
  part: Partial<ClocksView>,
  freeze: readonly [number, number],
  running: boolean,
): ClocksView => ({
  ...idleClocks,
  chains: idleClocks.chains.map((chain, index) => ({
    ...chain,
    freezeMs: freeze[index] ?? null,
    running,
    lost: running ? null : 0,
  })),
  ...part,
});

/** The middle of the minute: both chains fenced, orders proving, content proven. */
export const minute: View = {
  ...ready,
  header: header({
    phase: 'minute',
    runId: '2026-11-23-04',
    environment: 'staging',
    cannotLeave: 'A run is on: leaving means Abort.',
  }),
  chains: fencedChains,
  go: null,
  clocks: clocks({ downtimeMs: 1_370, downtimeRunning: true }, [840, 610], true),
  run: {
    id: '2026-11-23-04',
    phase: 'running',
    heldAt: null,
    passedPointOfNoReturn: false,
    steps: steps('prove'),
    now: {
      title: 'Proving that orders lost nothing',
      detail: 'Comparing the final position of both co-masters with what orders-use1 has applied.',
      statement:
        'SELECT @@gtid_binlog_state, @@read_only, @@server_id,\n  VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS',
      where: 'orders-use1 · thread 5121',
      sinceUtcMs: at - 120,
      limitMs: 2_000,
    },
    deadlineUtcMs: at + 18_600,
    stopHere: {
      writable: 'nothing: both sides are read-only',
      lost: 'nothing',
      wayBack: 'thaw every chain; it happens by itself on any failure or overrun',
      takes: 'about 0.3 s; bounded by 5000 ms (limits.abortMs of the plan)',
      ifLaptopDies:
        "the dead-man's switch opens the sources, at most 90 s after it was armed (limits.deadMansSwitchMs of the plan)",
    },
    control: {
      kind: 'abort',
      label: 'Abort and thaw',
      detail: 'source writable again in about 0.3 s',
      enabled: true,
    },
    retry: [],
    alarms: [],
    outcome: null,
    sheetFile: '/var/lib/cutover-cockpit/runs/2026-11-23-01/emergency.html',
    outcomeText: null,
  },
  log: log([
    [188, 'content', 'proven: target contains all of 1-23306-120077', 'good'],
    [460, 'content', 'drained in 0.31 s', 'good'],
    [629, 'orders', 'position read twice, equal: 1-23301-884120', 'good'],
    [830, 'orders', 'fenced: orders-a1, orders-b1', 'plain'],
    [1_300, null, 'released by dana', 'plain'],
  ]),
};
