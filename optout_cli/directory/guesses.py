"""Guess which name a query means that fits none: misspelled, or without its state."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from optout_cli.directory.agencies import is_agency_name, place_in
from optout_cli.directory.matching import fold, without_legal_word

_FEW = 3  # names: all of a state are offered where it has no more than this
# How alike a misspelled name must be, from 0 to 1: without a state there are thousands to confuse.
_LIKENESS = {True: 0.6, False: 0.75}


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
    bare = folded.removeprefix("the-")
    return [entry.slug for entry in entries if {bare, folded} & {*entry.names, *entry.short}]


def closest(
    folded: str, entries: Sequence[Entry], named: dict[str, list[str]], states: dict[str, str]
) -> list[str]:
    """Return the slugs of the entries spelled most like the query, the closest first.

    `named` maps each state that the query ends with to the names that stand before it. A name that
    several states have takes turns with the others: `Maron` gives a Marion County, Marin County,
    then the next Marion County. An agency of another place is never close, however alike the rest
    of its name is. Where nothing is close, returns all entries of a state that has only a few.
    """
    from difflib import SequenceMatcher, get_close_matches

    typed = {*chain.from_iterable(named.values())} or {folded}
    slugs: dict[str, dict[str, None]] = {}  # by each way to write a name
    pool = [entry for entry in entries if not named or entry.code in named]
    for entry in pool:
        for word in _ways_to_write(entry, "" if named or "-" not in folded else states[entry.code]):
            slugs.setdefault(word, {})[entry.slug] = None
    ratios = {
        name: max(SequenceMatcher(None, name, word).ratio() for word in typed)
        for word in typed
        for name in get_close_matches(word, slugs, n=3, cutoff=_LIKENESS[bool(named)])
        if not is_agency_name(word) or _are_of_one_place(name, word)
    }
    best = sorted(ratios, key=lambda name: (ratios[name], name), reverse=True)
    in_turn = chain.from_iterable(zip_longest(*(slugs[name] for name in best)))
    few = sorted({*chain.from_iterable(slugs.values())}) if len(pool) <= _FEW else []
    return list(dict.fromkeys(filter(None, in_turn))) or few


def _are_of_one_place(name: str, other: str) -> bool:
    from difflib import SequenceMatcher

    places = place_in(name), place_in(other)
    return not all(places) or SequenceMatcher(None, *places).ratio() >= _LIKENESS[True]


def _ways_to_write(entry: Entry, state: str) -> Iterator[str]:
    yield from entry.names
    for name in entry.short:
        yield name
        if state:  # it may be misspelled
            yield f"{name}-{fold(state)}"
    yield entry.slug.removesuffix(f"-{entry.code.lower()}")
