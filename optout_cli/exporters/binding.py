"""Put PDFs together: a letter with its enclosures, and all letters of a batch in one file to print.

Such a file is not an archive copy. An enclosure may be any PDF, so the letter's claims of PDF/A and
PDF/UA are removed.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO
from itertools import islice
from pathlib import Path
from time import gmtime
from typing import BinaryIO, NamedTuple

import pikepdf
from pypdfium2 import PdfiumError

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.print_writer import Bookmark, Copied, PrintWriter
from optout_cli.model.letter import Attachment
from optout_cli.readers.flatten import flatten
from optout_cli.templating.layouts import Sheet

_LETTER = (612, 792)  # pt: US Letter
_ROOM = (7.5, 10)  # in: a page without its margins
_UNDATED = dict.fromkeys(("creationDate", "modDate"), gmtime(0))  # the same bytes each time
_CLAIMS = ("{http://www.aiim.org/pdfa/ns/id/", "{http://www.aiim.org/pdfua/ns/id/")


def bind_enclosures(letter: bytes, enclosed: Sequence[Attachment]) -> bytes:
    """Put the pages of PDFs behind a letter's pages, each PDF under a bookmark with its name.

    The values typed into a form are drawn on its page. Raises OptoutError for a file whose pages
    cannot be read.
    """
    with ExitStack() as stack:
        package = stack.enter_context(pikepdf.open(BytesIO(letter)))
        with package.open_outline() as outline:
            for file in enclosed:
                outline.root.append(pikepdf.OutlineItem(file.name, len(package.pages)))
                package.add_pages_from(_flatten(file, stack), outlines="ignore")
        with package.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            for key in [key for key in metadata if key.startswith(_CLAIMS)]:
                del metadata[key]
        output = BytesIO()
        package.save(output, deterministic_id=True)
    return output.getvalue()


def _flatten(enclosed: Attachment, stack: ExitStack) -> pikepdf.Pdf:
    """Open a PDF with all that is drawn over its pages as part of them."""
    try:
        document = stack.enter_context(pikepdf.open(BytesIO(flatten(enclosed.content))))
    except (pikepdf.PdfError, PdfiumError) as error:
        message = f"{enclosed.name} cannot be put behind the letter: {error}"
        hint = "open it, and print it to a new PDF"
        raise OptoutError(Problem("broken-pdf", message, None, hint, "enclosures")) from None
    return document


def picture_as_pdf(path: Path) -> bytes:
    """Put each page of a scan on a page of US Letter, at most as large as the margins allow.

    Raises OptoutError for a picture that cannot be read.
    """
    from PIL import Image, ImageSequence, UnidentifiedImageError

    output = BytesIO()
    try:
        with Image.open(path) as picture, pikepdf.new() as document:
            for frame in ImageSequence.Iterator(picture):
                page = BytesIO()
                shown = frame if frame.mode in ("1", "L") else frame.convert("RGB")
                # px per inch, so that the picture fits
                scale = max(frame.width / _ROOM[0], frame.height / _ROOM[1])
                shown.save(page, "PDF", resolution=scale, **_UNDATED)
                with pikepdf.open(page) as drawn:
                    document.pages.extend(drawn.pages)
                _, _, width, height = map(float, document.pages[-1].mediabox)
                left, below = (_LETTER[0] - width) / 2, (_LETTER[1] - height) / 2
                corners = (-left, -below, width + left, height + below)
                document.pages[-1].mediabox = pikepdf.Rectangle(*corners)
            document.save(output, deterministic_id=True)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        message, hint = f"is not a picture that can be read: {error}", "save it again, as PDF"
        raise OptoutError(Problem("broken-picture", message, Location(str(path)), hint)) from None
    return output.getvalue()


_AT_ONCE = 100  # requests whose separator sheets are laid out together
_CREATOR = "optout batch --print"
_SHEET_SIDES = 2  # of a sheet of paper


class Bundle(NamedTuple):
    """A request's bookmark, the name and PDF of each letter, and the words of its separator."""

    title: str
    letters: Sequence[tuple[str, bytes]]
    sheet: Sheet


def bind_print_run(
    bundles: Iterable[Bundle],
    output: BinaryIO,
    context: ExportContext,
    *,
    is_duplex: bool,
    with_sheets: bool,
) -> int:
    """Write the letters of all bundles into `output`, and return the number of pages.

    One letter at a time is in memory.

    With `is_duplex` each letter begins on the front of a sheet. The file asks to be printed at full
    size, so that the address fits the envelope's window. Raises OptoutError, and OSError when
    `output` cannot be written.
    """
    writer = PrintWriter(output)
    bookmarks = []
    with_none = ((bundle, None) for bundle in bundles)
    for bundle, sheet in _with_sheets(bundles, context) if with_sheets else with_none:
        writer.begin_part()
        start, below = writer.count, []
        if sheet:
            _add(writer, [sheet.page], sheet.copied, is_duplex=is_duplex)
        for title, content in bundle.letters:
            below.append(Bookmark(title, writer.count))
            try:
                with pikepdf.open(BytesIO(content)) as letter:
                    _add(writer, letter.pages, {}, is_duplex=is_duplex)
            except pikepdf.PdfError as error:
                message = f"the PDF of {title} cannot be read: {error}"
                raise OptoutError(Problem("broken-pdf", message)) from None
        bookmarks.append(Bookmark(bundle.title, start, below))
    duplex = b"/DuplexFlipLongEdge" if is_duplex else b"/Simplex"
    root = {
        "/PageMode": b"/UseOutlines",
        "/ViewerPreferences": b"<< /PrintScaling /None /Duplex %s >>" % duplex,
    }
    writer.finish(bookmarks, root, {"/Creator": pikepdf.String(_CREATOR).unparse()})
    return writer.count


class _Sheet(NamedTuple):
    """A separator sheet, and what is written of the document that it is in."""

    page: pikepdf.Page
    copied: Copied


def is_print_run_file(path: Path) -> bool:
    """Tell whether a file is an earlier print run, which a new one may replace. Raises OSError."""
    try:
        with pikepdf.open(path) as document:
            return document.docinfo.get("/Creator") == _CREATOR
    except pikepdf.PdfError:
        return False


def _with_sheets(
    bundles: Iterable[Bundle], context: ExportContext
) -> Iterator[tuple[Bundle, _Sheet]]:
    """Yield each bundle with its separator sheet. Sheets laid out together share typefaces."""
    waiting = iter(bundles)
    while group := list(islice(waiting, _AT_ONCE)):
        printed = context.engine.print_sheets([bundle.sheet for bundle in group])
        with pikepdf.open(BytesIO(printed)) as laid_out:
            gc.collect()  # the engine leaves garbage, and this program switches the collector off
            if len(laid_out.pages) != len(group):
                message, hint = "a separator sheet takes more than one page", "shorten its template"
                raise OptoutError(Problem("long-sheet", message, hint=hint))
            copied: Copied = {}
            for bundle, sheet in zip(group, laid_out.pages, strict=True):
                yield bundle, _Sheet(sheet, copied)


def _add(
    writer: PrintWriter, pages: Iterable[pikepdf.Page], copied: Copied, *, is_duplex: bool
) -> None:
    """Write pages, and a blank one where the next letter would begin on a back side."""
    before = writer.count
    writer.add_pages(pages, copied)
    if is_duplex and (writer.count - before) % _SHEET_SIDES:
        writer.add_blank_page()
