"""An .ods workbook is read as an .xlsx one is."""

from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from command_results import Run, outcome
from make_letters import told_by

from optout_cli.batch.input import InputFile, load_input

NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
    for prefix in ("office", "table", "text", "style")
)
HEADER = "".join(
    f"<table:table-cell><text:p>{name}</text:p></table:table-cell>"
    for name in (
        "County",
        "Date of letter",
        "Sheriff Name",
        "ZIP",
        "# mine",
        "#b",
        "#c",
        "#d",
        *"######",
    )
)
ROW = """<table:table-cell><text:p>Marin<text:s/><text:span text:style-name="s">County</text:span
>, CA</text:p><office:annotation><text:p>a comment</text:p></office:annotation></table:table-cell>
<table:table-cell office:value-type="date" office:date-value="2026-11-24"/>
<table:table-cell><text:p>Pat<text:line-break/>P.</text:p><text:p>Esq.</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="5345"><text:p>05345</text:p>
</table:table-cell>
<table:table-cell office:value-type="float" office:value="6041"><text:p>6,041</text:p>
</table:table-cell>
<table:table-cell table:number-columns-repeated="2" office:value-type="boolean"
 office:boolean-value="true"><text:p>WAHR</text:p></table:table-cell>
<table:table-cell table:formula="of:=1+1"/>
<table:table-cell table:formula="of:=&quot;&quot;"><text:p/></table:table-cell>
<table:table-cell office:value-type="float" office:value="202614"><text:p>2026-14</text:p>
</table:table-cell>
<table:table-cell office:value-type="float" office:value="2026.1"><text:p>2026.10</text:p>
</table:table-cell>
<table:table-cell office:value-type="float" office:value="7"><text:p/></table:table-cell>
<table:table-cell office:value-type="float" office:value="7"/>
<table:table-cell office:value-type="string" office:string-value="bare"/>
<table:table-cell table:number-columns-repeated="900"/>"""


def load(folder: Path, rows: str, columns: str = "", name: str = "n.ods") -> InputFile:
    """Load a workbook with these rows below its header, and a hidden sheet before it."""
    content = f"""<office:document-content {NAMES}><office:automatic-styles>
<style:style style:name="h"><style:table-properties table:display="false"/></style:style>
<style:style style:name="s"><style:text-properties style:text-line-through-style="solid"/>
</style:style>
</office:automatic-styles><office:body><office:spreadsheet>
<table:table table:name="Old" table:style-name="h"><table:table-row>{HEADER}</table:table-row>
</table:table><table:table table:name="New">{columns}<table:table-header-rows><table:table-row>
{HEADER}</table:table-row></table:table-header-rows>{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""
    with ZipFile(folder / name, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return load_input(name)


def test_values_are_as_the_sheet_shows_them_and_what_it_hides_is_told(in_folder: Path) -> None:
    hidden = '<table:table-column table:number-columns-repeated="3"/>'
    hidden += '<table:table-column table:visibility="collapse"/>'
    rows = f"""<table:table-row table:number-rows-repeated="2"/>
<table:table-row table:visibility="filter">{ROW}</table:table-row>
<table:table-row table:number-rows-repeated="1048500"/>"""
    file = load(in_folder, rows, hidden, "n.csv")
    assert (file.form, file.text.splitlines(), file.notes[:4]) == (
        "sheet",
        [
            "County,Date of letter,Sheriff Name,ZIP,# mine,#b,#c,#d,#,#,#,#,#,#",
            *("", ""),
            '"Marin County, CA",2026-11-24 00:00:00,"Pat',
            *("P.", 'Esq.",05345,6041,TRUE,TRUE, =1+1,,2026-14,2026.10,,7,bare'),
        ],
        (
            "hidden row 4 of the sheet 'New' counts as a request too",
            "hidden columns of the sheet 'New' count too: D",
            "cells of the sheet 'New' with a line through them count too: A4",
            "only the sheet 'New' is read, not the hidden sheet 'Old'",
        ),
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            (
                '<table:table-row><table:table-cell table:number-columns-spanned="28"'
                ' table:number-rows-spanned="2"/></table:table-row>'
            ),
            "n.ods: has merged cells in the sheet 'New' (A2:AB3)",
        ),
        ("<table:table-row>", "n.ods: is a damaged workbook (ParseError)"),
        (
            f'<table:table-row table:number-rows-repeated="99999999">{ROW}</table:table-row>',
            "n.ods: is a damaged workbook (ValueError)",
        ),
        (
            (
                f'<table:table-row table:number-rows-repeated="99999999"/><table:table-row>{ROW}'
                "</table:table-row>"
            ),
            "n.ods: is a damaged workbook (ValueError)",
        ),
    ],
)
def test_a_workbook_that_cannot_be_read_is_told(rows: str, told: str, in_folder: Path) -> None:
    assert told_by(lambda: load(in_folder, rows)).partition("\n")[0] == told


def test_its_rejects_are_a_workbook_of_text(run: Run, in_folder: Path) -> None:
    load(in_folder, f"<table:table-row>{ROW}</table:table-row>")
    options = ("--set", "letter=secure-communities/opt-out", "-f", "txt", "-j1", "-q", "-o", "out/")
    assert outcome(run("batch", "n.ods", *options))[0] == 3
    sheet = openpyxl.load_workbook("out/rejects.xlsx")["New"]
    first, second = ([cell.value for cell in row] for row in sheet.iter_rows(min_col=3))
    assert (first[:4], second[:4]) == (
        ["County", "Date of letter", "Sheriff Name", "ZIP"],
        ["Marin County, CA", "2026-11-24", "Pat\nP.\nEsq.", "05345"],
    )
    assert sheet["E2"].fill.fgColor.rgb == "00FFC7CE"
