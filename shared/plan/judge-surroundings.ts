import { dangling, type Complaint } from './complaint.ts';
import { judgeDns } from './judge-dns.ts';
import { hostWithSsh } from './judge-references.ts';
import { namesOf } from './mistake.ts';
import type { Plan, SyntheticClient } from './plan.ts';
import type { Path } from './tree.ts';

/** DNS, synthetic clients and commands: what surrounds the databases. */
export function judgeSurroundings(plan: Plan): readonly Complaint[] {
  return [
    ...judgeDns(plan),
    ...plan.clients.flatMap((client, index) => judgeClient(plan, client, ['clients', index])),
    ...plan.appFleets.flatMap((fleet, index) => judgeCommands(fleet, ['appFleets', index])),
    ...plan.chains.flatMap((chain, index) =>
      chain.bypassAccounts.flatMap((account, at): readonly Complaint[] =>
        /^'[^']*'@'[^']*'$/.test(account)
          ? []
          : [
              {
                path: ['chains', index, 'bypassAccounts', at],
                message: `"${account}" is no account, expected "'user'@'host'"`,
                needs: [],
              },
            ],
      ),
    ),
    ...judgeResidue(plan),
    ...judgeOffices(plan),
    ...judgeSimulator(plan),
  ];
}

/** Names are looked up in an office over SSH; an application host is asked anyway, as what it is. */
function judgeOffices(plan: Plan): readonly Complaint[] {
  return (plan.dns?.offices ?? []).flatMap(({ id, host }, index): readonly Complaint[] => {
    const path: Path = ['dns', 'offices', index, 'host'];
    const isApplication = plan.appFleets.some(({ hosts }) => hosts.some((each) => each.host === host));
    const message = `office ${id} is on ${host}, which is an application host, expected another one: it is asked already`;
    return [...hostWithSsh(plan, host, path), ...(isApplication ? [{ path, message, needs: [] }] : [])];
  });
}

/** An edge is looked at over SSH. */
function judgeResidue(plan: Plan): readonly Complaint[] {
  return (plan.residue?.edges ?? []).flatMap(({ id, host }, index): readonly Complaint[] => {
    const path: Path = ['residue', 'edges', index, 'host'];
    const missing = dangling(plan, 'hosts', { id: host, path });
    const found = plan.hosts.find((each) => each.id === host);
    if (missing.length > 0 || found?.ssh !== undefined) return missing;
    return [
      { path, message: `edge ${id} is on ${host}, which has no ssh, expected it to be reachable`, needs: [] },
    ];
  });
}

function judgeClient(plan: Plan, client: SyntheticClient, path: Path): readonly Complaint[] {
  const complaints: Complaint[] = [
    ...dangling(plan, 'chains', { id: client.chain, path: [...path, 'chain'] }),
  ];
  for (const name of ['intervalMs', 'limitMs'] as const)
    if (client[name] === 0)
      complaints.push({
        path: [...path, name],
        message: `client ${client.id} has ${name} 0, expected at least 1`,
        needs: [],
      });
  if (client.kind === 'http') return [...complaints, ...judgeHttp(plan, client, path)];
  const index = plan.chains.findIndex((candidate) => candidate.id === client.chain);
  const chain = plan.chains[index];
  if (chain === undefined) return complaints;
  for (const side of ['source', 'target'] as const) {
    const masters = chain[side].masters.map((member) => member.instance);
    if (!masters.includes(client[side]))
      complaints.push({
        path: [...path, side],
        message: `client ${client.id} writes to "${client[side]}", which is no ${side} master of chain ${chain.id}, expected ${namesOf(masters)}`,
        needs: [['chains', index]],
      });
  }
  return complaints;
}

function judgeHttp(
  plan: Plan,
  client: Extract<SyntheticClient, { kind: 'http' }>,
  path: Path,
): readonly Complaint[] {
  const region = dangling(plan, 'sites', { id: client.region, path: [...path, 'region'] });
  const urls = (['writeUrl', 'readUrl'] as const).flatMap((name): readonly Complaint[] => {
    // The address itself is not repeated: a name and password may stand in it.
    const at = { path: [...path, name], needs: [] };
    if (!/^https?:\/\//i.test(client[name]))
      return [
        { ...at, message: `${name} of client ${client.id} is no web address, expected http:// or https://` },
      ];
    if (/^https?:\/\/[^/?#]*@/i.test(client[name]))
      return [
        {
          ...at,
          message: `${name} of client ${client.id} holds a name or password, expected an address without: a plan never holds a password`,
        },
      ];
    return [];
  });
  return [...region, ...urls];
}

function judgeCommands(fleet: Plan['appFleets'][number], path: Path): readonly Complaint[] {
  const commands: readonly (readonly [Path, readonly string[]])[] = [
    ...Object.entries(fleet.switch).map(([site, argv]): readonly [Path, readonly string[]] => [
      ['switch', site],
      argv,
    ]),
    [['verify'], fleet.verify],
    [['maintenance', 'on'], fleet.maintenance?.on ?? []],
    [['maintenance', 'off'], fleet.maintenance?.off ?? []],
  ];
  return commands.flatMap(([steps, argv]) =>
    argv.flatMap((argument, index): readonly Complaint[] =>
      /^--?(password|passwd|token|secret)=/i.test(argument)
        ? [
            {
              path: [...path, ...steps, index],
              message: `an argument of fleet ${fleet.id} holds a password, expected a command that finds it on its host: a plan never holds one`,
              needs: [],
            },
          ]
        : [],
    ),
  );
}

function judgeSimulator(plan: Plan): readonly Complaint[] {
  if (plan.simulator === undefined || plan.environment === 'simulator') return [];
  const message = `a simulator section in a plan for ${plan.environment}, expected it only where environment is simulator`;
  return [{ path: ['simulator'], message, needs: [['environment']] }];
}
