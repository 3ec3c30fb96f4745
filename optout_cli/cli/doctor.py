"""`optout doctor`: check that this computer has what optout needs, and say how to fix it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from optout_cli.batch.pool import can_start_workers
from optout_cli.cache import Cache
from optout_cli.cli import LostOutput
from optout_cli.cli.console import print_json, print_text, report_problems, user_folder
from optout_cli.cli.options import json_option, own_files
from optout_cli.errors import ExitCode
from optout_cli.letters.library import Library
from optout_cli.reports.doctor import Check, run_checks


@click.command(
    "doctor",
    short_help="Check that this computer has what optout needs.",
    epilog="optout doctor\noptout doctor --json",
)
@json_option
@report_problems
def command(as_json: bool) -> None:
    """Check this computer, and say how to fix each problem.

    Checks versions, Pango, harfbuzz-subset, the typeface, libyaml, the locale and your own files.
    Prints a page with each PDF engine, and writes to the cache and to this folder.
    "poor" means that it works, but slower or with limits; "broken" means that optout cannot work,
    and the exit code is 1.
    """
    cache = Cache(user_folder("cache"))
    checks = [*run_checks(Library(cache=cache), cache, Path()), *_check_process()]
    for doubt in own_files()[2]:  # every command would stop at these
        found = f"{doubt.location} {doubt.message}"
        checks.append(Check(what="own files", state="broken", found=found, cure=doubt.hint))
    for check in checks:
        if as_json:
            print_json(check)
            continue
        print_text(f"{check.state:<7} {check.what}: {check.found}")
        if check.cure:
            print_text(f"        fix: {check.cure}")
    if any(check.state == "broken" for check in checks):
        raise SystemExit(ExitCode.CONTENT)


def _check_process() -> Iterator[Check]:
    """Check what this process was given: other processes for a batch, and its streams."""
    if can_start_workers():
        yield Check(what="processes", found="a batch uses several at once")
    else:
        found = "the system lets none share work; a batch makes its letters one by one"
        yield Check(what="processes", state="poor", found=found, cure="allow writing to /dev/shm")
    streams = {"standard output": sys.stdout, "standard error": sys.stderr}
    closed = [
        name
        for name, stream in streams.items()
        if isinstance(getattr(getattr(stream, "buffer", None), "raw", None), LostOutput)
    ]
    if not closed:
        yield Check(what="streams", found="open")
        return
    found = f"closed: {' and '.join(closed)}; nobody sees what optout prints there"
    yield Check(what="streams", state="poor", found=found, cure="run optout without >&- and 2>&-")
