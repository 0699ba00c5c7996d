import { expect, test } from 'vitest';
import { lastWord } from '../../../shared/observations/last-word.ts';
import type { BootSeen } from '../../../shared/observations/switch-proof.ts';

const plain: BootSeen = {
  program: '/usr/sbin/mariadbd',
  options: [],
  given: [],
  written: [null],
  unreadable: [],
  initFile: null,
  dropIn: false,
  dropInRead: true,
  service: null,
};

const off = (group: string, text = 'read_only=0') => ({ group, text });

test.each([
  ['nothing says a word', {}, 'drop-in'],
  ['a file says so before it', { options: ['--read_only=0'], written: [off('mysqld'), null] }, 'drop-in'],
  ['a group that no server reads', { written: [null, off('mysqldump'), off('mysqld_safe')] }, 'drop-in'],
  [
    'it is said as the command line closes it',
    { options: ['--read_only=0', '--read-only'], given: ['--read-only'], written: [null, off('server')] },
    'drop-in',
  ],
  [
    'a later file closes it',
    { options: ['--read_only=1'], written: [null, off('mysqld', 'read_only=1')] },
    'drop-in',
  ],
  [
    'another variable is off',
    {
      options: ['--innodb_read_only_compressed=OFF'],
      written: [null, off('mysqld', 'innodb_read_only_compressed=OFF')],
    },
    'drop-in',
  ],
  [
    'a file says so behind it',
    { options: ['--read-only="0"'], written: [null, off('mariadb-10.11', 'read-only = 0 # for now')] },
    'opened',
  ],
  [
    'two files say so, around it',
    {
      options: ['--read_only=0', '--read_only=OFF'],
      written: [off('mysqld'), null, off('mysqld', 'read_only = OFF')],
    },
    'opened',
  ],
  [
    'it is read twice, and the last time behind',
    { options: ['--read_only=0', '--read_only=0'], written: [null, off('mysqld'), null, off('mysqld')] },
    'opened',
  ],
  [
    'it is said by leaving it out',
    { options: ['--skip-read-only'], written: [null, off('mysqld', 'skip-read-only')] },
    'opened',
  ],
  [
    'a part of it is opened',
    { options: ['--loose-super-read-only=0'], written: [null, off('mysqld', 'loose_super_read_only=0')] },
    'opened',
  ],
  [
    'the command line says so',
    { options: ['--read_only=1', '--disable-read-only'], given: ['--disable-read-only'], written: [null] },
    'opened',
  ],
  ['nobody sees where it stands', { options: ['--read_only=0'], written: [null] }, 'not known'],
  [
    'its program tells of others than its files',
    { options: ['--read_only=0'], written: [null, off('mysqld'), off('mysqld')] },
    'not known',
  ],
  [
    'it is not understood',
    { options: ['--read_only=maybe'], given: ['--read_only=maybe'], written: [null] },
    'not known',
  ],
  ['an option file cannot be read', { unreadable: ['/etc/mysql/z.cnf'], written: [null] }, 'not known'],
] as const)('the last word on read-only, were the drop-in there: %s', (_, change, kind) => {
  const start: BootSeen = { ...plain, ...change };
  const word = lastWord(start);
  expect(word.kind).toBe(kind);
  if (word.kind === 'opened') expect(word.by).toEqual(start.options.slice(-1));
  if (word.kind === 'not known') expect(word.why).toContain(start.options.at(-1) ?? start.unreadable[0]);
});
