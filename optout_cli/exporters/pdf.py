"""The letter as PDF: US Letter, tagged, PDF/A-2a and PDF/UA-1 at once."""

from optout_cli.engines import pages_in
from optout_cli.engines.measure import length_problems, room_problems
from optout_cli.errors import raise_any
from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Letter

RANK = 0
DESCRIPTION = "a letter to print, sign and mail (PDF/A-2a, PDF/UA-1)"
MEDIA_TYPE = "application/pdf"
IS_SLOW = True
IS_PRINTED = True
ENCLOSES = "pdf"
count_pages = pages_in


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Print the letter, and the PDFs that it encloses behind it if the options ask for them.

    Raises OptoutError for anything that the page cannot show.
    """
    content = print_letter(letter, context)
    enclosed = [file for file in letter.attachments if file.media_type == MEDIA_TYPE]
    if not (context.options.with_enclosures and enclosed):
        return content
    from optout_cli.exporters.binding import bind_enclosures  # imports pikepdf, 100 ms

    return bind_enclosures(content, enclosed)


def print_letter(letter: Letter, context: ExportContext) -> bytes:
    """Print the letter alone. Raises OptoutError for anything that the page cannot show."""
    raise_any(room_problems(letter, has_own_page=context.templates.has_own_page))
    printed = context.engine.print_letter(letter)
    raise_any(length_problems(pages_in(printed)))
    return printed
