"""The letter as PDF: US Letter, tagged, PDF/A-2a and PDF/UA-1 at once."""

from optout_cli.exporters.html import page_of, pictures_of
from optout_cli.exporters.press import Press
from optout_cli.model.notice import Letter

MEDIA_TYPE = "application/pdf"
IS_TEXT = False


def encode(letter: Letter, press: Press) -> bytes:
    """Print the letter. Raises OptoutError for whatever the page could not show."""
    return press.engine.print(page_of(letter, press), pictures_of(letter))
