"""The rows of the tables that `optout sent --from` reads: letters, and how each went out."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from optout_cli.batch.input import load_inputs
from optout_cli.errors import OptoutError, Problem, raise_any
from optout_cli.model.fields import Line, Noun
from optout_cli.model.request import Party, Way
from optout_cli.readers.document import Row, locate
from optout_cli.readers.files import is_file
from optout_cli.readers.validate import convert
from optout_cli.register.journal import NAME
from optout_cli.register.statements import Sending
from optout_cli.register.table import COLUMN_OF, as_sendings

_LETTER_COLUMNS = ("letter", "path", "reference")
_SENDING = {"on", "by", "number"}  # what a row says of how a letter went out
_DAYS = {"on", "delivered", "answered"}
# Options concern all rows, so a row says for itself what is different.
_ROW_HINTS = {
    "already-sent": "if it went out once more, write again in a column change of this row; to"
    " correct what is recorded, write correct; if it also went out another way, name that way"
    " under by (route in register.csv)",
    "already-delivered": "to correct what is recorded, write correct in a column change"
    " of this row",
    "which-way": "fill in the column by (route in register.csv), such as certified-mail, or give"
    " --by for all rows",
}


class Entry(Noun, frozen=True, kw_only=True):
    """A row of the table in --from: a letter, how it went out, when it arrived and was answered.

    `change` says that it went out again, or that the row corrects what is recorded. `sha256` has
    the SHA-256 of each file of the version that is meant, as register.csv gives them.
    """

    letter: Line | None = None
    path: Line | None = None
    reference: Line | None = None
    recipient: Party | None = None
    on: date | None = None
    by: Way | None = None
    number: Line | None = None
    receipt: Line | None = None
    signed: Line | None = None
    delivered: date | None = None
    answered: tuple[date, ...] = ()
    change: Literal["again", "correct"] | None = None
    sha256: tuple[Line, ...] = ()


class Claim(NamedTuple):
    """A letter, and how it went out, as the options and its row say; and the row itself.

    A day on which an answer came is only in the row: what it was, `optout answer` records.
    """

    letter: str
    said: Sending
    parties: tuple[Party, ...]
    row: Entry

    @property
    def digests(self) -> tuple[str, ...]:
        """The SHA-256 of the files, with whatever a spreadsheet put between them."""
        return tuple(digest for line in self.row.sha256 for digest in line.split())


class SendingTable(NamedTuple):
    """A table of letters that went out. `at` is the folder of their register, if it is known.

    `is_register` tells that it is register.csv, filled in.
    """

    rows: Sequence[Row]
    at: Path | None
    is_register: bool


def sending_tables(names: Sequence[str], within: Path | None) -> Iterator[SendingTable]:
    """Yield each table; of register.csv, only the rows with a day that somebody may have filled in.

    A spreadsheet writes all days of register.csv in one order: that of 11/24/2026 is also that of
    12/1/2026 in another column. Raises OptoutError.
    """
    for table in load_inputs(names, Entry.__struct_encode_fields__):
        text, folder = as_sendings(table.text), Path(table.name).parent
        if text is None:
            yield SendingTable([*table.rows()], within, is_register=False)
            continue
        at = folder if not within and is_file(folder / NAME) else within
        table = msgspec.structs.replace(table, text=text)  # noqa: PLW2901  # its columns have other names
        settled = {*table.date_orders.values()}
        orders = dict.fromkeys(_DAYS, settled.pop()) if len(settled) == 1 else {}
        filled_in = []
        for row in msgspec.structs.replace(table, orders=orders).rows():
            document = row.document
            if document and "\n" in str(document.data.get("on")):
                # It went out several times, and only the register says how.
                data = {key: document.data[key] for key in document.data.keys() - _SENDING}
                document = msgspec.structs.replace(document, data=data)
            if not document or _DAYS & document.data.keys():
                filled_in.append(msgspec.structs.replace(row, document=document))
        yield SendingTable(filled_in, at, is_register=True)


def claim_of(row: Row, said: Sending, parties: tuple[Party, ...]) -> Claim:
    """Read a row; what it leaves open is as the options say. Raises OptoutError."""
    raise_any(row.problems)
    assert row.document is not None
    line = convert(row.document, Entry)
    names = [text for name in _LETTER_COLUMNS if (text := getattr(line, name))]
    if len(names) != 1:
        message = f"names {len(names):,} letters" if names else "names no letter"
        hint = f"fill in one of the columns {', '.join(_LETTER_COLUMNS)}"
        raise OptoutError(Problem("missing-key", message, row.location, hint))
    own: dict[str, Any] = {key: value for key in _SENDING if (value := getattr(line, key))}
    if line.change:
        own |= {line.change: True}
    recipients = (line.recipient,) if line.recipient else parties
    return Claim(names[0], said._replace(**own), recipients, line)


def locate_problems(error: OptoutError, row: Row, *, is_register: bool) -> Iterator[Problem]:
    """Give the problems of a row their place in the table, which may be register.csv."""
    document = row.document
    letter = next((key for key in _LETTER_COLUMNS if document and key in document.data), "")
    for problem in error.problems:
        located: tuple[Problem, ...] = (problem,)
        if not problem.location or problem.location.is_command_line:
            path = letter if problem.path in ("", "letter") else problem.path
            message = problem.message
            if problem.location:  # a file that cannot be read, or a letter that is not there
                message = f"{problem.location.file}: {message}"
            hint = _ROW_HINTS.get(problem.code, problem.hint)
            if path == "recipient" and document and path in document.data:
                hint = "correct the recipient, or leave its cell empty"
            bare = msgspec.structs.replace(
                problem, location=None, path=path, message=message, hint=hint
            )
            located = locate([bare], document, row)
        for each in located:
            place = each.location
            if place and is_register:
                place = msgspec.structs.replace(place, path=COLUMN_OF.get(place.path, place.path))
            yield msgspec.structs.replace(each, location=place)
