"""The name or the first line tells the form of an input file; rejected rows can be run again."""

from pathlib import Path

import pytest
from command_results import Write
from make_letters import told_by

from optout_cli.batch.corrections import Rejected
from optout_cli.batch.input import InputFile, load_input
from optout_cli.batch.rejects import rejects_from
from optout_cli.errors import Problem
from optout_cli.readers.document import REASON, Row

LIST = """\
# requests
- jurisdiction: 06041
  cc: [{name: A}]
- jurisdiction: 50001
---
jurisdiction: "50003"
--- # nothing
---
- only words
"""


def rows(form: str, text: str, name: str = "n") -> list[Row]:
    return list(InputFile(name, form, text).rows())  # type: ignore[arg-type]  # a form


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_table_may_be_unicode_text_of_a_spreadsheet(encoding: str, in_folder: Path) -> None:
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = f"{mark}County\tState\tSheriff Name\r\nDo\u00f1a Ana\tNM\t\u00d1and\u00fa\r\n"
    (in_folder / "n.txt").write_bytes(text.encode(encoding))
    (row,) = load_input("n.txt").rows()
    assert row.document is not None
    assert row.document.data == {
        "jurisdiction": "Do\u00f1a Ana, NM",
        "signatory": {"name": "\u00d1and\u00fa"},
    }


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_that_names_the_delimiter_for_excel_is_left_out(end: str, in_folder: Path) -> None:
    text = end.join(["\ufeffsep=;", "jurisdiction;signatory.name", "06041;Pat, Jr.", ""])
    (in_folder / "n.csv").write_text(text, "utf-8", newline="")
    (row,) = load_input("n.csv").rows()
    assert row.document is not None
    assert (row.document.data, str(row.location)) == (
        {"jurisdiction": "06041", "signatory": {"name": "Pat, Jr."}},
        "n.csv:3 (06041)",
    )


def test_a_yaml_list_and_a_stream_are_rows_with_their_own_places() -> None:
    first, second, third, fourth = rows("yaml", LIST, "n.yaml")
    assert [it.document.data for it in (first, second, third) if it.document] == [
        {"jurisdiction": "06041", "cc": [{"name": "A"}]},
        {"jurisdiction": "50001"},
        {"jurisdiction": "50003"},
    ]
    assert first.document is not None
    assert [str(first.document.location(it)) for it in ("jurisdiction", "cc.0.name", "letter")] == [
        "n.yaml:2:3",
        "n.yaml:3:9",
        "n.yaml:2:3",
    ]
    assert [str(it) for it in fourth.problems] == [
        "n.yaml:9:3: must hold `name: value`\n  hint: begin with the key jurisdiction"
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("jurisdiction\n06041\n", "csv"),
        ("jurisdiction,letter\n06041,x/y: z\n", "csv"),
        ('\n{"jurisdiction": "06041"}\n', "ndjson"),
        ("jurisdiction: x\n", "yaml"),
        ("# c\n- jurisdiction: x\n", "yaml"),
        ("---\njurisdiction: x\n", "yaml"),
        ('[{"jurisdiction": "06041"}]', "yaml"),
        ("# rejected,jurisdiction\nwhy,06041\n", "csv"),
    ],
)
def test_without_a_known_name_the_first_line_tells_the_form(
    text: str, form: str, write: Write
) -> None:
    assert load_input(str(write("requests", text))).form == form


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("a.TSV", "csv"), ("a.jsonl", "ndjson"), ("a.json", "yaml")],
)
def test_the_name_tells_the_form(name: str, form: str, write: Write) -> None:
    assert load_input(str(write(name, "x"))).form == form


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04...", "is a Word, Excel, Numbers or zip file, not a text file"),
        (b"ID;PWXL;N;E\r\nP;PGeneral\r\n", "is a SYLK file, not a text file"),
        (b"<!-- 1 --><table><tr><td>", "is a web page, not a table, whatever its name says"),
        (b"a,b\n1,caf\xe9", "is not UTF-8 text (byte 0xe9); it looks like Latin-1 or Windows-1252"),
    ],
)
def test_a_spreadsheet_in_another_encoding_gets_a_hint_how_to_save_it(
    content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "n.csv").write_bytes(content)
    first, hint = told_by(lambda: load_input(str(tmp_path / "n.csv"))).splitlines()
    assert first.endswith(message)
    assert hint == '  hint: in the spreadsheet choose Save as, "CSV UTF-8"'


def test_a_file_of_a_database_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "n.dbf").write_bytes(b"\x03~\x0b\x18\x01\0\0\0JURISDICT\0\0C\r Marin County")
    assert told_by(lambda: load_input(str(tmp_path / "n.dbf"))).partition(": ")[2] == (
        'is a file of a database or another program\n  hint: export it there as "CSV UTF-8"'
    )


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("n.ndjson", b"PK\x03\x04...", "write one JSON object per line, as plain text"),
        ("n.yaml", b"- a: \xe9", "in your editor, choose Save As with encoding UTF-8"),
        ("n", b"1,\xe9", 'in the spreadsheet choose Save as, "CSV UTF-8"'),
    ],
)
def test_the_hint_for_a_file_that_is_no_text_is_for_its_form(
    name: str, content: bytes, hint: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    told = told_by(lambda: load_input(str(tmp_path / name))).splitlines()
    assert told[1:] == [f"  hint: {hint}"]


def test_excels_mark_at_the_beginning_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(b"\xef\xbb\xbfjurisdiction\r\n06041\r\n")
    (row,) = load_input(str(tmp_path / "n.csv")).rows()
    assert row.document is not None
    assert row.document.data == {"jurisdiction": "06041"}


TABLE = 'jurisdiction,particulars.reasons,# mine,\n06041,"a\n\n=b",x,\n,,,lost\n'
LINES = (
    '{"jurisdiction": "06041", "x": 1.10}\n{}\n{"# rejected": "old \\" one", "a": 1}\n{"b": 01}\n'
)


def rejected(found: list[Row], reason: str) -> dict[str, str]:
    """Write rows that have one problem, by the names of the files."""
    return rejects_from(Rejected(row, row, "K", [Problem("x", reason)]) for row in found)


@pytest.mark.parametrize(
    ("form", "text", "name"),
    [
        ("csv", TABLE, "rejects.csv"),
        ("ndjson", LINES, "rejects.ndjson"),
        ("yaml", LIST.rpartition("---")[0], "rejects.yaml"),
    ],
)
def test_rejected_rows_are_read_again_as_they_were(form: str, text: str, name: str) -> None:
    reason = 'wrong "x"\nand, more'
    before = rows(form, text)
    files = rejected(before, reason)
    assert (list(files), reason.split(maxsplit=1)[0] in files[name]) == ([name], True)
    again = rows(form, files[name])
    assert [it.document and it.document.data for it in again] == [
        it.document and it.document.data for it in before
    ]
    assert [[one.code for one in it.problems] for it in again] == [
        [one.code for one in it.problems] for it in before
    ]


def test_a_row_that_is_rejected_twice_has_one_reason() -> None:
    once = rejected(rows("ndjson", LINES), "old")["rejects.ndjson"]
    twice = rejected(rows("ndjson", once), "new")["rejects.ndjson"]
    assert "old" not in twice.replace('old \\" one', "")
    table = rejected(rows("csv", TABLE), "old")["rejects.csv"]
    assert rejected(rows("csv", table), "new")["rejects.csv"].count(REASON) == 1


def test_tables_with_other_columns_are_rejected_into_one() -> None:
    both = [*rows("csv", "date,ori\n1,2\n"), *rows("csv", "ori,cc\n3,4\n")]
    table = rejected(both, "why")["rejects.csv"]
    assert table == "# rejected,# table row,date,ori,cc\r\nwhy,K,1,2,\r\nwhy,K,,3,4\r\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "is an old Word or Excel file"),
        (b"PAR1" + b"\0" * 50, "is a Parquet file"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "is locked with a password"),
        (b"<?xml version='1.0'?><a/>", "is an XML file"),
        (b'[{"jurisdiction": "06041"}]', "is JSON, not a table"),
        ("a,b\n1,2\n".encode("utf-16-le"), "is UTF-16 text (little-endian"),
    ],
)
def test_what_is_no_table_is_told_by_its_kind(content: bytes, told: str, in_folder: Path) -> None:
    (in_folder / "n.csv").write_bytes(content)
    assert told in told_by(lambda: load_input("n.csv"))


def test_a_table_of_another_program_is_read(in_folder: Path) -> None:
    table = 'Jurisdiction__c,Signatory_Name__c\n06041,="Pat 007"\n'
    (in_folder / "n.csv").write_bytes(table.encode("utf-32"))
    (row,) = load_input("n.csv").rows()
    assert row.document is not None
    assert row.document.data == {"jurisdiction": "06041", "signatory": {"name": "Pat 007"}}


def test_half_a_workbook_is_damaged(in_folder: Path) -> None:
    (in_folder / "n.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 99)
    assert told_by(lambda: load_input("n.xlsx")).startswith("n.xlsx: is a damaged workbook")
