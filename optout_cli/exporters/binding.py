"""The letter and the PDFs that it encloses as one file, to print at once.

Such a file is no archive copy: what is enclosed may be any PDF, so that the claims of PDF/A and
PDF/UA, which the letter alone fulfills, are taken out.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from io import BytesIO, RawIOBase
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, cast

import pikepdf

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters.context import SHEET, ExportContext
from optout_cli.model.letter import Attachment

_CLAIMS = ("http://www.aiim.org/pdfa/ns/id/", "http://www.aiim.org/pdfua/ns/id/")


def bind_enclosures(letter: bytes, enclosed: Sequence[Attachment]) -> bytes:
    """Put the pages of PDFs behind a letter's, each under a bookmark with its file's name.

    What a form was filled in with is drawn on its page. Raises OptoutError for a file that cannot
    be taken apart.
    """
    with ExitStack() as stack:
        package = stack.enter_context(pikepdf.open(BytesIO(letter)))
        with package.open_outline() as outline:
            for it in enclosed:
                outline.root.append(pikepdf.OutlineItem(it.name, len(package.pages)))
                package.add_pages_from(_flatten(it, stack), outlines="ignore")
        with package.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as claims:
            for key in [it for it in claims if it.startswith(tuple(f"{{{it}}}" for it in _CLAIMS))]:
                del claims[key]
        output = BytesIO()
        package.save(output, deterministic_id=True)
    return output.getvalue()


def _flatten(enclosed: Attachment, stack: ExitStack) -> pikepdf.Pdf:
    """Open a PDF, and make what was filled in a part of its pages."""
    try:
        document = stack.enter_context(pikepdf.open(BytesIO(enclosed.content)))
        document.generate_appearance_streams()
        document.flatten_annotations("print")
    except pikepdf.PdfError as error:
        message = f"{enclosed.name} cannot be put behind the letter: {error}"
        hint = "open it, and print it to a new PDF"
        raise OptoutError(Problem("broken-pdf", message, None, hint, "enclosures")) from None
    return document


_AT_ONCE = 100  # requests whose sheets are laid out together
_CREATOR = "optout batch --print"
_SHEET_SIDES = 2  # of a sheet of paper


class Bundle(NamedTuple):
    """A request's letters: the bookmark above them, theirs, and what its separator sheet says."""

    title: str
    letters: Sequence[tuple[str, bytes]]
    sheet: object


def bind_print_run(
    bundles: Iterable[Bundle],
    output: BinaryIO,
    context: ExportContext,
    *,
    is_duplex: bool,
    with_sheets: bool,
) -> int:
    """Write the letters of all piles into `output`, and return how many pages there are.

    For `is_duplex` each letter begins on the front of a sheet. It is to be printed as large as it
    is: the address stands where the envelope's window will be. Raises OptoutError, and OSError
    where `output` takes no more.
    """
    sink = _Sink(output)
    with pikepdf.new() as printed:
        with printed.open_outline() as outline:
            for bundle, sheet in (
                _with_sheets(bundles, context) if with_sheets else _without_sheets(bundles)
            ):
                item = pikepdf.OutlineItem(bundle.title, len(printed.pages))
                outline.root.append(item)
                item.is_closed = True
                if sheet:
                    _add_pages(printed, [sheet], is_duplex=is_duplex)
                for title, content in bundle.letters:
                    item.children.append(pikepdf.OutlineItem(title, len(printed.pages)))
                    _add_pages(printed, _open_letter(content, title).pages, is_duplex=is_duplex)
        printed.Root.PageMode = pikepdf.Name.UseOutlines
        printed.Root.ViewerPreferences = pikepdf.Dictionary(
            PrintScaling=pikepdf.Name("/None"),
            Duplex=pikepdf.Name("/DuplexFlipLongEdge" if is_duplex else "/Simplex"),
        )
        printed.docinfo["/Creator"] = _CREATOR
        pages = len(printed.pages)
        # cast: it is asked for nothing else that a file has.
        printed.save(cast(BinaryIO, sink), deterministic_id=True, min_version="1.7")
    if sink.refusal:
        raise sink.refusal
    return pages


class _Sink(RawIOBase):
    """Passes on what is written, and keeps a refusal for later: QPDF would abort the process."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.refusal: OSError | None = None

    def writable(self) -> bool:
        return True

    # Any: what a buffer is, which the base class does not name either.
    def write(self, chunk: Any) -> int:
        try:
            if not self.refusal:
                self._stream.write(chunk)
        except OSError as error:
            self.refusal = error
        return len(chunk)


def is_print_run_file(content: bytes) -> bool:
    """Say whether a file is one of these, so that the next may take its place."""
    try:
        with pikepdf.open(BytesIO(content)) as document:
            return document.docinfo.get("/Creator") == _CREATOR
    except pikepdf.PdfError:
        return False


def _without_sheets(bundles: Iterable[Bundle]) -> Iterator[tuple[Bundle, None]]:
    for bundle in bundles:
        yield bundle, None


def _with_sheets(
    bundles: Iterable[Bundle], context: ExportContext
) -> Iterator[tuple[Bundle, pikepdf.Page]]:
    """Yield each pile with its separator sheet; those that are laid out at once share typefaces."""
    waiting = iter(bundles)
    while some := list(islice(waiting, _AT_ONCE)):
        page = context.templates.lay_out(SHEET, {"sheets": [it.sheet for it in some]})
        with pikepdf.open(BytesIO(context.engine.print(page, {}))) as laid_out:
            gc.collect()  # what the engine leaves, which nobody looks for in a short process
            if len(laid_out.pages) != len(some):
                message, hint = "a separator sheet takes more than one page", "shorten its template"
                raise OptoutError(Problem("long-sheet", message, hint=hint))
            yield from zip(some, laid_out.pages, strict=True)


def _open_letter(content: bytes, title: str) -> pikepdf.Pdf:
    try:
        return pikepdf.open(BytesIO(content))
    except pikepdf.PdfError as error:
        message = f"the PDF of {title} cannot be read: {error}"
        raise OptoutError(Problem("broken-pdf", message)) from None


def _add_pages(printed: pikepdf.Pdf, pages: Iterable[pikepdf.Page], *, is_duplex: bool) -> None:
    """Put pages at the end, and an empty one where the next letter would begin overleaf."""
    before = len(printed.pages)
    for page in pages:
        del page.obj["/StructParents"]
        printed.pages.append(page)
    if is_duplex and (len(printed.pages) - before) % _SHEET_SIDES:
        printed.add_blank_page(page_size=(612, 792))  # pt: US Letter
