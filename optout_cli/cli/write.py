"""`optout write`: the letters of one request, as files or on standard output."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli._shared import (
    date_option,
    library_from,
    library_options,
    problems_told,
    quiet_option,
    say,
    today,
    usage_error,
)
from optout_cli.errors import closest
from optout_cli.model.notice import Export, Notice
from optout_cli.model.request import PARTIES
from optout_cli.output import is_folder, is_stream, write_all, write_stream
from optout_cli.pipeline.letters import (
    FORMATS,
    STDIN,
    Document,
    Order,
    amended,
    exports_of,
    folder_of,
    request_file,
    request_for,
)

DEFAULT_LETTER = "secure-communities/opt-out"
_REQUEST_SUFFIXES = (".yaml", ".yml", ".json")
_DAYS_WITHOUT_LIMIT = 36_500  # --strict alone: confirmed once is enough


@click.command(
    "write",
    short_help="Write a notice's letters: to the state's bureau and to ICE.",
    epilog="Example:  optout write marin-county-ca.yaml -f pdf,txt -o letters/",
)
@click.argument("what", metavar="REQUEST|JURISDICTION")
@click.option(
    "--letter", metavar="PROGRAM/KIND", help="Which letter; `optout list letters` has them."
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
    type=click.Choice([*PARTIES, "all"]),
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
        formats=_formats(",".join(formats)),
        max_age=_DAYS_WITHOUT_LIMIT if strict and max_age is None else max_age,
    )
    is_file = what == STDIN or what.lower().endswith(_REQUEST_SUFFIXES)
    document = _document(what, letter, is_file=is_file)
    if is_file and letter:
        document = amended(document, "--letter", {"letter": letter})
    if day:
        document = amended(document, "--date", {"date": day.isoformat()})
    document = amended(document, "--set", dict(_split(it) for it in assignments))
    exports = exports_of(
        document, library_from(overlays, folders), order, folder_of(what) if is_file else Path()
    )
    _put(exports, output, force=force)
    if not quiet:
        _say_what_to_know(exports, is_dated="date" in document.data)


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if name not in FORMATS:
            known = f"one of {', '.join(FORMATS)}"
            match = closest(name, FORMATS)
            usage_error(
                f"there is no format {name!r}", f"did you mean {match!r}?" if match else known
            )
    return names or usage_error("no format is named", "such as -f pdf,txt")


def _document(what: str, letter: str | None, *, is_file: bool) -> Document:
    if is_file:
        return request_file(what)
    if _is_file(what):
        usage_error(
            f"{what!r} is a file, but no request's name ends that way",
            f"a request ends in {', '.join(_REQUEST_SUFFIXES)}",
        )
    return request_for(what, letter or DEFAULT_LETTER)


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except OSError:  # it is too long to be a file's
        return False


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


def _say_what_to_know(exports: Iterable[Export], *, is_dated: bool) -> None:
    """Print each caution once, then what to do with the letters."""
    exports = list(exports)
    if not is_dated:
        day = exports[0].notice.date
        say(f"dated today, {day}; to keep that date add date: {day} to the request")
    told = dict.fromkeys(
        (it.code, it.text)
        for export in exports
        for it in (*export.notice.cautions, *export.findings)
    )
    for _, text in told:
        say(f"note: {text}")
    for line in dict.fromkeys(it for export in exports for it in _next_steps(export.notice)):
        say(f"next: {line}")


def _next_steps(notice: Notice) -> Iterator[str]:
    """Yield what is left to do with one letter, in order."""
    yield "read each letter, call to confirm its address, print it, sign it, fold at the marks"
    files = [act.file for act in notice.authority if act.file]
    files += [it.file or it.title for it in notice.enclosures]
    if files:
        yield f"enclose with each letter: {'; '.join(files)}"
    for contact in notice.copies:
        yield f"mail a copy to: {', '.join(contact.block)}"
    for it in notice.cc:
        yield f"give a copy to: {', '.join(filter(None, (it.name, it.title, it.organization)))}"
