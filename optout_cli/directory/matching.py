"""Match the ways in which people write a jurisdiction's name."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

# Words at the end of a legal name that people leave out ("Marin, CA").
LEGAL_WORDS = (
    "city-and-borough", "census-area", "county", "parish", "borough", "municipality", "municipio",
    "city", "district", "island",
)  # fmt: skip
_SHORTEST = 3  # letters of a state's abbreviated name


@lru_cache(maxsize=20_000)  # every name in the data, and those of a long table
def fold(name: str) -> str:
    """Reduce a name to lowercase ASCII letters, digits and hyphens, as in a slug.

    `Prince George's County, MD` -> `prince-georges-county-md`; `Saint` and `St.` fold alike.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return re.sub(r"\bsaint\b", "st", re.sub(r"\bsainte\b", "ste", slug))


def slug_of(id: str, name: str, code: str) -> str:
    """Return the slug: made from the name of a county; the id of an overlay's jurisdiction."""
    return f"{fold(name)}-{code.lower()}" if id.isdigit() else id


def names_within(folded: str, code: str, state: str) -> Iterator[str]:
    """Yield the name in a folded query that ends with the state; nothing if it does not.

    A state is written as its code, its name, or the first letters of the name: `ca`,
    `california`, `calif`.
    """
    for ending in {f"-{code.lower()}", f"-{fold(state)}"}:
        if folded.endswith(ending):
            yield from _spellings_of(folded.removesuffix(ending))
    rest, _, last = folded.rpartition("-")
    if len(last) >= _SHORTEST and fold(state).startswith(last) and last != fold(state):
        yield from _spellings_of(rest)
    if folded.removeprefix("the-") == fold(state):  # Guam is its own state
        yield fold(state)


def names_of(known: Mapping[str, Any]) -> list[str]:
    """Return the folded name of a jurisdiction, then its formal name and other names."""
    formal = fold(known.get("formal") or "").removeprefix("the-")
    others = [formal, *(fold(alias) for alias in known.get("aliases", ()))]
    return [*dict.fromkeys(filter(None, [fold(known["name"]), *others]))]


def rank_of(name: str, folded: str, known: Sequence[str]) -> int | None:
    """Tell how well a name fits the folded names of a jurisdiction: 0 is best, None not at all.

    `folded` is the whole query. 0: a whole name. 1: a name without its legal word, or with other
    spaces: `Marin, CA`; `La Porte County, IN`.
    """
    bare = name.removeprefix("the-")
    if name in known or bare in known:
        return 0
    if bare == folded:  # no state was named
        return None
    short = [*map(without_legal_word, known)]
    squeezed = {other.replace("-", "") for other in (*known, *short)}
    return 1 if bare in short or bare.replace("-", "") in squeezed else None


def _spellings_of(name: str) -> Iterator[str]:
    """Yield a folded name, then the data's spelling of it: `marin-co` -> `marin-county`."""
    yield name
    if name.endswith("-co"):
        yield f"{name}unty"
    words, _, rest = name.removeprefix("the-").partition("-of-")
    word = words.removeprefix("city-and-")
    if word in LEGAL_WORDS and rest:
        yield f"{rest}-{word}"


def without_legal_word(slug: str) -> str:
    """Drop the legal word from a folded name: `marin-county` -> `marin`."""
    for word in LEGAL_WORDS:
        if slug.endswith(f"-{word}"):
            return slug.removesuffix(f"-{word}")
    return slug
