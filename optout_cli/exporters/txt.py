"""The letter as plain text, at most 80 columns, UTF-8."""

from optout_cli.exporters._page import lines_of
from optout_cli.exporters.press import Press
from optout_cli.model.notice import Letter

MEDIA_TYPE = "text/plain"
IS_TEXT = True


def encode(letter: Letter, press: Press) -> bytes:  # noqa: ARG001  # formats are called alike
    """Return the letter's lines, each with a line end."""
    return "".join(f"{line}\n" for line in lines_of(letter)).encode()
