import { known, type Observation } from '../../shared/observations/observation.ts';
import type { HostFacts } from '../../shared/observations/snapshot.ts';
import type { BootSeen, LoginSeen, SwitchProof } from '../../shared/observations/switch-proof.ts';
import type { Identity } from '../../shared/sessions/identity.ts';

/** What is tried on the hosts of the small plan, as a part of what is known of one. */
export function healthyProofOf(
  host: string,
  identities: Readonly<Record<string, Identity>>,
  takenAt: number,
): Pick<HostFacts, 'switchProof'> {
  if (host === 'h-source') return { switchProof: healthySwitchProof(identities, takenAt) };
  return host === 'h-target' ? { switchProof: healthyTargetStarts(takenAt) } : {};
}

const boot: BootSeen = {
  program: '/usr/sbin/mariadbd',
  options: ['--read_only=0', '--innodb-read-only=OFF'],
  given: [],
  written: [
    { group: 'mysqld', text: 'read_only=0' },
    { group: 'mysqld', text: 'innodb-read-only=OFF' },
  ],
  unreadable: [],
  initFile: null,
  dropIn: null,
  dropInRead: null,
  service: { unit: 'mariadb.service', enabled: 'enabled' },
};

/** What the target host of the small plan shows of its master. */
function healthyTargetStarts(takenAt: number): SwitchProof {
  return {
    logins: {},
    boots: { e1: known(boot, takenAt, 'test') },
    logout: known({ user: 'root', session: false, kills: null, excluded: [], linger: 'no' }, takenAt, 'test'),
  };
}

/** What a healthy host of the small plan shows for its dead-man's switch. */
function healthySwitchProof(identities: Readonly<Record<string, Identity>>, takenAt: number): SwitchProof {
  const fact = <T>(value: T): Observation<T> => known(value, takenAt, 'test');
  const login = (instance: string): readonly [string, Observation<LoginSeen>] => {
    const identity = identities[instance];
    if (identity === undefined) throw new Error(`no ${instance}`);
    return [
      instance,
      fact({
        account: 'root@localhost',
        version: identity.versionText,
        serverUuid: identity.serverUuid,
        serverId: identity.serverId,
        port: identity.port,
        datadir: identity.datadir,
        pidFile: '/run/mysqld/mysqld.pid',
        tried: [
          { need: 'end sessions', error: null, fix: 'GRANT CONNECTION ADMIN ON *.* TO the operator account' },
        ],
        persisted: identity.flavor === 'mysql' ? [] : null,
      }),
    ];
  };
  return {
    logins: Object.fromEntries(['a1', 'a2', 'a3', 'e1'].map(login)),
    boots: Object.fromEntries(['a1', 'a2', 'a3'].map((id) => [id, fact(boot)])),
    logout: fact({ user: 'root', session: true, kills: true, excluded: ['root'], linger: 'no' }),
  };
}
