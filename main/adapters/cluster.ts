import { failed, ok, type Result } from '../../shared/lib/result.ts';
import type { Plan } from '../../shared/plan/plan.ts';
import type { Answer } from '../../shared/sessions/session.ts';
import type { RoutingState, RoutingStates } from '../../shared/sessions/zone-answers.ts';
import type { ClusterChannel, ClusterPort } from '../ports.ts';
import { answersFrom } from './answers.ts';
import { clusterDriver, type ClusterDriver } from './cluster-driver.ts';
import { sendToAws } from './route53-call.ts';

/**
 * The flip's ARC cluster through the AWS SDK: one client for each endpoint, so that each keeps a connection of its own warm.
 * It reaches nothing but the endpoints: what the control plane of ARC would say is in the plan.
 */
export function createCluster({ dns }: Pick<Plan, 'dns'>): ClusterPort {
  const cluster = dns?.flip?.cluster;
  return {
    open: async (limitMs) => {
      if (cluster === undefined)
        return { kind: 'refused', reason: 'other', message: 'The flip of the plan names no ARC cluster.' };
      const { profile, endpoints } = cluster;
      const drivers = new Map(
        endpoints.map((endpoint, place) => [
          endpoint.url,
          clusterDriver(endpoint, { profile, emulator: dns?.emulator, place }),
        ]),
      );
      // Found once, before the hold: an SSO login is asked for them over the network.
      const found = await Promise.all(
        [...drivers.values()].map((driver) =>
          sendToAws({
            limitMs,
            budget: null,
            urgent: false,
            isClosed: () => false,
            send: () => driver.credentials(),
          }),
        ),
      );
      const missing = found.find(({ kind }) => kind !== 'ok');
      if (missing === undefined || missing.kind === 'ok')
        return { kind: 'open', channel: clusterChannel(drivers) };
      for (const driver of drivers.values()) driver.close();
      const who = profile === undefined ? 'the default credentials' : `profile ${profile}`;
      return {
        kind: 'refused',
        reason: 'credential',
        message: `The ARC cluster of the flip: ${who}: ${missing.message}`,
      };
    },
  };
}

function clusterChannel(drivers: ReadonlyMap<string, ClusterDriver>): ClusterChannel {
  let closed = false;
  const isClosed = (): boolean => closed;
  const call = async <T>(
    url: string,
    limitMs: number,
    send: (driver: ClusterDriver, signal: AbortSignal) => Promise<T>,
  ): Promise<Answer<T>> => {
    const driver = drivers.get(url);
    if (driver === undefined)
      return answersFrom().none({ why: 'not-connected', message: `the plan has no cluster endpoint ${url}` });
    return sendToAws({
      limitMs,
      budget: null,
      urgent: true,
      isClosed,
      send: (signal) => send(driver, signal),
    });
  };
  return {
    read: async (url, controls, limitMs) => {
      const answer = await call(url, limitMs, async (driver, signal) =>
        Promise.all(controls.map(async (arn) => [arn, await driver.state(arn, signal)] as const)),
      );
      if (answer.kind !== 'ok') return answer;
      const states = parseStates(answer.value);
      const { takenAt, tookMs } = answer;
      return states.ok
        ? { kind: 'ok', value: states.value, takenAt, tookMs }
        : { kind: 'refused', code: null, refusal: 'other', message: states.error, takenAt, tookMs };
    },
    set: async (url, states, limitMs) => {
      const answer = await call(url, limitMs, (driver, signal) => driver.setStates(states, signal));
      return answer.kind === 'ok' ? { ...answer, value: {} } : answer;
    },
    close: () => {
      closed = true;
      for (const driver of drivers.values()) driver.close();
      return Promise.resolve();
    },
  };
}

function parseStates(
  said: readonly (readonly [arn: string, state: string | undefined])[],
): Result<RoutingStates, string> {
  const states: Record<string, RoutingState> = {};
  for (const [arn, state] of said) {
    if (state !== 'On' && state !== 'Off')
      return failed(`The state of ${arn} is ${state ?? 'not told'}, expected On or Off.`);
    states[arn] = state;
  }
  return ok(states);
}
