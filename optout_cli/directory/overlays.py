"""Data files of the user's own: merged with the data by id, field by field.

Two addresses are never merged, nor an address with another one's source.
"""

from collections.abc import Callable, Iterator
from typing import Any

from optout_cli.directory.names import entry_of, fold, names_of, with_name
from optout_cli.errors import Problem
from optout_cli.readers.document import Document, Tree, merge, texts_in, without
from optout_cli.readers.files import Parts

_ON_ENVELOPE = {"attention", "organization", "address"}
_OF_OLD_ADDRESS = {"envelope", "verified", "verified-by"}
_ADDRESS_KEYS = {"street", "city", "state", "zip"}


def lay_over(
    document: Document, overlay: Document, agencies: Callable[[], Parts] | None
) -> Document:
    """Merge an overlay into the data.

    The shipped agencies of each state whose agencies the overlay changes come in first. A contact
    with another addressee or address loses the old envelope form, and what vouched for it. A new
    source replaces the whole old one: a mix of two would vouch for facts that neither states.
    """
    for code, state in _mapping(overlay.data.get("states")).items():
        is_changed = {"agencies", "agency-source"} & _mapping(state).keys()
        inside = _mapping(_mapping(document.data.get("states")).get(code))
        if is_changed and agencies and code in agencies() and "agencies" not in inside:
            document = merge(document, agencies().part(code))
    stale = set()
    known = dict(_contact_nodes(document.data))
    for path, contact in _contact_nodes(overlay.data):
        keys = _ON_ENVELOPE & contact.keys()
        new, old = (
            sorted(text for key in keys for _, text in texts_in(it.get(key) or []))
            for it in (contact, known.get(path, {}))
        )
        if new != old:
            stale |= {f"{path}.{key}" for key in _OF_OLD_ADDRESS - contact.keys()}
        is_moved = contact.get("address") not in (None, known.get(path, {}).get("address"))
        if "source" in contact or is_moved:
            stale.add(f"{path}.source")
    return merge(without(document, stale), overlay)


def overlay_problems(document: Document, overlay: Document) -> Iterator[Problem]:
    """Yield what an overlay would mix with the data below it, or would leave undecided."""
    for path, contact in _contact_nodes(overlay.data):
        address = contact.get("address")
        # A new street with the old city or ZIP is an address that nobody has.
        is_new = isinstance(address, dict) and {"street", "city"} & address.keys()
        if is_new and (missing := sorted(_ADDRESS_KEYS - _mapping(address).keys())):
            message = f"{path}.address is new but has no {' and no '.join(missing)}"
            hint = "write the whole address: street, city, state and zip"
            yield Problem("half-address", message, overlay.location(f"{path}.address"), hint)
        if "source" in contact and "address" not in contact:
            message = f"{path} has a source but no address"
            hint = "add address:, or remove source: (`optout show` names your file and line)"
            yield Problem("half-source", message, overlay.location(f"{path}.source"), hint)
    yield from _undecided_places(document, overlay)


def _undecided_places(document: Document, overlay: Document) -> Iterator[Problem]:
    """Yield each new jurisdiction whose field office, or whose name, its state has twice."""
    states = _mapping(document.data.get("states"))
    for code, state in _mapping(overlay.data.get("states")).items():
        known = _mapping(states.get(code))
        # Any: plain data.
        inside: dict[str, Any] = _mapping(known.get("jurisdictions"))
        named = [known, *map(_mapping, inside.values())]
        offices = sorted({str(node["field-office"]) for node in named if node.get("field-office")})
        for id, own in _mapping(_mapping(state).get("jurisdictions")).items():
            path = f"states.{code}.jurisdictions.{id}"
            others = [entry_of("", it, names_of(inside[it])) for it in inside if it != id]
            for at, alias in texts_in(_mapping(own).get("aliases", []), f"{path}.aliases"):
                for other in with_name(fold(alias), others)[:1]:
                    message = f"{at} {alias!r} is a name of {inside[other]['name']}"
                    hint = "leave it out, or write a name that no other place in the state has"
                    yield Problem("ambiguous-jurisdiction", message, overlay.location(at), hint)
            if id not in inside and "field-office" not in _mapping(own) and len(offices) > 1:
                message = f"{id} needs field-office: {code} has {len(offices)} field offices"
                hint = f"`optout show` names its county's: {' or '.join(offices)}"
                yield Problem("no-field-office", message, overlay.location(path), hint)


def _contact_nodes(data: dict[str, Tree]) -> Iterator[tuple[str, dict[str, Tree]]]:
    """Yield the key path and the data of each bureau and office."""
    for group, inner in (("states", "bureau"), ("offices", "")):
        for id, node in _mapping(data.get(group)).items():
            contact = _mapping(node).get(inner) if inner else node
            if isinstance(contact, dict):
                yield ".".join(filter(None, (group, id, inner))), contact


def _mapping(node: Tree | None) -> dict[str, Tree]:
    return node if isinstance(node, dict) else {}
