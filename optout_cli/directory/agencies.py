"""The agencies of the data, a state at a time, and the ways in which people write their names."""

import re
from collections.abc import Callable, Collection, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast

from optout_cli.directory.matching import fold, names_of, without_legal_word
from optout_cli.readers.document import Document
from optout_cli.readers.stored import Parts

if TYPE_CHECKING:
    from optout_cli.directory.guesses import Entry

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
# Words of agencies' names that no jurisdiction's name has; each name on ICE's list has one.
_WORDS = frozenset((
    "sheriff", "sheriffs", "so", "police", "pd", "constable", "constables", "marshal", "marshals",
    "jail", "prison", "detention", "correction", "corrections", "correctional", "attorney",
    "attorneys", "prosecutor", "prosecutors", "department", "dept", "office", "division", "safety",
    "investigation", "narcotics", "patrol", "guard", "university", "college", "force", "authority",
    "justice", "commission", "control", "agency", "rehabilitation", "cooperative",
))  # fmt: skip


def is_agency_name(folded: str) -> bool:
    """Tell whether a folded query has a word of an agency's name."""
    return not _WORDS.isdisjoint(folded.split("-"))


def place_in(folded: str) -> str:
    """Return what stands before the first word of an agency's name, without a legal word.

    `escambia-county-department-of-corrections` -> `escambia`.
    """
    words = folded.split("-")
    number = next((at for at, word in enumerate(words) if word in {*_WORDS, "board"}), len(words))
    return re.sub(r"-(state|highway|adult)$", "", without_legal_word("-".join(words[:number])))


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
                    names += [name.removeprefix(state) for name in names]
                for name in names:
                    names_to.setdefault(name, set()).add(slug)
                    keys_to.setdefault(agency_key(name), set()).add(slug)
        return self._by_name[code]

    def entries(self, codes: Collection[str]) -> Iterator["Entry"]:
        """Yield each agency in the states `codes` with its names, for a guess."""
        from optout_cli.directory.guesses import entry_of  # only a name that is not found needs it

        for code in codes:
            for slug, agency in sorted(self.of(code).items()):
                names = names_of(agency)
                yield entry_of(code, slug, dict.fromkeys([*names, *map(agency_key, names)]))
