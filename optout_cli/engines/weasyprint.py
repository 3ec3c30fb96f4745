"""WeasyPrint, set up once: typefaces, styles, no network, and an error for every warning it logs.

Prints the HTML layouts, the user's or the shipped ones. Whatever cannot be drawn is a Problem,
never a hole.
"""

import ctypes.util
import logging
import re
import ssl
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date as Date
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

import msgspec
import pydyf

from optout_cli.engines import broken_picture, make_folder
from optout_cli.engines.laid_out import (
    address_problems,
    foreign_glyphs,
    head_problems,
    may_be_shorter,
)
from optout_cli.engines.measure import (
    MONO,
    TYPEFACE,
    faces,
    mono_face,
    set_in_fewest_pages,
    unknown_glyph,
)
from optout_cli.errors import OptoutError, Problem, raise_any, shorten
from optout_cli.model.letter import Cover, Guide, Image, Letter, Mailing, MailingForm
from optout_cli.output import hold_interrupts
from optout_cli.templating.layouts import (
    STYLE,
    Sheet,
    cover_page,
    guide_page,
    letter_page,
    mailings_page,
    pictures_of,
    sheets_page,
    style_of,
)
from optout_cli.templating.templates import Templates

# On Linux, let WeasyPrint load its libraries by their full names only. It asks for 22 shorter names
# first, and each starts ldconfig and a compiler: a fifth of the time of the first letter. Other
# systems find the libraries by that search.
_find_library = ctypes.util.find_library
if sys.platform == "linux":
    ctypes.util.find_library = lambda name: None  # noqa: ARG005  # its signature
try:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse
finally:
    ctypes.util.find_library = _find_library

_PT_PER_PX = 0.75
_PAGE_HEIGHT = 792  # pt: US Letter
_PLACES = {"optout:seal": "letterhead.seal", "optout:autograph": "signature.file"}
_FONT_URL, _MONO_URL = "optout:font/", "optout:mono"
_CODE = "<code>"


class Engine:
    """Prints with the layouts of these templates."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._fetcher = _Fetcher()
        self._fonts = FontConfiguration()
        with hold_interrupts():
            self._fonts._folder = make_folder()  # noqa: SLF001  # it has no public way
        # Remove its folder of typefaces (0.6 MB) from the machine's temporary files at exit. Python
        # would do so only in a last garbage collection, which this program switches off.
        weakref.finalize(self, self._fonts.__del__)
        font_rules = (
            f'@font-face {{ font-family: "{TYPEFACE}"; font-weight: {weight}; font-style: {slant};'
            f' src: url("{_FONT_URL}{path.name}") }}\n'
            for (weight, slant), path in faces().items()
        )
        # Two sheets, so that a warning counts the lines of the style's own file. Interrupts wait:
        # one right after the creation of the folder would keep it from being removed.
        with _raise_warnings(STYLE), hold_interrupts():
            texts = ("".join(font_rules), style_of(templates))
            self._styles = [*map(self._style_from, texts)]
        self._mono: list[CSS] = []  # of a page that shows what people type
        # The e-mail and the fax contain the page that was printed just before by itself.
        self._last: tuple[str, Mapping[str, Image], bytes] = "", {}, b""

    def _style_from(self, text: str) -> Any:  # Any: the engine's own type
        return CSS(
            string=text, font_config=self._fonts, url_fetcher=self._fetcher, base_url="optout:"
        )

    def print_letter(self, letter: Letter) -> bytes:
        """Return the letter as PDF."""
        return self._print_letter(letter, "")

    def print_fax(self, letter: Letter) -> bytes:
        """Return the letter as PDF for a fax."""
        return self._print_letter(letter, "fax")

    def _print_letter(self, letter: Letter, look: str) -> bytes:
        pictures = pictures_of(letter)
        page = letter_page(letter, self._templates, look=look)
        if (page, pictures) == self._last[:2]:
            return self._last[2]

        # Any, here and below: the engine and its PDF library declare no types.
        def lay_out(spaces: str) -> Any:
            name = f"{look} {spaces}".strip()
            return self._lay_out(letter_page(letter, self._templates, look=name), pictures)

        document = self._lay_out(page, pictures)
        if may_be_shorter(letter, document):
            document = set_in_fewest_pages(document, lay_out, lambda laid_out: len(laid_out.pages))
        self._last = page, pictures, self._draw(document, pictures)
        return self._last[2]

    def print_guide(self, guide: Guide, day: Date) -> bytes:
        """Return the guide as PDF."""
        usual = self._lay_out(guide_page(guide, day, self._templates), {})
        if len(usual.pages) > 1:
            page = guide_page(guide, day, self._templates, look="tight")
            tight = self._lay_out(page, {})
            usual = tight if len(tight.pages) < len(usual.pages) else usual
        return self._draw(usual, {})

    def print_cover(self, letter: Letter, cover: Cover, later: int) -> bytes:
        """Return the cover of a letter's fax as PDF, and the heads of `later` pages."""
        return self._print(cover_page(letter, cover, later, self._templates), pictures_of(letter))

    def print_sheets(self, sheets: Sequence[Sheet]) -> bytes:
        """Return separator sheets as PDF."""
        return self._print(sheets_page(sheets, self._templates))

    def print_mailings(self, mailings: Sequence[Mailing], form: MailingForm) -> bytes:
        """Return envelopes or sheets of labels as PDF."""
        return self._print(mailings_page(mailings, form, self._templates))

    def _print(self, page: str, pictures: Mapping[str, Image] | None = None) -> bytes:
        return self._draw(self._lay_out(page, pictures or {}), pictures or {})

    def _lay_out(self, page: str, images: Mapping[str, Image]) -> Any:
        """Return the page laid out. Raises OptoutError for what is printed over something else."""
        self._fetcher.serve(images)
        with _raise_warnings("the page", images):
            if _CODE in page and not self._mono:
                rule = f'@font-face {{ font-family: "{MONO}"; src: url("{_MONO_URL}") }}'
                self._mono = [self._style_from(rule)]
            document = HTML(string=page, base_url="optout:", url_fetcher=self._fetcher).render(
                stylesheets=[*self._styles, *(self._mono if _CODE in page else ())],
                font_config=self._fonts,
                pdf_variant="pdf/a-2a",
            )
            raise_any((*head_problems(document), *address_problems(document)))
        return document

    def _draw(self, document: Any, images: Mapping[str, Image]) -> bytes:
        """Return the PDF of pages. Raises OptoutError for anything that cannot be shown whole."""
        with _raise_warnings("the page", images):
            printed: bytes = document.write_pdf(finisher=finish, pdf_variant="pdf/a-2a")
            raise_any(_outside(url) for url in self._fetcher.refused[:1])
        return printed


# What an SVG may carry within it.
_EMBEDDED = ("data:image/png", "data:image/jpeg")


class _Fetcher(URLFetcher):  # type: ignore[misc]  # the engine ships no types
    """Serves the typefaces and the letter's own images, and nothing else."""

    def __init__(self) -> None:
        # A bare context, because nothing is ever fetched: the default one loads the CA file.
        super().__init__(ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._fonts = {_FONT_URL + path.name: path for path in faces().values()}
        self._images: Mapping[str, Image] = {}
        self.refused: list[str] = []

    def serve(self, images: Mapping[str, Image]) -> None:
        self._images = images
        self.refused = []

    # Any: the engine's own types, which it does not declare.
    def fetch(self, url: str, headers: Any = None) -> Any:
        if url == _MONO_URL:
            return URLFetcherResponse(url, mono_face(), {"Content-Type": "font/otf"})
        if url in self._fonts:
            content = self._fonts[url].read_bytes()
            return URLFetcherResponse(url, content, {"Content-Type": "font/ttf"})
        if image := self._images.get(url):
            return URLFetcherResponse(url, image.content, {"Content-Type": image.media_type})
        if url.startswith(_EMBEDDED):
            return super().fetch(url, headers)
        # Within an SVG the engine ignores this error, so keep a list as well.
        self.refused.append(url)
        raise FatalURLFetchingError(url)


class _Collector(logging.Handler):
    """Keeps what the engine only logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _raise_warnings(about: str, images: Mapping[str, Image] | None = None) -> Iterator[None]:
    """Raise whatever the engine logs within the block: a missing glyph, image or style."""
    logger, collector = logging.getLogger("weasyprint"), _Collector()
    logger.addHandler(collector)
    try:
        yield
    except FatalURLFetchingError as error:
        raise OptoutError(_outside(str(error))) from None
    except Exception as error:
        raise_any(_svg_problems(error, images or {}))
        raise
    finally:
        logger.removeHandler(collector)
    raise_any(
        dict.fromkeys(_problem_in(message, about, images or {}) for message in collector.messages)
    )


def _problem_in(message: str, about: str, images: Mapping[str, Image]) -> Problem:
    """Return the Problem that a message of the engine is about."""
    if glyph := re.search(r"\.notdef glyph .*\(U\+([0-9A-F]+)\)", message):
        return unknown_glyph(int(glyph[1], 16))
    faults = (f"load image at {url!r}" for url in images), (f"SVG image {url}" for url in images)
    for url, *said in zip(images, *faults, strict=True):
        if any(words in message for words in said):
            return _broken(url, images)
    return Problem("page", f"{about} cannot be printed as it is: {message}")


def _svg_problems(error: Exception, images: Mapping[str, Image]) -> Iterator[Problem]:
    """Yield the Problem of a picture if the engine failed at an SVG, which may have any fault."""
    paths = [PurePath(frame.filename) for frame in extract_tb(error.__traceback__)]
    drawn = [url for url, image in images.items() if image.media_type == "image/svg+xml"]
    if any(path.parent.name == "svg" or path.name == "images.py" for path in paths):
        yield from (_broken(url, images) for url in drawn[:1])


def _broken(url: str, images: Mapping[str, Image]) -> Problem:
    """Return the Problem of a picture, with its place in a request."""
    place = _PLACES.get(url, "")
    return msgspec.structs.replace(broken_picture(images[url]), path=place)


def _outside(url: str) -> Problem:
    return Problem("outside-page", f"the page asks for {shorten(url)!r}, which is outside it")


# A PDF/A file must declare the schema of PDF/UA-1's identification (ISO 19005-2, 6.6.2.3).
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


def finish(document: Any, pdf: Any) -> None:
    """Correct the file's tags. Raises OptoutError for a character that the typeface lacks."""
    by_reference = {node.reference: node for node in pdf.objects}
    for item in list(pdf.objects):
        if getattr(item, "extra", {}).get("Type") == "/Metadata":
            end = b"</rdf:RDF>"
            item.stream = [part.replace(end, _PDFUA_XMP + end) for part in item.stream]
        elif isinstance(item, dict) and item.get("S") == "/LI":
            _give_body(item, by_reference, pdf)
        elif isinstance(item, dict) and item.get("S") == "/Figure":
            # Turn the box from pixels below the page's top into points above its foot.
            left, top, right, bottom = (value * _PT_PER_PX for value in item["A"]["BBox"])
            box = [left, _PAGE_HEIGHT - bottom, right, _PAGE_HEIGHT - top]
            item["A"]["BBox"] = pydyf.Array(box)
    raise_any(foreign_glyphs(pdf, document))


def _give_body(item: Any, by_reference: Any, pdf: Any) -> None:
    """Put the contents of a list item into one LBody, beside its label (ISO 14289-1, 7.2)."""
    loose = [key for key in item["K"] if by_reference[key]["S"] not in ("/Lbl", "/LBody")]
    if not loose:
        return
    body = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/LBody",
            "K": pydyf.Array(loose),
            "Pg": item["Pg"],
            "P": item.reference,
        }
    )
    pdf.add_object(body)
    for key in loose:
        by_reference[key]["P"] = body.reference
    kept = [key for key in item["K"] if key not in loose]
    item["K"] = pydyf.Array([*kept, body.reference])
