"""The agencies of the data, a state at a time, and the ways in which people write their names."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, cast

from optout_cli.directory.guesses import Entry, entry_of
from optout_cli.directory.matching import fold, names_of
from optout_cli.readers.document import Document
from optout_cli.readers.stored import Parts

# What people write -> one spelling, in a folded name. Only ways to write the same office.
_SPELLINGS = (
    (r"\bsheriffs?(-(office|department|dept))?\b|\bso$", "sheriff"),
    (r"\bpolice(-(department|dept))?\b|\bpd$", "police"),
    (r"\bconstables?(-office)?\b", "constable"),
    (r"\bmarshals?(-office)?\b", "marshal"),
    (r"\bdept\b", "department"),
    (r"\bco\b", "county"),
    (r"\bpct\b", "precinct"),
    (r"\btwp\b", "township"),
    (r"^city-of-|\bthe-|\band-", ""),
)
# Words in an agency's folded name that no jurisdiction's name has.
_WORDS = re.compile(
    r"\b(sheriffs?|so|police|pd|constables?|marshals?|jail|prison|detention|corrections?"
    r"|correctional|attorneys?|prosecutors?|department|dept|office|division|public-safety|bureau"
    r"|patrol|guard|university|college|force|authority|justice|commission|control|agency"
    r"|rehabilitation|cooperative|constabulary)\b"
)


def is_agency_name(folded: str) -> bool:
    """Tell whether a folded query has a word of an agency's name."""
    return _WORDS.search(folded) is not None


@lru_cache(maxsize=20_000)  # every name in the data, and those of a long table
def agency_key(folded: str) -> str:
    """Return one spelling for the ways to write an agency's name, given as `fold` returns it.

    `bucks-co-sheriffs-dept` and `bucks-county-sheriffs-office` -> `bucks-county-sheriff`.
    """
    for pattern, spelling in _SPELLINGS:
        folded = re.sub(pattern, spelling, folded)
    return folded


class AgencyList:
    """The shipped agencies and those of the user's data files.

    A state whose agencies a data file changes is whole in `document`; `shipped` has the others.
    """

    def __init__(self, document: Document, shipped: Parts | None) -> None:
        self._document = document
        self._shipped = shipped
        self._by_name: dict[str, dict[str, set[str]]] = {}
        # Any: plain data.
        self._states = cast(dict[str, Any], document.data.get("states", {}))
        self.sources = cast(
            dict[str, Any], shipped.rest.data.get("sources", {}) if shipped else {}
        ) | cast(dict[str, Any], document.data.get("sources", {}))

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

        Those with a whole name count first, then those whose name is only written otherwise.
        """
        keys = {agency_key(name) for name in names}
        for wanted in (names, keys):
            found = {
                (code, slug)
                for code in codes
                for name in wanted
                for slug in self._slugs(code).get(name, ())
            }
            if found:
                return sorted(found)
        return []

    def _slugs(self, code: str) -> dict[str, set[str]]:
        """Map each name of an agency in a state, and each way to write it, to slugs."""
        if code not in self._by_name:
            slugs: dict[str, set[str]] = {}
            state = f"{fold(self._states.get(code, {}).get('name', ''))}-"
            for slug, agency in self.of(code).items():
                names = names_of(agency)
                if agency.get("type") == "state-agency":  # `Department of Corrections, FL`
                    names += [name.removeprefix(state) for name in names]
                for name in {*names, *map(agency_key, names)}:
                    slugs.setdefault(name, set()).add(slug)
            self._by_name[code] = slugs
        return self._by_name[code]

    def entries(self, codes: Collection[str]) -> Iterator[Entry]:
        """Yield each agency in the states `codes` with its names, for a guess."""
        for code in codes:
            for slug, agency in sorted(self.of(code).items()):
                names = names_of(agency)
                yield entry_of(code, slug, dict.fromkeys([*names, *map(agency_key, names)]))
