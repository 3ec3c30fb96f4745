"""How people write a jurisdiction's name, and how it is folded to be found."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# The words that end a legal name and that people leave out ("Marin, CA").
LEGAL_WORDS = (
    "city-and-borough", "census-area", "county", "parish", "borough", "municipality", "municipio",
    "city", "district", "island",
)  # fmt: skip


_SHORTEST = 3  # letters of a state's name that is cut short


@lru_cache(maxsize=20_000)  # every name of the data, and those of a long table
def fold(name: str) -> str:
    """Reduce a name to small ASCII letters, digits and hyphens, as slugs are written.

    `Prince George's County, MD` -> `prince-georges-county-md`; `Saint` and `St.` fold alike.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return re.sub(r"\bsaint\b", "st", re.sub(r"\bsainte\b", "ste", slug))


def slug_of(id: str, name: str, code: str) -> str:
    """Return the slug: of a county from its name, of an overlay's jurisdiction its id."""
    return f"{fold(name)}-{code.lower()}" if id.isdigit() else id


def names_within(folded: str, code: str, state: str) -> Iterator[str]:
    """Yield what is left of a folded query without the state at its end, where it is there.

    The state is its code, its name, or the beginning of that: `ca`, `california`, `calif`.
    """
    for ending in {f"-{code.lower()}", f"-{fold(state)}"}:
        if folded.endswith(ending):
            yield from _ways_of(folded.removesuffix(ending))
    rest, _, last = folded.rpartition("-")
    if len(last) >= _SHORTEST and fold(state).startswith(last) and last != fold(state):
        yield from _ways_of(rest)
    if folded == fold(state):  # Guam and the District of Columbia are their own state
        yield folded


def _ways_of(name: str) -> Iterator[str]:
    """Yield a folded name, and how it stands in the data: `marin-co`, `county-of-marin`."""
    yield name
    if name.endswith("-co"):
        yield f"{name}unty"
    words, _, rest = name.removeprefix("the-").partition("-of-")
    word = words.removeprefix("city-and-")
    if word in LEGAL_WORDS and rest:
        yield f"{rest}-{word}"


def without_legal_word(slug: str) -> str:
    """Return a folded name as people say it: `marin-county` -> `marin`."""
    for word in LEGAL_WORDS:
        if slug.endswith(f"-{word}"):
            return slug.removesuffix(f"-{word}")
    return slug
