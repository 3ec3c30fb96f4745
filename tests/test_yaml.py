"""YAML is read as text only; whatever else it could mean is a problem at its location."""

import json

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from make_letters import problems_of, told_by

from optout_cli.errors import OptoutError, Problem
from optout_cli.readers import yaml as yaml_text
from optout_cli.readers.document import MAX_DEPTH, UNSEEN, Document, Tree
from optout_cli.readers.yaml import document_from_yaml

# The pure parser serves where libyaml is missing; both have to read alike.
PARSERS = [getattr(yaml, name) for name in ("SafeLoader", "CSafeLoader") if hasattr(yaml, name)]


@pytest.fixture(params=PARSERS, ids=lambda parser: parser.__name__, autouse=True)
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "_LOADER", request.param)


def read(text: str) -> Document:
    return document_from_yaml(text, "f")


def data_of(text: str) -> dict[str, Tree]:
    return read(text).data


def outcome(text: str) -> Document | tuple[Problem, ...]:
    """Return what comes of a text: a document, or what is wrong with it."""
    try:
        return read(text)
    except OptoutError as error:
        return error.problems


@pytest.mark.parametrize(
    "scalar",
    [
        *("06041", "02134", "0o17", "0x1F", "1e3", "12:30", "1_000", "3.10", "+13035550100"),
        *("NO", "no", "off", "True", "yes", ".inf", ".NaN", "=", "<<"),
        *("2010-08-31", "2010-08-31T12:00:00Z", "Null", "NULL", "nil", "None", "-", "a#4", "#"),
    ],
)
def test_a_scalar_stays_the_text_that_was_typed(scalar: str) -> None:
    quoted = f'"{scalar}"' if scalar in ("-", "#") else scalar
    assert data_of(f"a: {quoted}\n") == {"a": scalar}


@pytest.mark.parametrize("nothing", ["null", "~", "", "  ", "# a comment", "null  # a comment"])
def test_a_plain_null_or_nothing_means_absent(nothing: str) -> None:
    assert data_of(f"a: {nothing}\nb: x\n") == {"b": "x"}


@pytest.mark.parametrize("text", ["a: x\n?", "a: x\nb:", "a: x\nb: null"])
def test_a_file_may_end_in_nothing_without_a_line_end(text: str) -> None:
    assert data_of(text) == {"a": "x"}


@pytest.mark.parametrize("text", ["null", "~", "", " ", "Null"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_quoted_null_is_text(text: str, quote: str) -> None:
    assert data_of(f"a: {quote}{text}{quote}\n") == {"a": text}


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: [x, y]\n", {"a": ["x", "y"]}),
        ("a:\n- x\n- y\n", {"a": ["x", "y"]}),
        ("a: []\nb: {}\n", {"a": [], "b": {}}),
        ("a: {b: {c: x}}\n", {"a": {"b": {"c": "x"}}}),
        ("a:\n- {b: x, c: null}\n- b: y\n", {"a": [{"b": "x"}, {"b": "y"}]}),
        ("a: |\n  # not a comment #4\n  y\n", {"a": "# not a comment #4\ny"}),
        ("a: >-\n  x\n  y\n", {"a": "x y"}),
        ("a: x\n  y\n", {"a": "x y"}),
        ("---\na: x\n...\n", {"a": "x"}),
        ("%YAML 1.1\n---\na: x\n", {"a": "x"}),
        ("# a comment\na: x  # another\n", {"a": "x"}),
        ("<<: {a: x}\n", {"<<": {"a": "x"}}),
        ("null: x\n~: y\n", {"null": "x", "~": "y"}),
        ("a: Suite 4 # a comment\nb: 'Suite #4'\n", {"a": "Suite 4", "b": "Suite #4"}),
    ],
)
def test_mappings_lists_and_texts_are_read(text: str, data: dict[str, Tree]) -> None:
    assert data_of(text) == data


def test_each_value_has_its_line_and_column() -> None:
    text = "a: x\nb:\n  - c: y\n    d: [é, z]\n  -\n    e: null\n"
    assert read(text).layers[0].marks == {
        "a": (1, 1),
        "b": (2, 1),
        "b.0": (3, 5),
        "b.0.c": (3, 5),
        "b.0.d": (4, 5),
        "b.0.d.0": (4, 9),
        "b.0.d.1": (4, 12),
        "b.1": (6, 5),
        "b.1.e": (6, 5),
    }


ANCHOR = "uses a YAML anchor (& or *)\n  hint: write the value out, or put it in quotes"
TAG = "\n  hint: delete the word with the !, or put the value in quotes"
KEEP = "\n  hint: keep one of them"
COMMENT = "is lost: ' #' begins a comment\n  hint: put the whole value in quotes"
EMPTY_ITEM = "is an empty list item\n  hint: write the item, or delete its line"
KEY = (
    "a key must be text, not a group or a list\n  hint: put text with braces or brackets in quotes"
)
MAPPING = "must be `name: value` lines\n  hint: begin with `jurisdiction: ...`"
UNSEEN_BY = "\n  hint: delete it and type the text again"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x 1\n", f"f:1:4: {ANCHOR}"),
        ("a: {b: *x}\n", f"f:1:8: {ANCHOR}"),
        ("*x : 1\n", f"f:1:1: {ANCHOR}\nf:1:1: {KEY}"),
        ("&x a: 1\n", f"f:1:1: {ANCHOR}"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", f"f:1:4: {ANCHOR}\nf:3:7: {ANCHOR}"),
        ("a: !!int 06041\n", f"f:1:4: uses a YAML tag (tag:yaml.org,2002:int){TAG}"),
        ("a: !new {b: 1}\n", f"f:1:4: uses a YAML tag (!new){TAG}"),
        ("a: ! x\n", f"f:1:4: uses a YAML tag (!){TAG}"),
        ("a: 1\n---\nb: 2\n", "f:2:1: begins a second document\n  hint: remove the `---`"),
        ("a: 1\nb: 2\na: 3\n", f"f:3:1: repeats the key 'a'{KEEP}"),
        ("a: {b: 1, b: [2]}\n", f"f:1:11: repeats the key 'b'{KEEP}"),
        ("a:\na: 1\n", f"f:2:1: repeats the key 'a'{KEEP}"),
        (
            "'a': 1\n\"a\": 2\na: 3\n",
            f"f:2:1: repeats the key 'a'{KEEP}\nf:3:1: repeats the key 'a'{KEEP}",
        ),
        ("a: Suite #4\n", f"f:1:4: the text after 'Suite' {COMMENT}"),
        ("a: 12 Oak\n  St #4\n", f"f:1:4: the text after '12 Oak St' {COMMENT}"),
        ("a: Suite # 4\n", f"f:1:4: the text after 'Suite' {COMMENT}"),
        ("a: 12 Oak St # 4\n", f"f:1:4: the text after '12 Oak St' {COMMENT}"),
        ("a: {b: 12 Oak St #4, c: x}\n", f"f:1:8: the text after '12 Oak St' {COMMENT}"),
        ("a: #4\n", f"f:1:3: the text after '' {COMMENT}"),
        ("a: [\n  🦅 é #4\n  , x]\n", f"f:2:3: the text after '🦅 é' {COMMENT}"),
        (
            "a:\n-\n- x\n- ~\n- null\n",
            f"f:2:2: {EMPTY_ITEM}\nf:4:3: {EMPTY_ITEM}\nf:5:3: {EMPTY_ITEM}",
        ),
        ("? [a]\n: 1\n", f"f:1:3: {KEY}"),
        ("a: {{b: c}: 1}\n", f"f:1:5: {KEY}"),
        (
            'a: "\\u202e4 etiuS"\n',
            f"f:1:4: has an invisible character (U+202E){UNSEEN_BY}",
        ),
        ('a: "x\\0y"\n', f"f:1:4: has an invisible character (U+0000){UNSEEN_BY}"),
        ('"\\u2028": x\n', f"f:1:1: has an invisible character (U+2028){UNSEEN_BY}"),
        ("# only\n# comments\n", "f: has only comments"),
        ("---\n", "f: has only comments"),
        ("null\n", "f: has only comments"),
        ("text\n", f"f:1:1: {MAPPING}"),
        ("- a: 1\n", f"f:1:1: {MAPPING}"),
        ("'null'\n", f"f:1:1: {MAPPING}"),
    ],
)
def test_what_yaml_could_read_otherwise_is_a_problem_at_its_location(text: str, told: str) -> None:
    assert told_by(lambda: read(text)) == told


COLON = "put text with a colon in quotes, or indent the line like the one above"
CLOSE = "look for a missing }, ] or comma, here or just above"
AROUND = "look for a missing quote, bracket or colon, here or just above"
ALIGNED = "start lines that belong together in the same column; check the line above too"
SINGLE = "put the text in single quotes; begin each item of a list with `- `"


@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        ("a: 1\n\tb: 2\n", "tab", "f:2:1", "indent with spaces"),
        ("a:\n  \tb: 1\n", "tab", "f:2:3", "indent with spaces"),
        ("a: |\n\tx\n", "tab", "f:2:1", "indent with spaces"),
        ("a: Re: notice\n", "yaml", "f:1:6", COLON),
        ("a: 1\n  b: 2\n", "yaml", "f:2:4", COLON),
        ("a: @sheriff\n", "yaml", "f:1:4", SINGLE),
        ("a: `x`\n", "yaml", "f:1:4", SINGLE),
        ("a:\n  * x\n", "yaml", "f:2:4", SINGLE),
        ("a:\n  - 'the sheriff's'\n", "yaml", "f:2:18", "use other quotes around it"),
        ("a: {b: 'the sheriff's'}\n", "yaml", "f:1:21", "use other quotes around it"),
        (
            "a: 1\nb\nc: 2\n",
            "yaml",
            "f:2:1",
            "write it as `name: value`, with a space after the colon",
        ),
        ("a: 'x\nb: 1\n", "yaml", "f:1:4", "end the text with the same quotation mark"),
        ("a:\n  b: x\n c: y\n", "yaml", "f:3:2", ALIGNED),
        ("a:\n  - b\n c: x\n", "yaml", "f:3:2", ALIGNED),
        ("a:\n  - b\n  c: x\n", "yaml", "f:3:3", ALIGNED),
        ("a: [1\nb: 2\n", "yaml", "f:2:2", CLOSE),
        ("a: {b: 1\n", "yaml", "f:2:1", CLOSE),
        ("%YAML 2.0\n---\na: 1\n", "yaml", "f:1:1", AROUND),
    ],
)
def test_invalid_yaml_is_a_problem_at_its_location(
    text: str, code: str, place: str, hint: str
) -> None:
    (problem,) = problems_of(lambda: read(text))
    assert (problem.code, str(problem.location), problem.hint) == (code, place, hint)


def test_a_bad_escape_has_the_hint_to_use_single_quotes() -> None:
    (problem,) = problems_of(lambda: read('a: "C:\\q"\n'))
    assert (problem.code, problem.location and problem.location.line, problem.hint) == (
        "yaml",
        1,
        SINGLE,
    )


def test_an_error_without_a_mark_is_reported_for_the_file() -> None:
    assert told_by(lambda: read("a: \0")) == "f: cannot be read as YAML: it is damaged"


def test_every_problem_of_a_file_is_reported_in_one_run() -> None:
    text = "a: 5 #4\nb: 1\nb: &x 2\nc: !y z\nd:\n-\n? [k]\n: e\n"
    assert [
        (problem.code, str(problem.location)) for problem in problems_of(lambda: read(text))
    ] == [
        ("comment-in-value", "f:1:4"),
        ("equal-keys", "f:3:1"),
        ("anchor", "f:3:4"),
        ("tag", "f:4:4"),
        ("empty-item", "f:6:2"),
        ("wrong-key", "f:7:3"),
    ]


def test_problems_before_a_syntax_error_are_reported_too() -> None:
    problems = problems_of(lambda: read("a: !x y\nb: [z\nc: d\n"))
    assert [(problem.code, str(problem.location)) for problem in problems] == [
        ("tag", "f:1:4"),
        ("yaml", "f:3:2"),
    ]


def test_forty_levels_are_read() -> None:
    value: Tree = "x"
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert data_of(f"a: {'[' * 39}x{']' * 39}\n") == {"a": value}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("text", "column"),
    [
        (f"a: {'[' * 40}x{']' * 40}", 43),
        ("[" * 30_000, 41),
        ("[" * 30_000 + "]" * 30_000, 41),
        ("{a: " * 30_000 + "}" * 30_000, 161),
    ],
    ids=["41 levels", "30,000 open", "30,000 lists", "30,000 mappings"],
)
def test_more_than_forty_levels_are_refused_at_the_first_too_many(text: str, column: int) -> None:
    place, _, message = told_by(lambda: read(text)).partition(": ")
    assert message == "is nested more than 40 levels deep"
    # From version 0.2.6 on, libyaml stops at the thousandth bracket before it gives out the first.
    assert place in (f"f:1:{column}", "f:1:1001")


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [b, c]\n", "f:1:8"), ("a: {b: c, d: e}\n", "f:1:11"), ("a: b\nc: d\ne: f\n", "f:3:1")],
)
def test_more_values_than_the_limit_are_refused(
    text: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_text, "MAX_NODES", 2)
    assert told_by(lambda: read(text)) == f"{place}: has more than 2 values"


# The parser's fixture only chooses the parser, which stays the same for all examples.
_any_number = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
_texts = st.text(max_size=80).filter(lambda text: not UNSEEN.search(text))
_keys = _texts.filter(lambda key: "." not in key)  # which separates the keys of a path


@_any_number
@given(_texts)
def test_any_text_in_json_quotes_comes_back_as_it_was(text: str) -> None:
    assert data_of(f"a: {json.dumps(text, ensure_ascii=False)}\n") == {"a": text}


@_any_number
@given(text=_texts, style=st.sampled_from(["'", '"', "|", ">", None]))
def test_any_text_that_a_yaml_writer_wrote_comes_back_as_it_was(
    text: str, style: str | None
) -> None:
    assume(style or not text.startswith("\xa0"))  # which looks like the space that YAML needs
    written = yaml.safe_dump({"a": [text]}, default_style=style, allow_unicode=True)
    is_block = style in ("|", ">")  # the line ends after one are no part of the text
    assert data_of(written) in ({"a": [text]}, {"a": [text.rstrip("\n")]} if is_block else ())


@pytest.mark.no_cover  # slow, with code that others cover
@_any_number
@given(
    st.recursive(
        _texts,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=4),
        max_leaves=8,
    )
)
def test_any_values_in_json_come_back_as_they_were(value: Tree) -> None:
    assert data_of(json.dumps({"a": value}, ensure_ascii=False)) == {"a": value}


@_any_number
@given(st.text("ab0 \n\n:-#'\"[]{},&*!|>?~%@`\\.é🦅", max_size=40))
def test_any_marks_of_yaml_are_a_document_or_problems(text: str) -> None:
    assert outcome(text)


@pytest.mark.parametrize(
    "text", ["\u201cRule of law\u201d resolution", "\u2018Ewa", '"\u201cNo.\u201d"']
)
def test_curly_quotes_within_a_text_or_meant_so_are_kept(text: str) -> None:
    assert data_of(f"a: {text}\n") == {"a": text.strip('"')}


def test_a_curly_quote_that_closes_after_a_comma_is_reported_too() -> None:
    problems = problems_of(lambda: read("a: {b: \u201cx, y\u201d, c: z}\n"))
    assert [problem.code for problem in problems] == ["curly-quotes", "comma-in-value"]


LIKE_ITEM = "f:3:3: begins like an item of a list\n  hint: begin each item with `- `"


@pytest.mark.parametrize("mark", ["\u2610", "\u2192", "\u2713", "~", "\uf0b7", "\u27a4", "\u2705"])
def test_lines_with_the_marks_of_other_programs_are_told_to_be_items(mark: str) -> None:
    told = told_by(
        lambda: read(f"reasons:\n  {mark} The jail is full.\n  {mark} It has 12 beds.\n")
    )
    assert told.startswith("f:3:1: begins like an item of a list, and is joined to the text above")


@pytest.mark.parametrize("space", ["\u00a0", "\u202f", "\u2003"])
@pytest.mark.parametrize("end", ["", "  title: Sheriff\n"])
def test_a_no_break_space_after_a_colon_is_the_only_problem(space: str, end: str) -> None:
    (found,) = problems_of(lambda: read(f"signatory:\n  name:{space}Pat Perez\n{end}"))
    assert found.code == "no-break-space"


@pytest.mark.parametrize("mark", ["\u2022 ", "-", "1. ", "2) ", "(a) ", "\u2013 ", "+ "])
def test_items_with_another_mark_in_the_column_of_their_name_are_told(mark: str) -> None:
    text = f"why:\n  reasons:\n  {mark}The jail is full.\n  {mark}It has 12 beds.\n"
    assert told_by(lambda: read(text)).startswith(LIKE_ITEM)


@pytest.mark.parametrize("mark", ["\u2022 ", "-", "1. ", "2) ", "(a) "])
def test_items_with_another_mark_and_a_colon_are_told(mark: str) -> None:
    text = f"why:\n  reasons:\n  {mark}The jail: full.\n  {mark}The beds: 12.\n"
    assert told_by(lambda: read(text)).startswith(LIKE_ITEM)


def test_a_text_in_the_column_of_its_name_is_told_where_it_belongs() -> None:
    (found,) = problems_of(lambda: read("why:\n  reasons:\n  The jail is full.\n  Really.\n"))
    assert found.hint == (
        "write it as `name: value`, with a space after the colon;"
        " if it is the text of reasons: indent it two spaces more"
    )
