import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from './journal-disk.ts';

/**
 * Keeps a journal that was fetched from a mirror in its file: whole or not at all, because one that is cut cannot be taken
 * up. A journal that is there already and is no beginning of it is set aside under another name, with its head.
 */
export function keepFetched(file: string, text: string): void {
  if (existsSync(file) && !text.startsWith(readFileSync(file, 'utf8'))) setAside(file);
  const temporary = `${file}.fetched`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  syncDirectory(dirname(file));
}

function setAside(file: string): void {
  let number = 1;
  while (existsSync(`${file}.aside-${number}`)) number += 1;
  const aside = `${file}.aside-${number}`;
  renameSync(file, aside);
  if (existsSync(`${file}.head`)) renameSync(`${file}.head`, `${aside}.head`);
}
