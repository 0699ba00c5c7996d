import { homeIn } from '../lib/shell-words.ts';

/** The name under which the check is run: what a simulated host knows it by. */
export const mirrorCheck = 'mirror-check';

/**
 * Looks whether a host can keep the mirror: its directory, or the one above that it would be made in, can be written to,
 * and every program is there. Changes nothing; says how many KiB are free.
 */
export function mirrorCheckArgv(directory: string): readonly string[] {
  const script = [
    'd=$1',
    homeIn('d'),
    // Without a slash there is nothing above it to look at: it would be looked at for ever.
    'while [ ! -e "$d" ]; do case $d in */*) u=${d%/*}; d=${u:-/} ;; *) echo "$d is no full path" >&2; exit 1 ;; esac; done',
    '[ -d "$d" ] && [ -w "$d" ] || { echo "$d cannot be written to" >&2; exit 1; }',
    'for t in flock base64 stat tail head truncate sync; do command -v "$t" >/dev/null || { echo "this host has no $t" >&2; exit 1; }; done',
    'df -Pk "$d" | { read -r h; read -r a b c free rest; echo "$free"; }',
  ].join('; ');
  return ['sh', '-c', script, mirrorCheck, directory];
}
