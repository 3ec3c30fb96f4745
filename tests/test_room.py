"""An address, a letterhead or a running head with no room on the page is a Problem."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from command_results import outcome
from conftest import REQUEST, TODAY
from make_letters import document_of, letter_for, letters_for, library_with, pdf_of, problems_of
from msgspec import structs
from read_pdf import lines_on, opened

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.engines import measure
from optout_cli.engines.measure import room_problems
from optout_cli.errors import Problem
from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import ListBlock, Paragraph, Run
from optout_cli.templating.search import PAGE, STYLE

pytestmark = pytest.mark.no_cover  # many pages, with code that others cover

PLACE = '{street: ["1 Main Street, Room 5"], city: Ross, state: CA, zip: "94957"}'
LAYOUT = (bundled.TEMPLATES / PAGE).read_text("utf-8")
SHEET = (bundled.TEMPLATES / STYLE).read_text("utf-8")
HINT = (
    "shorten it, or add envelope: ... under recipients: {0}:, or pass"
    " --set recipients.{0}.envelope=... (at most 4 lines of 3.25 in)"
)


def recipient(party: str, organization: str, more: str = "") -> str:
    fields = f"attention: Director, organization: [{organization}], address: {PLACE}{more}"
    return f"recipients: {{{party}: {{{fields}}}}}\n"


# Of ten pages, which are sooner made than a hundred.
@pytest.mark.parametrize("form", ["pdf", "fax-pdf"])
def test_a_layout_of_ones_own_makes_no_more_pages_than_a_letter_may_have(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measure._MOST_PAGES == 100
    monkeypatch.setattr(measure, "_MOST_PAGES", 10)
    library = library_with(tmp_path, {STYLE: SHEET + ".body > p { break-before: page }"})
    body = (Paragraph((Run("One line."),)),) * 10
    long = structs.replace(letter_for(library, ""), body=body)
    assert next(room_problems(long, has_own_page=True), None) is None
    (problem,) = problems_of(lambda: exporter_for(form).encode(long, library.context))
    told = "the letter takes 11 pages; at most 10 fit"
    assert (problem.code, problem.message) == ("too-long", told)


def of_lines(count: int, party: str = "bureau") -> str:
    """Return a recipient whose address takes so many lines, of letters that hang low."""
    return recipient(party, ", ".join(f"Agency {number}" for number in range(count - 3)))


def told(lines: str, library: Library, *formats: str) -> list[Problem]:
    """Return what is wrong with a request's letters in these formats."""
    order = Order(today=TODAY, formats=formats or ("pdf",), is_draft=True)
    return problems_of(lambda: exports_of(document_of(lines), library, order))


@pytest.mark.parametrize("lines", range(4, 14))
def test_an_address_ends_above_the_reference_or_is_a_problem(library: Library, lines: int) -> None:
    letter = letter_for(library, of_lines(lines))
    if lines > 7:
        (problem,) = problems_of(lambda: pdf_of(letter, library))
        told = f"the bureau's address takes {lines} lines; 7 fit above the reference"
        assert (problem.code, problem.message) == ("tall-address", told)
        return
    seen = lines_on(opened(pdf_of(letter, library))[0])
    (reference,) = [it for it in seen if it.text == letter.reference]
    (last,) = [it for it in seen if it.text == letter.envelope[-1]]
    assert last.bottom < reference.top


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (of_lines(9), 5),
        (of_lines(9, "ice"), 5),
        (recipient("ice", "ICE", f", envelope: [{', '.join(['word ' * 20] * 4)}]"), 5),
        (f"addressing: joint\n{of_lines(9, 'ice')}", 6),
    ],
)
@pytest.mark.parametrize("formats", [("pdf",), ("eml",), ("tiff",), ("txt", "pdf")])
def test_a_long_address_is_a_problem_at_its_place_in_the_request(
    typst_library: Library, lines: str, line: int, formats: tuple[str, ...]
) -> None:
    base = REQUEST + lines
    order = Order(today=TODAY, formats=formats, is_draft=True)
    (problem,) = problems_of(lambda: exports_of(document_of("", base), typst_library, order))
    assert problem.location is not None
    assert (problem.code, problem.location.line) == ("tall-address", line)


@pytest.mark.parametrize("name", ["txt", "html", "fax", "json"])
def test_a_format_without_a_window_takes_any_address(library: Library, name: str) -> None:
    order = Order(today=TODAY, formats=(name,), is_draft=True)
    assert len(exports_of(document_of(of_lines(9)), library, order)) == 2


def test_four_lines_for_the_envelope_are_the_way_out(library: Library) -> None:
    envelope = f', envelope: [Director, Bureau, 1 Main Street, "Ross, CA 94957"], address: {PLACE}'
    lines = of_lines(9).replace(f", address: {PLACE}", envelope)
    assert pdf_of(letter_for(library, lines), library).startswith(b"%PDF")


@pytest.mark.parametrize("party", ["bureau", "ice"])
def test_the_hint_names_the_recipient(library: Library, party: str) -> None:
    (problem,) = told(of_lines(9, party), library)
    assert (problem.path, problem.hint) == (
        f"recipients.{party}.organization",
        HINT.format(party),
    )


def test_a_long_address_of_a_data_file_is_told_at_its_line(
    tmp_path: Path, write: Callable[..., Path], cache: Cache
) -> None:
    lines = ", ".join(f"Agency {number}" for number in range(8))
    own = write(
        "own.yaml",
        f"""\
        states:
          CA:
            bureau:
              organization: [{lines}]
        """,
    )
    (problem,) = told("", Library(overlays=[str(own)], cache=cache))
    assert problem.location is not None
    assert (problem.code, problem.location.file, problem.location.line) == (
        "tall-address",
        str(own),
        4,
    )


HEADER = "jurisdiction,signatory.name,signatory.title,recipients.ice.organization\n"


@pytest.mark.parametrize("name", ["pdf", "txt"])
def test_a_rehearsed_batch_refuses_what_the_page_has_no_room_for(
    run: Callable[..., Result], write: Callable[..., Path], name: str
) -> None:
    long = "\n".join(f"Agency {number}" for number in range(8))
    table = write("n.csv", f'{HEADER}50001,Pat,Sheriff,"{long}"\n50003,Pat,Sheriff,\n')
    common = write("common.yaml", "letter: secure-communities/opt-out\ndate: 2026-11-20\n")
    options = ("--common", str(common), "-f", name, "-j1")
    code, said, _ = outcome(run("batch", str(table), *options, "--check"))
    place = f"{table}:2 (50001): recipients.ice.organization"
    told = [
        f"{place}: ICE's address takes 11 lines; 7 fit above the reference",
        "  hint: shorten it, or fill in recipients.ice.envelope (at most 4 lines of 3.25 in)",
    ]
    assert (code, [it for it in said.splitlines() if not it.startswith("note")][:2] == told) == (
        (1, True) if name == "pdf" else (0, False)
    )


def test_a_layout_of_ones_own_is_judged_by_the_page_it_makes(tmp_path: Path) -> None:
    roomy = SHEET.replace(
        "height: calc(var(--below-window) - var(--first-top)); }", "height: 5in; }"
    )
    assert roomy != SHEET
    lines = of_lines(12)
    own = library_with(tmp_path / "roomy", {STYLE: roomy})
    assert pdf_of(letter_for(own, lines), own).startswith(b"%PDF")
    same = library_with(tmp_path / "same", {PAGE: LAYOUT})
    (problem,) = told(lines, same)
    assert problem.location is not None
    assert (problem.code, problem.location.line) == ("tall-address", 1)
    assert problem.message.startswith("the address is printed over 'Our reference: SC-06041")


@pytest.mark.parametrize("party", ["bureau", "ice"])
def test_a_running_head_that_reaches_the_papers_edge_is_a_problem(
    library: Library, party: str
) -> None:
    envelope, whose = ", envelope: [Director]", "the bureau's" if party == "bureau" else "ICE's"
    (problem,) = told(recipient(party, "W" * 200, envelope), library)
    assert (problem.code, problem.message, problem.path) == (
        "tall-running-head",
        f"the head of {whose} later pages takes 6 lines; 3 fit",
        f"recipients.{party}.organization",
    )


def test_a_running_head_of_three_lines_is_printed_on_the_paper(library: Library) -> None:
    name = ("Department of Public Safety and Corrections " * 5)[:198].strip()
    letter = letter_for(library, recipient("bureau", name, ", envelope: [Director, Bureau]"))
    (_, page, *_) = opened(pdf_of(letter, library))
    assert min(it.top for it in lines_on(page)) > 0.25


HEADS = [
    f"""\
signatory:
  office: {"Office of the Sheriff of Marin County " * words}
  address: {{street: ["1 Main Street"], city: Ross, state: CA, zip: "94957"}}
  phone: 415-555-0100
service: {{bureau: [{", ".join(f"{{by: mail, number: 1Z0000000{it}}}" for it in range(ways))}]}}
"""
    for words, ways in ((1, 7), (2, 7), (4, 8), (5, 5))
]


@pytest.mark.parametrize("lines", HEADS)
def test_the_letterhead_is_counted_as_the_page_measures_it(
    tmp_path: Path, library: Library, lines: str
) -> None:
    own = library_with(tmp_path, {PAGE: LAYOUT})
    counted = [
        it.message for it in room_problems(letters_for(library, lines)[0], has_own_page=False)
    ]
    measured = problems_of(lambda: pdf_of(letter_for(own, lines), own))
    assert counted == [it.message for it in measured]


@pytest.mark.parametrize("is_own", [False, True])
def test_a_letter_of_a_hundred_pages_is_too_long(
    is_own: bool, library: Library, tmp_path: Path
) -> None:
    library = library_with(tmp_path, {PAGE: LAYOUT}) if is_own else library
    letter = letter_for(library, "")
    items = ((Paragraph((Run("An item of a loop."),)),),) * 10_000
    endless = structs.replace(letter, body=(ListBlock(ordered=False, items=items),))
    (problem,) = problems_of(lambda: pdf_of(endless, library))
    told = "the letter takes 232 pages or more; at most 100 fit"
    assert (problem.code, problem.message) == ("too-long", told)
