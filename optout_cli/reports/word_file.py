"""A Word file -> its paragraphs, also one that counsel marked up: with tracked changes accepted.

Reads the words, the numbers of lists, and the comments at their places. Looks and pictures are not
read. python-docx takes long to import, and only Word files need it.
"""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.parts.document import DocumentPart

HEAD = "\f"  # begins a head of later pages, with its page number left out
COMMENT = "\v"  # begins a comment, and is between its author, the words that it is on, and its own
BULLET = "\u2022"
# What a Word file has beside its text, in the order of reading.
_BESIDE = ("header", "footer", "footnotes", "endnotes")
_SHOWN = ("w:t", "w:tab", "w:br", "w:cr", "w:noBreakHyphen", "w:sym", "w:instrText", "w:fldChar")
_COMMENTED = ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference")
_DELETED = "w:delText"
_HIDDEN = "w:r[w:rPr/w:vanish[not(@w:val='0' or @w:val='false' or @w:val='off')]]"
_TRACKED = re.compile(r"<w:(?:ins|del|moveFrom|moveTo) [^>]*>")
_AUTHOR = re.compile(r'\bw:author="([^"]*)"')
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Fields: begin, code, separate, what is shown, end. Word counts pages anew whenever it saves.
_FIELD_MARKS = {"begin": "\x01", "separate": "\x02", "end": "\x03"}
_COUNTED = (["PAGE"], ["NUMPAGES"], ["SECTIONPAGES"])
_COUNTED_FIELD = re.compile(r"\x01\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b[^\x03]*\x03")
_FIELD_CODE = re.compile(r"\x01[^\x02\x03]*|[\x02\x03]")


def paragraphs_in(content: bytes) -> Iterator[str]:
    """Yield the heads, paragraphs, feet and footnotes, with each comment after its paragraph."""
    import docx
    from docx.oxml.parser import parse_xml

    part = docx.Document(BytesIO(content)).part
    beside: dict[str, list[str]] = {}
    comments = _Comments()
    for relation in part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if relation.is_external:
            continue
        if kind == "comments":
            comments.load(parse_xml(relation.target_part.blob), part)
        elif kind in _BESIDE:
            texts = _texts_in(parse_xml(relation.target_part.blob), part, comments)
            beside.setdefault(kind, []).extend(text for text in texts if text.strip())
    yield from dict.fromkeys(beside.pop("header", []))
    yield from _texts_in(part.element.body, part, comments)
    for kind in _BESIDE:
        # The first page and the later ones may have the same foot.
        yield from dict.fromkeys(beside.get(kind, []))
    yield from comments.take_all()


def tracked_by(content: bytes) -> list[str] | None:
    """Return who tracked changes in a Word file, which can be read; None if it has none."""
    with ZipFile(BytesIO(content)) as packed:
        names = (name for name in packed.namelist() if re.fullmatch(r"word/\w+\.xml", name))
        parts = [packed.read(name).decode("utf-8", "replace") for name in names]
    marks = [mark[0] for part in parts for mark in _TRACKED.finditer(part)]
    authors = (unescape(author) for mark in marks for author in _AUTHOR.findall(mark) if author)
    return [*dict.fromkeys(authors)] if marks else None


class _Comments:
    """The comments of a Word file, and the words that each is on, as they are met in its text."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[str, str]] = {}  # author and text, by the comment's number
        self._words: dict[str, list[str]] = {}  # of those that began
        self._deleted: dict[str, list[str]] = {}
        self._open: set[str] = set()
        self._ended: list[str] = []

    def load(self, root: "BaseOxmlElement", part: "DocumentPart") -> None:
        """Read all comments. Those without a word are none."""
        from docx.oxml.ns import qn

        for comment in root.iter(qn("w:comment")):
            if text := " ".join(_texts_in(comment, part)).strip():
                id, author = (comment.get(qn(f"w:{name}"), "") for name in ("id", "author"))
                self.told[id] = author, text

    def add(self, text: str, *, is_deleted: bool = False) -> None:
        """Add a text to the words of the comments on it."""
        for id in self._open:
            (self._deleted if is_deleted else self._words).setdefault(id, []).append(text)

    def meet(self, node: "BaseOxmlElement") -> None:
        """Note where a comment begins or ends; it ends for good where Word refers to it."""
        from docx.oxml.ns import qn

        id, kind = node.get(qn("w:id"), ""), node.tag.rpartition("}")[2]
        if kind == "commentRangeStart":
            self._open.add(id)
        else:
            self._open.discard(id)
        self._ended += [id] * (kind == "commentReference")

    def take_ended(self) -> Iterator[str]:
        """Yield the comments that ended, each once. One on words that are deleted is on those."""
        ids, self._ended = self._ended, []
        for id in ids:
            if told := self.told.pop(id, None):
                words = "".join(self._words.get(id, self._deleted.get(id, [])))
                author, text = told
                yield COMMENT + COMMENT.join((author, _FIELD_CODE.sub("", words), text))

    def take_all(self) -> Iterator[str]:
        """Yield the comments that the text does not refer to."""
        self._ended += self.told
        yield from self.take_ended()


def _texts_in(
    root: "BaseOxmlElement", part: "DocumentPart", comments: _Comments | None = None
) -> Iterator[str]:
    """Yield each paragraph, also of text boxes, with its number or bullet in a list.

    A paragraph whose end was deleted, or that was moved away, goes on in the next one. The comments
    of a paragraph follow it.
    """
    from docx.oxml.ns import qn

    counts: dict[str, int] = {}  # by list and level
    comments = comments or _Comments()
    begun = ""
    for paragraph in root.iter(qn("w:p")):
        if next(paragraph.iterancestors(_FALLBACK), None) is not None:
            continue  # the same text box again, for an old Word
        fields = [
            field
            for field in paragraph.iter(qn("w:fldSimple"))
            if field.get(qn("w:instr"), "").split()[:1] in _COUNTED
        ]
        is_joined = paragraph.xpath("./w:pPr/w:rPr/*[self::w:del or self::w:moveFrom]")
        texts = [begun] if is_joined else [_list_mark(paragraph, part, counts), begun]
        left_out = {node for field in fields for node in field.iter()}
        texts += _shown_in(paragraph, left_out, comments)
        begun = ""
        text, found = _COUNTED_FIELD.subn("", "".join(texts))
        text = _FIELD_CODE.sub("", text)
        if is_joined:
            begun = text
            continue
        yield f"{HEAD}{text}" if found or fields else text
        yield from comments.take_ended()
        comments.add(" ")
    if begun:
        yield begun
    yield from comments.take_ended()


def _shown_in(
    paragraph: "BaseOxmlElement", left_out: set["BaseOxmlElement"], comments: _Comments
) -> Iterator[str]:
    """Yield the texts that a paragraph shows, and marks of fields; also to the comments on them."""
    from docx.oxml.ns import qn

    # A text box has paragraphs of its own, and hidden text is not for the reader.
    hidden = paragraph.xpath(f".//{_HIDDEN}")
    for gone in (*paragraph.iter(qn("w:moveFrom"), qn("w:txbxContent")), *hidden):
        left_out.update(gone.iter())
    marks = [*map(qn, _COMMENTED)]
    for node in paragraph.iter(*map(qn, _SHOWN), qn(_DELETED), *marks):
        if node.tag == qn(_DELETED):
            comments.add(node.text or "", is_deleted=True)
        elif node.tag in marks:
            comments.meet(node)
        elif node not in left_out:
            kind, sign = node.get(qn("w:fldCharType"), ""), node.get(qn("w:char"))
            is_hyphen = node.tag == qn("w:noBreakHyphen")
            text = chr(int(sign, 16)) if sign else "-" if is_hyphen else node.text or " "
            text = _FIELD_MARKS.get(kind, text)
            comments.add(text)
            yield text


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
