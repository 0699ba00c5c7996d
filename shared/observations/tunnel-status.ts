import { homeIn } from '../lib/shell-words.ts';
import type { Observation } from './observation.ts';

/** What OpenVPN's own status file says of a tunnel. */
export type TunnelStatus = {
  /** How long ago OpenVPN wrote it, by the host's own clock, s. */
  readonly ageSeconds: number;
  /** Who is connected to a server, by common name; null: this end is a client, whose file lists nobody. */
  readonly peers: readonly string[] | null;
  /** Bytes in and out since it began to count: of every peer together, or of this end. */
  readonly bytes: number;
};

/** One tunnel as the snapshot has it. */
export type TunnelFacts = {
  readonly tunnel: string;
  readonly status: Observation<TunnelStatus>;
  /** UTC ms at which its bytes were last seen to be others than before; null: only one look so far. */
  readonly movedAt: number | null;
  /** UTC ms of the first look. */
  readonly since: number;
};

/** The name under which the look is run: what a simulated host knows it by. */
export const tunnelLook = 'tunnel-look';

/** Prints the host's clock, when the file was written (both in s), and the file. It reads; nothing is set by it. */
export function tunnelLookArgv(statusFile: string): readonly string[] {
  const script = `f=$1; ${homeIn('f')}; date +%s && stat -c %Y "$f" && cat "$f"`;
  return ['sh', '-c', script, tunnelLook, statusFile];
}

/**
 * Reads what that printed; null for what is no status file of OpenVPN. All three versions of a server's file, and a client's
 * (OpenVPN manual, `--status` and `--status-version`).
 */
export function parseTunnelLook(stdout: string): TunnelStatus | null {
  const [now = '', written = '', ...lines] = stdout.split('\n').map((line) => line.trimEnd());
  // It is written anew in place: without its end it is being written just now.
  if (!/^\d+$/.test(now) || !/^\d+$/.test(written) || !lines.includes('END')) return null;
  const seen = parseClient(lines) ?? parseServer(lines);
  return seen === null ? null : { ageSeconds: Math.max(0, Number(now) - Number(written)), ...seen };
}

type Seen = Omit<TunnelStatus, 'ageSeconds'>;

/** A client says what passed over its end. */
function parseClient(lines: readonly string[]): Seen | null {
  if (lines[0] !== 'OpenVPN STATISTICS') return null;
  const counts = lines.flatMap((line) => /^TCP\/UDP (?:read|write) bytes,(\d+)$/.exec(line)?.[1] ?? []);
  return counts.length === 2 ? { peers: null, bytes: sum(counts.map(Number)) } : null;
}

/** A server lists who is connected, in columns that a head line names. */
function parseServer(lines: readonly string[]): Seen | null {
  const tab = lines.some((line) => line.startsWith('HEADER\tCLIENT_LIST\t')) ? '\t' : ',';
  const rows = lines.map((line) => line.split(tab));
  const marked = rows.find(([first, second]) => first === 'HEADER' && second === 'CLIENT_LIST');
  const plainAt = rows.findIndex(([first, second]) => first === 'Common Name' && second === 'Real Address');
  // The first version has a head line alone, and the list ends where the next one begins.
  const head = marked?.slice(2) ?? rows[plainAt];
  if (head === undefined) return null;
  const listed =
    marked === undefined
      ? rows.slice(
          plainAt + 1,
          rows.findIndex(([first]) => first === 'ROUTING TABLE'),
        )
      : rows.filter(([first]) => first === 'CLIENT_LIST').map((row) => row.slice(1));
  const columns = ['Common Name', 'Bytes Received', 'Bytes Sent'].map((name) => head.indexOf(name));
  const [who = -1, ...counted] = columns;
  if (columns.includes(-1)) return null;
  const counts = listed.flatMap((row) => counted.map((at) => Number(row[at] ?? Number.NaN)));
  if (counts.some((count) => !Number.isSafeInteger(count))) return null;
  return { peers: listed.map((row) => row[who] ?? ''), bytes: sum(counts) };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, each) => all + each, 0);
}
