"""The shipped agencies, in a file of their own that is read by state, and those of the user."""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property
from typing import Any, cast

import msgspec

from optout_cli.directory.names import Entry, agency_key, entry_of, fold, is_agency_name, names_of
from optout_cli.model.jurisdiction import Source
from optout_cli.readers.document import Document
from optout_cli.readers.files import Parts


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

    @cached_property
    def sources(self) -> dict[str, Source]:
        """The sources of the shipped agencies."""
        rest = self._shipped.rest.data if self._shipped else {}
        return msgspec.convert(rest.get("sources", {}), dict[str, Source], strict=False)

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
        return cast(dict[str, Any], self._state(code).get("agencies", {}))

    def source_of(self, code: str) -> str | None:
        """Return the id of the source of a state's agencies."""
        return cast("str | None", self._state(code).get("agency-source"))

    # Any: plain data.
    def _state(self, code: str) -> dict[str, Any]:
        states = cast(dict[str, Any], self.document_of(code).data.get("states", {}))
        return cast(dict[str, Any], states.get(code, {}))

    def find_named(self, names: Collection[str], codes: Collection[str]) -> list[tuple[str, str]]:
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
