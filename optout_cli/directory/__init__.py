"""Jurisdictions, agencies, bureaus and ICE offices: read, merged with overlays, found by name."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache, partial
from typing import Any, cast

import msgspec

from optout_cli.cache import Cache
from optout_cli.directory.agencies import AgencyList
from optout_cli.directory.finder import Finder, Match
from optout_cli.directory.names import fold, names_within
from optout_cli.directory.overlays import lay_over, overlay_problems
from optout_cli.errors import Location, OptoutError, Problem, raise_any
from optout_cli.model.jurisdiction import (
    Agency,
    Contact,
    Gazetteer,
    Jurisdiction,
    Locality,
    Office,
    Source,
    State,
)
from optout_cli.readers.document import Document, Tree
from optout_cli.readers.files import Parts, load_document, load_parts, load_valid
from optout_cli.readers.validate import convert


def load_directory(
    shipped: str, overlays: Sequence[str], cache: Cache | None, agencies: str | None = None
) -> "Directory":
    """Read the data files and merge them; a later file overrides. Raises OptoutError.

    `agencies` is the shipped file of agencies, of which only the states that are used are decoded.
    """
    document = load_valid(shipped, Gazetteer, cache, "jurisdictions.yaml")
    load = None
    if agencies:
        load = lru_cache(partial(load_parts, agencies, Gazetteer, "states", cache, "agencies.yaml"))
    problems: list[Problem] = []
    for path in overlays:
        try:
            overlay = load_document(path, on_command_line=True)
        except OptoutError as error:
            problems += error.problems
            continue
        problems += overlay_problems(document, overlay)
        document = lay_over(document, overlay, load)
    raise_any(problems)
    directory = Directory(document, load)
    if overlays:
        raise_any(directory.problems())
    return directory


class Directory:
    """The merged data, and the location of each value.

    The document may be an invalid Gazetteer; then `data` raises OptoutError.
    """

    def __init__(self, document: Document, agencies: Callable[[], Parts] | None = None) -> None:
        self._document = document
        self._load = agencies
        # Any: plain data; `find` converts only the state that it needs.
        self._states: dict[str, Any] = cast(dict[str, Any], document.data.get("states", {}))
        self._agencies = AgencyList(document, agencies)
        retired = cast(dict[str, Any], document.data.get("retired", {}))
        self._finder = Finder(self._states, self._agencies, retired)
        self.slug, self.candidates = self._finder.slug, self._finder.candidates
        self.states_with = self._finder.states_with
        # With its field offices, and the `file:line` of what its localities have in common.
        self._converted: dict[str, tuple[State, list[str], dict[str, str]]] = {}
        # As `find`, but None where that raises. A letter, and each question, asks for it again.
        self.known = lru_cache(self._locality)

    @cached_property
    def data(self) -> Gazetteer:
        """All the data. Raises OptoutError with every problem."""
        return convert(self._document, Gazetteer)

    def with_overlay(self, overlay: Document) -> "Directory":
        """Return the directory with one more data file. Raises OptoutError."""
        raise_any(overlay_problems(self._document, overlay))
        directory = Directory(lay_over(self._document, overlay, self._load), self._load)
        raise_any(directory.problems())
        return directory

    def problems(self) -> Iterator[Problem]:
        """Yield each office, source and county that the data names but does not have."""
        data = self.data
        for code, state in data.states.items():
            offices = {f"states.{code}.field-office": state.field_office}
            for id, jurisdiction in state.jurisdictions.items():
                path = f"states.{code}.jurisdictions.{id}.field-office"
                offices[path] = jurisdiction.field_office
            for path, office in offices.items():
                if office and office not in data.offices:
                    yield _unknown("unknown-office", office, self.location(path))
            source = state.activation_source
            if source and source not in data.sources:
                path = f"states.{code}.activation-source"
                yield _unknown("unknown-source", source, self.location(path))
            yield from self._agency_problems(code, state)

    def _agency_problems(self, code: str, state: State) -> Iterator[Problem]:
        document = self._agencies.document_of(code)
        source = self._agencies.source_of(code)
        if source and source not in {**self._agencies.sources, **self._sources}:
            location = document.location(f"states.{code}.agency-source")
            yield _unknown("unknown-source", source, location)
        for slug, agency in self.agencies_in(code):
            path = f"states.{code}.agencies.{slug}"
            if agency.county and agency.county not in state.jurisdictions:
                yield _unknown("unknown-county", agency.county, document.location(f"{path}.county"))
            if agency.field_office and agency.field_office not in self.offices:
                location = document.location(f"{path}.field-office")
                yield _unknown("unknown-office", agency.field_office, location)

    def find(self, query: str, location: Location | None = None) -> Locality:
        """Return the jurisdiction or agency that `query` names: FIPS code, slug, or name.

        A county's name needs its state. Raises OptoutError at `location` when nothing fits, or
        more than one.
        """
        locality = self.known(query)
        if locality is None:
            problem = self._finder.not_found(query, location)
            if query in self.offices:
                hint = "`optout list offices` lists it; name a jurisdiction that it serves"
                problem = msgspec.structs.replace(problem, hint=hint)
            raise OptoutError(problem)
        return locality

    def _locality(self, query: str) -> Locality | None:
        matches = self._finder.matches(query)
        if len(matches) != 1:
            return None
        (match,) = matches
        code, id = match.code, match.id
        if code not in self._converted:  # the next request is often from the same state
            state = convert(self._document, State, f"states.{code}")
            own = (jurisdiction.field_office for jurisdiction in state.jurisdictions.values())
            offices = sorted({*filter(None, (state.field_office, *own))})
            origins: dict[str, str] = {}
            for key in ("bureau", "field-office", "laws"):
                origins |= _below(key, f"states.{code}.{key}", self._document)
            for number in range(len(state.laws)):
                origins[f"laws.{number}"] = _place(self.location(f"states.{code}.laws.{number}"))
            self._converted[code] = state, offices, origins
        state, offices, origins = self._converted[code]
        agency = self._agency(code, id) if match.is_agency else None
        county = state.jurisdictions.get(agency.county or "") if agency else None
        jurisdiction = _body(agency, county, state, offices) if agency else state.jurisdictions[id]
        default = None if agency else state.field_office
        return Locality(
            id=id,
            slug=id if agency else self.slug(code, id),
            jurisdiction=jurisdiction,
            state_code=code,
            state_name=state.name,
            bureau=state.bureau,
            field_office=jurisdiction.field_office or default,
            field_offices=tuple(offices),
            offices=self.offices,
            office_origins=self.office_origins,
            laws=state.laws,
            activation_source=self._sources.get(state.activation_source or ""),
            origins={
                **origins,
                **_below(
                    "jurisdiction",
                    f"states.{code}.{'agencies' if agency else 'jurisdictions'}.{id}",
                    self._agencies.document_of(code) if agency else self._document,
                ),
            },
            agency=agency,
            county_name=county.name if county else None,
            agreements=agency.agreements if agency else (),
            agency_source=(agency.source or self.agency_source(code)) if agency else None,
            read_from=None if self._is_whole(query, match) else query,
        )

    @cached_property
    def office_origins(self) -> dict[str, dict[str, str]]:
        """The `file:line` of each key path of each ICE office, by the office's id."""
        each = {id: _below("", f"offices.{id}", self._document) for id in self.offices}
        return {
            id: {path[1:]: at for path, at in found.items() if path} for id, found in each.items()
        }

    def _is_whole(self, query: str, match: Match) -> bool:
        """Tell whether a query is an id, a slug, or a whole name with its state."""
        if match.is_agency:
            known, slug = self._agencies.of(match.code)[match.id], match.id
        else:
            known = self._states[match.code]["jurisdictions"][match.id]
            slug = self.slug(match.code, match.id)
        folded = fold(query)
        names = names_within(folded, match.code, self._states[match.code]["name"])
        whole = {fold(known["name"]), fold(known.get("formal") or "").removeprefix("the-")}
        typed = {name.removeprefix("the-") for name in names}
        ids = {query, folded, *typed} & {match.id, slug}
        return bool(ids) or not whole.isdisjoint(typed)

    def all(self, state: str | None = None) -> Iterator[tuple[str, str, Jurisdiction]]:
        """Yield state code, id and jurisdiction, sorted by id, of one state or of all."""
        for code, known in sorted(self.data.states.items()):
            if state in (None, code):
                for id, jurisdiction in sorted(known.jurisdictions.items()):
                    yield code, id, jurisdiction

    def agencies_in(self, state: str, county: str | None = None) -> Iterator[tuple[str, Agency]]:
        """Yield slug and agency of each agency in a state or one of its counties, sorted.

        Raises OptoutError.
        """
        for slug, known in sorted(self._agencies.of(state).items()):
            if county in (None, known.get("county")):
                yield slug, self._agency(state, slug)

    def agency_source(self, state: str) -> Source | None:
        """Return where the agreements of a state's agencies were read."""
        source = self._agencies.source_of(state) or ""
        return self._sources.get(source) or self._agencies.sources.get(source)

    def agency_list(self, state: str) -> Source | None:
        """Return the list with a state's agencies; for a state without any, the shipped one."""
        return self.agency_source(state) or next(iter(self._agencies.sources.values()), None)

    def contacts(self) -> Iterator[tuple[str, str, Contact]]:
        """Yield id, key path and contact of each bureau and ICE office."""
        for code, state in sorted(self.data.states.items()):
            if state.bureau:
                yield f"bureau-{code.lower()}", f"states.{code}.bureau", state.bureau
        for id, office in sorted(self.data.offices.items()):
            yield id, f"offices.{id}", office

    def offices_of(self, code: str) -> set[str]:
        """Return the ids of a state's bureau and of the field offices of its jurisdictions."""
        state = self.data.states[code]
        own = {jurisdiction.field_office for jurisdiction in state.jurisdictions.values()}
        return {f"bureau-{code.lower()}", *filter(None, {state.field_office, *own})}

    def location(self, path: str) -> Location:
        """Return the location of the value at key path `path`."""
        return self._document.location(path)

    def _agency(self, code: str, slug: str) -> Agency:
        return convert(self._agencies.document_of(code), Agency, f"states.{code}.agencies.{slug}")

    @cached_property
    def offices(self) -> dict[str, Office]:
        """The ICE offices by their ids. Raises OptoutError."""
        return convert(self._document, dict[str, Office], "offices")

    @cached_property
    def _sources(self) -> dict[str, Source]:
        return convert(self._document, dict[str, Source], "sources")


def _body(
    agency: Agency, county: Jurisdiction | None, state: State, offices: Sequence[str]
) -> Jurisdiction:
    """Return an agency as a jurisdiction, with its field office if that follows from the data."""
    known = agency.field_office or (county and (county.field_office or state.field_office))
    return Jurisdiction(
        name=agency.name,
        formal=agency.formal or f"the {agency.name.removeprefix('the ')}",
        kind=agency.kind,
        field_office=known or (offices[0] if len(offices) == 1 else None),
        note=agency.note,
    )


def _unknown(code: str, id: str, location: Location) -> Problem:
    return Problem(code, f"there is no {code.removeprefix('unknown-')} {id!r}", location)


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
