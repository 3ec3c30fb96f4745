"""WeasyPrint, set up once: typefaces, styles, no network, and every complaint raised.

What it takes from the page it draws, or it raises; nothing is left out silently.
"""

import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.exporters.press import TYPEFACE, faces
from optout_cli.model.notice import Image

_PX_PER_INCH = 96
_HEAD_LIMIT = 2.3  # in from the top: what stands lower would show in the envelope's window
_FONT_URL = "optout:font/"
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


class Engine:
    """A printer of letters, made once a process."""

    def __init__(self, style: str) -> None:
        self._fetcher = _Fetcher()
        self._fonts = FontConfiguration()
        with _complaints():
            sheet = _font_rules() + style
            self._style = CSS(
                string=sheet, font_config=self._fonts, url_fetcher=self._fetcher, base_url="optout:"
            )

    def print(self, page: str, images: Mapping[str, Image]) -> bytes:
        """Return the page as PDF. Raises OptoutError for what could not be shown whole."""
        self._fetcher.serve(images)
        with _complaints():
            document = HTML(string=page, base_url="optout:", url_fetcher=self._fetcher).render(
                stylesheets=[self._style], font_config=self._fonts, pdf_variant="pdf/a-2a"
            )
            raise_any(_head_problems(document))
            content: bytes = document.write_pdf(finisher=_finish, pdf_variant="pdf/a-2a")
        if self._fetcher.refused:
            message = f"the page asks for {self._fetcher.refused[0]!r}, which is outside it"
            raise OptoutError(Problem("outside-page", message))
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
        raise FatalURLFetchingError(f"refused: {url}")


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
def _complaints() -> Iterator[None]:
    """Raise whatever the engine logs within the block: a missing glyph, image or style."""
    logger, collector = logging.getLogger("weasyprint"), _Collector()
    logger.addHandler(collector)
    try:
        yield
    except FatalURLFetchingError as error:
        raise OptoutError(Problem("outside-page", str(error))) from None
    finally:
        logger.removeHandler(collector)
    raise_any(_problem_of(message) for message in collector.messages)


def _problem_of(message: str) -> Problem:
    if glyph := re.search(r"\.notdef glyph .*\(U\+([0-9A-F]+)\)", message):
        return _unknown_glyph(int(glyph[1], 16))
    return Problem("page", f"the page cannot be printed as it is: {message}")


def _unknown_glyph(codepoint: int) -> Problem:
    message = f"{TYPEFACE} has no character {chr(codepoint)!r} (U+{codepoint:04X})"
    return Problem("unknown-glyph", message, hint="spell the word without it")


def _head_problems(document: Any) -> Iterator[Problem]:
    end = document.pages[0].anchors["head-end"][1] / _PX_PER_INCH
    if end > _HEAD_LIMIT:
        message = f"letterhead and service lines take {end:.2f} in; {_HEAD_LIMIT} in fit"
        yield Problem("tall-letterhead", message, hint="shorten signatory: or service:")


def _finish(document: Any, pdf: Any) -> None:
    """Claim PDF/UA-1 beside PDF/A-2a, set right what the engine writes, refuse other typefaces."""
    for item in pdf.objects:
        if getattr(item, "extra", {}).get("Type") == "/Metadata":
            item.stream = [
                it.replace(b"</rdf:RDF>", _PDFUA_XMP + b"</rdf:RDF>") for it in item.stream
            ]
    raise_any(_foreign_fonts(pdf, document))


def _foreign_fonts(pdf: Any, document: Any) -> Iterator[Problem]:
    """Find a character that was drawn from a typeface of the machine's own, not the letter's."""
    names = [str(it["BaseFont"]) for it in pdf.objects if isinstance(it, dict) and "BaseFont" in it]
    if all(TYPEFACE.replace(" ", "") in name.replace("-", "") for name in names):
        return
    from fontTools.ttLib import TTFont

    regular = TTFont(faces()["normal", "normal"], lazy=True)
    known = set(regular.getBestCmap())
    drawn = {ord(letter) for page in document.pages for letter in _words(page)}
    for codepoint in sorted(drawn - known - set(map(ord, "\n\t "))):
        yield _unknown_glyph(codepoint)


def _words(page: Any) -> Iterator[str]:
    for box in page._page_box.descendants():  # noqa: SLF001  # the engine has no public text
        yield from getattr(box, "text", None) or ""
