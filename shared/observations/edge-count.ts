import { homeIn } from '../lib/shell-words.ts';
import type { PlannedResidue } from '../plan/plan-surroundings.ts';

type Edge = PlannedResidue['edges'][number];

/** Which of HAProxy's counters tells who came in, by the mode of the frontend. */
const counters: ReadonlyMap<string, string> = new Map([
  ['http', 'req_tot'],
  ['tcp', 'stot'],
]);

/** Asks HAProxy's runtime socket by whichever program the host has for that. It reads; nothing is set by it. */
const askSocket = `if command -v socat > /dev/null; then printf 'show stat\\n' | socat -t 2 - "UNIX-CONNECT:$p"; elif command -v nc > /dev/null; then printf 'show stat\\n' | nc -U -w 2 "$p"; else echo 'this host has neither socat nor nc'; fi`;

/** The command that counts what came in by an edge since it began to count. */
export function countCommand(edge: Edge): readonly string[] {
  const [script, place] = 'socket' in edge ? [askSocket, edge.socket] : ['wc -l "$p"', edge.log];
  return ['sh', '-c', `p=$1; ${homeIn('p')}; ${script}`, 'sh', place];
}

/** The count that the command printed; null for what cannot be read as one. */
export function parseCount(edge: Edge, stdout: string): number | null {
  if ('socket' in edge) return parseStat(stdout, edge.frontends);
  const lines = /^\s*(\d+)\s/.exec(stdout)?.[1];
  return lines === undefined ? null : Number(lines);
}

/**
 * Requests of the frontends together; of one that passes TCP on, its sessions: requests of such a one are always 0. All of
 * them must be there, and of a kind that is known.
 */
function parseStat(text: string, frontends: readonly string[]): number | null {
  const [head, ...lines] = text.trim().split('\n');
  const columns = (head ?? '').replace(/^#\s*/, '').split(',');
  const at = (name: string): number => columns.indexOf(name);
  if (['pxname', 'svname', 'mode'].some((name) => at(name) < 0)) return null;
  let sum = 0;
  for (const frontend of frontends) {
    const fields = lines
      .map((line) => line.split(','))
      .find((each) => each[at('pxname')] === frontend && each[at('svname')] === 'FRONTEND');
    const column = counters.get(fields?.[at('mode')] ?? '');
    const counted = column === undefined ? undefined : fields?.[at(column)];
    if (counted === undefined || !/^\d+$/.test(counted)) return null;
    sum += Number(counted);
  }
  return sum;
}
