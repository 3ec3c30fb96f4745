"""`optout packet`: put the proof of a notice into one PDF."""

from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.cli.console import report_problems, say, usage_error, write_files
from optout_cli.cli.options import (
    engine_option,
    files,
    force_option,
    library_from,
    library_options,
    pdf_output_option,
    pdf_path,
    quiet_option,
    today,
    with_engine,
)
from optout_cli.cli.record import in_option, to_option
from optout_cli.errors import first_of, raise_any
from optout_cli.exporters import Options
from optout_cli.model.letter import EngineName
from optout_cli.model.request import PARTIES, RECIPIENTS, Party
from optout_cli.readers.files import is_file
from optout_cli.register.journal import TORN
from optout_cli.register.recorder import look_up, sent_versions
from optout_cli.register.state import LetterState
from optout_cli.register.status import what_is
from optout_cli.reports.packet import Original, files_without_copy, packet_of, zip_of


@click.command(
    "packet",
    short_help="Put the proof of a notice into one PDF.",
    epilog="optout packet letters/ -o packet.pdf\noptout packet letters/ --zip -o packet.pdf",
)
@click.argument("letter", metavar="LETTER", shell_complete=files)
@pdf_output_option
@click.option(
    "--zip", "with_zip", is_flag=True, help="Also write a ZIP file with the original files."
)
@to_option
@in_option
@force_option
@engine_option
@quiet_option
@library_options
@report_problems
def command(
    letter: str,
    output: str,
    with_zip: bool,
    parties: tuple[Party, ...],
    within: Path | None,
    force: bool,
    engine: EngineName | None,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Put the proof of a notice into one PDF, as for counsel, a board or an auditor.

    It has a certificate of service to be signed, each letter as it went out (the signed copy if you
    gave one), the receipts, the answers, and the SHA-256 of each original file. It tells what was
    recorded with optout sent, optout delivered and optout answer.

    LETTER is a file of the letter, its reference (for the letters to both recipients), or a folder.
    Versions that were sent and then replaced are in it too. A file or a register that was changed
    after it was recorded is a problem.

    Prints the paths of the files.
    """
    found = look_up(letter, within, parties or PARTIES)
    raise_any(problem for problem in found.problems if problem.code != TORN)
    states, left = sent_versions(letter, found, parties)
    path = pdf_path(output, f"packet-{states[0].written.reference}.pdf", "packet")
    if with_zip and path is None:
        usage_error("--zip writes a second file", "name a folder or a file with -o")
    look = with_engine(Options(engine=engine), ["pdf"], quiet=quiet)
    library = library_from(overlays, folders, look)
    packet, originals = packet_of(states, found.folder, library, today())
    if path:
        files = {path: packet}
        if with_zip:
            files[path.with_suffix(".zip")] = zip_of(packet, originals, found.folder)
        # Somebody may have signed an earlier packet, so it moves to the folder earlier.
        there = [file for file in files if is_file(file)]
        is_older = bool(there) and all(what_is(file) == "packet" for file in there)
        write_files(files, force=force or is_older, quiet=quiet)
    else:
        click.echo(packet, nl=False)
    if not quiet:
        _say_notes(states, left, originals)
        say("next: read the certificate on the first page, sign it, and date it")


def _say_notes(
    states: Sequence[LetterState], left: Sequence[LetterState], originals: Sequence[Original]
) -> None:
    """Say what the packet lacks, and if it is about several that gave notice."""
    names = [*dict.fromkeys(state.written.name for state in states)]
    if len(names) > 1:
        text = f"one certificate is about {len(names):,} that gave notice ({first_of(names)})"
        say(f"note: {text}; for a packet of each, name its letter or reference")
    for state in left:
        to = RECIPIENTS[state.letter.recipient]
        text = "is left out: another version was sent, and this one is not recorded as sent"
        say(f"note: {state.written.reference} to {to} {text}")
    for original in originals:
        is_seen = original.is_shown or original.is_in_letter
        if not is_seen and original.role not in ("letter", "picture"):
            say(f"note: {original.path} cannot be shown as pages; --zip has the file")
    for missing in files_without_copy(states):
        say(f"note: {missing} went with the letter, but no copy is kept: add it to the packet")
