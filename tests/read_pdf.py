"""Read a PDF's words, where they stand on the page, and its tags."""

import ctypes
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pikepdf
import pypdfium2
from pypdfium2 import raw

PAGE_HEIGHT = 11.0  # in
POINTS = 72  # an inch
_UNMARKED = -1  # the mark of words outside the tags, and of a child on another page
# in from the left and from the top: what stays visible wherever the folded sheet slides
SAFE = (1.0, 2.63, 4.25, 3.20)
# in from the top: what may show in the window of one envelope or another
SEEN = (2.2, 3.63)
CLEAR = 0.125  # in between SAFE and every edge of the window (DMM 601.6.3)
SLACK = 0.01  # in; a letter's curve may reach over the edge of its box


class Line(NamedTuple):
    """A text on a page; its box in inches from the left and from the top."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def opened(content: bytes) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(content)


def objects_of(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(content))


def lines_on(page: pypdfium2.PdfPage) -> list[Line]:
    """Return every text of a page, from top to bottom."""
    text_page = page.get_textpage()
    boxes = [text_page.get_rect(number) for number in range(text_page.count_rects())]
    return sorted(
        (Line(text_page.get_text_bounded(*box).strip(), *_inches(*box)) for box in boxes),
        key=lambda line: (line.top, line.left),
    )


def _inches(left: float, bottom: float, right: float, top: float) -> tuple[float, ...]:
    return (
        left / POINTS,
        PAGE_HEIGHT - top / POINTS,
        right / POINTS,
        PAGE_HEIGHT - bottom / POINTS,
    )


def text_on(page: pypdfium2.PdfPage) -> str:
    return " ".join(line.text for line in lines_on(page))


def pages_of(path: str | Path) -> list[str]:
    """Return the words of each page of a file."""
    return [" ".join(text_on(page).split()) for page in opened(Path(path).read_bytes())]


def shapes_on(page: pypdfium2.PdfPage) -> list[tuple[float, ...]]:
    """Return the boxes of all that is drawn: left, top, right and bottom in inches."""
    paths = page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH])
    return [tuple(round(it, 3) for it in _inches(*path.get_bounds())) for path in paths]


def tagged_words(content: bytes) -> list[str]:
    """Return the words in the order of the tags, without the labels of list items."""
    document = opened(content)
    return [word for page in document for text in _tagged_texts(page) for word in text.split()]


def _tagged_texts(page: pypdfium2.PdfPage) -> Iterator[str]:
    texts = _texts_by_mark(page)
    tree = raw.FPDF_StructTree_GetForPage(page)
    for number in range(raw.FPDF_StructTree_CountChildren(tree)):
        yield from _texts_below(raw.FPDF_StructTree_GetChildAtIndex(tree, number), texts)
    raw.FPDF_StructTree_Close(tree)


# Any: a handle of the library's own.
def _texts_below(element: Any, texts: dict[int, str]) -> Iterator[str]:
    kind = _string(lambda *room: raw.FPDF_StructElement_GetType(element, *room))
    if kind == "Lbl":
        return
    for number in range(raw.FPDF_StructElement_CountChildren(element)):
        if child := raw.FPDF_StructElement_GetChildAtIndex(element, number):
            yield from _texts_below(child, texts)
        else:
            mark = raw.FPDF_StructElement_GetChildMarkedContentID(element, number)
            yield texts.get(mark, "") if mark != _UNMARKED else ""


def _texts_by_mark(page: pypdfium2.PdfPage) -> dict[int, str]:
    text_page = page.get_textpage()
    texts: dict[int, str] = {}
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        mark = raw.FPDFPageObj_GetMarkedContentID(item)
        texts[mark] = texts.get(mark, "") + text_of(item, text_page)
    return texts


def text_of(item: pypdfium2.PdfObject, text_page: pypdfium2.PdfTextPage) -> str:
    """Return the words of one text object of a page."""
    return _string(lambda *room: raw.FPDFTextObj_GetText(item, text_page, *room))


def _string(read: Callable[..., int]) -> str:
    size = read(None, 0)
    room = (ctypes.c_ushort * (size // 2 + 1))()
    read(room, size)
    return bytes(room).decode("utf-16-le").rstrip("\0")


def elements_of(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Dictionary]:
    """Yield every element of the tags, each before those within it."""
    waiting = [pdf.Root.StructTreeRoot.K]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, pikepdf.Array):
            waiting = [*node, *waiting]
        elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
            yield node
            waiting = [node.get("/K", pikepdf.Array([])), *waiting]


def kinds_within(element: pikepdf.Dictionary) -> list[str]:
    """Return the kinds of the elements directly within one."""
    return [str(it.S) for it in element.K if isinstance(it, pikepdf.Dictionary) and "/S" in it]


def box_of(element: pikepdf.Dictionary) -> pikepdf.Array:
    """Return an element's box, in points from the left and from the foot."""
    attributes = element.A if isinstance(element.A, pikepdf.Array) else [element.A]
    (box,) = (it.BBox for it in attributes if "/BBox" in it)
    assert isinstance(box, pikepdf.Array)
    return box


def seen_on(content: bytes) -> list[Line]:
    """Return the lines of the first page that may show in the window of a #10 envelope."""
    return [it for it in lines_on(opened(content)[0]) if it.bottom > SEEN[0] and it.top < SEEN[1]]


def is_safe(line: Line) -> bool:
    """Tell whether a line stays in the window wherever the folded sheet slides."""
    left, top, right, bottom = SAFE
    return (
        left - SLACK <= line.left
        and line.right <= right + SLACK
        and top - SLACK <= line.top
        and line.bottom <= bottom + SLACK
    )


def words_by_page(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in opened(content)]
