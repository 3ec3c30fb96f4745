"""What `optout write` does with a folder: put the letters there, or say what it would do."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from optout_cli.authoring.follow_notes import contradiction_notes, second_notes
from optout_cli.cli.console import (
    outdated_lines,
    print_json,
    print_path,
    print_text,
    say,
    say_lines,
    say_problems,
    say_what_moved,
    speaks_json,
)
from optout_cli.cli.options import now
from optout_cli.letters.library import Library
from optout_cli.letters.named_files import Fingerprints, NamedFiles
from optout_cli.letters.pipeline import COMMAND_LINE, Order
from optout_cli.model.letter import Export, Letter
from optout_cli.model.notice import Case
from optout_cli.output import hold_interrupts
from optout_cli.readers.files import STDIN
from optout_cli.register.folder import WAIT, LetterFolder
from optout_cli.register.plan import Replacing, Writing, plan_writing, writing_of
from optout_cli.register.replies import claim_of
from optout_cli.register.state import LetterState, Register, load_register


class Made(NamedTuple):
    """The letters and files of a request, and what they follow from."""

    letters: Sequence[Letter]
    exports: Sequence[Export]
    case: Case
    named: NamedFiles
    request: str


class How(NamedTuple):
    """What the user chose: `supersede` is the reason to replace letters that were sent."""

    force: bool
    supersede: str | None
    has_register: bool
    quiet: bool


def write_files(
    place: Path,
    name: str | None,
    made: Made,
    library: Library,
    order: Order,
    how: How,
    *,
    is_check: bool = False,
) -> tuple[bool, list[Export]]:
    """Write the files to the folder `place`, a single one as `name`.

    Returns whether any changed, and the files of the letters that are not recorded as sent. With
    `is_check`, only prints what would happen to each file. Raises OptoutError.
    """

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
    if is_check:
        register = load_register(place)
        _check(register, writing, replacing)
        if not how.quiet:
            _say_earlier(made.letters, writing, register.states.letters.values(), place, library)
        return False, []
    opened = LetterFolder(
        place,
        at=now(),
        programs=library.programs.by_id,
        wait=WAIT,
        has_register=how.has_register,
    )
    changed = _put(opened, writing, replacing, quiet=how.quiet)
    if not how.quiet:
        _say_earlier(made.letters, writing, opened.states.values(), place, library)
    unsent = [it for it in made.exports if not opened.register.is_sent(path_of(it))]
    return changed, unsent


def _say_earlier(
    letters: Sequence[Letter],
    writing: Writing,
    states: Collection[LetterState],
    place: Path,
    library: Library,
) -> None:
    """Say what the registers have of earlier letters, such as that the notice was sent before."""
    event = writing.event
    matter = event.jurisdiction, event.letter, event.variant, event.date
    for note in second_notes([(*matter, it.recipient) for it in event.letters], states, library):
        say(note)
    say_contradictions(letters, states, place, library)


def _check(register: Register, writing: Writing, replacing: Replacing) -> None:
    """Print what would happen to each file. Raises OptoutError as writing would."""
    plan = plan_writing(register, writing, replacing)
    for word, paths in (
        ("new", plan.new),
        ("unchanged", plan.same),
        ("replaced", plan.replaced),
        ("moved to earlier", plan.retired),
        ("kept", (*plan.kept, *plan.outdated)),
    ):
        for path in (register.folder / name for name in paths):
            if speaks_json():
                print_json({"path": click.format_filename(path), "would-be": word})
            else:
                print_text(f"{word}: {path}")


def _put(
    folder: LetterFolder,
    writing: Writing,
    replacing: Replacing,
    *,
    quiet: bool,
) -> bool:
    """Write the files, print their paths, and tell whether any file changed."""
    with folder, hold_interrupts():
        say_problems(folder.journal.news)
        put = folder.put(writing, replacing)
        notes = folder.finish()
    for path in put.written:
        print_path(path)  # bytes: a file name may not be valid text
    if not quiet:
        say_what_moved(folder.moved, folder.replaced)
        for note in notes:
            say(f"note: {note}")
        for name in put.plan.kept:
            say(f"kept: {folder.path / name} was sent, and would only look different now")
        say_lines(outdated_lines([folder.path / name for name in put.plan.outdated]))
    return bool(put.plan.new or put.plan.replaced)


def say_contradictions(
    letters: Sequence[Letter], states: Iterable[LetterState], folder: Path | None, library: Library
) -> None:
    """Say what the registers have otherwise than letters that follow earlier ones."""
    claim = claim_of(letters, library.programs.find(letters[0].notice.letter)[1])
    for note in contradiction_notes([claim] if claim else [], states, folder, library):
        say(note)
