"""What a batch gives: the paths of its files, and with `--print` one PDF of its letters.

That has the letters that were not printed yet, or all of them, and copies of them.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click
import msgspec

from optout_cli.batch.job import Job
from optout_cli.batch.plan import BatchPlan
from optout_cli.cli.console import count_of, progress, say, speaks_json, usage_error
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.pipeline import Order
from optout_cli.output import open_replacement, write_errors
from optout_cli.register.events import Record
from optout_cli.register.folder import LetterFolder
from optout_cli.register.state import LetterState, Register

if TYPE_CHECKING:
    from optout_cli.exporters.binding import Bundle

_MOST = 5  # requests that a line names
_F = TypeVar("_F", bound=Callable[..., Any])


class Paper(NamedTuple):
    """The PDF of all letters: its path, and how its sheets are arranged."""

    path: Path
    is_duplex: bool
    with_sheets: bool
    is_all: bool
    with_copies: bool

    def refuse_other(self) -> None:
        """Raise OptoutError if the path has a file that is not a PDF of letters."""
        from optout_cli.exporters.binding import what_is  # imports pikepdf

        with write_errors(self.path):
            if self.path.exists() and what_is(self.path) != "print run":
                message = "already exists, and is not a PDF that batch --print wrote"
                location = Location(str(self.path))
                raise OptoutError(Problem("file-exists", message, location, "name another file"))


class Prints(NamedTuple):
    """What to print on standard output for each file written, and on paper."""

    end: bytes  # after each path
    paper: Paper | None

    def show(self, paths: Sequence[Path], lines: bytes) -> None:
        """Print the paths, or their lines of JSON."""
        shown = lines if speaks_json() else b"".join(bytes(path) + self.end for path in paths)
        click.echo(shown, nl=False)


_ToPrint = tuple[Record, int]  # a letter, and how many copies of it


class Choice(NamedTuple):
    """The letters to print, by request.

    `before` counts the letters that were printed or sent before, `messages` those that go only by
    e-mail or fax, and `withdrawn` those that somebody said will not go out.
    """

    requests: list[list[_ToPrint]]
    before: int
    messages: int
    withdrawn: int


def choose_letters(
    requests: Iterable[Iterable[Record]], register: Register, *, is_all: bool, with_copies: bool
) -> Choice:
    """Choose the letters that were not printed yet, or with `is_all` also those that were.

    `with_copies` counts a copy for everyone behind cc: in the letter.
    """
    chosen: list[list[_ToPrint]] = []
    before = messages = withdrawn = 0
    for records in requests:
        due = []
        for record in records:
            state = register.at_path(record.path)
            assert state is not None  # the register has the record
            if state.is_withdrawn:
                withdrawn += 1
                continue
            if state.letter.is_message:
                messages += 1
                continue
            is_old = bool(state.sent) or record.sha256 in state.printed
            before += is_old
            if is_all or not is_old:
                due.append((record, _count_copies(state) if with_copies else 0))
        chosen += [due] if due else []
    return Choice(chosen, before, messages, withdrawn)


def _count_copies(state: LetterState) -> int:
    """Return how many are named behind cc: in a letter: other recipients, offices, and people."""
    facts = msgspec.json.decode(state.written.facts)
    recipients = () if facts.get("addressing") == "joint" else facts.get("recipients", ())
    others = [recipient for recipient in recipients if recipient["party"] != state.letter.recipient]
    return len(others) + len(state.letter.copies) + len(facts.get("cc", ()))


def _bundles_of(requests: Iterable[Sequence[_ToPrint]], folder: Path) -> Iterator["Bundle"]:
    """Yield the PDF letters of each request, with the copies of a letter behind it.

    Raises OptoutError if a letter in `folder` was changed since its record was written.
    """
    from optout_cli.exporters.binding import Bundle  # imports pikepdf

    for request in requests:
        first, letters = request[0][0], []
        for record, copies in request:
            path = folder / record.path
            if not record.is_true(folder):
                message = "was changed after the batch wrote it, so it is not printed"
                hint = "run the command without --print, and read what it says about this file"
                raise OptoutError(Problem("changed-letter", message, Location(str(path)), hint))
            title, content = f"{first.name}: {record.recipient}", path.read_bytes()
            letters += [(title, content), *[(f"{title} (copy)", content)] * copies]
        sheet = {
            "name": first.name,
            "reference": first.reference,
            "request": first.request,
            "letters": [record for record, _ in request],
        }
        yield Bundle(first.name, letters, sheet)


def print_letters(
    plan: BatchPlan, prints: Prints, folder: LetterFolder, job: Job, *, quiet: bool
) -> list[Record]:
    """Put letters of this run's requests into one PDF, and return their records."""
    from optout_cli.exporters.binding import bind_print_run  # imports pikepdf

    paper, register = prints.paper, folder.register
    assert paper is not None  # there is something to print on
    printed = plan.printed(register.records)
    chosen = choose_letters(printed, register, is_all=paper.is_all, with_copies=paper.with_copies)
    tell = (lambda _: None) if quiet else say
    if chosen.before:
        were = "was" if chosen.before == 1 else "were"
        more = "" if paper.is_all else "; to print all of them again, add --all"
        tell(f"note: {count_of(chosen.before, 'letter')} {were} printed or sent before{more}")
    for number, why in (
        (chosen.messages, "they go only by e-mail or fax"),
        (chosen.withdrawn, "somebody recorded that they will not go out"),
    ):
        if number:
            tell(f"note: not printed, since {why}: {count_of(number, 'letter')}")
    if not chosen.requests:
        tell(f"nothing to print: {paper.path} was not written")
        return []
    paper.refuse_other()  # this run may have written a letter there
    shown = progress(chosen.requests, "binding", len(chosen.requests), quiet=quiet)
    with open_replacement(paper.path, folder.moved) as output:
        pages = bind_print_run(
            _bundles_of(shown, folder.path),
            output,
            job.library.context,
            is_duplex=paper.is_duplex,
            with_sheets=paper.with_sheets,
        )
    records = [record for request in chosen.requests for record, _ in request]
    folder.add_printed(paper.path.name, records, job.order.today)
    prints.show([paper.path], b"")
    tell(f"{paper.path} has {count_of(pages, 'page')}; print it at 100 %, not scaled to fit")
    if missing := plan.unprinted:
        named = ", ".join(str(row.location) for row in missing[:_MOST])
        more = f" and {len(missing) - _MOST:,} more" if len(missing) > _MOST else ""
        count = count_of(len(plan.rows), "request")
        tell(f"{paper.path} lacks {len(missing):,} of {count}: {named}{more}")
    return records


def prints_options(command: _F) -> _F:
    """Add the options; the command, which has an `order`, gets what it `prints`."""

    @functools.wraps(command)
    def run(*args: Any, order: Order, **given: Any) -> Any:  # Any: each command's own
        is_nul, path = given.pop("is_nul"), given.pop("print_to")
        arrangement = {name: given.pop(name) for name, _ in _ARRANGING.values()}
        if speaks_json() and is_nul:
            usage_error("--ndjson and --print0 do not go together", "leave one of them out")
        if path is None and any(arrangement.values()):
            message = "--all, --copies, --duplex and --separators work only with --print"
            usage_error(message, "add --print FILE.pdf")
        if path and "pdf" not in order.formats:
            usage_error("--print needs the format pdf", "add -f pdf, or leave it out")
        if path and path.suffix.lower() != ".pdf":
            usage_error(f"--print {path} is not a name for a PDF", "end it in .pdf")
        paper = Paper(path, **arrangement) if path else None
        prints = Prints(b"\0" if is_nul else b"\n", paper)
        return command(*args, order=order, prints=prints, **given)

    for option in reversed(_OPTIONS):
        option(run)
    return run  # type: ignore[return-value]  # wraps keeps the signature


_ARRANGING = {
    "--all": ("is_all", "put also the letters that were printed or sent before"),
    "--copies": ("with_copies", "put a copy behind each letter for everyone named after cc:"),
    "--duplex": ("is_duplex", "begin each letter on a new sheet, for two-sided printing"),
    "--separators": ("with_sheets", "put a sheet with its name before each request"),
}
_OPTIONS = (
    click.option(
        "--print0", "is_nul", is_flag=True, help="End each path with NUL, for `xargs -0`."
    ),
    click.option(
        "--print",
        "print_to",
        metavar="FILE.pdf",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Also put the letters that were not printed yet into one PDF to print.",
    ),
    *(
        click.option(option, name, is_flag=True, help=f"In that PDF, {words}.")
        for option, (name, words) in _ARRANGING.items()
    ),
)
