"""The letter as PDF: US Letter, tagged, PDF/A-2a and PDF/UA-1 at once."""

from optout_cli.exporters.html import page_of
from optout_cli.exporters.press import Press
from optout_cli.model.notice import Letter

MEDIA_TYPE = "application/pdf"
IS_TEXT = False
_SEAL = "optout:seal"


def encode(letter: Letter, press: Press) -> bytes:
    """Print the letter. Raises OptoutError for whatever the page could not show."""
    page = page_of(letter, press, seal=_SEAL if letter.seal else None, style=None)
    images = {_SEAL: letter.seal} if letter.seal else {}
    return press.engine.print(page, images)
