"""A line of JSON is read as a request: every scalar stays text, each problem has its JSON path."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_letters import problems_of

from optout_cli.model.request import Request
from optout_cli.readers.document import Row
from optout_cli.readers.ndjson import rows_from_ndjson
from optout_cli.readers.validate import convert


def rows(text: str) -> list[Row]:
    return list(rows_from_ndjson(text, "n.ndjson"))


def told(text: str) -> list[str]:
    return [str(problem) for row in rows(text) for problem in row.problems]


def test_every_scalar_stays_as_it_is_written_and_null_is_absent() -> None:
    line = '{"a": 6041, "b": 1.10, "c": true, "d": null, "e": [NaN, {"f": "06041"}], "#g": 1}'
    (row,) = rows(f"\n# a comment\n{line}\n")
    assert row.document is not None
    assert row.document.data == {
        "a": "6041",
        "b": "1.10",
        "c": "true",
        "e": ["NaN", {"f": "06041"}],
    }


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("signatory.name", "n.ndjson:2: $.signatory.name"),
        ("signatory.title", "n.ndjson:2: $.signatory"),
        ("cc.0.name", "n.ndjson:2: $.cc[0].name"),
        ("letter", "n.ndjson:2"),
    ],
)
def test_a_location_is_the_line_and_the_path(path: str, shown: str) -> None:
    (row,) = rows('\n{"signatory": {"name": "Pat"}, "cc": [{"name": "A"}]}')
    assert row.document is not None
    assert str(row.document.location(path)) == shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            '{"jurisdiction": 06041}',
            (
                "n.ndjson:1: is not JSON: Expecting ',' delimiter at character 19\n"
                '  hint: put a number that begins with 0 in quotes: "06041"'
            ),
        ),
        (
            "jurisdiction: x",
            (
                "n.ndjson:1: is not JSON: Expecting value at character 1\n"
                "  hint: write one object per line, in braces; "
                "look for a missing quote, comma or brace"
            ),
        ),
        (
            "[1]",
            "n.ndjson:1: must hold `name: value`\n  hint: begin with the key jurisdiction",
        ),
        (
            '{"a": {"b": 1, "b": 2}}',
            "n.ndjson:1: $.a: repeats the key 'b'\n  hint: keep one of them",
        ),
        (
            '{"a": [1, null]}',
            "n.ndjson:1: $.a: has an empty item (null)\n  hint: write the item, or leave it out",
        ),
        (
            '{"a": {"\\ud800b": 1}}',
            (
                "n.ndjson:1: $.a: has a key with an invisible character (U+D800)\n"
                "  hint: delete it and type the key again"
            ),
        ),
        (
            '{"a": {"\\u001b[31m": "b"}}',
            (
                "n.ndjson:1: $.a: has a key with an invisible character (U+001B)\n"
                "  hint: delete it and type the key again"
            ),
        ),
        (
            f'{{"a": [{"9" * 5000}]}}',
            (
                "n.ndjson:1: $.a[0]: has a number with 5,000 digits\n"
                "  hint: if it is text, put it in quotes"
            ),
        ),
        ("[" * 100_000, "n.ndjson:1: is nested more than 40 levels deep"),
        (
            '{"a": ' + "[" * 50 + "]" * 50 + "}",
            "n.ndjson:1: $.a" + "[0]" * 19 + "...: is nested more than 40 levels deep",
        ),
        (
            r'{"a": "x\u0000"}',
            (
                "n.ndjson:1: $.a: has an invisible character (U+0000)\n"
                "  hint: delete it and type the text again"
            ),
        ),
        (
            r'{"a": "\ud83d"}',
            (
                "n.ndjson:1: $.a: has an invisible character (U+D83D)\n"
                "  hint: delete it and type the text again"
            ),
        ),
    ],
    ids=lambda value: value[:30],
)
def test_each_problem_is_reported_at_its_location(line: str, message: str) -> None:
    assert told(line) == [message]


def test_repeated_keys_of_the_users_own_are_no_problem() -> None:
    assert told('{"# rejected": "a", "# rejected": "b", "a": 1}') == []


PLAIN = st.text([chr(code) for code in range(ord(" "), ord("~") + 1)], min_size=1, max_size=9)
KEYS = PLAIN.filter(lambda key: not key.startswith("#") and "." not in key)
TREES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.no_cover  # slow, with code that others cover
@settings(max_examples=40)
@given(data=st.dictionaries(KEYS, TREES, max_size=4))
def test_texts_lists_and_mappings_come_through(data: dict[str, object]) -> None:
    (row,) = rows(json.dumps(data))
    assert row.document is not None
    assert row.document.data == data


def test_keys_with_dots_are_paths_and_an_empty_text_is_absent() -> None:
    line = (
        '{"signatory.name": "A", "cc.1.name": "B", "cc[1].title": "", "cc[3].name": "C",'
        ' "signatory": {"title": "Sheriff"}, "signatory.address.city": "X"}'
    )
    (row,) = rows(line)
    assert row.document is not None
    assert row.document.data == {
        "signatory": {"name": "A", "title": "Sheriff", "address": {"city": "X"}},
        "cc": [{"name": "B"}, {"name": "C"}],
    }


def test_a_number_that_no_list_has_is_the_name_of_a_key() -> None:
    key = "9" * 5000
    (row,) = rows(json.dumps({f"cc.{key}.name": "A"}))
    assert row.document is not None
    assert row.document.data == {"cc": {key: {"name": "A"}}}


@pytest.mark.parametrize(
    "line",
    [
        '{"a.b": "1", "a": {"b": "2"}}',
        '{"a": {"b": "1"}, "a.b": "2"}',
        '{"a": "1", "a.b": "2"}',
        '{"a.b": "1", "a": "2"}',
    ],
)
def test_a_path_that_is_taken_is_told(line: str) -> None:
    assert [text.partition(" the key")[0] for text in told(line)] == ["n.ndjson:1: repeats"]


def test_a_number_that_lost_its_first_zero_is_to_be_put_in_quotes() -> None:
    (row,) = rows_from_ndjson('{"signatory": {"address": {"zip": 5345}}}', "n.ndjson")
    document = row.document
    assert document is not None
    hints = {it.path: it.hint for it in problems_of(lambda: convert(document, Request))}
    assert hints["signatory.address.zip"] == "write all 5 digits; put it in quotes to keep 05345"
