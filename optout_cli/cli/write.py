"""`optout write`: write the letters of one request to files or to standard output."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.cli.console import is_request, refuse_file_name, report_problems, usage_error
from optout_cli.cli.next_steps import report_letters
from optout_cli.cli.options import (
    files,
    force_option,
    library_from,
    library_options,
    output_path,
    quiet_option,
    requests,
    say_what_moved,
    with_engine,
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
_FILE_NAME = re.compile(r"^\S+\.[A-Za-z0-9]{1,5}$")  # never a jurisdiction's name


@click.command(
    "write",
    short_help="Write the letters of a request.",
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
    help="A folder, a file (for a single letter), or - for standard output.",
)
@force_option
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
    """Write the letters of a request: one to the State Identification Bureau, one to ICE.

    REQUEST is a file that ends in .yaml, .yml or .json, or - for standard input. If you name a
    JURISDICTION instead (marin-county-ca, 06041, "Marin County, CA"), the letters are unsigned
    drafts.

    Prints the paths of the files; notes and next steps go to stderr. Writes all the letters, or
    none.
    """
    if order.is_draft:
        _refuse_drafts_outside_files(order.formats, output)
    is_file_of_one = what == STDIN or is_request(what)
    letter = values.get("--letter", {}).get("letter")
    document = request_file(what) if is_file_of_one else _draft_for(what, letter)
    for option, assignments in values.items():
        if option != "--letter" or document.data.get("letter") != letter:
            document = set_values(document, option, assignments)
    look = with_engine(look, order.formats, quiet=quiet)
    library = library_from(overlays, folders, look)
    exports = exports_of(document, library, order, folder_of(what) if is_file_of_one else Path())
    is_new, moved = _put(exports, output, force=force)
    if not quiet:
        say_what_moved(moved)
        report_letters(exports, is_dated="date" in document.data, is_new=is_new)


def _refuse_drafts_outside_files(formats: Sequence[str], output: str) -> None:
    """Refuse to pass a draft e-mail or fax to another program, which might send it."""
    messages = [name for name in formats if exporter_for(name).ROUTE]
    if messages and (output == STDIN or is_stream(Path(output))):
        usage_error(
            f"--draft writes {messages[0]} only to a file, not to -o {output}",
            "name a folder or a file with -o, or leave --draft out",
        )


def _draft_for(what: str, letter: str | None) -> Document:
    """Return a request without signatory for a jurisdiction. Raises click.UsageError for a file."""
    if is_file(Path(what)):
        refuse_file_name(what)
    if _FILE_NAME.search(what):
        usage_error(f"cannot find {what!r}", "the name of a request ends in .yaml")
    return request_for(what, letter or DEFAULT_LETTER)


def _put(exports: Sequence[Export], output: str, *, force: bool) -> tuple[bool, list[Path]]:
    """Write the exports to `output`; print their paths, or for - their bytes.

    Returns whether a file changed, and the paths whose old files moved to the folder `earlier`.
    """
    if output == STDIN:
        export = _only(exports, "-o -")
        if not export.is_text and sys.stdout.isatty():
            usage_error(f"a terminal cannot show {export.format}", "name a file with -o")
        sys.stdout.buffer.write(export.content)
        sys.stdout.buffer.flush()
        return True, []
    place = Path(output)
    if output.endswith("/") or is_folder(place):
        files = {place / export.name: export.content for export in exports}
    else:
        export = _only(exports, f"-o {output}")
        if not is_stream(place):
            output_path(output, "", f"file of format {export.format}", f".{export.format}")
        files = {place: export.content}
    fresh: dict[Path, Path | None] = dict.fromkeys(files)
    if place in files and is_stream(place):
        write_stream(place, files[place])
    else:
        fresh = write_all(files, force=force, keep=files)
    for path in files:
        click.echo(bytes(path))  # bytes: a file name may not be valid text
    return bool(fresh), [path for path, earlier in fresh.items() if earlier]


def _only(exports: Sequence[Export], option: str) -> Export:
    if len(exports) != 1:
        hint = "choose one with --to and -f, or end the name of a folder with /"
        usage_error(f"{option} takes one letter in one format, not {len(exports)}", hint)
    return exports[0]
