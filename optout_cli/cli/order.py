"""The options that say what is made of a request: for whom, in which formats, with which values."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

import click

from optout_cli.cli.console import usage_error
from optout_cli.cli.options import date_option, files_from_option, letters, today
from optout_cli.errors import closest
from optout_cli.exporters import all_exporters, format_names
from optout_cli.exporters.context import Options
from optout_cli.letters.pipeline import Order
from optout_cli.model.request import PARTIES

_F = TypeVar("_F", bound=Callable[..., Any])
Values = dict[str, Mapping[str, str]]  # what to lay onto a request, under the option that said so
_DAYS_WITHOUT_LIMIT = 36_500  # --strict alone: confirmed once is enough


class _Assignments(click.types.StringParamType):
    """A text; several in one variable of the environment have a line each, and keep blanks."""

    def split_envvar_value(self, rv: str) -> list[str]:
        """Return the lines that are not blank."""
        return [line for line in rv.splitlines() if line.strip()]


def order_options(command: _F) -> _F:
    """Add the options; the command gets an `order`, the `values` to set, and the `look`."""

    @functools.wraps(command)
    def gathered(*args: Any, look: Options, **given: Any) -> Any:  # Any: each command's own
        order, values = _order_from(given, look)
        return command(*args, order=order, values=values, look=look, **given)

    adorned = format_options(gathered)
    for option in reversed([*_whom(), *_how()]):
        adorned = option(adorned)
    return adorned  # type: ignore[return-value]  # wraps keeps the signature


def _whom() -> Iterator[Callable[[Any], Any]]:
    yield click.option(
        "--letter",
        metavar="PROGRAM/KIND",
        shell_complete=letters,
        help="Which letter; `optout list letters` has them.",
    )
    yield click.option(
        "--set",
        "assignments",
        multiple=True,
        type=_Assignments(),
        metavar="KEY=VALUE",
        help="Set a value of the request, such as particulars.reply-by=2027-01-31 (repeatable).",
    )
    yield date_option
    yield click.option(
        "--to",
        type=click.Choice([*PARTIES, "all"], case_sensitive=False),
        multiple=True,
        default=["all"],
        help="Write to one recipient only.  [default: all]",
    )


def _how() -> Iterator[Callable[[Any], Any]]:
    yield files_from_option
    yield click.option(
        "-f",
        "--format",
        "formats",
        multiple=True,
        default=["pdf"],
        help="Formats, with commas or repeated.  [default: pdf]",
    )
    yield click.option("--strict", is_flag=True, help="Refuse contacts that nobody has confirmed.")
    yield click.option(
        "--max-age",
        type=click.IntRange(min=0),
        metavar="DAYS",
        help="Refuse contacts that were not confirmed within these days before the letter's date.",
    )
    yield click.option(
        "--draft",
        "is_draft",
        is_flag=True,
        help="Mark each page as a draft, and write a message although an address is missing; never"
        " to standard output.",
    )


# Any: the options' values, each of its own type.
def _order_from(given: dict[str, Any], look: Options) -> tuple[Order, Values]:
    """Take the options out of `given`. Raises click.UsageError for those that do not agree."""
    strict, max_age, to = (given.pop(name) for name in ("strict", "max_age", "to"))
    order = Order(
        today=today(),
        parties=tuple(it for it in PARTIES if it in to or "all" in to),
        formats=formats_from(given.pop("formats")),
        max_age=_DAYS_WITHOUT_LIMIT if strict and max_age is None else max_age,
        is_draft=given.pop("is_draft"),
        files_from=given.pop("files_from"),
    )
    if look.with_enclosures and "pdf" not in order.formats:
        usage_error("--with-enclosures needs the format pdf", "add -f pdf, or leave it out")
    return order, _values(given.pop("letter"), given.pop("day"), given.pop("assignments"))


def _values(letter: str | None, day: date | None, assignments: Sequence[str]) -> Values:
    values: Values = {}
    if letter:
        values["--letter"] = {"letter": letter}
    if day:
        values["--date"] = {"date": day.isoformat()}
    if assignments:
        values["--set"] = dict(_split(it) for it in assignments)
    return values


def _split(assignment: str) -> tuple[str, str]:
    key, equals, value = assignment.partition("=")
    if not equals or not all(key.split(".")):
        usage_error(
            f"--set {assignment!r} has no KEY=VALUE", "such as --set signatory.title=Sheriff"
        )
    if value[:1] + value[-1:] in ("[]", "{}"):
        hint = f"give each entry by itself: --set {key}.0=..., or --set {key}.0.name=..."
        usage_error(f"--set {key} takes one text, not {value!r}", hint)
    return key, value


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


def format_options(command: _F) -> _F:
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
        if name not in format_names():
            formats = all_exporters()
            match = closest(name, formats)
            known = f"did you mean {match!r}?" if match else f"one of {', '.join(formats)}"
            usage_error(f"there is no format {name!r}", known)
    return names or usage_error("no format is named", "such as -f pdf,txt")
