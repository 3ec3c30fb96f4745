"""A table to fill in: the columns of a request, and a row for each jurisdiction of a state."""

from collections.abc import Iterator

from optout_cli.letters.compose import party_of
from optout_cli.letters.library import Library
from optout_cli.model.program import Particular
from optout_cli.model.request import PARTIES
from optout_cli.readers.csv import csv_from

# What most requests decide, in the order of a letter; any other key may be a column as well. The
# user's own columns begin with #.
COLUMNS = (
    "jurisdiction", "# name", "letter", "date", "ori",
    "signatory.name", "signatory.title", "signatory.office", "signatory.address.street",
    "signatory.address.city", "signatory.address.state", "signatory.address.zip",
    "signatory.phone", "signatory.fax", "signatory.email",
    "signature.kind", "letterhead.seal", "letterhead.alt",
    "authority.0.instrument", "authority.0.number", "authority.0.date", "authority.0.body",
    "authority.0.vote",
)  # fmt: skip
AFTER = (
    "cc.0.name", "cc.0.title", "cc.0.organization",
    "service.bureau.0.by", "service.bureau.0.number", "service.ice.0.by", "service.ice.0.number",
    "recipients.bureau.email", "recipients.bureau.fax", "recipients.ice.email",
    "recipients.ice.fax",
)  # fmt: skip


def csv_template(library: Library, letter: str, state: str | None = None) -> str:
    """Write the columns that a letter's requests have as CSV, with a row for each county.

    `letter` is a letter's id, `state` a postal code; without one there are no rows. Raises
    OptoutError for a letter that there is not.
    """
    program, kind = library.programs.find(letter)
    particulars = _columns(kind.particulars, "particulars")
    others = set(PARTIES) - {party_of(rule) for rule in program.recipients}
    after = (it for it in AFTER if others.isdisjoint(it.split(".")))
    header = [*COLUMNS, *particulars, *after]
    found = library.directory.all(state) if state else ()
    # By its slug: a spreadsheet takes the zero from before a FIPS code.
    slug = library.directory.slug
    rows = ([slug(code, id), f"{it.name}, {code}", letter] for code, id, it in found)
    return csv_from(header, ([*row, *[""] * (len(header) - len(row))] for row in rows))


def needed_columns(library: Library, letter: str) -> tuple[str, ...]:
    """Return the columns that a letter cannot do without, but as a draft. Raises OptoutError."""
    _, kind = library.programs.find(letter)
    required = (f"particulars.{name}" for name, it in kind.particulars.items() if it.required)
    return ("jurisdiction", "signatory.name", "signatory.title", *required)


def _columns(declared: dict[str, Particular], path: str) -> Iterator[str]:
    """Yield a column for each fact; a list of facts has room for one, a plain list is one cell."""
    for name, it in declared.items():
        if isinstance(it.of, dict):
            yield from _columns(it.of, f"{path}.{name}.0")
        else:
            yield f"{path}.{name}"
