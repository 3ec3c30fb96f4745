"""How people write a jurisdiction's name, and how it is folded to be found."""

import re
import unicodedata
from collections.abc import Iterator

# The words that end a legal name and that people leave out ("Marin, CA").
LEGAL_WORDS = (
    "city-and-borough", "census-area", "county", "parish", "borough", "municipality", "municipio",
    "city", "district", "island",
)  # fmt: skip


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
    """Yield what is left of a folded query without the state at its end, where it is there."""
    for ending in {f"-{code.lower()}", f"-{fold(state)}"}:
        if folded.endswith(ending):
            yield folded.removesuffix(ending)
    if folded == fold(state):  # Guam and the District of Columbia are their own state
        yield folded


def without_legal_word(slug: str) -> str:
    """Return a folded name as people say it: `marin-county` -> `marin`."""
    for word in LEGAL_WORDS:
        if slug.endswith(f"-{word}"):
            return slug.removesuffix(f"-{word}")
    return slug
