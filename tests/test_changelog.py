"""CHANGELOG.md begins with this version, and towncrier reads every fragment."""

import re
import subprocess
import sys
import tomllib

from conftest import ROOT

from optout_cli import __version__

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]
KINDS = {kind["directory"] for kind in SETTINGS["type"]}
FOLDER = ROOT / SETTINGS["directory"]
CHANGELOG = (ROOT / SETTINGS["filename"]).read_text("utf-8")


def test_every_fragment_has_a_kind_that_is_known_and_ends_as_a_sentence() -> None:
    wrong = []
    for fragment in [path for path in FOLDER.iterdir() if not path.name.startswith(".")]:
        _, kind, suffix = fragment.name.rsplit(".", 2)
        text = fragment.read_text("utf-8")
        if kind not in KINDS or suffix != "md" or not text.rstrip().endswith("."):
            wrong.append(fragment.name)
    assert wrong == []


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", CHANGELOG, re.MULTILINE)
    assert versions[0] == __version__
    assert len(versions) == len(set(versions))


def test_towncrier_finds_where_the_next_version_goes() -> None:
    assert CHANGELOG.count("<!-- towncrier release notes start -->\n") == 1


def test_towncrier_reads_the_fragments() -> None:
    words = (sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "9.9.9" in done.stdout) == (0, True), done.stderr
