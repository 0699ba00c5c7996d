import { freshness } from './look.ts';
import type { GateDefinition } from './world.ts';

/** OpenVPN writes its file every 60 s unless told otherwise: two of them missed is silence. */
const longestAgeSeconds = 150;
const longestStillMs = 150_000;

/**
 * The gate on the tunnels between the sites. It warns and stops nothing: a tunnel that is down shows in the lag of every link
 * that it carries, and those gates close. This one says where to look.
 */
export const tunnels: readonly GateDefinition[] = [
  {
    id: 'hosts.tunnel',
    group: 'hosts',
    scope: 'item',
    items: ({ plan }) => plan.tunnels.flatMap(({ id, statusFile }) => (statusFile === undefined ? [] : [id])),
    title: (tunnel) => `Tunnel ${tunnel} is connected and carries traffic.`,
    guards: [],
    overridable: true,
    blocking: false,
    judge: ({ plan, snapshot, context }, item, look) => {
      const tunnel = plan.tunnels.find(({ id }) => id === item);
      if (tunnel === undefined) return null;
      const { host, statusFile = '', source, target } = tunnel;
      const facts = snapshot.tunnels?.find((each) => each.tunnel === item);
      const status = look.at(facts?.status, `the status file of tunnel ${item} on ${host}`, freshness.hostMs);
      if (status === undefined || facts === undefined) return look.judgement();
      const { ageSeconds, peers } = status;
      const fix = `on ${host}: systemctl status 'openvpn*', and cat ${statusFile}`;
      look.expect(
        ageSeconds <= longestAgeSeconds,
        `${host}: expected OpenVPN to have written ${statusFile} within ${longestAgeSeconds} s, seen it ${ageSeconds} s old.`,
        fix,
      );
      look.expect(
        peers === null || peers.length > 0,
        `${host}: expected somebody connected between ${source} and ${target}, seen nobody in ${statusFile}.`,
        fix,
      );
      const stillMs = context.now - (facts.movedAt ?? facts.since);
      look.expect(
        stillMs <= longestStillMs,
        `${host}: expected its bytes to grow, seen the same count for ${Math.round(stillMs / 1_000)} s.`,
        fix,
      );
      const who = peers === null ? 'this end is the client' : `${peers.join(', ')} connected`;
      look.note(
        `${host}: ${who}, written ${ageSeconds} s ago, ${facts.movedAt === null ? 'bytes counted once so far' : `bytes seen to grow ${Math.max(0, Math.round(stillMs / 1_000))} s ago`}.`,
      );
      return look.judgement();
    },
  },
];
