"""The letter and the PDFs that it encloses as one file, to print at once.

Such a file is no archive copy: what is enclosed may be any PDF, so that the claims of PDF/A and
PDF/UA, which the letter alone fulfills, are taken out.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from io import BytesIO

import pikepdf

from optout_cli.errors import OptoutError, Problem
from optout_cli.model.notice import Attachment

_CLAIMS = ("http://www.aiim.org/pdfa/ns/id/", "http://www.aiim.org/pdfua/ns/id/")


def bound(letter: bytes, enclosed: Sequence[Attachment]) -> bytes:
    """Put the pages of PDFs behind a letter's, each under a bookmark with its file's name.

    What a form was filled in with is drawn on its page. Raises OptoutError for a file that cannot
    be taken apart.
    """
    with ExitStack() as stack:
        package = stack.enter_context(pikepdf.open(BytesIO(letter)))
        with package.open_outline() as outline:
            for it in enclosed:
                outline.root.append(pikepdf.OutlineItem(it.name, len(package.pages)))
                package.add_pages_from(_flat(it, stack), outlines="ignore")
        with package.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as claims:
            for key in [it for it in claims if it.startswith(tuple(f"{{{it}}}" for it in _CLAIMS))]:
                del claims[key]
        output = BytesIO()
        package.save(output, deterministic_id=True)
    return output.getvalue()


def _flat(enclosed: Attachment, stack: ExitStack) -> pikepdf.Pdf:
    """Open a PDF, and make what was filled in a part of its pages."""
    try:
        document = stack.enter_context(pikepdf.open(BytesIO(enclosed.content)))
        document.generate_appearance_streams()
        document.flatten_annotations("print")
    except pikepdf.PdfError as error:
        message = f"{enclosed.name} cannot be put behind the letter: {error}"
        hint = "open it, and print it to a new PDF"
        raise OptoutError(Problem("broken-pdf", message, None, hint, "enclosures")) from None
    return document
