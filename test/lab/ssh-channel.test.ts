import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SshChannel } from '../../main/ports.ts';
import { cableTo } from './loopback-sshd.ts';
import { limitMs, sshGround } from './ssh-ground.ts';
import type { SshGround } from './ssh-ground.ts';

describe('an SSH channel on a real sshd', () => {
  let ground: SshGround;
  beforeAll(async () => {
    ground = await sshGround();
  });
  afterAll(() => ground.remove());

  describe('a channel', () => {
    let channel: SshChannel;
    beforeAll(async () => {
      channel = await ground.channelOf(ground.ssh({ h: ground.access(ground.first.port) }), 'h');
    });

    test('separates output, error output and exit status', async () => {
      expect(await channel.run(['sh', '-c', 'printf out; printf err >&2'], limitMs)).toMatchObject({
        kind: 'ok',
        value: { stdout: 'out', stderr: 'err' },
      });
      expect(await channel.run(['sh', '-c', 'echo why >&2; exit 7'], limitMs)).toMatchObject({
        kind: 'refused',
        code: 7,
        message: expect.stringContaining('why'),
      });
      expect(await channel.run(['no-such-command-here'], limitMs)).toMatchObject({
        kind: 'refused',
        code: 127,
      });
      expect(await channel.run(['exit', '3'], limitMs)).toMatchObject({ kind: 'refused', code: 3 });
      expect(await channel.run(['cat'], limitMs)).toMatchObject({ kind: 'ok', value: { stdout: '' } });
      expect(channel.state()).toBe('open');
    });

    test('gives back 1000 hostile strings byte by byte', async () => {
      const nasty = fc.oneof(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.string({
          unit: fc.constantFrom(
            '$(id)',
            '`id`',
            ';',
            "'",
            '"',
            '\\',
            '&',
            '|',
            '*',
            '~',
            '-',
            ' ',
            '\t',
            '#',
            '!',
            'é',
            '漢',
            '\r',
            '\u0007',
          ),
          maxLength: 12,
        }),
        fc.constantFrom(
          '-rf',
          '--',
          '-n',
          '',
          '${PATH}',
          "'; exit 9 #",
          '\\047',
          '%s%n',
          '~root',
          '>(x)',
          '\u2028',
        ),
      );
      await fc.assert(
        fc.asyncProperty(nasty, async (word) => {
          const answer = await channel.run(['printf', '%s', word], limitMs);
          if (/[\0\n\r]/.test(word)) expect(answer).toMatchObject({ kind: 'refused', code: null });
          else expect(answer).toMatchObject({ kind: 'ok', value: { stdout: word, stderr: '' } });
        }),
        { numRuns: 1000 },
      );
      for (const word of ['a\nb', 'a\0b', '\ud800'])
        expect(await channel.run(['printf', '%s', word], limitMs)).toMatchObject({
          kind: 'refused',
          code: null,
        });
    });

    test('keeps 1 MiB of output and still finds its end', async () => {
      const answer = await channel.run(['sh', '-c', 'head -c 3000000 /dev/zero | tr "\\0" x'], limitMs);
      expect(answer.kind === 'ok' && answer.value.stdout.length).toBe(1024 * 1024);
      expect(await channel.run(['echo', 'next'], limitMs)).toMatchObject({ value: { stdout: 'next\n' } });
    });

    test('runs in the order asked; a command behind a slow one is answered at its own limit and never sent', async () => {
      const slow = channel.run(['sleep', '0.5'], limitMs);
      const waiting = channel.run(['touch', join(ground.folder, 'never')], 100);
      const next = channel.run(['echo', 'next'], limitMs);
      expect(await Promise.race([slow, waiting])).toMatchObject({ kind: 'none', why: 'not-connected' });
      expect((await slow).kind).toBe('ok');
      expect(await next).toMatchObject({ kind: 'ok', value: { stdout: 'next\n' } });
      expect(existsSync(join(ground.folder, 'never'))).toBe(false);
    });

    test('puts a file in place and takes it away, and reads both back', async () => {
      const path = join(ground.folder, "it's a $(file).cnf");
      const content = '[mysqld]\nread_only=1\n# $(rm -rf) `x` é\n'.repeat(2_000);
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(await channel.putFile(path, content, limitMs)).toMatchObject({ kind: 'ok', value: { sha256 } });
      expect(readFileSync(path, 'utf8')).toBe(content);
      chmodSync(path, 0o640);
      expect(await channel.putFile(path, '', limitMs)).toMatchObject({ kind: 'ok' });
      expect(readFileSync(path, 'utf8')).toBe('');
      expect(statSync(path).mode & 0o777).toBe(0o640);
      expect(await channel.moveFile(path, `${path}.new`, limitMs)).toMatchObject({ kind: 'ok' });
      expect([existsSync(path), existsSync(`${path}.new`)]).toEqual([false, true]);
      expect(await channel.moveFile(path, `${path}.new`, limitMs)).toMatchObject({
        kind: 'refused',
        code: 1,
      });
      expect(await channel.moveFile(`${path}.new`, path, limitMs)).toMatchObject({ kind: 'ok' });
      expect(await channel.putFile(path, null, limitMs)).toMatchObject({
        kind: 'ok',
        value: { sha256: null },
      });
      expect(existsSync(path)).toBe(false);
      expect(await channel.putFile(path, null, limitMs)).toMatchObject({
        kind: 'ok',
        value: { sha256: null },
      });
      const nowhere = await channel.putFile(join(ground.folder, 'no', 'such', 'x'), 'x', limitMs);
      expect(nowhere.kind).toBe('refused');
      mkdirSync(join(ground.folder, 'dir'));
      expect((await channel.putFile('relative', 'x', limitMs)).kind).toBe('refused');
    });
  });

  test('a command past its limit loses the channel: what it did cannot be known', async () => {
    const channel = await ground.channelOf(ground.ssh({ h: ground.access(ground.first.port) }), 'h');
    const lost: string[] = [];
    channel.onLost((why) => lost.push(why));
    expect(await channel.run(['sleep', '2'], 200)).toMatchObject({ kind: 'none', why: 'time-limit' });
    expect(channel.state()).toBe('lost');
    expect(lost).toHaveLength(1);
    expect(await channel.run(['true'], limitMs)).toMatchObject({ kind: 'none', why: 'not-connected' });
  });

  test('a look past its limit is ended on the host, and a change is not', async () => {
    const left = (name: string): string => join(ground.folder, `left-${name}`);
    // It notes its own number first, so that the test can see the very process, and end it.
    const hangs = (name: string): readonly string[] => [
      'sh',
      '-c',
      `echo $$ >'${left(name)}'; exec sleep 300`,
    ];
    const alive = (name: string): boolean => existsSync(`/proc/${readFileSync(left(name), 'utf8').trim()}`);
    const mark = { file: join(ground.folder, 'run.epoch'), epoch: 1, who: 'Dana' };
    const open = (): Promise<SshChannel> =>
      ground.channelOf(ground.ssh({ h: ground.access(ground.first.port) }), 'h');
    const [looks, reads, changes] = [await open(), await open(), await open()];
    expect(await changes.epoch(mark, 'take', limitMs)).toMatchObject({ kind: 'ok' });
    const [look, change] = await Promise.all([
      looks.run(hangs('look'), 1_500),
      changes.as(mark).run(hangs('change'), 1_500),
    ]);
    expect([look, change]).toMatchObject([{ why: 'time-limit' }, { why: 'time-limit' }]);
    await expect.poll(() => alive('look'), { timeout: 20_000 }).toBe(false);
    expect(alive('change')).toBe(true);
    process.kill(Number(readFileSync(left('change'), 'utf8')), 'SIGKILL');
    // A file that never gives anything: what reads it is gone as well.
    const pipe = join(ground.folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await reads.readFile(pipe, 0, 1_000)).toMatchObject({ why: 'time-limit' });
    const readers = (): readonly string[] =>
      readdirSync('/proc').filter((pid) => {
        try {
          return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(pipe);
        } catch {
          return false;
        }
      });
    await expect.poll(readers, { timeout: 20_000 }).toEqual([]);
  }, 60_000);

  test('a connection that is cut in mid-command is told once and stays lost until somebody opens anew', async () => {
    const cable = await cableTo(ground.first.port);
    const known = join(ground.folder, 'cable-known');
    writeFileSync(known, ground.first.knownHostsLine.replace(`:${ground.first.port} `, `:${cable.port} `));
    const session = ground.ssh({ h: ground.access(cable.port, { knownHosts: known }) });
    const channel = await ground.channelOf(session, 'h');
    const lost: string[] = [];
    channel.onLost((why) => lost.push(why));
    const running = channel.run(['sleep', '1'], limitMs);
    cable.cut();
    expect(await running).toMatchObject({ kind: 'none', why: 'session-lost' });
    expect(channel.state()).toBe('lost');
    expect(lost).toHaveLength(1);
    expect(session.hostKeyOf('h')).toBe(null);
    expect(await channel.run(['true'], limitMs)).toMatchObject({ kind: 'none', why: 'not-connected' });
    expect((await session.open('h', limitMs)).kind).toBe('open');
    await session.close();
    cable.remove();
  });
});
