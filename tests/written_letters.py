"""Write a request's letters to a folder, with the register that says so."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
from make_letters import BARE, document_of

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, encode_letters, letters_of_request
from optout_cli.model.letter import Export
from optout_cli.readers.document import Document
from optout_cli.register.events import LetterFile, Written, WrittenLetter
from optout_cli.register.journal import JournalWriter, load_journal

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TO_ICE = "letters/2026-11-20-opt-out-ice.txt"
TO_BUREAU = "letters/2026-11-20-opt-out-bureau.txt"
# With addresses for e-mail and fax, and nothing said about how the letters go out.
REACHED = """\
signatory: {email: sheriff@example.gov}
recipients:
  bureau: {email: bureau@example.gov, fax: 916-555-0110}
  ice: {email: ice@example.gov, fax: 415-555-0110}
"""


def write_letters(
    library: Library, folder: Path, text: str = "", formats: tuple[str, ...] = ("txt",)
) -> str:
    """Write the letters; return their reference."""
    document, order = document_of(text), Order(today=AT.date(), formats=formats)
    return _written(library, folder, document, order)


def write_draft(library: Library, folder: Path) -> str:
    """Write the letters of a request that nobody signs."""
    document, order = document_of("", BARE), Order(today=AT.date(), formats=("txt",))
    return _written(library, folder, document, order)


def _written(library: Library, folder: Path, document: Document, order: Order) -> str:
    letters = letters_of_request(document, library, order, folder)
    exports = encode_letters(letters, library, order)
    folder.mkdir(parents=True, exist_ok=True)
    for export in exports:
        (folder / export.name).write_bytes(export.content)
    first = letters[0].notice
    facts = msgspec.json.decode(exporter_for("json").encode(letters[0], library.context))
    del facts["message-id"]
    event = Written(
        at=AT,
        request="marin.yaml",
        jurisdiction=first.place.id,
        slug=first.place.slug,
        state=first.place.state_code,
        name=first.place.full_name,
        letter=first.letter,
        variant=first.variant,
        date=first.date,
        reference=first.reference,
        signatory=first.signatory.name if first.signatory else None,
        is_draft=bool(letters[0].mark),
        letters=tuple(
            WrittenLetter(
                recipient=letter.notice.recipient.party,
                office=letter.notice.recipient.office,
                address=letter.notice.recipient.contact.block,
                email=letter.notice.recipient.contact.email,
                fax=letter.notice.recipient.contact.fax,
                service=letter.notice.recipient.service,
                files=tuple(_file(export) for export in exports if export.notice is letter.notice),
            )
            for letter in letters
        ),
        facts=msgspec.Raw(msgspec.json.encode(facts)),
        fingerprint=sha256(exports[0].content).hexdigest(),
        version="0",
    )
    writer = JournalWriter(folder, load_journal(folder))
    writer.append([event])
    writer.close()
    return event.reference


def _file(export: Export) -> LetterFile:
    digest = sha256(export.content).hexdigest()
    size = len(export.content)
    return LetterFile(path=export.name, format=export.format, bytes=size, sha256=digest)
