#!/usr/bin/env bash
# Make sure of what judges the letters: qpdf, a Java that compiles, and the classes of JAXB that
# veraPDF needs. What is missing is installed with apt-get, as root or through sudo; else named.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../debian.sh"

has_java() { [[ $(javac -version 2>&1) =~ ^javac\ ([0-9]+) && ${BASH_REMATCH[1]} -ge 17 ]]; }

packages=()
command -v qpdf >/dev/null || packages+=(qpdf)
has_java || packages+=(default-jdk-headless)
[[ -e /usr/share/java/jaxb-runtime.jar ]] || packages+=(libjaxb-java)
[[ ${#packages[@]} -eq 0 ]] || install "${packages[@]}" ||
  fail "make verify needs what Debian calls ${packages[*]}: install it and try again."
