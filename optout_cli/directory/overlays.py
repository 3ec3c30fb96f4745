"""Overlays laid on the shipped data by id, field by field, without mixing two addresses."""

from collections.abc import Iterator

from optout_cli.errors import Problem
from optout_cli.readers.document import Document, Tree, merge, without

_ADDRESS_KEYS = {"street", "city", "state", "zip"}


def lay_over(document: Document, overlay: Document) -> Document:
    """Lay an overlay on the data by id, field by field.

    An address it changes never keeps the old envelope form, and a source is replaced whole: half
    of the old one would vouch for what it never said.
    """
    stale = {
        f"{path}.{key}"
        for path, contact in _contact_nodes(overlay.data)
        for key in _stale_keys(contact)
    }
    return merge(without(document, stale), overlay)


def _contact_nodes(data: dict[str, Tree]) -> Iterator[tuple[str, dict[str, Tree]]]:
    for group, inner in (("states", "bureau"), ("offices", "")):
        nodes = data.get(group)
        for id, node in nodes.items() if isinstance(nodes, dict) else ():
            contact = node.get(inner) if inner and isinstance(node, dict) else node
            if isinstance(contact, dict):
                yield ".".join(filter(None, (group, id, inner))), contact


def overlay_problems(document: Document, overlay: Document) -> Iterator[Problem]:
    """Find what an overlay would mix with the data below it, or leave to chance."""
    yield from _half_addresses(overlay)
    yield from _half_sources(overlay)
    yield from _without_office(document, overlay)


def _half_sources(overlay: Document) -> Iterator[Problem]:
    """Find sources that would vouch for an address which they do not give."""
    for path, contact in _contact_nodes(overlay.data):
        if "source" in contact and "address" not in contact:
            message = f"{path}.source would speak for an address that is not here"
            hint = "write the address too, or leave source: out; `show` names your file and line"
            yield Problem("half-source", message, overlay.location(f"{path}.source"), hint)


def _without_office(document: Document, overlay: Document) -> Iterator[Problem]:
    """Find new jurisdictions of a state with several field offices that do not say which."""
    states = _dict(overlay.data.get("states"))
    for code, id in [(code, id) for code, it in states.items() for id in _inside(it)]:
        known = _dict(_dict(document.data.get("states")).get(code))
        own = _dict(_inside(states[code])[id])
        named = [known, *map(_dict, _inside(known).values())]
        offices = sorted({str(it["field-office"]) for it in named if it.get("field-office")})
        if id not in _inside(known) and "field-office" not in own and len(offices) > 1:
            path = f"states.{code}.jurisdictions.{id}"
            message = f"{id} needs 'field-office': {code} has {len(offices)} of them"
            hint = f"that of its county, which `optout show` names: {' or '.join(offices)}"
            yield Problem("no-field-office", message, overlay.location(path), hint)


def _inside(state: Tree) -> dict[str, Tree]:
    return _dict(_dict(state).get("jurisdictions"))


def _dict(node: Tree | None) -> dict[str, Tree]:
    return node if isinstance(node, dict) else {}


def _half_addresses(overlay: Document) -> Iterator[Problem]:
    """Find overlays that move an agency to a new street and would keep the old city or ZIP."""
    for path, contact in _contact_nodes(overlay.data):
        address = contact.get("address")
        if not isinstance(address, dict) or not {"street", "city"} & address.keys():
            continue
        if missing := sorted(_ADDRESS_KEYS - address.keys()):
            message = f"{path}.address is new but has no {' and no '.join(missing)}"
            hint = "write the whole address: street, city, state and zip"
            yield Problem("half-address", message, overlay.location(f"{path}.address"), hint)


def _stale_keys(change: dict[str, Tree]) -> Iterator[str]:
    """Yield what of a contact is no longer true once a change is laid on it."""
    if {"attention", "organization", "address"} & change.keys() and "envelope" not in change:
        yield "envelope"
    if "source" in change:
        yield "source"
