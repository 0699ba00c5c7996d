import type { Answer } from '../../shared/sessions/session.ts';
import type { RoutingStates, ZoneRefusal } from '../../shared/sessions/zone-answers.ts';
import type { ClusterPort } from '../ports.ts';
import type { World } from './world.ts';

/** One way to a cluster endpoint and its work there, ms: the nearest and the farthest of five regions. */
const nearMs = 12;
const farMs = 150;

type Reply =
  { readonly states: RoutingStates } | { readonly refusal: ZoneRefusal; readonly message: string } | null;

/** The endpoints of the plan's cluster, each at its own distance from the laptop. */
export function makeCluster(world: World): ClusterPort {
  const { clock, cluster } = world;
  const endpoints = world.plan.dns?.flip?.cluster?.endpoints ?? [];

  function call(url: string, limitMs: number, work: () => Reply): Promise<Answer<RoutingStates>> {
    const begun = clock.nowMs();
    const place = endpoints.findIndex((endpoint) => endpoint.url === url);
    const stamp = (): { readonly takenAt: number; readonly tookMs: number } => ({
      takenAt: Math.floor(clock.utcMs()),
      tookMs: clock.nowMs() - begun,
    });
    if (place < 0)
      return Promise.resolve({
        kind: 'none',
        why: 'not-connected',
        message: `no connection to the cluster endpoint ${url}`,
        ...stamp(),
      });
    const oneWayMs = nearMs + ((farMs - nearMs) * place) / Math.max(1, endpoints.length - 1);
    return new Promise((resolve) => {
      let over = false;
      const settle = (answer: Answer<RoutingStates>): void => {
        if (over) return;
        over = true;
        limit.cancel();
        clock.answered();
        resolve(answer);
      };
      const limit = clock.in(limitMs, () =>
        settle({
          kind: 'none',
          why: 'time-limit',
          message: `the cluster endpoint ${url} did not answer within ${limitMs} ms`,
          ...stamp(),
        }),
      );
      clock.answered();
      clock.in(oneWayMs, () => {
        if (cluster.silent.has(url)) return;
        const reply: Reply = cluster.unavailable.has(url)
          ? {
              refusal: 'unavailable',
              message: 'EndpointTemporarilyUnavailableException: The cluster endpoint is not available',
            }
          : work();
        if (reply === null) return;
        clock.in(oneWayMs, () =>
          settle(
            'states' in reply
              ? { kind: 'ok', value: reply.states, ...stamp() }
              : { kind: 'refused', code: null, ...reply, ...stamp() },
          ),
        );
      });
    });
  }

  const change = (url: string, states: RoutingStates): Reply => {
    if (cluster.rule !== null) return { refusal: 'conflict', message: `ConflictException: ${cluster.rule}` };
    for (const [arn, state] of Object.entries(states)) {
      cluster.states.set(arn, state);
      world.flips.turned(arn);
    }
    cluster.taken.push({ url, states });
    if (cluster.loseReplies === 0) return { states: {} };
    cluster.loseReplies -= 1;
    return null;
  };

  return {
    open: () =>
      Promise.resolve({
        kind: 'open',
        channel: {
          read: (url, controls, limitMs) =>
            call(url, limitMs, () => ({
              states: Object.fromEntries(controls.map((arn) => [arn, cluster.states.get(arn) ?? 'Off'])),
            })),
          set: (url, states, limitMs) => call(url, limitMs, () => change(url, states)),
          close: () => Promise.resolve(),
        },
      }),
  };
}
