"""A file to enclose -> Attachment, checked: small enough, and if a PDF, one that can be read."""

import re
import unicodedata
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from optout_cli.errors import OptoutError, Problem, Spot
from optout_cli.model.notice import Attachment
from optout_cli.source.files import read_bytes

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
_LOCKED = "is a PDF locked by a password"
_LIMITED = "is a PDF with limits on what may be done with it"
_DAMAGED = "is a damaged PDF"
_ANEW = "open it, look at each page, and print it to a new PDF"
_ANY = "application/octet-stream"
_FAULTS: dict[bytes, str | None] = {}  # by the content's digest, for as long as the process lives


def load_attachment(path: Path, name: str = "") -> Attachment:
    """Read a file; `name` is what the user calls it, where `path` is what a link leads to.

    Raises OptoutError where it is too large, or a PDF that is broken or locked.
    """
    content = read_bytes(str(path), MAX_BYTES)
    called = Path(name or path)
    media_type = _MEDIA_TYPES.get(called.suffix.lower(), _ANY)
    if media_type == PDF and (fault := _known_fault(content)):
        hint = _ANEW if fault in (_LOCKED, _LIMITED, _DAMAGED) else "name the file that you mean"
        raise OptoutError(Problem("broken-pdf", fault, Spot(str(path)), hint))
    return Attachment(_ascii_name(called.name), media_type, content)


def _known_fault(content: bytes) -> str | None:
    """Say what `_fault_of` does, and look once at a resolution that a thousand rows enclose."""
    digest = sha256(content).digest()
    if digest not in _FAULTS:
        _FAULTS[digest] = _fault_of(content)
    return _FAULTS[digest]


def _fault_of(content: bytes) -> str | None:
    """Say why any reader may show less of a PDF than there is; None for a whole one."""
    if not content:
        return "is empty"
    if _HEAD not in content[:_HEAD_WITHIN]:
        return "is no PDF, whatever its name says"
    import pikepdf

    try:
        # Strictly: what one reader mends another may leave out.
        with pikepdf.open(BytesIO(content), attempt_recovery=False) as document:
            return _fault_within(document)
    except pikepdf.PasswordError:
        return _LOCKED
    except pikepdf.PdfError:
        return _DAMAGED


def _fault_within(document: "pikepdf.Pdf") -> str | None:
    if document.is_encrypted:
        return _LIMITED
    if not document.pages:
        return "is a PDF without a page"
    return _DAMAGED if document.check_pdf_syntax() else None


def _ascii_name(name: str) -> str:
    """Reduce a file's name to what every reader of e-mail keeps: `resolución 1.pdf` -> ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.") or "enclosure"
