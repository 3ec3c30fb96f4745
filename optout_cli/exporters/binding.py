"""Put PDFs together: a letter with its enclosures, and all letters of a batch in one file to print.

Such a file is not an archive copy. An enclosure may be any PDF, so the letter's claims of PDF/A and
PDF/UA are removed.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO, RawIOBase
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, cast

import pikepdf

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters.context import ExportContext
from optout_cli.model.letter import Attachment
from optout_cli.templating.layouts import Sheet

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
    """Open a PDF, and draw the values typed into its forms on its pages."""
    try:
        document = stack.enter_context(pikepdf.open(BytesIO(enclosed.content)))
        document.generate_appearance_streams()
        document.flatten_annotations("print")
    except pikepdf.PdfError as error:
        message = f"{enclosed.name} cannot be put behind the letter: {error}"
        hint = "open it, and print it to a new PDF"
        raise OptoutError(Problem("broken-pdf", message, None, hint, "enclosures")) from None
    return document


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

    With `is_duplex` each letter begins on the front of a sheet. The file asks to be printed at full
    size, so that the address fits the envelope's window. Raises OptoutError, and OSError when
    `output` cannot be written.
    """
    sink = _Sink(output)
    with pikepdf.new() as printed:
        with printed.open_outline() as outline:
            for bundle, sheet in (
                _with_sheets(bundles, context)
                if with_sheets
                else ((bundle, None) for bundle in bundles)
            ):
                item = pikepdf.OutlineItem(bundle.title, len(printed.pages))
                outline.root.append(item)
                item.is_closed = True
                if sheet:
                    _add_pages(printed, [sheet], is_duplex=is_duplex)
                for title, content in bundle.letters:
                    item.children.append(pikepdf.OutlineItem(title, len(printed.pages)))
                    try:
                        letter = pikepdf.open(BytesIO(content))
                    except pikepdf.PdfError as error:
                        message = f"the PDF of {title} cannot be read: {error}"
                        raise OptoutError(Problem("broken-pdf", message)) from None
                    _add_pages(printed, letter.pages, is_duplex=is_duplex)
        printed.Root.PageMode = pikepdf.Name.UseOutlines
        printed.Root.ViewerPreferences = pikepdf.Dictionary(
            PrintScaling=pikepdf.Name("/None"),
            Duplex=pikepdf.Name("/DuplexFlipLongEdge" if is_duplex else "/Simplex"),
        )
        printed.docinfo["/Creator"] = _CREATOR
        pages = len(printed.pages)
        # cast: pikepdf only calls write.
        printed.save(cast(BinaryIO, sink), deterministic_id=True, min_version="1.7")
    if sink.error:
        raise sink.error
    return pages


class _Sink(RawIOBase):
    """Passes bytes on, and keeps an error for later: raised within QPDF, it aborts the process."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    # Any: a buffer, whose type the base class does not name either.
    def write(self, chunk: Any) -> int:
        try:
            if not self.error:
                self._stream.write(chunk)
        except OSError as error:
            self.error = error
        return len(chunk)


def is_print_run_file(content: bytes) -> bool:
    """Tell whether a file is an earlier print run, which a new one may replace."""
    try:
        with pikepdf.open(BytesIO(content)) as document:
            return document.docinfo.get("/Creator") == _CREATOR
    except pikepdf.PdfError:
        return False


def _with_sheets(
    bundles: Iterable[Bundle], context: ExportContext
) -> Iterator[tuple[Bundle, pikepdf.Page]]:
    """Yield each bundle with its separator sheet. Sheets laid out together share typefaces."""
    waiting = iter(bundles)
    while group := list(islice(waiting, _AT_ONCE)):
        printed = context.engine.print_sheets([bundle.sheet for bundle in group])
        with pikepdf.open(BytesIO(printed)) as laid_out:
            gc.collect()  # the engine leaves garbage, and this program switches the collector off
            if len(laid_out.pages) != len(group):
                message, hint = "a separator sheet takes more than one page", "shorten its template"
                raise OptoutError(Problem("long-sheet", message, hint=hint))
            yield from zip(group, laid_out.pages, strict=True)


def _add_pages(printed: pikepdf.Pdf, pages: Iterable[pikepdf.Page], *, is_duplex: bool) -> None:
    """Put pages at the end, and an empty page where the next letter would begin on a back side."""
    before = len(printed.pages)
    for page in pages:
        del page.obj["/StructParents"]
        printed.pages.append(page)
    if is_duplex and (len(printed.pages) - before) % _SHEET_SIDES:
        printed.add_blank_page(page_size=(612, 792))  # pt: US Letter
