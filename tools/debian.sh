# Functions for the scripts in this folder, which source this file: print, stop, and install packages.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Install Debian packages. Fails without apt-get, without the right to use it, or for unknown packages.
install() {
  local as_root=() log
  command -v apt-get >/dev/null || return 1
  if [[ $EUID -ne 0 ]]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  say "Installing $* with apt-get"
  apt() {
    log=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get --quiet --option DPkg::Lock::Timeout=120 "$@" 2>&1 </dev/null) ||
      { say "$log" && return 1; }
  }
  # A new computer has no list of packages. If the update fails, an old list is often good enough.
  apt update || true
  apt install --yes --no-install-recommends "$@"
}
