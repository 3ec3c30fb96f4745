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
# Any: trees of mappings, lists and texts, as in a data file.
Tree = dict[str, Any]


class Confirmed(NamedTuple):
    """Who confirmed a correction, how, and when. `who` may be empty."""

    how: str
    who: str
    day: date

    @property
    def source(self) -> Tree:
        """The source of what was confirmed, as in a data file."""
        by_whom = f" by {self.who}" if self.who else ""
        note = f"confirmed{by_whom}, {self.how}"
        return {"kind": "official", "date": self.day.isoformat(), "note": note}


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


def corrected_contact(contact: Contact, texts: Mapping[str, str], confirmed: Confirmed) -> Tree:
    """Return a whole contact with the corrections in `texts`, by key path, and their source.

    It is whole because its source vouches for all of it. A new address or addressee drops the old
    lines for the envelope's window. Raises OptoutError for a path that does not fit.
    """
    plain: Tree = msgspec.json.decode(msgspec.json.encode(contact))  # lists, not tuples
    for key in ("source", "verified", "role", "status", "area"):
        plain.pop(key, None)
    document = with_assignments(_document(plain), "--set", texts)
    convert(document, Contact)
    data: Tree = {**document.data}
    moved = {path.partition(".")[0] for path in texts} & {"attention", "organization", "address"}
    if moved and not any(path.startswith("envelope") for path in texts):
        data.pop("envelope", None)
        data.pop("salutation", None)
    return {**data, "source": confirmed.source, "verified": confirmed.day.isoformat()}


def corrected_fields(texts: Mapping[str, str], confirmed: Confirmed) -> Tree:
    """Return the changed fields of a jurisdiction or an agency, with who confirmed them."""
    data: Tree = {**with_assignments(_document({}), "--set", texts).data}
    return {**data, "note": f"{confirmed.source['note']}, {confirmed.day}"}


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
