"""A fax as one PDF: cover, letter and enclosed PDFs, numbered from the first page."""

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST
from make_letters import letter_for
from msgspec.structs import replace
from read_pdf import opened, shapes_on, words_by_page

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Attachment, Letter
from optout_cli.templating.pages import cover_page

FAX = """
recipients: {bureau: {fax: 916-555-0130}}
signatory: {name: Pat Doe, title: Sheriff, phone: 415-555-0100, fax: 415-555-0101}
enclosures: [{title: Map}, {title: Plan}]
"""


def pdf_with(*papers: tuple[int, int]) -> bytes:
    """Make a PDF of pages of these sizes, each with a square."""
    with pikepdf.new() as pdf, BytesIO() as output:
        for paper in papers:
            page = pdf.add_blank_page(page_size=paper)
            page.Contents = pdf.make_stream(b"36 36 144 144 re f")
        pdf.save(output)
        return output.getvalue()


@pytest.fixture
def letter(either_library: Library) -> Letter:
    enclosed = Attachment("act.pdf", "application/pdf", pdf_with((612, 792), (792, 612)))
    return replace(letter_for(either_library, FAX), attachments=(enclosed,))


def fax_of(letter: Letter, library: Library) -> bytes:
    return exporter_for("fax-pdf").encode(letter, library.context)


def test_each_page_behind_the_cover_has_its_number_over_the_whole_fax(
    letter: Letter, either_library: Library
) -> None:
    cover, *pages = map(str.split, words_by_page(fax_of(letter, either_library)))
    numbers = [" ".join(words).partition("Page ")[2][:6] for words in pages]
    assert numbers == [f"{number} of {len(pages) + 1}" for number in range(2, len(pages) + 2)]
    assert f"Pages: {len(pages) + 1}, with this one" in " ".join(cover)
    assert "Page 1" not in " ".join(cover)


def test_the_pages_are_upright_letter_sheets_with_the_enclosed_ones_below_their_heads(
    letter: Letter, either_library: Library
) -> None:
    document = opened(fax_of(letter, either_library))
    assert {page.get_size() for page in document} == {(612, 792)}
    corners = []
    for page in [*document][-2:]:
        drawn = page.render(scale=1).to_pil().convert("L").point(lambda shade: 255 - shade)
        left, top, *_ = drawn.crop((0, 36, 612, 792)).getbbox()
        corners += [(left, top + 36)]
    # The square is 0.5 in from the left and the foot of its page; the lying one is turned.
    assert corners == [(48, 620), (48, 70)]


def test_the_cover_is_a_page_that_a_clerk_would_send(
    letter: Letter, either_library: Library
) -> None:
    said = words_by_page(fax_of(letter, either_library))[0].split()
    # What stands at a place of its own is drawn last.
    assert sorted(said) == sorted(
        " ".join(
            (
                "Marin County, California Telephone 415-555-0100 \u00b7 Fax 415-555-0101",
                "FACSIMILE To:",
                "California Department of Justice, Bureau of Criminal Information and Analysis",
                "Fax: 916-555-0130 From: Pat Doe, Sheriff, Marin County, California",
                "Telephone: 415-555-0100 Return fax: 415-555-0101 Date: November 20, 2026",
                "Re: Notice of opt-out: Secure Communities, Marin County, California",
                f"{letter.reference} Pages: 5, with this one Enclosures: Map; Plan",
                "If pages are missing or cannot be read, please call 415-555-0100.",
                "This fax is meant only for the addressee above. If you received it by mistake,",
                "please tell us, and destroy it.",
            )
        ).split()
    )


def test_the_line_on_confidentiality_can_be_left_out(library: Library) -> None:
    letter = letter_for(library, FAX + "leave-out: [confidentiality]\n")
    assert letter.cover.with_pages(3).sentences == (
        "If pages are missing or cannot be read, please call 415-555-0100.",
    )


def test_a_letter_by_fax_has_no_marks_to_fold_and_no_room_for_a_window(
    letter: Letter, either_library: Library
) -> None:
    first = opened(fax_of(letter, either_library))[1]
    assert [box for box in shapes_on(first) if box[2] < 0.9] == []


def test_it_claims_to_be_no_archive_copy(letter: Letter, either_library: Library) -> None:
    with pikepdf.open(BytesIO(fax_of(letter, either_library))) as pdf:
        assert [key for key in pdf.open_metadata() if "/ns/id/" in key] == []


def test_the_same_letter_gives_the_same_bytes(letter: Letter, either_library: Library) -> None:
    assert fax_of(letter, either_library) == fax_of(letter, either_library)


@pytest.mark.usefixtures("with_typst")
def test_its_file_ends_in_pdf(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST + "recipients: {bureau: {fax: 916-555-0130}}\n")
    words = ("write", "r.yaml", "--to", "bureau", "-f", "fax-pdf", "-q", "--no-register", "-o")
    assert outcome(run(*words, "out/"))[1] == "out/2026-11-20-opt-out-bureau.fax.pdf\n"
    assert outcome(run(*words, "bureau.pdf"))[1] == "bureau.pdf\n"
    assert (in_folder / "bureau.pdf").read_bytes()[:5] == b"%PDF-"


def test_a_fax_may_have_more_pages_than_a_template_may_count(
    letter: Letter, library: Library
) -> None:
    page = cover_page(letter, letter.cover.with_pages(302), 301, library.templates)
    assert page.count('class="later"') == 301
