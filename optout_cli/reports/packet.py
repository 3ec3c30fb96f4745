"""The packet: proof of what was done with a notice, in one PDF, from the register's letters.

A certificate of service to be signed, each letter as it went out, receipts, answers, and the
SHA-256 of each original. Reads the register and the files; changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from email import message_from_bytes, policy
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.letters.library import Library
from optout_cli.letters.render import sections_of
from optout_cli.model.letter import Attachment, Block, Guide, Paragraph, Run
from optout_cli.readers.enclosures import PDF, load_attachment
from optout_cli.readers.files import is_file
from optout_cli.register.due import facts_of
from optout_cli.register.events import Evidence
from optout_cli.register.journal import NAME as REGISTER
from optout_cli.register.state import LetterState
from optout_cli.reports.guide import encode_guide
from optout_cli.templating.body import plain

_TEMPLATE = "_layout/packet.html.j2"
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_TEXTS = (".txt", ".eml")
_SHOWN = (".pdf", *_PICTURES, *_TEXTS)  # the best form for a page first
Role = Literal["letter", "signed", "receipt", "answer"]


class Original(NamedTuple):
    """A file that proves something. `path` is below the folder; `is_shown` if pages show it."""

    role: Role
    path: str
    sha256: str
    is_shown: bool


def originals_of(states: Sequence[LetterState], folder: Path) -> tuple[Original, ...]:
    """Return every file of the letters and of what happened to them, each once, in that order.

    Raises OptoutError if a file is missing or is not as it was recorded, and if no letter was sent.
    """
    if not any(state.sent for state in states):
        message = "is not recorded as sent: there is nothing to certify"
        hint = "say when and how it went out: optout sent LETTER --on DATE --by WAY"
        reference = states[0].written.reference
        raise OptoutError(Problem("not-sent", message, Location(reference), hint))
    found = tuple(dict.fromkeys(item for state in states for item in _originals_of(state)))
    raise_any(_changed_problems(found, folder))
    return found


def _originals_of(state: LetterState) -> Iterator[Original]:
    """Yield a letter's files; of the letter, the signed copy is shown, or else its best form."""
    signed = [sent.signed for sent in state.sent if sent.signed]
    files = {state.places[file.path]: file.sha256 for file in state.letter.files}
    forms = [path for path in files if path.lower().endswith(_SHOWN)]
    best = min(forms, key=_rank, default=None)
    for path, digest in files.items():
        yield Original("letter", path, digest, is_shown=path == best and not signed)
    yield from _proofs("signed", signed)
    receipts = [
        *(sent.receipt for sent in state.sent),
        *(delivered.receipt for delivered in state.delivered),
    ]
    yield from _proofs("receipt", filter(None, receipts))
    yield from _proofs("answer", [answer.file for answer in state.answers if answer.file])


def _rank(path: str) -> int:
    return _SHOWN.index(Path(path).suffix.lower())


def _proofs(role: Role, proofs: Iterable[Evidence]) -> Iterator[Original]:
    for proof in proofs:
        is_shown = proof.path.lower().endswith(_SHOWN)
        yield Original(role, proof.path, proof.sha256, is_shown)


def _changed_problems(originals: Iterable[Original], folder: Path) -> Iterator[Problem]:
    for original in originals:
        path = folder / original.path
        if not is_file(path):
            message, hint = "is missing, and the register names it", "put the file back"
        elif sha256(path.read_bytes()).hexdigest() != original.sha256:
            message, hint = "was changed after it was recorded", "put back the file as it was"
        else:
            continue
        yield Problem("changed-original", message, Location(str(path)), hint)


def packet_of(
    states: Sequence[LetterState], folder: Path, library: Library, today: date
) -> tuple[bytes, tuple[Original, ...]]:
    """Return the packet as PDF, and the originals that it lists. Raises OptoutError."""
    from optout_cli.exporters.binding import bind_enclosures  # imports pikepdf

    originals = originals_of(states, folder)
    sections = sections_of(_TEMPLATE, _facts(states, folder, originals, library), library.templates)
    foot = _line_of(sections["foot"])

    def pages_of(title: str, body: tuple[Block, ...]) -> bytes:
        return encode_guide(Guide(title=title, body=body, foot=foot), today, "pdf", library)

    certificate = pages_of(_line_of(sections["title"]), sections["certificate"])
    title = _line_of(sections["originals-title"])
    listed = Attachment(title, PDF, pages_of(title, sections["originals"]))
    shown = [original for original in originals if original.is_shown]
    parts = []
    for original in shown:
        path = folder / original.path
        content = _pdf_of(path) or pages_of(path.name, _text_blocks(path))
        parts.append(Attachment(f"{original.role}: {path.name}", PDF, content))
    return bind_enclosures(certificate, [*parts, listed]), originals


def _facts(
    states: Sequence[LetterState], folder: Path, originals: Sequence[Original], library: Library
) -> dict[str, object]:
    labels = {}
    for state in states:
        program, kind = library.programs.find(state.written.letter, Location(REGISTER))
        titles = {name: reply.label for name, reply in program.replies.items()}
        labels[state.id, state.letter.recipient] = (kind.title, titles)
    return {
        "letters": [
            {
                "title": labels[state.id, state.letter.recipient][0],
                "replies": labels[state.id, state.letter.recipient][1],
                "written": state.written,
                "is_signed": any(sent.signed for sent in state.sent)
                or facts_of(state).signature.kind != "ink",
                "to": state.letter,
                "sent": state.sent,
                "delivered": state.delivered,
                "answers": state.answers,
            }
            for state in states
        ],
        "name": states[0].written.name,
        "reference": " and ".join(dict.fromkeys(state.written.reference for state in states)),
        "originals": originals,
        "register": sha256((folder / REGISTER).read_bytes()).hexdigest(),
    }


def _line_of(blocks: tuple[Block, ...]) -> str:
    return " ".join(plain(block.runs) for block in blocks if isinstance(block, Paragraph))


def _pdf_of(path: Path) -> bytes | None:
    """Return a PDF or a picture as PDF, and None for a text. Raises OptoutError."""
    from optout_cli.exporters.binding import picture_as_pdf

    suffix = path.suffix.lower()
    if suffix in _PICTURES:
        return picture_as_pdf(path)
    return load_attachment(path).content if suffix == ".pdf" else None


def _text_blocks(path: Path) -> tuple[Block, ...]:
    """Return the words of a text file or an e-mail, a paragraph for each line that has any."""
    content = path.read_bytes()
    if path.suffix.lower() == ".eml":
        message = message_from_bytes(content, policy=policy.default)
        heads = [f"{name}: {message[name]}" for name in ("From", "To", "Date", "Subject")]
        part = message.get_body(("plain",))
        text = part.get_content() if part else ""
        lines = [head for head in heads if not head.endswith(": None")] + str(text).splitlines()
    else:
        lines = content.decode("utf-8", "replace").splitlines()
    return tuple(Paragraph((Run(line.strip()),)) for line in lines if line.strip())


def zip_of(packet: bytes, originals: Iterable[Original], folder: Path) -> bytes:
    """Return a ZIP file with the packet, the register and every original, under fixed dates."""
    output = BytesIO()
    paths = [REGISTER, *dict.fromkeys(original.path for original in originals)]
    with ZipFile(output, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo("packet.pdf"), packet)
        for path in paths:
            archive.writestr(ZipInfo(path), (folder / path).read_bytes(), ZIP_DEFLATED)
    return output.getvalue()
