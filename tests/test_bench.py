"""The scripts of `bench/` import only names that optout has: they run too long to be tests."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from conftest import ROOT

SCRIPTS = sorted((ROOT / "bench").glob("*.py"))


def missing_names(script: Path) -> Iterator[str]:
    """Yield each name that a script imports from optout and that is not there."""
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("optout_cli"):
            module = import_module(node.module or "")
            yield from (name.name for name in node.names if not hasattr(module, name.name))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_imports_only_what_exists(script: Path) -> None:
    assert list(missing_names(script)) == []
