"""A request's finished files -> the event that tells of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from optout_cli import __version__
from optout_cli.exporters import count_pages, exporter_for
from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.json import facts_of, message_id_of
from optout_cli.model.letter import Export, Letter
from optout_cli.register.events import LetterFile, Written, WrittenLetter

NOT_YET = datetime.fromtimestamp(0, UTC)  # the folder puts in the moment of writing


class Writing(msgspec.Struct, frozen=True):
    """The finished files of a request: the event, and the bytes by their path in the folder."""

    event: Written
    contents: dict[str, bytes]


def writing_of(
    letters: Sequence[Letter],
    exports: Sequence[Export],
    context: ExportContext,
    path_of: Callable[[Export], str],
    *,
    request: str,
    fingerprint: str,
) -> Writing:
    """Return the exports of a request's letters with their event."""
    first = letters[0].notice
    place = first.place
    is_own = first.author == place.full_name
    facts = facts_of(letters[0], context)
    del facts["cautions"]
    event = Written(
        at=NOT_YET,
        request=request,
        jurisdiction=place.id,
        slug=place.slug,
        state=place.state_code,
        name=f"{place.name}, {place.state_code}" if is_own else first.author,
        letter=first.letter,
        variant=first.variant,
        date=first.date,
        reference=first.reference,
        signatory=first.signatory.name if first.signatory else None,
        is_draft=bool(letters[0].mark),
        letters=tuple(_written_letter(letter, exports, path_of) for letter in letters),
        facts=msgspec.Raw(msgspec.json.encode(facts)),
        fingerprint=fingerprint,
        version=__version__,
        engine=next((export.engine for export in exports if export.engine), None),
    )
    return Writing(event, {path_of(export): export.content for export in exports})


def _written_letter(
    letter: Letter, exports: Sequence[Export], path_of: Callable[[Export], str]
) -> WrittenLetter:
    recipient = letter.notice.recipient
    own = [export for export in exports if export.notice is letter.notice]
    routes = {exporter_for(export.format).ROUTE for export in own}
    only = next(iter(routes)) if len(routes) == 1 else None
    notes = (*letter.notice.notes, *(note for export in own for note in export.notes))
    return WrittenLetter(
        recipient=recipient.party,
        office=recipient.office,
        address=recipient.contact.block,
        email=recipient.contact.email,
        fax=recipient.contact.fax,
        service=recipient.service_by(only) if only else recipient.service,
        copies=tuple(copy.envelope or copy.block for copy in letter.notice.copies),
        message_id=message_id_of(letter) if "email" in routes else None,
        notes=tuple(dict.fromkeys(note.code for note in notes)),
        files=tuple(
            LetterFile(
                path=path_of(export),
                format=export.format,
                bytes=len(export.content),
                sha256=sha256(export.content).hexdigest(),
                pages=count_pages(export.format, export.content),
            )
            for export in own
        ),
    )
