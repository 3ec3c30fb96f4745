"""The stages of a batch one by one: a killed worker, problems of the page, the print run."""

import os
import signal
from pathlib import Path

import msgspec
import pikepdf
import pytest
from command_results import Write
from conftest import TODAY
from make_letters import letter_for, library_with, problems_of, told_by

from optout_cli import bundled
from optout_cli.batch import rows as batch
from optout_cli.batch.input import InputFile, load_inputs
from optout_cli.batch.job import Job
from optout_cli.batch.plan import plan_from
from optout_cli.batch.rows import (
    check_rows,
    make_rows,
)
from optout_cli.exporters import exporter_for
from optout_cli.exporters.binding import Bundle, bind_print_run
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.model.notice import Case
from optout_cli.readers.document import Document
from optout_cli.register import folder as folder_module
from optout_cli.register.folder import LetterFolder
from optout_cli.register.state import load_register
from optout_cli.templating.search import PAGE

ROWS = "jurisdiction,letter\n" + "".join(
    f"{50_001 + 2 * number},secure-communities/opt-out\n" for number in range(14)
)
FATAL = "50019"
LETTER = "secure-communities/opt-out"
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@pytest.fixture
def sheets(write: Write) -> tuple[InputFile, ...]:
    return load_inputs([str(write("n.csv", ROWS))])


@pytest.fixture
def fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one request kill its worker, as the system does when memory runs out."""

    def fatal_case_of(document: Document, library: Library, order: Order) -> Case:
        if document.data["jurisdiction"] == FATAL:
            os.kill(os.getpid(), signal.SIGKILL)
        return case_of(document, library, order)

    monkeypatch.setattr(batch, "case_of", fatal_case_of)


def job(library: Library, *formats: str) -> Job:
    return Job(library=library, order=Order(today=TODAY, formats=formats))


@pytest.mark.usefixtures("fatal")
def test_a_worker_killed_while_checking_costs_one_row(
    library: Library, sheets: tuple[InputFile, ...]
) -> None:
    found = list(check_rows(sheets, job(library, "txt"), 2))
    assert [it.number for it in found] == list(range(14))
    (problem,) = [one for it in found for one in it.problems]
    assert str(problem).partition(": ")[2] == (
        "the process that worked on this row was killed\n"
        "  hint: if memory ran out, try again with --jobs 1"
    )
    assert [bool(it.output_files) for it in found] == [it != 9 for it in range(14)]


@pytest.mark.usefixtures("fatal")
def test_a_worker_killed_while_writing_costs_one_row(
    library: Library, sheets: tuple[InputFile, ...]
) -> None:
    text = job(library, "txt")
    found = list(make_rows(sheets, dict.fromkeys(range(14), text.order), text, 2))
    assert [it.number for it in found if it.problems] == [9]
    assert {len(it.output_files.contents) for it in found if it.output_files} == {2}


def only(folder: Path, cells: str) -> tuple[InputFile, ...]:
    """Write a table of one row."""
    columns = "jurisdiction,letter,signatory.name,signatory.title,signatory.office"
    (folder / "n.csv").write_text(f"{columns}\n50001,{LETTER},{cells}\n", "utf-8")
    return load_inputs([str(folder / "n.csv")])


def test_a_character_without_a_glyph_is_a_problem_before_a_page_is_made(
    library: Library, tmp_path: Path
) -> None:
    sheets = only(tmp_path, "Pat \u5f20,Sheriff,")
    (problem,) = plan_from(check_rows(sheets, job(library, "pdf"), 1)).problems[0]
    assert str(problem).partition("n.csv")[2] == (
        ":2 (50001): signatory.name: Source Serif Pro has no character '\u5f20' (U+5F20)\n"
        "  hint: spell it without this character"
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["n\u0303andu\u0301", "a\u00a0b", "\u1ed6 \u014d \u02bb \u00a7"])
def test_a_problem_of_the_page_is_not_found_by_the_check(
    name: str, typst_library: Library, tmp_path: Path
) -> None:
    pdf, sheets = job(typst_library, "pdf"), only(tmp_path, f"{name},Sheriff,")
    assert plan_from(check_rows(sheets, pdf, 1)).problems == {}
    (found,) = make_rows(sheets, {0: pdf.order}, pdf, 1)
    assert found.problems == ()


def test_a_problem_of_the_page_rejects_the_row_when_it_is_made(
    library: Library, tmp_path: Path
) -> None:
    sheets = only(tmp_path, "Pat,Sheriff,")
    ways = {f"service.bureau.{it}.by": "mail" for it in range(30)}
    ways |= {f"service.bureau.{it}.number": f"1Z999AA10{it:09}" for it in range(30)}
    counted = msgspec.structs.replace(job(library, "pdf"), over=(("--set", ways),))
    found = plan_from(check_rows(sheets, counted, 1)).problems
    assert [it.code for it in found[0]] == ["tall-letterhead"]
    # How much room a layout of the user's own has, its page alone shows.
    own = library_with(tmp_path / "own", {PAGE: (bundled.TEMPLATES / PAGE).read_text("utf-8")})
    pdf = msgspec.structs.replace(counted, library=own)
    assert plan_from(check_rows(sheets, pdf, 1)).problems == {}
    (row,) = make_rows(sheets, {0: pdf.order}, pdf, 1)
    assert [it.code for it in row.problems] == ["tall-letterhead"]
    assert str(row.problems[0].location).endswith("n.csv:2 (50001)")


@pytest.mark.parametrize(("name", "pages"), [("pdf", 2), ("tiff", 3), ("fax", 3), ("txt", None)])
def test_pages_are_counted(name: str, pages: int | None, typst_library: Library) -> None:
    exporter = exporter_for(name)
    content = exporter.encode(letter_for(typst_library), typst_library.context)
    assert exporter.count_pages(content) == pages


def test_a_file_that_is_no_pdf_is_not_printed(library: Library, tmp_path: Path) -> None:
    bundle = Bundle("Marin", [("Marin: ice", b"no pdf")], {})
    with (tmp_path / "all.pdf").open("wb+") as output:
        told = told_by(
            lambda: bind_print_run(
                [bundle], output, library.context, is_duplex=False, with_sheets=False
            )
        )
    assert told.startswith("the PDF of Marin: ice cannot be read: ")


def test_a_separator_sheet_of_two_pages_is_refused(tmp_path: Path) -> None:
    page = (
        '<body><div id="head-end"></div><h1>One</h1><h1 style="break-before: page">Two</h1></body>'
    )
    (tmp_path / "own").mkdir()
    own = library_with(
        tmp_path / "own",
        {"_layout/sheet.html.j2": f'<html lang="en"><title>A</title>{page}</html>'},
    )
    with (tmp_path / "all.pdf").open("wb+") as output:
        (problem,) = problems_of(
            lambda: bind_print_run(
                [Bundle("A", [], {})], output, own.context, is_duplex=False, with_sheets=True
            )
        )
    assert problem.message == "a separator sheet takes more than one page"


@pytest.mark.no_cover
def test_many_requests_have_a_sheet_each(typst_library: Library, tmp_path: Path) -> None:
    facts = {"name": "A", "reference": "SC-1", "request": "n.csv:2", "letters": ()}
    bundles = [Bundle("A", [], facts)] * 101
    with (tmp_path / "all.pdf").open("wb+") as output:
        context = typst_library.context
        pages = bind_print_run(bundles, output, context, is_duplex=False, with_sheets=True)
    with pikepdf.open(tmp_path / "all.pdf") as document:
        assert (pages, len(document.pages)) == (101, 101)


def test_a_folder_without_a_register_has_no_records(tmp_path: Path) -> None:
    assert load_register(tmp_path).records == {}


def test_a_folder_lets_the_next_batch_in_once_it_is_done(tmp_path: Path) -> None:
    for _ in range(2):
        with LetterFolder(tmp_path / "out") as folder:
            assert folder.register.records == {}


def test_files_outlive_a_power_cut_long_before_the_batch_ends(
    library: Library, sheets: tuple[InputFile, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    durable: list[Path] = []
    monkeypatch.setattr(folder_module, "make_durable", durable.extend)
    monkeypatch.setattr(folder_module, "_AT_ONCE", 10)
    text = job(library, "txt")
    with LetterFolder(tmp_path / "out") as folder:
        for it in make_rows(sheets, dict.fromkeys(range(14), text.order), text, 1):
            assert it.output_files
            folder.put(it.output_files)
        assert len(durable) == 20
    assert len(set(durable)) == 28
