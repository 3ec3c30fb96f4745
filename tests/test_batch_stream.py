"""`optout batch --stream`: each row is written as it is read, and all else is as without it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_results import Run, Write, outcome, problem
from run_batch import BAD, COMMON, FILES, HEADER, ROWS, events

from optout_cli.cli import group

DAYS = {"50001": "11/30/2026", "50003": "12/1/2026", "50005": "13/12/2026"}
OPTIONS = ("--common", "common.yaml", "-f", "txt")


@pytest.fixture(autouse=True)
def _desk(write: Write, in_folder: Path) -> None:
    write("common.yaml", COMMON)
    write("n.csv", HEADER + ROWS)
    write("bad.csv", BAD)


def streamed(content: str | bytes, *options: str) -> tuple[int, str, str]:
    words = ["batch", "-", "--stream", *OPTIONS, *options]
    return outcome(CliRunner().invoke(group, words, input=content))


def test_the_bad_rows_are_rejected_with_the_same_words_as_without_it(run: Run) -> None:
    whole = outcome(run("batch", "bad.csv", *OPTIONS, "-q", "-o", "whole/"))
    found = outcome(run("batch", "bad.csv", "--stream", *OPTIONS, "-q"))
    # Of two rows alike the first one is written: nobody knew the second one yet.
    written = [path.replace("out/", "whole/") for path in found[1].splitlines()]
    assert (found[0], set(whole[1].splitlines()) < set(written)) == (3, True)
    told = [line for line in found[2].splitlines() if not line.startswith("  hint")]
    expected = [line for line in whole[2].splitlines() if line in told]
    assert (told, len(told)) == (expected, len(whole[2].splitlines()) - whole[2].count("hint") - 1)
    rejects = Path("out/rejects.csv").read_text("utf-8-sig").splitlines()
    assert len(rejects) == len(Path("whole/rejects.csv").read_text("utf-8-sig").splitlines()) - 1


def test_of_two_rows_for_one_letter_the_second_one_is_told_of_once() -> None:
    code, out, err = streamed(HEADER + ROWS + "50001,Kim,Sheriff\n", "--to", "ice")
    assert (code, out.count("\n"), err.count("\n-:5")) == (3, 3, 0)
    assert err.startswith(
        "-:5 (50001): would write VT/addison-county-vt/2026-11-20-opt-out-ice.txt;"
    )
    assert "3 files written to out/; 1 request rejected\n" in err


def test_a_second_run_goes_on_where_the_first_one_ended(run: Run) -> None:
    first = HEADER + ROWS.splitlines(keepends=True)[0]
    assert streamed(first, "-q")[:2] == (0, "".join(f"{name}\n" for name in FILES[:2]))
    code, out, err = streamed(HEADER + ROWS)
    assert (code, out) == (0, "".join(f"{name}\n" for name in FILES[2:]))
    assert "4 files written to out/; 1 request already finished\n" in err
    assert [it["event"] for it in events()] == ["written"] * 3


def test_a_line_break_within_a_columns_name_is_read() -> None:
    header = HEADER.replace("signatory.name", '"Sheriff\nname"')
    assert "\nname" in header
    code, out, err = streamed(header + ROWS.splitlines(keepends=True)[0], "-q")
    assert (code, out) == (0, "".join(f"{name}\n" for name in FILES[:2]))
    assert "Sheriff" not in err


@pytest.mark.parametrize(
    ("delimiter", "own"),
    [(",", '"# by (name; day;)"'), (";", '"# by (name, day,"'), ("\t", '# ; "x')],
)
def test_a_quote_beside_another_delimiter_in_the_columns_names_costs_no_row(
    delimiter: str, own: str
) -> None:
    names, *rows = (HEADER + ROWS).replace(",", delimiter).splitlines()
    lines = "".join(f"{line}\n" for line in (f"{names}{delimiter}{own}", *rows))
    code, out, _ = streamed(lines, "-q")
    assert (code, out) == (0, "".join(f"{name}\n" for name in FILES))


def test_a_line_break_in_an_own_column_before_the_others_is_read() -> None:
    head = '"#";"# a, b\nclerk";' + HEADER.replace(",", ";")
    lines = head + "".join(f"1;x;{row.replace(',', ';')}\n" for row in ROWS.splitlines())
    code, out, _ = streamed(lines, "-q")
    assert (code, out) == (0, "".join(f"{name}\n" for name in FILES))


def test_a_long_line_of_columns_names_is_read_whole() -> None:
    code, out, err = streamed(f"{HEADER.strip()},{'x' * 140_000}\n{ROWS}", "-q")
    assert (code, out) == (1, "")
    assert err.startswith("-:1: has the column 'xxx")


def test_a_quote_that_stays_open_in_the_columns_names_is_told_as_such() -> None:
    code, out, err = streamed(HEADER.replace("signatory.name", '"Sheriff') + ROWS, "-q")
    assert (code, out, err.splitlines()[0]) == (1, "", "-:1: is not CSV: unexpected end of data")


def test_a_batch_without_it_finds_the_letters_finished(run: Run) -> None:
    assert run("batch", "n.csv", "--stream", *OPTIONS, "-q").exit_code == 0
    assert outcome(run("batch", "n.csv", *OPTIONS, "-q")) == (0, "", "")


def test_a_date_with_slashes_is_read_by_itself() -> None:
    rows = "\n".join(f"{place},Pat,Sheriff,{day}" for place, day in DAYS.items())
    code, out, err = streamed(f"{HEADER.strip()},date\n{rows}\n", "--to", "ice", "-q")
    assert (code, out) == (3, "out/VT/addison-county-vt/2026-11-30-opt-out-ice.txt\n")
    assert err == (
        "-:3 (50003): date '12/1/2026' can be read month first or day first\n"
        "  hint: write 2026-12-01 or 2026-01-12\n"
        "-:4 (50005): date '13/12/2026' has its month in the second place,"
        " not in the first\n  hint: write 2026-12-13 if that is the day\n"
    )


def test_how_columns_are_read_is_told_as_without_it(run: Run) -> None:
    rows = '50001,Pat,Sheriff,"1 Oak Rd, Ely, NV 89301"\n50003,Pat,Sheriff,\n'
    Path("a.csv").write_text(f"{HEADER.strip()},Mailing address\n{rows}")
    whole = outcome(run("batch", "a.csv", *OPTIONS, "-o", "whole/"))[2]
    found = outcome(run("batch", "a.csv", "--stream", *OPTIONS))[2]
    told = [line for line in whole.splitlines() if line.startswith("note: a.csv:")]
    assert (told, len(told)) == (
        [line for line in found.splitlines() if line.startswith("note: a.csv:")],
        2,
    )


def test_a_line_that_is_no_json_costs_one_row() -> None:
    lines = [
        json.dumps({"jurisdiction": id, "signatory": {"name": "Pat", "title": "Sheriff"}})
        for id in ("50001", "50003")
    ]
    code, out, err = streamed(f"{lines[0]}\n{{\n\n{lines[1]}\n", "--to", "ice", "-q")
    assert (code, out) == (3, f"{FILES[1]}\n{FILES[3]}\n")
    assert err.startswith("-:2:")


def test_rows_before_a_quote_that_is_not_closed_are_written() -> None:
    code, out, err = streamed(HEADER + ROWS + '50007,"Pat,Sheriff\n', "--to", "ice", "-q")
    assert (code, out.count("\n"), err[:18]) == (3, 3, "-:5: is not CSV: u")


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (
            HEADER + ROWS,
            ("--check",),
            "--stream takes one INPUT, and no --check, --fail-fast or --with\n",
        ),
        (HEADER + ROWS, ("-j", "2"), "--stream makes the letters of one row at a time\n"),
        (HEADER, (), "-: has no requests\n"),
        ("", (), "-: has no requests\n"),
        ("- jurisdiction: x\n", (), "-: is neither a table nor lines of JSON, so its rows cannot"),
        (f"{HEADER}50001,P\u00e4t,S\n".encode("latin-1"), (), "-:2:8: "),
    ],
)
def test_what_cannot_be_streamed_is_told(
    content: str | bytes, options: tuple[str, ...], told: str
) -> None:
    code, out, err = streamed(content, *options)
    assert (code in (1, 2), out, told in err) == (True, "", True)


def test_the_pages_of_a_streamed_row_are_written(run: Run) -> None:
    words = ("--common", "common.yaml", "-f", "pdf", "--to", "ice", "--engine", "typst", "-q")
    found = outcome(run("batch", "n.csv", "--stream", *words))
    assert found == (0, "".join(f"{it[:-3]}pdf\n" for it in FILES[1::2]), "")
    assert problem(run("batch", "n.csv", "bad.csv", "--stream", *words))[0] == 2
