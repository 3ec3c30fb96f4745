"""What only a finished file shows: a crowded window, the pages to print, what is not in it."""

from collections.abc import Iterator

from optout_cli.exporters.pages import pages_of
from optout_cli.model.notice import Caution, Letter, Notice
from optout_cli.pipeline.library import Library

_PDF = "application/pdf"
_MESSAGES = ("eml", "tiff", "fax")  # they go out as they are: nobody signs them or adds a sheet
_SIGNED_IN = {"eml": ("typed", "image"), "tiff": ("typed", "image"), "fax": ("typed",)}


def findings_of(letter: Letter, name: str, content: bytes, library: Library) -> Iterator[Caution]:
    """Yield what to know of a letter in the format `name`, whose bytes are `content`."""
    is_package = name == "pdf" and library.options.with_enclosures
    if name == "pdf":
        yield from _window_findings(letter, library)
    if is_package:
        yield from _package_findings(letter, content, library)
    if is_package or name in _MESSAGES:
        yield from _left_out(letter.notice, name, library)
    if name in _MESSAGES:
        yield from _unsigned(letter.notice, name, library)


def _window_findings(letter: Letter, library: Library) -> Iterator[Caution]:
    from optout_cli.exporters.window import LINES, window_lines

    recipient = letter.notice.recipient
    lines = window_lines(letter.envelope)
    if lines > LINES:
        text = library.programs.cautions.envelope.format(party=recipient.party, lines=lines)
        yield Caution(code="envelope", text=text)


def _package_findings(letter: Letter, content: bytes, library: Library) -> Iterator[Caution]:
    """Count the pages to print."""
    enclosed = [it for it in letter.attachments if it.media_type == _PDF]
    pages = [(it.name, pages_of("pdf", it.content) or 0) for it in enclosed]
    total = pages_of("pdf", content) or 0
    if pages:
        text = library.programs.cautions.package.format(
            party=letter.notice.recipient.party,
            pages=total,
            own=total - sum(count for _, count in pages),
            enclosed=", ".join(f"{name} {count}" for name, count in pages),
        )
        yield Caution(code="package", text=text)


def _left_out(notice: Notice, name: str, library: Library) -> Iterator[Caution]:
    """Name what the letter encloses and the file does not hold: no file, or one it cannot take."""
    takes = {"eml": "", "tiff": ".pdf", "pdf": ".pdf"}.get(name)
    files = [act.file for act in notice.authority if act.file]
    titles = [it.title for it in notice.enclosures if not it.file]
    files += [it.file for it in notice.enclosures if it.file]
    missing = [it for it in files if takes is None or not it.lower().endswith(takes)]
    if missing or titles:
        names = "; ".join([*missing, *titles])
        text = library.programs.cautions.left_out.format(format=name, names=names)
        yield Caution(code="left-out", text=text)


def _unsigned(notice: Notice, name: str, library: Library) -> Iterator[Caution]:
    is_final = notice.signatory and not notice.is_draft
    if is_final and notice.signature.kind not in _SIGNED_IN[name]:
        text = library.programs.cautions.unsigned.format(format=name)
        yield Caution(code="unsigned", text=text)
