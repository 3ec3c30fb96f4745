"""No period, caution, quotation, recipient or sentence of a letter stands in Python."""

import ast
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from optout_cli.letters import Library
from optout_cli.templating.filters import long_date

RUN = 5  # words in a row that make a sentence of a letter recognizable
# `check` blames the data for what `write` cautions of: a Problem and a caution in the same words.
SHARED = {("lines", "in", "the", "envelope's", "window")}
CURLY = "\u2019"
MODULES = sorted((ROOT / "optout_cli").rglob("*.py"))
TEMPLATES = ROOT / "templates"
# What the user is asked, and what a table's columns mean, stands in no letter.
TALK = {TEMPLATES / "_layout" / name for name in ("questions.yaml", "columns.yaml")}
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # the first one needs libyaml
_MARKUP = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|\{[a-z-]+\}", re.DOTALL)


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9'()]+", unescape(text).lower().replace(CURLY, "'"))


def runs_of(text: str) -> Iterator[tuple[str, ...]]:
    words = words_of(text)
    return zip(*(words[start:] for start in range(RUN)), strict=False)


def sentences() -> Iterator[str]:
    """Yield what the templates and the programs say: each stretch of text without a fact in it."""
    for path in sorted(TEMPLATES.rglob("*.j2")):
        yield from _MARKUP.split(path.read_text("utf-8"))
    for path in sorted(set(TEMPLATES.rglob("*.yaml")) - TALK):
        for text in texts_in(yaml.load(path.read_text("utf-8"), LOADER)):
            yield from _MARKUP.split(text)


def texts_in(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for it in node.values() if isinstance(node, dict) else node:
            yield from texts_in(it)


KNOWN_RUNS = {run for text in sentences() for run in runs_of(text)} - SHARED


def days(library: Library) -> set[date]:
    """Return the days on which a program's wording, recipients or sources change."""
    found: set[date | None] = set()
    for program in library.programs.by_id.values():
        found |= {day for it in program.periods for day in (it.from_, it.until)}
        found |= {day for it in program.recipients for day in (it.from_, it.until)}
        found |= {it.date for it in program.citations.values()}
    return {it for it in found if it}


def constants_of(source: str) -> Iterator[object]:
    """Yield a module's constants but the docstrings: an f-string's parts, the day of a `date`."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in told:
            yield node.value
        elif isinstance(node, ast.Call) and len(node.args) == 3:
            match [getattr(it, "value", None) for it in node.args]:
                case [int(year), int(month), int(day)] if 1900 < year < 2200:
                    yield date(year, month, day)


def found_in(source: str, library: Library) -> list[object]:
    """Return each constant of a module that a template or a program should hold."""
    changes = days(library)
    written = {it.isoformat() for it in changes} | {long_date(it) for it in changes}
    offices = library.directory.data.offices
    found: list[object] = []
    for value in constants_of(source):
        is_known = value in changes if isinstance(value, date) else value in offices
        if isinstance(value, str):
            is_known |= any(it in value for it in written)
            is_known |= any(run in KNOWN_RUNS for run in runs_of(value))
        found += [value] if is_known else []
    return found


@pytest.mark.no_cover  # reads the code, and runs none
@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_holds_what_templates_and_programs_say(library: Library, path: Path) -> None:
    assert found_in(path.read_text("utf-8"), library) == []


@pytest.mark.parametrize(
    "planted",
    [
        'x = "2011-08-05"',
        'x = f"since August 17, 2010 {y}"',
        "x = date(2010, 10, 6)",
        "x = datetime.date(2011, 8, 4)",
        'x = "secure-communities-2010"',
        'x = {"ero-san-francisco": 1}',
        'x = "The jurisdiction reserves all of its rights."',
        'x = f"{name}: it must formally notify its state identification bureau"',
        'x = "On August 5, 2011, ICE ended the state agreements."',
        f'x = "We don{CURLY}t consider Secure Communities an opt in/opt out program."',
    ],
)
def test_a_planted_word_is_found(library: Library, planted: str) -> None:
    assert len(found_in(planted, library)) == 1


def test_a_docstring_may_tell_what_it_likes(library: Library) -> None:
    assert found_in('"""The jurisdiction reserves all of its rights."""', library) == []
