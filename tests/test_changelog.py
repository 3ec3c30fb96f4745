"""A fragment that towncrier would pass over in silence is a change that nobody is told of."""

import tomllib
from pathlib import Path

import pytest
from conftest import ROOT

SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["towncrier"]
KINDS = {kind["directory"] for kind in SETTINGS["type"]}
FRAGMENTS = [it for it in (ROOT / SETTINGS["directory"]).iterdir() if not it.name.startswith(".")]


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda it: it.name)
def test_a_fragment_has_a_kind_that_is_known_and_ends_as_a_sentence(fragment: Path) -> None:
    _, kind, suffix = fragment.name.rsplit(".", 2)
    assert (kind in KINDS, suffix, fragment.read_text("utf-8").rstrip()[-1:]) == (True, "md", ".")
