"""A line that YAML joins to the text above is told if it begins like an item or a field."""

from itertools import product

import pytest
from conftest import ROOT
from make_letters import told_by

from optout_cli.errors import OptoutError
from optout_cli.readers.yaml import document_from_yaml

AS_ITEM = (
    "begins like an item of a list, and is joined to the text above\n"
    "  hint: begin each item with `- `, all in the same column;"
    " if it is one text, put all of it in quotes"
)


def told(text: str) -> str:
    """Return what is wrong with a request, or nothing."""
    try:
        document_from_yaml(text, "r.yaml")
    except OptoutError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "lines",
    [
        ["  -The jail has no staff.", "  -Second."],
        ["  -the jail has no staff", "  -second"],
        ["  \u2022 a", "  \u2022 b"],
        ["  \u2022a", "  \u2022b"],
        ["  - a", "   - b"],
        ["  - The jail has no staff of its own", "   - and no money"],
        ["  - The jail has no staff.", "      - It has no money."],
        ["  \u2013 The jail has no staff.", "  \u2013 It has no money."],
        ["  \u2014The jail", "  \u2014The county"],
        ["  1. The jail has no staff.", "  2. It has no money."],
        ["  1) The jail", "  2) The county"],
        ["  (a) The jail", "  (b) The county"],
        ["  a) The jail", "  b) The county"],
        ["  The jail has no staff.", "  - It has no money."],
        ["  The jail", "  -It has no money."],
        ["  + The jail", "  + The county"],
        ["  - The jail has no staff.", "    (b) It has no money."],
        ["  - The jail has no staff.", "    ii) It has no money."],
        ["  \u25cf\u00a0The jail", "  \u25cf\u00a0The county"],
    ],
    ids=lambda lines: lines[0].strip() + lines[1],
)
def test_a_line_that_begins_like_an_item_is_told(lines: list[str]) -> None:
    text = "\n".join(["particulars:", " reasons:", *lines, ""])
    assert told(text) == f"r.yaml:4:1: {AS_ITEM}"


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("phone 415-555-0100", "phone"),
        ("office Marin County", "office"),
        ("email=a@b.gov", ""),
        ("e-mail pat@example.gov", "email"),
        ("Tel. (415) 555-0100", "phone"),
        ("Fax 415-555-0101", "fax"),
        ("Office of the Sheriff", ""),
        ("E-mail Unit", ""),
    ],
)
def test_a_line_that_begins_like_a_field_is_told(line: str, field: str) -> None:
    found = told(f"signatory:\n  title: Sheriff\n    {line}\n").partition("\n")[0]
    assert found == (
        f"r.yaml:3:1: begins like the field {field!r}, and is joined to the text above"
        if field
        else ""
    )


BEGINNINGS = (
    "The jail has no staff of its own",
    "\u201cThe jail\u201d \u2013 a small one \u2013 has no staff",
    "- The jail \u2014 which is small - has no staff",
    "See 8 U.S.C. \u00a7 1357",
    "It costs 5 - 7 dollars a day, and the county",
)
ENDINGS = (
    "- as it were - and no money",
    "-- as it were -- and no money",
    "\u2014 as it were \u2014 and no money",
    "\u2014as it were\u2014and no money",
    "\u2013 as it were \u2013 and no money",
    "-5 degrees, which is cold",
    "-making in the county is slow",
    "(g), which is voluntary",
    "office of the sheriff - and no money",
    "2010-2012, and no money",
)
INDENTS = ("", " ", "  ", "        ")


@pytest.mark.parametrize(("first", "second"), list(product(BEGINNINGS, ENDINGS)))
def test_a_dash_that_is_meant_is_taken(first: str, second: str) -> None:
    texts = [f"particulars:\n reasons:\n   {first}\n   {indent}{second}\n" for indent in INDENTS]
    as_items = first.startswith("- ")
    texts = (
        [text.replace(f"   {second}", f"     {second}") for text in texts] if as_items else texts
    )
    assert [told(text) for text in texts] == [""] * len(INDENTS)


@pytest.mark.parametrize("folder", ["examples", "templates", "tests", "tools"])
def test_no_file_that_ships_has_one(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.yaml"))
    assert [path.name for path in paths if "joined" in told(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("signatory:\n  name: Pat\n\u00a0\u00a0title: Sheriff\n", "r.yaml:3:1"),
        ("signatory:\n  name:\u00a0Pat\n  title: Sheriff\n", "r.yaml:2:8"),
        ("signatory:\n\u00a0\u00a0name: Pat\n\u00a0\u00a0title: Sheriff\n", "r.yaml:2:1"),
    ],
)
def test_a_no_break_space_is_told_where_it_stands(text: str, place: str) -> None:
    assert told(text).partition("\n")[0] == (
        f"{place}: has a no-break space where YAML needs a space"
    )


def test_a_block_of_one_line_is_one_line() -> None:
    document = document_from_yaml("title: >\n  Sheriff\nname: |\n  Pat\n", "r.yaml")
    assert document.data == {"title": "Sheriff", "name": "Pat"}


def test_a_number_after_a_quoted_text_is_not_lost() -> None:
    assert told_by(
        lambda: document_from_yaml('street: "123 Main Street" #4\n', "r.yaml")
    ).startswith("r.yaml:1:9: the text after '123 Main Street' is lost")
