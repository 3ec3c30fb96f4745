"""The letter as PDF: US Letter, tagged, PDF/A-2a and PDF/UA-1 at once."""

from optout_cli.engines.window import room_problems
from optout_cli.errors import raise_any
from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.html import page_of, pictures_of
from optout_cli.model.letter import Letter

MEDIA_TYPE = "application/pdf"
IS_TEXT = False


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Print the letter, and behind it the PDFs that it encloses where the options ask for them.

    Raises OptoutError for whatever the page could not show.
    """
    content = printed(letter, context)
    enclosed = [it for it in letter.attachments if it.media_type == MEDIA_TYPE]
    if not (context.options.with_enclosures and enclosed):
        return content
    from optout_cli.exporters.binding import bind_enclosures  # imports pikepdf, 100 ms

    return bind_enclosures(content, enclosed)


def printed(letter: Letter, context: ExportContext) -> bytes:
    """Print the letter alone. Raises OptoutError for whatever the page could not show."""
    raise_any(room_problems(letter, has_own_page=context.has_own_page))
    return context.engine.print(page_of(letter, context), pictures_of(letter))
