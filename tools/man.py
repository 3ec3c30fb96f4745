"""Write the manual page docs/optout.1 from the commands themselves.

Usage: python tools/man.py, in an environment that has optout. A test compares page and commands.
"""

import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click

from optout_cli.cli import COMMANDS, group

PAGE = Path(__file__).resolve().parent.parent / "docs" / "optout.1"
# What the commands do not say themselves.
EXITS = (
    ("0", "done"),
    ("1", "a problem in the content of a file, or in reading or writing one"),
    ("2", "a problem on the command line: an unknown option, jurisdiction, letter or file"),
    ("3", "batch: some requests had a problem, and all others are written"),
    ("130", "interrupted"),
)
ENVIRONMENT = (
    ("OPTOUT_COMMAND_OPTION", "sets an option of a command, such as OPTOUT_WRITE_OUTPUT=letters/."),
    ("SOURCE_DATE_EPOCH", "the day that counts as today, in seconds since 1970."),
    ("XDG_CONFIG_HOME, XDG_CACHE_HOME, XDG_STATE_HOME", "move the folders below."),
)
FILES = (
    ("~/.config/optout/jurisdictions.yaml", "your own data, which replaces the shipped values."),
    (
        "~/.config/optout/templates/",
        "your own letters and programs; they come before the shipped ones.",
    ),
    (
        "~/.local/state/optout/signatory.json",
        "who signed the last request, so that new can offer it again.",
    ),
    (
        "~/.cache/optout/",
        "a copy of shipped files, for a faster start; nothing of yours. You can delete it.",
    ),
)


def page() -> str:
    """Return the manual page in the man macros, without a date, so that it stays the same."""
    return "\n".join(line for line in _lines()) + "\n"


def _lines() -> Iterator[str]:
    yield r".\" Made from the commands by tools/man.py: change those."
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


def _command(name: str) -> Iterator[str]:
    command: click.Command = import_module(f"optout_cli.cli.{name}").command
    parent = click.Context(group, info_name="optout", **group.context_settings)
    context = click.Context(command, parent, info_name=name)
    yield f".SS {name}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield rf"\fBoptout {name}\fR {_text(usage)}"
    yield from _paragraphs(command.help or "")
    options = (it for it in command.get_params(context) if isinstance(it, click.Option))
    yield from _items(tuple(filter(None, (it.get_help_record(context) for it in options))))
    if command.epilog:
        yield from _paragraphs(command.epilog)


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
    """Escape what roff would take for its own; a line that begins with a point is none of its."""
    text = text.replace("\\", r"\e").replace("-", r"\-").replace("`", "\\`")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
