"""The letter as one web page, and as the page that `pdf` prints."""

import re
from base64 import b64encode

from markupsafe import Markup

from optout_cli.body import html_from
from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters.press import PAGE, Press
from optout_cli.model.notice import Image, Letter

MEDIA_TYPE = "text/html"
_STYLE_OUTSIDE = re.compile(r"@import[^;]*|url\((?!\s*[\"']?(?:data:|#))[^)]*\)", re.IGNORECASE)
# In the letter's own words `<` is escaped, so that a tag is always the layout's.
_MARKUP_OUTSIDE = re.compile(
    r"<(?:script|link|iframe|object|embed|base)\b[^>]*|<[^>]*\ssrc=(?![\"']?data:)[^>]*"
    r"|<[^>]*\sstyle=[^>]*url\([^>]*",
    re.IGNORECASE,
)
IS_TEXT = True


def encode(letter: Letter, press: Press) -> bytes:
    """Return a page that holds its styles and its seal and refers to nothing outside.

    Raises OptoutError where a user's layout or style sheet would reach out of it.
    """
    seal = _data_url(letter.seal) if letter.seal else None
    page = page_of(letter, press, seal=seal, style=press.style)
    if found := _STYLE_OUTSIDE.search(press.style) or _MARKUP_OUTSIDE.search(page):
        message = f"the page asks for {found[0]!r}, which is outside it"
        raise OptoutError(Problem("outside-page", message))
    return page.encode()


def page_of(letter: Letter, press: Press, *, seal: str | None, style: str | None) -> str:
    """Fill in the layout. `seal` is the picture's URL; `style` goes into the page itself."""
    parts = {
        "letter": letter,
        # Written by `body`, which escapes every text.
        "body": Markup(html_from(letter.body)),  # noqa: S704
        "moment": f"{letter.notice.date.isoformat()}T12:00:00Z",
        "seal": seal,
        "style": Markup(style) if style else None,  # noqa: S704  # our own style sheet
    }
    return press.templates.lay_out(PAGE, parts)


def _data_url(image: Image) -> str:
    return f"data:{image.media_type};base64,{b64encode(image.content).decode()}"
