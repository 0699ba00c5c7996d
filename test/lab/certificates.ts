import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate authority of the lab's own and one server certificate, so that every TLS mode can be tried. */

/** The name in the certificate beside localhost: for VERIFY_IDENTITY through SSH. */
export const certificateName = 'db.lab.example';

/** Makes both; they lie in `tls/` of the lab's directory. */
export function writeCertificates(dir: string): void {
  const tls = join(dir, 'tls');
  mkdirSync(tls, { recursive: true, mode: 0o700 });
  const run = (...args: readonly string[]): unknown =>
    execFileSync('openssl', args, { cwd: tls, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  run(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca-key.pem',
    '-out',
    'ca.pem',
    '-days',
    '3650',
    '-subj',
    '/CN=Lab CA',
  );
  run('req', ...key, '-keyout', 'server-key.pem', '-out', 'server.csr', '-subj', `/CN=${certificateName}`);
  writeFileSync(
    join(tls, 'names'),
    `subjectAltName=DNS:${certificateName},DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n`,
  );
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-extfile', 'names'];
  run('x509', '-req', '-in', 'server.csr', ...signing, '-out', 'server.pem', '-days', '3650');
}

/** The CA file, as the plan names it. */
export const caFile = (dir: string): string => join(dir, 'tls', 'ca.pem');

/** Puts an instance's copies beside its data: a server in a chroot sees nothing else. */
export function copyCertificates(dir: string, into: string): void {
  for (const name of ['ca.pem', 'server.pem', 'server-key.pem'])
    copyFileSync(join(dir, 'tls', name), join(into, name));
}
