"""What is printed from the register's letters: the packet, and the addresses of copies.

The packet is proof of what was done with a notice, in one PDF: a certificate of service to be
signed, each letter as it went out, receipts, answers, and the SHA-256 of each original. A copy has
no window for its address, so it needs a label or an envelope. Reads the register and the files;
changes nothing.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from optout_cli.engines.measure import known_characters
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.letters import Library
from optout_cli.letters.render import sections_of
from optout_cli.model.letter import (
    Attachment,
    Block,
    Guide,
    Heading,
    ListBlock,
    Mailing,
    MailingForm,
    Paragraph,
    Quote,
    Run,
)
from optout_cli.model.request import Copy, Signatory
from optout_cli.readers.enclosures import PDF
from optout_cli.register.events import Evidence
from optout_cli.register.journal import NAME as REGISTER
from optout_cli.register.journal import PICTURES, pages_in
from optout_cli.register.replies import facts_in_words
from optout_cli.register.returns import journey_of
from optout_cli.register.standing import Standing, days_reached, standings_of
from optout_cli.register.state import LetterState
from optout_cli.register.status import ZIP_MARK, file_problems
from optout_cli.reports.words import lines_in
from optout_cli.templating.body import plain

_TEMPLATE = "_layout/packet.html.j2"
_TEXTS = (".txt", ".eml")
_SHOWN = (".pdf", *PICTURES, *_TEXTS)  # the best form for a page first
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))  # they choose a shape of the one before
Role = Literal[
    "letter", "signed", "enclosure", "picture", "receipt", "delivery", "return", "answer"
]


class Original(NamedTuple):
    """A file that proves something. `path` is below the folder; `is_shown` if pages show it.

    `title` says which enclosure or picture it is, and `is_in_letter` that it is within the pages of
    the letter.
    """

    role: Role
    path: str
    sha256: str
    is_shown: bool
    title: str = ""
    is_in_letter: bool = False


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
    raise_any(file_problems(folder, ((original.path, original.sha256) for original in found)))
    return found


def _originals_of(state: LetterState) -> Iterator[Original]:
    """Yield a letter's files; of the letter, the signed copy is shown, or else its best form.

    Of a letter that is not recorded as sent, yield only the answers.
    """
    signed = [sent.signed for sent in state.sent if sent.signed]
    files = state.files if state.sent else {}
    best = best_form(files)
    for path, file in files.items():
        yield Original("letter", path, file.sha256, is_shown=path == best and not signed)
    yield from _proofs("signed", signed)
    if state.sent:
        shown = files[best] if best and not signed else None
        has_picture = bool(signed) or (shown is not None and shown.pages is not None)
        is_package = shown is not None and shown.is_package
        # Pages show what the letter's own pages do not: these may have the picture of the
        # signature, and behind the letter the PDFs that it encloses.
        for copy in {other.path: other for other in state.named}.values():
            suffix = PurePath(copy.path).suffix.lower()
            titles = dict.fromkeys(it.title for it in state.named if it.path == copy.path)
            title = "; ".join(titles)
            role: Role = "picture"
            is_in_letter = has_picture or copy.key != "signature.file"  # the seal proves nothing
            if copy.key.startswith(("authority.", "enclosures.")):
                role, is_in_letter = "enclosure", is_package and suffix == ".pdf"
            is_shown = suffix in _SHOWN and not is_in_letter
            yield Original(role, copy.path, copy.sha256, is_shown, title, is_in_letter)
    yield from _proofs("receipt", (sent.receipt for sent in state.sent))
    yield from _proofs("delivery", (delivered.receipt for delivered in state.delivered))
    yield from _proofs("return", (returned.receipt for returned in state.returned))
    yield from _proofs("answer", (answer.file for answer in state.answers))


def files_without_copy(states: Iterable[LetterState]) -> list[str]:
    """Return the names of enclosed files of which an older register has no copy."""
    names: list[str] = []
    for state in states:
        if state.sent and not state.named:
            facts = msgspec.json.decode(state.written.facts)
            files = (*facts.get("authority", ()), *facts.get("enclosures", ()))
            names += (file["file"] for file in files if file.get("file"))
    return [*dict.fromkeys(names)]


def best_form(paths: Iterable[str]) -> str | None:
    """Return the file of a letter that shows it best, or None if no page can show any."""
    forms = [path for path in paths if path.lower().endswith(_SHOWN)]
    return min(forms, key=lambda path: _SHOWN.index(Path(path).suffix.lower()), default=None)


def _proofs(role: Role, proofs: Iterable[Evidence | None]) -> Iterator[Original]:
    for proof in filter(None, proofs):
        is_shown = proof.path.lower().endswith(_SHOWN)
        yield Original(role, proof.path, proof.sha256, is_shown)


def packet_of(
    states: Sequence[LetterState], folder: Path, library: Library, today: date
) -> tuple[bytes, tuple[Original, ...]]:
    """Return the packet as PDF, and the originals that it lists. Raises OptoutError."""
    from optout_cli.exporters.binding import bind_enclosures  # imports pikepdf

    originals = originals_of(states, folder)
    drawn = _draw(originals, folder)
    originals = tuple(
        each._replace(is_shown=each.is_shown and drawn.get(each) != b"") for each in originals
    )
    exhibits = (each for each in originals if each.is_shown and each.role != "letter")
    numbers = {each: number for number, each in enumerate(exhibits, 1)}
    facts = _facts(states, folder, originals, numbers, library)
    sections = sections_of(_TEMPLATE, facts, library.templates)
    foot = _spell(_line_of(sections["foot"]))

    def pages_of(title: str, body: tuple[Block, ...]) -> bytes:
        blocks = tuple(map(_spelled_block, body))
        guide = Guide(title=_spell(title), body=blocks, foot=foot, keywords="optout packet")
        return library.context.engine.print_guide(guide, today)

    certificate = pages_of(_line_of(sections["title"]), sections["certificate"])
    title = _line_of(sections["originals-title"])
    listed = Attachment(title, PDF, pages_of(title, sections["originals"]))
    heads = sections["exhibits"][::2], sections["exhibits"][1::2]  # and the list below each
    sheets = dict(zip(numbers, zip(*heads, strict=True), strict=True))
    parts = []
    for original in (original for original in originals if original.is_shown):
        path, content = folder / original.path, drawn.get(original, b"")
        name, sheet = path.name, sheets.get(original, ())
        title = f"Exhibit {numbers[original]}" if sheet else name
        words = (line.strip() for line in lines_in(path)) if not content else ()
        blocks = tuple(Paragraph((Run(line),)) for line in words if line)
        if not content:
            content = pages_of(title, (*sheet, *(sections["words"] if sheet else ()), *blocks))
        elif sheet:
            content = bind_enclosures(pages_of(title, sheet), [Attachment(name, PDF, content)])
        own = f"{title}, {original.role}" if sheet else original.role
        parts.append(Attachment(f"{own}: {name}", PDF, content))
    return bind_enclosures(certificate, [*parts, listed]), originals


def _facts(
    states: Sequence[LetterState],
    folder: Path,
    originals: Sequence[Original],
    numbers: Mapping[Original, int],
    library: Library,
) -> dict[str, object]:
    letters = [
        _letter_facts(standing, numbers, library)
        for standing in standings_of(states, library.programs.by_id)
    ]
    return {
        "letters": [letter for letter in letters if letter["sent"]],
        "unsent": [letter for letter in letters if not letter["sent"]],
        "names": [*dict.fromkeys(state.written.name for state in states)],
        "references": [*dict.fromkeys(state.written.reference for state in states)],
        "originals": [(original, numbers.get(original)) for original in originals],
        "exhibits": [
            {"number": number, "of": original, "letters": own}
            for original, number in numbers.items()
            if (own := [letter for letter in letters if str(number) in letter["exhibits"]])
        ],
        "without": files_without_copy(states),
        "register": sha256((folder / REGISTER).read_bytes()).hexdigest(),
    }


# Any: what the template is filled in with.
def _letter_facts(
    standing: Standing, numbers: Mapping[Original, int], library: Library
) -> dict[str, Any]:
    state, written = standing.state, standing.state.written
    program, kind = library.programs.find(written.letter, Location(REGISTER))
    replies = [(answer, program.replies.get(answer.reply)) for answer in state.answers]
    own = {(original.role, original.path) for original in _originals_of(state)}
    return {
        "title": kind.title,
        "written": written,
        "is_signed": any(sent.signed for sent in state.sent)
        or standing.facts.signature.kind != "ink",
        "to": state.letter,
        "sent": state.sent,
        "delivered": state.delivered,
        "returned": state.returned,
        "journey": journey_of(state),
        "withdrawal": state.withdrawal,
        # The days that an answer names stand with the answer.
        "milestones": standing.milestones and [*days_reached(state, standing.facts, program)],
        "answers": [
            {
                "said": answer,
                "label": reply.label if reply else answer.reply,
                "details": facts_in_words(answer, reply),
            }
            for answer, reply in replies
        ],
        "exhibits": [str(number) for it, number in numbers.items() if (it.role, it.path) in own],
    }


def _line_of(blocks: tuple[Block, ...]) -> str:
    return " ".join(plain(block.runs) for block in blocks if isinstance(block, Paragraph))


def _draw(originals: Iterable[Original], folder: Path) -> dict[Original, bytes]:
    """Return each PDF, and each picture as PDF; what cannot be read is empty."""
    drawn: dict[Original, bytes] = {}
    for original in originals:
        if original.is_shown and not original.path.lower().endswith(_TEXTS):
            try:
                drawn[original] = pages_in(folder / original.path)
            except OptoutError:  # it is listed as a file without pages
                drawn[original] = b""
    return drawn


def _spelled_block(block: Block) -> Block:
    """Return a block whose characters the typeface has."""
    match block:
        case Paragraph() | Heading():
            runs = (msgspec.structs.replace(run, text=_spell(run.text)) for run in block.runs)
            return msgspec.structs.replace(block, runs=tuple(runs))
        case Quote():
            return msgspec.structs.replace(block, blocks=tuple(map(_spelled_block, block.blocks)))
        case ListBlock():
            items = tuple(tuple(map(_spelled_block, item)) for item in block.items)
            return msgspec.structs.replace(block, items=items)


def _spell(text: str) -> str:
    """Return a text in which `[GRINNING FACE]` stands for a character that no page can show."""
    spelled = ""
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if character in known_characters() and category != "Cc":
            spelled += character
        elif character.isspace():
            spelled += " "
        elif category != "Cf" and character not in _SELECTORS:  # these have no shape of their own
            spelled += f"[{unicodedata.name(character, f'U+{ord(character):04X}')}]"
    return spelled


def zip_of(packet: bytes, originals: Iterable[Original], folder: Path) -> bytes:
    """Return a ZIP file with the packet, the register and every original, under fixed dates."""
    output = BytesIO()
    paths = [REGISTER, *dict.fromkeys(original.path for original in originals)]
    with ZipFile(output, "w", ZIP_DEFLATED) as archive:
        archive.writestr(ZipInfo("packet.pdf"), packet)
        for path in paths:
            archive.writestr(ZipInfo(path), (folder / path).read_bytes(), ZIP_DEFLATED)
        archive.comment = ZIP_MARK
    return output.getvalue()


class _People(msgspec.Struct, frozen=True, kw_only=True):
    """What the facts of a letter say about who sends it, and about people who get a copy."""

    cc: tuple[Copy, ...] = ()
    signatory: Signatory | None = None


class Mailings(msgspec.Struct, frozen=True):
    """What to print, each address once; `without` are those behind cc: who have no address."""

    mailings: tuple[Mailing, ...]
    without: tuple[str, ...]


def mailings_of(
    states: Iterable[LetterState], form: MailingForm, *, with_recipients: bool, with_messages: bool
) -> Mailings:
    """Return the addresses of the offices that get copies, and with choice of the recipients.

    Without `with_messages`, of no recipient whose letter goes only by e-mail or fax. A label says
    whose letter it is for.
    """
    found: list[Mailing] = []
    without: list[str] = []
    for state in states:
        facts = msgspec.json.decode(state.written.facts, type=_People)
        sender: tuple[str, ...] = (state.written.name,)
        if signatory := facts.signatory:
            office = signatory.office or signatory.title
            sender = (office, *sender, *signatory.address.lines)
        blocks = [*state.letter.copies]
        if with_recipients and (with_messages or not state.letter.is_message):
            blocks.insert(0, state.letter.address)
        about = f"{state.written.name} \u00b7 {state.written.reference}" if form == "labels" else ""
        found += (Mailing(sender, block, about=about) for block in blocks)
        without += (copy.line for copy in facts.cc)
    return Mailings(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(without)))
