"""A file to enclose -> Attachment, checked: small enough, and if a PDF, one that can be read."""

import re
import unicodedata
from pathlib import Path

from optout_cli.errors import OptoutError, Problem, Spot
from optout_cli.model.notice import Attachment
from optout_cli.source.files import read_bytes

MAX_BYTES = 20_000_000  # more than this no e-mail takes along
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
_ANY = "application/octet-stream"


def load_attachment(path: Path) -> Attachment:
    """Read a file. Raises OptoutError where it is too large, or a PDF that is broken or locked."""
    content = read_bytes(str(path), MAX_BYTES)
    media_type = _MEDIA_TYPES.get(path.suffix.lower(), _ANY)
    if media_type == PDF:
        _check_pdf(content, path)
    return Attachment(_ascii_name(path.name), media_type, content)


def _check_pdf(content: bytes, path: Path) -> None:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        hint = "open it, and print it to a new PDF without a password"
        message = "is a PDF that is broken or locked by a password"
        raise OptoutError(Problem("broken-pdf", message, Spot(str(path)), hint)) from None
    pages = len(document)
    document.close()
    if not pages:
        raise OptoutError(Problem("broken-pdf", "is a PDF without a page", Spot(str(path))))


def _ascii_name(name: str) -> str:
    """Reduce a file's name to what every reader of e-mail keeps: `resolución 1.pdf` -> ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.") or "enclosure"
