"""What a batch gives: paths or JSON, a PDF of all letters, its progress, and the next steps."""

import functools
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import click
import msgspec

from optout_cli.batch.existing import choose_letters, is_print_run, print_run
from optout_cli.batch.job import Job
from optout_cli.batch.plan import BatchPlan
from optout_cli.cli.batch.report import choice_lines, missing_line
from optout_cli.cli.console import quote, say, speaks_json, usage_error
from optout_cli.cli.next_steps import MARK_UP, MESSAGES, SAY_HOW, to_mark_up, ways_of
from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.exporters import exporter_for
from optout_cli.letters.pipeline import Order
from optout_cli.model.request import Authority, Copy, Enclosure, Signature, Way
from optout_cli.output import open_replacement, write_errors
from optout_cli.register.events import Record
from optout_cli.register.folder import LetterFolder
from optout_cli.register.state import LetterState

_F = TypeVar("_F", bound=Callable[..., Any])
_T = TypeVar("_T")


class Paper(NamedTuple):
    """The PDF of all letters: its path, and how its sheets are arranged."""

    path: Path
    is_duplex: bool
    with_sheets: bool
    is_all: bool
    with_copies: bool

    def refuse_other(self) -> None:
        """Raise OptoutError if the path has a file that is not a PDF of letters."""
        with write_errors(self.path):
            if self.path.exists() and not is_print_run(self.path):
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


def print_letters(
    plan: BatchPlan, prints: Prints, folder: LetterFolder, job: Job, *, quiet: bool
) -> list[Record]:
    """Put letters of this run's requests into one PDF, and return their records."""
    paper, register = prints.paper, folder.register
    assert paper is not None  # there is something to print on
    printed = plan.printed(register.records)
    chosen = choose_letters(printed, register, is_all=paper.is_all, with_copies=paper.with_copies)
    tell = (lambda _: None) if quiet else say
    for line in choice_lines(chosen, is_all=paper.is_all):
        tell(line)
    if not chosen.requests:
        tell(f"nothing to print: {paper.path} was not written")
        return []
    shown = progress(chosen.requests, "binding", len(chosen.requests), quiet=quiet)
    with open_replacement(paper.path, folder.moved) as output:
        pages = print_run(
            shown,
            folder.path,
            output,
            job.library,
            is_duplex=paper.is_duplex,
            with_sheets=paper.with_sheets,
        )
    records = [letter.record for request in chosen.requests for letter in request]
    folder.add_printed(paper.path.name, records, job.order.today)
    prints.show([paper.path], b"")
    tell(f"{paper.path} has {pages:,} pages; print it at 100 %, not scaled to fit")
    if missing := missing_line(paper.path, plan):
        tell(missing)
    return records


def prints_options(command: _F) -> _F:
    """Add the options; the command, which has an `order`, gets what it `prints`."""

    @functools.wraps(command)
    def run(*args: Any, order: Order, **given: Any) -> Any:  # Any: each command's own
        is_nul, path = given.pop("is_nul"), given.pop("print_to")
        names = ("is_duplex", "with_sheets", "is_all", "with_copies")
        arrangement = {name: given.pop(name) for name in names}
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
    click.option(
        "--all",
        "is_all",
        is_flag=True,
        help="In that PDF, put also the letters that were printed or sent before.",
    ),
    click.option(
        "--copies",
        "with_copies",
        is_flag=True,
        help="In that PDF, put a copy behind each letter for everyone named after cc:.",
    ),
    click.option(
        "--duplex",
        "is_duplex",
        is_flag=True,
        help="In that PDF, begin each letter on a new sheet, for two-sided printing.",
    ),
    click.option(
        "--separators",
        "with_sheets",
        is_flag=True,
        help="In that PDF, put a sheet with its name before each request.",
    ),
)


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def progress(items: Iterable[_T], label: str, length: int, *, quiet: bool = False) -> Iterator[_T]:
    """Yield the items, with a progress bar on stderr if that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield from items
        return
    began = time.monotonic()
    count = 0

    def rate(_: object) -> str:
        return f"{count / max(time.monotonic() - began, 0.001):,.0f} a second"

    bar = click.progressbar(
        items, length, label, show_pos=True, item_show_func=rate, file=sys.stderr, width=24
    )
    with bar as shown:
        for item in shown:
            count += 1
            yield item


def clear_line() -> None:
    """Clear the progress bar before something else is printed; the bar draws itself again."""
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


# What to do with so many letters that go out in each way, and with one.
_SENDING: dict[Way, tuple[str, str]] = {
    "certified-mail": (
        "send {} letters by certified mail, return receipt requested; keep the receipts",
        "send {} letter by certified mail, return receipt requested; keep the receipt",
    ),
    "mail": ("mail {} letters", "mail {} letter"),
    "hand": (
        "have {} letters delivered by hand, and a copy of each stamped as received",
        "have {} letter delivered by hand, and a copy stamped as received",
    ),
    "email": (
        "e-mail {} letters; keep copies of the sent e-mails",
        "e-mail {} letter; keep a copy of the sent e-mail",
    ),
    "fax": (
        "fax {} letters; keep the reports that they went through",
        "fax {} letter; keep the report that it went through",
    ),
}


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps follow from, of the facts that the register keeps of a letter."""

    addressing: Literal["separate", "joint"] = "separate"
    signature: Signature = Signature()
    authority: tuple[Authority, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    cc: tuple[Copy, ...] = ()


_DECODER = msgspec.json.Decoder(_Facts)


def steps_for_all(states: Iterable[LetterState], paper: Path | None, folder: Path) -> Iterator[str]:
    """Yield what to do with letters that are not sent yet; `paper` is a PDF of those to print."""
    yield "read the letters, and confirm the addresses in the notes"
    letters = [(state, _DECODER.decode(state.written.facts)) for state in states]
    drafts = [state for state, _ in letters if state.written.is_draft]
    if drafts:
        count = len({state.id for state in drafts})
        rows = f"{count:,} request{'' if count == 1 else 's'}"
        yield f"add the signer to {rows}, then run this command again"
    signed = [(state, facts) for state, facts in letters if not state.written.is_draft]
    formats = {file.format for state, _ in signed for file in state.letter.files}
    if marked := sorted(to_mark_up(formats)):
        yield MARK_UP.format(names=" and ".join(marked))
    signed = [letter for letter in signed if _is_to_send(letter[0])]
    ways = [
        ways_of(state.letter.service, {file.format for file in state.letter.files})
        for state, _ in signed
    ]
    mailed = [
        letter for letter, own in zip(signed, ways, strict=True) if not MESSAGES.issuperset(own)
    ]
    yield from _paper_steps(mailed, paper)
    counts = Counter(way for own in ways for way in own)
    for way, (many, one) in _SENDING.items():
        if count := counts[way]:
            yield (one if count == 1 else many).format(f"{count:,}")
    offices = sum(len(state.letter.copies) for state, _ in signed)
    if offices:
        labels = f"optout labels {quote(str(folder))}"
        yield f"mail {_copies(offices)} to the offices listed after cc:; print labels with {labels}"
    if people := sum(len(facts.cc) for _, facts in signed):
        yield f"give {_copies(people)} to the people listed after cc:"
    if signed:
        due = f"optout status {quote(str(folder))} --due"
        is_open = any(not state.letter.service for state, _ in mailed)
        more = f" (add {SAY_HOW}, since the requests do not say how)" if is_open else ""
        yield f"record with optout sent what goes out{more}; {due} says which answers are due"


def _is_to_send(state: LetterState) -> bool:
    formats = [file.format for file in state.letter.files]
    return len(to_mark_up(formats)) < len(formats)


def _paper_steps(
    letters: Sequence[tuple[LetterState, _Facts]], paper: Path | None
) -> Iterator[str]:
    """Yield how to print and sign the letters that go out on paper, and what to enclose."""
    printed = [
        facts
        for state, facts in letters
        if any(exporter_for(file.format).IS_PRINTED for file in state.letter.files)
    ]
    if printed:
        unsigned = sum(facts.signature.kind == "ink" for facts in printed)
        what = f"{len(printed):,} letter{'' if len(printed) == 1 else 's'}"
        steps = [f"print {paper}" if paper else f"print {what} single-sided on US Letter"]
        one = len(printed) == 1
        if unsigned:
            signed = f"{unsigned:,} letter{'' if unsigned == 1 else 's'}"
            steps.append("sign it" if one else f"sign {signed}")
        comma = "," if len(steps) > 1 else ""
        fold = f"fold {'it' if one else 'each letter'} at the two marks"
        yield f"{', '.join(steps)}{comma} and {fold}"
    acts = sum(any(not act.file for act in facts.authority) for _, facts in letters)
    if acts:
        what = f"{acts:,} letter{' names' if acts == 1 else 's name'}"
        yield f"decide whether to enclose the act that {what} (add file: under authority:)"
    enclosing = sum(_has_enclosures(state, facts) for state, facts in letters)
    if enclosing:
        what = f"{enclosing:,} letter{' lists' if enclosing == 1 else 's list'}"
        yield f"enclose what {what}"
    separate = Counter(state.id for state, facts in letters if facts.addressing == "separate")
    if any(count > 1 for count in separate.values()):
        yield "into each envelope, also put a copy of the letter to the other recipient"


def _has_enclosures(state: LetterState, facts: _Facts) -> bool:
    """Tell whether anything goes into the envelope that is not in the letter's own PDF."""
    files = [act.file for act in facts.authority if act.file]
    files += [enclosure.file or enclosure.title for enclosure in facts.enclosures]
    is_package = "package" in state.letter.notes
    return any(not (is_package and name.lower().endswith(".pdf")) for name in files)


def _copies(count: int) -> str:
    return "1 copy" if count == 1 else f"{count:,} copies"
