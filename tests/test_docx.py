"""The letter as a Word document: its styles, its places, its properties, and the same bytes."""

from io import BytesIO
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import ROOT
from docx.oxml.ns import qn
from docx.shared import Inches, Pt
from make_letters import letter_for, pdf_of, told_by
from msgspec.structs import replace
from openxml_audit import OpenXmlValidator
from PIL import Image as Raster
from read_docx import opened, styled, words_in

from optout_cli.exporters import Options, exporter_for
from optout_cli.letters import Library
from optout_cli.letters.notes import export_notes
from optout_cli.model.letter import Attachment, Heading, Image, Letter
from optout_cli.templating.body import sections_from

SEAL = Image("image/svg+xml", (ROOT / "examples/placeholder-seal.svg").read_bytes(), "The seal")
BODY = """\
<section id="body">
<h2>Requests</h2>
<p>We ask, <strong>in <em>writing</em></strong>:<br>
See <a href="https://example.gov/">the page</a>.</p>
<ol><li>one</li><li><p>two</p><ul><li>inner</li></ul><p>more</p></li></ol>
<blockquote><p>Quoted.</p></blockquote>
<ol><li>again one</li></ol>
<ul><li>last</li></ul>
</section>
"""


def in_word(letter: Letter, library: Library) -> bytes:
    return exporter_for("docx").encode(letter, library.context)


def picture(width: int, height: int) -> Image:
    drawn = BytesIO()
    Raster.new("L", (width, height)).save(drawn, "PNG")
    return Image("image/png", drawn.getvalue(), "Signature of the Sheriff")


@pytest.fixture
def letter(library: Library) -> Letter:
    return replace(letter_for(library), body=sections_from(BODY, "body")["body"])


def test_each_part_of_the_letter_has_its_style(letter: Letter, library: Library) -> None:
    found = styled(in_word(letter, library))
    start = found.index(("Heading 2", "Requests"))
    assert (
        list(dict.fromkeys(style for style, _ in found[:start])),
        found[start : start + 10],
    ) == (
        [
            "Letterhead Office",
            "Date",
            "Inside Address",
            "Reference",
            "Heading 1",
            "Normal",
        ],
        [
            ("Heading 2", "Requests"),
            ("Normal", "We ask, in writing:\nSee the page."),
            ("List Number", "one"),
            ("List Number", "two"),
            ("List Bullet 2", "inner"),
            ("List Continue", "more"),
            ("Quote", "Quoted."),
            ("List Number", "again one"),
            ("List Bullet", "last"),
            ("Closing", "Respectfully,"),
        ],
    )


def test_each_numbered_list_begins_at_one(letter: Letter, library: Library) -> None:
    document = opened(in_word(letter, library))
    lists = [
        it.paragraph_format.element.pPr.numPr.numId.val
        for it in document.paragraphs
        if it.style and it.style.name == "List Number"
    ]
    numbering = document.part.numbering_part.element
    starts = [numbering.num_having_numId(it).xpath(".//w:startOverride/@w:val") for it in lists]
    assert (lists[0] == lists[1] != lists[2], starts) == (True, [["1"], ["1"], ["1"]])


def test_words_keep_their_weight_and_links_lead_where_they_should(
    letter: Letter, library: Library
) -> None:
    document = opened(in_word(letter, library))
    written = next(it for it in document.paragraphs if it.text.startswith("We ask"))
    runs = [(run.text, run.bold, run.italic) for run in written.runs if run.text.strip()]
    links = [(link.text, link.address) for link in written.hyperlinks]
    assert (runs, links) == (
        [
            ("We ask, ", None, None),
            ("in ", True, None),
            ("writing", True, True),
            (":", None, None),
            ("See ", None, None),
            (".", None, None),
        ],
        [("the page", "https://example.gov/")],
    )


def test_what_leads_to_a_list_or_the_closing_stays_with_it(
    letter: Letter, library: Library
) -> None:
    body = [it for it in letter.body if not isinstance(it, Heading)]
    document = opened(in_word(replace(letter, body=(*body, body[0], body[-1])), library))
    kept = [it.text for it in document.paragraphs if it.paragraph_format.keep_with_next]
    introduction = "We ask, in writing:\nSee the page."
    lists = [introduction, "one", "Quoted.", "again one", introduction, "last"]
    *below, _ = chain(*letter.after_signature)
    assert kept == [*lists, letter.closing, "\n".join(letter.signature), *below]


@pytest.mark.no_cover
@pytest.mark.parametrize("seal", [None, SEAL])
@pytest.mark.parametrize("lines", [1, 3])
def test_the_address_starts_at_the_envelopes_window(
    letter: Letter, library: Library, seal: Image | None, lines: int
) -> None:
    other = replace(letter, seal=seal, sender=letter.sender * lines)
    document = opened(in_word(other, library))
    head, dateline, window = document.tables[0].rows
    top = document.sections[0].top_margin
    assert top is not None
    assert head.height is not None
    assert dateline.height is not None
    start = round((top + head.height + dateline.height) / Inches(1), 2)
    left = document.sections[0].left_margin
    assert (start, left, window.cells[0].text.split("\n")) == (
        2.6,  # and 0.03 in from a line's top to its letters
        Inches(1),
        [*letter.envelope],
    )


def test_an_address_too_tall_for_the_window_is_told(letter: Letter, library: Library) -> None:
    tall = replace(letter, envelope=("One line",) * 8)
    told = told_by(lambda: in_word(tall, library))
    assert "the bureau's address takes 8 lines; 7 fit above the reference" in told


def test_pictures_fit_their_room_and_have_their_words(letter: Letter, library: Library) -> None:
    pictures = replace(letter, seal=SEAL, autograph=picture(4800, 100))
    content = in_word(pictures, library)
    document = opened(content)
    shown = [
        (
            it.get("descr"),
            *(round(int(size) / Inches(1), 2) for size in it.xpath("../wp:extent/@*")),
        )
        for it in document.element.body.iter(qn("wp:docPr"))
    ]
    assert shown == [("The seal", 0.8, 0.8), ("Signature of the Sheriff", 2.4, 0.05)]
    with ZipFile(BytesIO(content)) as parts:
        media = [name for name in parts.namelist() if name.startswith("word/media/")]
        assert [parts.read(name)[:4] for name in media] == [b"\x89PNG"] * 2


def test_a_seal_that_cannot_be_drawn_is_told(letter: Letter, library: Library) -> None:
    empty = b'<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>'
    broken = replace(letter, seal=Image("image/svg+xml", empty, "The seal"))
    told = told_by(lambda: in_word(broken, library))
    assert "its picture 'The seal' cannot be drawn" in told


def test_later_pages_have_their_numbers_as_fields(letter: Letter, library: Library) -> None:
    (section,) = opened(in_word(letter, library)).sections
    fields = section.header.paragraphs[0].paragraph_format.element.xpath(".//@w:instr")
    assert (section.different_first_page_header_footer, fields) == (True, ["PAGE", "NUMPAGES"])


def test_a_draft_is_marked_on_each_page(letter: Letter, library: Library) -> None:
    words = words_in(in_word(replace(letter, mark="DRAFT"), library))
    assert (words.first_head, words.later_head[:5]) == ("DRAFT", "DRAFT")


def test_the_document_says_what_it_is(letter: Letter, library: Library) -> None:
    long = replace(letter, subject="s" * 300)
    known = opened(in_word(long, library)).core_properties
    assert (known.title, known.subject, known.author, known.keywords, known.language) == (
        "s" * 255,
        letter.reference,
        letter.sender[0],
        letter.keywords,
        "en-US",
    )
    days = {it and it.date() for it in (known.created, known.modified)}
    assert days == {letter.day}


def test_the_same_letter_gives_the_same_bytes(letter: Letter, library: Library) -> None:
    sealed = replace(letter, seal=SEAL)
    content = in_word(sealed, library)
    with ZipFile(BytesIO(content)) as parts:
        days = {part.date_time for part in parts.infolist()}
    assert (in_word(sealed, library) == content, days) == (True, {(1980, 1, 1, 0, 0, 0)})


def test_a_document_carries_nothing_of_the_librarys_own_template(
    letter: Letter, library: Library
) -> None:
    with ZipFile(BytesIO(in_word(letter, library))) as parts:
        names = parts.namelist()
        known = parts.read("docProps/core.xml").decode()
    assert [name for name in names if "thumbnail" in name or "app.xml" in name] == []
    assert "python-docx" not in known


@pytest.mark.no_cover  # slow, with code that others cover
def test_word_finds_nothing_to_repair(letter: Letter, library: Library, in_folder: Path) -> None:
    """The validator knows the schemas of ISO 29500, and what Word refuses besides."""
    faults = []
    pictures = replace(letter, seal=SEAL, autograph=picture(90, 30))
    draft = replace(letter_for(library), mark="DRAFT")
    for each in (letter, pictures, draft):
        path = in_folder / "letter.docx"
        path.write_bytes(in_word(each, library))
        faults += OpenXmlValidator().validate(path).errors
    assert faults == []


def test_a_document_is_no_package_of_enclosed_files(letter: Letter, library: Library) -> None:
    act = Attachment("act.pdf", "application/pdf", pdf_of(letter, library))
    enclosing = replace(letter, attachments=(act,))
    options = Options(with_enclosures=True)
    assert list(export_notes(enclosing, "docx", None, options)) == []


def test_a_letter_is_set_tightly_where_that_saves_a_page(library: Library) -> None:
    body = sections_from("<section id='body'><p>We ask.</p></section>", "body")["body"]
    spaces = {}
    for number in (9, 13, 15, 21):
        document = opened(in_word(replace(letter_for(library), body=body * number), library))
        (signed,) = [it for it in document.paragraphs if it.style == document.styles["Signature"]]
        after = document.styles["Normal"].paragraph_format.space_after
        spaces[number] = after, signed.paragraph_format.space_before
    usual, tight = Pt(6.5), Pt(4.3)
    assert spaces == {
        9: (usual, Pt(57)),
        13: (tight, Pt(57)),
        15: (tight, Pt(25)),
        21: (usual, Pt(57)),
    }
