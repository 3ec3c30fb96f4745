#!/usr/bin/env bash
# Check that this computer has what `make verify` needs: qpdf, a Java compiler, and the classes of JAXB
# for veraPDF. Install what is missing with apt-get, as root or with sudo, or say what is missing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../debian.sh"

has_java() { [[ $(javac -version 2>&1) =~ ^javac\ ([0-9]+) && ${BASH_REMATCH[1]} -ge 17 ]]; }

packages=()
command -v qpdf >/dev/null || packages+=(qpdf)
has_java || packages+=(default-jdk-headless)
[[ -e /usr/share/java/jaxb-runtime.jar ]] || packages+=(libjaxb-java)
[[ ${#packages[@]} -eq 0 ]] || install "${packages[@]}" ||
  fail "make verify needs these Debian packages: ${packages[*]}. Install them and try again."
