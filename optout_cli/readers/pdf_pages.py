"""What the pages of a PDF show when they are printed, and what is in it that they do not show.

`flatten` draws over the pages what lies over them, as a printer does. Whoever needs none of this
imports it where it is needed: the two libraries take 140 ms.
"""

import os
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ctypes import c_uint
from functools import lru_cache
from io import BytesIO
from logging import ERROR, getLogger
from pathlib import Path
from struct import error as struct_error
from struct import unpack_from
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pypdfium2 import PdfObject, PdfPage, PdfTextObj

from optout_cli.errors import shorten

getLogger("pypdfium2").setLevel(ERROR)  # it warns of each form that is XFA too
_NOT_ON_PAGE = ("/Link", "/Popup")  # what no printer draws
# Annotations whose words stand in a window of their own.
_COMMENTS = {"/Text", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Caret"}
# Those that a reader may draw by itself where the file has no drawing of them, or has one that is
# not to be printed; printers do not.
_DRAWINGS = {
    *("/FreeText", "/Stamp", "/Ink", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine"),
    *("/Watermark", "/3D", "/RichMedia", "/Screen", "/Movie"),
}
_HIDDEN, _PRINTED = 2 | 32, 4  # flags: hidden or not to be viewed; printed (ISO 32000-1, 12.5.3)
_ATTACHED = re.compile(rb"/EF (<<[^>]*>>|\d+ \d+ R)")  # in a dictionary: the file that it names
# What a PDF may do when it is opened, as it is written in it -> our words.
_ACTIONS = {
    b"/S /JavaScript": "a script (JavaScript), for which mail servers may refuse it",
    b"/S /Launch": "a command that starts a program, for which mail servers may refuse it",
}
_HARMLESS = (None, "/URI", "/GoTo")  # actions of a link
_MOST_LOOKED_AT = 20_000  # parts of a page: one with more of them is a drawing
_SHORTEST_SEGMENT = 10  # bytes of a header of JBIG2, less one: fewer are a line end or the like
_AS_FAX = re.compile("/(CCITTFaxDecode|CCF)")
_MOST_PIXELS = 50_000_000  # of a picture that is drawn twice: a sheet of ledger size at 500 dpi
_WHITE = 250  # of 255: nobody sees what is lighter on white paper
_MOST_ABOVE = 32  # fields above a field
_DRAWS = (b"Do", b"scn", b"SCN")  # the operators that draw a form or a pattern
_PART = 200  # bytes of instructions that take as much memory as a form, 1.5 kB as a page is loaded
_LONGEST = 1000  # px: of a page that is looked at


@lru_cache(maxsize=4)  # the formats of a letter, and its letters, enclose the same files
def flatten(content: bytes) -> bytes:
    """Return a PDF whose form values, stamps and the like are drawn on its pages, as printed.

    A PDF without any stays as it is. Raises PdfiumError for one that cannot be read.
    """
    with pikepdf.open(BytesIO(content)) as document:
        annotations = [annotation for page in document.pages for annotation in _annotations(page)]
        kinds = {str(annotation.get("/Subtype", "")) for annotation in annotations}
    if kinds.issubset(_NOT_ON_PAGE):
        return content
    output = BytesIO()
    with closing(pdfium.PdfDocument(BytesIO(content))) as document:
        document.init_forms()
        for page in document:
            with closing(page):
                pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_PRINT)
        document.save(output)
    return output.getvalue()


def drop_actions(document: pikepdf.Pdf) -> None:
    """Take the scripts and commands off the pages of a flattened PDF. Links to pages stay."""
    for page in document.pages:
        links = _annotations(page)
        for holder in (page.obj, *links):
            if "/AA" in holder:
                del holder["/AA"]
        kept = [link for link in links if _within(link, "/A", "/S") in _HARMLESS]
        if len(kept) < len(links):
            page.obj.Annots = pikepdf.Array(kept)


def _annotations(page: pikepdf.Page | pikepdf.Object) -> list[pikepdf.Object]:
    found = page.get("/Annots")
    if not isinstance(found, pikepdf.Array):
        return []
    return [annotation for annotation in found if isinstance(annotation, pikepdf.Dictionary)]


def refusal(document: pikepdf.Pdf) -> str:
    """Return why the pages of a PDF are not what its sender means to show, or an empty text."""
    if "/Collection" in document.Root:
        return "is a PDF portfolio: its files are not on its pages"
    if document.Root.get("/NeedsRendering"):  # ISO 32000-1, annex K
        return "is an XFA form: its pages are made only as Adobe Reader opens it"
    # Pages bound to a letter lose what their document says of its layers, and show them all: also
    # one that is off at first, or by its use (ISO 32000-1, 8.11.4).
    usual = _within(document.Root, "/OCProperties", "/D")
    layers = _within(document.Root, "/OCProperties", "/OCGs")
    is_off = _within(usual, "/OFF") or _within(usual, "/BaseState") == "/OFF"
    if is_off or any(
        _within(layer, "/Usage", *use) == "/OFF"
        for layer in (layers if isinstance(layers, pikepdf.Array) else ())
        for use in (("/Print", "/PrintState"), ("/View", "/ViewState"))
    ):
        return "has hidden layers, which would show behind the letter"
    for number, page in enumerate(document.pages, 1):
        if any(annotation.get("/Subtype") == "/Redact" for annotation in _annotations(page)):
            return f"has passages on page {number} that are marked for redaction but still there"
    return ""


# Any: numbers and truth values are Python's own.
def _within(value: Any, *keys: str) -> Any:
    """Return what stands below these keys, one within the other, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, pikepdf.Dictionary) else None
    return value


def unseen(content: bytes, document: pikepdf.Pdf) -> Iterator[str]:
    """Yield what a PDF contains that its printed pages do not show: values, comments, files."""
    yield from _without_a_page(document)
    flat = flatten(content)
    with closing(pdfium.PdfDocument(BytesIO(flat))) as drawn:
        for number, page in enumerate(document.pages, 1):
            annotations = _annotations(page) if flat is not content else []
            comments = sum(map(_is_comment, annotations))
            if comments:
                yield f"{comments} comment{'s' if comments > 1 else ''} on page {number}"
            values = [pair for annotation in annotations for pair in _values(annotation)]
            with closing(drawn[number - 1]) as opened:
                if words := _invisible_words(opened):
                    yield f"the words {shorten(words)!r} on page {number}"
                if not values:
                    continue
                with closing(opened.get_textpage()) as text:
                    shown = _compact(text.get_text_range())
            for name, value in values:
                if _compact(value) not in shown:
                    yield f"the value of the field {shorten(name)!r} on page {number}"


def _is_cut_off(picture: pikepdf.Stream) -> bool:
    """Tell whether a picture in JBIG2 ends within a segment (ISO 14492, 7.2). No reader says so.

    It is not JBIG2 either if its segments cannot be followed. Damage within one cannot be told.
    """
    filters = repr(picture.get("/Filter"))
    if "/JBIG2Decode" not in filters or filters.count("/") > 1:
        return False
    packed, at = picture.read_raw_bytes(), 0
    try:
        while len(packed) - at > _SHORTEST_SEGMENT:
            number, flags, count = unpack_from(">IBB", packed, at)
            count, at = count >> 5, at + 6
            if count == 7:  # noqa: PLR2004  # then it is in four bytes, followed by a bit for each
                count = int.from_bytes(packed[at - 1 : at + 3]) & 0x1FFFFFFF
                at += 3 + (count + 8) // 8
            at += count * (1 if number <= 0x100 else 2 if number <= 0x10000 else 4)  # noqa: PLR2004
            at += 4 if flags & 0x40 else 1
            (length,) = unpack_from(">I", packed, at)
            if length == 0xFFFFFFFF:  # noqa: PLR2004  # its end is marked in the data
                return False
            at += 4 + length
    except struct_error:
        return True
    return at > len(packed) or at == 0


def _is_drawn_in_two_ways(picture: pikepdf.Stream) -> bool:
    """Tell whether a picture is packed as a fax, and two readers draw it differently.

    Neither says that it is damaged: each goes on as well as it can.
    """
    if not _AS_FAX.search(repr(picture.get("/Filter"))):
        return False
    output = BytesIO()
    try:
        with pikepdf.new() as alone, _without_messages():
            plain = alone.copy_foreign(picture)
            plain.ColorSpace = pikepdf.Name.DeviceGray
            for key in {"/ImageMask", "/Mask", "/SMask", "/Decode"} & {*plain.keys()}:
                del plain[key]
            settings = plain.get("/DecodeParms", pikepdf.Dictionary())
            each = settings[-1] if isinstance(settings, pikepdf.Array) else settings
            each.BlackIs1 = False  # then they fill what is lost in different colors
            page = alone.add_blank_page().obj
            page.Resources = pikepdf.Dictionary(XObject={"/I": plain})
            page.Contents = alone.make_stream(b"/I Do")
            alone.save(output)
            image = pikepdf.PdfImage(plain)  # type: ignore[arg-type]  # the copy of a stream is one
            if image.width * image.height > _MOST_PIXELS:
                return False
            drawn = image.as_pil_image().convert("L").tobytes()
        with closing(pdfium.PdfDocument(output)) as document, closing(document[0]) as opened:
            (other,) = opened.get_objects([pdfium_c.FPDF_PAGEOBJ_IMAGE])
            seen = other.get_bitmap().to_pil().convert("L").tobytes()
    except OSError:  # one of them draws nothing at all
        return True
    except (AttributeError, ValueError, TypeError, pikepdf.PdfError, pdfium.PdfiumError):
        return False  # packed in a way that one of them cannot unpack
    return seen not in (drawn, drawn.translate(bytes(range(255, -1, -1))))


@contextmanager
def _without_messages() -> Iterator[None]:
    """Keep off the terminal what a library in C writes there by itself."""
    try:
        saved = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def _is_comment(annotation: pikepdf.Object) -> bool:
    """Tell whether an annotation has words or a drawing that no printed page shows."""
    kind = annotation.get("/Subtype")
    flags = int(annotation.get("/F", 0))
    is_drawn = "/AP" in annotation and flags & _PRINTED
    return kind in _COMMENTS or (kind in _DRAWINGS and not is_drawn and not flags & _HIDDEN)


def _without_a_page(document: pikepdf.Pdf) -> Iterator[str]:
    """Yield what a PDF has that shows on none of its pages: files, scripts, damaged pictures."""
    kinds = pikepdf.Dictionary, pikepdf.Array
    written = [
        thing.unparse(resolved=True) for thing in document.objects if isinstance(thing, kinds)
    ]
    streams = [item for item in document.objects if isinstance(item, pikepdf.Stream)]
    if damaged := sum(_is_cut_off(stream) or _is_drawn_in_two_ways(stream) for stream in streams):
        yield f"all of {damaged} damaged picture{'s' if damaged > 1 else ''}"
    if files := len({file for content in written for file in _ATTACHED.findall(content)}):
        yield f"{files} file{'s' if files > 1 else ''} attached to it"
    for mark, words in _ACTIONS.items():
        if any(mark in content for content in written):
            yield words
    if any(b"/FT /Sig" in content and b"/V " in content for content in written):
        yield "the digital signature, which is valid only in the file itself"


def instructions_on(
    drawing: pikepdf.Object, known: dict[tuple[int, int], int], most: int, above: Any
) -> int:
    """Return how many bytes of instructions draw a page or form, or a number above `most`.

    Each form, pattern or annotation counts as often as it is drawn. `known` keeps the number of
    each. `above` has what a form without resources uses.
    """
    known[drawing.objgen] = 0  # one that draws itself is drawn once
    own = drawing.get("/Contents") if isinstance(drawing, pikepdf.Dictionary) else drawing
    streams = own if isinstance(own, pikepdf.Array) else [own]
    written = [part.read_bytes() for part in streams if isinstance(part, pikepdf.Stream)]
    resources = drawing.get("/Resources", above)
    names = {
        name: part
        for key in ("/XObject", "/Pattern")
        for name, part in dict(_within(resources, key) or {}).items()
        if isinstance(part, pikepdf.Stream) and part.get("/Subtype") != "/Image"
    }
    size = sum(map(len, written))
    draws = sum(part.count(name) for part in written for name in _DRAWS) if names else 0
    if size + draws * _PART > most:
        known[drawing.objgen] = size + draws * _PART
        return size + draws * _PART
    steps = pikepdf.parse_content_stream(drawing, "Do scn SCN") if draws else ()
    drawn = [names.get(str(step.operands[-1])) for step in steps if step.operands]
    for annotation in _annotations(drawing):
        look = _within(annotation, "/AP", "/N")
        looks = [*look.values()] if isinstance(look, pikepdf.Dictionary) else [look]
        drawn += [part for part in looks if isinstance(part, pikepdf.Stream)]
    for part in drawn:
        if part is not None:
            if part.objgen not in known:
                instructions_on(part, known, most, resources)
            size += _PART + known[part.objgen]
    known[drawing.objgen] = size
    return size


def _invisible_words(page: PdfPage) -> str:
    """Return the words of a page that are white on white or have no color at all.

    A page with a picture has none: the words found in a scan lie over it without color.
    """
    count = min(pdfium_c.FPDFPage_CountObjects(page), _MOST_LOOKED_AT)
    parts = [pdfium_c.FPDFPage_GetObject(page, number) for number in range(count)]
    kinds = list(map(pdfium_c.FPDFPageObj_GetType, parts))
    # A form may contain a picture, and pdfium does not tell the place of its words.
    if pdfium_c.FPDF_PAGEOBJ_IMAGE in kinds or pdfium_c.FPDF_PAGEOBJ_FORM in kinds:
        return ""
    pale = []  # words in white, or that are not drawn at all
    for part, kind in zip(parts, kinds, strict=True):
        if kind != pdfium_c.FPDF_PAGEOBJ_TEXT:
            continue
        mode = pdfium_c.FPDFTextObj_GetTextRenderMode(part)
        is_white = mode == pdfium_c.FPDF_TEXTRENDERMODE_FILL and has_light_fill(part, _WHITE)
        if is_white or mode == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE:
            pale.append(part)
    if not pale:
        return ""
    with closing(page.render(scale=small_scale(page), grayscale=True)) as drawn:
        picture, place = drawn.to_pil(), drawn.get_posconv(page)
    hidden = []
    with closing(page.get_textpage()) as text:
        for item in (PdfTextObj(raw, page=page, pdf=page.pdf, textpage=text) for raw in pale):
            left, below, right, above = item.get_bounds()
            corners = place.to_bitmap(left, below), place.to_bitmap(right, above)
            box = [pick(side) for pick in (min, max) for side in zip(*corners, strict=True)]
            # The part of the page, if any, where the words would be.
            left, above = max(0, box[0]), max(0, box[1])
            right, below = min(picture.width, box[2] + 1), min(picture.height, box[3] + 1)
            area = (left, above, right, below)
            if left < right and above < below and picture.crop(area).getextrema()[0] > _WHITE:
                hidden.append(item.extract().strip())
    return " ".join(filter(None, hidden))


def has_light_fill(item: PdfObject, darkest: int) -> bool:
    """Tell whether words or a shape are filled with a color lighter than the gray `darkest`."""
    shades = [c_uint() for _ in range(4)]
    is_known = pdfium_c.FPDFPageObj_GetFillColor(item, *shades)
    return bool(is_known) and all(shade.value > darkest for shade in shades[:3])


def small_scale(page: PdfPage) -> float:
    """Return at what scale to look at a page: a pixel a point, or less for a huge page."""
    return float(min(1, _LONGEST / max(page.get_size())))


def _values(widget: pikepdf.Object) -> Iterator[tuple[str, str]]:
    """Yield name and value of a text or a choice that a form shows, or of a box without a mark."""
    if widget.get("/Subtype") != "/Widget" or int(widget.get("/F", 0)) & _HIDDEN:
        return
    kind, value, name = (_inherited(widget, key) for key in ("/FT", "/V", "/T"))
    if kind in ("/Tx", "/Ch"):
        for each in value if isinstance(value, pikepdf.Array) else [value]:
            text = str(each) if isinstance(each, pikepdf.String) else ""
            if isinstance(each, pikepdf.Stream):
                text = each.read_bytes().decode("utf-8", "replace")
            if text.strip():
                yield str(name or ""), text
    elif kind == "/Btn" and isinstance(value, pikepdf.Name) and value != "/Off":
        several = _within(widget, "/Parent", "/Kids")  # one of them has the mark
        is_only = not isinstance(several, pikepdf.Array) or len(several) == 1
        # A box without a drawing of its mark, or with that of another value: no page has this text.
        if "/AP" not in widget or (is_only and widget.get("/AS", value) != value):
            yield str(name or ""), "\0"


# Any: numbers and truth values are Python's own.
def _inherited(field: Any, key: str) -> Any:
    """Return what a field has, or the one that it is a part of."""
    for _ in range(_MOST_ABOVE):
        if (found := field.get(key)) is not None:
            return found
        if not isinstance(field := field.get("/Parent"), pikepdf.Dictionary):
            break
    return None


def _compact(text: str) -> str:
    """Return a text without blanks and hyphens, which a line's end may add."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", unicodedata.normalize("NFKC", text))
