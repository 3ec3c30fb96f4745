"""WeasyPrint, set up once: typefaces, styles, no network, and an error for every warning it logs.

Prints the HTML layouts, the user's or the shipped ones. Whatever cannot be drawn is a Problem,
never a hole.
"""

import ctypes.util
import re
import ssl
import sys
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date as Date
from functools import cache
from itertools import product
from logging import WARNING, getLogger
from logging.handlers import BufferingHandler
from pathlib import PurePath
from traceback import extract_tb
from typing import Any

import pydyf

from optout_cli.bundled import page_lengths
from optout_cli.engines import broken_picture, make_folder
from optout_cli.engines.measure import (
    HEAD_LIMIT,
    MONO,
    TYPEFACE,
    can_be_shorter,
    faces,
    known_characters,
    mono_face,
    most_saved,
    set_in_fewest_pages,
    tall_letterhead,
    unknown_glyph,
)
from optout_cli.errors import OptoutError, Problem, raise_any, shorten
from optout_cli.model.letter import Cover, Guide, Image, Letter, Mailing, MailingForm
from optout_cli.output import hold_interrupts
from optout_cli.templating import pages
from optout_cli.templating.search import STYLE
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
_OWN = "optout:"  # how the URL of everything begins that a page may ask for
_FONT_URL, _MONO_URL = f"{_OWN}font/", f"{_OWN}mono"
# Two letters that the typeface draws as it does quotation marks. WeasyPrint gives each glyph of a
# font one character, so whoever copies text from the PDF would get the one for the other. The same
# typeface by another name is another font.
_LIKE_QUOTES = re.compile("[\u02bb\u02bc](?=[^<>]*<(?!/title))")  # in the text, not in a tag
_TWIN, _SET_IN_TWIN = f"{TYPEFACE} Twin", '<span class="twin">'


class Engine:
    """Prints with the layouts of these templates."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._fetcher = _Fetcher()
        self._fonts = FontConfiguration()
        with hold_interrupts():
            self._fonts._folder = make_folder()  # noqa: SLF001  # it has no public way
            # Remove its folder of typefaces (0.6 MB) from the machine's temporary files at exit.
            # Python would do so only in a last garbage collection, which this program switches off.
            weakref.finalize(self, self._fonts.__del__)
        own = {"font_config": self._fonts, "url_fetcher": self._fetcher, "base_url": _OWN}
        self._style_from = cache(lambda text: CSS(string=text, **own))
        # Two sheets, so that a warning counts the lines of the style's own file. Interrupts wait:
        # one right after the creation of the folder would keep it from being removed.
        with _raise_warnings(STYLE), hold_interrupts():
            self._styles = [*map(self._style_from, (_font_rules(TYPEFACE), templates.style))]
        # The e-mail and the fax contain the page that was printed just before by itself.
        self._last: tuple[str, Mapping[str, Image], bytes] = "", {}, b""

    def print_letter(self, letter: Letter, *, is_fax: bool = False) -> bytes:
        """Return the letter as PDF."""
        pictures, look = pages.pictures_of(letter), "fax" if is_fax else ""
        page = pages.letter_page(letter, self._templates, look=look)
        if (page, pictures) == self._last[:2]:
            return self._last[2]

        # Any, here and below: the engine and its PDF library declare no types.
        def lay_out(spaces: str) -> Any:
            name = f"{look} {spaces}".strip()
            return self._lay_out(pages.letter_page(letter, self._templates, look=name), pictures)

        document = self._lay_out(page, pictures)
        if may_be_shorter(letter, document):
            document = set_in_fewest_pages(document, lay_out, lambda laid_out: len(laid_out.pages))
        self._last = page, pictures, self._draw(document, pictures)
        return self._last[2]

    def print_guide(self, guide: Guide, day: Date) -> bytes:
        """Return the guide as PDF."""
        usual = self._lay_out(pages.guide_page(guide, day, self._templates), {})
        if len(usual.pages) > 1:
            page = pages.guide_page(guide, day, self._templates, look="tight")
            tight = self._lay_out(page, {})
            usual = tight if len(tight.pages) < len(usual.pages) else usual
        return self._draw(usual, {})

    def print_cover(self, letter: Letter, cover: Cover, later: int) -> bytes:
        """Return the cover of a letter's fax as PDF, and the heads of `later` pages."""
        page = pages.cover_page(letter, cover, later, self._templates)
        return self._print(page, pages.pictures_of(letter))

    def print_sheets(self, sheets: Sequence[pages.Sheet]) -> bytes:
        """Return separator sheets as PDF."""
        return self._print(self._templates.lay_out(pages.SHEET, {"sheets": sheets}))

    def print_mailings(self, mailings: Sequence[Mailing], form: MailingForm) -> bytes:
        """Return envelopes or sheets of labels as PDF."""
        return self._print(pages.mailings_page(mailings, form, self._templates))

    def _print(self, page: str, pictures: Mapping[str, Image] | None = None) -> bytes:
        return self._draw(self._lay_out(page, pictures or {}), pictures or {})

    def _lay_out(self, page: str, images: Mapping[str, Image]) -> Any:
        """Return the page laid out. Raises OptoutError for what is printed over something else."""
        self._fetcher.serve(images)
        with _raise_warnings("the page", images):
            page = _LIKE_QUOTES.sub(rf"{_SET_IN_TWIN}\g<0></span>", page)
            rare = (rules for mark, rules in _RARE.items() if mark in page)
            document = HTML(string=page, base_url=_OWN, url_fetcher=self._fetcher).render(
                stylesheets=[*self._styles, *map(self._style_from, rare)],
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


def _font_rules(family: str) -> str:
    return "".join(
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {slant};'
        f' src: url("{_FONT_URL}{path.name}") }}\n'
        for (weight, slant), path in faces().items()
    )


# The styles of what few pages show, by what such a page has in it.
_RARE = {
    "<code>": f'@font-face {{ font-family: "{MONO}"; src: url("{_MONO_URL}") }}',
    _SET_IN_TWIN: f'{_font_rules(_TWIN)}.twin {{ font-family: "{_TWIN}" }}',
}


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
        if url.startswith(("data:image/png", "data:image/jpeg")):  # within an SVG
            return super().fetch(url, headers)
        # Within an SVG the engine ignores this error, so keep a list as well.
        self.refused.append(url)
        raise FatalURLFetchingError(url)


@contextmanager
def _raise_warnings(about: str, images: Mapping[str, Image] | None = None) -> Iterator[None]:
    """Raise whatever the engine logs within the block: a missing glyph, image or style."""
    logger, logged, images = getLogger("weasyprint"), BufferingHandler(sys.maxsize), images or {}
    logged.setLevel(WARNING)
    logger.addHandler(logged)
    try:
        yield
    except FatalURLFetchingError as error:
        raise OptoutError(_outside(str(error))) from None
    except Exception as error:
        # An SVG may have any fault: where the engine failed at one, name the picture.
        paths = [PurePath(frame.filename) for frame in extract_tb(error.__traceback__)]
        drawn = [url for url, image in images.items() if image.media_type == "image/svg+xml"]
        if any(path.parent.name == "svg" or path.name == "images.py" for path in paths):
            raise_any(broken_picture(images[url], url.removeprefix(_OWN)) for url in drawn[:1])
        raise
    finally:
        logger.removeHandler(logged)
    problems: dict[Problem, None] = {}  # each once
    for message in (record.getMessage() for record in logged.buffer):
        problem = Problem("page", f"{about} cannot be printed as it is: {message}")
        for url in images:
            if f"load image at {url!r}" in message or f"SVG image {url}" in message:
                problem = broken_picture(images[url], url.removeprefix(_OWN))
                break
        if glyph := re.search(r"\.notdef glyph .*\(U\+([0-9A-F]+)\)", message):
            problem = unknown_glyph(int(glyph[1], 16))
        problems[problem] = None
    raise_any(problems)


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
        kind = item.get("S") if isinstance(item, dict) else None
        if getattr(item, "extra", {}).get("Type") == "/Metadata":
            end = b"</rdf:RDF>"
            item.stream = [part.replace(end, _PDFUA_XMP + end) for part in item.stream]
        elif kind == "/LI":
            # Put what is loose in a list item into one LBody, beside its label (ISO 14289-1, 7.2).
            loose = [key for key in item["K"] if by_reference[key]["S"] not in ("/Lbl", "/LBody")]
            if not loose:
                continue
            parts = {"K": pydyf.Array(loose), "Pg": item["Pg"], "P": item.reference}
            body = pydyf.Dictionary({"Type": "/StructElem", "S": "/LBody", **parts})
            pdf.add_object(body)
            for key in loose:
                by_reference[key]["P"] = body.reference
            kept = [key for key in item["K"] if key not in loose]
            item["K"] = pydyf.Array([*kept, body.reference])
        elif kind == "/Figure":
            # Turn the box from pixels below the page's top into points above its foot.
            left, top, right, bottom = (value * _PT_PER_PX for value in item["A"]["BBox"])
            box = [left, _PAGE_HEIGHT - bottom, right, _PAGE_HEIGHT - top]
            item["A"]["BBox"] = pydyf.Array(box)
    raise_any(foreign_glyphs(pdf, document))


# What the laid-out pages show: whether words fit, and which characters were drawn. The engine has
# no public interface for the text of a page: the functions below alone read its boxes.
_PX_PER_INCH = 96
_ADDRESS = "recipient"  # the class of the layout's element that holds the address
_HAIR = 2  # px
_SECOND_TOP = page_lengths()["top"] / _PT_PER_PX
_BODY_END = (_PAGE_HEIGHT - page_lengths()["bottom"]) / _PT_PER_PX  # of a page's words, px
_DOUBT = 0.1  # in, in favor of an attempt: a space between paragraphs is lost where a page ends
_KEPT_BACK = 1 * _PX_PER_INCH  # px: that a page may leave empty to keep lines together
_SHORTER = "shorten it, or give envelope: with at most four lines under recipients:"
_HEAD_END = "head-end"  # the id of the empty element that ends the head in the layout


def may_be_shorter(letter: Letter, document: Any) -> bool:
    """Tell whether the letter might take fewer pages if it is set tightly."""
    if not can_be_shorter(letter, len(document.pages)):
        return False
    ends = [  # of the lines of each page's body, in pixels
        [
            box.position_y + box.height
            for box in page._page_box.descendants()  # noqa: SLF001  # as in foreign_glyphs
            if getattr(box, "text", "") and box.position_y < _BODY_END
        ]
        for page in document.pages
    ]
    *others, last_but_one, last = (max(lines, default=0) for lines in ends)
    room_left = _BODY_END - last_but_one + len(others) * _KEPT_BACK
    return last - _SECOND_TOP - room_left <= (most_saved(letter) + _DOUBT) * _PX_PER_INCH


def head_problems(document: Any) -> Iterator[Problem]:
    """Yield a Problem if the letterhead reaches the window, or its end cannot be found."""
    anchors = document.pages[0].anchors
    if _HEAD_END not in anchors:
        message = f"the layout has no element with the id {_HEAD_END!r} on its first page"
        hint = f'end the letterhead with <div id="{_HEAD_END}"></div>'
        yield Problem("no-head-end", message, hint=hint)
        return
    end = anchors[_HEAD_END][1] / _PX_PER_INCH
    if end > HEAD_LIMIT:
        yield tall_letterhead(end)


def _ink_of(box: Any) -> tuple[float, float, float, float]:
    """Return where a line of text is drawn, in pixels: left, top, right, bottom.

    It goes from the top of a capital to the foot of a `g`.
    """
    size, base = box.style["font_size"], box.position_y + box.baseline
    return box.position_x, base - 0.7 * size, box.position_x + box.width, base + 0.2 * size


def address_problems(document: Any) -> Iterator[Problem]:
    """Yield a Problem where the address is printed over other words.

    The layout puts the address at a fixed position, where it does not push other words away.
    """
    boxes = list(document.pages[0]._page_box.descendants(placeholders=True))  # noqa: SLF001  # as in foreign_glyphs
    root = next(box.element for box in boxes if box.element_tag == "html")
    blocks = [node for node in root.iter() if _ADDRESS in (node.get("class") or "").split()]
    inside = {id(node) for block in blocks for node in block.iter()}
    lines = [box for box in boxes if getattr(box, "text", "")]
    address = [box for box in lines if id(box.element) in inside]
    others = [box for box in lines if id(box.element) not in inside]
    for box, line in product(others, address):
        left, top, right, bottom = zip(_ink_of(line), _ink_of(box), strict=True)
        if min(right) - max(left) > _HAIR and min(bottom) - max(top) > _HAIR:
            message = f"the address is printed over {box.text.strip()!r}"
            yield Problem("tall-address", message, hint=_SHORTER, text=address[0].text)
            return


def foreign_glyphs(pdf: Any, document: Any) -> Iterator[Problem]:
    """Find characters that were drawn from one of this machine's typefaces, not the letter's."""
    dictionaries = (item for item in pdf.objects if isinstance(item, dict))
    fonts = [str(item["BaseFont"]) for item in dictionaries if "BaseFont" in item]
    own = [name.replace(" ", "") for name in (TYPEFACE, MONO)]
    foreign = [name for name in fonts if not any(family in name.replace("-", "") for family in own)]
    if not foreign:
        return
    drawn = {
        character
        for page in document.pages
        # Placeholders stand for boxes at fixed positions: the address, list markers.
        for box in page._page_box.descendants(placeholders=True)  # noqa: SLF001  # the engine has no public text
        for character in getattr(box, "text", None) or ""
    }
    if lacking := sorted(drawn - known_characters()):
        yield from (unknown_glyph(ord(character)) for character in lacking)
    else:  # a style sheet asks for it
        name = foreign[0].partition("+")[2].strip("'")
        message = f"the page is set in {name}, which other machines may lack"
        yield Problem("foreign-typeface", message, hint=f"set it in {TYPEFACE}")
