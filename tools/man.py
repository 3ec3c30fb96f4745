"""Write the manual page docs/optout.1 from the commands themselves.

Usage: python tools/man.py, in an environment that has optout. A test compares page and commands.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import click

from optout_cli.cli import COMMANDS, group

PAGE = Path(__file__).resolve().parent.parent / "docs" / "optout.1"
# What the commands' own help does not say.
EXITS = (
    ("0", "done"),
    ("1", "a problem in the content of a file, or in reading or writing one"),
    ("2", "a problem on the command line: an unknown option, jurisdiction, letter or file"),
    ("3", "batch, sent --from: some rows had a problem; all others were done"),
    ("130", "interrupted (129 by SIGHUP, 143 by SIGTERM)"),
)
VARIABLES = (
    "sets an option of a command: OPTOUT_WRITE_MAX_AGE=365 is optout write --max-age 365. Each"
    " option above names its variable. The command line comes first. 1, true or yes turns on an"
    " option that takes no value, and 0, false or no turns it off. An empty variable sets nothing."
    " The variable of a repeatable option can have several values: put : between files or folders"
    " (; on Windows), write each --set on a line of its own, and put spaces between other values."
)
ENVIRONMENT = (
    ("OPTOUT_COMMAND_OPTION", VARIABLES),
    ("OPTOUT_ENGINE", "sets --engine of every command that has it."),
    ("SOURCE_DATE_EPOCH", "the date that optout takes for today, in seconds since 1970."),
    ("XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_STATE_HOME", "move the folders below."),
)
OWNERS = (
    "optout uses nothing in these folders that another user owns or can change. For the first two,"
    " every command says so and stops, unless you name them with --data or --templates. The other"
    " two are ignored; optout doctor reports a cache that is ignored. A link in a template folder"
    " must not lead out of that folder."
)
FILES = (
    (
        "~/.config/optout/corrections.yaml",
        "what `optout correct` wrote: addresses that an office confirmed.",
    ),
    ("~/.config/optout/jurisdictions.yaml", "your own data; its values replace those of optout."),
    (
        "~/.config/optout/templates/",
        "your own letters and programs; optout looks here first.",
    ),
    (
        "~/.local/state/optout/signatory.json",
        "who signed the last request, so that new can offer it again.",
    ),
    (
        "~/.cache/optout/",
        "a copy of optout's own files, for a faster start. You can delete it.",
    ),
)


def page() -> str:
    """Return the manual page in man macros, without a date, so that it changes only with optout."""
    return "\n".join(line for line in _lines()) + "\n"


def _lines() -> Iterator[str]:
    yield r".\" tools/man.py makes this page from the commands: change those."
    yield '.TH OPTOUT 1 "" "optout" "User Commands"'
    yield ".SH NAME"
    yield rf"optout \- {_text(group.get_short_help_str(200).rstrip('.').lower())}"
    yield ".SH SYNOPSIS"
    yield r"\fBoptout\fR \fICOMMAND\fR [\fIARGUMENT\fR]..."
    yield ".SH DESCRIPTION"
    yield from _paragraphs(group.help or "")
    yield ".SH COMMANDS"
    for name in COMMANDS:
        yield from _command(name)
    yield ".SH EXIT STATUS"
    yield from _items(EXITS)
    yield ".SH ENVIRONMENT"
    yield from _items(ENVIRONMENT)
    yield ".SH FILES"
    yield from _items(FILES)
    yield from _paragraphs(OWNERS)


def _command(name: str) -> Iterator[str]:
    parent = click.Context(group, info_name="optout", **group.context_settings)
    command = group.get_command(parent, name)
    assert command is not None
    context = click.Context(command, parent, info_name=name)
    yield f".SS {name}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield rf"\fBoptout {name}\fR {_text(usage)}"
    yield from _paragraphs(command.help or "")
    options = [it for it in command.get_params(context) if isinstance(it, click.Option)]
    yield from _items(tuple(filter(None, (_option(it, context) for it in options))))
    if command.epilog:
        yield from _paragraphs(command.epilog)


def _option(option: click.Option, context: click.Context) -> tuple[str, str] | None:
    """Return an option and its help, with its environment variable."""
    record = option.get_help_record(context)
    if not record or not option.envvar:
        return record
    return record[0], f"{record[1]}  [{option.envvar[0]}]"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", textwrap.dedent(text).strip()):
        yield ".PP"
        yield _text(" ".join(paragraph.split()))


def _items(items: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for head, text in items:
        yield ".TP"
        yield rf"\fB{_text(head)}\fR"
        yield _text(" ".join(text.split()))


def _text(text: str) -> str:
    """Escape what roff would read as a command, also at the start of a line."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("`", "\\`")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
