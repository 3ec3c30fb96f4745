"""Read the words and the styles of a Word document."""

from io import BytesIO
from typing import NamedTuple

import docx
from docx.document import Document
from docx.oxml.ns import qn
from read_mail import texts_in_part

from optout_cli.model.letter import Letter


class Words(NamedTuple):
    """What a document says, without blanks; of a page's number only its label."""

    body: str
    first_head: str
    later_head: str
    first_foot: str
    later_foot: str


def opened(content: bytes) -> Document:
    return docx.Document(BytesIO(content))


def words_in(content: bytes) -> Words:
    """Return the words of a document as a reader of its parts finds them."""
    document = opened(content)
    (section,) = document.sections
    margins = (
        section.first_page_header,
        section.header,
        section.first_page_footer,
        section.footer,
    )
    body = (node.text or "" for node in document.element.body.iter(qn("w:t")))
    heads_and_feet = (_joined(*(it.text for it in part.paragraphs)) for part in margins)
    return Words(_joined(*body), *heads_and_feet)


def words_of(letter: Letter) -> Words:
    """Return the words that the letter's document must have."""
    head = f"{letter.mark} {letter.continuation} Page of"
    said = texts_in_part(letter, [*letter.envelope], "printed")
    return Words(
        _joined(*said),
        _joined(letter.mark),
        _joined(head),
        _joined(letter.foot),
        _joined(letter.foot),
    )


def _joined(*texts: str) -> str:
    """Join texts without blanks, and without the dots between an address's lines."""
    return "".join(word for text in texts for word in text.split() if word != "·")


def styled(content: bytes) -> list[tuple[str, str]]:
    """Return style and text of each paragraph, from the letterhead on; tabs are blanks."""
    document = opened(content)
    cells = {id(cell._tc): cell for row in document.tables[0].rows for cell in row.cells}
    paragraphs = [it for cell in cells.values() for it in cell.paragraphs]
    paragraphs += document.paragraphs
    return [(it.style.name or "", it.text.replace("\t", " ")) for it in paragraphs if it.style]
