"""`optout write`: write the letters of one request to files or to standard output."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
from click.core import ParameterSource

from optout_cli.cli.console import (
    is_request,
    refuse_file_name,
    report_problems,
    say,
    say_lines,
    speaks_json,
    usage_error,
)
from optout_cli.cli.letter_options import Values, order_options, say_stray_templates
from optout_cli.cli.next_steps import Keeping, next_steps
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    SEPARATORS,
    files,
    force_option,
    library_from,
    library_options,
    names_folder,
    output_path,
    quiet_option,
    register_options,
    requests,
    verbose_option,
    with_engine,
)
from optout_cli.exporters import Options, exporter_for, format_names
from optout_cli.letters.library import Library
from optout_cli.letters.named_files import NamedFiles
from optout_cli.letters.notes import told
from optout_cli.letters.pipeline import (
    COMMAND_LINE,
    Order,
    case_of,
    encode_letters,
    letters_of,
    request_file,
    request_for,
    set_values,
)
from optout_cli.model.letter import Export, Letter
from optout_cli.model.notice import Case
from optout_cli.output import is_stream, write_stream
from optout_cli.readers.document import Document, locating
from optout_cli.readers.files import STDIN, folder_of, is_file

_SCREEN = 24  # lines of a usual terminal
_COLUMNS = 74  # of 80; the rest is lost where a word does not fit
_FEWEST_NOTES = 3  # that are shown, however much there is to do next
_FILE_NAME = re.compile(r"^\S+\.[A-Za-z0-9]{1,5}$")  # never a jurisdiction's name


@click.command(
    "write",
    short_help="Write the letters of a request.",
    epilog="optout write marin-county-ca.yaml -o letters/\n"
    "optout write marin-county-ca.yaml -f pdf,docx -o letters/\n"
    "optout write marin-county-ca.yaml -o letters/ --check\n"
    "optout write marin-county-ca.yaml --to ice -f txt -o -\n"
    "optout write marin-county-ca --draft",
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
@click.option("--check", "is_check", is_flag=True, help="Say what would be written; write nothing.")
@force_option
@register_options
@order_options
@quiet_option
@verbose_option
@library_options
@report_problems
def command(
    what: str,
    output: str,
    is_check: bool,
    force: bool,
    supersede: str | None,
    no_register: bool,
    order: Order,
    values: Values,
    look: Options,
    quiet: bool,
    in_full: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Write the letters of a request: one to the State Identification Bureau, one to ICE.

    REQUEST is a file that ends in .yaml, .yml or .json, or - for standard input. If you name a
    JURISDICTION instead (marin-county-ca, 06041, "Marin County, CA"), the letters are unsigned
    drafts.

    Prints the paths of the files; notes and next steps go to stderr. Writes all the letters, or
    none. The folder gets a register of its letters. If the request was changed, the old letters
    move to the folder earlier; letters that were sent stay, unless you add --supersede.
    """
    order = _with_named_format(order, output)
    _refuse_drafts_outside_files(order, output)
    is_file_of_one = what == STDIN or is_request(what)
    document = _document_of(what, values, is_request=is_file_of_one)
    look = with_engine(look, order.formats, quiet=quiet)
    library = library_from(overlays, folders, look)
    folder = folder_of(what) if is_file_of_one else Path()
    letters, exports, case = _make(document, library, order, folder)
    if not quiet:
        say_stray_templates(library)
    is_new, unsent, keeping = True, [*exports], _keeping(output, has_register=not no_register)
    if keeping == "stream":
        _write_stream(_only(exports, f"-o {output}"), output, is_check=is_check)
        _compare(letters, library, quiet=quiet)
    else:
        place, name = _place(exports, output)
        # Imports the register, which takes 30 ms; a letter in a pipeline needs none.
        from optout_cli.cli.write_files import How, Made, write_files

        named = NamedFiles(document, folder, order.files_from)
        made = Made(letters, exports, case, named, what if is_file_of_one else COMMAND_LINE)
        how = How(force, supersede, not no_register, quiet)
        is_new, unsent = write_files(place, name, made, library, order, how, is_check=is_check)
    if not quiet and not is_check:
        steps = next_steps(unsent, case, keeping=keeping, has_request=is_file_of_one)
        report_letters(exports, document, steps if unsent else (), is_new=is_new, in_full=in_full)


def _keeping(output: str, *, has_register: bool) -> Keeping:
    """Return where letters go: to another program or a device, or to a folder."""
    if output == STDIN or (is_stream(Path(output)) and not output.endswith(SEPARATORS)):
        return "stream"
    return "register" if has_register else "folder"


def _compare(letters: Sequence[Letter], library: Library, *, quiet: bool) -> None:
    """Compare letters that follow earlier ones with the registers here."""
    if not quiet and library.programs.find(letters[0].notice.letter)[1].follows:
        # Imports the register, which only these letters need.
        from optout_cli.cli.write_files import say_contradictions

        say_contradictions(letters, (), None, library)


def _with_named_format(order: Order, output: str) -> Order:
    """Return the order with the format that the file's name says, unless -f names one."""
    suffix = Path(output).suffix.lower().removeprefix(".")
    source = click.get_current_context().get_parameter_source("formats")
    if suffix in format_names() and source is ParameterSource.DEFAULT and not names_folder(output):
        return msgspec.structs.replace(order, formats=(suffix,))
    return order


def _document_of(what: str, values: Values, *, is_request: bool) -> Document:
    """Return the request that is named, with the values of the command line."""
    letter = values.get("--letter", {}).get("letter")
    document = request_file(what) if is_request else _draft_for(what, letter)
    for option, assignments in values.items():
        if option != "--letter" or document.data.get("letter") != letter:
            document = set_values(document, option, assignments)
    return document


def _refuse_drafts_outside_files(order: Order, output: str) -> None:
    """Refuse to pass a draft e-mail or fax to another program, which might send it."""
    messages = [name for name in order.formats if exporter_for(name).ROUTE]
    if order.is_draft and messages and _keeping(output, has_register=True) == "stream":
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


def _make(
    document: Document, library: Library, order: Order, folder: Path
) -> tuple[tuple[Letter, ...], tuple[Export, ...], Case]:
    """Make the letters and files of a request; return them, and what they follow from."""
    with locating(document):
        case = case_of(document, library, order)
        letters = letters_of(case, document, library, order, folder)
        return letters, encode_letters(letters, library, order), case


def _place(exports: Sequence[Export], output: str) -> tuple[Path, str | None]:
    """Return the folder that `output` names, and the name of a file if it names one."""
    place = Path(output)
    if names_folder(output):
        return place, None
    export = _only(exports, f"-o {output}")
    suffix, named = Path(export.name).suffix, place.suffix.lower()
    if named != suffix and named.removeprefix(".") in format_names():
        hint = f"end it in {suffix}, or use -f {named.removeprefix('.')}"
        usage_error(f"-o {output} and -f {export.format} do not go together", hint)
    output_path(output, "", f"file of format {export.format}", suffix)
    return place.parent, place.name


def _write_stream(export: Export, output: str, *, is_check: bool) -> None:
    """Write a letter to standard output, or to a device and print its path."""
    if is_check:
        usage_error(f"--check is about files, not -o {output}", "name a folder or a file")
    if output != STDIN:
        write_stream(Path(output), export.content)
        click.echo(output)
        return
    if not export.is_text and sys.stdout.isatty():
        usage_error(f"a terminal cannot show {export.format}", "name a file with -o")
    sys.stdout.buffer.write(export.content)
    sys.stdout.buffer.flush()


def _only(exports: Sequence[Export], option: str) -> Export:
    if len(exports) != 1:
        hint = "choose one with --to and -f, or end the name of a folder with /"
        usage_error(f"{option} takes one letter in one format, not {len(exports)}", hint)
    return exports[0]


def report_letters(
    exports: Sequence[Export],
    document: Document,
    steps: Iterable[str],
    *,
    is_new: bool,
    in_full: bool,
) -> None:
    """Print each note once, then what was written, and the steps that come next.

    Without `in_full`, prints no more notes than fit on a screen. `is_new` is False if all files
    were there before, with the same bytes.
    """
    notice = exports[0].notice
    day = notice.date
    add = f"--set date={day}" if document.is_command_line else f"date: {day} to the request"
    dated = f"dated today, {day}; to keep this date, add {add}"
    count = len({export.notice.name for export in exports})
    formats = ", ".join(dict.fromkeys(export.format for export in exports))
    letters = f"{count} letter{'s' if count > 1 else ''} of {day} ({formats})"
    done = "written" if is_new else "unchanged, already written"
    summary = f"{done}: {letters} for {notice.author}, reference {notice.reference}"
    steps = [f"next: {step}" for step in steps]
    notes = [note for export in exports for note in (*export.notice.notes, *export.notes)]
    in_full = in_full or speaks_json()
    texts = [(f"note: {text}", code) for code, text in told(notes, in_full=in_full, before=set())]
    others = [] if "date" in document.data else [dated]
    room = _SCREEN - len(exports) - _height([*others, summary, *steps])
    say_lines(others)
    for line, code in texts if in_full else _fitting(texts, room):
        say(line, code)
    say_lines((summary, *steps))


def _fitting(notes: Sequence[tuple[str, str]], room: int) -> Iterator[tuple[str, str | None]]:
    """Yield the first notes that fit into a `room` of lines, and how to see everything."""
    shown, rest = 0, "to see each note in full, add --verbose or run `optout review`"
    lines = [text for text, _ in notes]
    while shown < len(lines) and (_height(lines[: shown + 1]) < room or shown < _FEWEST_NOTES):
        shown += 1
    yield from notes[:shown]
    left = len(lines) - shown
    if lines:
        yield f"{left} more note{'s' if left > 1 else ''}; {rest}" if left else rest, None


def _height(lines: Iterable[str]) -> int:
    """Return how many lines of a usual terminal the lines take, at the most."""
    return sum(1 + len(line) // _COLUMNS for line in lines)
