"""`optout write`: write the letters of one request to files or to standard output."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec
from click.core import ParameterSource

from optout_cli.cli.console import (
    is_request,
    print_path,
    quote,
    refuse_file_name,
    refuse_terminal,
    report_problems,
    say_problems,
    usage_error,
    what_moved,
)
from optout_cli.cli.letter_options import (
    OTHER_NAMES,
    Values,
    order_options,
    register_options,
    say_stray_templates,
)
from optout_cli.cli.next_steps import Keeping, lines_on, next_steps, staying_lines, summary_of
from optout_cli.cli.options import (
    DEFAULT_LETTER,
    SEPARATORS,
    files,
    force_option,
    library_from,
    library_options,
    names_folder,
    now,
    output_path,
    quiet_option,
    requests,
    verbose_option,
    with_engine,
)
from optout_cli.cli.screen import Line, Part, print_planned, show_parts
from optout_cli.cli.user_folder import correct_signatory
from optout_cli.exporters import Options, exporter_for, format_names, suffix_of
from optout_cli.letters import Library
from optout_cli.letters.pipeline import (
    COMMAND_LINE,
    Order,
    case_of,
    encode_letters,
    letters_of,
    request_file,
    request_for,
)
from optout_cli.letters.request_files import Fingerprints, NamedFiles
from optout_cli.model.letter import Export, Letter
from optout_cli.model.notice import Case
from optout_cli.output import hold_interrupts, is_stream, write_stream
from optout_cli.readers.document import Document, locating, with_assignments
from optout_cli.readers.files import STDIN, folder_of, is_file

if TYPE_CHECKING:  # the register takes 30 ms to import; a letter in a pipeline needs none
    from optout_cli.register.folder import LetterFolder
    from optout_cli.register.plan import Plan, Replacing, Writing
    from optout_cli.register.state import LetterState

_FILE_NAME = re.compile(r"^\S+\.[A-Za-z0-9]{1,5}$")  # never a jurisdiction's name
_FEWEST = 2  # notes, messages, and files of many, that are shown, however much is to do next
_FEW_FILES = 4  # as a usual run writes
_MOST = 18  # files that leave room for the last lines; --check is for the files


class _How(NamedTuple):
    """What the user chose: `supersede` is the reason to replace letters that were sent."""

    force: bool
    supersede: str | None
    keeping: Keeping
    is_check: bool
    quiet: bool
    in_full: bool


class _Made(NamedTuple):
    """The letters and files of a request, and what they follow from."""

    request: str  # its file, or COMMAND_LINE
    document: Document
    named: NamedFiles
    case: Case
    letters: Sequence[Letter]
    exports: Sequence[Export]


class _Done(NamedTuple):
    """What happened to the files, or would happen: a line for each, and what to say of them.

    `is_new` is False if all were there before, with the same bytes. `unsent` are those of letters
    that are not recorded as sent.
    """

    files: Sequence[Line]
    messages: Sequence[str]
    notes: Sequence[str]
    is_new: bool
    unsent: Sequence[Export]
    folder: Path | None


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

    Prints the paths of the files; notes and next steps go to stderr. On a terminal, prints no more
    than a screen, unless you add --verbose. Writes all the letters, or none. The folder gets a
    register of its letters. If the request was changed, the old letters move to the folder earlier;
    letters that were sent stay, unless you add --supersede.
    """
    order = _order_for(output, order)
    request = what if what == STDIN or is_request(what) else COMMAND_LINE
    document = _document_of(what, values, is_request=request == what)
    look = with_engine(look, order.formats, quiet=quiet)
    library = library_from(overlays, folders, look)
    with locating(document):
        case = case_of(document, library, order)
        letters = letters_of(case, document, library, order, folder_of(request))
        exports = encode_letters(letters, library, order)
    named = NamedFiles(document, folder_of(request), order.files_from)
    made = _Made(request, document, named, case, letters, exports)
    if not quiet:
        say_stray_templates(library)
    keeping = _keeping(output, has_register=not no_register)
    how = _How(force, supersede, keeping, is_check, quiet, in_full)
    if keeping == "stream":
        done = _write_stream(made, output, library, how)
    else:
        done = _write_files(made, output, library, order, how)
        is_set = any(path.startswith("signatory") for own in values.values() for path in own)
        if not (is_check or is_set):
            correct_signatory(made.case.locality.slug, made.document)
    _show(made, done, how)


def _show(made: _Made, done: _Done, how: _How) -> None:
    """Print the paths, the notes, what was written, and the steps that come next."""
    print_line = print_planned if how.is_check else lambda line: print_path(Path(line.text))
    least = _MOST if how.is_check or len(done.files) <= _FEW_FILES else _FEWEST
    files = Part("file", done.files, least, print_line, is_product=True)
    if how.quiet:
        show_parts([files])
        return
    own = lines_on(made.exports, made.document, in_full=how.in_full)
    is_short = own != lines_on(made.exports, made.document, in_full=True)
    notes = Part("note", [*map(Line, done.notes), *own], _FEWEST)
    parts = [files, Part("message", [*map(Line, done.messages)], _FEWEST), notes]
    if not how.is_check:
        has_request = made.request != COMMAND_LINE
        steps = next_steps(done.unsent, made.case, keeping=how.keeping, has_request=has_request)
        next_lines = [Line(f"next: {step}") for step in steps] if done.unsent else []
        written = Line(summary_of(made.exports, is_new=done.is_new))
        parts += [Part("line", [written], 1), Part("step", next_lines, 0)]
    more = "add --verbose"
    if how.keeping == "register" and done.folder and not how.is_check:
        name = "" if done.folder == Path() else f" {quote(str(done.folder))}"
        more += f" or run `optout review{name}`"
    show_parts(parts, "" if how.in_full else more, is_short=is_short)


def _order_for(output: str, order: Order) -> Order:
    """Return the order with the format that the file's name says, unless -f names one.

    Refuses to pass a draft e-mail or fax to another program, which might send it.
    """
    names = [name for name in format_names() if output.lower().endswith(suffix_of(name))]
    source = click.get_current_context().get_parameter_source("formats")
    if names and source is ParameterSource.DEFAULT and not names_folder(output):
        order = msgspec.structs.replace(order, formats=(max(names, key=len),))  # .fax.pdf
    messages = [name for name in order.formats if exporter_for(name).ROUTE]
    if order.is_draft and messages and _keeping(output, has_register=True) == "stream":
        usage_error(
            f"--draft writes {messages[0]} only to a file, not to -o {output}",
            "name a folder or a file with -o, or leave --draft out",
        )
    return order


def _keeping(output: str, *, has_register: bool) -> Keeping:
    """Return where letters go: to another program or a device, or to a folder."""
    if output == STDIN or (is_stream(Path(output)) and not output.endswith(SEPARATORS)):
        return "stream"
    return "register" if has_register else "folder"


def _document_of(what: str, values: Values, *, is_request: bool) -> Document:
    """Return the request that is named, or one without signatory for the jurisdiction.

    It has the values of the command line. Raises click.UsageError for another file.
    """
    letter = values.get("--letter", {}).get("letter")
    if is_request:
        document = request_file(what)
    elif is_file(Path(what)):
        refuse_file_name(what)
    elif _FILE_NAME.search(what):
        usage_error(f"cannot find {what!r}", "the name of a request ends in .yaml")
    else:
        document = request_for(what, letter or DEFAULT_LETTER)
    for option, assignments in values.items():
        if option != "--letter" or document.data.get("letter") != letter:
            document = with_assignments(document, option, assignments)
    return document


def _place(exports: Sequence[Export], output: str) -> tuple[Path, str | None]:
    """Return the folder that `output` names, and the name of a file if it names one."""
    place = Path(output)
    if names_folder(output):
        return place, None
    export = _only(exports, output)
    suffix, named = Path(export.name).suffix, place.suffix.lower()
    ending = named.removeprefix(".")
    meant = OTHER_NAMES.get(ending, ending)
    if named != suffix and meant != export.format and meant in format_names():
        more = "" if meant == ending else f" and end it in {suffix_of(meant)}"
        hint = f"end it in {suffix}, or use -f {meant}{more}"
        usage_error(f"-o {output} and -f {export.format} do not go together", hint)
    output_path(output, "", f"file of format {export.format}", suffix)
    return place.parent, place.name


def _write_stream(made: _Made, output: str, library: Library, how: _How) -> _Done:
    """Write a letter to standard output, or to a device and print its path."""
    export = _only(made.exports, output)
    if how.is_check:
        usage_error(f"--check is about files, not -o {output}", "name a folder or a file")
    if output != STDIN:
        write_stream(Path(output), export.content)
        click.echo(output)
    else:
        if not export.is_text:
            refuse_terminal(export.format)
        click.echo(export.content, nl=False)
    follows = not how.quiet and made.case.kind.follows
    notes = _contradictions(made, (), None, library) if follows else ()
    return _Done((), (), [*notes], is_new=True, unsent=made.exports, folder=None)


def _only(exports: Sequence[Export], output: str) -> Export:
    if len(exports) != 1:
        hint = "choose one with --to and -f, or end the name of a folder with /"
        usage_error(f"-o {output} takes one letter in one format, not {len(exports)}", hint)
    return exports[0]


def _write_files(made: _Made, output: str, library: Library, order: Order, how: _How) -> _Done:
    """Write the files to the folder or the file that `output` names.

    With --check, only says what would happen to each file. Raises OptoutError.
    """
    from optout_cli.authoring.follow_notes import second_notes
    from optout_cli.register.approvals import approval_notes
    from optout_cli.register.folder import WAIT, LetterFolder
    from optout_cli.register.plan import Replacing, writing_of

    place, name = _place(made.exports, output)

    def path_of(export: Export) -> str:
        return name or export.name

    writing = writing_of(
        made.letters,
        made.exports,
        library.context,
        path_of,
        request=made.request,
        fingerprint=Fingerprints(library, order.formats).of(made.case, made.named),
    )
    redates = made.request not in (STDIN, COMMAND_LINE)
    replacing = Replacing(how.force, how.supersede, redates=redates)
    programs, has_register = library.programs.by_id, how.keeping == "register"
    folder = LetterFolder(place, at=now(), programs=programs, wait=WAIT, has_register=has_register)
    plan, files, notes = _put(folder, writing, replacing, is_check=how.is_check)
    register = folder.register
    messages = [*notes, *staying_lines([plan], register)]
    messages += what_moved(folder.moved, folder.replaced)
    event, states = writing.event, register.letters.values()
    matter = event.jurisdiction, event.letter, event.variant, event.date
    own = [(*matter, letter.recipient) for letter in event.letters]
    told: list[str] = []
    if not how.quiet:
        told += (*approval_notes([event], states, place), *second_notes(own, states, library))
        told += _contradictions(made, states, place, library)
    is_new = bool(plan.new or plan.replaced) and not how.is_check
    unsent = [export for export in made.exports if not register.is_sent(path_of(export))]
    return _Done(files, messages, told, is_new, unsent, place)


def _put(
    folder: "LetterFolder", writing: "Writing", replacing: "Replacing", *, is_check: bool
) -> tuple["Plan", list[Line], Sequence[str]]:
    """Write the files; return their paths, and notes on the register.

    With `is_check`, only return what would happen to each file. Raises OptoutError.
    """
    if not is_check:
        with folder, hold_interrupts():
            say_problems(folder.journal.news)
            put = folder.put(writing, replacing)
            notes = [f"note: {note}" for note in folder.finish()]
        return put.plan, [Line(str(path)) for path in put.written], notes
    folder.refuse_foreign()
    folder.load()
    say_problems(folder.journal.news)
    plan = folder.plan(writing, replacing)
    words = (
        ("new", plan.new),
        ("unchanged", plan.same),
        ("replaced", plan.replaced),
        ("moved to earlier", plan.retired),
        ("kept", (*plan.kept, *plan.outdated)),
    )
    lines = [
        Line(f"{word}: {path}", data={"path": click.format_filename(path), "would-be": word})
        for word, names in words
        for path in map(folder.path.joinpath, names)
    ]
    return plan, lines, ()


def _contradictions(
    made: _Made, states: Iterable["LetterState"], folder: Path | None, library: Library
) -> Iterator[str]:
    """Yield what the registers have otherwise than letters that follow earlier ones."""
    from optout_cli.authoring.follow_notes import contradiction_notes
    from optout_cli.register.replies import claim_of

    claim = claim_of(made.letters, made.case.kind)
    return contradiction_notes([claim] if claim else [], states, folder, library)
