"""The pages of letters as pictures, and the words of those without pages.

Chooses the file of each letter that goes out, or went out, and reads it; writes nothing.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from optout_cli.engines.pictures import PagePicture, check_library, draw_pages
from optout_cli.errors import OptoutError
from optout_cli.exporters import route_of
from optout_cli.exporters.txt import unwrap
from optout_cli.register.journal import pages_in
from optout_cli.register.standing import Standing
from optout_cli.register.state import LetterState
from optout_cli.reports.packet import best_form
from optout_cli.reports.words import lines_in

# The most pages of all letters, and the dots per inch to draw them with: about 24, 16 and 10 KB.
_SIZES = ((1_300, 100), (2_300, 72), (10**9, 50))
_MOST_PAGES = 12  # that are shown of one letter: the rest are enclosures
_TEXTS = (".txt", ".eml")  # the files that have words and no pages
Trouble = Literal["missing", "changed", "unreadable", "no-pages"]


class Drawing(NamedTuple):
    """A letter's file as the page shows it. `total` is the number of its pages."""

    pages: tuple[PagePicture, ...] = ()
    total: int = 0
    words: str = ""
    trouble: Trouble | None = None


class ShownFile(NamedTuple):
    """The file that shows a letter: its path in the folder, its SHA-256, the number of its pages.

    `kind` says what it is; a `signed` copy is a scan of the paper that went out.
    """

    path: str
    sha256: str
    pages: int
    kind: Literal["letter", "email", "fax", "signed"]


def shown_file(state: LetterState) -> ShownFile | None:
    """Return the file that goes out or went out, or else the one that shows the letter best.

    Paper comes before messages. Returns None if no page can show any file.
    """
    signed = (sent.signed for sent in reversed(state.sent) if sent.signed)
    if scan := next((it for it in signed if best_form([it.path])), None):
        return ShownFile(scan.path, scan.sha256, 1, "signed")
    ways = [event.by for event in state.sent] or [way.by for way in state.letter.service]
    messages: list[Literal["email", "fax"]] = [way for way in ways if way in ("email", "fax")]
    route = messages[0] if ways and len(messages) == len(ways) else None
    files = state.files
    going = [path for path, file in files.items() if route == route_of(file.format)]
    path = best_form(going) or best_form(files)
    if path is None:
        return None
    kind = route_of(files[path].format) or "letter"
    return ShownFile(path, files[path].sha256, files[path].pages or 1, kind)


def files_of(standings: Iterable[Standing]) -> dict[str, tuple[str, int]]:
    """Return the file that shows each letter, with its SHA-256 and its number of pages."""
    shown = (shown_file(standing.state) for standing in standings if standing.is_shown)
    return {file.path: (file.sha256, file.pages) for file in shown if file}


def drawings_of(
    files: Mapping[str, tuple[str, int]], folder: Path
) -> Iterator[tuple[str, Drawing]]:
    """Yield each file of `files_of` with its drawing, in order.

    Raises OptoutError if the library that draws pages cannot be loaded.
    """
    if not all(path.endswith(_TEXTS) for path in files):
        check_library()
    total = sum(min(pages, _MOST_PAGES) for _, pages in files.values())
    dpi = next(dpi for most, dpi in _SIZES if total <= most)

    def draw(name: str) -> Drawing:
        path = folder / name
        try:
            content = path.read_bytes()
        except OSError:
            return Drawing(trouble="missing")
        if sha256(content).hexdigest() != files[name][0]:
            return Drawing(trouble="changed")
        if name.lower().endswith(_TEXTS):
            return Drawing(words="\n".join(unwrap(lines_in(path))))
        try:
            is_pdf = name.lower().endswith(".pdf")
            drawn = draw_pages(content if is_pdf else pages_in(path), dpi, _MOST_PAGES)
        except OptoutError:
            return Drawing(trouble="unreadable")
        return Drawing(drawn.pictures, drawn.total, drawn.words)

    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        yield from zip(files, pool.map(draw, files), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)
