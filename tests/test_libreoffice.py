"""A table gives the same letters as workbook or text, however often LibreOffice saved it.

Set OPTOUT_LIBREOFFICE=1 to run it, which takes half a minute. It needs LibreOffice Calc, but no
screen and no network.
"""

import os
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any  # cells hold dates, numbers and texts

import openpyxl
import pytest
from command_results import Run, lying_in, outcome
from openpyxl.worksheet.worksheet import Worksheet

from optout_cli.authoring.tables import Table, sheet_template
from optout_cli.letters import Library

OFFICE = shutil.which("soffice") if os.environ.get("OPTOUT_LIBREOFFICE") else None
HEADER = [
    *("County", "State", "letter", "Date of letter", "Sheriff Name", "Sheriff Title"),
    *("Sheriff ZIP", "Sheriff Phone", "Bureau route", "particulars.reasons", "# remarks; mine"),
]
LETTER = "secure-communities/opt-out"
DAY = date(2026, 11, 24)
ROWS: list[list[Any]] = [
    ["Marin County", "California", LETTER, DAY, "Jos\u00e9 Pe\u00f1a", "Sheriff"],
    ["Addison", "VT", LETTER, DAY, "Pat O'Neil, Jr.", "Sheriff"],
]
MORE: list[list[Any]] = [
    ["94903", "415-555-0120", "Certified Mail", "The jail has no staff.\nIt has 12 beds.", "x;y"],
    [5345, "+14155550121", "mail", 'A "safe" county; \u00a7 1.', None],
]
# As LibreOffice names them: commas, quotes, UTF-8, and each column as text when read.
TO_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true"
FROM_CSV = "--infilter=CSV:44,34,76,1," + "/".join(f"{number}/2" for number in range(1, 12))


def convert(profile: Path, folder: Path, source: str, form: str, *options: str) -> str:
    """Let LibreOffice save a file in another form, in a folder of its own; return its path."""
    assert OFFICE
    target = folder / f"{Path(source).suffix[1:]}-{form[:4].rstrip(':')}"
    command = [OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", *options]
    command += ["--convert-to", form, "--outdir", str(target), source]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (made,) = target.iterdir() if target.is_dir() else [None]
    if made is None:
        pytest.skip("LibreOffice Calc is not installed")
    return str(made)


def letters(run: Run, table: str, number: int) -> dict[str, bytes]:
    out = Path(f"out-{number}")
    assert outcome(run("batch", table, "-f", "txt", "-j1", "-q", "-o", f"{out}/"))[0] == 0, table
    return {name: (out / name).read_bytes() for name in lying_in(out) if name.endswith(".txt")}


@pytest.mark.skipif(not OFFICE, reason="OPTOUT_LIBREOFFICE is not set")
def test_each_form_gives_the_same_letters(
    run: Run, in_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in (HEADER, *(first + more for first, more in zip(ROWS, MORE, strict=True))):
        sheet.append(row)
    sheet["D2"].number_format, sheet["D3"].number_format = "yyyy-mm-dd", "m/d/yyyy"
    sheet["G3"].number_format = "00000"
    book.save("table.xlsx")
    profile, folder = tmp_path_factory.mktemp("office"), in_folder / "made"
    as_ods = convert(profile, folder, "table.xlsx", "ods")
    as_csv = convert(profile, folder, "table.xlsx", TO_CSV)
    sheet["F2"] = '="Sher"&"iff"'
    book.save("formula.xlsx")
    tables = [
        *("table.xlsx", as_ods, as_csv),
        convert(profile, folder / "again", as_ods, "xlsx"),
        convert(profile, folder / "back", as_csv, "xlsx", FROM_CSV),
        convert(profile, folder / "back", as_csv, "ods", FROM_CSV),
        convert(profile, folder / "formula", "formula.xlsx", "xlsx"),
        convert(profile, folder / "formula", "formula.xlsx", "ods"),
    ]
    first, *others = (letters(run, table, number) for number, table in enumerate(tables))
    assert (len(first), others) == (4, [first] * len(others))


@pytest.mark.skipif(not OFFICE, reason="OPTOUT_LIBREOFFICE is not set")
def test_the_workbook_to_fill_in_keeps_its_lists(
    library: Library, in_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = Table(["jurisdiction", "letter", "service.ice.0.by"], [["marin-county-ca", LETTER, ""]])
    Path("a.xlsx").write_bytes(sheet_template(library, table, [LETTER]))
    saved = convert(tmp_path_factory.mktemp("office"), in_folder / "made", "a.xlsx", "xlsx")
    rules = [
        [
            (str(rule.sqref), rule.formula1, rule.type, bool(rule.showErrorMessage))
            for rule in openpyxl.load_workbook(path)["Requests"].data_validations.dataValidation
        ]
        for path in ("a.xlsx", saved)
    ]
    assert rules[0] == rules[1]
