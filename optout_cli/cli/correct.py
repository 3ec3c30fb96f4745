"""`optout correct`: keep what an office confirmed, for all later letters."""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from optout_cli.authoring.correction import (
    Confirmed,
    contact_at,
    corrected_contact,
    corrected_fields,
    corrections_text,
    require_change,
    target_of,
    with_correction,
)
from optout_cli.cli.console import (
    print_path,
    report_problems,
    say,
    usage_error,
    user_folder,
)
from optout_cli.cli.options import (
    CORRECTIONS,
    JURISDICTION,
    jurisdictions,
    library_from,
    library_options,
    parse_date,
    say_what_moved,
    today,
)
from optout_cli.cli.order import Assignments, split_assignment
from optout_cli.directory import Directory
from optout_cli.errors import ExitCode, Problem
from optout_cli.model.jurisdiction import Contact
from optout_cli.output import write_all
from optout_cli.readers.stored import load_document

_FIELDS = {  # of a contact, as the user is asked for them
    "attention": "Title of its head",
    "organization": "Organization",
    "address.street": "Street or box",
    "address.city": "City",
    "address.state": "State",
    "address.zip": "ZIP code",
    "phone": "Telephone",
    "fax": "Fax",
    "email": "E-mail",
}


@click.command(
    "correct",
    short_help="Correct an address that an office confirmed.",
    epilog="optout correct CA --set fax=916-555-0111 --who clerk --how telephone\n"
    "optout correct CA --set phone=916-555-0112 --who clerk --how email",
)
@click.argument("what", metavar="WHAT", shell_complete=jurisdictions)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    type=Assignments(),
    metavar="KEY=VALUE",
    help="What changed, such as address.zip=95814 (repeatable). Without it, all is confirmed as it"
    " is.",
)
@click.option("--who", metavar="TEXT", help="Who confirmed it, such as 'the records desk'.")
@click.option("--how", metavar="TEXT", help="How: telephone, e-mail, their web page.")
@click.option(
    "--on",
    "day",
    metavar="DATE",
    callback=parse_date,
    help="On which day, YYYY-MM-DD.  [default: today]",
)
@library_options
@report_problems
def command(
    what: str,
    assignments: Sequence[str],
    who: str | None,
    how: str | None,
    day: date | None,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Keep what an office confirmed, or what changed, for all later letters.

    WHAT is a state (california means its State Identification Bureau), an ICE office
    (ero-san-francisco), an agency or a jurisdiction. On a terminal, optout asks for each value,
    for who confirmed it, how and when. Elsewhere name them with --set, --who, --how and --on.

    Writes corrections.yaml in your own folder, with source and date. Every command uses it.
    """
    directory = library_from(overlays, folders).directory
    target = target_of(what, directory, JURISDICTION)
    contact, texts = contact_at(target, directory), dict(map(split_assignment, assignments))
    if is_terminal() and not (texts or who or how):
        try:
            texts, confirmed = _ask_all(contact, day)
        except (click.Abort, KeyboardInterrupt):
            say("\nstopped; nothing was corrected")
            raise SystemExit(ExitCode.INTERRUPTED) from None
    else:
        if not (who and how):
            given = {"--who": who, "--how": how}
            missing = " and no ".join(name for name, value in given.items() if not value)
            usage_error(f"no {missing}", "say who confirmed it, and how")
        confirmed = Confirmed(how, who, day or today())
        if confirmed.day > today():
            usage_error(f"--on {day} is in the future", "name the day on which you asked")
    if contact is None:
        require_change(texts, target)
        row = corrected_fields(texts, confirmed)
    else:
        row = corrected_contact(contact, texts, confirmed)
    print_path(keep_correction(target, row, directory))


def is_terminal() -> bool:
    """Tell whether a person can read the questions and type answers."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def keep_correction(target: str, row: dict[str, object], directory: Directory) -> Path:
    """Write a corrected row to the user's own file, and return its path. Raises OptoutError."""
    folder = user_folder("config")
    if folder is None:
        message = "there is no folder for your corrections: HOME is not set"
        usage_error(message, "set HOME or XDG_CONFIG_HOME to a folder of yours")
    path = folder / CORRECTIONS
    known = dict(load_document(str(path)).data) if path.is_file() else {}
    text = corrections_text(with_correction(known, target, row), directory)
    fresh = write_all({path: text.encode()}, force=True, keep=[path])
    say_what_moved([path for path, earlier in fresh.items() if earlier])
    return path


def _ask_all(contact: Contact | None, day: date | None) -> tuple[dict[str, str], Confirmed]:
    """Ask what changed, and who confirmed it, how and when."""
    from optout_cli.cli.new.ask import ask, say_wrapped

    say_wrapped("Press Enter to keep the value in brackets. Ctrl-C stops, and nothing is written.")
    texts: dict[str, str] = {}
    known = _texts_of(contact) if contact else {"name": "", "formal": ""}
    for path, value in known.items():
        label = _FIELDS.get(path, path.capitalize())
        if (answer := ask(label, default=value)) != value:
            texts |= _lines(path, answer)
    who = ask("Who confirmed it?", "For example: the records desk.", required=True)
    how = ask("How?", default="telephone", required=True)
    today_ = (day or today()).isoformat()
    text = ask("On what date?", default=today_, check=_date_problem, required=True)
    return texts, Confirmed(how, who, date.fromisoformat(text))


def _date_problem(text: str) -> Problem | None:
    """Return what is wrong with the day of a confirmation, if anything."""
    try:
        is_later = date.fromisoformat(text) > today()
    except ValueError:
        return Problem("wrong-date", f"{text!r} is not a date", hint="write it as 2026-11-24")
    if is_later:
        message, hint = f"{text} is in the future", "write the day on which you asked"
        return Problem("later-confirmation", message, hint=hint)
    return None


def _texts_of(contact: Contact) -> dict[str, str]:
    """Return each field of a contact as it is asked for; lines have a semicolon between them."""
    texts = {}
    for path in _FIELDS:
        value: object = contact
        for part in path.split("."):
            value = getattr(value, part)
        texts[path] = "; ".join(value) if isinstance(value, tuple) else str(value or "")
    return texts


def _lines(path: str, answer: str) -> dict[str, str]:
    if path not in ("organization", "address.street"):
        return {path: answer}
    lines = filter(None, (line.strip() for line in answer.split(";")))
    return {path: ""} | {f"{path}.{number}": line for number, line in enumerate(lines)}
