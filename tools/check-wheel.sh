#!/usr/bin/env bash
# Build the wheel from the sdist, as a release does. Install it in an empty environment, and write a
# letter with it from another folder.
# Usage: tools/check-wheel.sh PYTHON   (PYTHON has `build` and `hatchling`)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly python=$1
readonly dist=build/wheel/dist env=build/wheel/env
readonly installed=$env/installed.whl # a copy of the wheel that is installed there

rm -rf "$dist"
"$python" -m build --no-isolation --outdir "$dist" .
wheel=$(echo "$dist"/*.whl)

# The same source makes the same wheel, byte for byte, so there is no need to install it again.
if ! cmp --silent "$wheel" "$installed"; then
  rm -rf "$env"
  "$python" -m venv "$env"
  "$env/bin/python" -m pip install --quiet --no-compile "$wheel"
  cp "$wheel" "$installed"
fi

optout=$PWD/$env/bin/optout
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
env -i PATH="$PATH" HOME="$folder" \
  "$optout" write marin-county-ca --to bureau --date 2026-01-05 -f pdf -o - >letter.pdf
if [[ $(head -c 5 letter.pdf) != %PDF- || $(tail -c 6 letter.pdf) != %%EOF* ]]; then
  echo "the letter that the installed wheel wrote is not a complete PDF" >&2
  exit 1
fi
if [[ ! -f $(dirname "$optout")/../share/man/man1/optout.1 ]]; then
  echo "the wheel has no manual page" >&2
  exit 1
fi
