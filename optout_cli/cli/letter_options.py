"""The options that say what to make of a request, and which record to keep of it."""

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from optout_cli.cli.console import say, usage_error
from optout_cli.cli.options import (
    date_option,
    engine_option,
    files_from_option,
    letter_option,
    require_reason,
    today,
)
from optout_cli.cli.value_types import Choice
from optout_cli.errors import closest
from optout_cli.exporters import Options, all_exporters, format_names
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order
from optout_cli.model.notice import Route
from optout_cli.model.request import PARTIES

_F = TypeVar("_F", bound=Callable[..., Any])
Values = dict[str, Mapping[str, str]]  # option -> the values that it sets in the request
_DAYS_WITHOUT_LIMIT = 36_500  # --strict alone: a contact confirmed at any time will do
_DEFAULTS = Options()
OTHER_NAMES = {
    "word": "docx", "doc": "docx", "text": "txt", "email": "eml", "e-mail": "eml", "htm": "html",
    "tif": "tiff",
}  # fmt: skip
_BY_SERVICE = "by-service"  # in -f: the format follows from how a letter is sent


class WholeNumber(click.types.IntParamType):
    """A number of days, lines or the like."""

    name = "whole number"

    def __init__(self, least: int, most: int = 999_999) -> None:
        self._least, self._most = least, most

    # Any: click's signature.
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse the number. Raises click.BadParameter."""
        try:
            number = int(value)
        except ValueError:
            message = f"{value!r} is not a {self.name}"
        else:
            message = f"{number:,} is not between {self._least:,} and {self._most:,}"
            if self._least <= number <= self._most:
                return number
        raise click.BadParameter(message, ctx, param)


class _Assignments(click.types.StringParamType):
    """A text. A variable of the environment has one on each line, since they may have blanks."""

    def split_envvar_value(self, rv: str) -> list[str]:
        """Return the lines that are not blank."""
        return [line for line in rv.splitlines() if line.strip()]


def set_option(words: str) -> Callable[[_F], _F]:
    """Return the option `--set`, with `words` as its help."""
    return click.option(
        "--set", "assignments", multiple=True, type=_Assignments(), metavar="KEY=VALUE", help=words
    )


set_request_option = set_option(
    "Set a value of the request, such as particulars.reply-by=2027-01-31 (repeatable)."
)
_OPTIONS = (
    letter_option,
    set_request_option,
    date_option,
    click.option(
        "--to",
        type=Choice([*PARTIES, "all"]),
        multiple=True,
        default=["all"],
        help="Write to this recipient only.  [default: all]",
    ),
    files_from_option,
    click.option(
        "-f",
        "--format",
        "formats",
        multiple=True,
        default=["pdf"],
        help=f"Formats, comma-separated: {', '.join(sorted(format_names()))}; or {_BY_SERVICE}: an"
        " e-mail or a fax where service: says so, else a PDF.  [default: pdf]",
    ),
    click.option("--strict", is_flag=True, help="Refuse addresses that nobody has confirmed."),
    click.option(
        "--max-age",
        type=WholeNumber(0),
        metavar="DAYS",
        help="Refuse addresses that were not confirmed in this many days before the letter's date.",
    ),
    click.option(
        "--draft",
        "is_draft",
        is_flag=True,
        help="Mark each page DRAFT. Allows an e-mail or fax without an address, but only in files.",
    ),
    engine_option,
    click.option(
        "--with-enclosures",
        is_flag=True,
        help="Add the enclosed PDFs to the end of each PDF letter, to print them together.",
    ),
    click.option(
        "--mail-limit",
        type=WholeNumber(1, 150),
        default=_DEFAULTS.mail_limit,
        show_default=True,
        metavar="MB",
        help="Largest size of an e-mail with its attachments, at most 150.",
    ),
    click.option(
        "--as-sent",
        is_flag=True,
        help="Write an e-mail that a mail program shows as sent, not as one to look at and send.",
    ),
    click.option(
        "--lines-per-page",
        type=WholeNumber(20),
        default=_DEFAULTS.lines_per_page,
        show_default=True,
        metavar="N",
        help="Lines per page of fax text, at least 20.",
    ),
    click.option(
        "--resolution",
        type=Choice(["fine", "standard"]),
        default=_DEFAULTS.resolution,
        show_default=True,
        help="Fax pages: 204x196 (fine) or 204x98 dots per inch.",
    ),
    click.option(
        "--compression",
        type=Choice(["group4", "group3"]),
        default=_DEFAULTS.compression,
        show_default=True,
        help="How fax pages are compressed.",
    ),
)


def order_options(command: _F) -> _F:
    """Add the options; the command gets an `order`, the `values` to set, and the `look`."""

    @functools.wraps(command)
    def run(*args: Any, **given: Any) -> Any:  # Any: each command's own
        look = Options(**{name: given.pop(name) for name in Options.__struct_fields__})
        strict, max_age, to = (given.pop(name) for name in ("strict", "max_age", "to"))
        formats = _formats_from(given.pop("formats"))
        is_by_service = formats == (_BY_SERVICE,)
        if is_by_service:
            by_route: dict[Route | None, str] = {}  # the first format for paper, e-mail and fax
            for name, exporter in all_exporters().items():
                by_route.setdefault(exporter.ROUTE, name)
            formats = tuple(by_route.values())
        order = Order(
            today=today(),
            parties=tuple(party for party in PARTIES if party in to or "all" in to),
            formats=formats,
            is_by_service=is_by_service,
            max_age=_DAYS_WITHOUT_LIMIT if strict and max_age is None else max_age,
            is_draft=given.pop("is_draft"),
            files_from=given.pop("files_from"),
        )
        if look.with_enclosures and "pdf" not in order.formats:
            usage_error("--with-enclosures needs the format pdf", "add -f pdf, or leave it out")
        letter, day = given.pop("letter"), given.pop("day")
        values = {
            "--letter": {"letter": letter} if letter else {},
            "--date": {"date": day.isoformat()} if day else {},
            "--set": dict(map(split_assignment, given.pop("assignments"))),
        }
        set_values = {option: texts for option, texts in values.items() if texts}
        return command(*args, order=order, values=set_values, look=look, **given)

    for option in reversed(_OPTIONS):
        option(run)
    return run  # type: ignore[return-value]  # wraps keeps the signature


def register_options(command: _F) -> _F:
    """Add --supersede and --no-register."""
    supersede = click.option(
        "--supersede",
        metavar="REASON",
        callback=require_reason,
        help="Replace letters that were sent, and record why; the old files move to earlier.",
    )
    no_register = click.option(
        "--no-register", is_flag=True, help="Keep no register of the letters in the folder."
    )
    return supersede(no_register(command))


def split_assignment(assignment: str) -> tuple[str, str]:
    """Return key and value of KEY=VALUE. Raises click.UsageError."""
    key, equals, value = assignment.partition("=")
    if not equals or not all(key.split(".")):
        message = f"--set {assignment!r} is not KEY=VALUE"
        usage_error(message, "such as --set signatory.title=Sheriff")
    if value[:1] + value[-1:] in ("[]", "{}"):
        hint = f"set each entry by itself: --set {key}.0=..., or --set {key}.0.name=..."
        usage_error(f"--set {key} takes one text, not {value!r}", hint)
    return key, value


def _formats_from(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the formats in -f, without repeats. Raises click.UsageError for an unknown one."""
    parts = (name.strip().lower() for text in texts for name in text.split(","))
    names = tuple(dict.fromkeys(OTHER_NAMES.get(name, name) for name in filter(None, parts)))
    if _BY_SERVICE in names and len(names) > 1:
        hint = "leave out the others, and write them with a second command"
        usage_error(f"{_BY_SERVICE} cannot go with another format", hint)
    for name in names:
        if name not in format_names() and name != _BY_SERVICE:
            formats = [*all_exporters(), _BY_SERVICE]
            match = closest(name, formats)
            known = f"did you mean {match!r}?" if match else f"one of {', '.join(formats)}"
            if (words := name.split())[1:] and {*words} <= {*formats, *OTHER_NAMES}:
                known = f"put commas between them: -f {','.join(words)}"
            usage_error(f"there is no format {name!r}", known)
    return names or usage_error("no format is named", "such as -f pdf,txt")


def say_stray_templates(library: Library) -> None:
    """Print a note on each file of the user's template folders that no letter uses."""
    if not library.templates.own:
        return
    from optout_cli.lint import unused_files  # reads every template

    for problem in unused_files(library):
        if problem.code == "stray-template":
            hint = f"; {problem.hint}" if problem.hint else ""
            say(f"note: {problem.location}: {problem.message}{hint}", problem.code)
