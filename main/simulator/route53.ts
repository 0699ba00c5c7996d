import type { Answer } from '../../shared/sessions/session.ts';
import type { Route53Port, ZoneChannel, ZoneOpened } from '../ports.ts';
import { awsCall } from './aws-call.ts';
import type { World } from './world.ts';
import { answersOf, type ZoneReply } from './zone-answering.ts';
import type { ZoneAsk, ZoneFault, ZoneWorld } from './zone-world.ts';

/** One way from the laptop to the control plane, and what it works on a call there, ms. */
const oneWayMs = 38;
const openMs = 240;

/** The simulated Route 53: one account, its zones as the plan calls them before, and changes that take their time. */
export function makeRoute53(world: World): Route53Port {
  return {
    open: (id, limitMs) => {
      const zone = world.hostedZones.get(id);
      if (zone === undefined)
        return Promise.resolve({
          kind: 'refused',
          reason: 'other',
          message: `the plan has no DNS zone ${id}`,
        });
      return new Promise((resolve) => {
        const answer = (opened: ZoneOpened): void => {
          limit.cancel();
          world.clock.answered();
          resolve(opened);
        };
        const limit = world.clock.in(limitMs, () => {
          arrival.cancel();
          const message = `Route 53 did not answer for zone ${id} within ${limitMs} ms; expected the credentials of its account`;
          answer({ kind: 'refused', reason: 'time-limit', message });
        });
        world.clock.answered();
        const arrival = world.clock.in(openMs, () => {
          if (zone.reachable) answer({ kind: 'open', channel: openChannel(world, zone) });
        });
      });
    },
  };
}

function openChannel(world: World, zone: ZoneWorld): ZoneChannel {
  const { clock } = world;
  const openedAt = clock.nowMs();
  let isOpen = true;

  /** One call: there, what Route 53 does with it, and back; or the limit. */
  function call<T>(ask: ZoneAsk, limitMs: number, work: () => ZoneReply<T>): Promise<Answer<T>> {
    return awsCall(clock, {
      limitMs,
      unconnected: isOpen ? null : `the channel to zone ${zone.id} was closed`,
      wayMs: [oneWayMs + (isOpen ? world.dnsRandom.between(10, 90) : 0), oneWayMs],
      silence: `Route 53 did not answer for zone ${zone.id} within ${limitMs} ms; whether it took the call is unknown`,
      work: () => (zone.reachable ? replyTo(ask, work) : null),
    });
  }

  /** Null: nothing comes back, whatever became of it. */
  function replyTo<T>(ask: ZoneAsk, work: () => ZoneReply<T>): ZoneReply<T> | null {
    if (openedAt < zone.credentialsOverAt)
      return { refusal: 'credentials', message: 'ExpiredTokenException: The security token is expired' };
    const fault = faultFor(zone, ask, clock.nowMs());
    switch (fault?.way) {
      case undefined:
        return work();
      case 'throttled':
        return { refusal: 'throttled', message: 'Throttling: Rate exceeded' };
      case 'prior-request':
        return {
          refusal: 'prior-request',
          message: 'PriorRequestNotComplete: the request was rejected because a previous one is not complete',
        };
      case 'error':
        return { refusal: 'other', message: 'InternalFailure: 500' };
      case 'lost':
        return null;
      case 'lost-after-effect':
        work();
        return null;
    }
  }

  return {
    zone: zone.id,
    account: zone.account,
    credentialsEndAt: null,
    ...answersOf(world, zone, call),
    close: () => {
      isOpen = false;
      return Promise.resolve();
    },
  };
}

function faultFor(zone: ZoneWorld, ask: ZoneAsk, nowMs: number): ZoneFault | null {
  const fault = zone.faults.find(
    (each) => each.ask === ask && (each.untilMs === null ? each.times > 0 : nowMs < each.untilMs),
  );
  if (fault === undefined) return null;
  fault.times -= 1;
  return fault;
}
