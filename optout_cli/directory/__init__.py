"""Jurisdictions, bureaus and ICE offices: read, merged with overlays by id, and found by name."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, cast

from optout_cli.cache import Cache
from optout_cli.directory.matching import fold, names_within, slug_of, without_legal_word
from optout_cli.directory.overlays import lay_over, overlay_problems
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.model.jurisdiction import (
    Contact,
    Gazetteer,
    Jurisdiction,
    Locality,
    Office,
    Source,
    State,
)
from optout_cli.readers.document import Document, Tree
from optout_cli.readers.stored import load_document, load_valid
from optout_cli.readers.validate import convert

SHIPPED_NAME = "jurisdictions.yaml"  # how places in the shipped file are shown
_FEW = 3  # jurisdictions: a state with no more than this has them all listed
_MOST_CANDIDATES = 8  # more than this many are counted, not listed


def load_directory(shipped: str, overlays: Sequence[str], cache: Cache | None) -> "Directory":
    """Read the data files, later ones laid on earlier ones. Raises OptoutError."""
    document = load_valid(shipped, Gazetteer, cache, SHIPPED_NAME)
    problems: list[Problem] = []
    for path in overlays:
        try:
            overlay = load_document(path, on_command_line=True)
        except OptoutError as error:
            problems += error.problems
            continue
        problems += overlay_problems(document, overlay)
        document = lay_over(document, overlay)
    raise_any(problems)
    directory = Directory(document)
    if overlays:
        raise_any(directory.problems())
    return directory


class Directory:
    """The merged data, and where each value of it was read.

    Made of a document that is a valid Gazetteer, or is found not to be when `data` is read.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        # Any: the plain data, of which one state is made into nouns where one is enough.
        self._states: dict[str, Any] = cast(dict[str, Any], document.data.get("states", {}))
        self._made: dict[str, State] = {}
        self._shared_origins: dict[str, dict[str, str]] = {}

    @cached_property
    def data(self) -> Gazetteer:
        """The whole of the data. Raises OptoutError with every problem."""
        return convert(self._document, Gazetteer)

    def problems(self) -> Iterator[Problem]:
        """Yield names of offices and sources that nothing in the data has."""
        yield from _dangling(self)

    def find(self, query: str, location: Location | None = None) -> Locality:
        """Return the jurisdiction that `query` names: FIPS code, slug, or name with state.

        Raises OptoutError, placed at `spot`, where none or more than one fits.
        """
        matches = self._matches(query)
        if len(matches) == 1:
            code, id = matches[0]
            return self._locality(code, id)
        raise OptoutError(self._not_found(query, matches, location))

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

    def agencies_of(self, code: str) -> set[str]:
        """Return the ids of the state's bureau and of the field offices of its jurisdictions."""
        state = self.data.states[code]
        offices = {state.field_office, *(it.field_office for it in state.jurisdictions.values())}
        return {f"bureau-{code.lower()}", *filter(None, offices)}

    def location(self, path: str) -> Location:
        """Return where the value at key path `path` stands."""
        return self._document.location(path)

    def _matches(self, query: str) -> list[tuple[str, str]]:
        """Return state code and id of each jurisdiction that `query` may name."""
        folded = fold(query)
        known = [
            (code, it["name"], it.get("jurisdictions", {})) for code, it in self._states.items()
        ]
        if by_id := {
            (code, id) for code, _, inside in known for id in (query, folded) if id in inside
        }:
            return sorted(by_id)
        named, short = set(), set()
        for code, state, inside in known:
            for name in names_within(folded, code, state):
                for id, jurisdiction in inside.items():
                    slug = fold(jurisdiction["name"])
                    if slug == name:
                        named.add((code, id))
                    elif without_legal_word(slug) == name != folded:
                        short.add((code, id))
        return sorted(named or short)

    def _not_found(
        self, query: str, matches: list[tuple[str, str]], location: Location | None
    ) -> Problem:
        if matches:
            hint = _listed([self.slug(code, id) for code, id in matches])
            message = f"{query!r} could be any of {len(matches)} jurisdictions"
            return Problem("ambiguous-jurisdiction", message, location, hint)
        if retired := self._retired_by(query):
            old, successors = retired
            hint = _listed([f"{id} ({self._name(id)})" for id in successors])
            return Problem(
                "retired-jurisdiction", f"{query!r} is no longer in use: {old}", location, hint
            )
        hint = self._suggestion(query)
        return Problem(
            "unknown-jurisdiction", f"no jurisdiction is known as {query!r}", location, hint
        )

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
        if everywhere := self._everywhere(folded):
            return "name the state too: " + _listed(everywhere)
        near = self._states_named(folded)
        close = self._close(folded, near)
        if close or not any(self.all()):
            return _listed(close)
        where = f" --state {near[0]}" if near else ""
        return f"`optout list jurisdictions{where}` lists them all"

    def candidates(self, query: str) -> list[str]:
        """Return the slugs of what a query that fits no single jurisdiction may mean."""
        folded, matches = fold(query), self._matches(query)
        if matches:
            return [self.slug(code, id) for code, id in matches]
        return self._everywhere(folded) or self._close(folded, self._states_named(folded))

    def _everywhere(self, folded: str) -> list[str]:
        """Return those of all states that have the name, which is said without its state."""
        return [
            self.slug(code, id)
            for code, id, it in self.all()
            if folded in (fold(it.name), without_legal_word(fold(it.name)))
        ]

    def _states_named(self, folded: str) -> list[str]:
        states = self.data.states.items()
        return [code for code, it in states if any(names_within(folded, code, it.name))]

    def _close(self, folded: str, near: Sequence[str]) -> list[str]:
        """Return those that are spelled alike, of the states `near` where there are any."""
        from difflib import get_close_matches

        pool = [(code, id, it) for code, id, it in self.all() if not near or code in near]
        words = {fold(it.name): self.slug(code, id) for code, id, it in pool}
        words |= {slug: slug for slug in (self.slug(code, id) for code, id, _ in pool)}
        close = [words[it] for it in get_close_matches(folded, words, n=3, cutoff=0.6)]
        few = sorted(set(words.values())) if len(pool) <= _FEW else []
        return list(dict.fromkeys(close)) or few

    def slug(self, code: str, id: str) -> str:
        """Return the slug of the jurisdiction `id` of the state `code`."""
        return slug_of(id, self._states[code]["jurisdictions"][id]["name"], code)

    def _name(self, id: str) -> str:
        names = [f"{it.name}, {code}" for code, known, it in self.all() if known == id]
        return names[0] if names else "not in the data"

    def _locality(self, code: str, id: str) -> Locality:
        state = self._state(code)
        jurisdiction = state.jurisdictions[id]
        return Locality(
            id=id,
            slug=self.slug(code, id),
            jurisdiction=jurisdiction,
            state_code=code,
            state_name=state.name,
            bureau=state.bureau,
            field_office=jurisdiction.field_office or state.field_office,
            offices=self._offices,
            laws=state.laws,
            activation_source=self._sources.get(state.activation_source or ""),
            origins=self._origins(code, id),
        )

    def _state(self, code: str) -> State:
        """Return a state, which is made once: the next request is often the same state's."""
        if code not in self._made:
            self._made[code] = convert(self._document, State, f"states.{code}")
        return self._made[code]

    @cached_property
    def _offices(self) -> dict[str, Office]:
        return convert(self._document, dict[str, Office], "offices")

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return convert(self._document, dict[str, Source], "sources")

    def _origins(self, code: str, id: str) -> dict[str, str]:
        """Map each key path within a Locality to its `file:line`."""
        own = self._origins_below("jurisdiction", f"states.{code}.jurisdictions.{id}")
        return {**self._office_origins, **self._state_origins(code), **own}

    @cached_property
    def _office_origins(self) -> dict[str, str]:
        """The places of what is known of each office, which every state shares."""
        return self._origins_below("offices", "offices")

    def _state_origins(self, code: str) -> dict[str, str]:
        if code not in self._shared_origins:
            roots = {
                "bureau": f"states.{code}.bureau",
                "field-office": f"states.{code}.field-office",
                "laws": f"states.{code}.laws",
            }
            found = {}
            for short, root in roots.items():
                found.update(self._origins_below(short, root))
            for number in range(len(self._states[code].get("laws", ()))):
                location = self._document.location(f"states.{code}.laws.{number}")
                found[f"laws.{number}"] = f"{location.file}:{location.line}"
            self._shared_origins[code] = found
        return self._shared_origins[code]

    def _origins_below(self, short: str, root: str) -> dict[str, str]:
        """Map what lies at and below `root`, which the Locality calls `short`."""
        locations = {
            path: self._document.location(path) for path in _paths_below(self._document.data, root)
        }
        return {
            short + at.removeprefix(root): f"{it.file}:{it.line}" for at, it in locations.items()
        }


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


def _dangling(directory: Directory) -> Iterator[Problem]:
    """Find names of offices and sources that nothing in the data has."""
    data = directory.data
    for code, state in data.states.items():
        for path, office in _offices_named(code, state):
            if office not in data.offices:
                location = directory.location(path)
                yield Problem("unknown-office", f"no office is known as {office!r}", location)
        if state.activation_source and state.activation_source not in data.sources:
            location = directory.location(f"states.{code}.activation-source")
            yield Problem("unknown-source", f"no source {state.activation_source!r}", location)


def _offices_named(code: str, state: State) -> Iterator[tuple[str, str]]:
    if state.field_office:
        yield f"states.{code}.field-office", state.field_office
    for id, jurisdiction in state.jurisdictions.items():
        if jurisdiction.field_office:
            yield f"states.{code}.jurisdictions.{id}.field-office", jurisdiction.field_office


def _listed(candidates: Sequence[str]) -> str:
    shown = " or ".join(candidates[:_MOST_CANDIDATES])
    more = len(candidates) - _MOST_CANDIDATES
    return f"{shown} or {more} more" if more > 0 else shown
