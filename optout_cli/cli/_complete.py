"""What the shell may complete: jurisdictions and letters, as the data and templates have them."""

from typing import TYPE_CHECKING

import click

from optout_cli.cli._shared import item, library_from
from optout_cli.errors import OptoutError
from optout_cli.pipeline.library import Library

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def jurisdictions(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Return the slugs that begin as it was typed."""
    try:
        directory = _library().directory
        slugs = [directory.slug(code, id) for code, id, _ in directory.all()]
    except OptoutError:
        return []  # a command says what is wrong; a completion cannot
    return [item(it) for it in slugs if it.startswith(incomplete.lower())]


def requests(ctx: click.Context, param: click.Parameter, incomplete: str) -> list["CompletionItem"]:
    """Return what a notice can be written from: files, and jurisdictions."""
    files = item(incomplete, type="file")
    return [files, *(jurisdictions(ctx, param, incomplete) if incomplete else [])]


def letters(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list["CompletionItem"]:
    """Return the letters' ids, each with its title."""
    try:
        known = [(id, kind.title) for id, _, kind in _library().programs.letters()]
    except OptoutError:
        return []
    return [item(id, help=title) for id, title in known if id.startswith(incomplete)]


def _library() -> Library:
    return library_from((), ())
