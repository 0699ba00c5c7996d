import { quotePath, quoteWord } from '../../shared/lib/shell-words.ts';
import type { EpochMark } from '../../shared/steps/driver.ts';

/** The host keeps a higher epoch, or another driver's of the same one; or its file is gone, because the run is over there. */
const oustedStatus = 77;
/** The file is not as it should be, or cannot be written. */
const troubleStatus = 76;

/**
 * Compares this driver's epoch with the host's under flock, and holds that lock (descriptor 9) until the line has ended: a
 * cockpit that takes over raises the epoch only when no line of the one before is under way. Lines of one driver share the
 * lock (`-s`), so that one which hangs holds up none on another channel; whoever raises the epoch or takes it away has it
 * alone. The newest line of the file counts; who has it stands behind the number. Builtins but for flock: this stands in the
 * narrow passage too.
 */
const guard = String.raw`cutover_epoch() {
{ command exec 9<"$1"; } 2>/dev/null || { echo "its epoch file is gone: the run is over on this host" >&2; return ${oustedStatus}; }
m=$4
while :; do
flock $m -w 2 9 || { echo "the lock of the run's epoch was not free within 2 s" >&2; return 75; }
n=0 by=
{ while read -r a b; do n=$a by=$b; done <"$1"; } 2>/dev/null
[ -f "$1" ] || { echo "its epoch file is gone: the run is over on this host" >&2; return ${oustedStatus}; }
case $n in *[!0-9]*|'') echo "its epoch file says no number" >&2; return ${troubleStatus};; esac
if [ "$n" -gt "$2" ] || { [ "$n" -eq "$2" ] && [ "$by" != "$3" ]; }; then echo "epoch $n is driven by $by" >&2; return ${oustedStatus}; fi
[ "$n" -eq "$2" ] && return 0
[ -n "$m" ] || break
m=
done
printf '%s %s\n' "$2" "$3" >>"$1" || return ${troubleStatus}
}
`;

/** The guard in front of a line: the line is run only where it let this driver through. `g` is what it said. */
function compared({ file, epoch, who }: EpochMark, lock: 'shared' | 'alone'): string {
  const shared = lock === 'shared' ? ' -s' : '';
  return `${guard}cutover_epoch ${quotePath(file)} ${epoch} ${quoteWord(who)}${shared}; g=$?\n`;
}

/** A line as one driver's. */
export function guardedLine(mark: EpochMark, line: string): string {
  return `${compared(mark, 'shared')}[ "$g" -eq 0 ] && ${line}`;
}

/** Behind every line: its status is the guard's where that refused, and the lock is given back. */
export const statusBehind = `s=$?; [ "\${g:-0}" -eq 0 ] || s=g$g; g=0; { exec 9<&-; } 2>/dev/null`;

/** Takes the epoch, making the file where there is none; or takes the file away. Both only where no other one drives. */
export function epochCommand(mark: EpochMark, order: 'take' | 'drop'): string {
  const file = quotePath(mark.file);
  if (order === 'drop')
    return `${compared(mark, 'alone')}[ -e ${file} ] || g=0; [ "$g" -ne 0 ] || rm -f -- ${file}`;
  // A file that cannot be made is trouble on that host, and no word of another driver.
  const made = `if (umask 077; : >>${file}); then\n${compared(mark, 'alone')}else g=${troubleStatus}; fi\n`;
  return `${made}[ "$g" -eq 0 ] && { sync -- ${file} || sync; }`;
}

/** What the end mark says where the guard refused; null: the status is the line's own. */
export function refusedByGuard(status: string): { readonly code: number; readonly ousted: boolean } | null {
  const [, code] = /^g(\d+)$/.exec(status) ?? [];
  return code === undefined ? null : { code: Number(code), ousted: Number(code) === oustedStatus };
}
