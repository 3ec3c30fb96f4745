"""`optout schema`: print a JSON Schema, which editors use to complete and check files."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.authoring.schemas import SCHEMAS, schema_of
from optout_cli.cli.console import report_problems
from optout_cli.cli.options import library_from, templates_option


@click.command(
    "schema",
    short_help="Print a JSON Schema for your editor.",
    epilog="Example:  optout schema request",
)
@click.argument("what", metavar="WHAT", type=click.Choice(list(SCHEMAS)))
@templates_option
@report_problems
def command(what: str, folders: Sequence[Path]) -> None:
    """Print a JSON Schema, with which an editor can complete and check what you type.

    WHAT is request, jurisdictions (a data file) or program; or, for programs that read them,
    register (a line of register.ndjson) or status (a line of `optout status --json`). The schema of
    a request knows all letters, your own included, and the particulars of each.
    """
    schema = schema_of(what, library_from((), folders))
    click.echo(json.dumps(schema, ensure_ascii=False, indent=2))
