"""`optout write`: the letters of one request, as files or on standard output."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.cli.console import is_request, misnamed, report_problems, usage_error
from optout_cli.cli.next_steps import report_letters
from optout_cli.cli.options import (
    files,
    library_from,
    library_options,
    quiet_option,
    requests,
    say_what_moved,
)
from optout_cli.cli.order import Values, order_options
from optout_cli.exporters import exporter_for
from optout_cli.exporters.context import Options
from optout_cli.letters.pipeline import Order, exports_of, request_file, request_for, set_values
from optout_cli.model.letter import Export
from optout_cli.output import is_folder, is_stream, write_all, write_stream
from optout_cli.readers.document import Document
from optout_cli.readers.files import STDIN, folder_of, is_file

DEFAULT_LETTER = "secure-communities/opt-out"
_FILE_NAME = re.compile(r"^\S+\.[A-Za-z0-9]{1,5}$")  # no jurisdiction's is like that


@click.command(
    "write",
    short_help="Write a notice's letters: to the state's bureau and to ICE.",
    epilog="Example:  optout write marin-county-ca.yaml -f pdf,txt -o letters/",
)
@click.argument("what", metavar="REQUEST|JURISDICTION", shell_complete=requests)
@click.option(
    "-o",
    "--output",
    "output",
    default="./",
    show_default=True,
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="A folder, a file for a single letter, or - for standard output.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace files that exist with other content; they move to earlier/.",
)
@order_options
@quiet_option
@library_options
@report_problems
def command(
    what: str,
    output: str,
    force: bool,
    order: Order,
    values: Values,
    look: Options,
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
    if order.is_draft:
        _keep_in_the_house(order.formats, output)
    is_file_of_one = what == STDIN or is_request(what)
    letter = values.get("--letter", {}).get("letter")
    document = _document(what, letter, is_request=is_file_of_one)
    for option, assignments in values.items():
        if option != "--letter" or document.data.get("letter") != letter:
            document = set_values(document, option, assignments)
    library = library_from(overlays, folders, look)
    exports = exports_of(document, library, order, folder_of(what) if is_file_of_one else Path())
    is_new, moved = _put(exports, output, force=force)
    if not quiet:
        say_what_moved(moved)
        report_letters(exports, is_dated="date" in document.data, is_new=is_new)


def _keep_in_the_house(formats: Sequence[str], output: str) -> None:
    """Refuse to hand a draft of a message on: what reads it might send it."""
    messages = [name for name in formats if exporter_for(name).ROUTE]
    if messages and (output == STDIN or is_stream(Path(output))):
        usage_error(
            f"--draft writes {messages[0]} to a file only, not to -o {output}",
            "name a folder or a file with -o, or leave --draft out",
        )


def _document(what: str, letter: str | None, *, is_request: bool) -> Document:
    if is_request:
        return request_file(what)
    if is_file(Path(what)):
        misnamed(what)
    if _FILE_NAME.search(what):
        usage_error(f"there is no file {what!r}", "a request's name ends in .yaml")
    return request_for(what, letter or DEFAULT_LETTER)


def _put(exports: Sequence[Export], output: str, *, force: bool) -> tuple[bool, list[Path]]:
    """Write the exports where `output` says; print the paths, or the bytes themselves.

    Returns whether that changed anything, and the paths whose earlier files have moved.
    """
    if output == STDIN:
        _print_bytes(_only(exports, "-o -"))
        return True, []
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
    fresh: dict[Path, Path | None] = dict.fromkeys(files)
    if place in files and is_stream(place):
        write_stream(place, files[place])
    else:
        fresh = write_all(files, force=force, keep=files)
    for path in files:
        click.echo(bytes(path))  # as it is, also where its name is no text
    return bool(fresh), [path for path, earlier in fresh.items() if earlier]


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
