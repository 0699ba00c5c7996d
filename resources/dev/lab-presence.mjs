// Which real servers and which browser this machine has. The lab's own code looks for the same files.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function find(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  for (const folder of folders) {
    try {
      const path = join(folder, name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder; the next one may have it.
    }
  }
  return undefined;
}

/** Programs that every lab test needs and that are absent here. */
export function missingLabPrograms() {
  return ['mariadbd', 'mariadb-install-db', 'sshd', 'haproxy'].filter((name) => find(name) === undefined);
}

/** Where MySQL's own file tree is kept (Debian 12 has no MySQL packages, so it lives in a chroot). */
export function mysqlTree() {
  return join(process.env.COCKPIT_LAB_CACHE || '/var/cache/cutover-lab', 'mysql');
}

/** Says why MySQL servers cannot be started here, or undefined. */
export function whyNoMysql() {
  if (!existsSync(join(mysqlTree(), 'usr/sbin/mysqld'))) return `there is no MySQL in ${mysqlTree()}`;
  if (process.getuid?.() !== 0) return 'MySQL runs in a chroot, which only root may enter';
  return undefined;
}

/** Servers of other versions that the conformance suite runs on where they are, and why they are not here. */
export function missingOtherServers() {
  const cache = process.env.COCKPIT_LAB_CACHE || '/var/cache/cutover-lab';
  return ['mariadb-11', 'mariadb-10.5'].flatMap((name) => {
    if (!existsSync(join(cache, name, 'usr/sbin/mariadbd')))
      return [{ name, why: `resources/dev/lab-servers.sh ${name} makes it (as root)` }];
    return process.getuid?.() === 0 ? [] : [{ name, why: 'it lives in a chroot, which only root may enter' }];
  });
}

/** The Chromium to test the screen in, or undefined. COCKPIT_CHROMIUM names another one. */
export function chromium() {
  const named = process.env.COCKPIT_CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].map(find).find(Boolean);
}
