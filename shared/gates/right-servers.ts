import type { InstanceFacts } from '../observations/snapshot.ts';
import { planNodes } from '../observations/plan-nodes.ts';
import type { PlannedIdentity } from '../plan/plan.ts';
import type { Identity } from '../sessions/identity.ts';
import { compareIdentity, mayBeDenied, namesServer, sameServer } from './identity-match.ts';
import { freshness } from './look.ts';
import type { Look } from './look.ts';
import type { GateDefinition, World } from './world.ts';

const group = 'right-servers';

/** Gates on being connected, and to the servers the plan means. */
export const rightServers: readonly GateDefinition[] = [
  {
    id: 'right-servers.reachable',
    group,
    scope: 'instance',
    title: (instance) => `${instance} answers.`,
    guards: ['I3'],
    overridable: false,
    blocking: true,
    judge: ({ snapshot, context, plan }, { instance }, look) => {
      const fast = snapshot.instances[instance]?.fast;
      // A server that does not answer is a plain "closed" here, with the session's own words; stale is unknown.
      if (fast?.kind === 'unknown') {
        look.used(fast.takenAt, null);
        look.expect(
          false,
          `Expected an answer of ${instance}, seen: ${fast.why}`,
          howToReach(plan, instance),
        );
        return look.judgement();
      }
      const facts = look.at(fast, `fast facts of ${instance}`, freshness.fastMs);
      if (facts !== undefined && fast !== undefined) {
        look.note(
          `Thread ${facts.connectionId} answered ${((context.now - fast.takenAt) / 1_000).toFixed(1)} s ago; up for ${facts.uptimeSeconds} s.`,
        );
      }
      return look.judgement();
    },
  },
  {
    id: 'right-servers.identity',
    group,
    scope: 'instance',
    title: (instance) => `${instance} is the server that the plan means.`,
    guards: ['I7'],
    overridable: false,
    blocking: true,
    judge: (world, { instance }, look) => {
      const identity = look.identity(instance);
      if (identity === undefined) return look.judgement();
      oneServerBehindAllSessions(world, { instance, identity }, look);
      comparePlanned(world, { instance, identity }, look);
      look.note(seenAs(identity));
      return look.judgement('trait', 'expected', 'seen');
    },
  },
  {
    id: 'right-servers.denied',
    group,
    scope: 'instance',
    title: (instance) => `${instance} is not on the list of servers this plan must never touch.`,
    guards: ['I7'],
    overridable: false,
    blocking: true,
    judge: ({ plan, snapshot }, { instance }, look) => {
      const identity = look.identity(instance);
      if (identity === undefined) return look.judgement();
      const key = snapshot.instances[instance]?.hostKey;
      const hostKey = key?.kind === 'known' ? key.value : null;
      plan.denyIdentities.forEach((denied, index) => {
        const name = denied.instance ?? `entry ${index + 1}`;
        if (traitCount(denied) === 0)
          look.unclear(`denyIdentities: ${name} names nothing that could be compared`);
        else if (mayBeDenied(denied, { identity, hostKey })) {
          look.expect(
            false,
            `Expected a server of this plan, seen ${name} of denyIdentities (${seenAs(identity)}).`,
            `Correct the address of instance ${instance} in the plan.`,
          );
        }
      });
      look.note(`Compared with ${plan.denyIdentities.length} denied servers.`);
      return look.judgement();
    },
  },
  {
    id: 'right-servers.distinct',
    group,
    scope: 'plan',
    title: 'Every instance of the plan is a server of its own.',
    guards: ['I1', 'I2', 'I7'],
    overridable: false,
    blocking: true,
    judge: ({ plan }, look) => {
      const seen = planNodes(plan).flatMap(({ instance }) => {
        const identity = look.identity(instance);
        return identity === undefined ? [] : [{ instance, identity }];
      });
      seen.forEach((first, index) => {
        for (const second of seen.slice(index + 1)) {
          if (first.instance === second.instance) continue;
          look.expect(
            !sameServer(first.identity, second.identity),
            `Expected two servers, seen one behind ${first.instance} and ${second.instance}: ${seenAs(first.identity)}.`,
            `Correct address or port of instance ${first.instance} or ${second.instance} in the plan.`,
          );
        }
      });
      look.note(`${seen.length} servers, all different.`);
      return look.judgement();
    },
  },
];

type Named = { readonly instance: string; readonly identity: Identity };

/** All sessions of one instance must have reached one server: a load balancer or a changed address shows here. */
function oneServerBehindAllSessions(world: World, { instance, identity }: Named, look: Look): void {
  const fast = look.fast(instance);
  if (fast !== undefined) {
    look.expect(
      fast.serverId === identity.serverId && fast.serverUuid === identity.serverUuid,
      `Expected one server behind all sessions of ${instance}, seen server id ${identity.serverId} and ${fast.serverId}.`,
      `Point instance ${instance} at the server itself, not at a balancer.`,
    );
    look.expect(
      fast.position.flavor === identity.flavor,
      `Expected ${identity.flavor} on every session of ${instance}, seen ${fast.position.flavor}.`,
    );
  }
  const survey: InstanceFacts['survey'] | undefined = world.snapshot.instances[instance]?.survey;
  if (survey?.kind === 'known') {
    look.expect(
      sameServer(survey.value.identity, identity),
      `Expected one server behind all sessions of ${instance}, seen ${seenAs(identity)} and ${seenAs(survey.value.identity)}.`,
    );
  }
}

function comparePlanned({ plan }: World, { instance, identity }: Named, look: Look): void {
  const planned = plan.identities.filter((entry) => entry.instance === instance);
  const production = plan.environment === 'production';
  if (production) {
    look.expect(
      planned.some((entry) => namesServer(entry, identity.flavor)),
      `Expected an identity of ${instance} in the plan (${identity.flavor === 'mysql' ? 'serverUuid' : 'serverId, hostKey, datadir and gtidBinlogState'}), seen ${planned.length === 0 ? 'none' : 'too little of it'}.`,
      `Add to identities of the plan: ${identityLine(instance, identity)}`,
    );
  }
  for (const entry of planned) {
    const hostKey = entry.hostKey === undefined ? null : (look.hostKey(instance) ?? null);
    for (const trait of compareIdentity(entry, { identity, hostKey })) {
      look.row(trait.trait, trait.expected, trait.seen);
      if (trait.trait === 'SSH host key' && hostKey === null) continue; // The look has made this verdict unknown.
      look.expect(
        trait.same,
        `${instance}: expected ${trait.trait} ${trait.expected}, seen ${trait.seen}.`,
        `Correct the address of ${instance}, or its entry in identities when the server was rebuilt on purpose.`,
      );
    }
  }
}

function traitCount(entry: PlannedIdentity): number {
  return [entry.serverUuid, entry.serverId, entry.hostKey, entry.datadir, entry.gtidBinlogState].filter(
    (trait) => trait !== undefined,
  ).length;
}

function seenAs(identity: Identity): string {
  const name =
    identity.serverUuid === null ? `server id ${identity.serverId}` : `server_uuid ${identity.serverUuid}`;
  return `${identity.flavor} ${identity.version}, ${name}, ${identity.hostname}:${identity.port}, ${identity.datadir}`;
}

function identityLine(instance: string, identity: Identity): string {
  return identity.serverUuid === null
    ? `{instance: ${instance}, serverId: ${identity.serverId}, hostKey: <SHA256 fingerprint>, datadir: ${identity.datadir}, gtidBinlogState: "${identity.gtidState}"}`
    : `{instance: ${instance}, serverUuid: ${identity.serverUuid}}`;
}

function howToReach(plan: World['plan'], instance: string): string {
  const entry = plan.instances.find(({ id }) => id === instance);
  if (entry === undefined) return `Add instance ${instance} to the plan.`;
  const place = entry.socket === undefined ? `${entry.address}:${entry.port}` : entry.socket;
  return entry.via === 'ssh'
    ? `ssh to host ${entry.host}, then look whether the server listens on ${place} and whether the operator account may log in.`
    : `mysql --host=${entry.address} --port=${entry.port} --user=<operator> --password -e 'SELECT 1'`;
}
