"""The options that say in which formats letters are written, and how those look."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from optout_cli.cli._shared import usage_error
from optout_cli.errors import closest
from optout_cli.pipeline.letters import FORMATS
from optout_cli.pipeline.library import Options

_F = TypeVar("_F", bound=Callable[..., Any])
_DEFAULTS = Options()
_OPTIONS = (
    click.option(
        "--with-enclosures",
        is_flag=True,
        help="Put the enclosed PDFs behind the letter, in its PDF, to print them together.",
    ),
    click.option(
        "--mail-limit",
        type=click.IntRange(1, 150),
        default=_DEFAULTS.mail_limit,
        show_default=True,
        metavar="MB",
        help="How large an e-mail may be, with all that it takes along.",
    ),
    click.option(
        "--lines-per-page",
        type=click.IntRange(min=20),
        default=_DEFAULTS.lines_per_page,
        show_default=True,
        metavar="N",
        help="How many lines a page of fax text has.",
    ),
    click.option(
        "--resolution",
        type=click.Choice(["fine", "standard"]),
        default=_DEFAULTS.resolution,
        show_default=True,
        help="Of fax pages: 204x196 or 204x98 dots an inch.",
    ),
    click.option(
        "--compression",
        type=click.Choice(["group4", "group3"]),
        default=_DEFAULTS.compression,
        show_default=True,
        help="Of fax pages.",
    ),
)


def look_options(command: _F) -> _F:
    """Add the options of how formats look; the command gets them as one `look`, an Options."""

    @functools.wraps(command)
    def gathered(*args: Any, **given: Any) -> Any:  # Any: each command's own
        look = Options(**{name: given.pop(name) for name in Options.__struct_fields__})
        return command(*args, look=look, **given)

    for option in reversed(_OPTIONS):
        option(gathered)
    return gathered  # type: ignore[return-value]  # wraps keeps the signature


def formats_from(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the formats that -f names, each once. Raises click.UsageError for an unknown one."""
    parts = (name.strip() for text in texts for name in text.split(","))
    names = tuple(dict.fromkeys(filter(None, parts)))
    for name in names:
        if name not in FORMATS:
            match = closest(name, FORMATS)
            known = f"did you mean {match!r}?" if match else f"one of {', '.join(FORMATS)}"
            usage_error(f"there is no format {name!r}", known)
    return names or usage_error("no format is named", "such as -f pdf,txt")
