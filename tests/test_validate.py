"""Plain values become nouns, or every wrong value is reported with its location and a hint."""

from datetime import date
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import problems_of, told_by
from msgspec import Meta

from optout_cli.errors import OptoutError
from optout_cli.model.fields import Line, Name, Noun, Text, Zip
from optout_cli.model.jurisdiction import Gazetteer
from optout_cli.model.request import Request
from optout_cli.readers.document import Document, Layer, Tree
from optout_cli.readers.validate import convert
from optout_cli.readers.yaml import document_from_yaml


class Inner(Noun, frozen=True, kw_only=True):
    name: Line
    title: Line | None = None
    is_open: bool = False


class Post(Noun, frozen=True, kw_only=True):
    street: Line | None = None
    city: Line | None = None


class Outer(Noun, frozen=True, kw_only=True):
    inner: Inner | None = None
    post: Post | None = None
    many: Annotated[tuple[Inner, ...], Meta(max_length=2)] = ()
    lines: tuple[Line, ...] = ()
    paragraphs: tuple[Text, ...] = ()
    day: date | None = None
    choice: Literal["joint", "separate"] = "separate"
    zip: Zip | None = None
    named: dict[Name, Inner] = {}
    free: dict[str, Inner] = {}
    either: Literal["text", "date"] | dict[Name, Inner] | None = None
    some: tuple[Line, ...] | Zip | None = None


def read(text: str) -> Outer:
    return convert(document_from_yaml(text, "f"), Outer)


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("day: 2010-08-31\n", Outer(day=date(2010, 8, 31))),
        ("day: 2000-02-29\n", Outer(day=date(2000, 2, 29))),
        ("inner: {name: 06041}\n", Outer(inner=Inner(name="06041"))),
        ("inner: {name: 'null', title: null}\n", Outer(inner=Inner(name="null"))),
        ("inner: {name: x, is-open: true}\n", Outer(inner=Inner(name="x", is_open=True))),
        ("many: [{name: x}, {name: y}]\n", Outer(many=(Inner(name="x"), Inner(name="y")))),
        ("choice: joint\n", Outer(choice="joint")),
        ("paragraphs: |\n  - a\n  - b\n", Outer(paragraphs=("a", "b"))),
        ("paragraphs: |\n  1. a\n\n  2. b\n", Outer(paragraphs=("a", "b"))),
        ("paragraphs: |\n  \u2022 a\n    b\n\n  \u2022 c\n", Outer(paragraphs=("a b", "c"))),
        ("lines: |\n  - a\n  - b\n", Outer(lines=("a", "b"))),
        ("named: {a-b: {name: x}}\n", Outer(named={"a-b": Inner(name="x")})),
        ("free: {A b: {name: x}}\n", Outer(free={"A b": Inner(name="x")})),
        ("either: date\n", Outer(either="date")),
        ("either: {a: {name: x}}\n", Outer(either={"a": Inner(name="x")})),
        ("lines: [x, y]\n", Outer(lines=("x", "y"))),
        ("lines: x\n", Outer(lines=("x",))),
        ("lines: |\n  x y \n  z\n", Outer(lines=("x y", "z"))),
        ("paragraphs: |\n  x\n  y\n\n  \n  z\n", Outer(paragraphs=("x y", "z"))),
        ("lines: []\nmany: []\n", Outer()),
    ],
)
def test_text_becomes_the_type_of_its_field(text: str, noun: Outer) -> None:
    assert read(text) == noun


NAMES = "\n  hint: write name: ..., title: ..., is-open: ..."
COLON = "\n  hint: put text with a colon in quotes"
ITEMS = "\n  hint: below lines:, begin each item with `- `"
GROUPS = "\n  hint: write it as [{name: ...}]"
BEGIN = "\n  hint: write [{name: ...}], or `- ` before its first line"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("inner: Pat\n", f"f:1:1: inner must be `name: value` pairs, not 'Pat'{NAMES}"),
        ("inner: [Pat]\n", f"f:1:1: inner must be `name: value` pairs, not a list{NAMES}"),
        ("many:\n- Pat\n", f"f:2:3: many.0 must be `name: value` pairs, not 'Pat'{NAMES}"),
        (
            "many: Pat\n",
            f"f:1:1: many must be a list, not 'Pat'{GROUPS}",
        ),
        ("many: {name: x}\n", f"f:1:1: many must be a list, not a group of keys{BEGIN}"),
        ("lines: {a: b}\n", f"f:1:1: lines must be a list, not a group of keys{ITEMS}"),
        ("lines: [[x]]\n", "f:1:9: lines.0 must be text, not a list"),
        ("lines: [{a: b}]\n", f"f:1:9: lines.0 must be text, not a group of keys{COLON}"),
        ("inner: {name: [x]}\n", "f:1:9: inner.name must be text, not a list"),
        (
            "inner: {name: {a: b}}\n",
            f"f:1:9: inner.name must be text, not a group of keys{COLON}",
        ),
        ("day: [2010-08-31]\n", "f:1:1: day must be text, not a list"),
        ("choice: {joint: x}\n", f"f:1:1: choice must be text, not a group of keys{COLON}"),
        ("named: x\n", "f:1:1: named must be `name: value` pairs, not 'x'"),
        ("named: [x]\n", "f:1:1: named must be `name: value` pairs, not a list"),
        (
            "some: {a: b}\n",
            f"f:1:1: some must be a list, not a group of keys{ITEMS.replace('lines', 'some')}",
        ),
        ("either: [x]\n", "f:1:1: either must be text, not a list"),
    ],
)
def test_a_wrong_shape_is_a_problem_that_says_the_right_shape(text: str, told: str) -> None:
    assert told_by(lambda: read(text)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("innr: {name: x}\n", "f:1:1: outer has no field 'innr'\n  hint: did you mean 'inner'?"),
        ("Day: x\n", "f:1:1: outer has no field 'Day'\n  hint: did you mean 'day'?"),
        (
            "inner: {name: x, is_open: true}\n",
            "f:1:18: inner has no field 'is_open'\n  hint: did you mean 'is-open'?",
        ),
        (
            "inner: {name: x, fax: y}\n",
            "f:1:18: inner has no field 'fax'\n  hint: one of is-open, name, title",
        ),
        ("inner: {}\n", "f:1:1: inner needs 'name'\n  hint: add name: ..."),
        ("inner:\n  name:\n", "f:2:3: inner needs 'name'\n  hint: add name: ..."),
        (
            "inner: {<<: {name: x}, name: x}\n",
            "f:1:9: inner has no field '<<'\n  hint: one of is-open, name, title",
        ),
        (
            "named: {A: {name: x}}\n",
            (
                "f:1:9: the key in named 'A' is not an id\n"
                "  hint: use only small letters, digits and hyphens"
            ),
        ),
        ("either: dat\n", "f:1:1: either cannot be 'dat'\n  hint: did you mean 'date'?"),
        ("either: {a: {}}\n", "f:1:10: either.a needs 'name'\n  hint: add name: ..."),
        ("choice: jiont\n", "f:1:1: choice cannot be 'jiont'\n  hint: did you mean 'joint'?"),
        ("choice: both\n", "f:1:1: choice cannot be 'both'\n  hint: one of joint, separate"),
        ("choice: ''\n", "f:1:1: choice cannot be ''\n  hint: one of joint, separate"),
        (
            "inner: {name: x, is-open: perhaps}\n",
            "f:1:18: inner.is-open 'perhaps' is not true or false",
        ),
        (
            "zip: 2134\n",
            "f:1:1: zip '2134' is not a ZIP code\n  hint: write five digits, such as 02134",
        ),
        (
            "zip: ''\n",
            "f:1:1: zip '' is not a ZIP code\n  hint: write five digits, such as 02134",
        ),
        (
            "many: [{name: x}, {name: ' y'}]\n",
            (
                "f:1:20: many.1.name ' y' is not one line without spaces at its ends\n"
                "  hint: write it on one line, with no spaces before or after it"
            ),
        ),
        (
            "paragraphs: [x, '']\n",
            "f:1:17: paragraphs.1 '' is not text\n  hint: write some text, or leave the line out",
        ),
    ],
)
def test_a_wrong_key_or_text_is_a_problem_with_a_hint(text: str, told: str) -> None:
    assert told_by(lambda: read(text)) == told


INSTEAD = "\n  hint: write post: instead of inner:"
BELONGS = "\n  hint: does it belong to inner? if so, indent it two spaces below"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\n", f"f:1:1: outer has no field 'name'{BELONGS}"),
        (
            "inner:\n  street: x\n  city: y\n",
            f"f:1:1: the lines below 'inner' belong to 'post'{INSTEAD}",
        ),
        (
            "inner: {street: x, name: y}\n",
            "f:1:9: inner has no field 'street'\n  hint: one of is-open, name, title",
        ),
        (
            "inner: {street: x, name: y}\npost: {city: z}\n",
            "f:1:9: inner has no field 'street'\n  hint: one of is-open, name, title",
        ),
    ],
)
def test_a_misplaced_value_is_a_problem_that_says_where_it_belongs(text: str, told: str) -> None:
    assert told_by(lambda: read(text)) == told


PLAIN = "\n  hint: write it as YYYY-MM-DD, such as 2026-11-24"
MEANT = "\n  hint: write it as YYYY-MM-DD; did you mean 2010-08-31?"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2010-02-30", "is not on the calendar\n  hint: February 2010 has 28 days"),
        ("2010-13-01", f"is not on the calendar{PLAIN}"),
        ("1900-02-29", "is not on the calendar\n  hint: February 1900 has 28 days"),
        ("0000-01-01", f"is not on the calendar{PLAIN}"),
        ("8/31/2010", f"is not a date{MEANT}"),
        ("Aug. 31, 2010", f"is not a date{MEANT}"),
        ("31-Aug-10", f"is not a date{MEANT}"),
        ("40421", f"is not a date{MEANT}"),
        (
            "31.8.2010",
            "is not a date\n  hint: write it as YYYY-MM-DD; did you mean 2010-08-31?",
        ),
        ("31/31/2010", f"is not a date{PLAIN}"),
        ("2010-8-31", f"is not a date{MEANT}"),
        ("20100831", f"is not a date{MEANT}"),
        ("2010-W35-2", f"is not a date{PLAIN}"),
        ("2010-08-31T00:00", f"is not a date{MEANT}"),
        ("August 31, 2010", f"is not a date{MEANT}"),
        ("", f"is not a date{PLAIN}"),
    ],
)
def test_a_wrong_date_is_a_problem_that_suggests_the_right_one(text: str, told: str) -> None:
    assert told_by(lambda: read(f"day: '{text}'\n")) == f"f:1:1: day {text!r} {told}"


def test_a_text_that_is_too_long_is_reported_with_both_lengths() -> None:
    assert told_by(lambda: read(f"inner: {{name: {'x' * 3_000}}}\n")) == (
        "f:1:9: inner.name is 3,000 characters long; at most 200 fit\n"
        "  hint: shorten it, or enclose it as a file"
    )


def test_right_values_beside_a_problem_are_not_reported() -> None:
    right = "day: 2010-08-31\nchoice: joint\nfree: {A b: {name: x}}\nlines: x\n"
    told = "f:5:1: zip 'x' is not a ZIP code\n  hint: write five digits, such as 02134"
    assert told_by(lambda: read(f"{right}zip: x\n")) == told


def test_particulars_are_not_checked_beside_a_problem() -> None:
    text = "jurisdiction: x\nletter: a/b\nparticulars: {a: [b]}\nori: x\n"
    (problem,) = problems_of(lambda: convert(document_from_yaml(text, "f"), Request))
    assert problem.message == "ori 'x' is not an ORI"


def test_a_list_that_is_too_long_is_reported_with_both_numbers() -> None:
    told = "f:1:1: many has 3 entries; at most 2 fit"
    assert told_by(lambda: read("many: [{name: x}, {name: y}, {nam: z}]\n")) == told


def test_a_long_wrong_text_is_repeated_only_in_part() -> None:
    (problem,) = problems_of(lambda: read(f"zip: {'x' * 100}\n"))
    assert problem.message == f"zip '{'x' * 60}...' is not a ZIP code"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("cc: County Counsel\n", ["County Counsel"]),
        (
            "cc: [County Counsel, Board of Supervisors]\n",
            ["County Counsel", "Board of Supervisors"],
        ),
        ("cc: [County Counsel, {title: Clerk}]\n", ["County Counsel", "Clerk"]),
        (
            "cc: |\n  County Counsel; Clerk\n  Chair, Board\n",
            ["County Counsel", "Clerk", "Chair, Board"],
        ),
    ],
)
def test_a_text_alone_is_the_title_of_who_gets_a_copy(text: str, titles: list[str]) -> None:
    request = convert(
        document_from_yaml(f"jurisdiction: marin\nletter: a/b\n{text}enclosures: A form\n", "f"),
        Request,
    )
    assert [copy.line for copy in request.cc] == titles
    assert [enclosure.title for enclosure in request.enclosures] == ["A form"]


def test_every_problem_of_a_request_is_reported_in_one_run_with_its_location() -> None:
    text = """\
jurisdiction: marin-county-ca
leter: secure-communities/opt-out
date: 8/31/2010
addressing: jiont
signatory:
  name: Pat
  fx: call me
  fax: call me
  address: {city: Novato, zip: 2134}
cc: {Pat: x}
authority:
  - instrument: Resolution
    date: 2010-02-30
"""
    problems = problems_of(lambda: convert(document_from_yaml(text, "f"), Request))
    assert sorted(
        (str(problem.location), problem.code, problem.message) for problem in problems
    ) == [
        ("f:10:1", "wrong-shape", "cc must be a list, not a group of keys"),
        ("f:13:5", "wrong-date", "authority.0.date '2010-02-30' is not on the calendar"),
        ("f:2:1", "unknown-key", "request has no field 'leter'"),
        ("f:3:1", "wrong-date", "date '8/31/2010' is not a date"),
        ("f:4:1", "unknown-choice", "addressing cannot be 'jiont'"),
        ("f:5:1", "missing-key", "signatory needs 'title'"),
        ("f:7:3", "unknown-key", "signatory has no field 'fx'"),
        ("f:8:3", "wrong-text", "signatory.fax 'call me' is not a fax number"),
        ("f:9:27", "wrong-text", "signatory.address.zip '2134' is not a ZIP code"),
    ]


def test_the_value_at_a_path_is_read_alone() -> None:
    document = document_from_yaml("named: {a: {name: x}}\nday: tomorrow\n", "f")
    assert convert(document, dict[str, Inner], "named") == {"a": Inner(name="x")}


@pytest.mark.parametrize("path", ["missing", "missing.deeper", "day.below.a.text"])
def test_nothing_at_a_path_is_read_as_empty(path: str) -> None:
    document = document_from_yaml("day: 2010-08-31\n", "f")
    assert convert(document, Outer, path) == Outer()


def test_a_problem_at_a_path_is_named_by_the_path() -> None:
    document = document_from_yaml("named:\n  a: {title: x}\n", "f")
    told = "f:2:3: named.a needs 'name'\n  hint: add name: ..."
    assert told_by(lambda: convert(document, Inner, "named.a")) == told


_trees: st.SearchStrategy[Tree] = st.recursive(
    st.sampled_from(["x", "", "2010-08-31", "joint", "02134", "x\n\ny"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*Outer.__struct_encode_fields__, *Inner.__struct_encode_fields__, "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(Outer.__struct_encode_fields__), _trees, max_size=4))
def test_any_values_are_a_noun_or_problems_and_never_a_bug(data: dict[str, Tree]) -> None:
    document = Document(data, (Layer("f", {}),))
    try:
        made: object = convert(document, Outer)
    except OptoutError as error:
        made = error.problems
    assert made


def test_problems_of_the_data_file_use_its_own_words() -> None:
    text = "states: {CA: {name: California, laws: [{effect: require, about: [287]}]}}\n"
    problems = problems_of(lambda: convert(document_from_yaml(text, "f"), Gazetteer))
    assert [problem.message for problem in problems] == [
        "states.CA.laws.0 needs 'citation'",
        "states.CA.laws.0 needs 'summary'",
        "states.CA.laws.0 needs 'source'",
        "states.CA.laws.0.effect cannot be 'require'",
        "states.CA.laws.0.about.0 cannot be '287'",
    ]
