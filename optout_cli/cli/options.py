"""The options that several commands share, their shell completion, and today's date."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from optout_cli.cache import Cache
from optout_cli.cli.console import quote, refuse_terminal, say, usage_error, write_files
from optout_cli.cli.user_folder import own_files, user_folder
from optout_cli.cli.value_types import Choice, Folder
from optout_cli.engines import DEFAULT, NAMES, working_engine
from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.exporters import Options, exporter_for, format_names, suffix_of
from optout_cli.letters import Library
from optout_cli.model.letter import EngineName
from optout_cli.output import free_name, is_folder
from optout_cli.readers.cells import date_in_words, slashed_days
from optout_cli.readers.days_said import days_meant
from optout_cli.readers.document import UNSEEN, unseen_problem
from optout_cli.readers.files import STDIN
from optout_cli.readers.postal import state_code

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

DEFAULT_LETTER = "secure-communities/opt-out"
JURISDICTION = Location("JURISDICTION", is_command_line=True)
SEPARATORS = ("/", os.sep)  # one at the end says that a name is a folder's
REQUEST = ("request", ".yaml", ".yml")  # noun, endings of the file name
TABLE = ("table", ".csv")
WORKBOOK = ("workbook", ".xlsx")
_LAST_YEAR = 9000  # the calendar ends in 9999, and letters name later days
_F = TypeVar("_F", bound=Callable[..., Any])


# Any: what click's own class takes.
def _completion(value: str, **more: Any) -> "CompletionItem":
    from click.shell_completion import CompletionItem  # only a shell that completes needs it

    return CompletionItem(value, **more)


def files(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Complete file and folder names."""
    return [_completion(incomplete, type="file")]


def jurisdictions(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Complete the slugs of jurisdictions and agencies."""
    try:
        directory = library_from((), ()).directory
        slugs = [directory.slug(code, id) for code, id, _ in directory.all()]
        if incomplete:
            agencies = map(directory.agencies_in, directory.data.states)
            slugs += [slug for known in agencies for slug, _ in known]
    except OptoutError:
        return []  # the command itself reports the problem
    return [_completion(slug) for slug in slugs if slug.startswith(incomplete.lower())]


def requests(ctx: click.Context, param: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Complete file names and jurisdictions."""
    slugs = jurisdictions(ctx, param, incomplete) if incomplete else []
    return [*files(ctx, param, incomplete), *slugs]


def letters(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Complete the ids of letters, with their titles."""
    try:
        known = [(id, kind.title) for id, _, kind in library_from((), ()).programs.letters()]
    except OptoutError:
        return []
    return [_completion(id, help=title) for id, title in known if id.startswith(incomplete)]


templates_option = click.option(
    "--templates",
    "folders",
    multiple=True,
    metavar="DIR",
    type=Folder(),
    help="Use the letters in DIR before optout's own (repeatable).",
)


def library_options(command: _F) -> _F:
    """Add --data and --templates."""
    data = click.option(
        "--data",
        "overlays",
        multiple=True,
        metavar="FILE",
        type=click.Path(),  # makes click split a variable of the environment as it splits paths
        shell_complete=files,
        help="Use the addresses in FILE before optout's own (repeatable).",
    )
    return data(templates_option(command))


letter_option = click.option(
    "--letter",
    metavar="PROGRAM/KIND",
    shell_complete=letters,
    help="Which letter to write (see `optout list letters`).",
)
files_from_option = click.option(
    "--files-from",
    multiple=True,
    metavar="DIR",
    type=Folder(),
    help="Also look in DIR for the files that a request names (repeatable).",
)
force_option = click.option(
    "--force", is_flag=True, help="Replace existing files; the old ones move to the folder earlier."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, is_eager=True, help="Print JSON, one object per line."
)
pdf_output_option = click.option(
    "-o",
    "--output",
    "output",
    default="./",
    show_default=True,
    metavar="DIR/|FILE.pdf|-",
    shell_complete=files,
    help="A folder, a file that ends in .pdf, or - for standard output.",
)
verbose_option = click.option(
    "-v",
    "--verbose",
    "in_full",
    is_flag=True,
    help="Leave nothing out, and print each note in full.",
)
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, is_eager=True, help="Print only problems on stderr."
)


engine_option = click.option(
    "--engine",
    type=Choice(NAMES),
    envvar="OPTOUT_ENGINE",
    help=f"Which program lays out pages; OPTOUT_ENGINE sets it too.  [default: {DEFAULT}]",
)


def with_engine(
    look: Options, formats: Iterable[str], *, quiet: bool, folder: Path | None = None
) -> Options:
    """Return the options with a PDF engine that works here, if nobody chose one.

    That is the one that printed the letters already in `folder`, if any. Prints a note where the
    usual engine cannot be loaded, which is found out only if one of the formats has pages.
    """
    if look.engine:
        return look
    name: EngineName = DEFAULT
    error = None
    if any(exporter_for(form).IS_SLOW for form in formats):
        if folder:
            from optout_cli.register.state import load_register  # 30 ms, and only a batch needs it

            records = load_register(folder).records.values()
            name = next((record.engine for record in records if record.engine), name)
        name, error = working_engine(name)
    if error and not quiet:
        say(f"note: {name} prints the pages, because WeasyPrint cannot be loaded: {error}")
    return msgspec.structs.replace(look, engine=name)


def parse_date(context: click.Context, option: click.Parameter, value: str | None) -> date | None:
    """Parse a day as a table's cell is read, 3/4/2026 as March 4. Raises click.BadParameter."""
    return _parse(context, option, value, [])


def parse_day(context: click.Context, option: click.Parameter, value: str | None) -> date | None:
    """Parse a day as `optout new` reads it, such as yesterday. Raises click.BadParameter."""
    return _parse(context, option, value, days_meant(value, today()) if value else [])


def parse_past_day(
    context: click.Context, option: click.Parameter, value: str | None
) -> date | None:
    """Parse a day on which something happened: Wednesday is the last one, not the next.

    Raises click.BadParameter.
    """
    now = today()
    meant = sorted(days_meant(value, now), key=now.__lt__) if value else []
    return _parse(context, option, value, meant)


def _parse(
    context: click.Context, option: click.Parameter, value: str | None, meant: Sequence[date]
) -> date | None:
    """Parse a day; `meant` are those that it may be in the words of people, the likeliest first."""
    if value is None:
        return None
    text = value
    readings = {*filter(None, slashed_days(value) or ())} if "/" not in value else ()
    if len(readings) > 1:  # 3/4/2026 is March 4, but 04.03.2026 is April 3 or March 4
        either = " or ".join(sorted(readings))
        raise click.BadParameter(f"{value!r} could be {either}; write the one that you mean")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):  # ISO 8601 also has 20100831 and 2010-W35-2
        text = date_in_words(value, "month-first") or date_in_words(value, "day-first") or ""
        text = text or "".join(map(str, meant[:1]))
        if not text or value.isdecimal():
            raise click.BadParameter(f"{value!r} is not a date; write it as 2026-11-24")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day of the calendar") from None
    if day.year > _LAST_YEAR:
        raise click.BadParameter(f"{value} is too far in the future")
    if text != value and not context.params.get("quiet"):
        say(f"note: {option.opts[-1]} {value} is read as {text}")
    return day


date_option = click.option(
    "--date",
    "day",
    metavar="DATE",
    callback=parse_date,
    help="Date of the letter, YYYY-MM-DD (default: that of the request, or today).",
)


def library_from(
    overlays: Iterable[str], folders: Iterable[Path], options: Options | None = None
) -> Library:
    """Return the data and templates that the options name, and those in the user's own folder.

    Raises OptoutError if another user could have changed that folder.
    """
    own_data, own_templates, doubts = own_files([*map(Path, overlays), *folders])
    raise_any(doubts)
    return Library(
        overlays=[*map(str, own_data), *overlays],
        folders=(*folders, *own_templates),
        cache=Cache(user_folder("cache")),
        options=options,
    )


def codes_of(states: Sequence[str], library: Library) -> list[str]:
    """Return the codes of states, each a code or name; `VT,DE` is two. Raises click.UsageError."""
    known = library.directory.data.states
    names = {state.name.casefold(): code for code, state in known.items()}
    codes: dict[str, None] = {}
    typed = (part for text in states for part in ([text] if state_code(text) else text.split(",")))
    for state in map(str.strip, typed):
        code = state_code(state) or state.upper()
        if code not in known:
            usage_error(f"no state {state!r}", did_you_mean(state, known, names))
        codes[code] = None
    return [*codes]


def today() -> date:
    """Return today's local date, or the UTC date of SOURCE_DATE_EPOCH if that is set."""
    moment = _given_moment()
    return moment.date() if moment else datetime.now().astimezone().date()


def now() -> datetime:
    """Return this moment, or that of SOURCE_DATE_EPOCH if it is set, in UTC."""
    return _given_moment() or datetime.now(UTC).replace(microsecond=0)


def _given_moment() -> datetime | None:
    """Return the moment of SOURCE_DATE_EPOCH. Raises click.UsageError if it is not a number."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.fromtimestamp(int(epoch), UTC) if epoch else None
    except (ValueError, OverflowError, OSError):
        message = f"SOURCE_DATE_EPOCH {epoch!r} is not a number of seconds since 1970"
        usage_error(message, "unset SOURCE_DATE_EPOCH to use today's date")


def names_folder(output: str) -> bool:
    """Tell whether -o names a folder: one that exists, or a name that could be no file of ours."""
    path = Path(output)
    if output.endswith(SEPARATORS) or is_folder(path):
        return True
    if path.name.lower() in map(suffix_of, format_names()):
        hint = f"such as -o letter{path.name}; end the name of a folder with /"
        usage_error(f"-o {output} has an ending, but no name before it", hint)
    return not (path.suffix or path.is_file())


def format_of(output: str | None, names: Iterable[str]) -> str | None:
    """Return the one of these formats that the name of a file in -o ends in, if any."""
    ending = Path(output or "").suffix.lower().removeprefix(".")
    return ending if ending in names else None


def output_path(output: str, name: str, noun: str, *suffixes: str) -> Path:
    """Return the path that -o names: `name` in a folder, or a file that ends in a suffix.

    A name without any suffix is a folder's. `noun` says what the file would be. Raises
    click.UsageError for another ending.
    """
    path = Path(output)
    if names_folder(output):
        path /= name
    if not path.name.lower().endswith(suffixes):
        endings = " or ".join(suffix for suffix in suffixes if suffix != STDIN)
        usage_error(f"{path.as_posix()!r} is not a name for a {noun}", f"end it in {endings}")
    return path


def path_for(output: str | None, name: str, kind: tuple[str, ...]) -> Path | None:
    """Return the path that -o names, with `name` in a folder; None for standard output."""
    if output == STDIN:
        return None
    return output_path(output, name, *kind) if output else Path(name)


def pdf_path(output: str, name: str, noun: str) -> Path | None:
    """Return the path that -o names for a PDF; None for standard output, unless a terminal."""
    if output == STDIN:
        refuse_terminal("pdf")
    return path_for(output, name, (noun, ".pdf"))


def put_report(
    path: Path | None, content: bytes, what: str, *, force: bool, quiet: bool = False
) -> None:
    """Write a report, and print its path; without a path, print the report.

    It takes the place of an earlier one, `what` in the words of `what_is`: a calendar is not kept,
    and a page only if somebody changed it.
    """
    from optout_cli.register.status import is_as_made, what_is  # 30 ms, and only reports need it

    if path is None:
        click.echo(content, nl=False)
        return
    is_older = what_is(path) == what
    keeps = not is_older or (what != "calendar" and not is_as_made(path))
    write_files({path: content}, force=force or is_older, quiet=quiet, keeps=keeps)


def require_free(path: Path | None) -> Path | None:
    """Return the path. Raises OptoutError if the file exists."""
    if path and path.exists():
        raise OptoutError(_file_exists(path))
    return path


def check_new_name(name: str) -> Problem | None:
    """Return why a file name cannot be that of a new request."""
    if not name.lower().endswith(REQUEST[1:]):
        return Problem(
            "wrong-name", f"{name!r} is not a name for a request", hint="end it in .yaml"
        )
    return _file_exists(Path(name)) if Path(name).exists() else None


def _file_exists(path: Path) -> Problem:
    hint = f"name another file with -o, such as -o {quote(str(free_name(path)))}"
    message = "already exists, and optout new never replaces a file"
    return Problem("file-exists", message, Location(str(path)), hint)


def require_seen(_: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Return a text. Raises click.BadParameter for a character that nobody sees."""
    if value and (found := UNSEEN.search(value)):
        problem = unseen_problem(found[0], Location(""))
        raise click.BadParameter(f"it {problem.message}\n  hint: {problem.hint}", param=option)
    return value


def may_be_empty(_: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a text of an option for which an empty one means something."""
    return value


def require_reason(
    context: click.Context, option: click.Parameter, value: str | None
) -> str | None:
    """Return the value of an option that takes a reason. Raises click.UsageError for blanks."""
    if value is not None and not value.strip():
        usage_error(f"{option.opts[0]} needs a reason", "the register keeps it, such as 'a typo'")
    return require_seen(context, option, value)
