"""The PDF with what it encloses behind it: pages, bookmarks, filled-in forms, what is refused."""

from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from command_results import Run, outcome, problem
from conftest import ROOT, TODAY
from make_letters import document_of, problems_of
from read_fax import below_head, pictures_in
from read_pdf import opened, words_by_page

from optout_cli.cache import Cache
from optout_cli.exporters import Options, binding
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Export

pytestmark = pytest.mark.usefixtures("with_typst")

ACT = (ROOT / "examples" / "placeholder-resolution.pdf").read_bytes()
ENCLOSING = (
    "authority: [{instrument: Resolution, file: act.pdf}]\n"
    "enclosures: [{title: Map, file: map.pdf}, {title: Notes, file: notes.odt}]\n"
)
NOT_IN_IT = "send these enclosures separately from the pdf"
EVERYTHING = str(ROOT / "examples" / "everything.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "act.pdf").write_bytes(ACT)
    (tmp_path / "notes.odt").write_bytes(b"notes")
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(1224, 792))
        pdf.add_blank_page(page_size=(612, 792))
        pdf.save(tmp_path / "map.pdf")
    return tmp_path


def exported(
    library: Library, folder: Path, lines: str = ENCLOSING, format_: str = "pdf"
) -> Export:
    order = Order(today=TODAY, parties=("bureau",), formats=(format_,))
    return exports_of(document_of(lines), library, order, folder)[0]


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Print with the faster engine: what is bound comes from files."""
    return typst_library


@pytest.fixture(scope="module")
def packing(cache: Cache) -> Library:
    """Open a library whose PDFs have the enclosures after the letter."""
    return Library(cache=cache, options=Options(with_enclosures=True, engine="typst"))


def filled_in() -> bytes:
    """Return a page that is blank but for a form's field and what was typed into it."""
    output = BytesIO()
    with pikepdf.new() as pdf:
        name = pikepdf.Name
        page = pdf.add_blank_page(page_size=(612, 792))
        face = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name.Helvetica)
        fonts = pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=face))
        shown = pdf.make_stream(
            b"/Tx BMC BT /Helv 12 Tf 2 5 Td (FILLED IN) Tj ET EMC",
            Type=name.XObject,
            Subtype=name.Form,
            BBox=[0, 0, 228, 20],
            Resources=fonts,
        )
        field = pikepdf.Dictionary(
            Type=name.Annot,
            Subtype=name.Widget,
            FT=name.Tx,
            T=pikepdf.String("reason"),
            V=pikepdf.String("FILLED IN"),
            Rect=[72, 700, 300, 720],
            F=4,  # printed
            AP=pikepdf.Dictionary(N=shown),
        )
        page.Annots = pikepdf.Array([pdf.make_indirect(field)])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=page.Annots, DR=fonts)
        pdf.save(output)
    return output.getvalue()


def test_the_letter_comes_first_and_what_it_encloses_behind_it_in_its_order(
    library: Library, packing: Library, folder: Path
) -> None:
    alone = words_by_page(exported(library, folder).content)
    together = exported(packing, folder)
    assert words_by_page(together.content) == [*alone, *words_by_page(ACT), "", ""]
    with pikepdf.open(BytesIO(together.content)) as pdf:
        sizes = [tuple(map(float, page.mediabox))[2:] for page in pdf.pages[-2:]]
    assert sizes == [(1224, 792), (612, 792)]


def test_each_enclosed_file_has_a_bookmark_behind_the_letters_own(
    packing: Library, folder: Path
) -> None:
    document = opened(exported(packing, folder).content)
    marks = [(it.get_title(), it.get_dest().get_index()) for it in document.get_toc()]
    own = len(document) - 3
    assert marks[-2:] == [("act.pdf", own), ("map.pdf", own + 1)]
    assert all(page < own for _, page in marks[:-2])


def test_the_pages_are_counted_and_what_is_no_pdf_is_named(
    library: Library, packing: Library, folder: Path
) -> None:
    notes = [it.text for it in exported(packing, folder).notes]
    own = len(words_by_page(exported(library, folder).content))
    assert notes == [
        f"print {own + 3} pages for the bureau: the letter {own}, act.pdf 1, map.pdf 2",
        f"{NOT_IN_IT}: notes.odt",
    ]


def test_two_files_of_one_name_are_counted_each(packing: Library, folder: Path) -> None:
    lines = (
        "authority: [{instrument: Resolution, file: act.pdf}]\n"
        "enclosures: [{title: The same once more, file: act.pdf}]\n"
    )
    (finding,) = exported(packing, folder, lines).notes
    assert finding.text.endswith(": the letter 2, act.pdf 1, act-2.pdf 1")


def test_a_package_claims_neither_archive_nor_accessibility(
    library: Library, packing: Library, folder: Path
) -> None:
    claims = [b"pdfaid:part", b"pdfuaid:part"]
    for by, expected in ((library, [True, True]), (packing, [False, False])):
        with pikepdf.open(BytesIO(exported(by, folder).content)) as pdf:
            said = pdf.Root.Metadata.read_bytes()
        assert [it in said for it in claims] == expected


def test_the_letter_stays_tagged_and_titled(packing: Library, folder: Path) -> None:
    with pikepdf.open(BytesIO(exported(packing, folder).content)) as pdf:
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.docinfo.Title).startswith("Notice of opt-out: Secure Communities")


def test_the_same_request_gives_the_same_package(packing: Library, folder: Path) -> None:
    assert exported(packing, folder).content == exported(packing, folder).content


def test_without_an_enclosed_pdf_it_is_the_letter_itself(
    library: Library, packing: Library, folder: Path
) -> None:
    lines = "enclosures: [{title: Notes, file: notes.odt}, {title: By hand}]\n"
    export = exported(packing, folder, lines)
    assert export.content == exported(library, folder, lines).content
    assert [
        (it.code, it.text.partition(" separately from the pdf: ")[2]) for it in export.notes
    ] == [("left-out", "notes.odt; By hand")]


@pytest.mark.no_cover
def test_an_e_mail_and_a_fax_take_the_letter_alone(
    library: Library, packing: Library, folder: Path
) -> None:
    addressed = (
        "recipients: {bureau: {email: bureau@example.gov, fax: 916-555-0130}}\n"
        "signatory: {name: Pat Placeholder, title: Sheriff, email: sheriff@example.gov}\n"
    )
    for name in ("eml", "tiff"):
        lines = "authority: [{instrument: Resolution, file: act.pdf}]\n" + addressed
        one, other = (exported(it, folder, lines, name) for it in (library, packing))
        assert one.content == other.content


def test_what_a_form_was_filled_in_with_is_printed_and_faxed(
    library: Library, packing: Library, folder: Path
) -> None:
    (folder / "act.pdf").write_bytes(filled_in())
    lines = (
        "authority: [{instrument: Resolution, file: act.pdf}]\n"
        "recipients: {bureau: {fax: 916-555-0130}}\n"
    )
    content = exported(packing, folder, lines).content
    assert words_by_page(content)[-1].split() == ["FILLED", "IN"]
    # The last page is refused as blank if nothing were drawn.
    page = below_head(pictures_in(exported(library, folder, lines, "tiff").content)[-1])
    ink = page.point(lambda shade: 255 - shade).getbbox()
    assert ink is not None
    assert ink[3] < 2 * 196  # within two inches of the top, where the field is


def test_a_pdf_that_another_reader_takes_and_this_one_cannot_is_a_problem_at_its_line(
    packing: Library, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(_content: bytes) -> bytes:
        raise pikepdf.PdfError("unexpected end")

    monkeypatch.setattr(binding, "flatten", torn)
    (problem,) = problems_of(lambda: exported(packing, folder))
    assert (problem.code, problem.hint) == ("broken-pdf", "open it, and print it to a new PDF")
    assert problem.message == "act.pdf cannot be put behind the letter: unexpected end"


def test_the_option_writes_the_package_and_says_its_pages(run: Run, in_folder: Path) -> None:
    options = ("--with-enclosures", "--to", "bureau", "-o", "out/")
    code, out, err = outcome(run("write", EVERYTHING, *options))
    assert (code, out) == (0, "out/2026-11-24-opt-out-bureau.pdf\n")
    pages = len(opened((in_folder / out.strip()).read_bytes()))
    told = (
        f"print {pages} pages for the bureau: the letter {pages - 1}, placeholder-resolution.pdf 1"
    )
    assert told in err
    assert "next: enclose with each letter: Earlier letter of May 4, 2026\n" in err


def test_the_option_is_for_pdfs(run: Run, in_folder: Path) -> None:
    assert problem(run("write", EVERYTHING, "--with-enclosures", "-f", "txt")) == (
        2,
        "--with-enclosures needs the format pdf\n  hint: add -f pdf, or leave it out\n",
    )
