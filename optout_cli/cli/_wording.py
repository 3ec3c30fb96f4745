"""`optout new --wording`: a letter kind's template, to be changed in a folder of one's own."""

from pathlib import Path
from shlex import quote

import click
import platformdirs

from optout_cli.cli._shared import APP, say
from optout_cli.errors import Spot
from optout_cli.output import write_all
from optout_cli.pipeline.library import Library
from optout_cli.pipeline.wording import wording_of

_PLACE = Spot("JURISDICTION", is_command_line=True)


def copy_wording(
    query: str | None, letter: str, output: str | None, library: Library, *, quiet: bool
) -> None:
    """Write the template's copy, print its path, and say how to go on."""
    slug = library.directory.find(query, _PLACE).slug if query else None
    own = platformdirs.user_config_path(APP) / "templates"
    folder = Path(output) if output else own
    name, text = wording_of(letter, slug, library)
    path = folder / name
    write_all({path: text.encode()})
    click.echo(bytes(path))
    if quiet:
        return
    option = "" if folder == own else f" --templates {quote(str(folder))}"
    say("next: keep the passage to be changed, and delete all the others")
    say(f"next: optout check{option}")
    say(f"next: optout write REQUEST{option}")
