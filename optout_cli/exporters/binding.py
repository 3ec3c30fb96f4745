"""Put PDFs together: a letter with its enclosures, and all letters of a batch in one file to print.

Such a file is not an archive copy. An enclosure may be any PDF, so the letter's claims of PDF/A and
PDF/UA are removed. A print run is written object by object, so that it may be larger than the
memory; only its pages and bookmarks go over.
"""

import gc
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

import pikepdf
from pypdfium2 import PdfiumError

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Attachment
from optout_cli.output import temporary_files
from optout_cli.readers.pdf_pages import drop_actions, flatten
from optout_cli.templating.pages import Sheet

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
                try:
                    document = stack.enter_context(pikepdf.open(BytesIO(flatten(file.content))))
                except (pikepdf.PdfError, PdfiumError) as error:
                    message = f"{file.name} cannot be put behind the letter: {error}"
                    hint = "open it, and print it to a new PDF"
                    raise OptoutError(
                        Problem("broken-pdf", message, None, hint, "enclosures")
                    ) from None
                drop_actions(document)
                package.add_pages_from(document, outlines="ignore")
        with package.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
            for key in [key for key in metadata if key.startswith(_CLAIMS)]:
                del metadata[key]
        # A large file is in memory only once, so it is first written to a temporary file.
        with temporary_files(), TemporaryFile() as output:
            package.save(output, deterministic_id=True)
            package.close()
            output.seek(0)
            return output.read()


_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"  # the second line marks a file that is not text
_INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")  # ISO 32000-1, 7.7.3.4
_LEFT_OUT = ("/Parent", "/StructParents")

Copied = dict[tuple[int, int], int]  # an object's number in its document -> in the new one


class Bookmark(NamedTuple):
    """A line of the table of contents: its page, counted from 0, and the lines below it."""

    title: str
    page: int
    below: Sequence["Bookmark"] = ()


class PrintWriter:
    """Writes a PDF from its beginning to its end. Raises OSError where that is not possible.

    Only the place of each object in the file and the number of each page stay in memory.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = sha256()
        self._size = 0
        self._places = array("Q")  # of each object in the file, by its number less one
        self._tree = self._reserve()
        self._parts: list[tuple[int, int]] = []  # of the tree of pages: number, first page
        self._pages = array("Q")  # the number of each page
        self._write(_HEADER)

    @property
    def count(self) -> int:
        """How many pages there are so far."""
        return len(self._pages)

    def begin_part(self) -> None:
        """Begin a part of the tree of pages: one list of all pages makes readers slow."""
        self._parts.append((self._reserve(), self.count))

    def add_pages(self, pages: Iterable[pikepdf.Page], copied: Copied) -> None:
        """Write pages of one document, with everything that they refer to.

        `copied` has the objects of that document that are written already, and gets the others.
        """
        copier = _Copier(copied, self._reserve)
        objects = [page.obj for page in pages]
        numbers = [copier.claim(page) for page in objects]
        self._pages.extend(numbers)
        for number, page in zip(numbers, objects, strict=True):
            entries = {key: value for key, value in page.items() if key not in _LEFT_OUT}
            above = page.get("/Parent")
            while above is not None:  # a page has some entries from the tree of its document
                missing = (key for key in _INHERITED if key not in entries and key in above)
                entries |= {key: above[key] for key in missing}
                above = above.get("/Parent")
            self._put(number, copier.dictionary(entries, {"/Parent": self._part()}))
        for number, value in copier.others():
            if isinstance(value, pikepdf.Stream):
                content = value.read_raw_bytes()
                entries = {key: it for key, it in value.stream_dict.items() if key != "/Length"}
                head = copier.dictionary(entries, {"/Length": b"%d" % len(content)})
                self._put(number, head, b"\nstream\n", content, b"\nendstream")
            else:
                self._put(number, copier.content(value))

    def add_blank_page(self) -> None:
        """Write a page of US Letter without anything on it."""
        number = self._reserve()
        self._pages.append(number)
        page = b"<< /Type /Page /MediaBox [ 0 0 612 792 ] /Resources << >> /Parent %s >>"
        self._put(number, page % self._part())

    def finish(
        self, bookmarks: Sequence[Bookmark], root: Mapping[str, bytes], info: Mapping[str, bytes]
    ) -> None:
        """Write the bookmarks, and where each object is.

        `root` and `info` are further entries of the document, written as a PDF has them.
        """
        ends = [*(first for _, first in self._parts[1:]), self.count]
        for (number, first), end in zip(self._parts, ends, strict=True):
            self._put_tree(number, self._pages[first:end], {"/Parent": _ref(self._tree)})
        self._put_tree(self._tree, [number for number, _ in self._parts], {})
        outlines, catalog, about = self._reserve(), self._reserve(), self._reserve()
        self._put_bookmarks(outlines, bookmarks, {})
        known = {"/Type": b"/Catalog", "/Pages": _ref(self._tree), "/Outlines": _ref(outlines)}
        self._put(catalog, _dictionary({**known, **root}))
        self._put(about, _dictionary(info))
        start, size = self._size, len(self._places) + 1
        self._write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
        for place in self._places:
            self._write(b"%010d 00000 n \n" % place)
        digest = b"<%s>" % self._digest.hexdigest()[:32].encode()
        trailer = {
            "/Size": b"%d" % size,
            "/Root": _ref(catalog),
            "/Info": _ref(about),
            "/ID": b"[ %s %s ]" % (digest, digest),
        }
        self._write(b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (_dictionary(trailer), start))

    def _put_tree(self, number: int, kids: Sequence[int], entries: Mapping[str, bytes]) -> None:
        count = len(kids) if entries else self.count
        listed = b"[ %s ]" % b" ".join(map(_ref, kids))
        own = {"/Type": b"/Pages", "/Count": b"%d" % count, "/Kids": listed}
        self._put(number, _dictionary({**own, **entries}))

    def _put_bookmarks(
        self, number: int, below: Sequence[Bookmark], entries: Mapping[str, bytes]
    ) -> None:
        """Write the bookmark `number`, which has these entries, and the ones below it."""
        numbers = [self._reserve() for _ in below]
        ends = {"/First": _ref(numbers[0]), "/Last": _ref(numbers[-1])} if numbers else {}
        # A negative count: the lines below it are not shown at first.
        count = {"/Count": b"%d" % (-len(numbers) if entries else len(numbers))} if numbers else {}
        self._put(number, _dictionary({**entries, **ends, **count}))
        for index, bookmark in enumerate(below):
            own = {
                "/Title": pikepdf.String(bookmark.title).unparse(),
                "/Parent": _ref(number),
                "/Dest": b"[ %s /Fit ]" % _ref(self._pages[bookmark.page]),
            }
            if index:
                own["/Prev"] = _ref(numbers[index - 1])
            if index + 1 < len(numbers):
                own["/Next"] = _ref(numbers[index + 1])
            self._put_bookmarks(numbers[index], bookmark.below, own)

    def _part(self) -> bytes:
        return _ref(self._parts[-1][0])

    def _reserve(self) -> int:
        self._places.append(0)
        return len(self._places)

    def _put(self, number: int, *content: bytes) -> None:
        self._places[number - 1] = self._size
        self._write(b"%d 0 obj\n%s\nendobj\n" % (number, b"".join(content)))

    def _write(self, content: bytes) -> None:
        self._stream.write(content)
        self._digest.update(content)
        self._size += len(content)


class _Copier:
    """Writes values of one document with the new numbers of the objects that they refer to."""

    def __init__(self, copied: Copied, reserve: Callable[[], int]) -> None:
        self._copied = copied
        self._reserve = reserve
        self._waiting: list[tuple[int, pikepdf.Object]] = []

    def claim(self, value: pikepdf.Object) -> int:
        """Return a new number for an object that the caller writes."""
        number = self._copied[value.objgen] = self._reserve()
        return number

    def others(self) -> Iterator[tuple[int, pikepdf.Object]]:
        """Yield each object that was referred to, with its number, until there are no more."""
        while self._waiting:
            yield self._waiting.pop()

    # Any: pikepdf gives numbers and truth values as Python's own.
    def content(self, value: Any) -> bytes:
        """Write a value as it is, and the values in it."""
        if not isinstance(value, pikepdf.Object):
            return pikepdf.Array([value]).unparse()[1:-1].strip()
        text = value.unparse(resolved=True)
        if b" R" not in text:  # it refers to nothing
            return text
        if isinstance(value, pikepdf.Dictionary):
            return self.dictionary(dict(value.items()), {})
        if isinstance(value, pikepdf.Array):
            return b"[ %s ]" % b" ".join(map(self._value, value))
        return text

    def dictionary(self, entries: Mapping[str, Any], more: Mapping[str, bytes]) -> bytes:
        """Write a dictionary; `more` are entries that are written already."""
        written = {key: self._value(value) for key, value in entries.items()}
        return _dictionary({**written, **more})

    def _value(self, value: Any) -> bytes:
        if not isinstance(value, pikepdf.Object) or not value.is_indirect:
            return self.content(value)
        if value.objgen not in self._copied:
            if isinstance(value, pikepdf.Dictionary) and value.get("/Type") == "/Page":
                return b"null"  # a page that is not copied
            self._waiting.append((self.claim(value), value))
        return _ref(self._copied[value.objgen])


def _ref(number: int) -> bytes:
    return b"%d 0 R" % number


def _dictionary(entries: Mapping[str, bytes]) -> bytes:
    pairs = (b"%s %s" % (pikepdf.Name(key).unparse(), value) for key, value in entries.items())
    return b"<< %s >>" % b" ".join(pairs)


_AT_ONCE = 100  # requests whose separator sheets are laid out together
_CREATOR = "optout batch --print"
_OWN_KEYWORDS = ("optout packet", "optout labels", "optout envelopes", "optout guide")
_SHEET_SIDES = 2  # of a sheet of paper


class Bundle(NamedTuple):
    """A request's bookmark, the name and PDF of each letter, and the words of its separator."""

    title: str
    letters: Sequence[tuple[str, bytes]]
    sheet: Sheet


# Each bundle, the sheet before it, and what is written of the document that the sheet is in.
_WithSheets = Iterator[tuple[Bundle, list[pikepdf.Page], Copied]]


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
    with_none: _WithSheets = ((bundle, [], {}) for bundle in bundles)
    for bundle, sheets, copied in _with_sheets(bundles, context) if with_sheets else with_none:
        writer.begin_part()
        start, below = writer.count, []
        _add(writer, sheets, copied, is_duplex=is_duplex)
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


def what_is(path: Path) -> str | None:
    """Return what a PDF by optout is, such as `packet`; None for a letter or another's file.

    Raises OSError.
    """
    try:
        with pikepdf.open(path) as document:
            creator, keywords = (
                str(document.docinfo.get(key)) for key in ("/Creator", "/Keywords")
            )
    except (pikepdf.PdfError, pikepdf.PasswordError):
        return None
    if creator == _CREATOR:
        return "print run"
    return keywords.removeprefix("optout ") if keywords in _OWN_KEYWORDS else None


def _with_sheets(bundles: Iterable[Bundle], context: ExportContext) -> _WithSheets:
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
                yield bundle, [sheet], copied


def _add(
    writer: PrintWriter, pages: Iterable[pikepdf.Page], copied: Copied, *, is_duplex: bool
) -> None:
    """Write pages, and a blank one where the next letter would begin on a back side."""
    before = writer.count
    writer.add_pages(pages, copied)
    if is_duplex and (writer.count - before) % _SHEET_SIDES:
        writer.add_blank_page()
