"""Files are read as UTF-8 text, or one sentence says why that is not possible."""

import io
import os
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import problems_of, told_by

from optout_cli.errors import OptoutError
from optout_cli.readers.document import UNSEEN
from optout_cli.readers.files import (
    MAX_BYTES,
    is_file,
    location_in,
    no_such_file,
    read_bytes,
    text_from,
)

UTF_8 = "in your editor, choose Save As with encoding UTF-8"


def stdin_of(content: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), "utf-8")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a: 1\n", "a: 1\n"),
        (b"\xef\xbb\xbfa: 1\n", "a: 1\n"),
        (b"a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
        (b"a: 1\rb: 2\r", "a: 1\nb: 2\n"),
        (b"a: 1", "a: 1"),
        (b"a:\t1\n", "a:\t1\n"),
        ("name: Doña Ana ʻŌ אבג 🦅\n".encode(), "name: Doña Ana ʻŌ אבג 🦅\n"),
    ],
    ids=["LF", "BOM", "CRLF", "CR", "no last line end", "tab", "any script"],
)
def test_text_is_utf_8_with_or_without_a_bom_and_any_line_ends(content: bytes, text: str) -> None:
    assert text_from(content, "f") == text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "f: the file is empty\n  hint: check that you saved it"),
        (b"\xef\xbb\xbf", "f: the file is empty\n  hint: check that you saved it"),
        (b" \r\n\t\n", "f: the file is empty\n  hint: check that you saved it"),
        (
            "name: Doña Ana\n".encode("latin-1"),
            "f:1:9: is not UTF-8 text (byte 0xf1); it looks like Latin-1 or Windows-1252",
        ),
        (
            "é: é\nname: Prince George\u2019s\n".encode("cp1252"),
            "f:1:1: is not UTF-8 text (byte 0xe9); it looks like Latin-1 or Windows-1252",
        ),
        (
            "ñ: 1\nname: ñ".encode() + "ñ".encode("latin-1"),
            "f:2:8: is not UTF-8 text (byte 0xf1); it looks like Latin-1 or Windows-1252",
        ),
        (
            "name: Jos\u00e9 Pe\u00f1a".encode("mac_roman"),
            "f:1:10: is not UTF-8 text (byte 0x8e); it looks like Mac OS Roman",
        ),
        (
            "name: Jos\u00e9 Pe\u00f1a".encode("cp437"),
            "f:1:10: is not UTF-8 text (byte 0x82); it looks like text of DOS",
        ),
        (
            "a: 1\n".encode("utf-16"),
            "f:1:1: is not UTF-8 text (byte 0xff); it looks like UTF-16",
        ),
        (
            b"\xfe\xff" + "a: 1\n".encode("utf-16-be"),
            "f:1:1: is not UTF-8 text (byte 0xfe); it looks like UTF-16",
        ),
    ],
)
def test_a_file_that_is_not_text_is_reported_at_its_first_byte(content: bytes, told: str) -> None:
    hint = f"\n  hint: {UTF_8}" if "UTF-8" in told else ""
    assert told_by(lambda: text_from(content, "f")) == told + hint


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PK\x03\x04\x14\0", "a Word, Excel, Numbers or zip file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Word or Excel file"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"{\\rtf1\\ansi}", "a rich-text file"),
    ],
)
def test_a_file_that_people_mistake_for_text_is_named(content: bytes, kind: str) -> None:
    assert told_by(lambda: text_from(content, "f")) == (
        f"f: is {kind}, not a text file\n"
        "  hint: write the request in a plain-text editor, and save it as .yaml"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: \0\n", "f:2:4: has an invisible character (U+0000)"),
        ("a: \x1b[31mred\n", "f:1:4: has an invisible character (U+001B)"),
        ("a: x\x7f\n", "f:1:5: has an invisible character (U+007F)"),
        ("a: x\x85y\n", "f:1:5: has an invisible character (U+0085)"),
        ("a: \u2028\n", "f:1:4: has an invisible character (U+2028)"),
        ("é: \u202eEGAP\n", "f:1:4: has an invisible character (U+202E)"),
        ("a: \u2066x\u2069\n", "f:1:4: has an invisible character (U+2066)"),
        ("\ufeff\ufeffa: 1\n", "f:1:1: has an invisible character (U+FEFF)"),
        ("a: \ufffe\n", "f:1:4: has an invisible character (U+FFFE)"),
    ],
)
def test_an_invisible_character_is_reported_at_its_location(text: str, told: str) -> None:
    hint = "delete it and type the text again"
    assert told_by(lambda: text_from(text.encode(), "f")) == f"{told}\n  hint: {hint}"


def test_neighbors_of_the_invisible_characters_are_text() -> None:
    text = " ~\xa0\u2027\u202f\u206a\ud7ff\ue000\ufefe\uff00\ufffd\U0001f985\t\n"
    assert text_from(text.encode(), "f") == text


def test_utf_16_without_a_bom_is_recognized_by_its_nul() -> None:
    assert told_by(lambda: text_from("a: 1\n".encode("utf-16-le"), "f")).startswith(
        "f:1:2: has an invisible character (U+0000)"
    )


@given(st.binary(max_size=60))
def test_any_bytes_are_text_that_can_be_shown_or_a_problem(content: bytes) -> None:
    try:
        text = text_from(content, "f")
    except OptoutError as error:
        text = error.problems[0].code
    assert text.strip()
    assert not UNSEEN.search(text.replace("\n", ""))
    assert "\r" not in text


@given(st.lists(st.text(st.characters(exclude_characters="\n"), max_size=5), min_size=1))
def test_a_location_counts_lines_and_columns_from_one(lines: list[str]) -> None:
    text = "\n".join([*lines, "x"])
    assert str(location_in(text, len(text) - 1, "f")) == f"f:{len(lines) + 1}:1"


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"a: 1\r\n")
    assert read_bytes(str(path), MAX_BYTES) == b"a: 1\r\n"


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", stdin_of(b"a: 1\r\n"))
    assert read_bytes("-", MAX_BYTES) == b"a: 1\r\n"


def test_a_file_of_the_most_bytes_is_read_and_one_more_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"x" * 2**20)
    told = told_by(lambda: read_bytes(str(path), 2**20 - 1))
    assert (len(read_bytes(str(path), 2**20)), told) == (
        2**20,
        f"{path}: is too large (1 MB or more; the limit is 1 MB)",
    )


def test_a_file_of_100_mb_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.touch()
    os.truncate(path, 100 * 2**20)  # sparse
    told = f"{path}: is too large (100 MB or more; the limit is 8 MB)"
    assert told_by(lambda: read_bytes(str(path), MAX_BYTES)) == told


def test_endless_input_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO(b"x" * (3 * 2**20))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream, "utf-8"))
    told = told_by(lambda: read_bytes("-", 2**20))
    assert (told, stream.tell()) == (
        "-: is too large (1 MB or more; the limit is 1 MB)",
        2**20 + 1,
    )


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="only POSIX has /dev/zero")
def test_a_device_without_an_end_is_too_large() -> None:
    told = "/dev/zero: is too large (1 MB or more; the limit is 1 MB)"
    assert told_by(lambda: read_bytes("/dev/zero", 2**20)) == told


def test_a_missing_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    assert told_by(lambda: read_bytes(str(path), 9)) == (
        f"{path}: cannot find this file\n  hint: check the spelling"
    )


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    told = f"{tmp_path}: is a folder, not a file"
    assert told_by(lambda: read_bytes(str(tmp_path), 9)) == told


def test_a_file_that_the_system_cannot_read_is_a_problem_in_its_words(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.symlink_to(path)
    told = f"{path}: cannot be read: Too many levels of symbolic links"
    assert told_by(lambda: read_bytes(str(path), 9)) == told


def test_a_name_with_a_nul_is_a_problem() -> None:
    (problem,) = problems_of(lambda: read_bytes("a\0b", 9))
    assert (problem.code, problem.location and problem.location.file) == ("unreadable", "a\0b")


def test_a_closed_standard_input_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "w").open("wb") as unread:  # as `optout` opens one that was closed
        monkeypatch.setattr("sys.stdin", open(unread.fileno(), encoding="utf-8", closefd=False))  # noqa: SIM115
        assert told_by(lambda: read_bytes("-", 9)) == "-: standard input is closed"


def test_only_a_file_that_is_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    names = ("file", "missing", ".", "file/below", "x" * 300, "a\0b")
    assert [name for name in names if is_file(tmp_path / name)] == ["file"]


@pytest.mark.parametrize("on_command_line", [True, False])
def test_a_name_typed_on_the_command_line_is_located_there(
    tmp_path: Path, on_command_line: bool
) -> None:
    names = (tmp_path / "missing", tmp_path, "a\0b")
    locations = [
        problem.location and problem.location.is_command_line
        for name in names
        for problem in problems_of(
            partial(read_bytes, str(name), 9, on_command_line=on_command_line)
        )
    ]
    assert locations == [on_command_line] * 3


def test_a_misspelt_file_has_the_closest_name_as_a_hint(tmp_path: Path) -> None:
    (tmp_path / "marin-county-ca.yaml").write_text("x", "utf-8")
    told = told_by(lambda: read_bytes(f"{tmp_path}/marin-conty-ca.yaml", MAX_BYTES))
    assert told.endswith(f"did you mean '{tmp_path}/marin-county-ca.yaml'?")


@pytest.mark.parametrize(("typed", "there"), [("a.yml", "a.yaml"), ("a.yaml", "a.yml")])
def test_a_file_with_the_other_ending_is_named(typed: str, there: str, tmp_path: Path) -> None:
    (tmp_path / there).touch()
    told = told_by(lambda: read_bytes(f"{tmp_path}/{typed}", MAX_BYTES))
    assert told.endswith(f"did you mean '{tmp_path}/{there}'?")


def test_a_folder_in_the_place_of_a_file_is_no_misspelling(tmp_path: Path) -> None:
    problem = no_such_file(tmp_path, Path("scans"))
    assert (problem.message, problem.hint) == ("is a folder, not a file", None)


def test_a_small_file_takes_little_memory_whatever_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        assert len(read_bytes(str(path), 2**28)) == 1000
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", [2**20 - 1, 2**20, 2**20 + 1, 2**21])
def test_a_file_may_be_as_large_as_the_limit_and_no_larger(size: int, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x" * size)
    assert len(read_bytes(str(path), size)) == size
    with pytest.raises(OptoutError, match="is too large"):
        read_bytes(str(path), size - 1)
