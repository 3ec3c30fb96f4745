"""The command line. Imports nothing but click until a command runs: `--help` is quick."""

import errno
import gc
import os
import re
import sys
from importlib import import_module

import click
from click.core import ParameterSource

from optout_cli import __version__

# Each command's module and its line in the list; a test compares the lines with the commands.
COMMANDS = {
    "new": "Write a request: asks on a terminal, else gives a sample.",
    "write": "Write a notice's letters: to the state's bureau and to ICE.",
    "batch": "Write the letters of many requests, from a spreadsheet or a pipeline.",
    "show": "Show who would be notified of a jurisdiction's letters.",
    "guide": "Say step by step how a jurisdiction gives notice.",
    "list": "List jurisdictions, letters, agencies or formats.",
    "check": "Say everything that is wrong with data, templates and requests.",
    "schema": "Print a JSON Schema, for editors that complete and check.",
    "doctor": "Say whether everything is here that the letters need.",
}


class _Group(click.Group):
    """Imports a command only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return [*COMMANDS]  # here `list` is the command's module, once that was imported

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"optout_cli.cli.{cmd_name}").command
        _name_variables(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from optout_cli.errors import did_you_mean

            hint = did_you_mean(args[0], COMMANDS)
            raise click.UsageError(f"{error.message}\n  hint: {hint}", ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.BadParameter as error:
            raise _naming_variable(error) from None
        except click.UsageError as error:
            if "unexpected extra argument" not in error.message:
                raise
            hint = 'put a name with blanks in it in quotes: "Marin County, CA"'
            raise click.UsageError(f"{error.message}\n  hint: {hint}", error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


def _name_variables(command: click.Command) -> None:
    """Let a variable of the environment set each option: `batch --max-age`, OPTOUT_BATCH_MAX_AGE.

    Click itself would name it after the function's argument, which no user knows.
    """
    for option in command.params:
        if isinstance(option, click.Option):
            name = next(it for it in option.opts if it.startswith("--"))
            words = f"optout {command.name} {name.removeprefix('--')}"
            option.envvar = re.sub(r"\W", "_", words).upper()


def _naming_variable(error: click.BadParameter) -> click.BadParameter:
    """Say that a bad value is a variable's, where nobody typed it on the command line."""
    option, context = error.param, error.ctx
    if not isinstance(option, click.Option) or not context or not option.name:
        return error
    if context.get_parameter_source(option.name) is ParameterSource.ENVIRONMENT:
        error.param_hint = f"{option.get_error_hint(context)} (set by {option.envvar})"
    return error


@click.group(
    cls=_Group,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
    epilog="Example:  optout write marin-county-ca -o letters/\n\nA variable of the environment can"
    " set each option, such as OPTOUT_WRITE_MAX_AGE for `optout write --max-age`.",
)
@click.version_option(__version__, message="optout %(version)s")
def group() -> None:
    """Write a jurisdiction's formal notice that it opts out of an immigration-enforcement program.

    optout writes drafts for an official to sign. It acts in nobody's name, it is not legal advice,
    and it says what a letter can and cannot do.
    """


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()  # a short process: looking for cycles costs a tenth of it and frees nothing
    try:
        code = group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        click.echo("interrupted; each file is whole or absent", err=True)
        code = 130
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        code = _tell_full_output(error)
    finally:
        gc.freeze()  # else Python looks for them once more as it ends, a seventh of a text letter
    sys.exit(code)


def _tell_full_output(error: OSError) -> int:
    """Say that what standard output leads to is full, and keep Python from trying it once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    click.echo(f"standard output: cannot be written: {error.strerror}", err=True)
    return 1
