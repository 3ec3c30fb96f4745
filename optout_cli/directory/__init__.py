"""Jurisdictions, bureaus and ICE offices: read, merged with overlays by id, and found by name."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain, zip_longest
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

SHIPPED_NAME = "jurisdictions.yaml"  # how locations in the shipped file are shown
_FEW = 3  # jurisdictions: all of a state are listed where it has no more than this
# How alike a misspelled name must be, from 0 to 1: without a state there are 3,000 to confuse.
_LIKENESS = {True: 0.6, False: 0.75}
_MOST_CANDIDATES = 8  # jurisdictions: a hint lists no more than this, and counts the rest


def load_directory(shipped: str, overlays: Sequence[str], cache: Cache | None) -> "Directory":
    """Read the data files and merge them; a later file overrides. Raises OptoutError."""
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
    """The merged data, and the location of each value.

    The document may be an invalid Gazetteer; then `data` raises OptoutError.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        # Any: plain data; `find` converts only the state that it needs.
        self._states: dict[str, Any] = cast(dict[str, Any], document.data.get("states", {}))
        self._converted: dict[str, State] = {}
        self._state_origins: dict[str, dict[str, str]] = {}

    @cached_property
    def data(self) -> Gazetteer:
        """All the data. Raises OptoutError with every problem."""
        return convert(self._document, Gazetteer)

    def problems(self) -> Iterator[Problem]:
        """Yield each office and source that the data names but does not have."""
        data = self.data
        for code, state in data.states.items():
            offices = {f"states.{code}.field-office": state.field_office}
            for id, jurisdiction in state.jurisdictions.items():
                path = f"states.{code}.jurisdictions.{id}.field-office"
                offices[path] = jurisdiction.field_office
            for path, office in offices.items():
                if office and office not in data.offices:
                    message = f"there is no office {office!r}"
                    yield Problem("unknown-office", message, self.location(path))
            source = state.activation_source
            if source and source not in data.sources:
                location = self.location(f"states.{code}.activation-source")
                yield Problem("unknown-source", f"there is no source {source!r}", location)

    def find(self, query: str, location: Location | None = None) -> Locality:
        """Return the jurisdiction that `query` names: FIPS code, slug, or name with state.

        Raises OptoutError at `location` when no jurisdiction fits, or more than one.
        """
        matches = self._matches(query)
        if len(matches) != 1:
            raise OptoutError(self._not_found(query, matches, location))
        ((code, id),) = matches
        if code not in self._converted:  # the next request is often from the same state
            self._converted[code] = convert(self._document, State, f"states.{code}")
        state = self._converted[code]
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

    def all(self, state: str | None = None) -> Iterator[tuple[str, str, Jurisdiction]]:
        """Yield state code, id and jurisdiction, sorted by id, of one state or of all."""
        for code, known in sorted(self.data.states.items()):
            if state in (None, code):
                for id, jurisdiction in sorted(known.jurisdictions.items()):
                    yield code, id, jurisdiction

    def contacts(self) -> Iterator[tuple[str, str, Contact]]:
        """Yield id, key path and contact of each bureau and ICE office."""
        for code, state in sorted(self.data.states.items()):
            if state.bureau:
                yield f"bureau-{code.lower()}", f"states.{code}.bureau", state.bureau
        for id, office in sorted(self.data.offices.items()):
            yield id, f"offices.{id}", office

    def agencies_of(self, code: str) -> set[str]:
        """Return the ids of a state's bureau and of the field offices of its jurisdictions."""
        state = self.data.states[code]
        own = {jurisdiction.field_office for jurisdiction in state.jurisdictions.values()}
        return {f"bureau-{code.lower()}", *filter(None, {state.field_office, *own})}

    def location(self, path: str) -> Location:
        """Return the location of the value at key path `path`."""
        return self._document.location(path)

    def slug(self, code: str, id: str) -> str:
        """Return the slug of the jurisdiction `id` of the state `code`."""
        return slug_of(id, self._states[code]["jurisdictions"][id]["name"], code)

    def candidates(self, query: str) -> list[str]:
        """Return the slugs that a query may mean when it fits no single jurisdiction."""
        folded, matches = fold(query), self._matches(query)
        if matches:
            return [self.slug(code, id) for code, id in matches]
        return self._in_any_state(folded) or self._close(folded)[:_MOST_CANDIDATES]

    def _matches(self, query: str) -> list[tuple[str, str]]:
        """Return state code and id of each jurisdiction that `query` fits."""
        folded = fold(query)
        known = [
            (code, state["name"], state.get("jurisdictions", {}))
            for code, state in self._states.items()
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
        """Say why a query finds no single jurisdiction, and what to type in its place."""
        if matches:
            hint = _listed([self.slug(code, id) for code, id in matches])
            message = f"{query!r} could be any of {len(matches)} jurisdictions"
            return Problem("ambiguous-jurisdiction", message, location, hint)
        folded = fold(query)
        for id, old in self.data.retired.items():
            if folded in (id, f"{fold(old.name)}-{old.state.lower()}"):
                names = {known: f"{now.name}, {code}" for code, known, now in self.all()}
                successors = [
                    f"{new} ({names.get(new, 'not in the data')})" for new in old.successors
                ]
                hint = _listed(successors)
                message = f"{query!r} is no longer in use: {old.name}, {old.state} ({old.note})"
                return Problem("retired-jurisdiction", message, location, hint)
        message = f"there is no jurisdiction {query!r}"
        return Problem("unknown-jurisdiction", message, location, self._suggestion(query))

    def _suggestion(self, query: str) -> str:
        """Return the hint for a query that fits nothing."""
        if re.fullmatch(r"\d{4}", query) and self._matches(f"0{query}"):
            return f"did you mean '0{query}'? FIPS codes have five digits"
        folded = fold(query)
        if found := self._in_any_state(folded):
            return f"name the state too: {_listed(found)}"
        close, states = self._close(folded), self._states_named(folded)
        if close:
            return _listed(close)
        if not any(self.all()):
            return ""
        option = f" --state {next(iter(states))}" if states else ""
        return f"`optout list jurisdictions{option}` lists them all"

    def _in_any_state(self, folded: str) -> list[str]:
        """Return the slugs of the jurisdictions that have this name, which lacks its state."""
        return [
            self.slug(code, id)
            for code, id, known in self.all()
            if folded in (fold(known.name), without_legal_word(fold(known.name)))
        ]

    def _states_named(self, folded: str) -> dict[str, list[str]]:
        """Map each state that a query may end with to the names that stand before it."""
        named = {
            code: list(names_within(folded, code, state.name))
            for code, state in self.data.states.items()
        }
        return {code: names for code, names in named.items() if names}

    def _close(self, folded: str) -> list[str]:
        """Return the slugs of the jurisdictions spelled most like the query, the closest first.

        A name that several states have takes turns with the others: `Maron` gives a Marion
        County, Marin County, then the next Marion County. Where nothing is close, returns all
        jurisdictions of a state that has only a few.
        """
        from difflib import SequenceMatcher, get_close_matches

        states = self._states_named(folded)
        typed = {*chain.from_iterable(states.values())} or {folded}
        slugs: dict[str, dict[str, None]] = {}  # by each way to write a name
        pool = [row for row in self.all() if not states or row[0] in states]
        for code, id, known in pool:
            slug, name = self.slug(code, id), fold(known.name)
            short = without_legal_word(name)
            words = [name, short, slug.removesuffix(f"-{code.lower()}")]
            if not states and "-" in folded:  # the state may be misspelled
                words.append(f"{short}-{fold(self.data.states[code].name)}")
            for word in words:
                slugs.setdefault(word, {})[slug] = None
        ratios = {
            name: max(SequenceMatcher(None, name, word).ratio() for word in typed)
            for word in typed
            for name in get_close_matches(word, slugs, n=3, cutoff=_LIKENESS[bool(states)])
        }
        closest = sorted(ratios, key=lambda name: (ratios[name], name), reverse=True)
        in_turn = chain.from_iterable(zip_longest(*(slugs[name] for name in closest)))
        few = sorted({*chain.from_iterable(slugs.values())}) if len(pool) <= _FEW else []
        return list(dict.fromkeys(filter(None, in_turn))) or few

    @cached_property
    def _offices(self) -> dict[str, Office]:
        return convert(self._document, dict[str, Office], "offices")

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return convert(self._document, dict[str, Source], "sources")

    @cached_property
    def _office_origins(self) -> dict[str, str]:
        return self._origins_below("offices", "offices")

    def _origins(self, code: str, id: str) -> dict[str, str]:
        """Map each key path within a Locality to its `file:line`.

        The offices' origins are shared by all states, a state's by all its jurisdictions.
        """
        if code not in self._state_origins:
            found = {}
            for key in ("bureau", "field-office", "laws"):
                found.update(self._origins_below(key, f"states.{code}.{key}"))
            for number in range(len(self._states[code].get("laws", ()))):
                location = self.location(f"states.{code}.laws.{number}")
                found[f"laws.{number}"] = f"{location.file}:{location.line}"
            self._state_origins[code] = found
        own = self._origins_below("jurisdiction", f"states.{code}.jurisdictions.{id}")
        return {**self._office_origins, **self._state_origins[code], **own}

    def _origins_below(self, short: str, root: str) -> dict[str, str]:
        """Map `root`, which the Locality calls `short`, and each key path below it."""
        found = {}
        for path in _paths_below(self._document.data, root):
            location = self.location(path)
            found[short + path.removeprefix(root)] = f"{location.file}:{location.line}"
        return found


def _paths_below(data: Tree, root: str) -> Iterator[str]:
    """Yield `root` and every key path below it; nothing if `root` is not there."""
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


def _listed(candidates: Sequence[str]) -> str:
    shown = " or ".join(candidates[:_MOST_CANDIDATES])
    more = len(candidates) - _MOST_CANDIDATES
    return f"{shown} or {more} more" if more > 0 else shown
