"""Jurisdictions, bureaus and ICE offices, from the shipped file and overlays laid on it by id.

Finds a jurisdiction by FIPS code, slug or name. Never guesses between two.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from copy import deepcopy

from optout_cli.cache import Cache
from optout_cli.errors import OptoutError, Problem, Spot, raise_any
from optout_cli.model.places import Contact, Gazetteer, Jurisdiction, Locality, State
from optout_cli.source.document import Document, Tree, merge
from optout_cli.source.shape import convert
from optout_cli.source.stored import load_document

SHIPPED_NAME = "jurisdictions.yaml"  # how places in the shipped file are shown
_FEW = 3  # jurisdictions: a state with no more than this has them all listed
_MOST_CANDIDATES = 8  # more than this many are counted, not listed
# The words that end a legal name and that people leave out ("Marin, CA").
_LEGAL_WORDS = (
    "city-and-borough", "census-area", "county", "parish", "borough", "municipality", "municipio",
    "city", "district", "island",
)  # fmt: skip
_ADDRESS_KEYS = {"street", "city", "state", "zip"}


def load_directory(shipped: str, overlays: Sequence[str], cache: Cache | None) -> "Directory":
    """Read the data files, later ones laid on earlier ones. Raises OptoutError."""
    document = load_document(shipped, cache, shown_as=SHIPPED_NAME)
    problems: list[Problem] = []
    for path in overlays:
        try:
            overlay = load_document(path, cache, on_command_line=True)
        except OptoutError as error:
            problems += error.problems
            continue
        problems += _half_addresses(overlay)
        document = merge(_without_stale_envelopes(document, overlay), overlay)
    raise_any(problems)
    directory = Directory(document)
    raise_any(_dangling(directory))
    return directory


class Directory:
    """The merged data, and where each value of it was read."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.data = convert(document, Gazetteer)

    def find(self, query: str, spot: Spot | None = None) -> Locality:
        """Return the jurisdiction that `query` names: FIPS code, slug, or name with state.

        Raises OptoutError, placed at `spot`, where none or more than one fits.
        """
        matches = self._matches(query)
        if len(matches) == 1:
            code, id = matches[0]
            return self._locality(code, id)
        raise OptoutError(self._not_found(query, matches, spot))

    def all(self, state: str | None = None) -> Iterator[tuple[str, str, Jurisdiction]]:
        """Yield state code, id and jurisdiction, sorted by id, of one state or of all."""
        for code, it in sorted(self.data.states.items()):
            if state in (None, code):
                for id, jurisdiction in sorted(it.jurisdictions.items()):
                    yield code, id, jurisdiction

    def contacts(self) -> Iterator[tuple[str, str, Contact]]:
        """Yield id, key path and contact of each bureau and ICE office."""
        for code, state in sorted(self.data.states.items()):
            if state.bureau:
                yield f"bureau-{code.lower()}", f"states.{code}.bureau", state.bureau
        for id, office in sorted(self.data.offices.items()):
            yield id, f"offices.{id}", office

    def spot(self, path: str) -> Spot:
        """Return where the value at key path `path` stands."""
        return self._document.spot(path)

    def _matches(self, query: str) -> list[tuple[str, str]]:
        """Return state code and id of each jurisdiction that `query` may name."""
        folded = fold(query)
        states = self.data.states.items()
        if by_id := {
            (code, id) for code, it in states for id in (query, folded) if id in it.jurisdictions
        }:
            return sorted(by_id)
        named, short = set(), set()
        for code, state in states:
            for name in _names_within(folded, code, state.name):
                for id, jurisdiction in state.jurisdictions.items():
                    slug = fold(jurisdiction.name)
                    if slug == name:
                        named.add((code, id))
                    elif _without_legal_word(slug) == name != folded:
                        short.add((code, id))
        return sorted(named or short)

    def _not_found(self, query: str, matches: list[tuple[str, str]], spot: Spot | None) -> Problem:
        if matches:
            hint = _listed([self.slug(code, id) for code, id in matches])
            message = f"{query!r} could be any of {len(matches)} jurisdictions"
            return Problem("ambiguous-jurisdiction", message, spot, hint)
        if retired := self._retired_by(query):
            old, successors = retired
            hint = _listed([f"{id} ({self._name(id)})" for id in successors])
            return Problem(
                "retired-jurisdiction", f"{query!r} is no longer in use: {old}", spot, hint
            )
        hint = self._suggestion(query)
        return Problem("unknown-jurisdiction", f"no jurisdiction is known as {query!r}", spot, hint)

    def _retired_by(self, query: str) -> tuple[str, tuple[str, ...]] | None:
        folded = fold(query)
        for id, it in self.data.retired.items():
            slug = f"{fold(it.name)}-{it.state.lower()}"
            if folded in (id, slug):
                return f"{it.name}, {it.state} ({it.note})", it.successors
        return None

    def _suggestion(self, query: str) -> str:
        if re.fullmatch(r"\d{4}", query) and self._matches(f"0{query}"):
            return f"FIPS codes have five digits; is '0{query}' meant?"
        folded = fold(query)
        everywhere = [
            self.slug(code, id)
            for code, id, it in self.all()
            if folded in (fold(it.name), _without_legal_word(fold(it.name)))
        ]
        if everywhere:
            return "name the state too: " + _listed(everywhere)
        from difflib import get_close_matches

        near = [
            code
            for code, it in self.data.states.items()
            if any(_names_within(folded, code, it.name))
        ]
        slugs = [self.slug(code, id) for code, id, _ in self.all() if not near or code in near]
        close = get_close_matches(folded, slugs, n=3, cutoff=0.6)
        if close or len(slugs) <= _FEW:
            return _listed(close or slugs)
        return f"`optout list jurisdictions --state {near[0] if near else 'CA'}` lists a state's"

    def slug(self, code: str, id: str) -> str:
        """Return the slug of the jurisdiction `id` of the state `code`."""
        return slug_of(id, self.data.states[code].jurisdictions[id].name, code)

    def _name(self, id: str) -> str:
        names = [f"{it.name}, {code}" for code, known, it in self.all() if known == id]
        return names[0] if names else "not in the data"

    def _locality(self, code: str, id: str) -> Locality:
        state = self.data.states[code]
        jurisdiction = state.jurisdictions[id]
        return Locality(
            id=id,
            slug=self.slug(code, id),
            jurisdiction=jurisdiction,
            state_code=code,
            state_name=state.name,
            bureau=state.bureau,
            field_office=jurisdiction.field_office or state.field_office,
            offices=self.data.offices,
            laws=state.laws,
            activation_source=self.data.sources.get(state.activation_source or ""),
            origins=self._origins(code, id),
        )

    def _origins(self, code: str, id: str) -> dict[str, str]:
        """Map each key path within a Locality to its `file:line`."""
        roots = {
            "bureau": f"states.{code}.bureau",
            "jurisdiction": f"states.{code}.jurisdictions.{id}",
            "field-office": f"states.{code}.field-office",
            "laws": f"states.{code}.laws",
            "offices": "offices",
        }
        origins = {}
        for short, root in roots.items():
            for path in _paths_below(self._document.data, root):
                spot = self._document.spot(path)
                origins[short + path.removeprefix(root)] = f"{spot.file}:{spot.line}"
        return origins


def _paths_below(data: Tree, root: str) -> Iterator[str]:
    """Yield `root` and every key path below it, if it is there."""
    node = data
    for part in root.split("."):
        if not isinstance(node, dict) or part not in node:
            return
        node = node[part]
    waiting = [(root, node)]
    while waiting:
        path, node = waiting.pop()
        yield path
        if isinstance(node, dict):
            waiting += [(f"{path}.{key}", value) for key, value in node.items()]


def fold(name: str) -> str:
    """Reduce a name to small ASCII letters, digits and hyphens, as slugs are written.

    `Prince George's County, MD` -> `prince-georges-county-md`; `Saint` and `St.` fold alike.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return re.sub(r"\bsaint\b", "st", re.sub(r"\bsainte\b", "ste", slug))


def slug_of(id: str, name: str, code: str) -> str:
    """Return the slug: of a county from its name, of an overlay's jurisdiction its id."""
    return f"{fold(name)}-{code.lower()}" if id.isdigit() else id


def _names_within(folded: str, code: str, state: str) -> Iterator[str]:
    """Yield what is left of a folded query without the state at its end, where it is there."""
    for ending in {f"-{code.lower()}", f"-{fold(state)}"}:
        if folded.endswith(ending):
            yield folded.removesuffix(ending)
    if folded == fold(state):  # Guam and the District of Columbia are their own state
        yield folded


def _without_legal_word(slug: str) -> str:
    for word in _LEGAL_WORDS:
        if slug.endswith(f"-{word}"):
            return slug.removesuffix(f"-{word}")
    return slug


def _listed(candidates: Sequence[str]) -> str:
    shown = " or ".join(candidates[:_MOST_CANDIDATES])
    more = len(candidates) - _MOST_CANDIDATES
    return f"{shown} or {more} more" if more > 0 else shown


def _contact_nodes(data: dict[str, Tree]) -> Iterator[tuple[str, dict[str, Tree]]]:
    for group, inner in (("states", "bureau"), ("offices", "")):
        nodes = data.get(group)
        for id, node in nodes.items() if isinstance(nodes, dict) else ():
            contact = node.get(inner) if inner and isinstance(node, dict) else node
            if isinstance(contact, dict):
                yield ".".join(filter(None, (group, id, inner))), contact


def _half_addresses(overlay: Document) -> Iterator[Problem]:
    """Find overlays that move an agency to a new street and would keep the old city or ZIP."""
    for path, contact in _contact_nodes(overlay.data):
        address = contact.get("address")
        if not isinstance(address, dict) or not {"street", "city"} & address.keys():
            continue
        if missing := sorted(_ADDRESS_KEYS - address.keys()):
            message = f"{path}.address is new but has no {' and no '.join(missing)}"
            hint = "write the whole address: street, city, state and zip"
            yield Problem("half-address", message, overlay.spot(f"{path}.address"), hint)


def _without_stale_envelopes(document: Document, overlay: Document) -> Document:
    """Drop the envelope form of each contact whose name or address the overlay changes."""
    stale = {
        path
        for path, contact in _contact_nodes(overlay.data)
        if {"attention", "organization", "address"} & contact.keys() and "envelope" not in contact
    }
    data = deepcopy(document.data)
    for path, contact in _contact_nodes(data):
        if path in stale:
            contact.pop("envelope", None)
    return Document(data, document.layers)


def _dangling(directory: Directory) -> Iterator[Problem]:
    """Find names of offices and sources that nothing in the data has."""
    data = directory.data
    for code, state in data.states.items():
        for path, office in _offices_named(code, state):
            if office not in data.offices:
                spot = directory.spot(path)
                yield Problem("unknown-office", f"no office is known as {office!r}", spot)
        if state.activation_source and state.activation_source not in data.sources:
            spot = directory.spot(f"states.{code}.activation-source")
            yield Problem("unknown-source", f"no source {state.activation_source!r}", spot)


def _offices_named(code: str, state: State) -> Iterator[tuple[str, str]]:
    if state.field_office:
        yield f"states.{code}.field-office", state.field_office
    for id, jurisdiction in state.jurisdictions.items():
        if jurisdiction.field_office:
            yield f"states.{code}.jurisdictions.{id}.field-office", jurisdiction.field_office
