import type { Complaint } from './complaint.ts';
import { isLoopback } from './loopback.ts';
import type { Plan, PlannedIdentity } from './plan.ts';
import type { Path } from './tree.ts';

/** What a plan must say of its servers: everything for production, and nothing contradictory anywhere. */
export function judgeIdentities(plan: Plan): readonly Complaint[] {
  return [
    ...judgeList(plan),
    ...judgeDenied(plan),
    ...(plan.environment === 'production' ? [...judgeNamed(plan), ...judgeExposure(plan)] : []),
  ];
}

function isComplete(identity: PlannedIdentity): boolean {
  if (identity.serverUuid !== undefined) return true;
  return identity.serverId !== undefined && identity.hostKey !== undefined && identity.datadir !== undefined;
}

function judgeNamed(plan: Plan): readonly Complaint[] {
  const named = new Set(plan.identities.map((identity) => identity.instance));
  const unnamed = plan.instances.filter((instance) => !named.has(instance.id)).map((instance) => instance.id);
  const what = 'serverUuid, or serverId with hostKey and datadir';
  if (unnamed.length === plan.instances.length)
    return [
      {
        path: ['identities'],
        message: `a production plan without identities, expected for each instance ${what}: this is what keeps rehearsals off these servers`,
        needs: [['identities']],
      },
    ];
  return unnamed.map((id) => ({
    path: ['identities'],
    message: `instance ${id} of a production plan has no identity, expected an entry with ${what}`,
    needs: [['identities']],
  }));
}

function judgeList(plan: Plan): readonly Complaint[] {
  const seen = new Map<string, string>();
  const chainOf = new Map(
    plan.chains.flatMap((chain) =>
      [
        ...chain.source.masters,
        ...chain.source.slaves,
        ...chain.target.masters,
        ...chain.target.replicas,
      ].map((member): [string, string] => [member.instance, chain.id]),
    ),
  );
  return plan.identities.flatMap((identity, index): readonly Complaint[] => {
    const path: Path = ['identities', index];
    const { instance } = identity;
    if (instance === undefined)
      return [{ path, message: 'this identity names no instance, expected instance', needs: [path] }];
    const complaints: Complaint[] = [];
    if (!isComplete(identity))
      complaints.push({
        path,
        message: `the identity of ${instance} is not complete, expected serverUuid, or serverId with hostKey and datadir`,
        needs: [path],
      });
    const once = (key: string, at: Path, words: string): void => {
      const before = seen.get(key);
      if (before !== undefined)
        complaints.push({ path: at, message: `${words} (also of ${before}), expected its own`, needs: [] });
      seen.set(key, instance);
    };
    if (seen.has(`instance ${instance}`))
      complaints.push({
        path: [...path, 'instance'],
        message: `a second identity for ${instance}, expected one`,
        needs: [],
      });
    seen.set(`instance ${instance}`, instance);
    if (identity.serverUuid !== undefined)
      once(
        `uuid ${identity.serverUuid.toLowerCase()}`,
        [...path, 'serverUuid'],
        `${instance} has a serverUuid that is used twice`,
      );
    const chain = chainOf.get(instance);
    if (identity.serverId !== undefined && chain !== undefined)
      once(
        `${chain} ${identity.serverId}`,
        [...path, 'serverId'],
        `${instance} has server id ${identity.serverId}, used twice in chain ${chain}`,
      );
    return complaints;
  });
}

/** The deny list must be able to recognise a server, and must not forbid the plan's own. */
function judgeDenied(plan: Plan): readonly Complaint[] {
  const own = new Map(
    plan.identities.map((identity) => [identity.serverUuid?.toLowerCase(), identity.instance]),
  );
  return plan.denyIdentities.flatMap((identity, index): readonly Complaint[] => {
    const path: Path = ['denyIdentities', index];
    if (!isComplete(identity))
      return [
        {
          path,
          message:
            'this denied identity cannot recognise a server, expected serverUuid, or serverId with hostKey and datadir',
          needs: [path],
        },
      ];
    const mine = identity.serverUuid === undefined ? undefined : own.get(identity.serverUuid.toLowerCase());
    if (mine === undefined) return [];
    return [
      {
        path: [...path, 'serverUuid'],
        message: `this plan denies its own instance ${mine}, expected only servers of other plans`,
        needs: [],
      },
    ];
  });
}

/** Nothing of production travels in the clear, and links have an address that means the same server from afar. */
function judgeExposure(plan: Plan): readonly Complaint[] {
  const feeding = new Set(
    plan.chains.flatMap((chain) => [
      ...[
        ...chain.source.masters,
        ...chain.source.slaves,
        ...chain.target.masters,
        ...chain.target.replicas,
      ].map((member) => member.from),
      ...(chain.wayBack === 'reverse' ? chain.target.masters.map((member) => member.instance) : []),
    ]),
  );
  return plan.instances.flatMap((instance, index): readonly Complaint[] => {
    const path: Path = ['instances', index];
    const complaints: Complaint[] = [];
    if (instance.via === 'direct' && instance.tls.mode === 'DISABLED' && !isLoopback(instance.address))
      complaints.push({
        path: [...path, 'tls'],
        message: `instance ${instance.id} is reached directly without TLS in production, expected REQUIRED, VERIFY_CA or VERIFY_IDENTITY`,
        needs: [path],
      });
    if (feeding.has(instance.id) && isLoopback(instance.replicationAddress ?? instance.address))
      complaints.push({
        path: [...path, 'id'],
        message: `others replicate from ${instance.id}, whose address is a loopback address, expected replicationAddress`,
        needs: [path],
      });
    return complaints;
  });
}
