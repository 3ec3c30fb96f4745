"""A valid file is parsed once and then read from the cache by content; an invalid one never is."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from make_letters import problems_of, told_by

from optout_cli.cache import Cache
from optout_cli.errors import Location
from optout_cli.model.fields import Line, Noun
from optout_cli.readers.files import load_document, load_valid

Write = Callable[..., Path]

TEXT = """\
name: x
inner: {name: y}
many:
  - {name: z}
  - name: w
"""


class TemplateSearch(Noun, frozen=True, kw_only=True):
    name: Line
    inner: "TemplateSearch | None" = None
    many: "tuple[TemplateSearch, ...]" = ()


class Renamed(Noun, frozen=True, kw_only=True):
    title: Line


@pytest.fixture
def cold(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def entries(tmp_path: Path) -> list[bytes]:
    return [path.read_bytes() for path in (tmp_path / "cache").glob("*")]


def test_a_document_is_read_from_a_file(write: Write) -> None:
    path = str(write("r.yaml", "a: {b: x}\n"))
    document = load_document(path)
    assert (document.data, str(document.location("a.b"))) == ({"a": {"b": "x"}}, f"{path}:1:5")


@pytest.mark.parametrize("typed", [True, False])
def test_a_missing_document_is_located_where_it_was_typed(typed: bool) -> None:
    (problem,) = problems_of(lambda: load_document("missing.yaml", on_command_line=typed))
    assert problem.location == Location("missing.yaml", is_command_line=typed)


def test_a_valid_file_is_located_by_its_shown_name(write: Write, cold: Cache) -> None:
    path = str(write("deep/data.yaml", TEXT))
    assert (
        str(load_valid(path, TemplateSearch, cold, "data.yaml").location("many.1.name"))
        == "data.yaml:5:5"
    )


def test_what_comes_from_the_cache_is_what_was_read(write: Write, cold: Cache) -> None:
    path = str(write("data.yaml", TEXT))
    first = load_valid(path, TemplateSearch, cold, "data.yaml")
    assert load_valid(path, TemplateSearch, cold, "data.yaml") == first


def test_without_a_cache_the_same_is_read(write: Write, cold: Cache) -> None:
    path = str(write("data.yaml", TEXT))
    cached = load_valid(path, TemplateSearch, cold, "data.yaml")
    assert load_valid(path, TemplateSearch, None, "data.yaml") == cached


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("name", "d:1:1"),
        ("inner.name", "d:2:1"),
        ("many.0.name", "d:4:5"),
        ("many.1.name", "d:5:5"),
    ],
)
def test_locations_are_exact_to_the_line(path: str, place: str, write: Write, cold: Cache) -> None:
    file = str(write("data.yaml", TEXT))
    assert str(load_valid(file, TemplateSearch, cold, "d").location(path)) == place


def test_the_cache_is_read_and_the_file_not_parsed_again(
    write: Write, cold: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(write("data.yaml", TEXT))
    first = load_valid(path, TemplateSearch, cold, "d")
    monkeypatch.setattr("optout_cli.readers.yaml._LOADER", None)  # which could parse nothing
    assert load_valid(path, TemplateSearch, cold, "d") == first


def test_changed_content_is_parsed_again(write: Write, cold: Cache) -> None:
    load_valid(str(write("data.yaml", "name: x\n")), TemplateSearch, cold, "d")
    again = load_valid(str(write("data.yaml", "name: y\n")), TemplateSearch, cold, "d")
    assert again.data == {"name": "y"}


def test_the_same_content_read_as_another_noun_is_checked_again(write: Write, cold: Cache) -> None:
    path = str(write("data.yaml", "name: x\n"))
    load_valid(path, TemplateSearch, cold, "d")
    assert told_by(lambda: load_valid(path, Renamed, cold, "d")) == (
        "d:1:1: renamed has no field 'name'\n"
        "  hint: one of title\n"
        "d: renamed needs 'title'\n"
        "  hint: add title: ..."
    )


@pytest.mark.parametrize("text", ["nam: x\n", "name: [x\n", "name: &x y\n"])
def test_an_invalid_file_is_reported_each_time_and_never_cached(
    text: str, write: Write, cold: Cache, tmp_path: Path
) -> None:
    path = str(write("data.yaml", text))
    first = told_by(lambda: load_valid(path, TemplateSearch, cold, "d"))
    again = told_by(lambda: load_valid(path, TemplateSearch, cold, "d"))
    assert (first, again, entries(tmp_path)) == (first, first, [])


def test_a_damaged_cache_costs_time_and_is_no_error(
    write: Write, cold: Cache, tmp_path: Path
) -> None:
    path = str(write("data.yaml", TEXT))
    first = load_valid(path, TemplateSearch, cold, "d")
    (entry,) = (tmp_path / "cache").iterdir()
    entry.write_bytes(b"rubbish")
    again = load_valid(path, TemplateSearch, cold, "d")
    assert (again, entry.read_bytes() != b"rubbish") == (first, True)


def test_a_cache_that_cannot_be_written_costs_time_and_is_no_error(
    write: Write, tmp_path: Path
) -> None:
    path = str(write("data.yaml", TEXT))
    blocked = Cache(write("file", "") / "cache")
    assert load_valid(path, TemplateSearch, blocked, "d") == load_valid(
        path, TemplateSearch, None, "d"
    )


def test_nouns_that_refer_to_themselves_are_stored_whole(write: Write, cold: Cache) -> None:
    document = load_valid(str(write("data.yaml", TEXT)), TemplateSearch, cold, "d")
    assert msgspec.convert(document.data, TemplateSearch) == TemplateSearch(
        name="x",
        inner=TemplateSearch(name="y"),
        many=(TemplateSearch(name="z"), TemplateSearch(name="w")),
    )
