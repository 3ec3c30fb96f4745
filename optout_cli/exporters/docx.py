"""The letter as a Word document, for counsel to mark up and for offices that print from Word."""

from optout_cli.engines.measure import room_problems
from optout_cli.errors import raise_any
from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Letter

RANK = 8
DESCRIPTION = "a Word document, for counsel to mark up"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
IS_PRINTED = True
IS_TO_MARK_UP = True


def encode(letter: Letter, context: ExportContext) -> bytes:  # noqa: ARG001  # formats are called alike
    """Write the letter as a document with the page of the PDF: the same places, not the same lines.

    Raises OptoutError for what does not fit the page, such as an address too tall for the window.
    """
    raise_any(room_problems(letter, has_own_page=False))
    from optout_cli.exporters.word_writer import written_in_word  # imports python-docx, 250 ms

    return written_in_word(letter)
