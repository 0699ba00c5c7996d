import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine } from '../../main/adapters/ssh-shell-words.ts';
import { present } from '../../shared/lib/assert.ts';
import { lastWord } from '../../shared/observations/last-word.ts';
import { dropInContent } from '../../shared/steps/durable-fence.ts';
import { bootArgv, parseBoot } from '../../shared/steps/switch-looks.ts';
import { missingFor } from './flavors.ts';
import { startMariadb, type LoneServer } from './loopback-mariadb.ts';

const here = missingFor('mariadb').length === 0;

describe.runIf(here)('what a look tells of the order of option files is what a real server does', () => {
  const home = mkdtempSync(join(tmpdir(), 'cutover-order-'));
  const folder = join(home, 'a', 'conf.d');
  const dropIn = join(folder, 'fence.cnf');
  const optionFile = join(home, 'a', 'my.cnf');
  let server: LoneServer;
  let plain = '';
  beforeAll(async () => {
    server = await startMariadb(join(home, 'a'));
    plain = readFileSync(optionFile, 'utf8');
  }, 120_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  test.each([
    ['nothing is said', '', {}, 'drop-in'],
    ['it is said before', 'read_only=0\n!includedir FOLDER\n', {}, 'drop-in'],
    ['in a file of the folder before it', '', { 'a.cnf': '[server]\nread-only = OFF # why\n' }, 'drop-in'],
    ['in a file of the folder behind it', '', { 'z.cnf': '[mariadb]\nskip_read_only\n' }, 'opened'],
    ['in the same file behind it', '!includedir FOLDER\nloose-read-only="0"\n', {}, 'opened'],
    ['both before and behind', 'read_only=0\n!includedir FOLDER\n[mariadbd]\nread_only=off\n', {}, 'opened'],
    ['in a group of another version', '!includedir FOLDER\n[mariadb-5.5]\nread_only=0\n', {}, 'drop-in'],
  ] as const)('%s', async (_, lines, files, word) => {
    const including = lines.includes('!includedir') ? lines : `${lines}!includedir FOLDER\n`;
    writeFileSync(optionFile, plain + including.replace('FOLDER', folder));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const argv = bootArgv('a1', { pidFile: 'pid', datadir: join(home, 'a') }, dropIn);
    const { stdout } = spawnSync('sh', ['-c', commandLine(argv, 'end-mark')], { encoding: 'utf8' });
    const seen = present(parseBoot(stdout), stdout);
    expect({ reads: seen.dropInRead, word: lastWord(seen).kind }).toEqual({ reads: true, word });
    writeFileSync(dropIn, dropInContent('mariadb'));
    await server.stop();
    await server.start();
    expect(server.root('SELECT @@GLOBAL.read_only').trim()).toBe(word === 'opened' ? '0' : '1');
  });
});
