#!/usr/bin/env bash
# Check that this computer has what `make windows` needs: Wine, and a C compiler that makes programs for
# Windows. Install what is missing with apt-get, as root or with sudo, or say what is missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../debian.sh"

packages=()
command -v wine >/dev/null || packages+=(wine wine64)
command -v x86_64-w64-mingw32-gcc >/dev/null || packages+=(gcc-mingw-w64-x86-64-posix)
[[ ${#packages[@]} -eq 0 ]] || install "${packages[@]}" ||
  fail "make windows needs these Debian packages: ${packages[*]}. Install them and try again."
