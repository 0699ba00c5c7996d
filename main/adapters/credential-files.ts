import { createDecipheriv } from 'node:crypto';

/** Groups of an option file: name → option → value. */
export type OptionGroups = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Decodes `~/.mylogin.cnf` of mysql_config_editor into the text of an option file; null: not such a file.
 *
 * Layout: 4 bytes unused, 20 bytes of key material folded to 16 by exclusive or, then one record a line: its length as
 * 32 bits, little endian, and the line in AES-128-ECB. This hides the password from a glance only; the file's own
 * permissions protect it. https://dev.mysql.com/doc/refman/8.4/en/mysql-config-editor.html
 */
export function decodeLoginFile(bytes: Uint8Array): string | null {
  const file = Buffer.from(bytes);
  if (file.length < 24) return null;
  const key = Buffer.alloc(16);
  for (const [index, byte] of file.subarray(4, 24).entries())
    key.writeUInt8(key.readUInt8(index % 16) ^ byte, index % 16);
  const lines: string[] = [];
  let at = 24;
  while (at < file.length) {
    if (at + 4 > file.length) return null;
    const length = file.readInt32LE(at);
    at += 4;
    if (length <= 0 || length % 16 !== 0 || at + length > file.length) return null;
    const line = decrypt(key, file.subarray(at, at + length));
    if (line === null) return null;
    lines.push(line);
    at += length;
  }
  return lines.join('');
}

function decrypt(key: Buffer, record: Buffer): string | null {
  try {
    const decipher = createDecipheriv('aes-128-ecb', key, null);
    return Buffer.concat([decipher.update(record), decipher.final()]).toString('utf8');
  } catch {
    // Wrong padding: the record was not written with this key, so this is no login file.
    return null;
  }
}

/** Reads the text of an option file: groups, `name = value`, quotes, `#` comments, escapes as MySQL reads them. */
export function parseOptionFile(text: string): OptionGroups {
  const groups = new Map<string, Map<string, string>>();
  let group: Map<string, string> | null = null;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';') || line.startsWith('!')) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header !== null) {
      const name = header[1] ?? '';
      group = groups.get(name) ?? new Map();
      groups.set(name, group);
      continue;
    }
    const option = /^([^=]+?)\s*(?:=\s*(.*))?$/s.exec(line);
    if (group === null || option === null) continue;
    group.set((option[1] ?? '').replaceAll('_', '-'), optionValue(option[2] ?? ''));
  }
  return groups;
}

function optionValue(raw: string): string {
  const quoted = /^(["'])(.*?)(?<!\\)\1\s*(?:#.*)?$/s.exec(raw);
  // Without quotes a comment may begin in the middle of a line.
  const text = quoted === null ? raw.replace(/\s+#.*$/, '').trim() : (quoted[2] ?? '');
  return text.replaceAll(/\\([bnrts"'\\])/g, (_, letter: string) => escapes[letter] ?? letter);
}

const escapes: Readonly<Record<string, string>> = { b: '\b', n: '\n', r: '\r', t: '\t', s: ' ' };
