"""The letter as one web page, and as the page that `pdf` prints."""

import re
from base64 import b64encode
from collections.abc import Mapping

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
    pictures = {name: _data_url(it) for name, it in pictures_of(letter).items()}
    page = page_of(letter, press, pictures, style=press.style)
    if found := _STYLE_OUTSIDE.search(press.style) or _MARKUP_OUTSIDE.search(page):
        message = f"the page asks for {found[0]!r}, which is outside it"
        raise OptoutError(Problem("outside-page", message))
    return page.encode()


def pictures_of(letter: Letter) -> dict[str, Image]:
    """Return the letter's pictures by the names under which the layout knows them."""
    named = {"seal": letter.seal, "autograph": letter.autograph}
    return {name: picture for name, picture in named.items() if picture}


def page_of(
    letter: Letter, press: Press, pictures: Mapping[str, str], *, style: str | None = None
) -> str:
    """Fill in the layout. `pictures` are URLs by name; `style` goes into the page itself."""
    parts = {
        "letter": letter,
        # Written by `body`, which escapes every text.
        "body": Markup(html_from(letter.body)),  # noqa: S704
        "moment": f"{letter.notice.date.isoformat()}T12:00:00Z",
        "seal": pictures.get("seal"),
        "autograph": pictures.get("autograph"),
        "style": Markup(style) if style else None,  # noqa: S704  # our own style sheet
    }
    return press.templates.lay_out(PAGE, parts)


def _data_url(image: Image) -> str:
    return f"data:{image.media_type};base64,{b64encode(image.content).decode()}"
