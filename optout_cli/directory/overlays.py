"""Overlays laid on the shipped data by id, field by field, without mixing two addresses."""

from collections.abc import Iterator

from optout_cli.errors import Problem
from optout_cli.source.document import Document, Tree, merge, without

_ADDRESS_KEYS = {"street", "city", "state", "zip"}


def overlaid(document: Document, overlay: Document) -> Document:
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


def half_addresses(overlay: Document) -> Iterator[Problem]:
    """Find overlays that move an agency to a new street and would keep the old city or ZIP."""
    for path, contact in _contact_nodes(overlay.data):
        address = contact.get("address")
        if not isinstance(address, dict) or not {"street", "city"} & address.keys():
            continue
        if missing := sorted(_ADDRESS_KEYS - address.keys()):
            message = f"{path}.address is new but has no {' and no '.join(missing)}"
            hint = "write the whole address: street, city, state and zip"
            yield Problem("half-address", message, overlay.spot(f"{path}.address"), hint)


def _stale_keys(change: dict[str, Tree]) -> Iterator[str]:
    """Yield what of a contact is no longer true once a change is laid on it."""
    if {"attention", "organization", "address"} & change.keys() and "envelope" not in change:
        yield "envelope"
    if "source" in change:
        yield "source"
