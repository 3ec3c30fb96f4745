"""`optout new --csv`: a table of many requests, to fill in as a spreadsheet for `optout batch`."""

from shlex import quote

import click

from optout_cli.cli._newfile import TABLE, free, path_for
from optout_cli.cli._shared import code_of, program, say
from optout_cli.output import write_all
from optout_cli.pipeline.library import Library
from optout_cli.pipeline.spreadsheet import needed, spreadsheet


def write_table(
    state: str | None,
    letter: str,
    output: str | None,
    library: Library,
    options: str,
    *,
    quiet: bool,
) -> None:
    """Write the table, print its path, and say how to go on; `options` the next command needs."""
    code = code_of(state, library) if state is not None else None
    path = free(path_for(output, f"{(code or 'requests').lower()}.csv", TABLE))
    text = spreadsheet(library, letter, code)
    if path is None:
        click.echo(text, nl=False)
        return
    write_all({path: text.encode("utf-8-sig")})  # by whose first bytes a spreadsheet knows it
    click.echo(bytes(path))
    if quiet:
        return
    *most, last = needed(library, letter)
    say(f"a letter needs {', '.join(most)} and {last}; what stands in each column is explained by")
    say(f"  {program()} new --letter {letter} -o -{options} < /dev/null")
    how = f'fill in {path} as a spreadsheet, save it as "CSV UTF-8"'
    say(f"next: {how}, and then {program()} batch {quote(str(path))}{options} --check")
