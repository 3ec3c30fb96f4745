"""What the values of options and arguments may be, told in optout's own words."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from optout_cli.cli import MEANT
from optout_cli.cli.console import say_problems
from optout_cli.errors import ExitCode, closest
from optout_cli.readers.cells import choice_in_words
from optout_cli.readers.files import no_such_folder
from optout_cli.readers.postal import carrier_hint


class Choice(click.Choice[str]):
    """A choice that is also read in other words: `Certified Mail`, `PDF`, `counties`, `letter`."""

    def __init__(self, choices: Iterable[str]) -> None:
        super().__init__([*choices], case_sensitive=False)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice that is meant. Raises click.BadParameter with the likeliest one."""
        names, word = [*self.choices], value.casefold()
        others = (choice_in_words(value, names), MEANT.get(word), f"{word}s")
        try:
            return super().convert(
                next((other for other in others if other in names), value), param, ctx
            )
        except click.BadParameter as error:
            hint = f"did you mean {near!r}?" if (near := closest(word, names)) else ""
            hint = (carrier_hint(value) if "mail" in names else None) or hint
            own = {name for other in ctx.command.params for name in other.opts} if ctx else set()
            if param and (flag := f"--{word}") in own:
                hint = f"use {flag} in place of {param.opts[0]} {value}"
            message = f"{error.message}\n  hint: {hint}" if hint else error.message
            raise click.BadParameter(message, ctx, param) from None


class Folder(click.Path):
    """A folder that exists; what is wrong with another name is told as of any other path."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, exists=True, file_okay=False)

    # Any: click's signature.
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Raises click.exceptions.Exit after it printed the Problem."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            problem = no_such_folder(os.fsdecode(value))
            if ctx and param and (name := param.name):
                if ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT:
                    variable = next(filter(os.environ.get, param.envvar or ()))
                    message = f"{problem.message} (set by {variable})"
                    problem = msgspec.structs.replace(problem, message=message)
                if not ctx.resilient_parsing:
                    say_problems([problem])
            raise click.exceptions.Exit(ExitCode.COMMAND_LINE) from None
