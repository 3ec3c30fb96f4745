"""Pages of many PDFs in one: whole and alike, each written before the next is read."""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any

import pikepdf
import pytest
from make_letters import letter_for, pdf_of
from pikepdf import Array, Dictionary, Name, String
from pypdfium2 import PdfDocument

from optout_cli.exporters.binding import Bookmark, Bundle, PrintWriter, bind_print_run
from optout_cli.letters import Library

ROOT = {"/PageMode": b"/UseOutlines"}


def written(*documents: pikepdf.Pdf, bookmarks: tuple[Bookmark, ...] = ()) -> bytes:
    """Write the pages of each document as a part."""
    output = BytesIO()
    writer = PrintWriter(output)
    for document in documents:
        writer.begin_part()
        writer.add_pages(document.pages, {})
    writer.finish(bookmarks, ROOT, {"/Creator": b"(test)"})
    return output.getvalue()


def page_with(**entries: Any) -> pikepdf.Pdf:
    document = pikepdf.new()
    document.add_blank_page(page_size=(612, 792))
    for key, value in entries.items():
        document.pages[0].obj[f"/{key}"] = value
    return document


def drawn(content: bytes) -> list[bytes]:
    document = PdfDocument(content)
    pictures = [bytes(page.render(scale=0.5).buffer) for page in document]
    document.close()
    return pictures


@pytest.fixture(scope="module")
def letter(library: Library) -> bytes:
    return pdf_of(letter_for(library), library)


def test_the_pages_look_as_before_and_no_reader_repairs_anything(letter: bytes) -> None:
    with pikepdf.open(BytesIO(letter)) as first, page_with() as second:
        content = written(first, second)
    with pikepdf.open(BytesIO(content), attempt_recovery=False) as found:
        problems = (found.check_pdf_syntax(), found.get_warnings())
        assert (problems, len(found.pages), found.pages[0].obj.get("/StructParents")) == (
            ([], []),
            3,
            None,
        )
    assert drawn(content)[:2] == drawn(letter)


def test_the_same_pages_give_the_same_bytes(letter: bytes) -> None:
    with pikepdf.open(BytesIO(letter)) as first, pikepdf.open(BytesIO(letter)) as second:
        assert written(first) == written(second)


@pytest.mark.parametrize(
    "value",
    [
        7,
        Decimal("0.25"),
        True,
        String("(1 0 R) \\ Do\u00f1a"),
        Name("/A B#"),
        Array([1, Array([]), String("R"), Name.R, None]),
        Dictionary({"/A": Dictionary({"/B C": False})}),
    ],
    ids=repr,
)
def test_a_value_of_every_type_goes_over(value: Any) -> None:
    with page_with(Own=value) as document:
        # Once in a value that refers to nothing, and once beside a reference.
        document.pages[0].obj.Both = Array([value, document.make_indirect(Dictionary(K=value))])
        expected = document.pages[0].obj.Own
        with pikepdf.open(BytesIO(written(document))) as found:
            page = found.pages[0].obj
            assert [page.Own, page.Both[0], page.Both[1].K] == [expected] * 3


def test_a_reference_leads_to_the_copy_and_never_to_a_page_left_out() -> None:
    with page_with() as document, page_with() as other:
        page, left_out = document.pages[0].obj, document.copy_foreign(other.pages[0].obj)
        page.Annots = Array(
            [document.make_indirect(Dictionary(P=page, Dest=Array([left_out, Name.Fit])))]
        )
        with pikepdf.open(BytesIO(written(document))) as found:
            (link,) = list(found.pages[0].obj.Annots)
            assert (link.P.objgen, link.Dest.unparse(resolved=True), len(found.pages)) == (
                found.pages[0].obj.objgen,
                b"[ null /Fit ]",
                1,
            )


def test_a_page_keeps_what_it_has_from_the_tree_of_its_document() -> None:
    with page_with() as document:
        tree = document.Root.Pages
        tree.Rotate, tree.CropBox = 90, Array([0, 0, 300, 400])
        before = BytesIO()
        document.save(before)
        with pikepdf.open(before) as again:
            content = written(again)
    with pikepdf.open(BytesIO(content)) as found:
        page = found.pages[0].obj
        box = page.CropBox.unparse(resolved=True)
        assert (int(page.Rotate), box) == (90, b"[ 0 0 300 400 ]")


def test_what_several_pages_of_a_document_share_is_written_once() -> None:
    with page_with() as document:
        shared = document.make_stream(b"0 0 m 9 9 l S")
        document.add_blank_page(page_size=(612, 792))
        for page in document.pages:
            page.obj.Contents = shared
        output, copied = BytesIO(), dict[tuple[int, int], int]()
        writer = PrintWriter(output)
        writer.begin_part()
        for page in document.pages:
            writer.add_pages([page], copied)
        writer.finish((), ROOT, {})
    assert (output.getvalue().count(b"9 9 l"), writer.count) == (1, 2)


def test_bookmarks_lead_to_their_pages() -> None:
    marks = (
        Bookmark("Do\u00f1a Ana County, NM", 0, (Bookmark("bureau", 0), Bookmark("ICE", 1))),
        Bookmark("Eddy County, NM", 2),
        Bookmark("Lea County, NM", 2),
    )
    with page_with() as one, page_with() as two, page_with() as three:
        content = written(one, two, three, bookmarks=marks)
    with pikepdf.open(BytesIO(content)) as found, found.open_outline() as outline:
        pages = [page.obj.objgen for page in found.pages]

        def read(items: list[pikepdf.OutlineItem]) -> tuple[Bookmark, ...]:
            return tuple(
                Bookmark(
                    item.title,
                    pages.index(item.destination[0].objgen),  # type: ignore[index]
                    read(item.children),
                )
                for item in items
            )

        assert (read(outline.root), outline.root[0].is_closed) == (marks, True)


def test_each_letter_is_written_before_the_next_is_read(letter: bytes, library: Library) -> None:
    output, sizes = BytesIO(), []

    def bundles() -> Iterator[Bundle]:
        for number in range(4):
            sizes.append(output.tell())
            yield Bundle(f"{number}", [("bureau", letter)], {})

    pages = bind_print_run(bundles(), output, library.context, is_duplex=False, with_sheets=False)
    grown = [after - before > 10_000 for before, after in pairwise(sizes)]
    assert (pages, grown) == (8, [True] * 3)


def test_a_disk_that_is_full_is_the_callers_to_report(letter: bytes, library: Library) -> None:
    class Full(BytesIO):
        def write(self, content: Any) -> int:
            if self.tell() > 20_000:
                raise OSError(28, "No space left on device")
            return super().write(content)

    bundle = Bundle("A", [("bureau", letter)] * 3, {})
    with pytest.raises(OSError, match="No space left"):
        bind_print_run([bundle], Full(), library.context, is_duplex=True, with_sheets=False)
