"""The register as a table for people: `register.csv`, one row for each letter.

The table follows from the events. Columns whose names begin with `# ` are the user's own, and each
run keeps them. Nothing reads anything else from it: what happened is recorded by commands.
"""

import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.model.notice import Place
from optout_cli.model.program import Program
from optout_cli.output import write_all, write_errors
from optout_cli.readers.cells import choice_in_words, date_in_words
from optout_cli.readers.csv import cell_from, csv_from
from optout_cli.readers.document import OWN_MARK
from optout_cli.readers.postal import tidy_number
from optout_cli.register.events import WAYS
from optout_cli.register.journal import OWN, TABLE, Journal, ending_of, load_journal
from optout_cli.register.returns import journey_of
from optout_cli.register.standing import Standing, standings_of
from optout_cli.register.state import LetterState, Register

ENCODING = "utf-8-sig"  # a spreadsheet knows UTF-8 by the first bytes
COLUMNS = (
    "date", "jurisdiction", "letter", "signatory", "recipient", "route", "tracking number",
    "reference", "printed", "sent", "delivered", "answer due", "answered", "outcome", "note",
    "address", "email", "fax", "pages", "path", "SHA-256",
)  # fmt: skip
_DIGEST = COLUMNS.index("SHA-256")
_SEAL = "table"  # the file with the digest of the table as last written
_MOST = 3  # letters that a message names
_DAYS = ("date", "printed", "sent", "delivered", "answered")
_US_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
# The columns that a person fills in to say what went out, when it arrived and when an answer came,
# as `optout sent --from` names them.
_FILLED_IN = {
    "reference": "reference", "recipient": "recipient", "sent": "on", "route": "by",
    "tracking number": "number", "delivered": "delivered", "answered": "answered",
    "SHA-256": "sha256", "change": "change",
}  # fmt: skip
COLUMN_OF = {own: name for name, own in _FILLED_IN.items()}
_Lineage = tuple[str, str, str, str]  # what a letter shares with the one that it replaces


def rows_of(standings: Iterable[Standing], folder: Path = Path()) -> Iterator[list[str]]:
    """Yield a row for each letter, its paths below `folder`.

    Each format has its own line in the cells `pages`, `path` and `SHA-256`, and each sending in
    `route` and `sent`. The letter's own ways and numbers stand there only until it is sent.
    """
    for standing in standings:
        state, written = standing.state, standing.state.written
        letter, answers = state.letter, state.answers
        ways = [sent.by for sent in state.sent] or {way.by: None for way in letter.service}
        numbers = [way.number for way in state.sent or letter.service]
        done = [state.withdrawal] if state.withdrawal else []
        events = (*journey_of(state), *answers, *done)
        said = (text for it in events for text in (getattr(it, "words", None), it.note))
        days = (f"{day.title}: {day.about}" for day in standing.milestones)
        yield [
            written.date.isoformat(),
            place_of(standing),
            standing.title,
            written.signatory or "",
            letter.recipient,
            "\n".join(way.replace("-", " ") for way in ways),
            _lines(map(group_digits, filter(None, numbers))),
            written.reference,
            _lines(day.isoformat() for day in state.printed.values()),
            "\n".join(sent.on.isoformat() for sent in state.sent),
            str(state.received or ""),
            str(standing.answer_due.on) if standing.answer_due else "",
            _lines(answer.on.isoformat() for answer in answers),
            "\n".join(standing.outcomes),
            _lines([*filter(None, said), *days]),
            "\n".join(letter.address),
            letter.email or "",
            letter.fax or "",
            "\n".join("" if file.pages is None else str(file.pages) for file in letter.files),
            "\n".join(str(folder / place) for place in state.files),
            "\n".join(file.sha256 for file in letter.files),
        ]


def place_of(standing: Standing) -> str:
    """Return the agency and the jurisdiction in words: `Marin County, California (06041)`.

    The FIPS code stands among words, since a spreadsheet drops the zero of `06041`.
    """
    written, place = standing.state.written, standing.facts.place
    code = f" ({written.jurisdiction})" if written.jurisdiction.isdigit() else ""
    return _with_agency(standing, place.full_name if place else written.name) + code


def short_place_of(standing: Standing) -> str:
    """Return the agency and the jurisdiction as short as people say it: `Marin County, CA`."""
    place = standing.facts.place
    return _with_agency(standing, _short(place) if place else standing.state.written.name)


def distinction_of(standing: Standing) -> str:
    """Return in words what tells a letter from others of its kind and day: `Task Force Model`.

    An agency that the place names already is left out.
    """
    program, variant = standing.program, standing.state.written.variant
    kind = program.letters.get(standing.state.kind) if program else None
    if program is None or kind is None:
        return variant
    place, found = short_place_of(standing), []
    for name in program.told_apart_by:
        value = standing.facts.particulars.get(name) or ()
        labels = kind.particulars[name].labels if name in kind.particulars else {}
        found += [labels.get(it, it) for it in ([value] if isinstance(value, str) else value)]
    return ", ".join(text for text in found if text not in place) if found else variant


def _with_agency(standing: Standing, own: str) -> str:
    name, place = standing.state.written.name, standing.facts.place
    is_own = place is None or name in (place.full_name, _short(place))
    return own if is_own else f"{name}, {own}"


def _short(place: Place) -> str:
    is_state = place.name == place.state_name
    return place.name if is_state else f"{place.name}, {place.state_code}"


def group_digits(number: str) -> str:
    """Return a tracking number in groups of four: a spreadsheet makes 9.4E+19 of twenty digits."""
    digits = number.replace(" ", "")
    return " ".join(re.findall(".{1,4}", digits)) if digits.isdigit() else number


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(texts))


def update_table(
    folder: Path, states: Iterable[LetterState], programs: Mapping[str, Program]
) -> tuple[str, ...]:
    """Write the table of a folder anew, with the user's own columns; return notes for the screen.

    A table that somebody changed in other columns moves to `earlier`. The caller holds the
    folder's lock. A table that cannot be written is only a note: the record is complete without it.
    """
    standings = standings_of(states, programs)
    path = folder / TABLE
    try:
        old = _load(path)
        own = [index for index, name in enumerate(old.header) if name.startswith(OWN_MARK)]
        shown, cells, is_lost = _with_own_cells(standings, old, own)
        header = [*COLUMNS, *(old.header[index] for index in own)]
        rows = [row + more for row, more in zip(rows_of(shown), cells, strict=True)]
        titles = {day.title for standing in shown for day in standing.milestones}
        is_same = old.digest in ("", _last_digest(folder)) or _has_all_of(old, rows, titles)
        content = csv_from(header, rows).encode(ENCODING)
        seal = folder / OWN / _SEAL
        with write_errors(seal):
            seal.parent.mkdir(exist_ok=True)
        files = {path: content, seal: f"{_digest_of(COLUMNS, rows)}\n".encode()}
        keep = [path] if is_lost or not is_same else []
        kept = write_all(files, force=True, staging=seal.parent, keep=keep)
    except OptoutError as error:
        return tuple(f"{problem}; the record itself is complete" for problem in error.problems)
    return tuple(
        f"{path} was changed by hand; that table is now {earlier}. Record what happened and is not"
        " recorded yet with optout sent, delivered or answer, and keep notes in columns whose names"
        " begin with #"
        for earlier in kept.values()
        if earlier
    )


def as_sendings(text: str) -> str | None:
    """Return this table, as somebody filled it in, as one for `optout sent --from`.

    All other columns become the user's own. Returns None for another table.
    """
    head, end, rest = text.partition("\n")
    delimiter = max(",;\t", key=head.count)
    names = next(csv.reader([head.rstrip("\r")], delimiter=delimiter), [])
    if not {"reference", "sent", COLUMNS[_DIGEST]} <= {*names}:  # people delete other columns
        return None
    header = StringIO()
    own = (name if name.startswith(OWN_MARK) else f"{OWN_MARK} {name}" for name in names)
    cells = (_FILLED_IN.get(name, other) for name, other in zip(names, own, strict=True))
    csv.writer(header, delimiter=delimiter, lineterminator="").writerow(cells)
    return header.getvalue() + end + rest


def load_checked_journal(folder: Path) -> Journal:
    """Read a register, and compare one in a copy without optout's own files with its table.

    It is a problem if the table has letters, or what happened to them, and the events do not. A
    table that somebody changed by hand proves nothing. Raises OptoutError.
    """
    journal = load_journal(folder)
    table = _Table() if ending_of(folder) else _load(folder / TABLE)
    if table.digest in ("", _digest_of(COLUMNS, ())):
        return journal
    if not {*COLUMNS} <= {*table.header} or _last_digest(folder) not in (None, table.digest):
        return journal
    register = Register(journal.lines)
    rows = [dict(zip(table.header, row, strict=False)) for row in table.rows]
    ahead = []
    for row in rows:
        digests = row[COLUMNS[_DIGEST]].split()  # none in a row of the user's own
        known = register.having(digests).values()
        if digests and not (
            known
            and (not row["sent"] or any(state.sent for state in known))
            and (not row["delivered"] or any(state.delivered for state in known))
            and (not row["answered"] or any(state.answers for state in known))
        ):
            ahead.append(row)
    if not ahead:
        return journal
    names = ", ".join(dict.fromkeys(row["reference"] for row in ahead[:_MOST]))
    message = f"says more than the register about {len(ahead):,} of its letters ({names})"
    hint = (
        "put the whole register back from a copy; to go on without the missing lines, move"
        " this table away, and record again what happened"
    )
    problem = Problem("cut-register", message, Location(str(folder / TABLE)), hint)
    return journal._replace(problems=(problem, *journal.problems))


class _Table(NamedTuple):
    """A table as the file has it; `digest` is that of the columns that are not the user's own."""

    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    digest: str = ""


def _load(path: Path) -> _Table:
    """Read the table that is there, as a spreadsheet may have saved it. Raises OptoutError."""
    with write_errors(path):
        content = path.read_bytes() if path.is_file() else b""
    if not content:
        return _Table()
    is_utf_16 = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE))  # as Excel saves "Unicode Text"
    try:
        text = content.decode("utf-16" if is_utf_16 else ENCODING)
    except UnicodeDecodeError:  # as Excel saves what it only calls CSV
        text = content.decode("cp1252", "replace")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    lines: list[list[str]] = []
    with suppress(csv.Error):  # a table that is damaged differs from ours, so it is kept
        lines += ([cell_from(cell) for cell in line] for line in reader)
    header, *rows = lines or [[]]
    whole = [row + [""] * (len(header) - len(row)) for row in rows if any(row)]
    return _Table(header, whole, _digest_of(header, whole))


def _digest_of(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the digest of a table without the user's own columns, whatever the order of its rows.

    Excel writes a date as 11/24/2026, which does not count as a change.
    """
    kept = [index for index, name in enumerate(header) if not name.startswith(OWN_MARK)]
    texts = sorted("\0".join(_plain(row[index]) for index in kept) for row in rows)
    return sha256(
        "\1".join(["\0".join(header[index] for index in kept), *texts]).encode()
    ).hexdigest()


def _plain(cell: str) -> str:
    return _US_DATE.sub(lambda day: f"{day[3]}-{day[1]:0>2}-{day[2]:0>2}", cell).strip()


def _meant(name: str, cell: str) -> str:
    """Return what a cell of a column means, however somebody or a spreadsheet writes it."""
    lines = _plain(cell).split("\n")
    if name in _DAYS:
        lines = [date_in_words(line, "month-first") or line for line in lines]
    elif name == "route":
        lines = [choice_in_words(line, [*WAYS]) or line for line in lines]
    elif name == "tracking number":
        lines = [*map(tidy_number, lines)]
    return re.sub(r"[\s-]", "", "".join(lines)).casefold()


def _has_all_of(old: _Table, rows: Iterable[Sequence[str]], titles: Container[str]) -> bool:
    """Tell whether new rows say all that an old table does, since what was filled in is recorded.

    When an answer is due follows from that, and so do the days with `titles` in the notes.
    """
    names = [name for name in COLUMNS if name not in ("answer due", "note")]

    def said(header: Sequence[str], rows: Iterable[Sequence[str]]) -> set[tuple[str, ...]]:
        found = set()
        for row in rows:
            notes = row[header.index("note")].splitlines()
            own = [line for line in notes if line.rpartition(": ")[0] not in titles]
            cells = (_meant(name, row[header.index(name)]) for name in names)
            found.add((*cells, *(_meant("note", line) for line in own)))
        return found

    return {*COLUMNS} <= {*old.header} and said(old.header, old.rows) <= said(COLUMNS, rows)


def _last_digest(folder: Path) -> str | None:
    with suppress(OSError):
        return (folder / OWN / _SEAL).read_text("ascii").strip()
    return None


def _with_own_cells(
    standings: Sequence[Standing], old: _Table, own: Sequence[int]
) -> tuple[list[Standing], list[list[str]], bool]:
    """Return the letters of the table, the user's own cells of each, and whether a cell is lost.

    A row is known by its SHA-256. A letter that replaces another takes over the cells of its row.
    Letters that were replaced before they went out have no row.
    """
    known: dict[str, list[str]] = {}
    place = old.header.index(COLUMNS[_DIGEST]) if own and COLUMNS[_DIGEST] in old.header else None
    for row in old.rows if own else ():
        cells = [row[index] for index in own]
        digests = row[place].split("\n") if place is not None else []
        known |= dict.fromkeys(digests, cells)
    shown: list[Standing] = []
    kept: list[list[str]] = []
    former: dict[_Lineage, list[str]] = {}
    blank = [""] * len(own)
    for standing in standings:
        state, written = standing.state, standing.state.written
        lineage = written.jurisdiction, written.letter, written.variant, state.letter.recipient
        found = [known[file.sha256] for file in state.letter.files if file.sha256 in known]
        cells = found[0] if found else former.get(lineage, blank)
        if standing.step == "superseded" or not state.is_current:
            former[lineage] = cells
        if standing.is_shown:
            shown.append(standing)
            kept.append(cells)
    texts = {cell for row in old.rows for index in own if (cell := row[index])}
    return shown, kept, not texts <= {cell for cells in kept for cell in cells}
