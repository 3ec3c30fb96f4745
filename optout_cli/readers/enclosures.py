"""A file to enclose -> Attachment, checked: small enough, and a PDF can be read by every reader."""

import math
import re
import sys
import unicodedata
import warnings
from contextlib import closing, redirect_stderr
from hashlib import sha256
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Attachment
from optout_cli.readers.files import read_bytes
from optout_cli.readers.unpacking import unpack
from optout_cli.trust import is_reserved

if TYPE_CHECKING:
    import pikepdf


MAX_BYTES = 100 * 2**20
PDF = "application/pdf"
_MEDIA_TYPES = {
    ".pdf": PDF,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".txt": "text/plain",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
_HEAD, _HEAD_WITHIN = b"%PDF-", 1024  # readers accept it anywhere in the first 1024 bytes
_EMPTY = "is empty"
_NO_PDF = "is not a PDF, although its name says so"
_NO_PAGE = "is a PDF with no pages"
_LOCKED = "is a PDF locked with a password"
_CERTIFIED = "is a PDF that only certain people can open"
_LIMITED = "is a PDF that nobody may print, as its owner says in it"
_DAMAGED = "is a damaged PDF"
_MANY = "is a PDF of {:,} pages; the limit is {:,}"
_MOST_PAGES = 2_000  # which take an hour as a fax
_INTRICATE = "is a PDF whose {} drawn with more than {} MB of instructions"
_HUGE = "is a PDF that unpacks to more than {} MB in one place"
_SLOW = "is a PDF with too much in one place that is packed in an old way"
# What qpdf does not unpack, or without an error where it is damaged.
_PACKED = {"JBIG2Decode", "JPXDecode", "CCITTFaxDecode", "CCF", "RunLengthDecode"}
_MOST_PICTURES = 100  # of a page that are unpacked
_MB = 10**6
# Bytes that draw a page, 20 bytes of memory each, and that draw all pages, 0.7 s for each MB.
_MOST_ON_PAGE, _MOST_ON_ALL = 10 * _MB, 100 * _MB
_MOST = {True: 250 * _MB, False: 50 * _MB}  # bytes of a stream: a picture (600 dpi), or any other
_LARGE = 20 * _MB  # bytes of a picture that qpdf is not to unpack in memory
_PRINT_AGAIN = "open it, check each page, and print it to a new PDF"
_HINTS = {  # by words of the problem
    **dict.fromkeys((_EMPTY, _NO_PDF, _NO_PAGE), "give the name of the file that you mean"),
    _LOCKED: "open it with its password, and print it to a new PDF",
    _LIMITED: "ask its owner for a copy that may be printed",
    "pages; the limit": "enclose fewer pages: those that matter here",
    "instructions": "scan its pages, or save them as pictures, and enclose these as a PDF",
    "portfolio": "enclose each of its files by itself",
    "redaction": "apply the redactions in a PDF program, and save it again",
}
_ANY = "application/octet-stream"
# Problems in a PDF's structure that every reader repairs: qpdf's words -> our words. Anything else
# that qpdf reports may cost a page some of its words.
_REPAIRED = {
    "reported number of objects": "a wrong count of its objects",
    "MediaBox is undefined": "a page without a size",
    "expected endobj": "an object without its end mark",
    "name with stray #": "a name with a stray #",
    "Name/Number tree node": "a wrong entry in its list of places",
}
_FAST_WEB_VIEW = "wrong entries for fast web view"
_LINEARIZED = b"/Linearized"  # marks a PDF that has such entries
_SCALE = 0.25  # px per pt; at this size a missing word still changes a pixel


class _PdfCheck(NamedTuple):
    """Why a PDF cannot be enclosed, or else what readers repair in it and what no page shows."""

    problem: str = ""
    repaired: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


# Results by the SHA-256 of the content: a thousand rows may enclose one resolution.
_CHECKED: dict[bytes, _PdfCheck] = {}


def load_attachment(path: Path, name: str = "") -> Attachment:
    """Read the file at `path`; `name` is the user's name for it, where `path` is a link's target.

    Raises OptoutError where it is too large, or a PDF that is broken or locked.
    """
    content = read_bytes(str(path), MAX_BYTES)
    named = Path(name or path)
    media_type = _MEDIA_TYPES.get(named.suffix.lower(), _ANY)
    check = _PdfCheck()
    if media_type == PDF:
        digest = sha256(content).digest()
        check = _CHECKED.get(digest) or _CHECKED.setdefault(digest, _check_pdf(content))
    if check.problem:
        hints = (hint for words, hint in _HINTS.items() if words in check.problem)
        hint = next(hints, _PRINT_AGAIN)
        raise OptoutError(Problem("broken-pdf", check.problem, Location(str(path)), hint))
    # Every e-mail reader keeps an ASCII name: `resolución 1.pdf` -> `resolucion-1.pdf`.
    plain = unicodedata.normalize("NFKD", named.name).encode("ascii", "ignore").decode()
    ascii_name = re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.") or "enclosure"
    if is_reserved(Path(ascii_name)):  # Windows could not save it: `aux.pdf`, `con.pdf`
        ascii_name = f"enclosure-{ascii_name}"
    return Attachment(ascii_name, media_type, content, check.repaired, check.unseen)


def _check_pdf(content: bytes) -> _PdfCheck:
    """Tell why a reader may show only part of a PDF, or which problems every reader repairs."""
    if not content:
        return _PdfCheck(_EMPTY)
    if _HEAD not in content[:_HEAD_WITHIN]:
        return _PdfCheck(_NO_PDF)
    import pikepdf
    from pypdfium2 import PdfiumError

    try:
        # pikepdf's check of the entries for fast web view replaces sys.stderr and leaves it so: the
        # process would lose every later message.
        with redirect_stderr(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _check_structure(content)
    except pikepdf.PasswordError:
        return _PdfCheck(_LOCKED)
    # DependencyError: the page's words are compressed as a JBIG2 picture. Its pictures may be.
    # RuntimeError: qpdf knows no key of this length, or the objects are nested without end.
    except (pikepdf.PdfError, pikepdf.DependencyError, PdfiumError, RuntimeError) as error:
        said = {"unsupported encryption filter": _CERTIFIED, "Incorrect password": _LOCKED}
        return _PdfCheck(next((it for words, it in said.items() if words in str(error)), _DAMAGED))


def _check_structure(content: bytes) -> _PdfCheck:
    """Open a PDF in two readers. Raises their errors where it is locked or damaged."""
    import pikepdf

    from optout_cli.readers.pdf_pages import refusal, unseen

    # Check the entries for fast web view separately: they affect no page.
    unmarked = content.replace(_LINEARIZED, _LINEARIZED.lower(), 1)
    # No recovery: one reader may repair what another leaves out.
    with pikepdf.open(BytesIO(unmarked), attempt_recovery=False) as document:
        # Everybody can open it, or `open` had failed. Its owner may still forbid to print it.
        if document.is_encrypted and not document.allow.print_lowres:
            return _PdfCheck(_LIMITED)
        if not document.pages:
            return _PdfCheck(_NO_PAGE)
        large: list[tuple[int, int]] = []
        problem = _size_problem(document, large) or refusal(document) or _work_problem(document)
        if problem := problem or _page_problem(content, len(document.pages)):
            return _PdfCheck(problem)
        repaired = {
            next((words for said, words in _REPAIRED.items() if said in message), "")
            for message in (*document.get_warnings(), *_syntax_messages(unmarked, large))
        }
        if repaired:
            copy = BytesIO()  # as another reader writes it
            document.save(copy)
            if "" in repaired or _draw_pages(content) != _draw_pages(copy.getvalue()):
                return _PdfCheck(_DAMAGED)
        hidden = tuple(unseen(content, document))
    if unmarked != content:
        with pikepdf.open(BytesIO(content), attempt_recovery=False) as document:
            if document.is_linearized and not document.check_linearization(StringIO()):
                repaired.add(_FAST_WEB_VIEW)
    return _PdfCheck(repaired=tuple(sorted(repaired)), unseen=hidden)


def _syntax_messages(content: bytes, large: list[tuple[int, int]]) -> list[str]:
    """Return what qpdf reports of each object but the pictures in `large`.

    It would unpack each of them in memory.
    """
    import pikepdf

    with pikepdf.open(BytesIO(content), attempt_recovery=False) as document:
        for number in large:
            document.get_object(number).write(b"")
        return document.check_pdf_syntax()


def _size_problem(document: "pikepdf.Pdf", large: list[tuple[int, int]]) -> str:
    """Return why drawing a PDF would take all memory or minutes, or an empty text.

    Unpacks little itself. Adds to `large` each large picture that unpacks without an error.
    """
    import pikepdf

    for stream in document.objects:
        if not isinstance(stream, pikepdf.Stream):
            continue
        is_picture = stream.get("/Subtype") == "/Image"
        most = _MOST[is_picture]
        found = unpack(stream, most, _LARGE)
        if found and found.size > most:
            return _HUGE.format(most // _MB)
        if found and found.is_slow:
            return _SLOW
        if found and is_picture and found.is_whole and found.size > _LARGE:
            large.append(stream.objgen)
    return ""


def _work_problem(document: "pikepdf.Pdf") -> str:
    """Return why a PDF takes too long to draw: many pages, or much to draw on them."""
    from optout_cli.readers.pdf_pages import instructions_on

    if (count := len(document.pages)) > _MOST_PAGES:
        return _MANY.format(count, _MOST_PAGES)
    known: dict[tuple[int, int], int] = {}
    size = 0
    for number, page in enumerate(document.pages, 1):
        on_page = instructions_on(page.obj, known, _MOST_ON_PAGE, page.get("/Resources"))
        if on_page > _MOST_ON_PAGE:
            return _INTRICATE.format(f"page {number} is", _MOST_ON_PAGE // _MB)
        if (size := size + on_page) > _MOST_ON_ALL:
            return _INTRICATE.format("pages are", _MOST_ON_ALL // _MB)
    return ""


def _page_problem(content: bytes, count: int) -> str:
    """Load each page as for a fax, and return the first problem or an empty text.

    Raises PdfiumError for a page that cannot be loaded and a picture that cannot be unpacked.
    """
    import pypdfium2
    from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

    has_packed = any(name.encode() in content for name in _PACKED)
    with closing(pypdfium2.PdfDocument(BytesIO(content))) as document:
        if len(document) != count:  # only one of the two readers finds some page
            return _DAMAGED
        for number, page in enumerate(document, 1):
            with closing(page):  # or its pictures stay in memory
                if not all(0 < length < math.inf for length in page.get_size()):
                    return f"is a PDF whose page {number} is cropped to nothing"
                pictures = page.get_objects([FPDF_PAGEOBJ_IMAGE]) if has_packed else ()
                for picture in islice(pictures, _MOST_PICTURES):
                    is_small = math.prod(picture.get_px_size()) <= _MOST[True]
                    if is_small and not _PACKED.isdisjoint(picture.get_filters()):
                        picture.get_bitmap()
    return ""


def _draw_pages(content: bytes) -> list[bytes]:
    """Draw each page at a small size and return the digests of its pixels."""
    import pypdfium2

    digests = []
    with closing(pypdfium2.PdfDocument(BytesIO(content))) as document:
        for page in document:
            with closing(page), closing(page.render(scale=_SCALE, grayscale=True)) as drawn:
                digests.append(sha256(bytes(drawn.buffer)).digest())
    return digests
