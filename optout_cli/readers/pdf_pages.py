"""What the pages of a PDF show when they are printed, and what is in it that they do not show.

`flatten` draws over the pages what lies over them, as a printer does.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from optout_cli.errors import shorten

if TYPE_CHECKING:
    import pikepdf

_NOT_ON_PAGE = ("/Link", "/Popup")  # what no printer draws
# Annotations whose words stand in a window of their own.
_COMMENTS = {"/Text", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Caret"}
_HIDDEN = 2 | 32  # flags: hidden, and not to be viewed (ISO 32000-1, 12.5.3)


@lru_cache(maxsize=4)  # the formats of a letter, and its letters, enclose the same files
def flatten(content: bytes) -> bytes:
    """Return a PDF whose form values, stamps and the like are drawn on its pages, as printed.

    A PDF without any stays as it is. Raises PdfiumError for one that cannot be read.
    """
    if not _has_annotations(content):
        return content
    import pypdfium2 as pdfium
    import pypdfium2.raw as pdfium_c

    output = BytesIO()
    with closing(pdfium.PdfDocument(content)) as document:
        document.init_forms()
        for page in document:
            with closing(page):
                pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_PRINT)
        document.save(output)
    return output.getvalue()


def _has_annotations(content: bytes) -> bool:
    import pikepdf  # 100 ms

    with pikepdf.open(BytesIO(content)) as document:
        return any(
            str(each.get("/Subtype", "")) not in _NOT_ON_PAGE
            for page in document.pages
            for each in _annotations(page)
        )


def _annotations(page: "pikepdf.Page") -> "list[pikepdf.Object]":
    import pikepdf  # 100 ms

    found = page.obj.get("/Annots")
    if not isinstance(found, pikepdf.Array):
        return []
    return [each for each in found if isinstance(each, pikepdf.Dictionary)]


def refusal(document: "pikepdf.Pdf") -> str:
    """Return why the pages of a PDF are not what its sender means to show, or an empty text."""
    if "/Collection" in document.Root:
        return "is a PDF portfolio: its files are not on its pages"
    if document.Root.get("/NeedsRendering"):  # ISO 32000-1, annex K
        return "is an XFA form: its pages are made only as Adobe Reader opens it"
    if _has_hidden_layers(document):
        return "has hidden layers, which would show behind the letter"
    for number, page in enumerate(document.pages, 1):
        if any(each.get("/Subtype") == "/Redact" for each in _annotations(page)):
            return f"has passages on page {number} that are marked for redaction but still there"
    return ""


def _has_hidden_layers(document: "pikepdf.Pdf") -> bool:
    """Tell whether a layer is off at first, or by its use (ISO 32000-1, 8.11.4).

    Pages bound to a letter lose what their document says of its layers, and show them all.
    """
    import pikepdf  # 100 ms

    usual = _within(document.Root, "/OCProperties", "/D")
    if _within(usual, "/OFF") or _within(usual, "/BaseState") == "/OFF":
        return True
    layers = _within(document.Root, "/OCProperties", "/OCGs")
    states = (("/Print", "/PrintState"), ("/View", "/ViewState"))
    return any(
        _within(layer, "/Usage", *state) == "/OFF"
        for layer in (layers if isinstance(layers, pikepdf.Array) else ())
        for state in states
    )


# Any: numbers and truth values are Python's own.
def _within(value: Any, *keys: str) -> Any:
    """Return what stands below these keys, one within the other, or None."""
    import pikepdf  # 100 ms

    for key in keys:
        value = value.get(key) if isinstance(value, pikepdf.Dictionary) else None
    return value


def unseen(content: bytes, document: "pikepdf.Pdf") -> Iterator[str]:
    """Yield what a PDF contains that its printed pages do not show: values, comments, files."""
    if files := len(document.attachments):
        yield f"{files} file{'s' if files > 1 else ''} attached to it"
    if not _has_annotations(content):
        return
    import pypdfium2 as pdfium

    with closing(pdfium.PdfDocument(flatten(content))) as drawn:
        for number, page in enumerate(document.pages, 1):
            annotations = _annotations(page)
            comments = sum(each.get("/Subtype") in _COMMENTS for each in annotations)
            if comments:
                yield f"{comments} comment{'s' if comments > 1 else ''} on page {number}"
            values = [pair for each in annotations if (pair := _value(each))]
            if not values:
                continue
            with closing(drawn[number - 1].get_textpage()) as text:
                shown = _compact(text.get_text_range())
            for name, value in values:
                if _compact(value) not in shown:
                    yield f"the value of the field {shorten(name)!r} on page {number}"


def _value(widget: "pikepdf.Object") -> tuple[str, str] | None:
    """Return name and value of a text or a choice that a form shows, or of a box without a mark."""
    import pikepdf  # 100 ms

    field, kind, value = widget, widget.get("/FT"), widget.get("/V")
    if kind is None and isinstance(widget.get("/Parent"), pikepdf.Dictionary):
        field = widget.Parent
        kind, value = field.get("/FT"), field.get("/V")
    if widget.get("/Subtype") != "/Widget" or int(widget.get("/F", 0)) & _HIDDEN:
        return None
    name = str(field.get("/T", ""))
    if kind in ("/Tx", "/Ch") and isinstance(value, pikepdf.String) and str(value).strip():
        return name, str(value)
    is_set = kind == "/Btn" and isinstance(value, pikepdf.Name) and value != "/Off"
    # A box without a drawing of its mark: no page has this text.
    return (name, "\0") if is_set and "/AP" not in widget else None


def _compact(text: str) -> str:
    """Return a text without blanks and hyphens, which a line's end may add."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", unicodedata.normalize("NFKC", text))
