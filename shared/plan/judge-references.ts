import { dangling, type Complaint } from './complaint.ts';
import type { Plan } from './plan.ts';
import type { Path } from './tree.ts';

/** Every name in the plan means something that the plan declares, and each id is declared once. */
export function judgeReferences(plan: Plan): readonly Complaint[] {
  return [
    ...judgeIds(plan),
    ...plan.hosts.flatMap((host, index) => judgeHost(plan, host, ['hosts', index])),
    ...plan.instances.flatMap((instance, index) => judgeInstance(plan, instance, ['instances', index])),
    ...plan.appFleets.flatMap((fleet, index) => judgeFleet(plan, fleet, ['appFleets', index])),
    ...plan.tunnels.flatMap((tunnel, index) => [
      ...dangling(plan, 'sites', { id: tunnel.source, path: ['tunnels', index, 'source'] }),
      ...dangling(plan, 'sites', { id: tunnel.target, path: ['tunnels', index, 'target'] }),
      ...hostWithSsh(plan, tunnel.host, ['tunnels', index, 'host']),
      ...sameSite(tunnel, ['tunnels', index]),
    ]),
    ...plan.checklists.flatMap((item, index) =>
      dangling(plan, 'roles', { id: item.role, path: ['checklists', index, 'role'] }),
    ),
    ...plan.holds.flatMap((hold, index) =>
      dangling(plan, 'roles', { id: hold.role, path: ['holds', index, 'role'] }),
    ),
    ...plan.identities.flatMap((identity, index) =>
      dangling(plan, 'instances', { id: identity.instance, path: ['identities', index, 'instance'] }),
    ),
    ...(plan.journalMirror === undefined
      ? []
      : hostWithSsh(plan, plan.journalMirror.host, ['journalMirror', 'host'])),
  ];
}

function judgeIds(plan: Plan): readonly Complaint[] {
  const lists: readonly (readonly [Path, readonly { readonly id: string }[]])[] = [
    [['roles'], plan.roles],
    [['sites'], plan.sites],
    [['hosts'], plan.hosts],
    [['instances'], plan.instances],
    [['chains'], plan.chains],
    [['appFleets'], plan.appFleets],
    [['tunnels'], plan.tunnels],
    [['dns', 'zones'], plan.dns?.zones ?? []],
    [['dns', 'resolvers'], plan.dns?.resolvers ?? []],
    [['dns', 'healthChecks'], plan.dns?.healthChecks ?? []],
    [['dns', 'users'], plan.dns?.users ?? []],
    [['dns', 'offices'], plan.dns?.offices ?? []],
    [['clients'], plan.clients],
    [['checklists'], plan.checklists],
  ];
  return lists.flatMap(([path, items]) => {
    const seen = new Set<string>();
    return items.flatMap((item, index): readonly Complaint[] => {
      if (!seen.has(item.id)) {
        seen.add(item.id);
        return [];
      }
      const message = `the id "${item.id}" is used twice in ${path.join('.')}, expected each id once`;
      return [{ path: [...path, index, 'id'], message, needs: [] }];
    });
  });
}

function judgeHost(plan: Plan, host: Plan['hosts'][number], path: Path): readonly Complaint[] {
  const site = dangling(plan, 'sites', { id: host.site, path: [...path, 'site'] });
  const jumps = host.ssh !== undefined && 'jump' in host.ssh ? host.ssh.jump : [];
  return [
    ...site,
    ...jumps.flatMap((jump, index): readonly Complaint[] => {
      const at = [...path, 'ssh', 'jump', index];
      if (jump !== host.id) return hostWithSsh(plan, jump, at);
      return [
        { path: at, message: `host ${host.id} jumps through itself, expected another host`, needs: [] },
      ];
    }),
  ];
}

function judgeInstance(plan: Plan, instance: Plan['instances'][number], path: Path): readonly Complaint[] {
  if (instance.via === 'ssh') return hostWithSsh(plan, instance.host, [...path, 'host']);
  const socket: readonly Complaint[] =
    instance.socket === undefined
      ? []
      : [
          {
            path: [...path, 'socket'],
            message: `instance ${instance.id} has a socket but is reached directly, expected via: ssh or no socket`,
            needs: [path],
          },
        ];
  return [...dangling(plan, 'hosts', { id: instance.host, path: [...path, 'host'] }), ...socket];
}

/** A host that is reached by SSH must be there, and say how. */
export function hostWithSsh(plan: Plan, id: string, path: Path): readonly Complaint[] {
  const host = plan.hosts.find((candidate) => candidate.id === id);
  if (host === undefined) return dangling(plan, 'hosts', { id, path });
  if (host.ssh !== undefined) return [];
  const message = `host "${id}" has no ssh section, expected one because it is reached by SSH here`;
  return [{ path, message, needs: [['hosts', plan.hosts.indexOf(host)]] }];
}

function judgeFleet(plan: Plan, fleet: Plan['appFleets'][number], path: Path): readonly Complaint[] {
  const complaints: Complaint[] = [];
  const hosts = new Set<string>();
  fleet.hosts.forEach((use, index) => {
    const at = [...path, 'hosts', index];
    complaints.push(...hostWithSsh(plan, use.host, [...at, 'host']), ...sameSite(use, at));
    if (hosts.has(use.host))
      complaints.push({
        path: [...at, 'host'],
        message: `host "${use.host}" is twice in fleet ${fleet.id}, expected it once`,
        needs: [],
      });
    hosts.add(use.host);
    // The way back and an unwinding need the command for the source site as much as the redirect needs the target's.
    for (const side of ['source', 'target'] as const) {
      complaints.push(...dangling(plan, 'sites', { id: use[side], path: [...at, side] }));
      if (plan.sites.some((site) => site.id === use[side]) && !Object.hasOwn(fleet.switch, use[side]))
        complaints.push({
          path: [...at, side],
          message: `fleet ${fleet.id} has no switch command for site "${use[side]}", expected one under switch`,
          needs: [[...path, 'switch']],
        });
    }
  });
  for (const site of Object.keys(fleet.switch))
    complaints.push(...dangling(plan, 'sites', { id: site, path: [...path, 'switch', site] }));
  return complaints;
}

function sameSite(
  move: { readonly source: string; readonly target: string },
  path: Path,
): readonly Complaint[] {
  if (move.source !== move.target) return [];
  const message = `source and target are both "${move.source}", expected two sites`;
  return [{ path: [...path, 'target'], message, needs: [] }];
}
