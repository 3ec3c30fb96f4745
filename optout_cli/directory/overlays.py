"""Overlays, the user's data files: merged by id and field, and which file and line a value is from.

A merge never mixes two addresses. The shipped agencies are in a file of their own, read by state.
"""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Any, cast

from optout_cli.directory.names import Entry, agency_key, entry_of, fold, is_agency_name, names_of
from optout_cli.errors import Location, Problem
from optout_cli.readers.document import Document, Tree, merge, without
from optout_cli.readers.files import Parts

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


class Origins:
    """Locations in the data; those of offices are shared by all states, a state's by all in it."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._of_states: dict[str, dict[str, str]] = {}

    def of(self, code: str, root: str, document: Document) -> dict[str, str]:
        """Map each key path within a Locality to its `file:line`.

        `root` is the key path of the jurisdiction or agency in its `document`.
        """
        if code not in self._of_states:
            found = {}
            for key in ("bureau", "field-office", "laws"):
                found.update(_below(key, f"states.{code}.{key}", self._document))
            # Any: plain data.
            states = cast(dict[str, Any], self._document.data["states"])
            for number in range(len(states[code].get("laws", ()))):
                law = self._document.location(f"states.{code}.laws.{number}")
                found[f"laws.{number}"] = _place(law)
            self._of_states[code] = found
        own = _below("jurisdiction", root, document)
        return {**self._of_offices, **self._of_states[code], **own}

    @cached_property
    def _of_offices(self) -> dict[str, str]:
        return _below("offices", "offices", self._document)


def _below(short: str, root: str, document: Document) -> dict[str, str]:
    """Map `root`, which the Locality calls `short`, and each key path below it; nothing if missing.

    A value is located at the nearest key above it that has a location, as `Document.location` does.
    With one layer, that place is handed down, which takes a tenth of the time.
    """
    node: Tree = document.data
    for part in root.split("."):
        if not isinstance(node, dict) or part not in node:
            return {}
        node = node[part]
    marks = document.layers[0].marks if len(document.layers) == 1 else None
    found, waiting = {}, [(root, node, _place(document.location(root)))]
    while waiting:
        path, node, place = waiting.pop()
        found[short + path.removeprefix(root)] = place
        for key, value in node.items() if isinstance(node, dict) else ():
            inner = f"{path}.{key}"
            own = place
            if marks is None or inner in marks:
                own = _place(document.location(inner))
            waiting.append((inner, value, own))
    return found


def _place(location: Location) -> str:
    return f"{location.file}:{location.line}"


class AgencyList:
    """The shipped agencies and those of the user's data files.

    A state whose agencies a data file changes is whole in `document`; `shipped` has the others.
    """

    def __init__(self, document: Document, load: Callable[[], Parts] | None) -> None:
        self._document = document
        self._load = load
        self._by_name: dict[str, tuple[dict[str, set[str]], dict[str, set[str]]]] = {}
        # Any: plain data.
        self._states = cast(dict[str, Any], document.data.get("states", {}))

    @cached_property
    def _shipped(self) -> Parts | None:
        """The shipped agencies: read late, since a county's letter needs none."""
        return self._load() if self._load else None

    # Any: plain data.
    @cached_property
    def sources(self) -> dict[str, Any]:
        """The sources of the shipped agencies."""
        rest = self._shipped.rest.data if self._shipped else {}
        return cast(dict[str, Any], rest.get("sources", {}))

    def may_have(self, folded: str, code: str) -> bool:
        """Tell whether a query may name an agency of a state; quick for a county's name."""
        return is_agency_name(folded) or "agencies" in self._states.get(code, {})

    def document_of(self, code: str) -> Document:
        """Return the document that has the agencies of a state, below `states.<code>`."""
        own = "agencies" in self._states.get(code, {})
        if own or self._shipped is None or code not in self._shipped:
            return self._document
        return self._shipped.part(code)

    # Any: plain data.
    def of(self, code: str) -> dict[str, Any]:
        """Return the data of each agency in a state, by slug."""
        states = cast(dict[str, Any], self.document_of(code).data.get("states", {}))
        return cast(dict[str, Any], states.get(code, {}).get("agencies", {}))

    def source_of(self, code: str) -> str | None:
        """Return the id of the source of a state's agencies."""
        states = cast(dict[str, Any], self.document_of(code).data.get("states", {}))
        return cast("str | None", states.get(code, {}).get("agency-source"))

    def named(self, names: Collection[str], codes: Collection[str]) -> list[tuple[str, str]]:
        """Return state and slug of each agency in the states `codes` with one of the names.

        Those with a whole name count first, then those of `with_keys`.
        """
        whole = {
            (code, slug)
            for code in codes
            for name in names
            for slug in self._slugs(code)[0].get(name, ())
        }
        return sorted(whole) or self.with_keys({agency_key(name) for name in names}, codes)

    def with_keys(self, keys: Collection[str], codes: Collection[str]) -> list[tuple[str, str]]:
        """Return state and slug of each agency whose name is another way to write one of `keys`.

        With these come the ones whose name goes on: `Mahoning Twp. Police` may be that of Montour.
        """
        longer = tuple(f"{key}-" for key in keys)
        found: set[tuple[str, str]] = set()
        for code in codes:
            known = self._slugs(code)[1]
            for key in known if any(key in known for key in keys) else ():
                if key in keys or key.startswith(longer):
                    found |= {(code, slug) for slug in known[key]}
        return sorted(found)

    def _slugs(self, code: str) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        """Map each name of an agency in a state to slugs, and each key of a name."""
        if code not in self._by_name:
            names_to, keys_to = self._by_name.setdefault(code, ({}, {}))
            state = f"{fold(self._states.get(code, {}).get('name', ''))}-"
            for slug, agency in self.of(code).items():
                names = names_of(agency)
                if agency.get("type") == "state-agency":  # `Department of Corrections, FL`
                    names += tuple(name.removeprefix(state) for name in names)
                for name in names:
                    names_to.setdefault(name, set()).add(slug)
                    keys_to.setdefault(agency_key(name), set()).add(slug)
        return self._by_name[code]

    def entries(self, codes: Collection[str]) -> Iterator[Entry]:
        """Yield each agency in the states `codes` with its names, for a guess."""
        for code in codes:
            for slug, agency in sorted(self.of(code).items()):
                names = names_of(agency)
                yield entry_of(code, slug, dict.fromkeys([*names, *map(agency_key, names)]))
