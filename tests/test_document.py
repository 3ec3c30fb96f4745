"""Documents: locations of values and problems, merging, and --set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import problems_of, told_by

from optout_cli.errors import Location, Problem
from optout_cli.readers.csv import rows_from_csv
from optout_cli.readers.document import (
    Document,
    Layer,
    Row,
    Tree,
    lines_to_add,
    locate,
    merge,
    with_assignments,
    without,
)
from optout_cli.readers.ndjson import rows_from_ndjson
from optout_cli.readers.yaml import document_from_yaml, rows_from_yaml

REQUEST = """\
jurisdiction: marin-county-ca
signatory: {name: Pat, title: Sheriff}
cc:
  - name: Sam
  - {name: Kim, title: Clerk}
"""


def request() -> Document:
    return document_from_yaml(REQUEST, "r.yaml")


def assigned(**paths: str) -> Document:
    """Set paths, in which `__` stands for a dot."""
    changes = {path.replace("__", "."): value for path, value in paths.items()}
    return with_assignments(request(), "--set", changes)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("cc.1.title", "r.yaml:5:17"),
        ("cc.0.name", "r.yaml:4:5"),
        ("cc.0.title", "r.yaml:4:5"),
        ("cc.2.name", "r.yaml:3:1"),
        ("signatory.address.zip", "r.yaml:2:1"),
        ("date", "r.yaml"),
        ("", "r.yaml"),
    ],
)
def test_a_path_is_located_at_the_nearest_key_above_it(path: str, place: str) -> None:
    assert str(request().location(path)) == place


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Sheriff", "signatory.title"),
        ("Kim", "cc.1.name"),
        ("m", "jurisdiction"),
        ("a", "jurisdiction"),
        ("Pa", "signatory.name"),
        ("nowhere", ""),
        ("signatory", ""),
    ],
)
def test_the_value_that_holds_a_text_is_found_by_the_text(text: str, path: str) -> None:
    assert request().path_of(text) == path


def test_of_two_values_with_a_text_the_one_further_up_is_found() -> None:
    text = "signatory: {office: Marin County Counsel}\njurisdiction: Marin\n"
    assert document_from_yaml(text, "r.yaml").path_of("Marin") == "jurisdiction"


def test_a_mapping_is_merged_and_texts_and_lists_are_replaced_whole() -> None:
    base = document_from_yaml("a: {b: x, c: {d: y, e: z}}\nf: [1, 2]\ng: h\ni: {j: k}\n", "low")
    over = document_from_yaml("a: {c: {d: new}}\nf: [3]\ng: {h: x}\ni: text\nl: m\n", "top")
    assert merge(base, over).data == {
        "a": {"b": "x", "c": {"d": "new", "e": "z"}},
        "f": ["3"],
        "g": {"h": "x"},
        "i": "text",
        "l": "m",
    }


def test_a_merge_changes_neither_of_the_two() -> None:
    base, over = document_from_yaml("a: {b: x}\n", "low"), document_from_yaml("a: {c: y}\n", "top")
    merge(base, over)
    assert (base.data, over.data) == ({"a": {"b": "x"}}, {"a": {"c": "y"}})


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("a", "top:1:1"),
        ("a.b", "low:2:3"),
        ("a.b.x", "low:2:3"),
        ("a.c", "top:2:3"),
        ("a.c.d", "top:2:7"),
        ("a.c.e", "low:3:13"),
        ("a.new", "top:1:1"),
        ("f", "low:4:1"),
        ("nowhere", "low"),
    ],
)
def test_after_a_merge_each_value_is_located_where_it_was_set(path: str, place: str) -> None:
    base = document_from_yaml("a:\n  b: x\n  c: {d: y, e: z}\nf: g\n", "low")
    over = document_from_yaml("a:\n  c: {d: new}\n", "top")
    assert str(merge(base, over).location(path)) == place


def test_a_value_located_by_the_key_above_is_not_located_where_that_key_changes() -> None:
    base = Document({"a": {"b": "x", "c": "y"}}, (Layer("low", {"a": (7, 3)}),))
    merged = merge(base, document_from_yaml("a: {c: new}\n", "top"))
    assert [str(merged.location(path)) for path in ("a", "a.b", "a.c")] == [
        "top:1:1",
        "low:7:3",
        "top:1:5",
    ]


def test_what_a_list_lacks_is_not_located_in_the_list_that_it_replaced() -> None:
    base = document_from_yaml("a:\n- b: x\n  c: y\n", "low")
    merged = merge(base, document_from_yaml("a:\n- b: z\n", "top"))
    assert [str(merged.location(path)) for path in ("a.0.b", "a.0.c", "a.1.b")] == [
        "top:2:3",
        "top:2:3",
        "top:1:1",
    ]


@pytest.mark.parametrize(
    ("paths", "data", "places"),
    [
        (set(), {"a": {"b": {"c": "x"}, "d": "y"}}, {"a", "a.b", "a.b.c", "a.d"}),
        ({"a.b"}, {"a": {"d": "y"}}, {"a", "a.d"}),
        ({"a.b.c", "a.d"}, {"a": {"b": {}}}, {"a", "a.b"}),
        ({"a"}, {}, set()),
        ({"a.d.e", "x", "x.y"}, {"a": {"b": {"c": "x"}, "d": "y"}}, {"a", "a.b", "a.b.c", "a.d"}),
    ],
)
def test_a_value_is_removed_with_its_locations(
    paths: set[str], data: dict[str, Tree], places: set[str]
) -> None:
    left = without(document_from_yaml("a: {b: {c: x}, d: y}\n", "f"), paths)
    assert (left.data, set(left.layers[0].marks)) == (data, places)


def test_a_value_without_a_location_is_located_in_no_other_file() -> None:
    base = Document({"a": "x"}, (Layer("low", {}),))
    merged = merge(base, document_from_yaml("b: y\n", "top"))
    assert str(merged.location("a")) == "low"


def test_three_documents_are_merged_in_their_order() -> None:
    low, middle, top = (
        document_from_yaml(text, file)
        for text, file in (
            ("a: {b: 1, c: 1, d: 1}\n", "1"),
            ("a: {c: 2, d: 2}\n", "2"),
            ("a: {d: 3}\n", "3"),
        )
    )
    merged = merge(merge(low, middle), top)
    places = {path: str(merged.location(path)) for path in ("a.b", "a.c", "a.d")}
    assert (merged.data, places) == (
        {"a": {"b": "1", "c": "2", "d": "3"}},
        {"a.b": "1:1:5", "a.c": "2:1:5", "a.d": "3:1:5"},
    )


_keys = st.sampled_from("abc")
_leaves: st.SearchStrategy[Tree] = st.sampled_from(["x", "y"])
_twigs: st.SearchStrategy[Tree] = (
    _leaves | st.lists(_leaves, max_size=2) | st.dictionaries(_keys, _leaves)
)
_trees: st.SearchStrategy[Tree] = (
    _twigs | st.lists(_twigs, max_size=2) | st.dictionaries(_keys, _twigs)
)
_data = st.dictionaries(_keys, _trees)


@given(_data, _data)
def test_a_merged_document_wins_wherever_it_has_a_value(
    low: dict[str, Tree], top: dict[str, Tree]
) -> None:
    over = Document(top, (Layer("top", {}),))
    merged = merge(Document(low, (Layer("low", {}),)), over)
    assert merge(merged, over).data == merged.data
    assert merge(merged, Document({}, ())).data == merged.data


@pytest.mark.parametrize(
    ("paths", "data"),
    [
        ({"ori": "CA0380000"}, {"ori": "CA0380000"}),
        ({"jurisdiction": "06075"}, {"jurisdiction": "06075"}),
        ({"ori": "null"}, {"ori": "null"}),
        ({"signatory.name": "Kim"}, {"signatory": {"name": "Kim", "title": "Sheriff"}}),
        (
            {"signatory.address.zip": "02134"},
            {"signatory": {"name": "Pat", "title": "Sheriff", "address": {"zip": "02134"}}},
        ),
        (
            {"cc.0.name": "Lee"},
            {"cc": [{"name": "Lee"}, {"name": "Kim", "title": "Clerk"}]},
        ),
        (
            {"cc.2.name": "Lee"},
            {"cc": [{"name": "Sam"}, {"name": "Kim", "title": "Clerk"}, {"name": "Lee"}]},
        ),
        ({"cc.0": "Lee"}, {"cc": ["Lee", {"name": "Kim", "title": "Clerk"}]}),
        (
            {"particulars.reasons.0": "One.", "particulars.reasons.1": "Two."},
            {"particulars": {"reasons": ["One.", "Two."]}},
        ),
        (
            {"enclosures.0.title": "Resolution", "enclosures.0.file": "r.pdf"},
            {"enclosures": [{"title": "Resolution", "file": "r.pdf"}]},
        ),
        ({"cc.0": ""}, {"cc": [{"name": "Kim", "title": "Clerk"}]}),
        ({"cc.1.title": ""}, {"cc": [{"name": "Sam"}, {"name": "Kim"}]}),
        ({"signatory": ""}, {"signatory": None}),
        ({"ori": ""}, {}),
        ({"cc.7": ""}, {}),
        ({"jurisdiction.name": ""}, {}),
    ],
)
def test_an_assignment_sets_a_path_and_an_empty_one_removes_it(
    paths: dict[str, str], data: dict[str, Tree | None]
) -> None:
    expected = {key: it for key, it in {**request().data, **data}.items() if it is not None}
    assert with_assignments(request(), "--set", paths).data == expected


def test_assignments_leave_the_document_they_were_given_as_it_was() -> None:
    document = request()
    with_assignments(document, "--set", {"signatory.name": "Kim", "cc.0": ""})
    assert document == request()


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (
            {"signatory.name.first": "Pat"},
            "--set: signatory.name.first: 'Pat' is a text, so it has no 'first'",
        ),
        (
            {"cc.3.name": "Lee"},
            "--set: cc.3.name: the list has no entry '3'\n  hint: one of 0, 1, 2",
        ),
        ({"cc.x": "Lee"}, "--set: cc.x: the list has no entry 'x'\n  hint: one of 0, 1, 2"),
        ({"cc.²": "Lee"}, "--set: cc.²: the list has no entry '²'\n  hint: one of 0, 1, 2"),
        (
            {"service.ice.1.by": "mail"},
            "--set: service.ice.1.by: the list has no entry '1'\n  hint: one of 0",
        ),
    ],
)
def test_a_path_that_leads_nowhere_is_a_problem(paths: dict[str, str], told: str) -> None:
    assert told_by(lambda: with_assignments(request(), "--set", paths)) == told


def test_all_invisible_characters_of_assignments_are_reported_in_one_run() -> None:
    paths = {"ori": "CA\x1b[31m", "signatory.name": "Pat", "signatory.title": "\u202eroyaM"}
    assert (
        told_by(lambda: with_assignments(request(), "--set", paths))
        == """\
--set: ori: has an invisible character (U+001B)
  hint: delete it and type the text again
--set: signatory.title: has an invisible character (U+202E)
  hint: delete it and type the text again"""
    )


def test_bytes_of_the_command_line_that_are_no_utf_8_are_a_problem() -> None:
    name = b"Do\xf1a".decode("utf-8", "surrogateescape")
    (problem,) = problems_of(lambda: with_assignments(request(), "--set", {"ori": name}))
    assert problem.message == "has an invisible character (U+DCF1)"


@pytest.mark.parametrize(
    ("path", "place", "is_command_line"),
    [
        ("signatory.name", "--set: signatory.name", True),
        ("signatory.title", "r.yaml:2:24", False),
        ("signatory", "r.yaml:2:1", False),
        ("service.ice.0.number", "--set: service.ice.0", True),
        ("service.ice", "--set: service.ice", True),
        ("service.bureau", "--set: service", True),
        ("ori", "r.yaml", False),
    ],
)
def test_a_value_of_an_assignment_is_located_on_the_command_line(
    path: str, place: str, is_command_line: bool
) -> None:
    document = assigned(signatory__name="Kim", service__ice__0__by="mail")
    location = document.location(path)
    assert (str(location), location.is_command_line) == (place, is_command_line)


ZIP = ("recipients.ice.address.zip",)
NO_ZIP = Problem(
    "incomplete-contact", "no zip", None, f"{lines_to_add(ZIP)}; or wait", "recipients", fields=ZIP
)
TO_ADD = (
    "add address: {zip: ...} under recipients: ice:,"
    " or pass --set recipients.ice.address.zip=...; or wait"
)


@pytest.mark.parametrize(
    ("row", "location", "hint"),
    [
        (
            next(rows_from_csv("jurisdiction\nmarin-county-ca\n", "n.csv")),
            Location("n.csv", 2, label="marin-county-ca"),
            "fill in recipients.ice.address.zip; or wait",
        ),
        (
            next(rows_from_ndjson('{"jurisdiction": "marin-county-ca"}\n', "n.ndjson")),
            Location("n.ndjson", 1, label="marin-county-ca"),
            "fill in recipients.ice.address.zip; or wait",
        ),
        (
            next(rows_from_yaml("- jurisdiction: marin-county-ca\n", "n.yaml")),
            Location("n.yaml", 1, 3, label="marin-county-ca"),
            TO_ADD,
        ),
    ],
    ids=["table", "JSON", "YAML"],
)
def test_a_problem_in_a_row_has_its_label_and_a_hint_for_its_form(
    row: Row, location: Location, hint: str
) -> None:
    (problem,) = locate([NO_ZIP], row.document, row)
    assert (problem.location, problem.hint) == (location, hint)


def test_a_problem_in_a_request_is_located_by_path_or_words_and_reported_once() -> None:
    by_path = Problem("wrong", "no clerk", path="cc.1.title")
    by_words = Problem("wrong", "no clerk", text="Clerk")
    located = locate([by_path, by_words, NO_ZIP, by_path], request())
    assert [str(it.location) for it in located] == ["r.yaml:5:17", "r.yaml:5:17", "r.yaml"]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (("signatory.email",), "email: ... under signatory:, or pass --set signatory.email=..."),
        (("signature.file", "signature.alt"), "file: ..., alt: ... under signature:"),
        (
            tuple(f"recipients.ice.{it}" for it in ("attention", "address.city", "address.zip")),
            "attention: ..., address: {city: ..., zip: ...} under recipients: ice:",
        ),
        (
            ("recipients.ice.confirmed.by", "recipients.ice.confirmed.date"),
            "confirmed: {by: telephone, date: ...} under recipients: ice:",
        ),
    ],
)
def test_lines_to_add_stand_below_one_key(fields: tuple[str, ...], line: str) -> None:
    assert lines_to_add(fields) == f"add {line}"
