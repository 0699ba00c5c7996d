import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { guardedLine } from '../../main/adapters/ssh-epoch.ts';
import { commandLine, epochLine, moveFileLine, putFileLine } from '../../main/adapters/ssh-shell-words.ts';
import { driverName, type EpochMark } from '../../shared/steps/driver.ts';

const mark = 'end1';
const name = '~/.cutover-run-host.epoch';
const first: EpochMark = { file: name, epoch: 1, who: "o'neil on laptop-a since then" };
const second: EpochMark = { file: name, epoch: 2, who: 'ann on laptop-b since now' };

describe.each(['/bin/sh', '/bin/bash'])('the epoch of a run on a host whose shell is %s', (shell) => {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "it's a $(home) "));
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const file = (): string => join(home, '.cutover-run-host.epoch');
  /** Everything on one channel; answers with the statuses that the end marks say. */
  const run = (...lines: readonly string[]): readonly string[] => {
    const said = execFileSync(shell, [], {
      input: lines.join(''),
      env: { ...process.env, HOME: home },
      stdio: 'pipe',
    });
    return [...said.toString().matchAll(/^end1 (.*)$/gm)].map(([, status]) => status ?? '');
  };
  const touch = (path: string, by: EpochMark): string =>
    guardedLine(by, commandLine(['touch', join(home, path)], mark));

  test('lets its own driver through, and one of a higher epoch, whose number then counts', () => {
    expect(
      run(epochLine(first, 'take', mark), touch('a', first), touch('b', second), touch('c', first)),
    ).toEqual(['0', '0', '0', 'g77']);
    expect(readFileSync(file(), 'utf8')).toBe(`1 ${first.who}\n2 ${second.who}\n`);
    expect([existsSync(join(home, 'a')), existsSync(join(home, 'b')), existsSync(join(home, 'c'))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('refuses another driver of the same epoch, and everybody where there is no file', () => {
    const twin = { ...first, who: 'somebody else' };
    expect(run(touch('a', first))).toEqual(['g77']);
    expect(existsSync(file())).toBe(false);
    expect(run(epochLine(first, 'take', mark), epochLine(twin, 'take', mark), touch('a', twin))).toEqual([
      '0',
      'g77',
      'g77',
    ]);
    expect(existsSync(join(home, 'a'))).toBe(false);
  });

  test('where its file cannot be made nobody is said to have taken over', () => {
    const nowhere = { ...first, file: '~/no folder/.epoch' };
    expect(run(epochLine(nowhere, 'take', mark), touch('a', nowhere))).toEqual(['g76', 'g77']);
    expect(existsSync(join(home, 'a'))).toBe(false);
    expect(run(epochLine(first, 'take', mark))).toEqual(['0']);
  });

  test('a line that was refused leaves the next ones as they were, with their own status', () => {
    writeFileSync(file(), `3 x\n`);
    expect(
      run(touch('a', first), commandLine(['sh', '-c', 'exit 7'], mark), commandLine(['true'], mark)),
    ).toEqual(['g77', '7', '0']);
  });

  test('is for files too: neither put nor moved by an earlier driver', () => {
    writeFileSync(file(), `2 ${second.who}\n`);
    writeFileSync(join(home, 'armed'), '');
    const lines = (by: EpochMark): readonly string[] => [
      guardedLine(by, putFileLine('~/put', 'content\n', mark)),
      guardedLine(by, moveFileLine('~/armed', '~/claimed', mark)),
    ];
    expect(run(...lines(first))).toEqual(['g77', 'g77']);
    expect([existsSync(join(home, 'put')), existsSync(join(home, 'armed'))]).toEqual([false, true]);
    expect(run(...lines(second))).toEqual(['0', '0']);
    expect([existsSync(join(home, 'put')), existsSync(join(home, 'claimed'))]).toEqual([true, true]);
  });

  test('goes away by its own driver alone, twice without harm, and a damaged one lets nobody through', () => {
    writeFileSync(file(), `2 ${second.who}\n`);
    expect(run(epochLine(first, 'drop', mark))).toEqual(['g77']);
    expect(run(epochLine(second, 'drop', mark), epochLine(second, 'drop', mark), touch('a', second))).toEqual(
      ['0', '0', 'g77'],
    );
    expect(existsSync(file())).toBe(false);
    writeFileSync(file(), `who knows\n`);
    expect(run(touch('a', second))).toEqual(['g76']);
  });

  test('a line that hangs holds up none of its own driver on another channel, and every takeover', async () => {
    const begun = join(home, 'begun');
    const hanging = guardedLine(
      first,
      commandLine(['sh', '-c', 'touch "$1"; exec sleep 60', 'sh', begun], mark),
    );
    const channel = spawn(shell, [], {
      env: { ...process.env, HOME: home },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const ended = new Promise((resolve) => channel.once('close', resolve));
    try {
      expect(run(epochLine(first, 'take', mark))).toEqual(['0']);
      channel.stdin.write(hanging);
      await vi.waitFor(() => expect(existsSync(begun)).toBe(true), 10_000);
      expect(run(touch('a', first), guardedLine(first, putFileLine('~/put', 'x\n', mark)))).toEqual([
        '0',
        '0',
      ]);
      // Whoever takes over waits until no line of the one before is under way, and says so where it is.
      expect(run(epochLine(second, 'take', mark), touch('b', second))).toEqual(['g75', 'g75']);
      expect(readFileSync(file(), 'utf8')).toBe(`1 ${first.who}\n`);
    } finally {
      if (channel.pid !== undefined) process.kill(-channel.pid, 'SIGKILL');
      await ended;
    }
    expect(run(epochLine(second, 'take', mark), touch('c', first))).toEqual(['0', 'g77']);
  }, 30_000);

  test('a program that stays behind does not keep the lock', () => {
    const stays = guardedLine(first, commandLine(['sh', '-c', 'sleep 5 >/dev/null 2>&1 &'], mark));
    const began = performance.now();
    expect(run(epochLine(first, 'take', mark), stays, epochLine(second, 'take', mark))).toEqual([
      '0',
      '0',
      '0',
    ]);
    expect(performance.now() - began).toBeLessThan(4_000);
  });
});

test("a driver's name is one line without anything a shell or a file could misread", () => {
  expect(driverName('Zoë\n"x"; rm', 'lap|top', 0)).toBe(
    'Zoë__x__ rm on lap_top since 1970-01-01T00:00:00.000Z',
  );
});
