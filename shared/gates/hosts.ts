import type { Plan } from '../plan/plan.ts';
import type { Look } from './look.ts';
import { freshness } from './look.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'hosts';

/** Gates on SSH hosts, application hosts and the clients that stand for users. */
export const hosts: readonly GateDefinition[] = [
  {
    id: 'hosts.reachable',
    group,
    scope: 'plan',
    title: 'Every SSH host that the run needs answers with a key that is known.',
    guards: ['I3'],
    overridable: false,
    blocking: true,
    judge: ({ plan, snapshot }, look) => {
      const needed = neededHosts(plan);
      if (needed.length === 0) return null;
      for (const host of needed) {
        const facts = snapshot.hosts[host];
        if (facts?.reachable.kind === 'unknown') {
          look.used(facts.reachable.takenAt, null);
          look.row(host, facts.reachable.why);
          look.expect(
            false,
            `${host}: expected an open SSH channel, seen: ${facts.reachable.why}`,
            `ssh-keyscan that host from a trusted network and compare; accept a new key for ${host} in Preflight, never a changed one unseen`,
          );
          continue;
        }
        const reachable = look.at(facts?.reachable, `SSH host ${host}`, null);
        if (reachable !== undefined) look.row(host, reachable.hostKey);
      }
      return look.judgement('host', 'key or trouble');
    },
  },
  {
    id: 'hosts.site',
    group,
    scope: 'item',
    items: ({ plan }) => plan.appFleets.map(({ id }) => id),
    title: (fleet) => `Every host of fleet ${fleet} uses its source site.`,
    guards: [],
    overridable: true,
    blocking: true,
    judge: ({ plan, snapshot }, fleetId, look) => {
      const fleet = plan.appFleets.find(({ id }) => id === fleetId);
      if (fleet === undefined) return null;
      for (const { host, source } of fleet.hosts) {
        const site = look.at(snapshot.hosts[host]?.siteInUse, `site in use on ${host}`, freshness.hostMs);
        if (site === undefined) continue;
        look.row(host, source, site.trim());
        look.expect(
          site.trim() === source,
          `${host}: expected site ${source}, seen ${site.trim()}.`,
          `on ${host}: ${commandOf(fleet.switch[source]) ?? `the switch command of ${source}`}`,
        );
      }
      return look.judgement('host', 'expected', 'seen');
    },
  },
  {
    id: 'hosts.clients',
    group,
    scope: 'plan',
    title: 'Every synthetic client is alive and has its writes acknowledged.',
    guards: [],
    overridable: true,
    blocking: true,
    judge: (world, look) => {
      // Looking must not write: clients start with go/no-go, never for a preflight.
      if (world.context.phase !== 'go' || world.plan.clients.length === 0) return null;
      for (const client of world.plan.clients) judgeClient(world, client.id, look);
      return look.judgement('client', 'acknowledged', 'refused', 'unknown');
    },
  },
];

function judgeClient({ snapshot, context }: World, id: string, look: Look): void {
  const facts = snapshot.clients.find(({ client }) => client === id);
  const alive = look.at(facts?.alive, `client ${id}`, freshness.clientMs);
  if (facts === undefined || alive === undefined) return;
  look.row(id, String(facts.acknowledged), String(facts.refused), String(facts.unknown));
  const fix = `Read the log of client ${id}; its path (writeUrl, or account and table) must take writes.`;
  if (!look.expect(alive, `${id}: expected a living client process, seen none.`, fix)) return;
  const silentMs = facts.lastAcknowledgedAt === null ? null : context.now - facts.lastAcknowledgedAt;
  look.expect(
    silentMs !== null && silentMs <= freshness.clientMs,
    `${id}: expected a write acknowledged within ${freshness.clientMs / 1_000} s, seen ${silentMs === null ? 'none ever' : `the last ${(silentMs / 1_000).toFixed(1)} s ago`}.`,
    fix,
  );
}

/** Application hosts, and the hosts that sessions go through. */
function neededHosts(plan: Plan): readonly string[] {
  const fleets = plan.appFleets.flatMap((fleet) => fleet.hosts.map(({ host }) => host));
  const carrying = plan.instances.filter(({ via }) => via === 'ssh').map(({ host }) => host);
  return [...new Set([...fleets, ...carrying])];
}

function commandOf(argv: readonly string[] | undefined): string | undefined {
  return argv
    ?.map((argument) =>
      /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`,
    )
    .join(' ');
}
