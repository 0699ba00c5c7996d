import ssh2 from 'ssh2';
import type {
  AnyAuthMethod,
  Client as SshClient,
  ConnectConfig,
  IdentityCallback,
  ParsedKey,
  ServerHostKeyAlgorithm,
} from 'ssh2';
import type { Duplex } from 'node:stream';
import { fingerprintOf, judgeHostKey } from './known-hosts.ts';
import type { KnownKey } from './known-hosts.ts';
import { failureOf, words, type ConnectFailed } from './ssh-failure.ts';
import type { Hop } from './ssh-hop.ts';
import type { Offer } from './ssh-identities.ts';
import type { ShellStream } from './ssh-shell.ts';

// The package is CommonJS: Node finds some of its names only on the default export.
const { Client, OpenSSHAgent } = ssh2;

// The one file that knows ssh2. The library's own defaults accept any host key and old algorithms: all of it is set here.

/** What a stream is opened to on the far side of a connection. */
export type ForwardTo = { readonly address: string; readonly port: number } | { readonly socket: string };

/** One authenticated connection to one server, shared by its shell channels, its forwards and the hops behind it. */
export type Connection = {
  readonly hostKey: string;
  readonly isOpen: () => boolean;
  readonly openShell: () => Promise<ShellStream>;
  readonly openForward: (to: ForwardTo) => Promise<Duplex>;
  readonly onLost: (call: (why: string) => void) => void;
  readonly end: () => void;
};

export type ConnectTo = {
  readonly hop: Hop;
  readonly offer: Offer;
  readonly known: readonly KnownKey[];
  /** A stream through the hop before; null: directly. */
  readonly through: Duplex | null;
  readonly limitMs: number;
};

const keepaliveMs = 5_000;
const keepaliveMisses = 3;

const hostKeyAlgorithms: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/** No SHA-1, no CBC, no ssh-rsa; what is left is in every OpenSSH since 7.4. */
const algorithms: NonNullable<ConnectConfig['algorithms']> = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
    'diffie-hellman-group-exchange-sha256',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};

/**
 * Connects and logs in. The host key is judged while keys are exchanged, so a server that is not known, or is another one
 * than before, gets no byte of authentication. Password and keyboard-interactive login do not exist here, nor does agent
 * forwarding: root on that host could use the agent.
 */
export function connect(
  to: ConnectTo,
): Promise<{ readonly kind: 'connected'; readonly connection: Connection } | ConnectFailed> {
  const client = new Client();
  const where = `${to.hop.label} (${to.hop.user}@${to.hop.address}:${to.hop.port})`;
  const verifier = hostKeyVerifier(client, to);
  const notes: string[] = [];
  return new Promise((resolve) => {
    const settle = (result: Parameters<typeof resolve>[0]): void => {
      clearTimeout(timer);
      client.removeAllListeners('error').on('error', () => undefined);
      if ('kind' in result && result.kind === 'failed') client.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () =>
        settle({
          kind: 'failed',
          reason: 'time-limit',
          message: `${where}: no SSH login within ${Math.round(to.limitMs)} ms`,
        }),
      Math.max(0, to.limitMs),
    );
    client.on('error', (error) => {
      // An agent that does not answer is not the end: the next key is tried.
      if (error.level === 'agent') notes.push(error.message);
      else settle(verifier.refused() ?? failureOf(where, { error, notes, offer: to.offer }));
    });
    client.on('close', () =>
      settle(
        verifier.refused() ?? {
          kind: 'failed',
          reason: 'unreachable',
          message: `${where}: the server closed the connection`,
        },
      ),
    );
    client.on('ready', () => {
      clearTimeout(timer);
      client.removeAllListeners('error').removeAllListeners('close');
      // Without this a short line waits for the acknowledgement of the one before (Nagle), up to 40 ms.
      client.setNoDelay(true);
      resolve({ kind: 'connected', connection: connectionOver(client, verifier.fingerprint()) });
    });
    try {
      client.connect(configOf(to, verifier.verify));
    } catch (error) {
      settle({ kind: 'failed', reason: 'other', message: `${where}: ${words(error)}` });
    }
  });
}

function configOf(to: ConnectTo, verify: (key: Buffer) => boolean): ConnectConfig {
  return {
    ...(to.through === null ? { host: to.hop.address, port: to.hop.port } : { sock: to.through }),
    username: to.hop.user,
    authHandler: authMethods(to),
    agentForward: false,
    tryKeyboard: false,
    hostVerifier: verify,
    algorithms: { ...algorithms, serverHostKey: orderedHostKeys(to.known) },
    keepaliveInterval: keepaliveMs,
    keepaliveCountMax: keepaliveMisses,
    // The limit above covers the whole way; the library's own would only end it with another message.
    readyTimeout: 0,
  };
}

/** Asks for the key types this host is known by first, as OpenSSH does: a server with two keys then shows the known one. */
function orderedHostKeys(known: readonly KnownKey[]): ServerHostKeyAlgorithm[] {
  const types = new Set(known.filter((entry) => entry.mark === 'known').map((entry) => entry.type));
  const isKnown = (algorithm: string): boolean =>
    types.has(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm);
  return [
    ...hostKeyAlgorithms.filter(isKnown),
    ...hostKeyAlgorithms.filter((algorithm) => !isKnown(algorithm)),
  ];
}

function authMethods(to: ConnectTo): AnyAuthMethod[] {
  const username = to.hop.user;
  const asked = new Set(to.hop.identityFiles.filter((file) => file.asked).map((file) => file.path));
  const keyMethods = (named: boolean): AnyAuthMethod[] =>
    to.offer.keys
      .filter((key) => asked.has(key.path) === named)
      .map((key) => ({ type: 'publickey', username, key: key.pem }));
  const { agent } = to.offer;
  const agentMethods: AnyAuthMethod[] =
    agent === null ? [] : [{ type: 'agent', username, agent: new LimitedAgent(agent.socket, agent.only) }];
  // Named keys first: a server ends the connection after a few wrong ones, and an agent may hold many.
  return [...keyMethods(true), ...agentMethods, ...keyMethods(false)];
}

/** The running ssh-agent, limited to certain keys where IdentitiesOnly says so. */
class LimitedAgent extends OpenSSHAgent {
  readonly #only: readonly Buffer[] | null;

  constructor(socket: string, only: readonly Buffer[] | null) {
    super(socket);
    this.#only = only;
  }

  override getIdentities(call: IdentityCallback<ParsedKey>): void {
    const only = this.#only;
    super.getIdentities((error, keys) => {
      if (error || only === null) call(error, keys);
      else
        call(
          error,
          keys?.filter((key) => 'getPublicSSH' in key && only.some((one) => one.equals(key.getPublicSSH()))),
        );
    });
  }
}

function hostKeyVerifier(
  client: SshClient,
  to: ConnectTo,
): {
  readonly verify: (key: Buffer) => boolean;
  readonly refused: () => ConnectFailed | null;
  readonly fingerprint: () => string;
} {
  let refused: ConnectFailed | null = null;
  let fingerprint = '';
  const server = `${to.hop.label} (${to.hop.address}:${to.hop.port})`;
  const verify = (key: Buffer): boolean => {
    fingerprint = fingerprintOf(key);
    const verdict = judgeHostKey(key, to.known);
    if (verdict.kind === 'unknown') {
      const message = `${server} is not in any known_hosts file (looked up as ${to.hop.keyName}). It shows ${fingerprint}: compare it with the one its administrator gives you and accept it in preflight. Nothing was sent to it`;
      refused = { kind: 'failed', reason: 'unknown-host-key', message, shown: key };
    } else if (verdict.kind === 'changed') {
      const message = `the host key of ${server} is not the one it had: seen ${fingerprint}, ${verdict.why}. Someone may be in between: stop, ask its administrator, and only then mend the known_hosts file. Nothing was sent to it`;
      refused = { kind: 'failed', reason: 'changed-host-key', message };
    } else if (!usesStrictKeyExchange(client)) {
      const message = `${server} does not offer strict key exchange (CVE-2023-48795): bring its sshd up to date`;
      refused = { kind: 'failed', reason: 'other', message };
    }
    return refused === null;
  };
  return { verify, refused: () => refused, fingerprint: () => fingerprint };
}

/**
 * Whether both sides agreed on strict key exchange. ssh2 tells nobody but itself, so its own field is read, and a version
 * that no longer has it is taken as a no.
 */
function usesStrictKeyExchange(client: SshClient): boolean {
  const protocol: unknown = Reflect.get(client, '_protocol');
  return typeof protocol === 'object' && protocol !== null && Reflect.get(protocol, '_strictMode') === true;
}

function connectionOver(client: SshClient, hostKey: string): Connection {
  let lost: string | null = null;
  let lastError = '';
  const listeners: ((why: string) => void)[] = [];
  // One listener of the client for all streams that are being opened: dozens are, at once.
  const opening = new Set<() => void>();
  client.on('error', (error) => (lastError = error.message));
  client.on('close', () => {
    lost ??= lastError === '' ? 'the SSH connection was closed' : `the SSH connection failed: ${lastError}`;
    for (const gone of opening) gone();
    for (const call of listeners.splice(0)) call(lost);
  });
  const opened = <T extends Duplex>(
    open: (done: (error: Error | undefined, stream: T) => void) => void,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      // A connection that is gone never calls back, so its end rejects too.
      const gone = (): void => reject(new Error(lost ?? 'the SSH connection was closed'));
      if (lost !== null) return gone();
      opening.add(gone);
      open((error, stream) => {
        opening.delete(gone);
        if (error) reject(error);
        else resolve(stream);
      });
    });
  return {
    hostKey,
    isOpen: () => lost === null,
    openShell: () => opened((done) => client.exec('exec /bin/sh', { pty: false }, done)),
    openForward: (to) =>
      opened((done) => {
        if ('socket' in to) client.openssh_forwardOutStreamLocal(to.socket, done);
        else client.forwardOut('127.0.0.1', 0, to.address, to.port, done);
      }),
    onLost: (call) => {
      if (lost !== null) call(lost);
      else listeners.push(call);
    },
    end: () => client.end(),
  };
}
