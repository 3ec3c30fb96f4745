"""`optout write`: the letters of one request, as files or on standard output."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli._complete import letters, requests
from optout_cli.cli._formats import formats_from, look_options
from optout_cli.cli._shared import (
    date_option,
    library_from,
    library_options,
    problems_told,
    quiet_option,
    today,
    usage_error,
)
from optout_cli.cli._talk import say_what_to_know
from optout_cli.model.notice import Export
from optout_cli.model.request import PARTIES
from optout_cli.output import is_folder, is_stream, write_all, write_stream
from optout_cli.pipeline.letters import (
    ROUTES,
    STDIN,
    Document,
    Order,
    amended,
    exports_of,
    folder_of,
    is_file,
    request_file,
    request_for,
)
from optout_cli.pipeline.library import Options

DEFAULT_LETTER = "secure-communities/opt-out"
_REQUEST_SUFFIXES = (".yaml", ".yml", ".json")
_DAYS_WITHOUT_LIMIT = 36_500  # --strict alone: confirmed once is enough


@click.command(
    "write",
    short_help="Write a notice's letters: to the state's bureau and to ICE.",
    epilog="Example:  optout write marin-county-ca.yaml -f pdf,txt -o letters/",
)
@click.argument("what", metavar="REQUEST|JURISDICTION", shell_complete=requests)
@click.option(
    "--letter",
    metavar="PROGRAM/KIND",
    shell_complete=letters,
    help="Which letter; `optout list letters` has them.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a value of the request, such as particulars.reply-by=2027-01-31 (repeatable).",
)
@date_option
@click.option(
    "--to",
    type=click.Choice([*PARTIES, "all"], case_sensitive=False),
    multiple=True,
    default=["all"],
    help="Write to one recipient only.  [default: all]",
)
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    default=["pdf"],
    envvar="OPTOUT_WRITE_FORMAT",
    help="Formats, with commas or repeated.  [default: pdf]",
)
@click.option(
    "-o",
    "--output",
    "output",
    default="./",
    show_default=True,
    metavar="DIR/|FILE|-",
    help="A folder, a file for a single letter, or - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace files that exist with other content.")
@click.option("--strict", is_flag=True, help="Refuse contacts that nobody has confirmed.")
@click.option(
    "--max-age",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Refuse contacts that were not confirmed within these days before the letter's date.",
)
@look_options
@click.option(
    "--draft",
    "is_draft",
    is_flag=True,
    envvar="OPTOUT_WRITE_DRAFT",
    help="Mark each page as a draft, and write a message although an address is missing; never to"
    " standard output.",
)
@quiet_option
@library_options
@problems_told
def command(
    what: str,
    letter: str | None,
    assignments: Sequence[str],
    day: date | None,
    to: Sequence[str],
    formats: Sequence[str],
    output: str,
    force: bool,
    strict: bool,
    max_age: int | None,
    look: Options,
    is_draft: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Write the letters of a notice: one to the state's bureau, one to ICE.

    REQUEST is a file that ends in .yaml, .yml or .json, or - for standard input. With the name of a
    JURISDICTION (marin-county-ca, 06041, "Marin County, CA") the letters are drafts without a
    signatory.

    Prints the paths of the files; what to know about the notice goes to stderr. All letters are
    written, or none.
    """
    order = Order(
        today=today(),
        parties=tuple(it for it in PARTIES if it in to or "all" in to),
        formats=formats_from(formats),
        max_age=_DAYS_WITHOUT_LIMIT if strict and max_age is None else max_age,
        is_draft=is_draft,
    )
    if look.with_enclosures and "pdf" not in order.formats:
        usage_error("--with-enclosures needs the format pdf", "add -f pdf, or leave it out")
    if is_draft:
        _keep_in_the_house(order.formats, output)
    is_request = what == STDIN or what.lower().endswith(_REQUEST_SUFFIXES)
    document = _document(what, letter, is_request=is_request)
    document = _amended(document, letter, day, assignments)
    library = library_from(overlays, folders, look)
    exports = exports_of(document, library, order, folder_of(what) if is_request else Path())
    _put(exports, output, force=force)
    if not quiet:
        say_what_to_know(exports, is_dated="date" in document.data)


def _amended(
    document: Document, letter: str | None, day: date | None, assignments: Sequence[str]
) -> Document:
    """Lay what the options say onto a request, each under its own name for problems."""
    if letter and document.data.get("letter") != letter:
        document = amended(document, "--letter", {"letter": letter})
    if day:
        document = amended(document, "--date", {"date": day.isoformat()})
    return amended(document, "--set", dict(_split(it) for it in assignments))


def _keep_in_the_house(formats: Sequence[str], output: str) -> None:
    """Refuse to hand a draft of a message on: what reads it might send it."""
    messages = [name for name in formats if name in ROUTES]
    if messages and (output == STDIN or is_stream(Path(output))):
        usage_error(
            f"--draft writes {messages[0]} to a file only, not to -o {output}",
            "name a folder or a file with -o, or leave --draft out",
        )


def _document(what: str, letter: str | None, *, is_request: bool) -> Document:
    if is_request:
        return request_file(what)
    if is_file(Path(what)):
        usage_error(
            f"{what!r} is a file, but no request's name ends that way",
            f"save it as plain text, and name it {Path(what).stem.removesuffix('.yaml')}.yaml",
        )
    return request_for(what, letter or DEFAULT_LETTER)


def _split(assignment: str) -> tuple[str, str]:
    key, equals, value = assignment.partition("=")
    if not equals or not all(key.split(".")):
        usage_error(
            f"--set {assignment!r} has no KEY=VALUE", "such as --set signatory.title=Sheriff"
        )
    return key, value


def _put(exports: Sequence[Export], output: str, *, force: bool) -> None:
    """Write the exports where `output` says; print the paths, or the bytes themselves."""
    if output == STDIN:
        _print_bytes(_only(exports, "-o -"))
        return
    place = Path(output)
    if output.endswith("/") or is_folder(place):
        files = {place / export.name: export.content for export in exports}
    else:
        export = _only(exports, f"-o {output}")
        if place.suffix.lower() != f".{export.format}" and not is_stream(place):
            usage_error(
                f"{output!r} would hold {export.format}", f"end its name in .{export.format}"
            )
        files = {place: export.content}
    if place in files and is_stream(place):
        write_stream(place, files[place])
    else:
        write_all(files, force=force)
    for path in files:
        click.echo(bytes(path))  # as it is, also where its name is no text


def _only(exports: Sequence[Export], option: str) -> Export:
    if len(exports) != 1:
        hint = "choose one with --to and -f, or end a folder's name with /"
        usage_error(f"{option} takes one letter in one format, not {len(exports)}", hint)
    return exports[0]


def _print_bytes(export: Export) -> None:
    if not export.is_text and sys.stdout.isatty():
        usage_error(f"a terminal cannot show {export.format}", "name a file with -o")
    sys.stdout.buffer.write(export.content)
    sys.stdout.buffer.flush()
