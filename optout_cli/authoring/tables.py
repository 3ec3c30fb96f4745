"""Tables of requests to fill in: for a state, for letters to follow, and as a workbook (.xlsx).

Who signs a letter to follow stays empty unless it is given: that may be somebody else now. Knows
no word about a column itself: those are in `_layout/columns.yaml` and the letters' programs.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from optout_cli import bundled
from optout_cli.authoring.earlier import Earlier, earlier_from
from optout_cli.authoring.follow import answers_following
from optout_cli.authoring.request_writer import layout
from optout_cli.letters import Library
from optout_cli.model.program import LetterKind, Particular
from optout_cli.model.request import PARTIES, Party, Request
from optout_cli.output import encode_workbook, write_cell
from optout_cli.readers.document import OWN_MARK, join_path
from optout_cli.readers.validate import choices_at
from optout_cli.readers.yaml import document_from_yaml
from optout_cli.register.standing import Standing
from optout_cli.register.state import LetterState
from optout_cli.register.status import is_spoken

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
_FIRST = ("jurisdiction", "# name", "# why", "letter", "date", "signatory.name", "signatory.title")
_SIGNATORY = "signatory."
_Matter = tuple[str, str, str, date]  # jurisdiction, letter, variant and date
_COLUMN_TEXTS = bundled.TEMPLATES / "_layout" / "columns.yaml"
_TITLES = ("Requests", "Columns", "Lists")  # of the sheets
_HEADS = ("Column", "What goes in", "Needed", "Example")
_WIDTHS = (34, 90, 9, 34)  # of the explanations, in characters
_LEAST, _MOST = 12, 42  # width of a column of requests, in characters
_LINE = 15  # pt: height of a line of text
_ROOM = 1000  # empty rows that have the drop-downs too
_HEAD_COLOR, _NEEDED_COLOR = "D9E1F2", "FFE699"
_PARTICULARS, _STATE = "particulars", ".state"


class Table(NamedTuple):
    """A table to fill in: the names of its columns, and rows of cells."""

    header: list[str]
    rows: list[list[str]]


def table_template(library: Library, letter: str, states: Sequence[str]) -> Table:
    """Make a table with the columns of a letter's requests, and its rows for states.

    `letter` is a letter's id, `states` postal codes; without a state there are no rows. Raises
    OptoutError for an unknown letter.
    """
    program, kind = library.programs.find(letter)
    without_letter = set(PARTIES) - {rule.party for rule in program.recipients}
    header = [
        *_COLUMNS,
        *_particular_columns(kind.particulars, "particulars"),
        *(name for name in _COLUMNS_AFTER if without_letter.isdisjoint(name.split("."))),
    ]
    rows = (row for state in states for row in _rows(library, letter, kind, state))
    return Table(header, [[row.get(name, "") for name in header] for row in rows])


def _rows(library: Library, letter: str, kind: LetterKind, state: str) -> Iterator[dict[str, str]]:
    """Yield the known cells of each agreement in the state, or else of each jurisdiction."""
    model = _model_in(kind)
    in_state = library.directory.agencies_in(state) if model else ()
    agencies = [(slug, agency) for slug, agency in in_state if agency.agreements]
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


def _model_in(kind: LetterKind) -> str | None:
    """Return the particular that has the model of an agreement."""
    return next((name for name, spec in kind.particulars.items() if spec.known == "model"), None)


def states_without_agreements(
    library: Library, letter: str, states: Sequence[str]
) -> Iterator[str]:
    """Yield the names of the states without an agreement in the data, for a letter about one."""
    directory = library.directory
    for state in states if _model_in(library.programs.find(letter)[1]) else ():
        if not any(agency.agreements for _, agency in directory.agencies_in(state)):
            yield directory.data.states[state].name


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


class FollowRow(NamedTuple):
    """A request that follows a letter; `written` is the day of one that only has to be sent."""

    cells: dict[str, str]
    earlier: Earlier
    written: date | None


def follow_rows(
    standings: Sequence[Standing],
    chosen: Collection[str],
    library: Library,
    day: date,
    letter: str | None,
) -> Iterator[FollowRow]:
    """Yield a row for each request of `day` that answers where a chosen letter stands.

    That is a letter whose answer was due by `day`, or whose answer calls for another letter. An
    office whose answer is due later, such as one that acknowledged the letter, is not written to.
    `standings` are those of all letters of the register, `chosen` the ids of some. With `letter`,
    only rows of this kind. Raises OptoutError.
    """
    states: defaultdict[str, list[LetterState]] = defaultdict(list)  # by jurisdiction
    matters: defaultdict[_Matter, list[Standing]] = defaultdict(list)
    for standing in standings:
        states[standing.state.written.jurisdiction].append(standing.state)
        if standing.state.is_out:
            matters[_matter_of(standing)].append(standing)
    done: set[tuple[_Matter, Party]] = set()
    unsent: dict[object, date] = {}  # the day of the last such letter
    for state in (standing.state for standing in standings if standing.step == "unsent"):
        place, own_name, variant, written_on, party = state.identity
        unsent[place, own_name, variant, party] = written_on
    # An answer of one recipient counts before the silence of another.
    for standing in sorted(standings, key=lambda each: each.step != "answered"):
        written, kind, matter = standing.state.written, standing.next_letter, _matter_of(standing)
        name = f"{written.letter.partition('/')[0]}/{kind}"
        if kind is None or letter not in (None, name) or standing.state.id not in chosen:
            continue
        why, own = _reason(standing, day), standing.state.letter.recipient
        if not why or (matter, own) in done:
            continue
        alike = {
            other.state.letter.recipient
            for other in matters[matter]
            if other.step == standing.step and other.next_letter == kind and _reason(other, day)
        }
        done |= {(matter, party) for party in alike}
        earlier = earlier_from(standing.state, states[written.jurisdiction])
        answers, earlier = answers_following(earlier, name, library, day, alike)
        cells = {**dict(cells_of_request(answers)), "# name": written.name, "# why": why}
        days = [unsent.get((written.jurisdiction, name, written.variant, it)) for it in alike]
        there = min((it for it in days if it and it >= written.date), default=None)
        yield FollowRow(cells, earlier, None if None in days else there)


def _matter_of(standing: Standing) -> _Matter:
    """Return what identifies a letter to all recipients, whichever version each of them got."""
    written = standing.state.written
    return written.jurisdiction, written.letter, written.variant, written.date


def _reason(standing: Standing, day: date) -> str:
    """Say why a letter is to be followed now; an empty text if it is not."""
    _, answer = standing.next_up
    if answer and (standing.step == "answered" or is_spoken(standing)):
        return f"{answer.reply} on {answer.on}"
    deadline = standing.answer_due
    if standing.step == "waiting" and deadline and deadline.on <= day:
        return f"no answer by {deadline.on}"
    return ""


# Any: a request, or a value in it.
def cells_of_request(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the cells of a request by column: `cc.0.name`. A list of texts is lines of one cell."""
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        value = {str(number): item for number, item in enumerate(value)}
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from cells_of_request(inner, join_path(path, key))
    else:
        yield path, "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def follow_table(rows: Sequence[FollowRow], given: Mapping[str, Mapping[str, str]]) -> Table:
    """Make a table of the rows; `given` has cells to add, by jurisdiction, under "" for all."""
    filled = [
        {
            **given.get("", {}),
            **given.get(row.cells["jurisdiction"], {}),
            **{name: cell for name, cell in row.cells.items() if not name.startswith(_SIGNATORY)},
        }
        for row in rows
    ]
    named = dict.fromkeys(name for cells in filled for name in cells)
    header = [*_FIRST, *(name for name in named if name not in _FIRST)]
    return Table(header, [[cells.get(name, "") for name in header] for cells in filled])


class _Column(NamedTuple):
    """What is known about a column: in words, its choices, a sample, and if a letter needs it.

    A cell may have several of the choices if it `is_list`.
    """

    name: str
    help: str = ""
    choices: tuple[str, ...] = ()
    example: str = ""
    is_needed: bool = False
    is_list: bool = False


def sheet_template(library: Library, table: Table, letters: Collection[str]) -> bytes:
    """Write a table for requests of these letters as a workbook. Raises OptoutError."""
    import openpyxl
    from openpyxl.utils import get_column_letter

    texts: Mapping[str, Any] = document_from_yaml(
        _COLUMN_TEXTS.read_text("utf-8"), str(_COLUMN_TEXTS)
    ).data
    columns = [
        *_columns_of(library, table.header, letters, dict(cells_of_request(texts["columns"])))
    ]
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    requests, explained, lists = (book.create_sheet(title) for title in _TITLES)
    _write_head(requests, 1, columns)
    for number, column in enumerate(columns, 1):
        cells = [column.name, *(row[number - 1] for row in table.rows)]
        widest = max(len(line) for cell in cells for line in cell.split("\n"))
        shape = requests.column_dimensions[get_column_letter(number)]
        shape.width = min(max(widest + 2, _LEAST), _MOST)
        shape.number_format = "@"  # text, also in the rows to come
    for line, row in enumerate(table.rows, 2):
        for number, text in enumerate(row, 1):
            _text_cell(requests, line, number, text, is_wrapped="\n" in text)
    requests.print_title_rows = "1:1"
    requests.page_setup.orientation = "landscape"
    requests.freeze_panes = "C2"  # the names of columns and jurisdictions stay in sight
    _write_lists(lists, requests, columns, len(table.rows) + _ROOM)
    _write_explanations(explained, texts["rules"], columns)
    return encode_workbook(book)


def _columns_of(
    library: Library, header: list[str], letters: Collection[str], texts: Mapping[str, str]
) -> Iterator[_Column]:
    """Tell what is known about each column of requests."""
    samples = dict(cells_of_request(document_from_yaml(layout(), "").data))
    needed = {name for letter in letters for name in needed_columns(library, letter)}
    own: dict[str, Particular] = {}
    for letter in letters:
        own |= library.programs.find(letter)[1].particulars
    for name in header:
        keys = [key for key in name.split(".") if not key.isdecimal()]
        plain = ".".join(key for key in keys if key not in PARTIES)
        is_needed = name in needed
        if name == "letter":
            choices = tuple(id for id, _, _ in library.programs.letters())
            yield _Column(name, texts[name], choices, next(iter(letters)), is_needed)
        elif keys[0] == _PARTICULARS and (spec := _particular(own, keys[1:])):
            is_list = spec.type != "choice"
            said = f"{spec.help} ({', '.join(spec.choices)})" if spec.choices else spec.help
            yield _Column(name, said, spec.choices, spec.example or "", is_needed, is_list)
        elif name.startswith(OWN_MARK):
            yield _Column(name)
        else:
            choices = choices_at(Request, name)
            if name.endswith(_STATE):
                choices = tuple(library.directory.data.states)
            yield _Column(name, texts.get(plain, ""), choices, samples.get(name, ""), is_needed)


def _particular(declared: Mapping[str, Particular], keys: list[str]) -> Particular | None:
    """Return the declaration of a fact, or of one in a list of groups."""
    spec = declared.get(keys[0]) if keys else None
    if spec and keys[1:] and isinstance(spec.of, dict):
        return _particular(spec.of, keys[1:])
    return spec


# Any: sheets of openpyxl, and a cell, here and below.
def _text_cell(sheet: Any, line: int, number: int, text: str, *, is_wrapped: bool = True) -> Any:
    """Write a text into a cell, which stays a text."""
    from openpyxl.styles import Alignment

    cell = sheet.cell(line, number)
    cell.number_format = "@"
    cell.alignment = Alignment(vertical="top", wrap_text=is_wrapped)
    if text:
        write_cell(cell, text)
    return cell


def _write_head(sheet: Any, line: int, columns: list[_Column]) -> None:
    from openpyxl.styles import Font, PatternFill

    for number, column in enumerate(columns, 1):
        cell = _text_cell(sheet, line, number, column.name, is_wrapped=False)
        cell.font = Font(bold=True)
        color = _NEEDED_COLOR if column.is_needed else _HEAD_COLOR
        cell.fill = PatternFill("solid", fgColor=color)


def _write_lists(sheet: Any, requests: Any, columns: list[_Column], last: int) -> None:
    """Write each list of choices into a column, and offer it in the column of requests.

    A list within a rule may have 255 characters at most, and the names of the letters have more.
    """
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    sheet.sheet_state = "hidden"
    lists = dict.fromkeys((column.choices, column.is_list) for column in columns if column.choices)
    for number, (choices, is_list) in enumerate(lists, 1):
        letter = get_column_letter(number)
        for line, choice in enumerate(choices, 1):
            write_cell(sheet.cell(line, number), choice)
        area = f"{_TITLES[2]}!${letter}$1:${letter}${len(choices)}"
        rule = DataValidation(type="list", formula1=area, allow_blank=True)
        rule.showErrorMessage = not is_list
        for place, column in enumerate(columns, 1):
            if (column.choices, column.is_list) == (choices, is_list):
                own = get_column_letter(place)
                rule.add(f"{own}2:{own}{last}")
        requests.add_data_validation(rule)


def _write_explanations(sheet: Any, rules: list[str], columns: list[_Column]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for line, rule in enumerate(rules, 1):
        write_cell(sheet.cell(line, 1), rule)
    sheet.cell(1, 1).font = Font(bold=True)
    head = len(rules) + 2
    _write_head(sheet, head, [_Column(name) for name in _HEADS])
    explained = (column for column in columns if not column.name.startswith(OWN_MARK))
    for line, column in enumerate(explained, head + 1):
        texts = (column.name, column.help, "yes" if column.is_needed else "", column.example)
        for number, text in enumerate(texts, 1):
            _text_cell(sheet, line, number, text)
        lines = max(-(-len(text) // width) for text, width in zip(texts, _WIDTHS, strict=True))
        sheet.row_dimensions[line].height = _LINE * max(lines, 1)
    for number, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = sheet.cell(head + 1, 1)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes, each as wide as the sheet
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
