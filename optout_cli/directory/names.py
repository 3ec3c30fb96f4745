"""The ways in which people write the name of a jurisdiction or agency, and guesses at it.

The shipped agencies are in a file of their own; `AgencyList` reads it by state.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, product, zip_longest
from typing import Any, NamedTuple, cast

from optout_cli.readers.document import Document
from optout_cli.readers.files import Parts
from optout_cli.readers.postal import state_names

# Words at the end of a legal name that people leave out ("Marin, CA").
LEGAL_WORDS = (
    "city-and-borough", "census-area", "county", "parish", "borough", "municipality", "municipio",
    "city", "district", "island", "planning-region",
)  # fmt: skip
_SHORTEST = 3  # letters of a state's abbreviated name
# What people write -> one spelling, in a folded name. Only ways to write the same office.
_SPELLINGS = (
    (r"\bofc\b", "office"),
    (r"\bsh[eri]+f+s?(-(office|department|dept))?\b|\bs-o\b|\bso$", "sheriff"),  # often misspelled
    (r"\bcs-?o\b", "county-sheriff"),
    (r"\bpolice(-(department|dept))?\b|\bp-?d\b", "police"),
    (r"\bconstables?(-office)?\b", "constable"),
    (r"\bmarshals?(-office)?\b", "marshal"),
    (r"(?<=-)office-of-(the-)?(sheriff|constable|marshal)$", r"\2"),
    (r"\bdoc\b", "department-of-corrections"),
    (r"\bdps\b", "department-of-public-safety"),
    (r"^(the-)?(office-of-(the-)?)?(sheriff|police|constable|marshal)-(of-)?(the-)?(.+)", r"\7-\4"),
    (r"\bpct\b", "precinct"),
    (r"^(.+-)?((?:precinct|district)-\d+)-(.+-)?constable$", r"\1\3constable-\2"),
    (r"\b(d-?a|district-attorneys?)(-office)?\b", "district-attorney"),
    (r"\bdept\b", "department"),
    (r"\b(co|cnty)\b", "county"),
    (r"\bboro\b", "borough"),
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
# Kinds of offices: a jail is not to be taken for the sheriff.
_KINDS = (
    "sheriff",
    "police",
    "jail|prison|detention|correction",
    "attorney|prosecutor",
    "constable",
    "marshal",
)
# Words that a hint reads in place of misspelled ones, and how alike these must be. Shorter words
# are too much like names.
_SHORTEST_SPELLED = 6
_SPELLED = sorted(
    word for word in (*_WORDS, *LEGAL_WORDS, "township") if len(word) >= _SHORTEST_SPELLED
)
_SPELLED_LIKE = 0.8
# How alike a misspelled name must be, from 0 to 1: without a state there are thousands to confuse.
_LIKENESS = {True: 0.6, False: 0.75}


_NO_PLACE = (  # before `County`: `The County`, `Under County policy`
    "the|this|our|said|each|of|for|and|in|deputy|chief|assistant|state|under|any|all|every|no|some"
    "|other|such|an?|both|n?either|nor|or|by|to|at|from|with|as|if|because|when|while|since"
)


@lru_cache(maxsize=20_000)  # every name in the data, and those of a long table
def fold(name: str) -> str:
    """Reduce a name to lowercase ASCII letters, digits and hyphens, as in a slug.

    `Prince George's County, MD` -> `prince-georges-county-md`; `Saint` and `St.` fold alike.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return re.sub(r"\bsaint\b", "st", re.sub(r"\bsainte\b", "ste", slug))


def names_within(folded: str, code: str, state: str) -> Iterator[str]:
    """Yield the name in a folded query that ends with the state; nothing if it does not.

    A state is written as its code, its name, or the first letters of the name: `ca`, `C.A.`,
    `california`, `calif`.
    """
    for ending in _endings(code, state):
        if folded.endswith(ending):
            yield from _spellings_of(folded.removesuffix(ending))
    rest, _, last = folded.rpartition("-")
    if len(last) >= _SHORTEST and fold(state).startswith(last) and last != fold(state):
        yield from _spellings_of(rest)
    if folded.removeprefix("the-") == fold(state):  # Guam is its own state
        yield fold(state)


@lru_cache  # asked for each state with each name
def _endings(code: str, state: str) -> tuple[str, ...]:
    """Return the ways to end a folded name with a state: `-ca`, `-c-a`, `-california`."""
    written = ("-".join(code.lower()), code, state, *state_names(code))
    return tuple(dict.fromkeys(f"-{fold(name)}" for name in written))


def names_of(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the folded name of a jurisdiction, then its formal name and other names."""
    formal = fold(known.get("formal") or "").removeprefix("the-")
    others = [formal, *(fold(alias) for alias in known.get("aliases", ()))]
    return tuple(dict.fromkeys(filter(None, [fold(known["name"]), *others])))


def rank_of(name: str, folded: str, known: tuple[str, ...]) -> int | None:
    """Tell how well a name fits the folded names of a jurisdiction: 0 is best, None not at all.

    `folded` is the whole query. 0: a whole name. 1: a name without its legal word, or with other
    spaces: `Marin, CA`; `La Porte County, IN`.
    """
    bare = name.removeprefix("the-")
    if name in known or bare in known:
        return 0
    if bare == folded:  # no state was named
        return None
    return 1 if {bare, bare.replace("-", "")} & _other_forms(known) else None


@lru_cache(maxsize=4_000)  # every jurisdiction
def _other_forms(known: tuple[str, ...]) -> set[str]:
    """Return folded names without their legal words; all of them without spaces, or with `&`."""
    short = {*map(without_legal_word, known)}
    return short | {
        form
        for other in (*known, *short)
        for form in (other.replace("-", ""), other.replace("-and-", "-"))
    }


def _spellings_of(name: str) -> Iterator[str]:
    """Yield a folded name, then the data's spelling of it: `marin-co` -> `marin-county`."""
    yield name
    if name.endswith(("-co", "-cnty")):
        yield f"{name.rpartition('-')[0]}-county"
    whole = re.sub(r"^municipio(-autonomo)?-de-", "municipio-of-", name.removeprefix("the-"))
    words, _, rest = whole.partition("-of-")
    word = words.removeprefix("city-and-")
    if word in LEGAL_WORDS and rest:
        yield f"{rest}-{word}"


def without_legal_word(slug: str) -> str:
    """Drop the legal word from a folded name: `marin-county` -> `marin`."""
    for word in LEGAL_WORDS:
        if slug.endswith(f"-{word}"):
            return slug.removesuffix(f"-{word}")
    return slug


def names_another(name: str, text: str) -> bool:
    """Tell whether a text names some county, but not this one: `Kane County Board`, Cook County."""
    short, legal = without_legal_word(fold(name)), re.escape(name.rpartition(" ")[2])
    legal = legal.upper() if text.isupper() else legal
    found = rf"\b(?!(?i:{_NO_PLACE})\b)[A-Z][^\s,]* {legal}\b|\b{legal} (?:of|OF) [A-Z]"
    is_here = " " not in name or short.replace("-", "") in fold(text).replace("-", "")
    return not is_here and bool(re.search(found, text))


def is_agency_name(folded: str) -> bool:
    """Tell whether a folded query has a word of an agency's name."""
    return not _WORDS.isdisjoint((*folded.split("-"), *agency_key(folded).split("-")))


def is_of_kind(name: str, key: str) -> bool:
    """Tell whether a name is of the kind of office that an agency's key names, if it names one."""
    kinds = [kind for kind in _KINDS if re.search(kind, key)]
    return not kinds or any(re.search(kind, agency_key(name)) for kind in kinds)


def respelled(folded: str, known: Collection[str]) -> str:
    """Return a folded name with the misspelled words of agencies' names as they should be.

    A word that is `known`, such as one of a county's name, stays.
    """
    from difflib import get_close_matches

    return "-".join(
        word if word in known else (*get_close_matches(word, _SPELLED, 1, _SPELLED_LIKE), word)[0]
        for word in folded.split("-")
    )


def place_in(folded: str) -> str:
    """Return what stands before the first word of an agency's name, without a legal word.

    `escambia-county-department-of-corrections` -> `escambia`, `town-of-davie-police` -> `davie`.
    """
    words = re.sub(r"^(town|village|borough|township)-of-", "", agency_key(folded)).split("-")
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


class Entry(NamedTuple):
    """A jurisdiction or an agency, with its folded names, also without their legal words."""

    code: str
    slug: str
    names: tuple[str, ...]
    short: tuple[str, ...]


def entry_of(code: str, slug: str, names: Iterable[str]) -> Entry:
    """Return an entry with the short forms of its names."""
    whole = tuple(names)
    return Entry(code, slug, whole, tuple(map(without_legal_word, whole)))


def with_name(folded: str, entries: Sequence[Entry]) -> list[str]:
    """Return the slugs of the entries that have this name, which lacks its state."""
    name = agency_key(folded) if is_agency_name(folded) else folded
    typed = {name.removeprefix("the-"), *_spellings_of(name)}
    return [entry.slug for entry in entries if typed & {*entry.names, *entry.short}]


def closest(
    folded: str, entries: Sequence[Entry], named: dict[str, list[str]], states: dict[str, str]
) -> list[str]:
    """Return the slugs of the entries spelled most like the query, the closest first.

    The entries are of the states in `named`, if it has any: it maps each state that the query ends
    with to the names that stand before it. A name that several states have takes turns with the
    others: `Maron` gives a Marion County, Marin County, then the next Marion County. A city that
    only looks like a county is not close, nor is an agency of another place.
    """
    from difflib import SequenceMatcher, get_close_matches

    typed = {*chain.from_iterable(named.values())} or {folded}
    typed = {agency_key(name) if is_agency_name(name) else name for name in typed}
    slugs: dict[str, dict[str, None]] = {}  # by each way to write a name
    for entry in entries:
        words = [*entry.names, *entry.short, entry.slug.removesuffix(f"-{entry.code.lower()}")]
        if not named and "-" in folded:  # the state may be misspelled
            words += [f"{name}-{fold(states[entry.code])}" for name in entry.short]
        for word in words:
            slugs.setdefault(word, {})[entry.slug] = None
    ratios = {
        name: max(SequenceMatcher(None, name, word).ratio() for word in typed)
        for word in typed
        for name in get_close_matches(word, slugs, n=3, cutoff=_LIKENESS[bool(named)])
        if _is_close(name, word)
    }
    ratios |= {  # `Kenai` is in `kenai-peninsula`, `davidson-county` in a longer name
        name: 1.0
        for name, word in product(slugs, typed)
        if (f"-{word}-" in f"-{name}-" or ("-" in name and f"-{name}-" in f"-{word}-"))
        and not (is_agency_name(word) or is_agency_name(name))
    }
    best = sorted(ratios, key=lambda name: (ratios[name], name), reverse=True)
    in_turn = chain.from_iterable(zip_longest(*(slugs[name] for name in best)))
    return list(dict.fromkeys(filter(None, in_turn)))


def _is_close(name: str, typed: str) -> bool:
    """Tell whether at most two letters differ, or one in five: of agencies, in their place."""
    from difflib import SequenceMatcher, get_close_matches

    is_agency = is_agency_name(typed)
    places = [place_in(text) if is_agency else text for text in (name, typed)]
    one, two = sorted(places, key=len)
    if is_agency and (not one or get_close_matches(two.removeprefix(f"{one}-"), LEGAL_WORDS)):
        return True  # `pecos-couuty`
    return SequenceMatcher(None, one, two).ratio() >= max(0.6, min(0.8, 1 - 2 / len(two)))


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
