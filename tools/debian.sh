# For the scripts beside this one, which source it: say something, give up, and install packages.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# Install Debian packages. Fails where there is no apt-get, no right to use it, or no such package.
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
  # An old list of packages is often good enough, and a fresh machine has none.
  apt update || true
  apt install --yes --no-install-recommends "$@"
}
