"""`optout guide`: the protocol for one jurisdiction's letter, as a checklist."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.cli._complete import jurisdictions, letters
from optout_cli.cli._shared import (
    date_option,
    files,
    library_from,
    library_options,
    problems_told,
    today,
    usage_error,
)
from optout_cli.cli.write import DEFAULT_LETTER
from optout_cli.errors import Spot
from optout_cli.output import is_folder, write_all
from optout_cli.pipeline.guide import GUIDE_FORMATS, guide_of, guide_written
from optout_cli.pipeline.letters import STDIN


@click.command(
    "guide",
    short_help="Say step by step how a jurisdiction gives notice.",
    epilog="Example:  optout guide marin-county-ca",
)
@click.argument("jurisdiction", shell_complete=jurisdictions)
@click.option(
    "--letter",
    metavar="PROGRAM/KIND",
    default=DEFAULT_LETTER,
    show_default=True,
    shell_complete=letters,
    help="Which letter; `optout list letters` has them.",
)
@date_option
@click.option(
    "-f",
    "--format",
    "name",
    type=click.Choice([*GUIDE_FORMATS], case_sensitive=False),
    default="txt",
    show_default=True,
    help="As text, as a web page, or as pages to print.",
)
@click.option(
    "-o",
    "--output",
    "output",
    default=STDIN,
    show_default=True,
    metavar="DIR/|FILE|-",
    shell_complete=files,
    help="A folder, a file, or - for standard output.",
)
@click.option("--force", is_flag=True, help="Replace a file that exists with other content.")
@library_options
@problems_told
def command(
    jurisdiction: str,
    letter: str,
    day: date | None,
    name: str,
    output: str,
    force: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Say step by step how a jurisdiction gives notice, on one or two pages.

    Who must be notified and by which routes, with the source and age of each contact; what the
    letter needs, what it can and cannot do on its date, what the state's law asks, what comes next,
    and which letter answers which reply.

    JURISDICTION is a FIPS code (06041), a slug (marin-county-ca) or a name ("Marin County, CA").
    """
    library, day = library_from(overlays, folders), day or today()
    guide = guide_of(jurisdiction, letter, library, day, Spot("JURISDICTION", is_command_line=True))
    content = guide_written(guide, day, name, library)
    if output == STDIN:
        if name == "pdf" and sys.stdout.isatty():
            usage_error("a terminal cannot show pdf", "name a file with -o")
        click.echo(content, nl=False)
        return
    path = Path(output)
    if output.endswith("/") or is_folder(path):
        path /= f"{day}-guide-{letter.partition('/')[2]}.{name}"
    elif path.suffix.lower() != f".{name}":
        usage_error(f"{output!r} would hold {name}", f"end its name in .{name}")
    write_all({path: content}, force=force)
    click.echo(bytes(path))
