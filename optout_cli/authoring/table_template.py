"""A table to fill in: the columns of a request, and rows for a state."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from optout_cli.letters.compose import party_of
from optout_cli.letters.library import Library
from optout_cli.model.program import LetterKind, Particular
from optout_cli.model.request import PARTIES

# What most requests decide, in the order of a letter. Any other key of a request may be a column
# too. The user's own columns begin with #.
_COLUMNS = (
    "jurisdiction", "# name", "letter", "date", "ori",
    "signatory.name", "signatory.title", "signatory.office", "signatory.address.street",
    "signatory.address.city", "signatory.address.state", "signatory.address.zip",
    "signatory.phone", "signatory.fax", "signatory.email",
    "signature.kind", "letterhead.seal", "letterhead.alt",
    "authority.0.instrument", "authority.0.number", "authority.0.date", "authority.0.body",
    "authority.0.vote",
)  # fmt: skip
_COLUMNS_AFTER = (  # after the particulars of the letter
    "cc.0.name", "cc.0.title", "cc.0.organization",
    "service.bureau.0.by", "service.bureau.0.number", "service.ice.0.by", "service.ice.0.number",
    "recipients.bureau.email", "recipients.bureau.fax", "recipients.ice.email",
    "recipients.ice.fax",
)  # fmt: skip


class Table(NamedTuple):
    """A table to fill in: the names of its columns, and rows of cells."""

    header: list[str]
    rows: list[list[str]]


def table_template(library: Library, letter: str, states: Sequence[str] = ()) -> Table:
    """Make a table with the columns of a letter's requests, and its rows for states.

    `letter` is a letter's id, `states` postal codes; without a state there are no rows. Raises
    OptoutError for an unknown letter.
    """
    program, kind = library.programs.find(letter)
    without_letter = set(PARTIES) - {party_of(rule) for rule in program.recipients}
    header = [
        *_COLUMNS,
        *_particular_columns(kind.particulars, "particulars"),
        *(name for name in _COLUMNS_AFTER if without_letter.isdisjoint(name.split("."))),
    ]
    rows = (row for state in states for row in _rows(library, letter, kind, state))
    return Table(header, [[row.get(name, "") for name in header] for row in rows])


def _rows(library: Library, letter: str, kind: LetterKind, state: str) -> Iterator[dict[str, str]]:
    """Yield the known cells of each agreement of the state's agencies, or of each jurisdiction.

    Agreements are for letters about one; where the data has none, each jurisdiction has a row.
    """
    model = next((name for name, spec in kind.particulars.items() if spec.known == "model"), None)
    agencies = [*library.directory.agencies_in(state)] if model else []
    for slug, agency in agencies:
        for agreement in agency.agreements:
            yield {
                "jurisdiction": slug,
                "# name": f"{agency.name}, {state}",
                "letter": letter,
                f"particulars.{model}": agreement.model,
            }
    for code, id, place in () if agencies else library.directory.all(state):
        # The slug, not the FIPS code: a spreadsheet drops the zero at the beginning of a code.
        slug = library.directory.slug(code, id)
        yield {"jurisdiction": slug, "# name": f"{place.name}, {code}", "letter": letter}


def needed_columns(library: Library, letter: str) -> tuple[str, ...]:
    """Return the columns that a letter needs to be more than a draft. Raises OptoutError."""
    _, kind = library.programs.find(letter)
    required = (f"particulars.{name}" for name, spec in kind.particulars.items() if spec.required)
    return ("jurisdiction", "signatory.name", "signatory.title", *required)


def _particular_columns(declared: dict[str, Particular], path: str) -> Iterator[str]:
    """Yield a column for each fact. A list of groups has columns for one group; others one cell."""
    for name, spec in declared.items():
        if isinstance(spec.of, dict):
            yield from _particular_columns(spec.of, f"{path}.{name}.0")
        else:
            yield f"{path}.{name}"
