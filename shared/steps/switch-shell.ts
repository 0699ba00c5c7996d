import { runLock } from '../sessions/dialect-reads.ts';

/** Held beside the run lock by a session that a switch keeps, so that the other switches of the run know it. */
const switchLock = 'cutover:switch';

/**
 * The part of a switch that is the same on every host: POSIX sh, plus `timeout` and `setsid`, whose absence arming says.
 *
 * Time is /proc/uptime, which goes on while the host sleeps and which nobody can set. Disarming and firing are the rename
 * of one file, so exactly one of them happens. The server's own client logs in; what it prints is read with tabs between
 * columns, and every call of it is bounded.
 */
export const switchPrelude = String.raw`set -u
LC_ALL=C
export LC_ALL
case $0 in
/*) self=$0 ;;
*) self=$PWD/$0 ;;
esac
d=\${self%.sh}
tab=$(printf '\t')
# The longest one statement may take, and how many rounds are made for what cannot be done at once, in seconds.
limit=5
patience=600

now() { read -r up rest </proc/uptime && up=\${up%%.*}; }
say() {
  now
  printf '%s, uptime %s s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$up" "$1" >>"$d/result"
}
# did WORD NAME: the same for programs, a line each.
did() { printf '%s %s %s\n' "$1" "$2" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >>"$d/did"; }
beat() {
  now && count=$((count + 1)) && printf '%s %s\n' "$count" "$up" >"$d/alive.next" && mv -f "$d/alive.next" "$d/alive"
}
# Sleeps so that a signal wakes it at once.
nap() {
  sleep "$1" &
  wait $!
}
short() { sleep 0.1 2>/dev/null || sleep 1; }
soon() { sleep 0.01 2>/dev/null || sleep 1; }
reason() { tail -n 1 "$d/error.$1" 2>/dev/null; }

# Those of the run's own sessions that were seen when the switch was armed: thread, user and host must be the same.
own_left() {
  left=
  "sql_$1" -N -e 'SHOW FULL PROCESSLIST' >"$d/list.$1" || return 1
  while IFS=$tab read -r id user host rest; do
    grep -qxF "$id $user $host" "$d/threads.$1" && left="$left $id"
  done <"$d/list.$1"
  return 0
}
# A server that was restarted meanwhile has given the same numbers to others.
same_boot() {
  read -r was at <"$d/boot.$1" || return 1
  set -- $("sql_$1" -N -e "SHOW GLOBAL STATUS LIKE 'Uptime'")
  [ $# -eq 2 ] || return 1
  now
  [ $(($2 + 5)) -ge $((was + up - at)) ]
}
# meet N NAME THREADS MUST: logs in once, harmlessly, and notes which of the run's sessions are there.
meet() {
  set -- "$@" "$("sql_$1" -N -e "SHOW GLOBAL STATUS LIKE 'Uptime'")"
  case $5 in
  Uptime$tab*) ;;
  *)
    echo "no login to $2 from this host: $(reason "$1")" >&2
    return 1
    ;;
  esac
  now
  printf '%s %s\n' "\${5#*$tab}" "$up" >"$d/boot.$1"
  "sql_$1" -N -e 'SHOW FULL PROCESSLIST' >"$d/list.$1" || return 1
  while IFS=$tab read -r id user host rest; do
    case " $3 " in *" $id "*) printf '%s %s %s\n' "$id" "$user" "$host" ;; esac
  done <"$d/list.$1" >"$d/threads.$1"
  grep -q "^$4 " "$d/threads.$1" && return 0
  echo "the run's own thread $4 on $2 is not shown to this host's account; it needs PROCESS" >&2
  return 1
}
# end_own N NAME: ends them and sees them gone.
end_own() {
  same_boot "$1" || {
    "sql_$1" -N -e 'SELECT 1' >/dev/null || return 1
    say "$2 was restarted since the switch was armed: no session of the run is left there"
    return 0
  }
  tries=0
  while own_left "$1" || return 1; do
    [ -n "$left" ] || return 0
    [ $tries -lt 20 ] || return 1
    [ $tries -gt 0 ] || say "$2: ending the run's own threads$left"
    for id in $left; do "sql_$1" -e "KILL $id"; done
    tries=$((tries + 1))
    short
  done
}
# open_it N NAME THREADS: thaw, guarded by the run lock (free, the run's own, or kept by this switch), and read back twice.
open_it() {
  end_own "$1" "$2"
  ended=$?
  kept=
  [ -s "$d/held.$1" ] && read -r word kept rest <"$d/held.$1"
  ids=$(echo "CONNECTION_ID() $3 $kept" | tr -s ' ' ',')
  "sql_$1" -e "SET GLOBAL read_only = IF(COALESCE(IS_USED_LOCK('${runLock}'), CONNECTION_ID()) IN (\${ids%,}), 0, (SELECT 1 UNION SELECT 2))" || {
    say "$2 could not be opened: $(reason "$1")"
    return 1
  }
  for look in first second; do
    seen=$("sql_$1" -N -e 'SELECT @@GLOBAL.read_only') || return 1
    case $seen in
    0 | OFF) ;;
    *)
      say "$2 still refuses writes ($look reading: $seen)"
      return 1
      ;;
    esac
  done
  say "$2 takes writes again, read twice"
  did opened "$2"
  [ $ended -eq 0 ] || say "$2: a session of the run is not gone yet"
  return $ended
}
scheduler_on() {
  "sql_$1" -e 'SET GLOBAL event_scheduler = ON' && [ "$("sql_$1" -N -e 'SELECT @@GLOBAL.event_scheduler')" = ON ] &&
    say "event scheduler of $2 on"
}
# link_there N SHOW CHANNEL: 0 there, 1 not there, 2 not known.
link_there() {
  "sql_$1" -e "$2\\G" >"$d/links.$1" || return 2
  grep -Eq "(Connection_name|Channel_Name): $3\$" "$d/links.$1"
}
# link_off N NAME SHOW CHANNEL STATEMENT...
link_off() {
  n=$1 name=$2 show=$3 channel=$4
  shift 4
  link_there "$n" "$show" "$channel"
  case $? in
  1) return 0 ;;
  2) return 1 ;;
  esac
  for statement in "$@"; do "sql_$n" -e "$statement"; done
  link_there "$n" "$show" "$channel"
  [ $? -eq 1 ] && say "reverse link of $name removed"
}
# link_on N NAME SHOW CHANNEL STATEMENT...: the ring closes only where the reverse link is seen gone.
link_on() {
  n=$1 name=$2 show=$3 channel=$4
  shift 4
  [ -e "$d/reverse-gone.$n" ] || return 1
  link_there "$n" "$show" "$channel" || return 1
  for statement in "$@"; do "sql_$n" -e "$statement" || return 1; done
  say "ring link of $name started"
}
# Runs each until all are done; what fails is tried again in the next round, as long as there is patience.
all() {
  todo=$* rounds=0
  while [ -n "$todo" ] && [ $rounds -lt $patience ]; do
    [ $rounds -eq 0 ] || sleep 1
    later=
    for one in $todo; do "$one" || later="$later $one"; done
    todo=\${later# } rounds=$((rounds + 1))
  done
  [ -z "$todo" ] || say "NOT DONE, given up: $todo"
}
# take N NAME: the run lock of that server, kept as long as the file "holding" is there.
take() {
  end_own "$1" "$2" || {
    say "$2: the run's own sessions could not be ended: $(reason "$1")"
    return 1
  }
  {
    echo "SELECT CONCAT('held ', CONNECTION_ID(), ' ', IF(GET_LOCK('${runLock}', 5) = 1, GET_LOCK('${switchLock}', 0), 0), ' end');"
    while [ -f "$d/holding" ]; do sleep 1; done
  } | "keep_$1" >"$d/held.$1" 2>"$d/error.$1" &
  tries=0
  while ! grep -q '^held .* end' "$d/held.$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || break
    short
  done
  word='' kept='' got=''
  [ -s "$d/held.$1" ] && read -r word kept got rest <"$d/held.$1"
  [ "$got" = 1 ] && return 0
  # Another host's switch keeps it: that is as good, and shows by the second lock of the same session.
  kept=$("sql_$1" -N -e "SELECT IF(IS_USED_LOCK('${runLock}') = IS_USED_LOCK('${switchLock}'), IS_USED_LOCK('${runLock}'), '')")
  case $kept in
  *[!0-9]* | '') ;;
  *)
    echo "held $kept 1 end" >"$d/held.$1.other" && mv -f "$d/held.$1.other" "$d/held.$1"
    return 0
    ;;
  esac
  say "$2: the run lock could not be taken: $(reason "$1")"
  return 1
}
# still_closed N NAME: the lock is kept here and the server is read-only, in one statement.
still_closed() {
  read -r word kept rest <"$d/held.$1"
  seen=$("sql_$1" -N -e "SELECT CONCAT(IFNULL(IS_USED_LOCK('${runLock}'), 0), ' ', @@GLOBAL.read_only)")
  case $seen in
  "$kept 0" | "$kept OFF")
    say "$2 takes writes: it was promoted, its source stays closed"
    return 1
    ;;
  "$kept "?*) return 0 ;;
  esac
  say "$2 does not show the run lock as kept here (seen: $seen)"
  return 1
}
`.replaceAll('\\${', '${');
