import type { BootSeen } from './switch-proof.ts';

/** Who has the last word on read-only at a server's next start, were its drop-in in place. */
export type LastWord =
  | { readonly kind: 'drop-in' }
  /** By those options, read behind it. */
  | { readonly kind: 'opened'; readonly by: readonly string[] }
  | { readonly kind: 'not known'; readonly why: string };

/**
 * Whether anything that a server reads behind its drop-in opens it again: the last of a name counts, and the command line
 * comes behind every file. Where it stands in the files is believed only when it can be seen.
 */
export function lastWord({ options, given, written, unreadable }: BootSeen): LastWord {
  const inFiles = options.slice(0, options.length - given.length);
  const behind = opening(inFiles).length === 0 ? [] : behindDropIn(written, inFiles);
  const last = opening([...(behind ?? inFiles), ...given]);
  const by = last
    .filter(({ says, text }) => says === 'open' && (behind !== null || given.includes(text)))
    .map(({ text }) => text);
  if (by.length > 0) return { kind: 'opened', by };
  if (last.length > 0) {
    const said = last.map(({ text }) => text).join(' ');
    return {
      kind: 'not known',
      why: `${said} stands in its option files or on its command line, and whether it counts, and behind that file, is not seen`,
    };
  }
  return unreadable.length === 0
    ? { kind: 'drop-in' }
    : { kind: 'not known', why: `${unreadable.join(', ')} cannot be read by the login of the run` };
}

type Said = { readonly name: string; readonly text: string; readonly says: 'closed' | 'open' | 'unclear' };

/** Of options in the order in which they are read, those whose last word for their name does not close the server. */
export function opening(options: readonly string[]): readonly Said[] {
  const last = new Map<string, Said>();
  for (const option of options) {
    const said = saidOf(option);
    if (said !== null) last.set(said.name, said);
  }
  return [...last.values()].filter(({ says }) => says !== 'closed');
}

/** What one option says of the variables that a drop-in sets; null: it speaks of another one. */
function saidOf(option: string): Said | null {
  const text = option.trim();
  const [, written = '', value] = /^--([^=]+)(?:=(.*))?$/.exec(text) ?? [];
  const [, prefix, bare = ''] =
    /^(?:loose-)?(?:(skip|disable|enable)-)?(.*)$/.exec(written.trim().replaceAll('_', '-')) ?? [];
  // A server takes a name that is cut short, as long as no other one begins so.
  const name = ['read-only', 'super-read-only'].find((full) => full.startsWith(bare));
  if (name === undefined || !bare.includes('read-o')) return null;
  const bool = value === undefined ? undefined : unquoted(value).toLowerCase();
  // A refusal with a value of its own turns round; nobody writes it, and nobody should have to know.
  if (prefix !== undefined && bool !== undefined) return { name, text, says: 'unclear' };
  if (prefix === 'skip' || prefix === 'disable') return { name, text, says: 'open' };
  if (bool === undefined || /^(1|on|true)$/.test(bool)) return { name, text, says: 'closed' };
  return { name, text, says: /^(0|off|false)$/.test(bool) ? 'open' : 'unclear' };
}

const serverGroup = /^(mysqld|server|mariadbd?|client-server|galera)(?!_safe|_multi)/;

/**
 * The options of files that are read behind the drop-in. The server's own program says which options count and in which order,
 * the files say where they stand: only where both tell the same is the place known, and null otherwise.
 */
function behindDropIn(written: BootSeen['written'], printed: readonly string[]): readonly string[] | null {
  const counting = written.filter((each) => each === null || serverGroup.test(each.group));
  const texts = counting.flatMap((each) => (each === null ? [] : [bareOption(each.text)]));
  const isSame =
    texts.length === printed.length &&
    texts.every((text, index) => text === bareOption(printed[index] ?? ''));
  const place = counting.lastIndexOf(null);
  if (!isSame || place === -1) return null;
  return printed.slice(counting.slice(0, place).filter((each) => each !== null).length);
}

/** `read_only = "0" # why` in a file and `--read-only=0` as it is printed are one and the same. */
function bareOption(text: string): string {
  const [, name = '', value] = /^(?:--)?([^=]*)(?:=(.*))?$/.exec(text.replace(/#.*$/, '').trim()) ?? [];
  const bare = name.trim().replaceAll('_', '-');
  return value === undefined ? bare : `${bare}=${unquoted(value)}`;
}

function unquoted(value: string): string {
  return value.trim().replaceAll(/^["']|["']$/g, '');
}
