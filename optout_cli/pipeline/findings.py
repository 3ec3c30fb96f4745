"""What only a finished PDF shows, for the user: a crowded window, the pages to print."""

from collections.abc import Iterator

from optout_cli.model.notice import Caution, Letter
from optout_cli.pipeline.library import Library

_PDF = "application/pdf"


def findings_of(letter: Letter, content: bytes, library: Library) -> Iterator[Caution]:
    """Yield what to know of a letter's PDF, whose bytes are `content`."""
    yield from _window_findings(letter, library)
    if library.options.with_enclosures and letter.attachments:
        yield from _package_findings(letter, content, library)


def _window_findings(letter: Letter, library: Library) -> Iterator[Caution]:
    from optout_cli.exporters.window import LINES, window_lines

    recipient = letter.notice.recipient
    lines = window_lines(letter.envelope)
    if lines > LINES:
        text = library.programs.cautions.envelope.format(party=recipient.party, lines=lines)
        yield Caution(code="envelope", text=text)


def _package_findings(letter: Letter, content: bytes, library: Library) -> Iterator[Caution]:
    """Count the pages to print, and name what is enclosed and is no PDF."""
    wording, party = library.programs.cautions, letter.notice.recipient.party
    # Two of them may have one name.
    pages = [(it.name, _pages(it.content)) for it in letter.attachments if it.media_type == _PDF]
    total = _pages(content)
    own = total - sum(count for _, count in pages)
    enclosed = ", ".join(f"{name} {count}" for name, count in pages)
    if pages:
        text = wording.package.format(party=party, pages=total, own=own, enclosed=enclosed)
        yield Caution(code="package", text=text)
    for it in letter.attachments:
        if it.media_type != _PDF:
            yield Caution(code="loose", text=wording.loose.format(name=it.name))


def _pages(content: bytes) -> int:
    import pypdfium2

    document = pypdfium2.PdfDocument(content)
    try:
        return len(document)
    finally:
        document.close()
