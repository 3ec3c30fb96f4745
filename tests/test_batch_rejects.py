"""Rejected rows come back with their reasons, to fix and run again; no work is lost."""

import codecs
import json
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in
from run_batch import BAD, HEADER, ROWS, SEAL, Batch, records


def test_rejected_rows_are_fixed_and_run_again(batch: Batch, run: Run) -> None:
    batch(table=BAD)
    rejects = Path("out/rejects.csv").read_text("utf-8-sig")
    assert rejects.startswith("# rejected,# table row,jurisdiction,")
    lines = rejects.replace(",6041,", ",06041,").splitlines()
    Path("again.csv").write_text("\n".join(lines[:2]), "utf-8")
    code, out, _ = batch("-q", name="again.csv")
    assert (code, len(out.splitlines())) == (0, 2)
    assert [it["request"] for it in records()] == ["again.csv:2"] * 2 + ["n.csv:3"] * 2
    assert not Path("out/rejects.csv").exists()


def test_a_spreadsheet_reads_the_letters_of_rejected_rows_as_they_are(batch: Batch) -> None:
    batch(table=HEADER + '"Doña Ana County, NM",Ñandú,\n')
    assert Path("out/rejects.csv").read_bytes().startswith(codecs.BOM_UTF8)
    assert "Doña Ana County, NM" in Path("out/rejects.csv").read_text("utf-8-sig")


def test_rejects_of_a_table_with_semicolons_have_semicolons(batch: Batch) -> None:
    batch(table="jurisdiction;signatory.name;signatory.title\nnowhere;Pat;Sheriff; Jail\n")
    lines = Path("out/rejects.csv").read_text("utf-8-sig").splitlines()
    head = "# rejected;# table row;jurisdiction;signatory.name;signatory.title"
    assert (lines[0], lines[-1].rpartition(";nowhere;")[2]) == (f"{head};", "Pat;Sheriff;Jail")


def test_rejects_can_be_run_from_the_output_folder(batch: Batch) -> None:
    batch(table=BAD)
    before = Path("out/rejects.csv").read_bytes()
    assert batch("-q", name="out/rejects.csv")[0] == 3
    assert Path("out/rejects.csv").read_bytes() == before
    assert Path("out/rejects-2.csv").read_bytes() == before.replace(b"n.csv:", b"out/rejects.csv:")


@pytest.mark.no_cover
def test_rejects_of_several_forms_are_run_again_one_by_one(
    batch: Batch, run: Run, write: Write
) -> None:
    write("a.ndjson", '{"jurisdiction": "nowhere"}\n')
    batch("a.ndjson", "-q", table=HEADER + "nowhere,Pat,Sheriff\n")
    kept = Path("out/rejects.ndjson").read_bytes()
    Path("out/rejects.csv").write_text(HEADER + ROWS, "utf-8")
    assert batch("-q", name="out/rejects.csv")[0] == 0
    assert Path("out/rejects.ndjson").read_bytes() == kept
    Path("out/rejects-2.csv").write_text(HEADER + ROWS, "utf-8")
    assert batch("-q", name="out/rejects-2.csv")[0] == 0
    mended = ["rejects-2.csv", "rejects.csv", "rejects.ndjson"]
    assert lying_in(Path("out"))[-3:] == mended


def test_rejects_that_were_changed_are_not_written_over(batch: Batch) -> None:
    batch(table=BAD)
    rejects, second = Path("out/rejects.csv"), Path("out/rejects-2.csv")
    written = rejects.read_bytes()
    assert (batch("-q")[0], rejects.read_bytes(), second.exists()) == (3, written, False)
    rejects.write_text("mended", "utf-8")
    told = (
        "kept: out/rejects.csv was changed after optout wrote it: if you fixed rows there, add"
        " --with out/rejects.csv\n"
    )
    for _ in range(2):
        code, _, err = batch()
        assert (code, told in err, "next: fix the rows in out/rejects-2.csv, " in err) == (
            3,
            True,
            True,
        )
        assert (rejects.read_text("utf-8"), second.read_bytes()) == ("mended", written)
    assert told not in batch(table=HEADER + ROWS)[2]  # it has nothing to do with this run
    assert rejects.read_text("utf-8") == "mended"


def test_rejects_of_another_table_stay(batch: Batch) -> None:
    first, second = Path("out/rejects.csv"), Path("out/rejects-2.csv")
    batch("-q", table=f"{HEADER}50001,TBD,Sheriff\n")
    written = first.read_bytes()
    err = batch(table=f"{HEADER}50003,TBD,Sheriff\n", name="m.csv")[2]
    assert f"next: fix the rows in {second}, then run this command again with --with" in err
    batch("-q", table=f"{HEADER}50003,Pat,Sheriff\n", name="m.csv")
    assert (first.read_bytes(), second.exists()) == (written, False)  # its row is right now
    first.write_bytes(written.replace(b"TBD", b"Pat"))
    assert "kept: " not in batch(table=f"{HEADER}50003,Pat,TBD\n", name="m.csv")[2]
    assert batch("-q", "--with", str(first))[0] == 0


def test_a_row_that_somebody_deleted_from_the_rejects_is_rejected_again(batch: Batch) -> None:
    first, second = Path("out/rejects.csv"), Path("out/rejects-2.csv")
    table = f"{HEADER}50001,TBD,Sheriff\n50003,TBD,Sheriff\n"
    batch("-q", table=table)
    head, _, left = first.read_text("utf-8-sig").splitlines()
    first.write_text(f"{head}\n{left.replace('TBD', 'Pat')}\n", "utf-8-sig")
    err = batch(table=table)[2]
    assert "has 1 row of those rejected now" in err
    assert ("50001" in second.read_text(), "50003" in second.read_text()) == (True, False)


LIST = [
    {
        "# mine": 1,
        "jurisdiction": "50001",
        "letterhead": {"seal": "seal.svg", "alt": "Seal"},
        "enclosures": [{"title": "Map", "file": "map.txt"}, {"title": "All", "file": "/all.txt"}],
        "date": "tomorrow",
    },
    {"jurisdiction": "50003", "date": "tomorrow"},
]
TABLE = """\
jurisdiction,letterhead.seal,letterhead.alt,enclosures.0.title,enclosures.0.file,enclosures.1.title,\
enclosures.1.file,date,# mine
50001,seal.svg,Seal,Map,map.txt,All,/all.txt,tomorrow,1
50003,,,,,,,tomorrow,
"""


@pytest.mark.parametrize(
    ("form", "table"),
    [
        ("csv", TABLE),
        ("ndjson", "".join(json.dumps(it) + "\n" for it in LIST) + "[]\n"),
        ("yaml", json.dumps(LIST)),
    ],
)
def test_rejected_rows_name_their_files_from_where_the_rejects_lie(
    form: str, table: str, batch: Batch, write: Write
) -> None:
    write("in/seal.svg", SEAL)
    write("in/map.txt", "a map")
    rejects = Path(f"out/rejects.{form}")
    assert batch("-q", table=table, name=f"in/n.{form}")[0] == 3
    text = rejects.read_text("utf-8-sig")
    assert [text.count(it) for it in ("../in/seal.svg", "../in/map.txt", "../all", "# mine")] == [
        1,
        1,
        0,
        1,
    ]
    mended = text.replace("/all.txt", "../in/map.txt").replace("\n[]", "")
    for it in ("tomorrow,", '"tomorrow"', "tomorrow\n"):
        mended = mended.replace(it, it.replace("tomorrow", "2026-11-20"))
    rejects.write_text(mended, "utf-8")
    outside = "leads outside the folder of out/rejects."
    assert batch("-q", name=str(rejects))[2].count(outside) == 3
    code, out, err = batch("-q", "--files-from", "in/", name=str(rejects))
    assert (code, err, len(out.splitlines())) == (0, "", 2)


def test_a_line_that_is_not_utf_8_is_rejected_alone_and_keeps_its_bytes(batch: Batch) -> None:
    good = '{"jurisdiction": "50001", "signatory": {"name": "Pat", "title": "Sheriff"}}\n'
    bad = good.replace("50001", "50003").replace("Pat", "Jos\xe9")
    Path("n.ndjson").write_bytes(good.encode() + bad.encode("latin-1") + b"\xff\n")
    code, out, err = batch(name="n.ndjson")
    assert (code, len(out.splitlines())) == (3, 2)
    column = bad.index("\xe9") + 1
    assert f"n.ndjson:2:{column}: is not UTF-8 text (byte 0xe9)" in err
    assert "n.ndjson:3:1: is not UTF-8 text (byte 0xff)" in err
    assert "  hint: write the line again with encoding UTF-8\n" in err
    rejects = Path("out/rejects.ndjson").read_bytes()
    assert b'"Jos\xe9"' in rejects
    Path("again.ndjson").write_bytes(rejects.splitlines()[0].decode("latin-1").encode())
    assert batch("-q", name="again.ndjson")[0] == 0


@pytest.mark.parametrize(
    ("proofs", "again", "read"),
    [
        (["11/24/2026"], "11/12/2026", "2026-11-12"),  # its table was month first
        (["24/11/2026", "25/11/2026"], "11/24/2026", None),  # day first, whatever the rejects say
        (["24/11/2026", "25/11/2026", "11/24/2026", "11/25/2026"], "11/24/2026", None),
    ],
)
def test_rejects_as_input_keep_the_order_of_dates_of_their_table(
    proofs: list[str], again: str, read: str | None, batch: Batch
) -> None:
    places = ("50005", "50007", "50009", "50011")
    rows = [f"{place},Pat,Sheriff,{day}" for place, day in zip(places, proofs, strict=False)]
    bad = ["50001,Pat,,11/12/2026", "50003,Pat,,11/12/2026"]
    batch(table="\n".join((f"{HEADER.strip()},date", *rows, *bad, "")))
    rejects = Path("out/rejects.csv")
    text = rejects.read_text("utf-8-sig").replace(",Pat,,", ",Pat,Sheriff,")
    rejects.write_text(text.replace("50003,Pat,Sheriff,11/12/2026", f"50003,Pat,Sheriff,{again}"))
    _, out, _ = batch("--to", "ice", "-q", name="out/rejects.csv")
    letters = [line for line in out.splitlines() if "addison" in line]
    assert letters == ([f"out/VT/addison-county-vt/{read}-opt-out-ice.txt"] if read else [])
