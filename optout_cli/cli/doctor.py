"""`optout doctor`: whether everything is here that the letters need, and the cure where not."""

from collections.abc import Iterator

import click
import platformdirs

from optout_cli.cache import Cache
from optout_cli.cli.console import APP, print_json, report_problems
from optout_cli.cli.options import json_option, own_files
from optout_cli.errors import ExitCode
from optout_cli.reports.doctor import Check, run_checks


@click.command(
    "doctor",
    short_help="Say whether everything is here that the letters need.",
    epilog="Example:  optout doctor",
)
@json_option
@report_problems
def command(as_json: bool) -> None:
    """Look at what the letters need of this machine, and name the cure of what is not well.

    Looks at versions, Pango, harfbuzz-subset, the typeface, libyaml, the cache folder and the
    locale. What is poor is a nuisance; the exit code is 1 where something is broken.
    """
    found = [*run_checks(Cache(platformdirs.user_cache_path(APP))), *_own_files()]
    for it in found:
        if as_json:
            print_json(it)
            continue
        click.echo(f"{it.state:<7} {it.what}: {it.found}")
        if it.cure:
            click.echo(f"        cure: {it.cure}")
    if any(it.state == "broken" for it in found):
        raise SystemExit(ExitCode.CONTENT)


def _own_files() -> Iterator[Check]:
    """Yield what of the user's own data and templates keeps every command from beginning."""
    for it in own_files()[2]:
        found = f"{it.location} {it.message}"
        yield Check(what="own files", state="broken", found=found, cure=it.hint)
