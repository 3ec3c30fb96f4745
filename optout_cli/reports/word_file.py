"""A Word file, also one that came back from somebody -> its texts in the order of reading.

Tracked changes count as accepted. Looks and pictures are not read.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.parts.document import DocumentPart

HEAD = "\f"  # begins a head of later pages, with its page number left out
BULLET = "\u2022"
# What a Word file has beside its text, in the order of reading.
_BESIDE = ("header", "footer", "footnotes", "endnotes", "comments")
_SHOWN = ("w:t", "w:tab", "w:br", "w:cr", "w:noBreakHyphen", "w:instrText", "w:fldChar")
_TRACKED = re.compile(rb"<w:(?:ins|del|moveFrom|moveTo) ")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Fields: begin, code, separate, what is shown, end. Word counts pages anew whenever it saves.
_FIELD_MARKS = {"begin": "\x01", "separate": "\x02", "end": "\x03"}
_COUNTED = (["PAGE"], ["NUMPAGES"], ["SECTIONPAGES"])
_COUNTED_FIELD = re.compile(r"\x01\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b[^\x03]*\x03")
_FIELD_CODE = re.compile(r"\x01[^\x02\x03]*|[\x02\x03]")


def texts_in_word(content: bytes) -> Iterator[str]:
    """Yield the heads, the paragraphs, the feet, the footnotes and the comments."""
    import docx
    from docx.oxml.parser import parse_xml

    part = docx.Document(BytesIO(content)).part
    beside: dict[str, list[str]] = {}
    for relation in part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind in _BESIDE and not relation.is_external:
            label = "Comment: " if kind == "comments" else ""
            texts = _texts_in(parse_xml(relation.target_part.blob), part)
            beside.setdefault(kind, []).extend(f"{label}{text}" for text in texts if text.strip())
    yield from dict.fromkeys(beside.pop("header", []))
    yield from _texts_in(part.element.body, part)
    for kind in _BESIDE:
        # The first page and the later ones may have the same foot.
        yield from dict.fromkeys(beside.get(kind, []))


def has_tracked_changes(content: bytes) -> bool:
    """Tell whether a Word file, which can be read, has tracked changes."""
    with ZipFile(BytesIO(content)) as packed:
        names = (name for name in packed.namelist() if re.fullmatch(r"word/\w+\.xml", name))
        return any(_TRACKED.search(packed.read(name)) for name in names)


def _texts_in(root: "BaseOxmlElement", part: "DocumentPart") -> Iterator[str]:
    """Yield each paragraph, also of text boxes, with its number or bullet in a list.

    A paragraph whose end was deleted, or that was moved away, goes on in the next one.
    """
    from docx.oxml.ns import qn

    counts: dict[str, int] = {}  # by list and level
    begun = ""
    for paragraph in root.iter(qn("w:p")):
        if next(paragraph.iterancestors(_FALLBACK), None) is not None:
            continue  # the same text box again, for an old Word
        fields = [
            field
            for field in paragraph.iter(qn("w:fldSimple"))
            if field.get(qn("w:instr"), "").split()[:1] in _COUNTED
        ]
        left_out = {node for field in fields for node in field.iter()}
        for gone in paragraph.iter(qn("w:moveFrom"), qn("w:txbxContent")):
            left_out.update(gone.iter())  # a text box has paragraphs of its own
        is_joined = paragraph.xpath("./w:pPr/w:rPr/*[self::w:del or self::w:moveFrom]")
        texts = [begun] if is_joined else [_list_mark(paragraph, part, counts), begun]
        begun = ""
        for node in paragraph.iter(*map(qn, _SHOWN)):
            if node not in left_out:
                kind = node.get(qn("w:fldCharType"), "")
                texts.append(_FIELD_MARKS.get(kind, node.text or " "))
        text, found = _COUNTED_FIELD.subn("", "".join(texts))
        text = _FIELD_CODE.sub("", text)
        if is_joined:
            begun = text
        else:
            yield f"{HEAD}{text}" if found or fields else text
    if begun:
        yield begun


def _list_mark(paragraph: "BaseOxmlElement", part: "DocumentPart", counts: dict[str, int]) -> str:
    """Return the number or the bullet of an item of a list, and count it; else nothing."""
    names = paragraph.xpath("./w:pPr/w:pStyle/@w:val")
    styles = (style for style in part.styles.element.style_lst if style.styleId in names)
    found = [it for owner in (paragraph, *styles) for it in owner.xpath("./w:pPr/w:numPr[w:numId]")]
    if not found or not found[0].numId.val:
        return ""
    id, level = found[0].numId.val, found[0].ilvl.val if found[0].ilvl is not None else 0
    lists = part.numbering_part.element
    shared = lists.xpath(f"./w:num[@w:numId='{id}']/w:abstractNumId/@w:val")[0]
    at_level = f"[@w:ilvl='{level}']"
    kinds = lists.xpath(
        f"./w:abstractNum[@w:abstractNumId='{shared}']/w:lvl{at_level}/w:numFmt/@w:val"
    )
    if kinds[:1] in ([], ["bullet"], ["none"]):
        return f"{BULLET} " if kinds[:1] == ["bullet"] else ""
    key, own = f"shared {shared} {level}", f"own {id} {level}"
    if own not in counts and lists.xpath(
        f"./w:num[@w:numId='{id}']/w:lvlOverride{at_level}/w:startOverride"
    ):
        counts[key] = 0
    counts[key] = counts[own] = counts.get(key, 0) + 1
    return f"{counts[key]}. "
