import type { Duplex } from 'node:stream';
import type { Host, Plan } from '../../shared/plan/plan.ts';
import type { Result } from '../../shared/lib/result.ts';
import { failed, ok } from '../../shared/lib/result.ts';
import type { OpenRefused, SshPort } from '../ports.ts';
import { homePath } from './home-path.ts';
import { fingerprintOf, knownHostsName, lookUpHost, recordHostKey } from './known-hosts.ts';
import { resolveAlias } from './ssh-aliases.ts';
import { connect } from './ssh-connection.ts';
import type { Connection, ForwardTo } from './ssh-connection.ts';
import type { Hop } from './ssh-hop.ts';
import { readIdentities } from './ssh-identities.ts';
import { shellChannel } from './ssh-shell.ts';

export type SshOptions = {
  /** The plan's own known hosts, next to its journal: where accepted host keys are recorded. */
  readonly acceptedHostsFile: string;
};

export type Forwarded = { readonly kind: 'open'; readonly stream: Duplex } | OpenRefused;

/** SSH for one plan: channels for the engine, streams to MySQL for its adapter. */
export type Ssh = SshPort & {
  /** A stream to an address as the host sees it; no listener is opened here that another local process could use. */
  readonly forward: (host: string, address: string, port: number) => Promise<Forwarded>;
  /** The same to a UNIX socket on the host. */
  readonly forwardSocket: (host: string, socket: string) => Promise<Forwarded>;
  /** Fingerprint of the host's key on the open connection; null when there is none. */
  readonly hostKeyOf: (host: string) => string | null;
  readonly close: () => Promise<void>;
};

/** A hop that cannot be used, with the label it goes by. */
type Failed = { readonly kind: 'failed'; readonly refused: OpenRefused };
type Reached = { readonly kind: 'connected'; readonly connection: Connection } | Failed;

const forwardLimitMs = 15_000;
const systemKnownHosts = [
  '~/.ssh/known_hosts',
  '~/.ssh/known_hosts2',
  '/etc/ssh/ssh_known_hosts',
  '/etc/ssh/ssh_known_hosts2',
];

/**
 * Opens SSH for a plan. One connection a host, made when it is first asked for and shared by all that run over it; a lost
 * one is told to everybody and stays lost until something is opened anew: nothing reconnects by itself.
 */
export function createSsh(plan: Plan, options: SshOptions): Ssh {
  const connections = new Map<string, Promise<Reached>>();
  const open = new Map<string, Connection>();
  /** Unknown keys as seen in this session: only these can be accepted. */
  const shown = new Map<string, { readonly key: Buffer; readonly keyName: string }>();
  let closed = false;

  const reach = async (route: readonly Hop[], limitMs: number): Promise<Reached> => {
    const hop = route.at(-1);
    if (hop === undefined) return failure('', 'other', 'no way to this host is known');
    // A look that was under way when the cockpit left must not keep the program alive with a connection of its own.
    if (closed) return failure(hop.label, 'other', `${hop.label}: the cockpit is leaving`);
    const key = route.map((each) => `${each.user}@${each.keyName}/${each.address}:${each.port}`).join(' ');
    const began = performance.now();
    for (let present = connections.get(key); present !== undefined; present = connections.get(key)) {
      const reached = await within(present, {
        limitMs: limitMs - (performance.now() - began),
        host: hop.label,
      });
      if (reached.kind === 'failed' || reached.connection.isOpen()) return reached;
      // Lost: the first who sees it takes it out, so that only one new connection is made.
      if (connections.get(key) === present) connections.delete(key);
    }
    const made = dial(route, limitMs);
    connections.set(key, made);
    const reached = await made;
    // A failure is not kept: the next attempt is a deliberate one and looks again.
    if (reached.kind === 'failed') connections.delete(key);
    else open.set(hop.label, reached.connection);
    return reached;
  };

  const dial = async (route: readonly Hop[], limitMs: number): Promise<Reached> => {
    const hop = route.at(-1);
    if (hop === undefined) return failure('', 'other', 'no way to this host is known');
    const began = performance.now();
    const leftMs = (): number => limitMs - (performance.now() - began);
    const through = route.length === 1 ? ok(null) : await throughJump(route, leftMs);
    if (!through.ok) return through.error;
    const offered = await readIdentities(hop);
    if (offered.kind === 'nothing') return failure(hop.label, 'credential', `${hop.label}: ${offered.why}`);
    const known = await lookUpHost(hop.keyName, knownHostsOf(hop));
    const result = await connect({
      hop,
      offer: offered.offer,
      known,
      through: through.value,
      limitMs: leftMs(),
    });
    if (result.kind === 'connected') return result;
    if (result.shown === undefined) return failure(hop.label, result.reason, result.message);
    shown.set(hop.label, { key: result.shown, keyName: hop.keyName });
    const refused = failure(hop.label, result.reason, result.message).refused;
    return { kind: 'failed', refused: { ...refused, fingerprint: fingerprintOf(result.shown) } };
  };

  const throughJump = async (
    route: readonly Hop[],
    leftMs: () => number,
  ): Promise<Result<Duplex, Failed>> => {
    const hop = route[route.length - 1];
    const before = route[route.length - 2];
    const jump = await reach(route.slice(0, -1), leftMs());
    if (jump.kind === 'failed') return failed(jump);
    const to = { address: hop?.address ?? '', port: hop?.port ?? 0 };
    const stream = await openedWithin(() => jump.connection.openForward(to), leftMs());
    if (stream.ok) return stream;
    const message = `${hop?.label} cannot be reached through ${before?.label}: ${stream.error.message}`;
    return failed(failure(hop?.label ?? '', stream.error.reason, message));
  };

  const knownHostsOf = (hop: Hop): readonly string[] => [
    ...hop.knownHosts.map(homePath),
    ...systemKnownHosts.map(homePath),
    options.acceptedHostsFile,
  ];

  // ssh_config is read once for each host: dozens of sessions that open at once must not each ask OpenSSH.
  const routes = new Map<string, ReturnType<typeof routeTo>>();
  const routeOnce = async (host: string): ReturnType<typeof routeTo> => {
    const asked = routes.get(host) ?? routeTo(plan, host);
    routes.set(host, asked);
    const route = await asked;
    if (!route.ok) routes.delete(host);
    return route;
  };

  const reachHost = async (host: string, limitMs: number): Promise<Reached> => {
    const route = await routeOnce(host);
    return route.ok ? reach(route.value, limitMs) : failure(host, 'other', route.error);
  };

  const forwardTo = async (host: string, to: ForwardTo): Promise<Forwarded> => {
    const began = performance.now();
    const reached = await reachHost(host, forwardLimitMs);
    if (reached.kind === 'failed') return reached.refused;
    const leftMs = forwardLimitMs - (performance.now() - began);
    const stream = await openedWithin(() => reached.connection.openForward(to), leftMs);
    if (stream.ok) return { kind: 'open', stream: stream.value };
    const target = 'socket' in to ? to.socket : `${to.address}:${to.port}`;
    return failure(
      host,
      stream.error.reason,
      `${target} cannot be reached from ${host}: ${stream.error.message}`,
    ).refused;
  };

  return {
    open: async (host, limitMs) => {
      const began = performance.now();
      const reached = await reachHost(host, limitMs);
      if (reached.kind === 'failed') return reached.refused;
      const { connection } = reached;
      const leftMs = (): number => limitMs - (performance.now() - began);
      const stream = await openedWithin(() => connection.openShell(), leftMs());
      if (!stream.ok)
        return failure(host, stream.error.reason, `${host}: no shell: ${stream.error.message}`).refused;
      const channel = shellChannel(stream.value, { host, hostKey: connection.hostKey });
      // A first line proves that a shell listens before the hold, not in the minute.
      const answer = await channel.run(['true'], leftMs());
      if (answer.kind === 'ok') return { kind: 'open', channel };
      await channel.close();
      const hint = `\`ssh ${host} true\` has to end at once and print nothing; does its ~/.bashrc hang?`;
      return failure(host, 'other', `no shell answers on ${host}: ${answer.message}. ${hint}`).refused;
    },
    acceptHostKey: async (host, fingerprint) => {
      const seen = shown.get(host);
      if (seen === undefined)
        throw new Error(
          `${host} has shown no unknown host key in this session: open it first, then accept what it shows`,
        );
      const seenFingerprint = fingerprintOf(seen.key);
      if (seenFingerprint !== fingerprint)
        throw new Error(`${host} showed ${seenFingerprint}, not ${fingerprint}: nothing was accepted`);
      await recordHostKey(options.acceptedHostsFile, seen.keyName, seen.key);
      shown.delete(host);
    },
    forward: (host, address, port) => forwardTo(host, { address, port }),
    forwardSocket: (host, socket) => forwardTo(host, { socket }),
    hostKeyOf: (host) => {
      const connection = open.get(host);
      return connection?.isOpen() === true ? connection.hostKey : null;
    },
    close: async () => {
      closed = true;
      const made = await Promise.all(connections.values());
      connections.clear();
      // Last made first: a hop's connection runs through the one before it.
      for (const reached of made.reverse()) if (reached.kind === 'connected') reached.connection.end();
    },
  };
}

/** The hops to a host of the plan: by ssh_config for an alias, by the plan's own jump list for an address. */
async function routeTo(plan: Plan, id: string, depth = 0): Promise<Result<readonly Hop[], string>> {
  const host = plan.hosts.find((each) => each.id === id);
  if (host?.ssh === undefined) return failed(`host ${id} has no ssh section in the plan`);
  if (depth > plan.hosts.length) return failed(`host ${id}: the jump hosts of the plan go in a circle`);
  const { ssh } = host;
  const planKnown = ssh.knownHosts === undefined ? [] : [ssh.knownHosts];
  if ('alias' in ssh) {
    const way = await resolveAlias({ alias: ssh.alias, configFile: ssh.configFile ?? null });
    if (!way.ok) return failed(`host ${id}: ${way.error}`);
    return ok(
      way.value.map((hop, index, all) => named(hop, { planKnown, id: index === all.length - 1 ? id : null })),
    );
  }
  const hops: Hop[] = [];
  for (const [index, jump] of ssh.jump.entries()) {
    const way = await routeTo(plan, jump, depth + 1);
    if (!way.ok) return way;
    hops.push(...(index === 0 ? way.value : way.value.slice(-1)));
  }
  return ok([...hops, hopOfAddress(host, ssh)]);
}

/** Gives the last hop of an alias the plan's name for it, and every hop the plan's known hosts. */
function named(hop: Hop, as: { readonly planKnown: readonly string[]; readonly id: string | null }): Hop {
  return { ...hop, label: as.id ?? hop.label, knownHosts: [...as.planKnown, ...hop.knownHosts] };
}

function hopOfAddress(host: Host, ssh: Extract<NonNullable<Host['ssh']>, { readonly address: string }>): Hop {
  const defaults = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => ({
    path: homePath(`~/.ssh/${name}`),
    asked: false,
  }));
  return {
    label: host.id,
    address: ssh.address,
    port: ssh.port,
    user: ssh.user,
    keyName: knownHostsName(ssh.address, ssh.port),
    knownHosts: ssh.knownHosts === undefined ? [] : [ssh.knownHosts],
    identityFiles:
      ssh.identityFile === undefined ? defaults : [{ path: homePath(ssh.identityFile), asked: true }],
    agentSocket: ssh.agent ? (process.env['SSH_AUTH_SOCK'] ?? null) : null,
    identitiesOnly: false,
  };
}

function failure(host: string, reason: OpenRefused['reason'], message: string): Failed {
  return { kind: 'failed', refused: { kind: 'refused', reason, message, host } };
}

/** Waits for a connection that somebody else is making, no longer than asked. */
async function within(
  made: Promise<Reached>,
  wait: { readonly limitMs: number; readonly host: string },
): Promise<Reached> {
  const late = new Promise<Failed>((resolve) => {
    const message = `${wait.host}: no SSH login within ${Math.round(wait.limitMs)} ms`;
    const timer = setTimeout(
      () => resolve(failure(wait.host, 'time-limit', message)),
      Math.max(0, wait.limitMs),
    );
    void made.finally(() => clearTimeout(timer));
  });
  return Promise.race([made, late]);
}

/** Opens a stream within a limit; one that comes too late is closed again. */
function openedWithin<T extends Duplex>(
  open: () => Promise<T>,
  limitMs: number,
): Promise<Result<T, { readonly reason: OpenRefused['reason']; readonly message: string }>> {
  return new Promise((resolve) => {
    let late = false;
    const timer = setTimeout(
      () => {
        late = true;
        resolve(failed({ reason: 'time-limit', message: `not open within ${Math.round(limitMs)} ms` }));
      },
      Math.max(0, limitMs),
    );
    open().then(
      (stream) => {
        clearTimeout(timer);
        if (late) stream.destroy();
        else resolve(ok(stream));
      },
      (error: unknown) => {
        clearTimeout(timer);
        resolve(
          failed({ reason: 'unreachable', message: error instanceof Error ? error.message : String(error) }),
        );
      },
    );
  });
}
