import type { PlannedResidue } from '../plan/plan-surroundings.ts';

type Edge = PlannedResidue['edges'][number];

/** Asks HAProxy's runtime socket by whichever program the host has for that. It reads; nothing is set by it. */
const askSocket = `if command -v socat > /dev/null; then printf 'show stat\\n' | socat -t 2 - "UNIX-CONNECT:$1"; else printf 'show stat\\n' | nc -U -w 2 "$1"; fi`;

/** The command that counts what came in by an edge since it began to count. */
export function countCommand(edge: Edge): readonly string[] {
  return 'socket' in edge ? ['sh', '-c', askSocket, 'sh', edge.socket] : ['wc', '-l', edge.log];
}

/** The count that the command printed; null for what cannot be read as one. */
export function parseCount(edge: Edge, stdout: string): number | null {
  if ('socket' in edge) return parseStat(stdout, edge.frontends);
  const lines = /^\s*(\d+)\s/.exec(stdout)?.[1];
  return lines === undefined ? null : Number(lines);
}

/** Requests of the frontends together; of one that passes TCP on, its sessions. All of them must be there. */
function parseStat(text: string, frontends: readonly string[]): number | null {
  const [head, ...lines] = text.trim().split('\n');
  const columns = (head ?? '').replace(/^#\s*/, '').split(',');
  const at = (name: string): number => columns.indexOf(name);
  if (at('pxname') < 0 || at('svname') < 0 || at('stot') < 0) return null;
  let sum = 0;
  for (const frontend of frontends) {
    const fields = lines
      .map((line) => line.split(','))
      .find((each) => each[at('pxname')] === frontend && each[at('svname')] === 'FRONTEND');
    const counted = [fields?.[at('req_tot')], fields?.[at('stot')]].find(
      (value) => value !== undefined && /^\d+$/.test(value),
    );
    if (counted === undefined) return null;
    sum += Number(counted);
  }
  return sum;
}
