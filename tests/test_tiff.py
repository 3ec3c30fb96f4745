"""Fax pages: TIFF class F, as a fax server expects it."""

import weakref
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from itertools import pairwise
from typing import Any

import pikepdf
import pytest
from make_letters import letter_for
from msgspec.structs import replace
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile
from read_fax import below_head, drawn, pictures_in

from optout_cli.exporters import ExportContext, Options, Resolution, exporter_for, fax_pdf
from optout_cli.letters import Library
from optout_cli.model.letter import Attachment, Letter

FAX = "recipients: {bureau: {fax: 916-555-0130}}"
KINDS = [
    Options(engine="typst", resolution=resolution, compression=compression)
    for compression in ("group4", "group3")
    for resolution in ("fine", "standard")
]


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Lay out the pages with the faster engine: they are not the point here."""
    return typst_library


@pytest.fixture(scope="module")
def letter(library: Library) -> Letter:
    return letter_for(library, FAX)


def tiff(letter: Letter, context: ExportContext) -> bytes:
    return exporter_for("tiff").encode(letter, context)


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("options", KINDS, ids=str)
def test_each_page_has_the_tags_that_a_fax_server_expects(
    letter: Letter, library: Library, options: Options
) -> None:
    picture = Image.open(BytesIO(tiff(letter, ExportContext(library.templates, options))))
    assert isinstance(picture, TiffImageFile)
    coding, option = {"group4": (4, 293), "group3": (3, 292)}[options.compression]
    lines = {"fine": 196, "standard": 98}[options.resolution]
    for number in range(picture.n_frames):
        picture.seek(number)
        tags = picture.tag_v2
        expected = {
            254: 2, 256: 1728, 257: lines * 11, 259: coding, 262: 0, 266: 1,
            282: 204, 283: lines, 296: 2, 297: (number, picture.n_frames), option: 0,
        }  # fmt: skip
        assert {tag: tags[tag] for tag in expected} == expected


def test_the_pages_are_those_of_the_pdf_to_fax(letter: Letter, library: Library) -> None:
    expected = list(drawn(exporter_for("fax-pdf").encode(letter, library.context)))
    assert [it.tobytes() for it in pictures_in(tiff(letter, library.context))] == expected


def test_every_page_is_black_on_white_and_nothing_between(letter: Letter, library: Library) -> None:
    for page in pictures_in(tiff(letter, library.context)):
        black, white = page.histogram()[0], page.histogram()[255]
        assert black + white == 1728 * 2156
        assert 0 < black < white


@pytest.mark.no_cover
@pytest.mark.parametrize("resolution", ["fine", "standard"])
def test_a_small_hyphen_is_drawn_wherever_it_lies_between_scan_lines(
    letter: Letter, library: Library, resolution: Resolution
) -> None:
    name, rows = pikepdf.Name, 40
    words = "".join(f"1 0 0 1 72 {700 - 15.03 * it:.2f} Tm (-----) Tj " for it in range(rows))
    with pikepdf.new() as pdf, BytesIO() as output:
        page = pdf.add_blank_page(page_size=(612, 792))
        page.Contents = pdf.make_stream(f"BT /F 7 Tf {words} ET".encode())
        face = pikepdf.Dictionary(Type=name.Font, Subtype=name.Type1, BaseFont=name("/Times-Roman"))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=face))
        pdf.save(output)
        act = Attachment("act.pdf", "application/pdf", output.getvalue())
    context = ExportContext(library.templates, Options(resolution=resolution))
    drawn_page = below_head(pictures_in(tiff(replace(letter, attachments=(act,)), context))[-1])
    inked = [not it for it in drawn_page.reduce((1728, 1)).point(lambda it: it // 255).tobytes()]
    assert sum(this and not above for above, this in pairwise(inked)) == rows


def test_the_cover_counts_its_pages(letter: Letter, library: Library) -> None:
    one = tiff(letter, library.context)
    told = letter.cover.with_pages(len(pictures_in(one)))
    assert ("Pages:", "{pages}, with this one") in letter.cover.facts
    assert ("Pages:", f"{len(pictures_in(one))}, with this one") in told.facts
    assert tiff(replace(letter, cover=told), library.context) == one


def test_the_same_letter_gives_the_same_pages(letter: Letter, library: Library) -> None:
    again = ExportContext(library.templates, library.options)
    assert tiff(letter, library.context) == tiff(letter, again)


def test_a_draft_is_marked_on_its_cover(library: Library) -> None:
    drafted = letter_for(
        library,
        FAX,
        base="jurisdiction: marin-county-ca\n"
        f"letter: secure-communities/opt-out\ndate: {date(2026, 11, 20)}\n",
    )
    assert drafted.mark
    marked, plain = (
        pictures_in(tiff(it, library.context))[0] for it in (drafted, replace(drafted, mark=""))
    )
    assert marked.histogram()[0] > plain.histogram()[0]


def test_no_more_than_two_pages_are_in_memory_at_once(
    letter: Letter, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_pages: list[weakref.ref[Image.Image]] = []
    real, counts = fax_pdf.draw_pages, []

    def draw(*arguments: Any) -> Iterator[Image.Image]:
        for page in real(*arguments):
            drawn_pages.append(weakref.ref(page))
            counts.append(sum(known() is not None for known in drawn_pages))
            yield page
            del page

    monkeypatch.setattr(fax_pdf, "draw_pages", draw)
    with pikepdf.open(BytesIO(exporter_for("pdf").encode(letter, library.context))) as pdf:
        pdf.pages.extend([*pdf.pages] * 4)
        pdf.save(pages := BytesIO())
    enclosing = replace(
        letter, attachments=(Attachment("a.pdf", "application/pdf", pages.getvalue()),)
    )
    found = pictures_in(tiff(enclosing, library.context))
    assert (len(found), len(counts), max(counts) <= 2) == (13, 13, True)
