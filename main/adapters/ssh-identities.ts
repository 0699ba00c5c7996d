import { readFile } from 'node:fs/promises';
import type { Hop } from './ssh-hop.ts';

/** What is offered to a server: keys read from files, and the agent with the public keys it is limited to (null: all). */
export type Offer = {
  readonly keys: readonly { readonly path: string; readonly pem: Buffer }[];
  readonly agent: { readonly socket: string; readonly only: readonly Buffer[] | null } | null;
};

/** The offer, or in words why there is nothing to offer. */
export type Offered =
  { readonly kind: 'offer'; readonly offer: Offer } | { readonly kind: 'nothing'; readonly why: string };

/**
 * Reads the identity files of a hop. A key with a passphrase is usable through the agent only: there is no prompt, neither
 * before the minute nor in it.
 */
export async function readIdentities(hop: Hop): Promise<Offered> {
  const keys: { path: string; pem: Buffer }[] = [];
  const publicKeys: Buffer[] = [];
  const problems: string[] = [];
  for (const { path, asked } of hop.identityFiles) {
    const pem = await readOrNull(path);
    const publicKey = publicKeyIn(await readOrNull(`${path}.pub`)) ?? publicKeyIn(pem);
    if (publicKey !== null) publicKeys.push(publicKey);
    if (pem === null) {
      if (asked && publicKey === null) problems.push(`${path} cannot be read`);
    } else if (isEncrypted(pem))
      problems.push(`${path} has a passphrase and can be used through ssh-agent only`);
    else if (publicKeyIn(pem) === null) keys.push({ path, pem });
  }
  const agent =
    hop.agentSocket === null
      ? null
      : { socket: hop.agentSocket, only: hop.identitiesOnly ? publicKeys : null };
  if (keys.length > 0 || agent !== null) return { kind: 'offer', offer: { keys, agent } };
  const seen = problems.length === 0 ? 'no identity file was found' : problems.join('; ');
  const mend = `name an identityFile without passphrase, or start ssh-agent, ssh-add the key and set SSH_AUTH_SOCK`;
  return { kind: 'nothing', why: `no key to log in with: ${seen}, and no agent is running. ${mend}` };
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch {
    return null;
  }
}

/** The blob of a one-line public key file; IdentityFile may name one to choose a key of the agent. */
function publicKeyIn(file: Buffer | null): Buffer | null {
  const words = file?.toString('latin1').trim().split(/\s+/) ?? [];
  if (words[0] === undefined || words[1] === undefined || !/^(ssh-|ecdsa-|sk-)/.test(words[0])) return null;
  return Buffer.from(words[1], 'base64');
}

/** Whether a private key needs a passphrase, by its format: PEM headers, or the cipher name of the OpenSSH container. */
export function isEncrypted(pem: Buffer): boolean {
  const text = pem.toString('latin1');
  if (/^Proc-Type: 4,ENCRYPTED/m.test(text) || text.includes('BEGIN ENCRYPTED PRIVATE KEY')) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return false;
  const data = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.length < magic.length + 4 || data.toString('latin1', 0, magic.length) !== magic) return false;
  const length = data.readUInt32BE(magic.length);
  return data.toString('latin1', magic.length + 4, magic.length + 4 + length) !== 'none';
}
