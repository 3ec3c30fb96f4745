"""The letter as fax-ready text: ASCII, at most 80 columns, a cover page, numbered pages."""

from collections.abc import Iterable

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters._ascii import in_ascii
from optout_cli.exporters._page import Line, groups_of, joined, pages_of, wrapped
from optout_cli.exporters.press import Press
from optout_cli.model.notice import Letter

MEDIA_TYPE = "text/plain"
IS_TEXT = True
_HANGING = " " * 4
_PAGE, _PAGES = "{page}", "{pages}"  # wider than any number, so that no line grows
_LEAST = 10  # lines of the letter on a page: a signature block with the body's last lines


def encode(letter: Letter, press: Press) -> bytes:
    """Return the pages with a form feed between them, each line with a line end.

    Raises OptoutError for characters that cannot be spelled, and where the head fills the page.
    """
    letter = in_ascii(letter)
    marked = [*wrapped(letter.mark), ""] if letter.mark else []
    head = [*wrapped(f"{letter.head}, page {_PAGE} of {_PAGES}"), "", *marked]
    height = press.options.lines_per_page - len(head)
    if height < _LEAST:
        message = f"a page of {press.options.lines_per_page} lines has no room for the letter"
        hint = f"its head takes {len(head)} lines; give it more with --lines-per-page"
        raise OptoutError(Problem("low-page", message, hint=hint))
    cover = pages_of(_cover_lines(letter), height)
    body = pages_of(joined(groups_of(letter)), height)
    pages = len(cover) + len(body)
    # Only what our own template words is numbered: in the letter `{page}` is the user's text.
    heads = [_numbered(head, number, pages) for number in range(1, pages + 1)]
    cover = [_numbered(sheet, number, pages) for number, sheet in enumerate(cover, 1)]
    if cover:
        heads[0] = marked
    sheets = zip(heads, [*cover, *body], strict=True)
    return "\f".join(_text((*top, *sheet)) for top, sheet in sheets).encode("ascii")


def _cover_lines(letter: Letter) -> list[Line]:
    """Return the cover with a blank line between any two facts, which a clerk reads at a glance."""
    texts = [wrapped(text, rest=_HANGING) for text in letter.cover]
    return joined(tuple(map(Line, lines)) for lines in texts)


def _numbered(lines: Iterable[str], number: int, pages: int) -> list[str]:
    return [line.replace(_PAGE, str(number)).replace(_PAGES, str(pages)) for line in lines]


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
