#!/usr/bin/env bash
# Check that the system has what the package needs: Python 3.11 with venv, and Pango. Install what is
# missing with apt-get, as root or with sudo. If that is not possible, say what is missing.
# Usage: tools/system-libraries.sh [PYTHON]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/debian.sh"

python=${1:-python3}

# Print each library that cannot be loaded, one per line. The names are those that WeasyPrint tries.
missing() {
  "$python" - <<'PYTHON'
import ctypes
import ctypes.util


def is_loadable(name):
    files = [f"lib{name}.so.0", f"lib{name}.dylib", f"lib{name}.0.dylib"]
    return any(map(loads, files)) or loads(ctypes.util.find_library(name))


def loads(file):
    try:
        return bool(file and ctypes.CDLL(file))
    except OSError:
        return False


try:
    import ensurepip
except ImportError:
    print("venv")
if not all(map(is_loadable, ["pango-1.0", "pangoft2-1.0", "harfbuzz"])):
    print("pango")
if not is_loadable("harfbuzz-subset"):
    print("harfbuzz-subset")
PYTHON
}

is_missing() { [[ " $(missing | tr '\n' ' ')" == *" $1 "* ]]; }

if [[ $python == python3 ]] && ! command -v python3 >/dev/null; then
  install python3-venv || true
fi
command -v "$python" >/dev/null || fail "optout needs Python 3.11 or later, and this computer has no $python."
read -r version is_new <<<"$("$python" -c '
from sys import version_info
print("%d.%d " % version_info[:2] + str(version_info >= (3, 11)))')"
[[ $is_new == True ]] ||
  fail "optout needs Python 3.11 or later, and $python is $version. Name another one: make PYTHON=python3.12 notice"

[[ -n $(missing) ]] || exit 0

packages=()
if is_missing venv; then packages+=("python$version-venv"); fi
if is_missing pango; then packages+=(libpango-1.0-0 libpangoft2-1.0-0); fi
if [[ ${#packages[@]} -gt 0 ]]; then install "${packages[@]}" || true; fi
if is_missing harfbuzz-subset; then install libharfbuzz-subset0 || true; fi

status=0
if is_missing venv; then
  say "The Python module venv is missing. Install python$version-venv with apt, or a Python that includes venv."
  status=1
fi
if is_missing pango; then
  say "Without the library Pango, only Typst can lay out pages, and the tests fail. For WeasyPrint, install libpango-1.0-0 and libpangoft2-1.0-0 with apt, or pango with Homebrew or dnf."
fi
if is_missing harfbuzz-subset; then
  say "Without the library harfbuzz-subset, letters take twice as long. Install libharfbuzz-subset0 with apt, or harfbuzz with Homebrew or dnf."
fi
exit "$status"
