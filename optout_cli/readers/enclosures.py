"""A file to enclose -> Attachment, checked: small enough, and if a PDF, one that can be read."""

import math
import re
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.letter import Attachment
from optout_cli.readers.files import read_bytes

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
_HEAD, _HEAD_WITHIN = b"%PDF-", 1024  # readers take it anywhere in so many bytes
_EMPTY = "is empty"
_NO_PDF = "is no PDF, whatever its name says"
_NO_PAGE = "is a PDF without a page"
_LOCKED = "is a PDF locked by a password"
_LIMITED = "is a PDF with limits on what may be done with it"
_DAMAGED = "is a damaged PDF"
_ANEW = "open it, look at each page, and print it to a new PDF"
_ANY = "application/octet-stream"
# Faults in a PDF's bookkeeping that every reader steps over: what qpdf says, and what we say.
# Whatever else qpdf says may cost a page some of its words.
_SMALL_FAULTS = {
    "reported number of objects": "a wrong count of its objects",
    "MediaBox is undefined": "a page without a size",
    "expected endobj": "an object without its end mark",
    "name with stray #": "a name with a stray #",
}
_FAST_WEB_VIEW = "wrong entries for fast web view"
_LINEARIZED = b"/Linearized"  # marks a PDF that has such entries
_SCALE = 0.25  # px a pt: a word that is drawn or not still changes a pixel


class _Faults(NamedTuple):
    """Why a PDF cannot be enclosed, if it cannot; else the small faults that readers repair."""

    refused: str = ""
    small: tuple[str, ...] = ()


_FAULTS: dict[bytes, _Faults] = {}  # by the content's digest, for as long as the process lives


def load_attachment(path: Path, name: str = "") -> Attachment:
    """Read a file; `name` is what the user calls it, where `path` is what a link leads to.

    Raises OptoutError where it is too large, or a PDF that is broken or locked.
    """
    content = read_bytes(str(path), MAX_BYTES)
    called = Path(name or path)
    media_type = _MEDIA_TYPES.get(called.suffix.lower(), _ANY)
    problems = _known_faults(content) if media_type == PDF else _Faults()
    if problems.refused:
        is_another_file = problems.refused in (_EMPTY, _NO_PDF, _NO_PAGE)
        hint = "name the file that you mean" if is_another_file else _ANEW
        raise OptoutError(Problem("broken-pdf", problems.refused, Location(str(path)), hint))
    return Attachment(_ascii_name(called.name), media_type, content, problems.small)


def _known_faults(content: bytes) -> _Faults:
    """Say what `_fault_of` does, and look once at a resolution that a thousand rows enclose."""
    digest = sha256(content).digest()
    if digest not in _FAULTS:
        _FAULTS[digest] = _fault_of(content)
    return _FAULTS[digest]


def _fault_of(content: bytes) -> _Faults:
    """Say why a reader may show less of a PDF than there is, or which faults all of them repair."""
    if not content:
        return _Faults(_EMPTY)
    if _HEAD not in content[:_HEAD_WITHIN]:
        return _Faults(_NO_PDF)
    import pikepdf
    from pypdfium2 import PdfiumError

    try:
        with _quiet():
            return _faults_within(content)
    except pikepdf.PasswordError:
        return _Faults(_LOCKED)
    # DependencyError: the words of a page are packed as a picture in JBIG2. Its pictures may be.
    except (pikepdf.PdfError, pikepdf.DependencyError, PdfiumError):
        return _Faults(_DAMAGED)


def _faults_within(content: bytes) -> _Faults:
    """Look into a PDF. Raises what pikepdf and pypdfium2 do where it is locked or damaged."""
    import pikepdf

    # The entries for fast web view are looked at by themselves: they matter to no page.
    unmarked = content.replace(_LINEARIZED, _LINEARIZED.lower(), 1)
    # Strictly: what one reader mends another may leave out.
    with pikepdf.open(BytesIO(unmarked), attempt_recovery=False) as document:
        if document.is_encrypted:
            return _Faults(_LIMITED)
        if not document.pages:
            return _Faults(_NO_PAGE)
        messages = [*document.get_warnings(), *document.check_pdf_syntax()]
        small = {_small_fault(it) for it in messages}
        if refused := _fault_of_pages(content, len(document.pages)):
            return _Faults(refused)
        if "" in small or (small and not _is_drawn_alike(content, document)):
            return _Faults(_DAMAGED)
    if unmarked != content:
        with pikepdf.open(BytesIO(content), attempt_recovery=False) as document:
            if document.is_linearized and not document.check_linearization(StringIO()):
                small.add(_FAST_WEB_VIEW)
    return _Faults(small=tuple(sorted(small)))


def _small_fault(message: str) -> str:
    """Return the small fault that a message of qpdf's is about, or an empty text."""
    return next((small for said, small in _SMALL_FAULTS.items() if said in message), "")


def _fault_of_pages(content: bytes, count: int) -> str:
    """Load each page as it is drawn for a fax. Raises PdfiumError for one that cannot be."""
    import pypdfium2

    with closing(pypdfium2.PdfDocument(content)) as document:
        if len(document) != count:  # a page that one reader knows of and another does not
            return _DAMAGED
        for number, page in enumerate(document, 1):
            if not all(0 < length < math.inf for length in page.get_size()):
                return f"is a PDF whose page {number} is cropped to nothing"
    return ""


def _is_drawn_alike(content: bytes, document: "pikepdf.Pdf") -> bool:
    """Tell whether a PDF is drawn as one that was read by another reader and written anew."""
    output = BytesIO()
    document.save(output)
    return _drawn(content) == _drawn(output.getvalue())


def _drawn(content: bytes) -> list[bytes]:
    """Return a digest of each page as it is drawn, small."""
    import pypdfium2

    with closing(pypdfium2.PdfDocument(content)) as document:
        pages = (page.render(scale=_SCALE, grayscale=True) for page in document)
        return [sha256(bytes(it.buffer)).digest() for it in pages]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pikepdf off the screen, and give sys.stderr back.

    Its check of the entries for fast web view puts another stream there and leaves it: each later
    message of the process would be lost.
    """
    with redirect_stderr(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _ascii_name(name: str) -> str:
    """Reduce a file's name to what every reader of e-mail keeps: `resolución 1.pdf` -> ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.") or "enclosure"
