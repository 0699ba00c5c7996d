import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSsh } from '../../main/adapters/ssh.ts';
import type { Ssh } from '../../main/adapters/ssh.ts';
import type { SshChannel } from '../../main/ports.ts';
import type { PlanInput } from '../../shared/plan/plan.ts';
import { planSchema } from '../../shared/plan/plan.ts';
import { loginUser, makeKey, scratchFolder, startSshd } from './loopback-sshd.ts';
import type { Sshd } from './loopback-sshd.ts';

type SshInput = NonNullable<PlanInput['hosts'][number]['ssh']>;

/** A limit that no test of a working server comes near. */
export const limitMs = 15_000;

/** Servers, keys and plans of one test file: `first` is an sshd whose key is in `knownHosts`, every other one is a stranger. */
export type SshGround = {
  readonly folder: string;
  readonly key: string;
  readonly knownHosts: string;
  readonly first: Sshd;
  readonly started: (forceCommand?: string) => Promise<Sshd>;
  /** SSH for a plan with these hosts. */
  readonly ssh: (hosts: Readonly<Record<string, SshInput>>, acceptedHostsFile?: string) => Ssh;
  readonly access: (port: number, more?: Readonly<Record<string, unknown>>) => SshInput;
  readonly channelOf: (session: Ssh, host: string) => Promise<SshChannel>;
  readonly remove: () => Promise<void>;
};

/** Makes the ground and its first server. */
export async function sshGround(): Promise<SshGround> {
  const scratch = scratchFolder('ssh');
  const folder = scratch.path;
  const key = makeKey(join(folder, 'user'));
  const knownHosts = join(folder, 'known_hosts');
  const servers: Sshd[] = [];
  const sessions: Ssh[] = [];
  const started = async (forceCommand?: string): Promise<Sshd> => {
    const made = await startSshd({
      folder,
      keys: [key],
      ...(forceCommand === undefined ? {} : { forceCommand }),
    });
    servers.push(made);
    return made;
  };
  let accepted = 0;
  const ssh = (hosts: Readonly<Record<string, SshInput>>, acceptedHostsFile?: string): Ssh => {
    const plan = planSchema.parse({
      schemaVersion: 1,
      name: 'ssh',
      environment: 'staging',
      sites: [
        { id: 'colo', kind: 'co-location' },
        { id: 'ec2', kind: 'ec2-region' },
      ],
      hosts: Object.entries(hosts).map(([id, access]) => ({ id, site: 'colo', ssh: access })),
      accounts: { operator: { loginPath: 'a' }, plain: { loginPath: 'b' } },
      instances: Object.keys({ a: 0, b: 0 }).map((id) => ({ id, host: Object.keys(hosts)[0] ?? '' })),
      chains: [
        {
          id: 'orders',
          source: { masters: [{ instance: 'a' }] },
          target: { masters: [{ instance: 'b' }] },
          replication: { forward: { account: { loginPath: 'r' } } },
          wayBack: { none: 'test' },
        },
      ],
    });
    const session = createSsh(plan, {
      acceptedHostsFile: acceptedHostsFile ?? join(folder, `accepted-${(accepted += 1)}`),
    });
    sessions.push(session);
    return session;
  };
  const access = (port: number, more: Readonly<Record<string, unknown>> = {}): SshInput => ({
    address: '127.0.0.1',
    port,
    user: loginUser,
    identityFile: key,
    agent: false,
    knownHosts,
    ...more,
  });
  const channelOf = async (session: Ssh, host: string): Promise<SshChannel> => {
    const opened = await session.open(host, limitMs);
    if (opened.kind !== 'open') throw new Error(opened.message);
    return opened.channel;
  };
  const first = await started();
  appendFileSync(knownHosts, first.knownHostsLine);
  const remove = async (): Promise<void> => {
    for (const session of sessions) await session.close();
    for (const each of servers) await each.stop();
    scratch.remove();
  };
  return { folder, key, knownHosts, first, started, ssh, access, channelOf, remove };
}
