import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Flavor } from '../../shared/sessions/identity.ts';
import { leaveMemory, liveInMemory } from '../lab/memory.ts';

/** Servers that the conformance suite can start: this Debian's own MariaDB, and others in file trees of their own. */
export type ServerKind = 'mariadb' | 'mariadb-11' | 'mariadb-10.5' | 'mysql';

/** What a kind speaks. */
export function flavorOf(kind: ServerKind): Flavor {
  return kind === 'mysql' ? 'mysql' : 'mariadb';
}

/** The file tree that a kind lives in; null: it is installed on this machine. */
export function treeOf(kind: ServerKind): string | null {
  if (kind === 'mariadb') return null;
  return join(process.env['COCKPIT_LAB_CACHE'] ?? '/var/cache/cutover-lab', kind);
}

/** Why servers of a kind cannot be started on this machine; null: they can. */
export function whyNot(kind: ServerKind): string | null {
  if (process.env['COCKPIT_LAB_WITHOUT'] === kind) return 'left out by COCKPIT_LAB_WITHOUT';
  const tree = treeOf(kind);
  const program = flavorOf(kind) === 'mariadb' ? '/usr/sbin/mariadbd' : '/usr/sbin/mysqld';
  if (!existsSync(`${tree ?? ''}${program}`)) return `there is no ${tree ?? ''}${program}`;
  if (tree === null || process.getuid?.() === 0) return null;
  return `it lives in the chroot ${tree}, which only root may enter`;
}

export type Place = { readonly outside: string; readonly inside: string };

/** A folder for the servers of one kind, as this machine and as the server name it. */
export function makePlace(kind: ServerKind): Place {
  const tree = treeOf(kind);
  const outside = mkdtempSync(join(tree === null ? tmpdir() : join(tree, 'tmp'), 'conf-'));
  liveInMemory(outside);
  return { outside, inside: outside.slice((tree ?? '').length) };
}

/** Takes the folder away. */
export function removePlace({ outside }: Place): void {
  leaveMemory(outside);
  rmSync(outside, { recursive: true, force: true });
}
