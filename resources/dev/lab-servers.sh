#!/usr/bin/env bash
# Installs what the lab and the screen tests need on a Debian machine, as root: `lab-servers.sh [packages] [mysql] [moto] [mariadb-11] [mariadb-10.5]`.
# Without a name: packages and mysql. Starts no service. Doing it twice costs nothing: what is there already is left alone.
set -euo pipefail

cache=${COCKPIT_LAB_CACHE:-/var/cache/cutover-lab}
# program → package that brings it
programs=(
  mariadbd:mariadb-server
  haproxy:haproxy
  sshd:openssh-server
  ssh-agent:openssh-client
  chromium:chromium
  debootstrap:debootstrap
  ip:iproute2
  knotd:knot
  unbound:unbound
  dig:bind9-dnsutils
)

say() { printf 'lab-servers: %s\n' "$*" >&2; }

# Packages of servers want to start them; this answer (101) is Debian's own way to say no.
refuse_services() {
  [ -e /usr/sbin/policy-rc.d ] && return
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

packages() {
  local missing=() pair
  for pair in "${programs[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" > /dev/null || missing+=("${pair#*:}")
  done
  # A module of knot, and no program: answers by the network of whoever asks.
  compgen -G '/usr/lib/*/knot/modules-*/geoip.so' > /dev/null || missing+=(knot-module-geoip)
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${missing[*]}"
  refuse_services
  export DEBIAN_FRONTEND=noninteractive
  local attempt
  for attempt in 1 2 3; do
    # A list that cannot be refreshed is no reason to stop: the install says whether it matters.
    apt-get -qq update >&2 || true
    apt-get -qq install -y --no-install-recommends "${missing[@]}" < /dev/null >&2 && return
    say "attempt $attempt failed"
    sleep $((attempt * 5))
  done
  say "could not install ${missing[*]}"
  return 1
}

# The mirror this machine already uses; debootstrap's own default when there is none to be found.
mirror() (
  . /etc/os-release
  [ "$ID" = debian ] || return 0
  apt-get indextargets --format '$(REPO_URI)' "Codename: $VERSION_CODENAME" 2> /dev/null | sort -u | head -n 1
)

# A server of another Debian in a file tree of its own, entered with chroot: tree NAME SUITE PROGRAM PACKAGES.
tree() (
  name=$1 suite=$2 program=$3 packages=$4
  tree=$cache/$name part=$cache/$name.part
  answers() { chroot "$1" "$program" --version; }
  answers "$tree" > /dev/null 2>&1 && return
  say "making $tree (about a minute)"
  mkdir -p "$cache"
  exec 9> "$cache/$name.lock"
  flock 9
  answers "$tree" > /dev/null 2>&1 && return
  for attempt in 1 2 3; do
    rm -rf "$part"
    if debootstrap --variant=minbase --include="$packages" "$suite" "$part" $(mirror) \
      < /dev/null > "$cache/$name-debootstrap.log" 2>&1 && answers "$part" >&2; then
      cp /etc/resolv.conf /etc/hosts "$part/etc/"
      rm -rf "$part/var/cache/apt/archives" "$tree"
      mkdir -p "$part/var/cache/apt/archives/partial"
      mv "$part" "$tree"
      return
    fi
    say "attempt $attempt failed; the last lines of $cache/$name-debootstrap.log:"
    tail -n 5 "$cache/$name-debootstrap.log" >&2
    sleep $((attempt * 5))
  done
  rm -rf "$part"
  say "$name could not be installed"
  return 1
)

# Debian 12 carries no MySQL.
mysql() { tree mysql sid /usr/sbin/mysqld mysql-server-core,mysql-client,adduser; }

# moto is a Route 53 that we did not write. Debian 12 has none; MySQL's own tree is of a Debian that has, and Python comes along.
moto() (
  mysql
  tree=$cache/mysql
  answers() { chroot "$tree" python3 -c 'import moto.server' > /dev/null 2>&1; }
  answers && return
  # What this machine has itself is as good, and costs nothing.
  python3 -c 'import moto.server' > /dev/null 2>&1 && return
  say "adding moto to $tree"
  exec 9> "$cache/mysql.lock"
  flock 9
  for attempt in 1 2 3; do
    answers && return
    chroot "$tree" sh -ec "
      export DEBIAN_FRONTEND=noninteractive
      apt-get -qq update || true
      apt-get -qq install -y --no-install-recommends python3-moto python3-flask-cors python3-joserfc python3-cffi-backend
      apt-get -qq clean" < /dev/null >&2 && answers && return
    say "attempt $attempt failed"
    sleep $((attempt * 5))
  done
  say "moto could not be added to $tree"
  return 1
)

# The plugin by which MariaDB shows its locks, alone: it lies in a package that would bring a service: lock_list NAME PACKAGE.
lock_list() (
  tree=$cache/$1 package=$2 plugin=usr/lib/mysql/plugin/metadata_lock_info.so
  [ -e "$tree/$plugin" ] && return
  say "adding $plugin to $tree"
  exec 9> "$cache/$1.lock"
  flock 9
  for attempt in 1 2 3; do
    chroot "$tree" sh -ec "
      cd /var/cache/apt/archives
      apt-get -qq update || true
      apt-get -qq download $package
      dpkg-deb --fsys-tarfile ${package}_*.deb | tar -x -C / ./$plugin
      rm -f ${package}_*.deb" < /dev/null >&2 && [ -e "$tree/$plugin" ] && return
    say "attempt $attempt failed"
    sleep $((attempt * 5))
  done
  say "$plugin could not be added to $tree"
  return 1
)

# Debian 13 carries MariaDB 11.8, Debian 12 has 10.11 among its own packages.
mariadb-11() {
  tree mariadb-11 trixie /usr/sbin/mariadbd mariadb-server-core,mariadb-client-core
  lock_list mariadb-11 mariadb-server
}

# Debian 11 carries MariaDB 10.5.
mariadb-10.5() {
  tree mariadb-10.5 bullseye /usr/sbin/mariadbd mariadb-server-core-10.5,mariadb-client-core-10.5
  lock_list mariadb-10.5 mariadb-server-10.5
}

[ "$(id -u)" = 0 ] || { say 'this needs root'; exit 1; }
[ $# -gt 0 ] || set -- packages mysql
for part in "$@"; do
  case $part in
    packages | mysql | moto | mariadb-11 | mariadb-10.5) "$part" ;;
    *)
      say "unknown part $part; the parts are: packages mysql moto mariadb-11 mariadb-10.5"
      exit 1
      ;;
  esac
done
