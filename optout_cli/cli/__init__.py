"""The command line. Imports only click until a command runs, so that `--help` is fast."""

import errno
import gc
import inspect
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import Any

import click
from click.core import ParameterSource

from optout_cli import __version__

_INTERRUPTED = 130  # ExitCode.INTERRUPTED, without its import
_UTF8 = ("utf-8", "utf8")
_WORDS = "optout_cli.words"  # where a context keeps what was typed

_CLOSED = (errno.EINVAL,) if os.name == "nt" else ()  # how Windows reports a pipe nobody reads
# Each command's module and its short help; a test compares these with the commands.
COMMANDS = {
    "new": "Create a request file by answering questions.",
    "write": "Write the letters of a request.",
    "batch": "Write the letters of many requests, as from a spreadsheet.",
    "sent": "Record that letters went out.",
    "delivered": "Record that letters arrived, or came back.",
    "answer": "Record an answer, and begin the letter that answers it.",
    "status": "Show where each letter stands, what is next and by when.",
    "diff": "Show what changed between two versions of a letter.",
    "review": "Show every letter of a folder, with its pages, on one web page.",
    "packet": "Put the proof of a notice into one PDF.",
    "labels": "Print labels or envelopes for the copies of letters.",
    "show": "Show whom a jurisdiction notifies, and where each address is from.",
    "guide": "Show step by step how a jurisdiction gives notice.",
    "list": "List jurisdictions, agencies, offices, letters and more.",
    "check": "Find every problem in requests, data and templates.",
    "correct": "Correct an address that an office confirmed.",
    "schema": "Print a JSON Schema for your editor.",
    "doctor": "Check that this computer has what optout needs.",
    "help": "Explain a command or a topic, such as formats.",
}
# The sections of `docs/` that `optout help` prints: page and heading, which has no number here.
# Without a heading, the whole page.
TOPICS = {
    "addresses": ("letters.md", "Confirm the addresses"),
    "codes": ("scripts.md", "Codes of problems"),
    "completion": ("install.md", "Let the shell complete what you type"),
    "data": ("data.md", "Your own data"),
    "dates": ("letters.md", "Dates"),
    "editor": ("letters.md", "Let your editor check"),
    "engines": ("letters.md", "Choose what lays out the pages"),
    "environment": ("scripts.md", "Environment variables"),
    "exit-codes": ("scripts.md", "Exit codes"),
    "files": ("install.md", "What optout keeps on your computer"),
    "formats": ("scripts.md", "Formats"),
    "json": ("scripts.md", "JSON"),
    "notes": ("scripts.md", "Codes of notes"),
    "pipelines": ("scripts.md", "Pipelines"),
    "record": ("record.md", ""),
    "register": ("record.md", "The register"),
    "replacing": ("record.md", "What is replaced, and what stays"),
    "routes": ("email-and-fax.md", ""),
    "signatures": ("email-and-fax.md", "Say how the letter is signed"),
    "streams": ("scripts.md", "Streams"),
    "tables": ("batch.md", "Make the table"),
    "wording": ("wording.md", ""),
    "yaml": ("letters.md", "Change the request"),
}
# What people call some commands and choices.
MEANT = {
    "send": "sent",
    "received": "delivered",
    "returned": "delivered",
    "reply": "answer",
    "print": "write",
    "make": "write",
    "create": "new",
    "edit": "new",
    "compare": "diff",
    "search": "show",
    "address": "show",
    "fix": "correct",
    "counties": "jurisdictions",
    "county": "jurisdictions",
    "cities": "jurisdictions",
    "city": "jurisdictions",
    "sheriffs": "agencies",
    "addresses": "offices",
    "programs": "letters",
    "paragraphs": "passages",
}
_EXAMPLE = re.compile(r"(?:Examples?: *)?(optout .+)")  # a line of a command's epilog


class _Group(click.Group):
    """A group that imports a command only when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return [*COMMANDS]  # not list(): that is the command's module, once imported

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"optout_cli.cli.{cmd_name}").command
        from optout_cli.cli.options import may_be_empty  # imported with the command

        # A variable sets each option: OPTOUT_BATCH_MAX_AGE is `batch --max-age`. Click would name
        # it after the function's argument, which no user knows.
        for option in command.params:
            if isinstance(option, click.Option):
                name = next(name for name in option.opts if name.startswith("--"))
                own = re.sub(r"\W", "_", f"optout {command.name} {name[2:]}").upper()
                shared = [option.envvar] if isinstance(option.envvar, str) else []
                option.envvar = option.envvar if option.envvar and not shared else [own, *shared]
                blank = [name for name in option.envvar if os.environ.get(name, "").isspace()]
                if blank and not ctx.resilient_parsing:
                    message = f"the environment variable {blank[0]} is blank"
                    hint = "give it a value, or unset it"
                    raise click.UsageError(f"{message}\n  hint: {hint}", ctx)
            # Not yet, in this process.
            if not isinstance(option.callback, partial) and option.callback is not may_be_empty:
                option.callback = partial(_refuse_empty, option.callback)
        _put_examples_first(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.UsageError as error:
            if args[0] in COMMANDS:
                raise
            from optout_cli.errors import did_you_mean

            hint = did_you_mean(args[0], COMMANDS, MEANT)
            raise click.UsageError(f"{error.message}\n  hint: {hint}", ctx) from None
        if command and not ctx.resilient_parsing:
            # Click drops all values of an option but the last, and tells nobody: read them before.
            own = click.Context(command, ctx, name)
            _, _, given = command.make_parser(own).parse_args([*rest])
            for option in dict.fromkeys(given):
                takes_one = isinstance(option, click.Option) and not option.is_flag
                if takes_one and not option.multiple and given.count(option) > 1:
                    message = f"{option.opts[-1]} is given {given.count(option)} times"
                    hint = "give it once: it takes one value"
                    raise click.UsageError(f"{message}\n  hint: {hint}", own)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; name the variable that has a bad value, and hint at what is meant."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            from optout_cli.errors import shorten_quotes

            # Click declares it final, and lists an empty choice of a switch.
            vars(error)["message"] = shorten_quotes(error.message).replace(": , 0", ": 0")
            # Nobody typed an option that an environment variable set: name that.
            option, own = getattr(error, "param", None), error.ctx
            if isinstance(error, click.BadParameter) and isinstance(option, click.Option) and own:
                source = own.get_parameter_source(option.name or "")
                if source is ParameterSource.ENVIRONMENT:
                    variable = next(filter(os.environ.get, option.envvar or ()))
                    error.param_hint = f"{option.get_error_hint(own)} (set by {variable})"
            hint, message = _hint_for(error), error.format_message()
            hinted = click.UsageError(f"{message}\n  hint: {hint}", error.ctx) if hint else error
            if not _wants_json(ctx.meta[_WORDS]):
                raise hinted from None
            from optout_cli.cli.console import say_usage_problem

            say_usage_problem(hinted)
            sys.exit(hinted.exit_code)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])
        with formatter.section("Topics, for optout help TOPIC"):
            formatter.write_text(", ".join(TOPICS))


def _hint_for(error: click.UsageError) -> str | None:
    """Return what to type instead: an example, -o, quotation marks, or less."""
    if isinstance(error, click.MissingParameter):
        text = error.ctx and error.ctx.command.help
        example = re.search(r"^  (optout .+)", text or "", re.MULTILINE)
        is_choice = isinstance(error.param and error.param.type, click.Choice)
        return f"such as {example[1]}" if example and not is_choice else None
    if isinstance(error, click.NoSuchOption) and error.ctx:
        words = (word for word in error.ctx.meta[_WORDS] if word.startswith(error.option_name))
        files = filter(re.compile(r"[^=]*\.\w+").fullmatch, words)
        return next((f"for a file, type ./{file}" for file in files), None)
    extra = re.match(r"Got unexpected extra arguments? \((\S+).*\)", error.message)
    if not extra or not error.ctx:
        return None
    word, command = extra[1], error.ctx.command
    is_file = re.search(r"[/\\]$|\.[a-z]{2,4}$", word)
    if word.endswith((".yaml", ".yml")) and command.name != "new":
        return "name one file at a time; optout batch takes many requests"
    if is_file and any("--output" in option.opts for option in command.params):
        return f"to write there, add -o {word}"
    is_name = not is_file and any(it.name in ("what", "jurisdiction") for it in command.params)
    return 'put quotes around a name with spaces: "Marin County, CA"' if is_name else "leave it out"


def _put_examples_first(command: click.Command) -> None:
    """Move the examples from the end of a command's help to its beginning, once."""
    lines = (command.epilog or "").splitlines()
    if found := [match[1] for line in lines if (match := _EXAMPLE.fullmatch(line.strip()))]:
        examples = "".join(f"  {line}\n" for line in found)
        command.help = f"\b\nExamples:\n{examples}\n{inspect.cleandoc(command.help or '')}"
        command.epilog = None


def _wants_json(words: Sequence[str]) -> bool:
    """Tell whether a command line that may be wrong asks for JSON."""
    command = next((word for word in words if word in COMMANDS), "")
    names = (f"OPTOUT_{command}_{name}".upper() for name in ("json", "ndjson"))
    texts = (os.environ.get(name, "").lower() for name in names)
    is_set = any(text in ("1", "true", "yes", "on", "t", "y") for text in texts)
    return is_set or bool({"--json", "--ndjson"}.intersection(words))


# Any: whatever the parameter takes.
def _refuse_empty(
    callback: Callable[[click.Context, click.Parameter, Any], Any] | None,
    ctx: click.Context,
    param: click.Parameter,
    value: Any,
) -> Any:
    """Call a parameter's own callback. Raises click.BadParameter for an empty text.

    A script means something else by `--number "$NUMBER"` than to leave it out.
    """
    if "" in (value if isinstance(value, tuple) else (value,)):
        raise click.BadParameter(
            "it is empty\n  hint: give it a value, or leave it out", ctx, param
        )
    return callback(ctx, param, value) if callback else value


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    short_help="Write formal letters by which a jurisdiction opts out of an immigration-enforcement"
    " program.",
    epilog="optout guide marin-county-ca\noptout new marin-county-ca\n"
    "optout write marin-county-ca -o letters/\noptout help dates",
)
@click.version_option(__version__, message="optout %(version)s")
def group() -> None:
    """Write formal letters by which a jurisdiction opts out of an immigration-enforcement program.

    optout writes letters for an official to sign. It sends nothing, it is not legal advice, and it
    tells you what a letter can and cannot do.
    """


_put_examples_first(group)


def main() -> None:
    """Run the command line and exit with its code."""
    gc.disable()  # collecting takes a tenth of a short run and frees nothing
    lost = _prepare_streams()
    received = _interrupt_on_signals()
    try:
        code = group.main(standalone_mode=False)
    except click.ClickException as error:
        _show_error(error)
        code = error.exit_code
    except click.Abort:
        from optout_cli.errors import interruption

        with suppress(OSError):  # the terminal is gone
            click.echo(interruption(as_json=_wants_json(sys.argv[1:])), err=True)
        code = _INTERRUPTED
    except SystemExit as error:
        code = error.code
    except OSError as error:
        if not received:  # or the terminal is gone
            _give_up_output(error)
        code = 1
    finally:
        if lost and lost.is_used:
            click.echo("standard output: is closed, so what was printed there is lost", err=True)
            code = code or 1
        gc.freeze()  # or Python collects once more at exit, a seventh of the time of a text letter
    sys.exit(128 + received[0] if received else code)


def _show_error(error: click.ClickException) -> None:
    """Print what is wrong with the command line: as JSON, or wrapped for a terminal."""
    if isinstance(error, click.UsageError):
        from optout_cli.cli.console import as_called, say_usage_problem, terminal_width, wrapped

        if _wants_json(sys.argv[1:]):
            say_usage_problem(error)
            return
        text = f"Error: {error.format_message()}"
        text = wrapped(text, terminal_width()) if sys.stderr.isatty() else as_called(text)
        error = click.UsageError(text.removeprefix("Error: "), error.ctx)
    error.show()


class LostOutput(FileIO):
    """Takes what a command prints although its standard output is closed."""

    is_used = False

    # Any: bytes in any form, as FileIO takes them.
    def write(self, content: Any) -> int:  # noqa: D102  # FileIO's own
        self.is_used = True
        return super().write(content)


def _prepare_streams() -> LostOutput | None:
    """Open each standard stream that is closed, or the next file would take its number.

    What goes to a closed standard error is dropped, and reading a closed standard input fails.
    Returns standard output if it was closed.
    """
    lost = None
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_WRONLY)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            if name == "stdin":
                sys.stdin = open(number, encoding="utf-8", closefd=False)  # noqa: SIM115
                continue
            raw = LostOutput(number, "w", closefd=False)
            lost = raw if name == "stdout" else lost
            setattr(sys, name, TextIOWrapper(BufferedWriter(raw), "utf-8", write_through=True))
    for stream in (sys.stdout, sys.stderr):
        # A terminal of Windows may have an encoding that lacks letters: `?` stands for them.
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in _UTF8:
            stream.reconfigure(errors="replace")
    return lost


def give_up_stdout() -> None:
    """Drop what is not printed yet: Python must not try to flush standard output at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _give_up_output(error: OSError) -> None:
    """Report a full output; of one that nobody reads, say nothing. Raises any other error."""
    if error.errno not in (errno.ENOSPC, *_CLOSED):
        raise error
    give_up_stdout()
    if error.errno == errno.ENOSPC:
        click.echo(f"standard output: cannot be written: {error.strerror}", err=True)


def _interrupt_on_signals() -> list[int]:
    """End on SIGTERM and SIGHUP as on Ctrl-C; return the list that the first of them goes into.

    A signal that is ignored, as by nohup, stays ignored.
    """
    received: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, interrupt)
    return received
