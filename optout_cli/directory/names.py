"""The ways in which people write the name of a jurisdiction or agency, and guesses at it."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, product, zip_longest
from typing import Any, NamedTuple

from optout_cli.readers.postal import state_names

# Words at the end of a legal name that people leave out ("Marin, CA").
_LEGAL_WORDS = (
    "city-and-borough", "census-area", "county", "parish", "borough", "municipality", "municipio",
    "city", "district", "island", "planning-region",
)  # fmt: skip
MOST_CANDIDATES = 8  # a hint lists no more than this, and counts the rest
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
    (r"\b(co|cnty|cty)\b", "county"),
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
    word for word in (*_WORDS, *_LEGAL_WORDS, "township") if len(word) >= _SHORTEST_SPELLED
)
_SPELLED_LIKE = 0.8
_ROUNDING = 1e-9  # of a ratio
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


def names_state(query: str, code: str, state: str) -> bool:
    """Tell whether a query ends with the state."""
    return any(names_within(fold(query), code, state))


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
    if name.endswith(("-co", "-cnty", "-cty")):
        yield f"{name.rpartition('-')[0]}-county"
    if name.endswith("-cty"):  # `Baltimore Cty` may be either
        yield f"{name.removesuffix('-cty')}-city"
    whole = re.sub(r"^municipio(-autonomo)?-de-", "municipio-of-", name.removeprefix("the-"))
    words, _, rest = whole.partition("-of-")
    word = words.removeprefix("city-and-")
    if word in _LEGAL_WORDS and rest:
        yield f"{rest}-{word}"


def without_legal_word(slug: str) -> str:
    """Drop the legal word from a folded name: `marin-county` -> `marin`."""
    for word in _LEGAL_WORDS:
        if slug.endswith(f"-{word}"):
            return slug.removesuffix(f"-{word}")
    return slug


def names_another(name: str, text: str) -> bool:
    """Tell whether a text names some county, but not this one: `Kane County Board`, Cook County."""
    legal = re.escape(name.rpartition(" ")[2])
    legal = legal.upper() if text.isupper() else legal
    found = rf"\b(?!(?i:{_NO_PLACE})\b)[A-Z][^\s,]* {legal}\b|\b{legal} (?:of|OF) [A-Z]"
    is_here = " " not in name or has_name(text, name)
    return not is_here and bool(re.search(found, text))


def has_name(text: str, name: str) -> bool:
    """Tell whether a text has a name, perhaps without its legal word."""
    return without_legal_word(fold(name)).replace("-", "") in fold(text).replace("-", "")


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
    """Tell whether at most two letters differ, or one in five: of agencies, in their place.

    Another first letter of a county is a slip only if no other letter differs: `Boston` is not
    Houston.
    """
    from difflib import SequenceMatcher, get_close_matches

    forms, is_agency = [[name], [typed]], is_agency_name(typed)
    if is_agency:  # the last word may be misspelled: `pecos-couuty`, `davie-poliec`, `ore-ciy`
        forms = [[place_in(name)], [place_in(typed)]]
        for form in forms:
            before, _, last = form[0].rpartition("-")
            is_slip = before and get_close_matches(last, (*_SPELLED, *_LEGAL_WORDS))
            form.extend([before] if is_slip else [])
    for one, two in (sorted(pair, key=len) for pair in product(*forms)):
        letters = 2 if is_agency or one[:1] == two[:1] else 1  # that may differ
        like = 1 - letters / (len(two) or 1)
        like = max(0.6, min(0.8, like)) if letters > 1 else like - _ROUNDING
        if not one or SequenceMatcher(None, one, two).ratio() >= like:
            return True
    return False


# Any: plain data of a data file.
def retired_as(
    folded: str, retired: Mapping[str, Any], states: Mapping[str, Any], entries: Sequence[Entry]
) -> Any:
    """Return the retired jurisdiction that a folded query names: `capitol-region-ct`, or None.

    It needs no state, unless one of `entries` in another state has its name.
    """
    folded = folded.removeprefix("the-")
    is_free = not with_name(folded, entries)
    for id, old in retired.items():
        code = old["state"]
        typed = {*names_within(folded, code, states.get(code, {}).get("name", code))}
        name = fold(old["name"])  # `capitol-planning-region`, also `capitol-region`
        whole = {name, name.replace("-planning-", "-")}
        named = {*whole, without_legal_word(name)} & typed
        if id in {folded, *typed} or named or (is_free and folded in whole):
            return old
    return None


def list_words(candidates: Iterable[str]) -> str:
    """Join what a hint offers, and count what are too many."""
    each = [*candidates]
    shown, more = " or ".join(each[:MOST_CANDIDATES]), len(each) - MOST_CANDIDATES
    return f"{shown} or {more} more" if more > 0 else shown
