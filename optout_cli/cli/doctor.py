"""`optout doctor`: check that this computer has what optout needs, and say how to fix it."""

import click
import platformdirs

from optout_cli.cache import Cache
from optout_cli.cli.console import APP, print_json, report_problems
from optout_cli.cli.options import json_option, own_files
from optout_cli.errors import ExitCode
from optout_cli.reports.doctor import Check, run_checks


@click.command(
    "doctor",
    short_help="Check that this computer has what optout needs.",
    epilog="Example:  optout doctor",
)
@json_option
@report_problems
def command(as_json: bool) -> None:
    """Check this computer, and say how to fix each problem.

    Checks versions, the PDF engines, Pango, harfbuzz-subset, the typeface, libyaml, the cache
    folder and the locale.
    "poor" means that it works, but slower or with limits; "broken" means that optout cannot work,
    and the exit code is 1.
    """
    checks = [*run_checks(Cache(platformdirs.user_cache_path(APP)))]
    for doubt in own_files()[2]:  # every command would stop at these
        found = f"{doubt.location} {doubt.message}"
        checks.append(Check(what="own files", state="broken", found=found, cure=doubt.hint))
    for check in checks:
        if as_json:
            print_json(check)
            continue
        click.echo(f"{check.state:<7} {check.what}: {check.found}")
        if check.cure:
            click.echo(f"        fix: {check.cure}")
    if any(check.state == "broken" for check in checks):
        raise SystemExit(ExitCode.CONTENT)
