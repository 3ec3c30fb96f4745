"""`optout new`: ask for a request on a terminal; elsewhere write a sample to fill in."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from optout_cli.authoring.unfinished import (
    Basis,
    Start,
    document_from,
    request_name,
    require_request,
    start_from_request,
    text_with_samples,
    with_answers,
)
from optout_cli.cli.ask import is_terminal
from optout_cli.cli.console import (
    is_request,
    put_file,
    quote,
    report_problems,
    say,
    say_lines,
    usage_error,
    write_files,
)
from optout_cli.cli.letter_options import set_request_option, split_assignment
from optout_cli.cli.new.follow import Beginning, NewOrder, begin_after, folder_option, write_table
from optout_cli.cli.new.interview import run_interview
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    JURISDICTION,
    REQUEST,
    files,
    files_from_option,
    jurisdictions,
    letter_option,
    library_from,
    library_options,
    path_for,
    quiet_option,
    require_free,
    today,
)
from optout_cli.cli.record import in_option
from optout_cli.cli.user_folder import last_signatory, user_folder
from optout_cli.errors import Location
from optout_cli.letters import Library
from optout_cli.letters.agreements import county_notes
from optout_cli.letters.pipeline import request_file
from optout_cli.model.request import MESSAGES

_LETTER = Location("--letter", is_command_line=True)
_HELP = """\
Create a request file, for `optout write` to make the letters from.

On a terminal, optout asks you questions, shows each address and how old it is, and lets you
correct it. Type < to go back to the question before, as often as you like, and ? to have a
question explained. At the end you see all answers and can change each by its number. If you
stop, the answers are kept in an .answers file beside the request, and the same command offers to
go on with them. Without JURISDICTION, optout asks for the county.

In a script it writes a sample file that explains each line. With --csv or --xlsx it writes a
table of many requests for `optout batch`. It never replaces a file.

JURISDICTION is a FIPS code (06041), or a name: marin-county-ca or "Marin County, CA".
Prints the path of the file.
"""


@click.command(
    "new",
    help=_HELP,
    short_help="Create a request file by answering questions.",
    epilog="optout new marin-county-ca\n"
    "optout new marin-county-ca -o marin.yaml --letter 287g/terminate\n"
    "optout new --from marin.yaml -o second.yaml\n"
    "optout new --follow letters/ -o next.yaml",
)
@click.argument("jurisdiction", required=False, shell_complete=jurisdictions)
@letter_option
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="Where to write the file.  [default: the jurisdiction's name, such as"
    " marin-county-ca.yaml; for a table the state's, such as vt.csv]",
)
@click.option(
    "--csv",
    "wants_table",
    is_flag=True,
    help="Write a table for `optout batch` instead. Fill it in as a spreadsheet: one row for each"
    " request.",
)
@click.option(
    "--xlsx",
    "wants_workbook",
    is_flag=True,
    help="Write that table as a workbook: cells of text, lists to choose from, and a sheet that"
    " explains each column.",
)
@click.option(
    "--state",
    "states",
    metavar="STATE",
    multiple=True,
    help="With --csv or --xlsx: add a row for each jurisdiction in this state; for a 287(g) letter,"
    " a row for each agreement there. A postal code or a name (repeatable).",
)
@click.option(
    "--follow",
    "former",
    metavar="LETTER",
    shell_complete=files,
    help="Follow an earlier letter, named by a file, a reference or a folder. Takes its recipients,"
    " date and reference, and what is recorded about it. With --csv or --xlsx: a row for each"
    " letter of the folder that needs another one now.",
)
@click.option(
    "--from",
    "pattern",
    metavar="REQUEST",
    shell_complete=files,
    help="Start from an earlier request, such as dakota-county-ne.yaml. Offers its answers again,"
    " but the date is new. With another JURISDICTION, writes for that one, and takes only which"
    " letter it is and how it goes out.",
)
@in_option
@click.option(
    "--common",
    metavar="FILE",
    type=click.Path(),
    shell_complete=files,
    help="With --follow and a table: values for all rows, such as who signs now, from a request"
    " (.yaml); or for each jurisdiction, from a table (.csv) with a column jurisdiction.",
)
@set_request_option
@click.option(
    "--wording",
    "wants_wording",
    is_flag=True,
    help="Copy the letter's template, so that counsel can change a paragraph. With JURISDICTION,"
    " for that one only; a request in its place also names the letter. Goes to your own folder of"
    " templates, or to the folder in -o. Without a template: see wording: in a request.",
)
@files_from_option
@quiet_option
@library_options
@report_problems
def command(
    jurisdiction: str | None,
    letter: str | None,
    output: str | None,
    wants_table: bool,
    wants_workbook: bool,
    states: tuple[str, ...],
    former: str | None,
    pattern: str | None,
    within: Path | None,
    common: str | None,
    assignments: Sequence[str],
    wants_wording: bool,
    files_from: tuple[Path, ...],
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Ask, or write a sample file, a table or a template."""
    _check_usage(click.get_current_context().params)
    library = library_from(overlays, folders)
    if letter:
        library.programs.find(letter := library.programs.id_of(letter), _LETTER)
    if wants_wording:
        _copy_wording(jurisdiction, letter, output, library, quiet=quiet)
        return
    named = {"--data": overlays, "--templates": folders, "--files-from": files_from}
    given = ((name, str(value)) for name, values in named.items() for value in values)
    options = "".join(f" {name} {quote(value)}" for name, value in given)
    asked = letter, output, options, quiet, wants_workbook, former, within, common, files_from
    order = NewOrder(*asked)
    if wants_table or wants_workbook:
        write_table(order, library, states)
        return
    earlier = begin_after(order, former, library) if former else None
    start = earlier.start if earlier else Start(known={"letter": letter} if letter else {})
    if pattern:
        start = start_from_request(request_file(pattern), jurisdiction, letter, library)
    assigned = dict(map(split_assignment, assignments))
    require_request(start.known, assigned, library.programs)
    known = with_answers(document_from(start.known), assigned).data
    start, place_of = replace(start, known=known), partial(path_for, output, kind=REQUEST)
    basis = Basis(start, library, today(), place_of, last_signatory, files_from)
    if is_terminal():
        path = run_interview(basis, jurisdiction, options)
    else:
        path, text = _sample(jurisdiction, basis, options)
        put_file(path, text.encode(errors="replace"))  # the path in it may be no text
    if path and not quiet:
        _say_next(path, options, basis, earlier, jurisdiction)


def _say_next(
    path: Path, options: str, basis: Basis, earlier: Beginning | None, query: str | None
) -> None:
    known = basis.start.known
    before, folder = "", (earlier and earlier.folder) or Path("letters")
    if not is_terminal():
        if query:
            # The agencies of a county that may be the party to the agreement.
            library = basis.library
            kind = library.programs.find(str(known.get("letter", DEFAULT_LETTER)), _LETTER)[1]
            place = library.directory.find(query, JURISDICTION)
            say_lines(f"note: {it.line}" for it in county_notes(place, kind, library.directory))
        before = f"fill in {path} in an editor, then run "
        signatory = earlier and earlier.start.signed
        if signatory and "signatory" not in known:
            named = f"{signatory['name']}, {signatory['title']}"
            say(f"note: the earlier letter was signed by {named}; add who signs now")
    written: Any = request_file(str(path)).data  # Any: a Tree
    ways = (way for ways in written.get("service", {}).values() for way in ways)
    if any(way["by"] in MESSAGES for way in ways):
        options += " -f by-service"
    run = f"optout write {quote(str(path))}{options} -o {folder_option(folder)}"
    say(f"next: {before}{run}")


_Rule = tuple[object, str, str]  # what is wrong if it is true, a message, and a hint


def _rules_for(
    query: str | None, former: str | None, *, wants_table: bool, makes_request: bool
) -> Iterator[_Rule]:
    """Yield what is wrong with a JURISDICTION beside some options."""
    is_table = str(query).lower().endswith((".csv", ".xlsx"))
    yield (
        wants_table and query,
        f"--csv or --xlsx writes a table of many, not of {query!r} alone",
        f"name the table with -o {query}" if is_table else "use --state CODE instead",
    )
    yield (
        former and query,
        "--follow takes the jurisdiction from the earlier letter",
        f"leave {query!r} out",
    )
    name = quote(str(query))
    is_here = query and Path(query).exists()
    yield (
        makes_request and query and is_request(query),
        f"{query!r} is the name of a request, not of a jurisdiction",
        f"to start from it: --from {name}"
        if is_here
        else f"name the county, and write to that file with -o {name}",
    )


def _check_usage(given: Mapping[str, Any]) -> None:  # Any: what each option takes
    """Raise click.UsageError if the options do not go together."""
    query, former, wants_wording = given["jurisdiction"], given["former"], given["wants_wording"]
    wants_table = given["wants_table"] or given["wants_workbook"]
    makes_request = not (wants_table or wants_wording)
    modes = {
        "--csv or --xlsx": wants_table,
        "--wording": wants_wording,
        "--follow": former,
        "--from": given["pattern"],
    }
    chosen = [name for name, value in modes.items() if value]
    several = len(chosen) > 1 and (wants_wording or given["pattern"])
    together, one = "do not go together", "leave one of them out"
    rules: tuple[_Rule, ...] = (
        (given["wants_table"] and given["wants_workbook"], f"--csv and --xlsx {together}", one),
        (several, f"{' and '.join(chosen)} {together}", one),
        *_rules_for(query, former, wants_table=wants_table, makes_request=makes_request),
        (
            given["states"] and not wants_table,
            "--state works only with --csv or --xlsx",
            "add one of them, or name a jurisdiction instead",
        ),
        (given["states"] and former, f"--state and --follow {together}", one),
        (
            given["common"] and (makes_request or not former),
            "--common works only with --follow and --csv or --xlsx",
            "leave --common out",
        ),
        (given["within"] and not former, "--in works only with --follow", "leave --in out"),
        (
            given["assignments"] and not makes_request,
            "--set sets values of a request, not of a table",
            "leave --set out",
        ),
    )
    for is_wrong, message, hint in rules:
        if is_wrong:
            usage_error(message, hint)


def _sample(query: str | None, basis: Basis, options: str) -> tuple[Path | None, str]:
    """Return where to write the sample, and its text."""
    library, day = basis.library, basis.today
    place = {"jurisdiction": library.directory.find(query, JURISDICTION).slug} if query else {}
    given = with_answers(document_from(basis.start.known), basis.start.offered).data
    answers = {**place, "letter": DEFAULT_LETTER, "date": day.isoformat(), **given}
    name = request_name({**place, "letter": DEFAULT_LETTER, **basis.start.known})
    path = require_free(basis.place_of(name))
    return path, text_with_samples(answers, library, day, f"{quote(str(path or name))}{options}")


def _copy_wording(
    query: str | None, letter: str | None, output: str | None, library: Library, *, quiet: bool
) -> None:
    """Copy the letter's template for a jurisdiction, or for a request's; print the path."""
    from optout_cli.lint.passages import letter_and_place, wording_of  # imports jinja2

    letter, slug = letter_and_place(query, letter, library, JURISDICTION)
    home = user_folder("config")
    own = home and home / "templates"
    folder = Path(output) if output else own
    if folder is None:
        usage_error("there is no folder for your own letters: HOME is not set", "name one with -o")
    name, text = wording_of(letter or DEFAULT_LETTER, slug, library)
    path = folder / name
    write_files({path: text.encode()})
    if quiet:
        return
    option = "" if folder == own else f" --templates {quote(str(folder))}"
    say("next: change the passages you want, and delete all the others from the file")
    say(f"next: optout check{option}")
    request = quote(query) if query and is_request(query) else "REQUEST"
    say(f"next: optout write {request}{option}")
