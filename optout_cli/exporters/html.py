"""The letter as one web page, and as the page that `pdf` prints."""

import re
from base64 import b64encode

from markupsafe import Markup

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters.context import PAGE, ExportContext
from optout_cli.model.letter import Image, Letter
from optout_cli.templating.body import html_from

RANK = 3
DESCRIPTION = "one web page, nothing outside it"
MEDIA_TYPE = "text/html"
IS_TEXT = True
IS_SLOW = False
IS_PRINTED = False
ROUTE = None
SIGNATURES = ("ink", "typed", "image")
ENCLOSES = "none"
_SEAL, _AUTOGRAPH = "optout:seal", "optout:autograph"
_STYLE_OUTSIDE = re.compile(r"@import[^;]*|url\((?!\s*[\"']?(?:data:|#))[^)]*\)", re.IGNORECASE)
# In the letter's own words `<` is escaped, so a tag always comes from the layout.
_MARKUP_OUTSIDE = re.compile(
    r"<(?:script|link|iframe|object|embed|base)\b[^>]*|<[^>]*\ssrc=(?![\"']?data:)[^>]*"
    r"|<[^>]*\sstyle=[^>]*url\([^>]*",
    re.IGNORECASE,
)


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return a page that contains its styles and pictures and refers to nothing outside.

    Raises OptoutError where the user's layout or style sheet refers to something outside.
    """
    page = page_of(letter, context, style=context.style)
    for url, picture in pictures_of(letter).items():  # large: insert them after rendering
        content = b64encode(picture.content).decode()
        page = page.replace(f'src="{url}"', f'src="data:{picture.media_type};base64,{content}"')
    if found := _STYLE_OUTSIDE.search(context.style) or _MARKUP_OUTSIDE.search(page):
        message = f"the page asks for {found[0]!r}, which is outside it"
        raise OptoutError(Problem("outside-page", message))
    return page.encode()


def count_pages(content: bytes) -> None:
    """Return None: a web page has no pages."""


def pictures_of(letter: Letter) -> dict[str, Image]:
    """Return the letter's pictures by the URLs that the page uses for them."""
    named = {_SEAL: letter.seal, _AUTOGRAPH: letter.autograph}
    return {url: picture for url, picture in named.items() if picture}


def page_of(letter: Letter, context: ExportContext, *, style: str | None = None) -> str:
    """Fill in the layout. Pictures get URLs of our own, and `style` goes into the page."""
    parts = {
        "letter": letter,
        "body": marked_up(html_from(letter.body)),
        "moment": f"{letter.day.isoformat()}T12:00:00Z",
        "seal": _SEAL if letter.seal else None,
        "autograph": _AUTOGRAPH if letter.autograph else None,
        "style": marked_up(style) if style else None,
    }
    return context.templates.lay_out(PAGE, parts)


def marked_up(text: str) -> Markup:
    """Mark a text as safe markup: a style sheet, or what `body` wrote, which escapes each word."""
    return Markup(text)  # noqa: S704
