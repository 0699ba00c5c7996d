import { known, type Observation } from '../../shared/observations/observation.ts';
import type { BootSeen, LoginSeen, SwitchProof } from '../../shared/observations/switch-proof.ts';
import type { Identity } from '../../shared/sessions/identity.ts';

/** What a healthy host of the small plan shows for its dead-man's switch. */
export function healthySwitchProof(
  identities: Readonly<Record<string, Identity>>,
  takenAt: number,
): SwitchProof {
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
  const boot: BootSeen = {
    program: '/usr/sbin/mariadbd',
    options: ['--read_only=0', '--innodb-read-only=OFF'],
    unreadable: [],
    initFile: null,
    dropIn: null,
    dropInRead: null,
    service: { unit: 'mariadb.service', enabled: 'enabled' },
  };
  return {
    logins: Object.fromEntries(['a1', 'a2', 'a3', 'e1'].map(login)),
    boots: Object.fromEntries(['a1', 'a2', 'a3'].map((id) => [id, fact(boot)])),
    logout: fact({ user: 'root', session: true, kills: true, excluded: ['root'], linger: 'no' }),
  };
}
