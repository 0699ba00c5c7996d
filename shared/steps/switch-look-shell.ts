import { homeIn } from '../lib/shell-words.ts';

/**
 * What a server would read when it starts again: its process says by which option files it was started, and its own
 * program, asked to print and not to start, resolves groups and includes as it will then. Options may hold passwords:
 * only those that speak of read-only, or name a file of first statements, leave the host.
 */
export const bootLook = String.raw`set -u
LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
nl='
'
words_of() { tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline"; }
is_server() {
  name=
  { read -r name <"/proc/$1/comm"; } 2>/dev/null
  case $name in mysqld | mariadbd) return 0 ;; esac
  return 1
}
pid=
{ read -r pid <"$3"; } 2>/dev/null
case $pid in *[!0-9]*) pid= ;; esac
if [ -z "$pid" ] || ! is_server "$pid"; then
  # It may live in a root of its own (a container): its pid file is there, with its number as it is seen there.
  pid=
  for each in /proc/[0-9]*; do
    each=\${each#/proc/}
    is_server "$each" || continue
    inner=
    { read -r inner <"/proc/$each/root$3"; } 2>/dev/null
    [ -n "$inner" ] && [ "$(sed -n 's/^NSpid:.*[[:space:]]//p' "/proc/$each/status" 2>/dev/null)" = "$inner" ] && pid=$each && break
  done
fi
[ -n "$pid" ] || { echo "$(id -un) finds no server process by its pid file $3: log in as root, or as the server's own user" >&2; exit 1; }
words=$(words_of "$pid")
program=$(printf '%s\n' "$words" | sed -n 1p)
there=$(stat -L -c %d:%i "/proc/$pid/root" 2>/dev/null) || echo "unreadable /proc/$pid/root"
root=
[ "\${there:-$(stat -L -c %d:%i /)}" = "$(stat -L -c %d:%i /)" ] || root=/proc/$pid/root
if [ -z "$root" ]; then
  exe=$(readlink "/proc/$pid/exe" 2>/dev/null) && program=\${exe% (deleted)}
fi
echo "program $program"
if surroundings=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ"); then
  home=$(printf '%s\n' "$surroundings" | sed -n 's/^HOME=//p')
  mysql_home=$(printf '%s\n' "$surroundings" | sed -n 's/^MYSQL_HOME=//p')
  suffix=$(printf '%s\n' "$surroundings" | sed -n 's/^MYSQL_GROUP_SUFFIX=//p')
else
  echo "unreadable /proc/$pid/environ"
  home=/nonexistent mysql_home= suffix=
fi
given=$(printf '%s\n' "$words" | sed 1d | grep -E '^--(no-defaults|defaults-file=|defaults-extra-file=|defaults-group-suffix=)')
only=$(printf '%s\n' "$given" | sed -n 's/^--defaults-file=//p')
extra=$(printf '%s\n' "$given" | sed -n 's/^--defaults-extra-file=//p')
case $given in
*--no-defaults*) queue= ;;
*)
  if [ -n "$only" ]; then
    queue="1 $only"
  else
    queue=
    for each in /etc/my.cnf /etc/mysql/my.cnf /usr/etc/my.cnf /usr/local/etc/my.cnf /usr/local/mysql/etc/my.cnf "\${mysql_home:+$mysql_home/my.cnf}" "$extra" "$home/.my.cnf"; do
      [ -z "$each" ] || queue="$queue\${queue:+$nl}1 $each"
    done
  fi
  ;;
esac
dropin=$4 reads=no
${homeIn('dropin')}
is_home() { [ -n "$dropin" ] && [ "$root$1" -ef "\${dropin%/*}" ]; }
read_here() { reads=yes && echo here; }
include='^[[:space:]]*!include\(dir\)\{0,1\}[[:space:]]\{1,\}\(.*[^[:space:]]\)[[:space:]]*$'
name='[a-z_-]*read[-_]o[a-z_-]*'
count=0
# As a server reads them: what is named in a file comes before the rest of it. Each entry is a file and its next line.
while [ -n "$queue" ]; do
  file=\${queue%%"$nl"*}
  case $queue in *"$nl"*) queue=\${queue#*"$nl"} ;; *) queue= ;; esac
  from=\${file%% *} file=\${file#* }
  [ -n "$file" ] || continue
  count=$((count + 1))
  [ $count -le 300 ] || { echo "unreadable more than 300 option files"; break; }
  case $file in /*) ;; *) echo "unreadable $file (not a full path)"; continue ;; esac
  folder=\${file%/*}
  [ "\${file##*/}" != "\${dropin##*/}" ] || ! is_home "$folder" || read_here
  if [ -d "$root$folder" ] && [ ! -x "$root$folder" ]; then
    echo "unreadable $folder"
  elif [ -d "$root$file" ]; then
    # Of a folder a server reads what ends in .cnf, by name; a file that is named is read whatever it is called.
    own=
    case $dropin in *.cnf) ! is_home "$file" || own=\${dropin##*/} ;; esac
    if [ -r "$root$file" ] && [ -x "$root$file" ]; then
      more=$({
        for each in "$root$file"/*.cnf; do [ ! -e "$each" ] || printf '1 %s\n' "\${each#"$root"}"; done
        [ -z "$own" ] || printf '1 %s\n' "\${file%/}/$own"
      } | sed 's,//*,/,g' | sort -u)
      [ -z "$more" ] || queue="$more$nl$queue"
    else
      echo "unreadable $file"
      [ -z "$own" ] || read_here
    fi
  elif [ -r "$root$file" ]; then
    line=$(sed -n "$from,\$ { /$include/{ =; q; }; }" "$root$file")
    sed -n -e '/^[[:space:]]*\[/h' -e "$from,\${line:-\$} { /^[[:space:]]*$name[[:space:]]*\(=.*\)\{0,1\}\(#.*\)\{0,1\}\$/{ G; s/^[[:space:]]*\(.*\)\n[[:space:]]*\[\([^]]*\)\].*/written [\2] \1/p; }; }" "$root$file"
    if [ -n "$line" ]; then
      queue="1 $(sed -n "$line{ s/$include/\2/p; }" "$root$file")$nl$((line + 1)) $file$nl$queue"
    fi
  elif [ -e "$root$file" ] || [ -L "$root$file" ]; then
    echo "unreadable $file"
  fi
done
case $given in
*--no-defaults*) printed= ;;
*)
  old=$IFS
  # Words are parted by line ends alone here.
  inside=
  [ -z "$root" ] || inside="chroot$nl$root"
  set -f
  IFS=$nl
  printed=$(env -i PATH="$PATH" HOME="$home" MYSQL_HOME="$mysql_home" MYSQL_GROUP_SUFFIX="$suffix" timeout -k 1 5 $inside "$program" $given --print-defaults 2>/dev/null) ||
    echo "unreadable what $program --print-defaults says"
  IFS=$old
  set +f
  ;;
esac
printed=$(printf '%s\n' "$printed" | sed 's/ --/\n--/g')
given=$(printf '%s\n' "$words" | sed 1d)
printf '%s\n' "$printed" | grep -iE '^--[a-z_-]*read[-_]o' | sed 's/^/option /'
printf '%s\n' "$given" | grep -iE '^--[a-z_-]*read[-_]o' | sed 's/^/given /'
all=$printed$nl$given
first=$(printf '%s\n' "$all" | sed -n 's/^--init[-_]file=//p' | tail -n 1)
if [ -n "$first" ]; then
  if [ ! -e "$root$first" ]; then
    echo "init $first, which is not there,"
  elif [ ! -r "$root$first" ]; then
    echo "unreadable $first"
  elif grep -qi 'read_only' "$root$first"; then
    echo "init $first, which speaks of read_only,"
  fi
fi
if [ -n "$dropin" ]; then
  echo "reads $reads"
  if [ -e "$dropin" ] || [ -L "$dropin" ]; then
    echo 'dropin there'
  else
    echo 'dropin absent'
  fi
fi
unit=$(sed -n 's/.*\/\([^/]*\.service\).*/\1/p' "/proc/$pid/cgroup" 2>/dev/null | tail -n 1)
if [ -n "$unit" ] && command -v systemctl >/dev/null 2>&1; then
  echo "service $unit $(timeout 3 systemctl is-enabled "$unit" 2>/dev/null | head -n 1)"
fi
echo 'end .'`.replaceAll('\\${', '${');

/**
 * Whether logind ends what a login leaves behind. A switch is detached by setsid, which is enough everywhere but where
 * KillUserProcesses is on and the user is not excluded: then the whole scope of the session is killed, lingering or not.
 */
export const logoutLook = String.raw`LC_ALL=C
export LC_ALL
user=$(id -un) || exit 1
echo "user $user"
case $(cat /proc/self/cgroup 2>/dev/null) in
*session-*.scope*)
  echo 'session yes'
  asked() { timeout 3 busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager "$1" 2>/dev/null; }
  case $(asked KillUserProcesses) in
  'b true') echo 'kills yes' ;;
  'b false') echo 'kills no' ;;
  esac
  echo "excluded $(asked KillExcludeUsers | tr -d '"' | cut -d ' ' -f 3-)"
  echo "linger $(timeout 3 loginctl show-user "$user" -p Linger 2>/dev/null | sed 's/^Linger=//')"
  ;;
*) echo 'session no' ;;
esac
echo 'end .'`;
