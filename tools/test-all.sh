#!/usr/bin/env bash
# Run the tests on each Python from 3.11 to 3.13 that is on PATH or in pyenv. Each has its own
# environment: .venv-3.11 and so on.
# Usage: tools/test-all.sh [PYTEST-ARGUMENT]...
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/debian.sh

# Print a Python of this version that can make an environment. Some of pyenv's shims cannot.
python_of() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

tested=() failed=()
for version in 3.11 3.12 3.13; do
  python=$(python_of "$version")
  if [[ -z $python ]]; then
    say "Python $version is not tested: this computer does not have it"
    continue
  fi
  env=.venv-$version
  if [[ ! $env/installed -nt pyproject.toml ]]; then
    say "Installing optout and its tests into $env"
    "$python" -m venv --clear "$env"
    "$env/bin/python" -m pip install --quiet --editable '.[dev]'
    touch "$env/installed"
  fi
  say "Testing on $("$env/bin/python" --version)"
  tested+=("$version")
  "$env/bin/pytest" --quiet --no-header -n auto --dist loadfile --no-loadscope-reorder "$@" || failed+=("$version")
done

[[ ${#tested[@]} -gt 0 ]] || fail "This computer has no Python from 3.11 to 3.13."
[[ ${#failed[@]} -eq 0 ]] || fail "The tests failed on Python ${failed[*]}."
say "The tests passed on Python ${tested[*]}."
