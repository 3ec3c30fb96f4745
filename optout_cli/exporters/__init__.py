"""One file per format; each turns a finished Letter into bytes and knows nothing behind it.

A format is a module with `MEDIA_TYPE`, `IS_TEXT` and `encode(letter, press) -> bytes`; its name
is the file's suffix. A further format is one more line here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from optout_cli.exporters.context import ExportContext
    from optout_cli.model.letter import Letter
    from optout_cli.model.notice import Route
import io

FORMATS = {
    "pdf": "a letter to print, sign and mail (PDF/A-2a, PDF/UA-1)",
    "txt": "plain text, 80 columns",
    "html": "one web page, nothing outside it",
    "json": "the facts of the notice, with the source of every contact",
    "eml": "an e-mail with text, web page and PDF (RFC 5322)",
    "fax": "fax-ready text: ASCII, a cover page, numbered pages",
    "tiff": "fax pages: cover, letter and enclosed PDFs (TIFF class F)",
}
# The address that a format needs of the recipient: a message that can go nowhere is none.
ROUTES: dict[str, "Route"] = {"eml": "email", "fax": "fax", "tiff": "fax"}


class Exporter(Protocol):
    """What a format's module has."""

    MEDIA_TYPE: str
    IS_TEXT: bool

    def encode(self, letter: "Letter", context: "ExportContext") -> bytes:
        """Return the letter in this format; the same letter gives the same bytes."""
        ...


def exporter_for(name: str) -> Exporter:
    """Import the module of the format `name` in FORMATS; PDF alone loads the PDF engine."""
    # A module fits a protocol by what it has, which no checker can see through import_module.
    return cast(Exporter, import_module(f"optout_cli.exporters.{name}"))


def count_pages(name: str, content: bytes) -> int | None:
    """Return the number of pages, or None where the format `name` has none."""
    if name == "pdf":
        import pypdfium2

        document = pypdfium2.PdfDocument(content)
        pages = len(document)
        document.close()
        return pages
    if name == "tiff":
        from PIL import Image

        with Image.open(io.BytesIO(content)) as image:
            return getattr(image, "n_frames", 1)
    return content.count(b"\f") + 1 if name == "fax" else None
