"""Write the manual page docs/optout.1 from the commands themselves and the topics of their help.

Usage: python tools/man.py, in an environment that has optout. A test compares page and commands.
"""

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from markdown_it.tree import SyntaxTreeNode

from optout_cli.cli import COMMANDS, TOPICS, group
from optout_cli.cli.help import items_of, nodes_of, pairs_of, plain

PAGE = Path(__file__).resolve().parent.parent / "docs" / "optout.1"
# Sections of the page that are topics of `optout help`.
SECTIONS = {
    "EXIT STATUS": "exit-codes",
    "ENVIRONMENT": "environment",
    "FILES": "files",
    "FORMATS": "formats",
    "DATES": "dates",
    "ROUTES": "routes",
    "STREAMS": "streams",
}


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
    for title, topic in SECTIONS.items():
        yield f".SH {title}"
        for node in [*nodes_of(topic)][1:]:  # without its own title
            yield from _part(node)
    yield ".SH TOPICS"
    yield from _paragraphs(f"optout help TOPIC explains one of these: {', '.join(TOPICS)}.")


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


def _part(node: SyntaxTreeNode) -> Iterator[str]:
    """Lay out a part of a topic."""
    match node.type:
        case "table":
            yield from _items(pairs_of(node))
        case "heading":
            yield f".SS {_text(plain(node))}"
        case "fence":
            yield from _verbatim(node.content.splitlines())
        case "paragraph":
            yield from _paragraphs(plain(node))
        case _:
            for mark, text in items_of(node):
                yield f".IP {_text(mark)} 3"
                yield _text(text)


def _verbatim(lines: Iterable[str]) -> Iterator[str]:
    yield ".PP"
    yield ".RS"
    yield ".nf"
    yield from map(_text, lines)
    yield ".fi"
    yield ".RE"


def _option(option: click.Option, context: click.Context) -> tuple[str, str] | None:
    """Return an option and its help, with its environment variable."""
    record = option.get_help_record(context)
    if not record or not option.envvar:
        return record
    return record[0], f"{record[1]}  [{option.envvar[0]}]"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        head, *lines = paragraph.removeprefix("\b\n").splitlines()
        if paragraph.startswith("\b"):  # as it is: examples below their title
            yield ".PP"
            yield _text(head)
            yield from _verbatim(line.strip() for line in lines)
        else:
            yield ".PP"
            yield _text(" ".join(paragraph.split()))


def _items(items: Iterable[tuple[str, str]]) -> Iterator[str]:
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
