"""`optout status`: where each letter stands, what is next and by when. It only reads."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli.console import (
    count_of,
    print_json,
    print_text,
    quote,
    report_problems,
    say,
    say_lines,
    say_problems,
    terminal_width,
    usage_error,
)
from optout_cli.cli.options import (
    files,
    force_option,
    format_of,
    json_option,
    library_from,
    parse_day,
    path_for,
    put_report,
    templates_option,
    today,
)
from optout_cli.cli.value_types import Choice, Folder
from optout_cli.errors import ExitCode, Location, Problem, raise_any, wrap
from optout_cli.exporters import exporter_for, format_names
from optout_cli.letters import Library
from optout_cli.output import write_errors
from optout_cli.readers.csv import csv_from
from optout_cli.readers.files import STDIN
from optout_cli.register.journal import NAME, TORN, Journal
from optout_cli.register.standing import standings_of
from optout_cli.register.state import Register
from optout_cli.register.status import digest_of, status_of, verify
from optout_cli.register.table import COLUMNS, load_checked_journal, rows_of
from optout_cli.reports.status import (
    Entry,
    Selection,
    calendar_of,
    explanations,
    note_on,
    page_of,
    summary_of,
    table_of,
)

_REPORTS = {"html": "status page", "ics": "calendar"}
_WIDEST = 130  # columns
_MOST_NAMES = 3  # files that a note lists


_HELP = """\
Show where each letter stands: sent, received, answered, and what is next by when.

FOLDER is a folder that `optout write` or `optout batch` wrote to; several may be named. Without
one: this folder, or the folders in it that have a register.

A letter that was answered is never due, nor is one that another letter replaced. Days count
from receipt if that is known, else from sending plus five days for mail.
"""


@click.command(
    "status",
    help=_HELP,
    short_help="Show where each letter stands, what is next and by when.",
    epilog="Example:  optout status letters/\n\nMore examples:\n\n\b\n"
    "  optout status letters/ --due --until 2026-12-31 --explain\n"
    "  optout status letters/ --csv > status.csv\n"
    "  optout status letters/ -f html -o status.html\n"
    "  optout status letters/ --verify",
)
@click.argument("places", metavar="[FOLDER]...", nargs=-1, type=Folder())
@click.option("--due", is_flag=True, help="Only letters whose answer is due by today.")
@click.option(
    "--until",
    "--on",
    "until",
    metavar="DATE",
    callback=parse_day,
    help="With --due: due by this day, in place of today.",
)
@click.option("--unsent", is_flag=True, help="Only letters that are not sent; no drafts.")
@click.option("--unanswered", is_flag=True, help="Only letters that wait for an answer.")
@click.option(
    "-f",
    "--format",
    "name",
    type=Choice([*_REPORTS, *sorted(format_names() - {*_REPORTS})]),
    help="html: a web page. ics: a calendar file. Any other, or html with --json, --csv or"
    " --print0: only letters that have a file of this format.  [default: as FILE ends]",
)
@json_option
@click.option(
    "--csv", "as_csv", is_flag=True, help="Print a table with the columns of register.csv."
)
@click.option(
    "--print0", "is_nul", is_flag=True, help="Print the paths of the files, for `xargs -0`."
)
@click.option("--explain", is_flag=True, help="Also say how each day was counted.")
@click.option(
    "--verify",
    "verifies",
    is_flag=True,
    help="Compare every file with the register: what is missing or changed.",
)
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="Where -f html or ics goes.  [default: -, standard output]",
)
@force_option
@templates_option
@report_problems
def command(
    places: Sequence[Path],
    due: bool,
    until: date | None,
    unsent: bool,
    unanswered: bool,
    name: str | None,
    as_json: bool,
    as_csv: bool,
    is_nul: bool,
    explain: bool,
    verifies: bool,
    output: str | None,
    force: bool,
    folders: Sequence[Path],
) -> None:
    """Read the registers, choose letters, and print them in the shape that an option names."""
    name = name or format_of(output, _REPORTS)
    is_report = name in _REPORTS and not (as_json or as_csv or is_nul)
    shapes = {"--json": as_json and not verifies, "--csv": as_csv, "--print0": is_nul}
    shapes |= {"--verify": verifies, f"-f {name}": is_report, "--explain": explain}
    given = [option for option, is_given in shapes.items() if is_given]
    if len(given) > 1:
        hint = f"leave {'one' if len(given) == 2 else 'all but one'} of them out"  # noqa: PLR2004
        usage_error(f"{' and '.join(given)} do not go together", hint)
    if until and not due:
        usage_error("--until (or --on) works only with --due", "add --due")
    if output and not is_report:
        usage_error("-o works only with -f html or -f ics", "add -f html")
    journals, problems = journals_in(places)
    if verifies:
        sys.exit(_verify(journals, as_json=as_json))
    day, library = today(), library_from((), folders)
    by = (until or day) if due else None
    chosen = Selection(unsent, unanswered, by, None if is_report else name)
    found = [*_entries(journals, library)]
    entries = [entry for entry in found if chosen.has(entry.standing)]
    _say_notes(entries, found, places, due=due, unsent=unsent)
    if is_nul:
        problems += _print_paths(entries, chosen, day)
    elif is_report:
        standings = [entry.standing for entry in entries]
        page = page_of(standings, day, library.templates) if name == "html" else None
        kind = (f"file of format {name}", f".{name}")
        path = path_for(output or STDIN, f"{day}-status.{name}", kind)
        put_report(path, page or calendar_of(found, chosen), _REPORTS[str(name)], force=force)
    else:
        _print(entries, day, "".join(given))
    raise_any(problems)


def _say_notes(
    entries: Sequence[Entry],
    found: Sequence[Entry],
    places: Sequence[Path],
    *,
    due: bool,
    unsent: bool,
) -> None:
    """Say which letters repeat others, and how many are left out: drafts, and what is not sent."""
    say_lines(f"note: {note}" for note in filter(None, map(note_on, entries)))
    steps = Counter(entry.standing.step for entry in found)
    if unsent and (count := steps["draft"]):
        are = "is" if count == 1 else "are"
        left_out = f"{count_of(count, 'draft')} {are} left out"
        say(f"note: {left_out}: add who signs, and write the letters again")
    elif due and not unsent and (count := steps["unsent"]):
        letters_are = f"{count_of(count, 'letter')} {'is' if count == 1 else 'are'}"
        command = " ".join(["optout status", *(quote(str(place)) for place in places), "--unsent"])
        say(f"note: {letters_are} not sent, so no answer is due yet; to see which: {command}")


def journals_in(places: Sequence[Path]) -> tuple[dict[Path, Journal], list[Problem]]:
    """Read the registers of folders, and return them with what is wrong in them.

    Without a folder, of this folder, or else of those in it. A torn line is passed over, so it is
    only a note. Raises OptoutError for folders without a register.
    """
    here = Path()
    if not places and (here / NAME).is_file():
        places = [here]
    elif not places:
        with write_errors(here):
            places = sorted(path.parent for path in here.glob(f"*/{NAME}"))
        if not places:
            hint = "name the folder that the letters are in, such as letters/"
            usage_error("there is no register in this folder", hint)
    journals = {place: load_checked_journal(place) for place in places}
    hint = "name a folder that optout write or optout batch wrote to"
    raise_any(
        Problem("no-register", f"has no {NAME}", Location(str(place)), hint)
        for place in journals
        if not (place / NAME).is_file()
    )
    found = [problem for journal in journals.values() for problem in journal.problems]
    say_lines(f"note: {problem}" for problem in found if problem.code == TORN)
    return journals, [problem for problem in found if problem.code != TORN]


def _entries(journals: dict[Path, Journal], library: Library) -> Iterator[Entry]:
    programs = library.programs.by_id
    for place, journal in journals.items():
        for standing in standings_of(Register(journal.lines).letters.values(), programs):
            yield Entry(place, standing, journal.lines[0].sha256)


def _verify(journals: dict[Path, Journal], *, as_json: bool) -> ExitCode:
    """Print what was compared; the problems go to stderr."""
    wrong = 0
    for place, journal in journals.items():
        found = verify(place, journal)
        say_problems(found.problems)
        count = len(found.problems)
        wrong += count
        for note in found.notes:
            say(f"note: {note}")
        own = [f"{name} ({what})" for name, what in found.own]
        for title, names in (("made by optout", own), ("other files", found.unknown)):
            if names:
                which = f"{title} in {place} ({len(names):,})"
                say(f"note: {which}: {', '.join(names[:_MOST_NAMES])}")
        if as_json:
            numbers = {"events": found.events, "files": found.files, "wrong": count}
            numbers |= {"own": len(found.own), "unknown": len(found.unknown)}
            print_json({"folder": click.format_filename(place), **numbers})
        else:
            state = f"{count:,} wrong" if count else "all as recorded"
            compared = f"{count_of(found.events, 'event')} and {count_of(found.files, 'file')}"
            print_text(f"{place}: {compared}, {state}")
    return ExitCode.CONTENT if wrong else ExitCode.DONE


def _print(entries: Sequence[Entry], day: date, shape: str) -> None:
    """Print the letters in the shape that an option names."""
    if shape == "--json":
        for place, standing, _ in entries:
            print_json(status_of(standing, place, day))
    elif shape == "--csv":
        rows = (row for place, standing, _ in entries for row in rows_of([standing], place))
        table = csv_from(COLUMNS, rows)
        content = table.encode(errors="surrogateescape")
        print_text(table.rstrip()) if sys.stdout.isatty() else click.echo(content, nl=False)
    else:  # as a table of each folder, with the folder's name if there are several
        places = list(dict.fromkeys(entry.folder for entry in entries))
        for number, place in enumerate(places or [Path()]):
            own = [entry for entry in entries if entry.folder == place]
            named = f"{place}: " if len(places) > 1 else ""
            print_text(("\n" if number else "") + named + summary_of(own, day))
            if own:
                print_text("\n" + table_of(own, day, max(80, terminal_width(_WIDEST))))
        for letter, days in explanations(entries) if shape == "--explain" else ():
            print_text("\n" + "\n".join(wrap(letter, 80, "", "  ")))
            for text in days:
                print_text("\n".join(wrap(text, 80, "  ", "    ")))


def _print_paths(entries: Sequence[Entry], chosen: Selection, day: date) -> list[Problem]:
    """Print each file's path with NUL at its end; leave out files that are not as written.

    Of letters to send, leave out e-mails and faxes of a later day: nobody could record them as sent
    by `day`, so the next run would send them once more.
    """
    problems, unsigned, later = [], 0, []
    named = ((entry, *pair) for entry in entries for pair in entry.standing.state.files.items())
    for (place, standing, _), name, file in named:
        state = standing.state
        if chosen.format not in (None, file.format):
            continue
        if chosen.unsent and state.written.date > day and exporter_for(file.format).ROUTE:
            later.append(state.written.date)
            continue
        path = place / name
        if digest_of(path) == file.sha256:
            click.echo(bytes(path) + b"\0", nl=False)
            exporter, kind = exporter_for(file.format), standing.facts.signature.kind
            unsigned += exporter.ROUTE is not None and kind not in exporter.SIGNATURES
        else:
            message = "is left out: it is missing, or is not the file that was written"
            hint = f"see what is wrong: optout status {place} --verify"
            problems.append(Problem("changed-file", message, Location(str(path)), hint))
    if later:
        left_out = f"e-mails and faxes of a later day are left out ({len(later):,})"
        say(f"note: {left_out}: send each on its day, the first on {min(later)}")
    if unsigned:
        hint = "mail the signed letter too, or set signature: {kind: typed}"
        say(f"note: {unsigned:,} of these e-mails or faxes show no signature: {hint}")
    return problems
