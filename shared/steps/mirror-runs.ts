import { homeIn } from '../lib/shell-words.ts';

/** The name under which the look is run: what a simulated host knows it by. */
export const mirrorRuns = 'mirror-runs';

/** So many runs are named at most, the newest first: whoever leaves more under way has another problem. */
const mostRuns = 5;

/**
 * Names the runs whose journal is mirrored in a directory and whose epoch is still kept beside it: those that are not over.
 * Changes nothing; no directory is no run.
 */
export function mirrorRunsArgv(directory: string): readonly string[] {
  const script = [
    'd=$1',
    homeIn('d'),
    'cd "$d" 2>/dev/null || exit 0',
    'for e in *.epoch; do r=${e%.epoch}; [ -f "$r.jsonl" ] && echo "$(stat -c %Y "$r.jsonl") $r"; done',
  ].join('; ');
  return ['sh', '-c', `{ ${script}; } | sort -rn | head -n ${mostRuns}`, mirrorRuns, directory];
}

/** The ids in its answer, the one that was written to last first. A name that is no run's id is left out. */
export function parseMirrorRuns(stdout: string): readonly string[] {
  return stdout.split('\n').flatMap((line) => {
    const id = /^\d+ ([\w-]+)$/.exec(line)?.[1];
    return id === undefined ? [] : [id];
  });
}
