"""Set right what the PDF engine writes, just before the file is closed.

Claims PDF/UA-1 beside PDF/A-2a, gives list items their body and figures their box, and refuses a
character that was drawn from another typeface than the letter's.
"""

from collections.abc import Iterator
from typing import Any

import pydyf

from optout_cli.errors import Problem, raise_any
from optout_cli.exporters.faces import TYPEFACE
from optout_cli.exporters.glyphs import known_characters, unknown_glyph

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
