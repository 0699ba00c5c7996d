/**
 * The life of a switch, after the words it is made of (switch-shell.ts): armed, watching, claimed or fired, and ended.
 * Time is /proc/uptime; disarming and firing are the rename of one file.
 */
export const switchLife = String.raw`arm() {
  umask 077
  for tool in setsid timeout grep tail tr date mv sleep; do
    command -v "$tool" >/dev/null || {
      echo "this host has no $tool" >&2
      return 1
    }
  done
  now || return 1
  armed_at=$up
  mkdir "$d" || return 1
  meet_all || {
    rm -rf "$d"
    return 1
  }
  echo "$armed_at" >"$d/armed-at" && : >"$d/armed" || return 1
  cd / || return 1
  setsid sh "$self" watch </dev/null >/dev/null 2>&1 &
  tries=0
  while [ ! -s "$d/alive" ]; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || {
      echo 'no sign of life' >&2
      return 1
    }
    short
  done
  cat "$d/alive"
}
watch() {
  trap '' HUP
  trap 'woken=1' USR1
  echo $$ >"$d/pid"
  read -r armed_at <"$d/armed-at" || return 1
  count=0 claimed_at=
  while [ -d "$d" ]; do
    beat
    if [ -f "$d/done" ]; then
      say 'stood down'
      return 0
    fi
    if [ -f "$d/claimed" ]; then
      # The word that the claim waits for: a beat from after the rename.
      [ -f "$d/heard" ] || printf '%s %s\n' "$count" "$up" >"$d/heard"
      [ -n "$claimed_at" ] || claimed_at=$up
      if [ $((up - claimed_at)) -ge $second_s ] && mv "$d/claimed" "$d/second" 2>/dev/null; then
        say "claimed for $((up - claimed_at)) s and no word of the run's end: second stage"
        second_stage
        return 0
      fi
    elif [ $((up - armed_at)) -ge $deadline_s ] && mv "$d/armed" "$d/fired" 2>/dev/null; then
      say "fired: nobody claimed it within $deadline_s s"
      undo
      say 'over'
      return 0
    fi
    nap 1
  done
}
# The claim: the rename that firing needs too, and then a word of the watch itself. Without one it is dead or stands still,
# and a cockpit that died next would leave the source closed.
claim() {
  mv -- "$d/armed" "$d/claimed" || return 1
  wake || return 4
  sync -- "$d" 2>/dev/null || sync
  tries=0
  while [ ! -s "$d/heard" ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || {
      echo "claimed, but process $pid of this switch does not answer" >&2
      return 4
    }
    # A signal that comes right before the watch lies down is not heard by its sleep.
    [ $((tries % 10)) -ne 0 ] || wake || return 4
    soon
  done
  read -r heard <"$d/heard" && echo "$heard"
}
wake() {
  is_watching && kill -USR1 "$pid" && return 0
  echo 'claimed, but the process of this switch is gone' >&2
  return 1
}
is_watching() {
  read -r pid <"$d/pid" 2>/dev/null && [ -d "/proc/$pid" ] && grep -qF "$self" "/proc/$pid/cmdline" 2>/dev/null
}
# Only looks: how far it came, and what it did.
status() {
  for word in armed claimed fired second 'done'; do
    [ ! -e "$d/$word" ] || echo "state $word"
  done
  cat "$d/did" 2>/dev/null
  echo end
}
# Ends the watch by the one claim, sees it gone, and takes its files away; a switch that has acted keeps them. end undone:
# everything is seen taken back, so its second stage keeps the run locks no longer.
end() {
  [ -d "$d" ] || {
    rm -f "$self"
    echo 'not armed'
    return 0
  }
  mv "$d/armed" "$d/done" 2>/dev/null || mv "$d/claimed" "$d/done" 2>/dev/null
  if [ ! -f "$d/done" ] && { [ -f "$d/fired" ] || [ -f "$d/second" ]; }; then
    if [ "\${1:-}" = undone ] && [ -f "$d/holding" ]; then
      rm -f "$d/holding"
      tries=0
      while is_watching && [ $tries -lt 30 ]; do
        tries=$((tries + 1))
        short
      done
      say 'everything is seen taken back: the run locks are let go'
    fi
    echo "the switch has acted: $(cat "$d/result" 2>/dev/null)" >&2
    return 3
  fi
  tries=0
  while is_watching; do
    kill -USR1 "$pid" 2>/dev/null
    tries=$((tries + 1))
    [ $tries -lt 30 ] || {
      echo "its process $pid is still there" >&2
      return 1
    }
    short
  done
  rm -rf "$d" && rm -f "$self" && echo 'stood down and gone'
}`.replaceAll('\\${', '${');
