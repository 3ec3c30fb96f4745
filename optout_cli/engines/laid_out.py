"""What WeasyPrint's laid-out pages show: whether words fit, and which characters were drawn.

The engine has no public interface for the text of a page: these functions alone read its boxes.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from optout_cli.engines.measure import (
    HEAD_LIMIT,
    MONO,
    TYPEFACE,
    can_be_shorter,
    known_characters,
    most_saved,
    tall_letterhead,
    unknown_glyph,
)
from optout_cli.errors import Problem
from optout_cli.model.letter import Letter

_PX_PER_INCH = 96
_ADDRESS = "recipient"  # the class of the layout's element that holds the address
_HAIR = 2  # px
_SECOND_TOP, _BODY_END = 0.95 * _PX_PER_INCH, 10.2 * _PX_PER_INCH  # of a page's body, px
_DOUBT = 0.1  # in, in favor of an attempt: a space between paragraphs is lost where a page ends
_KEPT_BACK = 1 * _PX_PER_INCH  # px: that a page may leave empty to keep lines together
_SHORTER = "shorten it, or give envelope: with at most four lines under recipients:"
_HEAD_END = "head-end"  # the id of the empty element that ends the head in the layout


def may_be_shorter(letter: Letter, document: Any) -> bool:
    """Tell whether the letter might take fewer pages if it is set tightly."""
    if not can_be_shorter(letter, len(document.pages)):
        return False
    *others, last_but_one, last = (max(_ends(page), default=0) for page in document.pages)
    room_left = _BODY_END - last_but_one + len(others) * _KEPT_BACK
    return last - _SECOND_TOP - room_left <= (most_saved(letter) + _DOUBT) * _PX_PER_INCH


def _ends(page: Any) -> Iterator[float]:
    """Yield the lower end of each line of a page's body, in pixels."""
    for box in page._page_box.descendants():  # noqa: SLF001  # as in foreign_glyphs
        if getattr(box, "text", "") and box.position_y < _BODY_END:
            yield box.position_y + box.height


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


class _Ink(NamedTuple):
    """A line of text as drawn: from the top of a capital to the foot of a `g`, in pixels."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def of(cls, box: Any) -> "_Ink":
        size, base = box.style["font_size"], box.position_y + box.baseline
        left, right = box.position_x, box.position_x + box.width
        return cls(box.text, left, base - 0.7 * size, right, base + 0.2 * size)

    def is_over(self, other: "_Ink") -> bool:
        """Tell whether two texts are drawn on each other, by more than a hair."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > _HAIR
            and min(self.bottom, other.bottom) - max(self.top, other.top) > _HAIR
        )


def address_problems(document: Any) -> Iterator[Problem]:
    """Yield a Problem where the address is printed over other words.

    The layout puts the address at a fixed position, where it does not push other words away.
    """
    boxes = list(document.pages[0]._page_box.descendants(placeholders=True))  # noqa: SLF001  # as in foreign_glyphs
    root = next(box.element for box in boxes if box.element_tag == "html")
    blocks = [node for node in root.iter() if _ADDRESS in (node.get("class") or "").split()]
    inside = {id(node) for block in blocks for node in block.iter()}
    inks = [(_Ink.of(box), id(box.element) in inside) for box in boxes if getattr(box, "text", "")]
    address = [ink for ink, is_address in inks if is_address]
    for ink, is_address in inks:
        if not is_address and any(line.is_over(ink) for line in address):
            message = f"the address is printed over {ink.text.strip()!r}"
            yield Problem("tall-address", message, hint=_SHORTER, text=address[0].text)
            return


def foreign_glyphs(pdf: Any, document: Any) -> Iterator[Problem]:
    """Find characters that were drawn from one of this machine's typefaces, not the letter's."""
    dictionaries = (item for item in pdf.objects if isinstance(item, dict))
    fonts = [str(item["BaseFont"]) for item in dictionaries if "BaseFont" in item]
    own = [name.replace(" ", "") for name in (TYPEFACE, MONO)]
    foreign = [name for name in fonts if not any(it in name.replace("-", "") for it in own)]
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
