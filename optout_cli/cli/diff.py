"""`optout diff`: what changed between two versions of a letter. It only reads."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import click

from optout_cli.cli.console import (
    count_of,
    print_json,
    print_text,
    report_problems,
    say,
    terminal_width,
    usage_error,
)
from optout_cli.cli.options import (
    engine_option,
    files,
    files_from_option,
    force_option,
    json_option,
    library_from,
    library_options,
    path_for,
    put_report,
    quiet_option,
    requests,
    today,
    with_engine,
)
from optout_cli.cli.record import in_option, to_option
from optout_cli.cli.value_types import Choice
from optout_cli.errors import printable, wrap
from optout_cli.exporters import Options
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order
from optout_cli.model.letter import EngineName
from optout_cli.model.request import PARTIES, Party
from optout_cli.output import is_folder
from optout_cli.readers.files import STDIN, is_file
from optout_cli.register.journal import NAME
from optout_cli.reports.compare import (
    Comparison,
    Pair,
    compare,
    headed_paragraphs,
    mark_changes,
    new_facts,
    page_of,
    pair_letters,
)
from optout_cli.reports.versions import Finder, Version, version_of

_COLORS, _ENDS = {"[-": "red", "{+": "green"}, ("-]", "+}")
_PAGE = "page of what changed"  # as `what_is` calls it
_MARK = re.compile(r"(\[-|-\]|\{\+|\+\})")


@click.command(
    "diff",
    short_help="Show what changed between two versions of a letter.",
    epilog="Example:  optout diff marin-county-ca.yaml --in letters/\n\nMore examples:\n\n\b\n"
    "  optout diff letters/ --to ice\n"
    "  optout diff letters/2026-11-20-opt-out-ice.docx from-counsel.docx\n"
    "  optout diff old.yaml new.yaml -f html -o changes.html\n"
    "  optout diff wording/",
)
@click.argument("old", metavar="A", shell_complete=requests)
@click.argument("new", metavar="[B]", required=False, shell_complete=requests)
@click.option(
    "-f",
    "--format",
    "name",
    type=Choice(["text", "html"]),
    default="text",
    show_default=True,
    help="html: a web page in one file, to pass on.",
)
@click.option(
    "-o",
    "--output",
    "output",
    metavar="DIR/|FILE|-",
    default=STDIN,
    shell_complete=files,
    help="Where -f html goes.  [default: -, standard output]",
)
@force_option
@in_option
@to_option
@files_from_option
@engine_option
@json_option
@quiet_option
@library_options
@report_problems
def command(
    old: str,
    new: str | None,
    name: Literal["text", "html"],
    output: str,
    force: bool,
    within: Path | None,
    parties: tuple[Party, ...],
    files_from: tuple[Path, ...],
    engine: EngineName | None,
    as_json: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Show word by word what changed from A to B, and which facts of the request changed.

    A and B are each a request, a letter (a file, a reference, or a folder with a register), a file
    that came back from somebody, or a folder of templates. With A alone: the letter as recorded and
    as it would be written now, or optout's wording and that of the folder.

    Looks and pictures are not compared. Prints nothing on stdout if nothing changed. On the
    screen, words that are gone stand in [- -], and new ones in {+ +}, below the name of the passage
    that they are in. Comments of a Word file stand at their places.
    """
    if output != STDIN and (name != "html" or as_json):
        usage_error("-o works only with -f html", "add -f html")
    order = Order(
        today=today(), formats=("txt",), parties=parties or PARTIES, files_from=files_from
    )
    look = with_engine(Options(engine=engine), ["pdf"], quiet=True)
    library = library_from(overlays, folders, look)
    pairs = _pairs(old, new, Finder(library, order, within), library, order)
    found = [compare(*pair) for pair in pairs]
    changed = [comparison for comparison in found if not comparison.is_equal]
    for unread in dict.fromkeys(side for comparison in found for side in comparison.unread):
        say(f"note: only the facts are compared: {unread} has no words that can be read")
    for note in dict.fromkeys(note for comparison in found for note in comparison.tracked_notes()):
        say(f"note: {note}")
    if as_json:
        for comparison in changed:
            print_json(_as_json(comparison))
    elif name == "html":
        path = path_for(output, "changes.html", ("web page", ".html"))
        put_report(path, page_of(changed, library.templates), _PAGE, force=force, quiet=quiet)
    else:
        _print_text(changed)
    if not quiet:
        done = f"{len(changed)} changed of" if changed else "nothing changed in the words of"
        say(f"{done} {count_of(len(found), 'letter')}")


def _pairs(old: str, new: str | None, finder: Finder, library: Library, order: Order) -> list[Pair]:
    """Return the versions to compare of each letter. Raises OptoutError."""
    named = [text for text in (old, new) if text is not None]
    folders = [
        path
        for path in map(Path, named)
        if is_folder(path)
        and not is_file(path / NAME)
        and (any(path.glob("*/*.html.j2")) or any(path.glob("*/program.yaml")))
    ]
    if len(folders) == len(named):
        own = [_wording(folder, folders, library, order) for folder in folders]
        return _pair_letters(
            own[0] if new else _wording(None, folders, library, order), own[-1], old
        )
    if folders:
        hint = "name two folders of templates, or one alone, or two letters"
        usage_error("a folder of templates is not a letter", hint)
    if new is not None:
        return _pair_letters(finder.versions(old), finder.versions(new), new)
    return [*finder.with_now(old)]


def _pair_letters(old: Sequence[Version], new: Sequence[Version], name: str) -> list[Pair]:
    """Return the two versions of each letter, and say which of several have only one."""
    pairs = pair_letters(old, new, name)
    matched = [id(version) for pair in pairs for version in pair]
    for version in (*old, *new) if min(len(old), len(new)) > 1 else ():
        if id(version) not in matched:
            say(f"note: only one side has {version.name}")
    return pairs


def _wording(
    folder: Path | None, folders: Sequence[Path], library: Library, order: Order
) -> list[Version]:
    """Return each letter in a folder's or optout's wording, also those for one place."""
    from optout_cli.letters.render import render  # imports jinja2
    from optout_cli.lint.passages import sample_notice

    library = library.with_folders([folder] if folder else [])
    versions = []
    for id, _, _ in library.programs.letters():
        files = (path for folder in folders for path in folder.glob(f"{id}.*.html.j2"))
        places = sorted({path.name.split(".")[1] for path in files} - {"html"})
        for place in ("", *places):
            within = next((slug for _, slug, _ in library.directory.all(place)), place)
            notice = sample_notice(library, id, order.today, within if place else "")
            name = f"{folder or 'optout'}: {id}{f', {place}' if place else ''}"
            version = version_of(render(notice, library.templates), library, name)
            versions.append(version._replace(facts=None, key=(id, place)))
    return versions


def _as_json(comparison: Comparison) -> dict[str, object]:
    changes = [
        {
            "kind": segment.kind,
            "words": " ".join(segment.words).replace(" \n", "\n").strip(),
            "part": segment.part.id if segment.part else None,
            "fixed": segment.part.is_fixed if segment.part else None,
            "comment": {"by": segment.comment.by, "on": segment.comment.on}
            if segment.comment
            else None,
        }
        for segment in comparison.changed
    ]
    return {
        "old": comparison.old,
        "new": comparison.new,
        "facts": comparison.facts,
        "same-text": comparison.has_same_text,
        "tracked": [{"file": name, "by": authors} for name, authors in comparison.tracked],
        "changes": changes,
    }


def _print_text(comparisons: Sequence[Comparison]) -> None:
    """Print the facts that changed, and each paragraph below the names of its parts."""
    width = terminal_width()
    shown: set[str] = set()  # a fact of several recipients stands once
    for number, comparison in enumerate(comparisons):
        if number:
            click.echo()
        print_text(f"--- {comparison.old}\n+++ {comparison.new}")
        for fact in new_facts(comparison, shown):
            _print_in_color(wrap(printable(fact), width, "fact: ", "  "))
        if comparison.agreement:
            click.echo()
            print_text("\n".join(wrap(printable(comparison.agreement), width, "")))
        for heading, paragraph in headed_paragraphs(comparison):
            click.echo()
            if heading:
                click.echo(f"{heading}:")
            comment = paragraph[0].comment
            title = f"{comment.title}: " if comment else ""
            _print_in_color(wrap(printable(f"{title}{mark_changes(paragraph)}"), width, "  "))


def _print_in_color(lines: Iterable[str]) -> None:
    """Color what stands between marks, also over the end of a line. A pipe gets no color."""
    color = None
    for line in lines:
        parts = []
        for part in _MARK.split(line):
            color = _COLORS.get(part, color)
            parts.append(click.style(part, fg=color) if color and part.strip() else part)
            color = None if part in _ENDS else color
        click.echo("".join(parts))
