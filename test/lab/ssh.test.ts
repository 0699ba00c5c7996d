import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SshPort } from '../../main/ports.ts';
import { loginUser, makeKey, stopChild } from './loopback-sshd.ts';
import { limitMs, sshGround } from './ssh-ground.ts';
import type { SshGround } from './ssh-ground.ts';

describe('SSH on a real sshd', () => {
  let ground: SshGround;
  beforeAll(async () => {
    ground = await sshGround();
  });
  afterAll(() => ground.remove());

  describe('host keys', () => {
    test('an unknown one is refused with its fingerprint, and nothing of a login is sent', async () => {
      const stranger = await ground.started();
      const opened = await ground.ssh({ h: ground.access(stranger.port) }).open('h', limitMs);
      expect(opened).toMatchObject({
        kind: 'refused',
        reason: 'unknown-host-key',
        host: 'h',
        fingerprint: stranger.fingerprint,
      });
      expect(stranger.log()).not.toMatch(/userauth-request|Accepted|Failed/);
    });

    test('is accepted with exactly the fingerprint that was seen, and then known from the plan’s own file', async () => {
      const stranger = await ground.started();
      const file = join(ground.folder, 'plan-1', 'known_hosts');
      const session = ground.ssh({ h: ground.access(stranger.port) }, file);
      await expect(session.acceptHostKey('h', stranger.fingerprint)).rejects.toThrow('no unknown host key');
      await session.open('h', limitMs);
      await expect(session.acceptHostKey('h', ground.first.fingerprint)).rejects.toThrow(
        'nothing was accepted',
      );
      expect(existsSync(file)).toBe(false);
      await session.acceptHostKey('h', stranger.fingerprint);
      expect(readFileSync(file, 'utf8')).toBe(stranger.knownHostsLine);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect((await session.open('h', limitMs)).kind).toBe('open');
      expect(session.hostKeyOf('h')).toBe(stranger.fingerprint);
      expect((await ground.ssh({ h: ground.access(stranger.port) }, file).open('h', limitMs)).kind).toBe(
        'open',
      );
    });

    test('a changed one is a hard stop that nobody can accept', async () => {
      const other = await ground.started();
      const wrong = join(ground.folder, 'wrong');
      writeFileSync(wrong, ground.first.knownHostsLine.replace(`:${ground.first.port} `, `:${other.port} `));
      const session = ground.ssh({ h: ground.access(other.port, { knownHosts: wrong }) });
      const opened = await session.open('h', limitMs);
      expect(opened).toMatchObject({ kind: 'refused', reason: 'changed-host-key', host: 'h' });
      expect(opened.kind === 'refused' && opened.message).toContain(ground.first.fingerprint);
      expect(opened.kind === 'refused' && opened.message).toContain(other.fingerprint);
      expect(other.log()).not.toMatch(/userauth-request|Accepted|Failed/);
      await expect(session.acceptHostKey('h', other.fingerprint)).rejects.toThrow();
    });

    test('a revoked one is refused although another file knows it', async () => {
      const revoked = join(ground.folder, 'revoked');
      writeFileSync(revoked, `@revoked * ${ground.first.knownHostsLine.split(' ').slice(1).join(' ')}`);
      const config = join(ground.folder, 'revoked.conf');
      writeFileSync(
        config,
        `Host gone\n HostName 127.0.0.1\n Port ${ground.first.port}\n User ${loginUser}\n IdentityFile ${ground.key}\n UserKnownHostsFile ${revoked} ${ground.knownHosts}\n`,
      );
      const opened = await ground.ssh({ h: { alias: 'gone', configFile: config } }).open('h', limitMs);
      expect(opened).toMatchObject({ kind: 'refused', reason: 'changed-host-key' });
    });
  });

  describe('login', () => {
    test('a key the server does not know is refused by name', async () => {
      const wrong = makeKey(join(ground.folder, 'other-user'));
      const opened = await ground
        .ssh({ h: ground.access(ground.first.port, { identityFile: wrong }) })
        .open('h', limitMs);
      expect(opened).toMatchObject({ kind: 'refused', reason: 'credential' });
      expect(opened.kind === 'refused' && opened.message).toContain(wrong);
    });

    test('a key with a passphrase and no agent is refused before anything is sent', async () => {
      const locked = makeKey(join(ground.folder, 'locked'), { passphrase: 'canary-passphrase' });
      const opened = await ground
        .ssh({ h: ground.access(ground.first.port, { identityFile: locked }) })
        .open('h', limitMs);
      expect(opened).toMatchObject({ kind: 'refused', reason: 'credential' });
      expect(opened.kind === 'refused' && opened.message).toContain('passphrase');
    });

    test('the agent’s key is used, and with IdentitiesOnly none but the named one', async () => {
      const socket = join(ground.folder, 'agent.sock');
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      const before = process.env['SSH_AUTH_SOCK'];
      process.env['SSH_AUTH_SOCK'] = socket;
      try {
        for (let attempt = 0; attempt < 100 && !existsSync(socket); attempt += 1)
          await new Promise((resolve) => setTimeout(resolve, 20));
        execFileSync('ssh-add', ['-q', ground.key], { stdio: 'ignore' });
        const { port } = ground.first;
        const byAgent = ground.access(port, { agent: true, identityFile: join(ground.folder, 'none') });
        expect((await ground.ssh({ h: byAgent }).open('h', limitMs)).kind).toBe('open');
        const other = makeKey(join(ground.folder, 'agent-other'));
        const config = join(ground.folder, 'agent.conf');
        const open = (identity: string): ReturnType<SshPort['open']> => {
          const known = `UserKnownHostsFile ${ground.knownHosts}\n IdentitiesOnly yes\n IdentityFile ${identity}`;
          writeFileSync(
            config,
            `Host x\n HostName 127.0.0.1\n Port ${port}\n User ${loginUser}\n ${known}\n`,
          );
          return ground.ssh({ h: { alias: 'x', configFile: config } }).open('h', limitMs);
        };
        expect(await open(other)).toMatchObject({ kind: 'refused', reason: 'credential' });
        expect((await open(`${ground.key}.pub`)).kind).toBe('open');
      } finally {
        if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
        else process.env['SSH_AUTH_SOCK'] = before;
        await stopChild(agent);
      }
    });

    test('a port where nobody listens is unreachable', async () => {
      const gone = await ground.started();
      await gone.stop();
      expect(await ground.ssh({ h: ground.access(gone.port) }).open('h', limitMs)).toMatchObject({
        kind: 'refused',
        reason: 'unreachable',
      });
    });

    test('a server that says nothing is given up at the limit', async () => {
      const silent = createServer(() => undefined);
      const port = await new Promise<number>((resolve) =>
        silent.listen(0, '127.0.0.1', () => {
          const bound = silent.address();
          resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
        }),
      );
      expect(await ground.ssh({ h: ground.access(port) }).open('h', 300)).toMatchObject({
        kind: 'refused',
        reason: 'time-limit',
      });
      silent.close();
    });

    test('a login whose shell hangs is given up at the limit, with what to try', async () => {
      const hung = await ground.started('exec sleep 20');
      appendFileSync(ground.knownHosts, hung.knownHostsLine);
      const answer = await ground.ssh({ h: ground.access(hung.port) }).open('h', 3_000);
      expect(answer).toMatchObject({ kind: 'refused', message: expect.stringContaining('`ssh h true`') });
    });
  });

  describe('the way', () => {
    test('jump hosts of the plan are each verified on their own', async () => {
      const inner = await ground.started();
      const hosts = {
        jump: ground.access(ground.first.port),
        h: ground.access(inner.port, { jump: ['jump'] }),
      };
      expect(await ground.ssh(hosts).open('h', limitMs)).toMatchObject({
        reason: 'unknown-host-key',
        host: 'h',
      });
      const strict = {
        ...hosts,
        jump: ground.access(inner.port),
        h: ground.access(ground.first.port, { jump: ['jump'] }),
      };
      expect(await ground.ssh(strict).open('h', limitMs)).toMatchObject({
        reason: 'unknown-host-key',
        host: 'jump',
      });
      const innerKnown = join(ground.folder, 'inner-known');
      writeFileSync(innerKnown, inner.knownHostsLine);
      const session = ground.ssh({
        ...hosts,
        h: ground.access(inner.port, { jump: ['jump'], knownHosts: innerKnown }),
      });
      const channel = await ground.channelOf(session, 'h');
      expect(channel.hostKey).toBe(inner.fingerprint);
    });

    test('an alias goes as OpenSSH would: Include, Match, ProxyJump over two hops with their own user and port', async () => {
      const [middle, inner] = [await ground.started(), await ground.started()];
      const known = join(ground.folder, 'alias-known');
      writeFileSync(known, ground.first.knownHostsLine + middle.knownHostsLine + inner.knownHostsLine);
      writeFileSync(
        join(ground.folder, 'included.conf'),
        `Host edge\n HostName 127.0.0.1\n User nobody\n Port 1\n`,
      );
      const config = join(ground.folder, 'ssh.conf');
      const lines = [
        `Include ${join(ground.folder, 'included.conf')}`,
        `Host inner\n HostName 127.0.0.1\n Port ${inner.port}\n ProxyJump ${loginUser}@edge:${ground.first.port},middle`,
        `Host middle\n HostName 127.0.0.1\n Port ${middle.port}`,
        `Match host 127.0.0.1\n User ${loginUser}`,
        `Host *\n IdentityFile ${ground.key}\n IdentitiesOnly yes\n UserKnownHostsFile ${known}`,
      ];
      writeFileSync(config, lines.join('\n') + '\n');
      const channel = await ground.channelOf(ground.ssh({ h: { alias: 'inner', configFile: config } }), 'h');
      expect(channel.hostKey).toBe(inner.fingerprint);
      expect(await channel.run(['sh', '-c', 'echo $SSH_CONNECTION'], limitMs)).toMatchObject({
        value: { stdout: expect.stringMatching(new RegExp(` ${inner.port}\n$`)) },
      });
      expect(ground.first.log()).toContain('direct-tcpip');
      expect(middle.log()).toContain('direct-tcpip');
    });

    test('a stream to an address of the host carries bytes both ways, and one connection carries everything', async () => {
      const echo = createServer((socket) => socket.pipe(socket));
      const port = await new Promise<number>((resolve) =>
        echo.listen(0, '127.0.0.1', () => {
          const bound = echo.address();
          resolve(typeof bound === 'object' && bound !== null ? bound.port : 0);
        }),
      );
      const one = await ground.started();
      const known = join(ground.folder, 'forward-known');
      writeFileSync(known, one.knownHostsLine);
      const session = ground.ssh({ h: ground.access(one.port, { knownHosts: known }) });
      const [forwarded] = await Promise.all([
        session.forward('h', '127.0.0.1', port),
        ground.channelOf(session, 'h'),
      ]);
      if (forwarded.kind !== 'open') throw new Error(forwarded.message);
      const back = new Promise((resolve) =>
        forwarded.stream.once('data', (chunk: Buffer) => resolve(chunk.toString())),
      );
      forwarded.stream.write('ping');
      expect(await back).toBe('ping');
      forwarded.stream.destroy();
      expect(one.log().match(/Accepted publickey/g)).toHaveLength(1);
      echo.close();
      expect(await session.forward('h', '127.0.0.1', 1)).toMatchObject({
        kind: 'refused',
        reason: 'unreachable',
      });
      expect((await session.forwardSocket('h', join(ground.folder, 'no.sock'))).kind).toBe('refused');
    });
  });
});
