import type { Answer } from '../../shared/sessions/session.ts';
import type { RoutingStates } from '../../shared/sessions/zone-answers.ts';
import type { ClusterPort } from '../ports.ts';
import { awsCall, type AwsReply } from './aws-call.ts';
import type { World } from './world.ts';

/** One way to a cluster endpoint and its work there, ms: the nearest and the farthest of five regions. */
const nearMs = 12;
const farMs = 150;

const unavailable = {
  refusal: 'unavailable',
  message: 'EndpointTemporarilyUnavailableException: The cluster endpoint is not available',
} as const;

/** Turns routing controls, all of them at once. */
export function turnControls(
  { cluster, flips }: World,
  states: RoutingStates,
  by: 'cockpit' | 'others',
): void {
  for (const [arn, state] of Object.entries(states)) {
    if (by === 'cockpit') cluster.byOthers.delete(arn);
    else if (cluster.states.get(arn) !== state) cluster.byOthers.add(arn);
    cluster.states.set(arn, state);
    flips.turned(arn);
  }
}

/** The endpoints of the plan's cluster, each at its own distance from the laptop. */
export function makeCluster(world: World): ClusterPort {
  const { clock, cluster } = world;
  const endpoints = world.plan.dns?.flip?.cluster?.endpoints ?? [];

  function call(
    url: string,
    limitMs: number,
    work: () => AwsReply<RoutingStates>,
  ): Promise<Answer<RoutingStates>> {
    const place = endpoints.findIndex((endpoint) => endpoint.url === url);
    const oneWayMs = nearMs + ((farMs - nearMs) * place) / Math.max(1, endpoints.length - 1);
    return awsCall(clock, {
      limitMs,
      unconnected: place < 0 ? `no connection to the cluster endpoint ${url}` : null,
      wayMs: [oneWayMs, oneWayMs],
      silence: `the cluster endpoint ${url} did not answer within ${limitMs} ms`,
      work: () => {
        if (cluster.silent.has(url)) return null;
        return cluster.unavailable.has(url) ? unavailable : work();
      },
    });
  }

  const take = (url: string, states: RoutingStates): void => {
    cluster.taken.push({ url, states });
    turnControls(world, states, 'cockpit');
  };

  /** Nobody hears any more what ARC makes of it. */
  const arriveLate = (url: string, states: RoutingStates): void => {
    if (cluster.rule === null && !cluster.unavailable.has(url)) take(url, states);
  };

  const change = (url: string, states: RoutingStates, limitMs: number): AwsReply<RoutingStates> => {
    const [next] = cluster.replyFaults;
    // What has not arrived yet is judged when it does.
    if (next?.way === 'behind-limit') {
      cluster.replyFaults.shift();
      clock.in(limitMs + next.ms, () => arriveLate(url, states));
      return null;
    }
    if (cluster.rule !== null) return { refusal: 'conflict', message: `ConflictException: ${cluster.rule}` };
    const fault = cluster.replyFaults.shift();
    if (fault?.way === 'lost') return null;
    if (fault?.way !== 'late') take(url, states);
    else {
      cluster.taken.push({ url, states });
      clock.in(fault.ms, () => turnControls(world, states, 'cockpit'));
    }
    return fault?.way === 'lost-after-effect' ? null : { value: {} };
  };

  return {
    open: () =>
      Promise.resolve({
        kind: 'open',
        channel: {
          read: (url, controls, limitMs) =>
            call(url, limitMs, () => ({
              value: Object.fromEntries(controls.map((arn) => [arn, cluster.states.get(arn) ?? 'Off'])),
            })),
          set: (url, states, limitMs) => call(url, limitMs, () => change(url, states, limitMs)),
          close: () => Promise.resolve(),
        },
      }),
  };
}
