#!/usr/bin/env bash
# Build the wheel as a release does, from the sdist; install it in a bare environment; and write
# a letter with it from a folder that knows nothing of this one.
# Usage: tools/check-wheel.sh PYTHON, one that has `build` and `hatchling`
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly python=$1
readonly dist=build/wheel/dist env=build/wheel/env
readonly installed=$env/installed.whl # what is installed there, byte for byte

rm -rf "$dist"
"$python" -m build --no-isolation --outdir "$dist" .
wheel=$(echo "$dist"/*.whl)

# The same sources make the same wheel: then what is installed is as good as new.
if ! cmp --silent "$wheel" "$installed"; then
  rm -rf "$env"
  "$python" -m venv "$env"
  "$env/bin/python" -m pip install --quiet "$wheel"
  cp "$wheel" "$installed"
fi

optout=$PWD/$env/bin/optout
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
env -i PATH="$PATH" HOME="$folder" \
  "$optout" write marin-county-ca --to bureau --date 2026-01-05 -f pdf -o - >letter.pdf
if [[ $(head -c 5 letter.pdf) != %PDF- || $(tail -c 6 letter.pdf) != %%EOF* ]]; then
  echo "the letter that the installed wheel wrote is no whole PDF" >&2
  exit 1
fi
if [[ ! -f $(dirname "$optout")/../share/man/man1/optout.1 ]]; then
  echo "the wheel brought no manual page" >&2
  exit 1
fi
