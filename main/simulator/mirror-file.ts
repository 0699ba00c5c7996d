import type { Answer } from '../../shared/sessions/session.ts';
import { utf8Length } from '../../shared/lib/utf8.ts';
import type { FilePart } from '../ports.ts';
import type { HostWorld } from './world.ts';

const stamp = { takenAt: 0, tookMs: 0 };

/** The file of a host that was appended to last, and how long it is: it grows record by record, and is measured once. */
const measured = new WeakMap<
  HostWorld,
  { readonly path: string; readonly text: string; readonly length: number }
>();

function lengthOf(host: HostWorld, path: string, text: string): number {
  const last = measured.get(host);
  return last?.path === path && last.text === text ? last.length : utf8Length(text);
}

/** Appends to a file of a host that has exactly that length. */
export function appended(
  host: HostWorld,
  path: string,
  { at, text, torn }: { readonly at: number; readonly text: string; readonly torn?: number },
): Answer<{ readonly length: number }> {
  const before = host.files.get(path) ?? '';
  const kept = torn !== undefined && lengthOf(host, path, before) === torn ? textUpTo(before, at) : before;
  const length = lengthOf(host, path, kept);
  if (length !== at)
    return {
      kind: 'refused',
      code: 74,
      message: `${host.id}: it is ${length} bytes long, expected ${at}`,
      ...stamp,
    };
  const after = kept + text;
  host.files.set(path, after);
  measured.set(host, { path, text: after, length: length + utf8Length(text) });
  return { kind: 'ok', value: { length: length + utf8Length(text) }, ...stamp };
}

/** What stands in a file from a byte on. */
export function filePart(host: HostWorld, path: string, from: number): Answer<FilePart | null> {
  const text = host.files.get(path);
  if (text === undefined) return { kind: 'ok', value: null, ...stamp };
  const length = utf8Length(text);
  const rest = text.slice(textUpTo(text, from).length);
  return { kind: 'ok', value: { length, text: rest, next: length }, ...stamp };
}

/** Runs whose journal and epoch stand in a folder; of the files of this world the last one made is the newest. */
export function runsIn(host: HostWorld, folder: string): string {
  const path = folder.replace(/\/+$/, '');
  const runs = [...host.files.keys()].flatMap((file) => {
    const id = file.startsWith(`${path}/`)
      ? /^([\w-]+)\.epoch$/.exec(file.slice(path.length + 1))?.[1]
      : undefined;
    return id !== undefined && host.files.has(`${path}/${id}.jsonl`) ? [id] : [];
  });
  return runs
    .reverse()
    .map((id, index) => `${runs.length - index} ${id}\n`)
    .join('');
}

function textUpTo(text: string, bytes: number): string {
  let seen = 0;
  let end = 0;
  for (const letter of text) {
    seen += utf8Length(letter);
    if (seen > bytes) break;
    end += letter.length;
  }
  return text.slice(0, end);
}
