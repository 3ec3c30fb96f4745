"""The letter as PDF: US Letter, tagged, PDF/A-2a and PDF/UA-1 at once."""

from optout_cli.errors import OptoutError, Problem
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
    try:
        return press.engine.print(page, images)
    except OptoutError as error:
        name = letter.notice.recipient.party
        problems = (
            Problem(it.code, f"{name}: {it.message}", hint=it.hint, path=it.path)
            for it in error.problems
        )
        raise OptoutError(*problems) from None
