/** The reference case as the lab builds it: who exists, where it stands and what it follows. No process, no file. */

export type Flavor = 'mariadb' | 'mysql';

/** GTID, or file and position. */
export type GtidMode = 'on' | 'off';

export const flavors: readonly [Flavor, ...Flavor[]] = ['mariadb', 'mysql'];

/** The reference case on every flavour, with and without GTID. */
export const variants: readonly {
  readonly flavor: Flavor;
  readonly gtid: GtidMode;
  readonly name: string;
}[] = [
  { flavor: 'mariadb', gtid: 'on', name: 'MariaDB with GTID' },
  { flavor: 'mysql', gtid: 'on', name: 'MySQL with GTID' },
  { flavor: 'mariadb', gtid: 'off', name: 'MariaDB by file and position' },
  { flavor: 'mysql', gtid: 'off', name: 'MySQL by file and position' },
];

export type Role = 'source-master' | 'source-slave' | 'target-master' | 'target-replica';

export type Member = {
  readonly id: string;
  readonly chain: string;
  readonly role: Role;
  readonly site: string;
  readonly host: string;
  /** The instance it replicates from. */
  readonly from: string;
  readonly serverId: number;
  readonly autoIncrementOffset: number;
};

export type AppHost = {
  readonly id: string;
  /** The site it stands in, which is not always the one whose database it uses. */
  readonly standsIn: string;
  /** The site whose database it uses before and after the switch. */
  readonly source: string;
  readonly target: string;
};

export const chains: readonly string[] = ['orders', 'content'];

/** One more than the nodes of a chain, so that a new node finds a free offset too. */
export const autoIncrementIncrement = 8;

const places = [
  { name: 'a1', role: 'source-master', site: 'colo-a', host: 'colo-a-db', from: 'b1' },
  { name: 'b1', role: 'source-master', site: 'colo-b', host: 'colo-b-db', from: 'a1' },
  { name: 's1', role: 'source-slave', site: 'colo-a', host: 'colo-a-db', from: 'a1' },
  { name: 't1', role: 'target-master', site: 'us-east-1', host: 'use1-db', from: 'a1' },
  { name: 't2', role: 'target-replica', site: 'us-west-2', host: 'usw2-db', from: 't1' },
] as const;

/** All ten instances, chain by chain. */
export const members: readonly Member[] = chains.flatMap((chain, chainIndex) =>
  places.map(({ name, from, ...place }, index) => ({
    ...place,
    id: `${chain}-${name}`,
    chain,
    from: `${chain}-${from}`,
    serverId: (chainIndex + 1) * 100 + index + 1,
    autoIncrementOffset: index + 1,
  })),
);

/** The instance of that name. */
export function memberOf(id: string): Member {
  const member = members.find((candidate) => candidate.id === id);
  if (member === undefined) throw new Error(`the lab has no instance ${id}`);
  return member;
}

/** The instances of a chain that play one of the roles. */
export function membersOf(chain: string, ...roles: readonly Role[]): readonly Member[] {
  return members.filter((member) => member.chain === chain && roles.includes(member.role));
}

/** Every node of the source side, chain by chain. */
export const sourceIds: readonly string[] = chains.flatMap((chain) =>
  membersOf(chain, 'source-master', 'source-slave').map(({ id }) => id),
);

/** Hosts that carry instances; `bastion` is the jump host before the last of them. */
export const databaseHosts: readonly string[] = [...new Set(members.map((member) => member.host))];
export const bastion = 'bastion';
/** The hosts that are reached through the bastion only. */
export const behindBastion: readonly string[] = ['usw2-db'];

export const appHosts: readonly AppHost[] = [
  { id: 'app-a1', standsIn: 'colo-a', source: 'colo-a', target: 'us-east-1' },
  { id: 'app-b1', standsIn: 'colo-b', source: 'colo-b', target: 'us-west-2' },
  { id: 'app-e1', standsIn: 'us-east-1', source: 'colo-a', target: 'us-east-1' },
  { id: 'app-w1', standsIn: 'us-west-2', source: 'colo-b', target: 'us-west-2' },
];

/** Every host with an sshd of its own. */
export const sshHosts: readonly string[] = [bastion, ...databaseHosts, ...appHosts.map((host) => host.id)];

/**
 * Which instance an application host writes to, by the site it uses: the database beside it. In us-west-2 only a replica
 * stands, so from there writes go to the target master in us-east-1.
 */
export const writesGoTo: Readonly<Record<string, string>> = {
  'colo-a': 'a1',
  'colo-b': 'b1',
  'us-east-1': 't1',
  'us-west-2': 't1',
};

/** The load balancer's two front doors, one per region of users, and the application hosts behind each. */
export const frontDoors: readonly { readonly region: string; readonly hosts: readonly string[] }[] = [
  { region: 'us-east-1', hosts: ['app-a1', 'app-e1'] },
  { region: 'us-west-2', hosts: ['app-b1', 'app-w1'] },
];

/** Port of each listener, counted from the base port: what reference.lab.yaml is written for. */
export const portOffsets: Readonly<Record<string, number>> = Object.fromEntries([
  ...members.map((member, index) => [member.id, 1 + (index % 5) + 10 * Math.floor(index / 5)] as const),
  ...sshHosts.map((host, index) => [`ssh ${host}`, 20 + index] as const),
  ...appHosts.map((host, index) => [`app ${host.id}`, 31 + index] as const),
  ...frontDoors.map((door, index) => [`door ${door.region}`, 41 + index] as const),
  ['route53', 45],
  ['route53 dns', 46],
]);

/**
 * Where `npm run lab -- up` listens unless told otherwise: below the ports that the system gives to outgoing connections
 * (from 32768 on Linux), any of which may stand in the way, and where no service has its place by custom.
 */
export const defaultBasePort = 23_100;
