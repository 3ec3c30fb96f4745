"""The letter as one web page, and as the page that `pdf` prints."""

import re
from base64 import b64encode

from markupsafe import Markup

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters.context import PAGE, ExportContext
from optout_cli.model.letter import Image, Letter
from optout_cli.templating.body import html_from

MEDIA_TYPE = "text/html"
_SEAL, _AUTOGRAPH = "optout:seal", "optout:autograph"
_STYLE_OUTSIDE = re.compile(r"@import[^;]*|url\((?!\s*[\"']?(?:data:|#))[^)]*\)", re.IGNORECASE)
# In the letter's own words `<` is escaped, so that a tag is always the layout's.
_MARKUP_OUTSIDE = re.compile(
    r"<(?:script|link|iframe|object|embed|base)\b[^>]*|<[^>]*\ssrc=(?![\"']?data:)[^>]*"
    r"|<[^>]*\sstyle=[^>]*url\([^>]*",
    re.IGNORECASE,
)
IS_TEXT = True


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return a page that holds its styles and its pictures and refers to nothing outside.

    Raises OptoutError where a user's layout or style sheet would reach out of it.
    """
    page = page_of(letter, context, style=context.style)
    # Put in when the page is laid out: a picture is no word, and may be larger than all of them.
    for url, picture in pictures_of(letter).items():
        page = page.replace(f'src="{url}"', f'src="{_data_url(picture)}"')
    if found := _STYLE_OUTSIDE.search(context.style) or _MARKUP_OUTSIDE.search(page):
        message = f"the page asks for {found[0]!r}, which is outside it"
        raise OptoutError(Problem("outside-page", message))
    return page.encode()


def pictures_of(letter: Letter) -> dict[str, Image]:
    """Return the letter's pictures by the URLs under which the page names them."""
    named = {_SEAL: letter.seal, _AUTOGRAPH: letter.autograph}
    return {url: picture for url, picture in named.items() if picture}


def page_of(letter: Letter, context: ExportContext, *, style: str | None = None) -> str:
    """Fill in the layout, in which pictures have URLs of our own; `style` goes into the page."""
    parts = {
        "letter": letter,
        "body": marked_up(html_from(letter.body)),
        "moment": f"{letter.notice.date.isoformat()}T12:00:00Z",
        "seal": _SEAL if letter.seal else None,
        "autograph": _AUTOGRAPH if letter.autograph else None,
        "style": marked_up(style) if style else None,
    }
    return context.templates.lay_out(PAGE, parts)


def marked_up(text: str) -> Markup:
    """Take a text for markup: one that `body` wrote, which escapes every word, or a style sheet."""
    return Markup(text)  # noqa: S704


def _data_url(image: Image) -> str:
    return f"data:{image.media_type};base64,{b64encode(image.content).decode()}"
