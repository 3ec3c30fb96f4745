"""docs/scripts.md lists every code of problems and notes, and no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from import_tool import tool

from optout_cli.errors import OptoutError

CODES = tool("codes")


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    """Let the trees of the whole package go."""
    yield
    for kept in (CODES._tree_of, CODES._nodes, CODES._imports):
        kept.cache_clear()


@pytest.mark.no_cover  # reads the code, and runs none
@pytest.mark.parametrize(("kind", "noun"), CODES.NOUNS.items())
def test_each_code_has_a_sentence_and_each_sentence_a_code(kind: str, noun: str) -> None:
    assert sorted(CODES.words()[kind]) == sorted(CODES.codes_of(noun)), "tools/codes.yaml"


@pytest.mark.parametrize("kind", CODES.NOUNS)
def test_the_words_on_a_code_are_one_short_sentence(kind: str) -> None:
    words = CODES.words()[kind]
    assert [code for code, said in words.items() if not said.endswith(".") or len(said) > 95] == []


def test_the_page_lists_them_as_they_are_today() -> None:
    assert CODES.page() == CODES.PAGE.read_text("utf-8"), "make docs writes the lists"


def test_a_code_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "codes.yaml"
    path.write_text("problems:\n  anchor: One.\n  anchor: Another.\n", "utf-8")
    with pytest.raises(OptoutError, match="repeats the key 'anchor'"):
        CODES.words(path)


SOURCE = """
def one():
    code = "first"
    return Problem(code, "x")


def other():
    code = 5
    return code


def made(*, code):
    return Problem(code, "x")


made(code="second")
"""


def test_a_code_is_followed_within_its_function_and_by_its_keyword(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "problems.py"
    path.write_text(SOURCE, "utf-8")
    monkeypatch.setattr(CODES, "_MODULES", [path])
    assert CODES.codes_of("Problem") == {"first", "second"}
