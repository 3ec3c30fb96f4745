"""Merge an overlay into the shipped data by id, field by field, and never mix two addresses."""

from collections.abc import Iterator

from optout_cli.errors import Problem
from optout_cli.readers.document import Document, Tree, merge, without

_ADDRESS_KEYS = {"street", "city", "state", "zip"}


def lay_over(document: Document, overlay: Document) -> Document:
    """Merge an overlay into the data by id, field by field.

    A contact with a new addressee or address loses the old envelope form. A new source replaces
    the whole old one: a mix of two would vouch for facts that neither states.
    """
    stale = set()
    for path, contact in _contact_nodes(overlay.data):
        if {"attention", "organization", "address"} & contact.keys() and "envelope" not in contact:
            stale.add(f"{path}.envelope")
        if "source" in contact:
            stale.add(f"{path}.source")
    return merge(without(document, stale), overlay)


def overlay_problems(document: Document, overlay: Document) -> Iterator[Problem]:
    """Yield what an overlay would mix with the data below it, or would leave undecided."""
    for path, contact in _contact_nodes(overlay.data):
        address = contact.get("address")
        # A new street with the old city or ZIP is an address that nobody has.
        is_new = isinstance(address, dict) and {"street", "city"} & address.keys()
        if is_new and (missing := sorted(_ADDRESS_KEYS - _dict(address).keys())):
            message = f"{path}.address is new but has no {' and no '.join(missing)}"
            hint = "write the whole address: street, city, state and zip"
            yield Problem("half-address", message, overlay.location(f"{path}.address"), hint)
    for path, contact in _contact_nodes(overlay.data):
        if "source" in contact and "address" not in contact:
            message = f"{path} has a source but no address"
            hint = "add address:, or remove source: (`optout show` names your file and line)"
            yield Problem("half-source", message, overlay.location(f"{path}.source"), hint)
    yield from _missing_field_offices(document, overlay)


def _contact_nodes(data: dict[str, Tree]) -> Iterator[tuple[str, dict[str, Tree]]]:
    """Yield the key path and the data of each bureau and office."""
    for group, inner in (("states", "bureau"), ("offices", "")):
        for id, node in _dict(data.get(group)).items():
            contact = _dict(node).get(inner) if inner else node
            if isinstance(contact, dict):
                yield ".".join(filter(None, (group, id, inner))), contact


def _missing_field_offices(document: Document, overlay: Document) -> Iterator[Problem]:
    """Yield each new jurisdiction that must name its field office: its state has several."""
    states = _dict(document.data.get("states"))
    for code, state in _dict(overlay.data.get("states")).items():
        known = _dict(states.get(code))
        inside = _dict(known.get("jurisdictions"))
        named = [known, *map(_dict, inside.values())]
        offices = sorted({str(node["field-office"]) for node in named if node.get("field-office")})
        for id, own in _dict(_dict(state).get("jurisdictions")).items():
            if id not in inside and "field-office" not in _dict(own) and len(offices) > 1:
                path = f"states.{code}.jurisdictions.{id}"
                message = f"{id} needs field-office: {code} has {len(offices)} field offices"
                hint = f"`optout show` names its county's: {' or '.join(offices)}"
                yield Problem("no-field-office", message, overlay.location(path), hint)


def _dict(node: Tree | None) -> dict[str, Tree]:
    return node if isinstance(node, dict) else {}
