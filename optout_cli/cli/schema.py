"""`optout schema`: print a JSON Schema, which editors use to complete and check files."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from optout_cli.authoring.schemas import DRAFT, SCHEMAS, Schema, printed_schema, schema_of
from optout_cli.cli.console import report_problems
from optout_cli.cli.options import library_from, templates_option
from optout_cli.model.jurisdiction import Contact, Locality, Office
from optout_cli.model.printed import SCHEMA
from optout_cli.reports.show import UNUSED, Overview

_SHOW = "show"


@click.command(
    "schema",
    short_help="Print a JSON Schema for your editor.",
    epilog="optout schema request\noptout schema program",
)
@click.argument("what", metavar="WHAT", type=click.Choice([*SCHEMAS, _SHOW]))
@templates_option
@report_problems
def command(what: str, folders: Sequence[Path]) -> None:
    """Print a JSON Schema, with which an editor can complete and check what you type.

    WHAT is request, jurisdictions (a data file) or program; or, for programs that read them,
    register (a line of register.ndjson), problem or note (a line that a command prints with
    --json), list, show or status (what that command prints with --json). The schema of a request
    knows all letters, your own included, and the particulars of each.
    """
    library = library_from((), folders)
    schema = _show_schema() if what == _SHOW else schema_of(what, library)
    click.echo(json.dumps(schema, ensure_ascii=False, indent=2))


def _show_schema() -> Schema:
    """Describe what `optout show --json` prints: an overview without what it does not use."""
    schema = printed_schema(Overview)
    parts = schema["$defs"]
    locality, overview = parts[Locality.__name__], parts[Overview.__name__]
    for name in UNUSED:
        del locality["properties"][name]
        locality["required"].remove(name)
    overview["properties"] = {"schema": {"enum": [SCHEMA]}, **overview["properties"]}
    # An ICE office is a contact with a role: where the model has a contact, either may be printed.
    contact = parts.pop(Contact.__name__)
    parts[Contact.__name__] = {"anyOf": [contact, {"$ref": f"#/$defs/{Office.__name__}"}]}
    return {"$schema": DRAFT, "title": "What optout show --json prints", **schema}
