import { quotePath, quoteWord } from '../../shared/lib/shell-words.ts';
import type { EpochMark } from '../../shared/steps/driver.ts';
import { lookMark } from '../../shared/steps/switch-looks.ts';
import { epochCommand, statusBehind } from './ssh-epoch.ts';

/** Why an argument list cannot be sent as one line; null when it can. */
export function refusalOf(argv: readonly string[]): string | null {
  if (argv.length === 0) return 'expected a command, seen an empty argument list';
  // A line break would end the line in mid-word, NUL cannot be in an argument, and a lone surrogate has no bytes.
  const bad = argv.findIndex((word) => /[\0\n\r]/.test(word) || !word.isWellFormed());
  return bad === -1
    ? null
    : `argument ${bad} holds a line break, a NUL or broken Unicode: no such argument is ever sent`;
}

/** The lines that print the end marks: status on standard output, the bare mark on standard error. */
function endMarks(mark: string): string {
  return `${statusBehind}; printf '\\n%s %s\\n' ${mark} "$s"; printf '\\n%s\\n' ${mark} >&2`;
}

/**
 * One command as the shell gets it. The parentheses keep what it does to the shell (cd, exit, exec) from the next one,
 * and /dev/null keeps it from reading the next line as its input. It does not keep the epoch's lock: a program that stays
 * behind would hold it for ever.
 */
export function commandLine(argv: readonly string[], mark: string): string {
  return `(${argv.map(quoteWord).join(' ')}) </dev/null 9<&-; ${endMarks(mark)}\n`;
}

/** Asked once a channel: whether this host has a timeout that this program knows how to call (a very old busybox has not). */
const boundable = `[ -n "\${cutover_bound-}" ] || { timeout -s KILL 5 true </dev/null >/dev/null 2>&1 && cutover_bound=1 || cutover_bound=0; }`;

/** The whole seconds above a limit: a host ends a look behind the answer's limit, never before it. Some take no fractions. */
const boundSeconds = (limitMs: number): number => Math.max(1, Math.ceil(limitMs / 1_000));

/**
 * A command that only looks. What outlives its limit is ended on the host too: nobody waits for it any more, and a hanging
 * disk would otherwise gather one more process a second. By force at once, with its whole process group: a shell that ends
 * when it is told to leaves behind what does not listen. Without a fitting timeout it runs unbounded, like every other command.
 *
 * What changes a host is never ended like that: half of a switch-over or of a maintenance page is worse than a late one,
 * which the epoch's guard and the undo know how to meet; a switch's own arm, claim and end are bounded in its script; a file
 * is put in place by a rename, and an append that stops in mid-line would cost the mirror.
 */
export function lookLine(argv: readonly string[], limitMs: number, mark: string): string {
  const bounded = `timeout -s KILL ${boundSeconds(limitMs)} sh -c '"$@"' ${lookMark} "$@"`;
  const line = `if [ "$cutover_bound" = 1 ]; then ${bounded}; else ("$@"); fi`;
  return `${boundable}; set -- ${argv.map(quoteWord).join(' ')}; ${line} </dev/null 9<&-; ${endMarks(mark)}\n`;
}

/** Takes or drops the epoch of a run. */
export function epochLine(of: EpochMark, order: 'take' | 'drop', mark: string): string {
  return `${epochCommand(of, order)}; ${endMarks(mark)}\n`;
}

/**
 * Puts a file in place: temporary file beside it, flushed to disk, renamed, folder flushed, SHA-256 read back.
 * An existing file keeps its owner and mode. The content travels as base64 in a here-document, so nothing in it is read
 * by the shell.
 */
export function putFileLine(path: string, content: string, mark: string): string {
  const base64 = Buffer.from(content, 'utf8')
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n');
  const script = [
    'set -e',
    `p=${quotePath(path)}`,
    `t="$p".${mark}`,
    `trap 'rm -f -- "$t"' EXIT`,
    'umask 022',
    'base64 -d >"$t"',
    'if [ -f "$p" ]; then chown --reference="$p" -- "$t" && chmod --reference="$p" -- "$t"; fi',
    'sync -- "$t" || sync',
    'mv -f -- "$t" "$p"',
    'trap - EXIT',
    'd="${p%/*}"',
    'sync -- "${d:-/}" || sync',
    'sha256sum <"$p"',
  ].join('; ');
  return `(${script}) <<'${mark}'\n${base64}${mark}\n${endMarks(mark)}\n`;
}

/** Renames a file, which must exist, and flushes its folder; exit status 0 only when it is seen in its new place alone. */
export function moveFileLine(from: string, to: string, mark: string): string {
  const [old, place, folder] = [from, to, `${to.slice(0, to.lastIndexOf('/') + 1)}.`].map(quotePath);
  // In the passage: no subshell, which would be one more process to wait for.
  const renamed = `mv -f -- ${old} ${place} && { sync -- ${folder} || sync; }`;
  const seen = `{ [ -f ${place} ] && [ ! -e ${old} ] || { echo 'it is not where it was put' >&2; false; }; }`;
  return `${renamed} && ${seen}; ${endMarks(mark)}\n`;
}

/** Appends to a file that has exactly that length, and flushes it; says its length then. Another length is status 74. */
export function appendFileLine(
  path: string,
  { at, text, torn }: { readonly at: number; readonly text: string; readonly torn?: number },
  mark: string,
): string {
  const base64 = Buffer.from(text, 'utf8')
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n');
  const script = [
    'set -e',
    'umask 077',
    `p=${quotePath(path)}`,
    'n=0; if [ -f "$p" ]; then n=$(stat -c %s -- "$p"); fi',
    // Only from the length that was seen: a line that comes late must not cut off what came after it.
    ...(torn === undefined ? [] : [`if [ "$n" -eq ${torn} ]; then truncate -s ${at} -- "$p"; n=${at}; fi`]),
    `[ "$n" -eq ${at} ] || { echo "it is $n bytes long, expected ${at}" >&2; exit ${otherLengthStatus}; }`,
    'base64 -d >>"$p"',
    'sync -d -- "$p" 2>/dev/null || sync',
    ...(at === 0 ? ['d="${p%/*}"', 'sync -- "${d:-/}" || sync'] : []),
    'stat -c %s -- "$p"',
  ].join('; ');
  return `(${script}) 9<&- <<'${mark}'\n${base64}${mark}\n${endMarks(mark)}\n`;
}

/** What appending says where the file has another length. */
export const otherLengthStatus = 74;
/** One part of a file; as base64 it stays below what one answer may be, and a record is far smaller. */
export const partBytes = 700 * 1024;

/** Reads one part of a file: its length, then the part as base64. */
export function readFileLine(
  path: string,
  { from, limitMs }: { readonly from: number; readonly limitMs: number },
  mark: string,
): string {
  const script = [
    `p=${quotePath(path)}`,
    '[ -e "$p" ] || { echo absent; exit 0; }',
    'stat -c %s -- "$p" || exit 1',
    `tail -c +${from + 1} -- "$p" | head -c ${partBytes} | base64`,
  ].join('; ');
  return lookLine(['sh', '-c', script], limitMs, mark);
}

/** Takes a file away and says so only when it is gone. */
export function removeFileLine(path: string, mark: string): string {
  const script = [
    'set -e',
    `p=${quotePath(path)}`,
    'rm -f -- "$p"',
    'd="${p%/*}"',
    'sync -- "${d:-/}" || sync',
    'if [ -e "$p" ] || [ -L "$p" ]; then echo "$p is still there" >&2; exit 1; fi',
    'echo absent',
  ].join('; ');
  return `(${script}) </dev/null; ${endMarks(mark)}\n`;
}

/**
 * Reads one stream up to its end mark. Keeps at most `capBytes`; the rest is counted and dropped, the mark is still found.
 * The mark carries 128 random bits, so no output can hold it by accident or by guess.
 */
export class MarkedOutput {
  readonly #mark: Buffer;
  readonly #capBytes: number;
  readonly #kept: Buffer[] = [];
  #keptBytes = 0;
  /** The last bytes, not yet known to be output rather than the beginning of the mark. */
  #tail: Buffer = Buffer.alloc(0);
  #end: string | null = null;

  constructor(mark: string, capBytes: number) {
    this.#mark = Buffer.from(`\n${mark}`);
    this.#capBytes = capBytes;
  }

  /** Takes the next bytes; true once the whole mark line has come. */
  push(chunk: Buffer): boolean {
    if (this.#end !== null) return true;
    const data = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const at = data.indexOf(this.#mark);
    if (at === -1) {
      const safe = Math.max(0, data.length - this.#mark.length + 1);
      this.#keep(data.subarray(0, safe));
      this.#tail = Buffer.from(data.subarray(safe));
      return false;
    }
    const lineEnd = data.indexOf(0x0a, at + this.#mark.length);
    if (lineEnd === -1) {
      this.#tail = Buffer.from(data);
      return false;
    }
    this.#keep(data.subarray(0, at));
    this.#end = data.toString('latin1', at + this.#mark.length, lineEnd).trim();
    return true;
  }

  /** What stood after the mark (the exit status on standard output); null before it came. */
  get end(): string | null {
    return this.#end;
  }

  /** The output so far, at most the cap. */
  get text(): string {
    return Buffer.concat(this.#kept).toString('utf8');
  }

  #keep(bytes: Buffer): void {
    const room = Math.min(bytes.length, this.#capBytes - this.#keptBytes);
    if (room <= 0) return;
    this.#kept.push(Buffer.from(bytes.subarray(0, room)));
    this.#keptBytes += room;
  }
}
