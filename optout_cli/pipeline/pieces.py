"""A finished file of a batch, and what the manifest will say of it."""

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from optout_cli import __version__
from optout_cli.errors import Spot
from optout_cli.exporters.pages import pages_of
from optout_cli.manifest import Record
from optout_cli.model.notice import Export


class Piece(msgspec.Struct, frozen=True):
    """A finished file: what the manifest will say of it, and its bytes."""

    record: Record
    content: bytes


def pieces_of(exports: Iterable[Export], spot: Spot, fingerprint: str) -> tuple[Piece, ...]:
    """Put beside each export what the manifest will say of it."""
    return tuple(Piece(_record(it, spot, fingerprint), it.content) for it in exports)


def place_of(spot: Spot) -> str:
    """Return a request's place as the manifest has it."""
    return f"{spot.file}:{spot.line}"


def _record(export: Export, spot: Spot, fingerprint: str) -> Record:
    notice = export.notice
    contact, place = notice.recipient.contact, notice.place
    cautions = (*notice.cautions, *export.findings)
    is_own = notice.author == place.full_name
    return Record(
        request=place_of(spot),
        jurisdiction=place.id,
        name=f"{place.name}, {place.state_code}" if is_own else notice.author,
        letter=notice.letter,
        recipient=notice.recipient.party,
        address=contact.block,
        email=contact.email,
        fax=contact.fax,
        format=export.format,
        path=f"{place.state_code}/{place.slug}/{export.name}",
        bytes=len(export.content),
        sha256=sha256(export.content).hexdigest(),
        pages=pages_of(export.format, export.content),
        cautions=tuple(dict.fromkeys(it.code for it in cautions)),
        reference=notice.reference,
        fingerprint=fingerprint,
        version=__version__,
    )
