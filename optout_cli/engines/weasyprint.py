"""WeasyPrint, set up once: typefaces, styles, no network, and every complaint raised.

What it takes from the page it draws, or it raises; nothing is left out silently.
"""

import ctypes.util
import logging
import re
import ssl
import sys
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pydyf

from optout_cli.engines import STYLE
from optout_cli.engines.fonts import TYPEFACE, faces, known_characters, unknown_glyph
from optout_cli.engines.window import HEAD_LIMIT, tall_letterhead
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.model.letter import Image


@contextmanager
def _libraries_by_full_name() -> Iterator[None]:
    """Let the engine load its libraries by their full names only, on Linux.

    It asks for 22 shorter ones first, each a run of ldconfig and of a compiler: a fifth of what
    a cold letter costs. Elsewhere the search is what finds them.
    """
    search = ctypes.util.find_library
    if sys.platform == "linux":
        ctypes.util.find_library = lambda name: None  # noqa: ARG005  # its signature
    try:
        yield
    finally:
        ctypes.util.find_library = search


with _libraries_by_full_name():
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

_PX_PER_INCH = 96
_ADDRESS = "recipient"  # the class of the element with which the layout puts the address
_HAIR = 2  # px
_SHORTER = "shorten it, or give envelope: with at most four lines under recipients:"
_HEAD_END = "head-end"  # the id of the element, empty itself, with which the layout ends the head
_FONT_URL = "optout:font/"


class Engine:
    """A printer of letters, made once a process."""

    def __init__(self, style: str) -> None:
        self._fetcher = _Fetcher()
        self._fonts = FontConfiguration()
        # Else its folder of typefaces is removed only where Python looks for cycles as it ends,
        # which it is kept from, and 0.6 MB stay in the machine's folder for temporary files.
        weakref.finalize(self, self._fonts.__del__)
        # Two sheets, so that a complaint counts the lines of the style's own file.
        with _complaints(STYLE):
            self._styles = [self._sheet(_font_rules()), self._sheet(style)]
        # An e-mail and a fax hold the page that was just printed by itself.
        self._last: tuple[str, Mapping[str, Image], bytes] = "", {}, b""

    # Any: the engine's own type, which it does not declare.
    def _sheet(self, text: str) -> Any:
        return CSS(
            string=text, font_config=self._fonts, url_fetcher=self._fetcher, base_url="optout:"
        )

    def print(self, page: str, images: Mapping[str, Image]) -> bytes:
        """Return the page as PDF. Raises OptoutError for what could not be shown whole."""
        last, pictures, content = self._last
        if (page, images) != (last, pictures):
            content = self._printed(page, images)
            self._last = page, images, content
        return content

    def _printed(self, page: str, images: Mapping[str, Image]) -> bytes:
        self._fetcher.serve(images)
        with _complaints("the page"):
            document = HTML(string=page, base_url="optout:", url_fetcher=self._fetcher).render(
                stylesheets=self._styles, font_config=self._fonts, pdf_variant="pdf/a-2a"
            )
            raise_any((*_head_problems(document), *_address_problems(document)))
            content: bytes = document.write_pdf(finisher=finish, pdf_variant="pdf/a-2a")
            raise_any(_outside(url) for url in self._fetcher.refused[:1])
        return content


class _Fetcher(URLFetcher):  # type: ignore[misc]  # the engine ships no types
    """Serves the typefaces and the letter's own images, and nothing else in the world."""

    def __init__(self) -> None:
        # A bare context, since nothing is ever fetched: the default one loads the CA file.
        super().__init__(ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._fonts = {_FONT_URL + path.name: path for path in faces().values()}
        self._images: Mapping[str, Image] = {}
        self.refused: list[str] = []

    def serve(self, images: Mapping[str, Image]) -> None:
        self._images = images
        self.refused = []

    # Any: the engine's own types, which it does not declare.
    def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002  # its signature
        if url in self._fonts:
            content = self._fonts[url].read_bytes()
            return URLFetcherResponse(url, content, {"Content-Type": "font/ttf"})
        if image := self._images.get(url):
            return URLFetcherResponse(url, image.content, {"Content-Type": image.media_type})
        # Within an SVG even this is swallowed, so the refusals are counted as well.
        self.refused.append(url)
        raise FatalURLFetchingError(url)


def _font_rules() -> str:
    rules = (
        f'@font-face {{ font-family: "{TYPEFACE}"; font-weight: {weight}; font-style: {style};'
        f' src: url("{_FONT_URL}{path.name}") }}\n'
        for (weight, style), path in faces().items()
    )
    return "".join(rules)


class _Collector(logging.Handler):
    """Keeps what the engine only logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _complaints(about: str) -> Iterator[None]:
    """Raise whatever the engine logs within the block: a missing glyph, image or style."""
    logger, collector = logging.getLogger("weasyprint"), _Collector()
    logger.addHandler(collector)
    try:
        yield
    except FatalURLFetchingError as error:
        raise OptoutError(_outside(str(error))) from None
    finally:
        logger.removeHandler(collector)
    raise_any(dict.fromkeys(_problem_of(message, about) for message in collector.messages))


def _outside(url: str) -> Problem:
    return Problem("outside-page", f"the page asks for {url!r}, which is outside it")


def _problem_of(message: str, about: str) -> Problem:
    if glyph := re.search(r"\.notdef glyph .*\(U\+([0-9A-F]+)\)", message):
        return unknown_glyph(int(glyph[1], 16))
    return Problem("page", f"{about} cannot be printed as it is: {message}")


def _head_problems(document: Any) -> Iterator[Problem]:
    anchors = document.pages[0].anchors
    if _HEAD_END not in anchors:
        message = f"the layout has no element with the id {_HEAD_END!r} on its first page"
        hint = f'end the letterhead with <div id="{_HEAD_END}"></div>'
        yield Problem("no-head-end", message, hint=hint)
        return
    end = anchors[_HEAD_END][1] / _PX_PER_INCH
    if end > HEAD_LIMIT:
        yield tall_letterhead(end)


class _Ink(NamedTuple):
    """A line of text as it is drawn: from a capital's top to the foot of a `g`, in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def is_over(self, other: "_Ink") -> bool:
        """Tell whether two texts are drawn on each other, by more than a hair."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > _HAIR
            and min(self.bottom, other.bottom) - max(self.top, other.top) > _HAIR
        )


def _address_problems(document: Any) -> Iterator[Problem]:
    """Find an address that is printed over other words: it stands by itself, and pushes nothing."""
    boxes = list(document.pages[0]._page_box.descendants(placeholders=True))  # noqa: SLF001  # as in _finish
    root = next(it.element for it in boxes if it.element_tag == "html")
    blocks = [it for it in root.iter() if _ADDRESS in (it.get("class") or "").split()]
    inside = {id(it) for block in blocks for it in block.iter()}
    inks = [(_ink(it), id(it.element) in inside) for it in boxes if getattr(it, "text", "")]
    own = [ink for ink, is_own in inks if is_own]
    for ink, is_own in inks:
        if not is_own and any(it.is_over(ink) for it in own):
            message = f"the address is printed over {ink.text.strip()!r}"
            yield Problem("tall-address", message, hint=_SHORTER, text=own[0].text)
            return


def _ink(box: Any) -> _Ink:
    size, base = box.style["font_size"], box.position_y + box.baseline
    left, right = box.position_x, box.position_x + box.width
    return _Ink(box.text, left, base - 0.7 * size, right, base + 0.2 * size)


_PT_PER_PX = 0.75
_PAGE_HEIGHT = 792  # pt: US Letter
# PDF/UA-1's identification needs its schema declared in a PDF/A file (ISO 19005-2, 6.6.2.3).
_PDFUA_XMP = (
    b'<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">'
    b"<pdfuaid:part>1</pdfuaid:part></rdf:Description>"
    b'<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    b' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    b' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    b'<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    b"<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    b"<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    b'<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">'
    b"<pdfaProperty:name>part</pdfaProperty:name>"
    b"<pdfaProperty:valueType>Integer</pdfaProperty:valueType>"
    b"<pdfaProperty:category>internal</pdfaProperty:category>"
    b"<pdfaProperty:description>part of ISO 14289 followed</pdfaProperty:description>"
    b"</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>"
    b"</rdf:Description>"
)


# Any, here and below: the engine and its PDF library declare no types.
def finish(document: Any, pdf: Any) -> None:
    """Mend the file. Raises OptoutError for a character that the typeface lacks."""
    by_reference = {it.reference: it for it in pdf.objects}
    for item in list(pdf.objects):
        if getattr(item, "extra", {}).get("Type") == "/Metadata":
            end = b"</rdf:RDF>"
            item.stream = [part.replace(end, _PDFUA_XMP + end) for part in item.stream]
        elif isinstance(item, dict) and item.get("S") == "/LI":
            _give_body(item, by_reference, pdf)
        elif isinstance(item, dict) and item.get("S") == "/Figure":
            _mend_box(item["A"])
    raise_any(_foreign_glyphs(pdf, document))


def _give_body(item: Any, by_reference: Any, pdf: Any) -> None:
    """Put what a list item says into one LBody, beside its label (ISO 14289-1, 7.2)."""
    said = [it for it in item["K"] if by_reference[it]["S"] not in ("/Lbl", "/LBody")]
    if not said:
        return
    body = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/LBody",
            "K": pydyf.Array(said),
            "Pg": item["Pg"],
            "P": item.reference,
        }
    )
    pdf.add_object(body)
    for it in said:
        by_reference[it]["P"] = body.reference
    kept = [it for it in item["K"] if it not in said]
    item["K"] = pydyf.Array([*kept, body.reference])


def _mend_box(layout: Any) -> None:
    """Turn a figure's box from pixels below the page's top into points above its foot."""
    left, top, right, bottom = (value * _PT_PER_PX for value in layout["BBox"])
    layout["BBox"] = pydyf.Array([left, _PAGE_HEIGHT - bottom, right, _PAGE_HEIGHT - top])


def _foreign_glyphs(pdf: Any, document: Any) -> Iterator[Problem]:
    """Find what was drawn from a typeface of the machine's own instead of the letter's."""
    fonts = [str(it["BaseFont"]) for it in pdf.objects if isinstance(it, dict) and "BaseFont" in it]
    own = TYPEFACE.replace(" ", "")
    foreign = [name for name in fonts if own not in name.replace("-", "")]
    if not foreign:
        return
    drawn = {letter for page in document.pages for letter in _words(page)}
    if lacking := sorted(drawn - known_characters()):
        yield from (unknown_glyph(ord(it)) for it in lacking)
    else:  # a style sheet asks for it
        name = foreign[0].partition("+")[2].strip("'")
        message = f"the page is set in {name}, which other machines may lack"
        yield Problem("foreign-typeface", message, hint=f"set it in {TYPEFACE}")


def _words(page: Any) -> Iterator[str]:
    # Placeholders stand for what is placed by itself: the address in the window, list markers.
    for box in page._page_box.descendants(placeholders=True):  # noqa: SLF001  # the engine has no public text
        yield from getattr(box, "text", None) or ""
