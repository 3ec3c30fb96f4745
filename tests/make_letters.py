"""Make a request's case, notices, letters and PDF, and read their texts and problems."""

import os
import textwrap
from collections.abc import Callable, Iterator
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import REQUEST, TODAY

from optout_cli.cache import Cache
from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.letters.render import render
from optout_cli.model.letter import Block, Letter, ListBlock, Quote
from optout_cli.model.notice import Case, Notice
from optout_cli.readers.document import Document, merge
from optout_cli.readers.yaml import document_from_yaml
from optout_cli.templating.body import plain
from optout_cli.templating.filters import as_typed

PROGRAMS = Library().programs  # read once while the tests are collected
KINDS = [kind for kind, *_ in PROGRAMS.letters()]
BARE = "".join(line for line in REQUEST.splitlines(keepends=True) if "signatory" not in line)


def document_of(text: str = "", base: str = REQUEST) -> Document:
    """Lay the lines of `text` on those of `base`."""
    document = document_from_yaml(base, "request.yaml")
    over = textwrap.dedent(text)
    return merge(document, document_from_yaml(over, "request.yaml")) if over else document


def case_for(
    library: Library,
    text: str = "",
    base: str = REQUEST,
    *,
    today: date = TODAY,
    max_age: int | None = None,
) -> Case:
    return case_of(document_of(text, base), library, Order(today=today, max_age=max_age))


def notices_for(library: Library, text: str = "", base: str = REQUEST) -> tuple[Notice, ...]:
    return compose(case_for(library, text, base))


def notice_for(library: Library, text: str = "", base: str = REQUEST) -> Notice:
    """Return the bureau's notice."""
    return notices_for(library, text, base)[0]


def letters_for(library: Library, text: str = "", base: str = REQUEST) -> tuple[Letter, ...]:
    return tuple(render(it, library.templates) for it in notices_for(library, text, base))


def letter_for(library: Library, text: str = "", base: str = REQUEST) -> Letter:
    """Return the bureau's letter."""
    return letters_for(library, text, base)[0]


def library_with(folder: Path, files: dict[str, str]) -> Library:
    """Open the shipped library below a user's folder of templates with these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    kept = Path(os.environ["XDG_CACHE_HOME"]) / "optout"  # the tests' own; see conftest
    return Library(folders=[folder], cache=Cache(kept))


def pdf_of(letter: Letter, library: Library) -> bytes:
    """Return the letter as PDF."""
    return exporter_for("pdf").encode(letter, library.context)


def problems_of(call: Callable[[], object]) -> list[Problem]:
    """Return what `call` complains of."""
    with pytest.raises(OptoutError) as caught:
        call()
    return list(caught.value.problems)


def told_by(call: Callable[[], object]) -> str:
    """Return what `call` complains of, as the user reads it."""
    return "\n".join(map(str, problems_of(call)))


def texts_of(letter: Letter) -> list[str]:
    """Return every text of a letter, one for each line or paragraph, in the page's order."""
    return [
        *filter(None, [letter.mark]),
        *letter.sender,
        *letter.sender_contact,
        letter.date,
        *letter.service,
        *letter.recipient,
        letter.reference,
        *letter.to,
        letter.subject,
        letter.salutation,
        *(text for block in letter.body for text in _texts(block)),
        letter.closing,
        *letter.signature,
        *letter.approval,
        *letter.enclosures,
        *letter.cc,
        *letter.record,
        letter.continuation,
        letter.foot,
    ]


def body_texts(letter: Letter) -> list[str]:
    """Return every paragraph of a letter's body, as people type it."""
    return [as_typed(text) for block in letter.body for text in _texts(block)]


def _texts(block: Block) -> Iterator[str]:
    if isinstance(block, ListBlock):
        for item in block.items:
            for part in item:
                yield from _texts(part)
    elif isinstance(block, Quote):
        for paragraph in block.blocks:
            yield from _texts(paragraph)
    else:
        yield plain(block.runs)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0  # elements open whose text no reader sees

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # its signature
        self.hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words += data.split()


def html_words(page: str) -> list[str]:
    """Return the words that a reader of a web page sees."""
    parser = _Words()
    parser.feed(page)
    parser.close()
    return parser.words
