"""tests/README.md lists every module that tests share."""

import re

from conftest import ROOT

TESTS = ROOT / "tests"


def test_every_shared_module_is_listed() -> None:
    text = (TESTS / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+\.py)` \|", text, re.MULTILINE)
    shared = {path.name for path in TESTS.glob("*.py") if not path.name.startswith("test_")}
    assert sorted(listed) == sorted(shared)
