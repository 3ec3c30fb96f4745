"""Correct the data: turn what an office confirmed into the user's own data file."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from optout_cli.directory import Directory
from optout_cli.directory.names import fold
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.jurisdiction import Contact
from optout_cli.readers.document import Document, Layer, with_assignments
from optout_cli.readers.validate import convert

_HEAD = """\
# Corrections that `optout correct` and `optout new` wrote: each says who confirmed it, and when.
# optout uses this file for all letters. To undo a correction, delete its lines.
"""
_OWN_ENTRY = "your office's own entry"
_ADDRESSEE = frozenset({"attention", "organization", "address"})
_TYPED = ("attention", "organization", "address", "phone", "fax", "email", "website")
# Any: trees of mappings, lists and texts, as in a data file.
Tree = dict[str, Any]


class Confirmed(NamedTuple):
    """Who confirmed a correction, how, and when. `who` may be empty."""

    how: str
    who: str
    day: date

    @property
    def note(self) -> str:
        """Who confirmed it and how, in words."""
        by_whom = f" by {self.who}" if self.who else ""
        return f"confirmed{by_whom}, {self.how}"


def target_of(what: str, directory: Directory, location: Location) -> str:
    """Return the key path in the data of what is to be corrected.

    `what` is a state (its bureau), the id of a bureau or office, an agency, or a jurisdiction.
    Raises OptoutError at `location`.
    """
    states, offices = directory.data.states, directory.data.offices
    names = {fold(name): code for code in states for name in (code, states[code].name)}
    code = names.get(fold(what).removeprefix("bureau-"))
    if code:
        return f"states.{code}.bureau"
    if what in offices:
        return f"offices.{what}"
    found = directory.find(what, location)
    group = "agencies" if found.agency else "jurisdictions"
    return f"states.{found.state_code}.{group}.{found.id}"


def contact_at(target: str, directory: Directory) -> Contact | None:
    """Return the contact at a key path; None if the path is a jurisdiction's or an agency's."""
    kind, _, id = target.partition(".")
    if kind == "offices":
        return directory.data.offices[id]
    code, _, inner = id.partition(".")
    if inner != "bureau":
        return None
    return directory.data.states[code].bureau or Contact()


def corrected_contact(
    known: Contact, texts: Mapping[str, str], confirmed: Confirmed, given: Contact | None = None
) -> Tree:
    """Return a whole contact with the corrections in `texts`, by key path, or those in `given`.

    It keeps the source of what is known, and says what is the user's own entry; a new address or
    addressee is that as a whole, and drops the old lines for the envelope's window. Raises
    OptoutError for a path that does not fit.
    """
    contact = given or known
    plain: Tree = msgspec.json.decode(msgspec.json.encode(contact))  # lists, not tuples
    for key in ("source", "verified", "verified-by", "role", "status", "area"):
        plain.pop(key, None)
    document = with_assignments(_document(plain), "--set", texts)
    new = convert(document, Contact)
    data: Tree = {**document.data}
    moved = {path.partition(".")[0] for path in texts} & {"attention", "organization", "address"}
    if moved and not any(path.startswith("envelope") for path in texts):
        data.pop("envelope", None)
        data.pop("salutation", None)
    return {
        **data,
        "source": _source_of(known, new, confirmed),
        "verified": confirmed.day.isoformat(),
        "verified-by": confirmed.how,
    }


def _source_of(known: Contact, new: Contact, confirmed: Confirmed) -> Tree:
    """Return where a contact is from: as before, but for what the user changed in it."""
    changed = [name for name in _TYPED if getattr(new, name) != getattr(known, name)]
    if known.source is None or not _ADDRESSEE.isdisjoint(changed):
        note = f"{_OWN_ENTRY}, {confirmed.note}" if changed else confirmed.note
        return {"kind": "official", "date": confirmed.day.isoformat(), "note": note}
    source: Tree = msgspec.json.decode(msgspec.json.encode(known.source))
    own = f"{_OWN_ENTRY} of {confirmed.day}: {', '.join(changed)}" if changed else ""
    note = "; ".join(
        filter(None, (source.get("note"), own, confirmed.note if confirmed.who else ""))
    )
    return {**source, "note": note} if note else source


def corrected_fields(texts: Mapping[str, str], confirmed: Confirmed) -> Tree:
    """Return the changed fields of a jurisdiction or an agency, with who confirmed them."""
    data: Tree = {**with_assignments(_document({}), "--set", texts).data}
    return {**data, "note": f"{confirmed.note}, {confirmed.day}"}


def with_correction(known: Tree, target: str, row: Tree) -> Tree:
    """Add a corrected row to the user's corrections; a contact replaces its earlier correction."""
    key, _, rest = target.partition(".")
    inner = known.get(key, {})
    if rest:
        return {**known, key: with_correction(inner, rest, row)}
    is_contact = "verified" in row
    return {**known, key: row if is_contact else {**inner, **row}}


def corrections_text(corrections: Tree, directory: Directory) -> str:
    """Return the text of the user's file of corrections. Raises OptoutError if it is not valid."""
    import yaml

    from optout_cli.readers.yaml import document_from_yaml

    body = yaml.safe_dump(corrections, allow_unicode=True, sort_keys=True, width=1000)
    text = f"{_HEAD}{body}"
    directory.with_overlay(document_from_yaml(text, "corrections.yaml"))
    return text


def require_change(texts: Mapping[str, str], target: str) -> None:
    """Raise OptoutError if a jurisdiction or an agency would be corrected in nothing."""
    if not texts:
        message = f"nothing to correct in {target.rpartition('.')[2]}"
        hint = "say what changed, such as --set formal='the City of Ross'"
        raise OptoutError(Problem("no-correction", message, hint=hint))


def _document(data: Tree) -> Document:
    return Document(data, (Layer("data", {}),))
