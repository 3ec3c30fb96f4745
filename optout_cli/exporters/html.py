"""The letter as one web page."""

import re
from base64 import b64encode

from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Letter
from optout_cli.templating.pages import letter_page, pictures_of

RANK = 2
DESCRIPTION = "one web page, nothing outside it"
MEDIA_TYPE = "text/html"
IS_TEXT = True
_STYLE_OUTSIDE = re.compile(r"@import[^;]*|url\((?!\s*[\"']?(?:data:|#))[^)]*\)", re.IGNORECASE)
# In the letter's own words `<` is escaped, so a tag always comes from the layout.
_MARKUP_OUTSIDE = re.compile(
    r"<(?:script|link|iframe|object|embed|base)\b[^>]*|<[^>]*\ssrc=(?![\"']?(?:data|cid):)[^>]*"
    r"|<[^>]*\sstyle=[^>]*url\([^>]*",
    re.IGNORECASE,
)


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return a page that contains its styles and pictures and refers to nothing outside.

    Raises OptoutError where the user's layout or style sheet refers to something outside.
    """
    page = letter_page(letter, context.templates, style=context.templates.style)
    for url, picture in pictures_of(letter).items():  # large: insert them after rendering
        content = b64encode(picture.content).decode()
        page = page.replace(f'src="{url}"', f'src="data:{picture.media_type};base64,{content}"')
    refuse_outside(page, context.templates.style)
    return page.encode()


def refuse_outside(page: str, style: str = "") -> None:
    """Raise OptoutError where a page or its style sheet refers to something outside."""
    if found := _STYLE_OUTSIDE.search(style) or _MARKUP_OUTSIDE.search(page):
        message = f"the page asks for {found[0]!r}, which is outside it"
        raise OptoutError(Problem("outside-page", message))
