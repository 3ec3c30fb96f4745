"""`optout correct`: keep what an office confirmed in the user's own data, for all later letters."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from optout_cli.cli.ask import (
    Question,
    ask,
    ask_in_turn,
    ask_yes,
    is_terminal,
    say_wrapped,
    tidied,
)
from optout_cli.cli.console import print_path, report_problems, say, usage_error
from optout_cli.cli.letter_options import set_option, split_assignment
from optout_cli.cli.options import (
    jurisdictions,
    library_from,
    library_options,
    parse_past_day,
    quiet_option,
    today,
)
from optout_cli.cli.user_folder import Tree, keep_correction
from optout_cli.directory import Directory
from optout_cli.errors import ExitCode, Location, OptoutError, Problem, closest
from optout_cli.model.jurisdiction import OWN_ENTRY, Contact
from optout_cli.readers.cells import check_date
from optout_cli.readers.document import Document, Layer, with_assignments
from optout_cli.readers.postal import address_parts, state_code
from optout_cli.readers.validate import convert
from optout_cli.readers.values import judge

_WHAT = Location("WHAT", is_command_line=True)
_ADDRESSEE = frozenset({"attention", "organization", "address"})
_TYPED = ("attention", "organization", "address", "phone", "fax", "email", "website")
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
_EXPLAINED = (
    "All later letters take what you type here. Keep the value in brackets unless the office told"
    " you another one. Several lines have a semicolon between them."
)


class Confirmed(NamedTuple):
    """Who confirmed a correction, how, and when. `who` may be empty."""

    how: str
    who: str
    day: date

    @property
    def note(self) -> str:
        """Who confirmed it and how, in words."""
        by_whom = f" by {self.who}" if self.who else ""
        return f"confirmed{by_whom}, {self.how}"


_HELP = """\
Keep what an office confirmed, or what changed, for all later letters.

WHAT is a state (california means its State Identification Bureau), an ICE office
(ero-san-francisco), an agency or a jurisdiction. On a terminal, optout asks for each value,
for who confirmed it, how and when. In a script, use --set, --who, --how and --on.

Writes corrections.yaml in your own folder, with source and date. Every command uses it. --undo
takes all that you corrected of WHAT out of it; the file as it was stays in the folder earlier.
"""


@click.command(
    "correct",
    help=_HELP,
    short_help="Correct an address that an office confirmed.",
    epilog="optout correct CA --set fax=916-555-0111 --who clerk --how telephone\n"
    "optout correct CA --set phone=916-555-0112 --who clerk --how email\n"
    "optout correct CA --undo",
)
@click.argument("what", metavar="WHAT", shell_complete=jurisdictions)
@set_option(
    "What changed, such as address.zip=95814 (repeatable; a semicolon separates lines). Without it,"
    " you confirm all as it is."
)
@click.option("--who", metavar="TEXT", help="Who confirmed it, such as 'the records desk'.")
@click.option("--how", metavar="TEXT", help="How: telephone, e-mail, their web page.")
@click.option(
    "--on",
    "day",
    metavar="DATE",
    callback=parse_past_day,
    help="On which day, YYYY-MM-DD.  [default: today]",
)
@click.option(
    "--undo",
    is_flag=True,
    help="Take back what you corrected there: optout's own data counts again.",
)
@quiet_option
@library_options
@report_problems
def command(
    what: str,
    assignments: Sequence[str],
    who: str | None,
    how: str | None,
    day: date | None,
    undo: bool,
    quiet: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """Ask what changed, or take it from the options, and write it into the user's own data."""
    directory = library_from(overlays, folders).directory
    target = target_of(what, directory, _WHAT)
    if undo:
        if assignments or who or how or day:
            message = "--undo takes back what you corrected, and corrects nothing"
            usage_error(message, "leave the other options out; then correct what is wrong")
        print_path(keep_correction(target, None, directory))
        return
    contact = contact_at(target, directory)
    texts = _texts_of(assignments)
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
    confirmed = confirmed._replace(how=confirmed.how.removeprefix("by "))
    row = (
        _row_of_place(target, texts, confirmed)
        if contact is None
        else corrected_contact(contact, texts, confirmed)
    )
    print_path(keep_correction(target, row, directory))
    if not quiet and (kept := contact_at(target, library_from(overlays, folders).directory)):
        _say_if_too_long(kept)


def _say_if_too_long(contact: Contact) -> None:
    """Print a note if an address does not fit into the window of an envelope."""
    from optout_cli.engines.measure import LINES, window_lines  # reads the widths of letters

    lines = window_lines(contact.envelope or contact.block)
    if lines > LINES:
        option = "--set envelope.0='...'"
        say(
            f"note: the address takes {lines} lines, and the window of an envelope shows {LINES};"
            f" run this command again with a shorter form of each line, {option} and so on"
        )


def _ask_all(contact: Contact | None, day: date | None) -> tuple[dict[str, str], Confirmed]:
    """Ask what changed, and who confirmed it. Raises click.Abort if it is not right."""
    say_wrapped(
        "Press Enter to keep the value in brackets; a single - empties it. Type < to go back, and ?"
        " to have a question explained. Ctrl-C stops, and nothing is written."
    )
    known = {"name": "", "formal": ""}
    if contact:
        known = {path: contact.text_at(path) for path in _FIELDS}
    labels = {path: _FIELDS.get(path, path.capitalize()) for path in known}
    kept = "optout keeps who confirmed the address, how and on what day, beside the address."
    asked = partial(ask, required=True, explain=kept)

    def field_asked(path: str, before: str) -> str:
        check = partial(_field_problem, contact, path)
        default = before or known[path]
        return ask(labels[path], default=default, check=check, explain=_EXPLAINED, path=path)

    def right_asked(answers: Mapping[str, str], _before: str) -> str:
        changed = [path for path in known if answers[path] != known[path]]
        for path in changed:
            say_wrapped(f"{labels[path]}: {answers[path] or 'none'}", "  ")
        label = "Write this?" if changed else "Nothing changed. Write that all is confirmed?"
        explain = "y keeps this for all later letters. n stops. < goes back to the question before."
        return "yes" if ask_yes(label, default=True, explain=explain) else ""

    questions: dict[str, Question] = {path: partial(field_asked, path) for path in known}
    usual, note = str(day or today()), "For example: the records desk."
    questions |= {
        "who": lambda before: asked("Who confirmed it?", note, default=before),
        "how": lambda before: asked("How?", default=before or "telephone"),
        "day": lambda before: asked(
            "On what date?", default=before or usual, check=_date_problem, is_date=True
        ),
    }
    answers = ask_in_turn(lambda said: {**questions, "right": partial(right_asked, said)})
    if not answers["right"]:
        raise click.Abort
    texts: dict[str, str] = {}
    for path, value in known.items():
        if answers[path] != value:
            texts |= _lines(path, answers[path])
    day = date.fromisoformat(answers["day"])
    return texts, Confirmed(answers["how"], answers["who"], day)


def _field_problem(contact: Contact | None, path: str, text: str) -> Problem | None:
    """Return what is wrong with a new value of one field, if anything."""
    if contact is not None:
        try:
            corrected_contact(contact, _lines(path, text), Confirmed("telephone", "", today()))
        except OptoutError as error:
            return msgspec.structs.replace(error.problems[0], location=None)
    return None


def _date_problem(text: str) -> Problem | None:
    """Return what is wrong with the day of a confirmation, if anything."""
    if wrong := check_date(text):
        return Problem("wrong-date", f"{text!r} {wrong[0]}", hint=wrong[1])
    if date.fromisoformat(text) > today():
        message, hint = f"{text} is in the future", "write the day on which you asked"
        return Problem("later-confirmation", message, hint=hint)
    return None


def _texts_of(assignments: Sequence[str]) -> dict[str, str]:
    """Return the texts of --set by key path, each line of several at its own.

    An address on one line is divided, where its parts are sure.
    """
    texts: dict[str, str] = {}
    for path, text in map(split_assignment, assignments):
        whole = address_parts(text) if path == "address" else None
        for each, part in (whole or {path: text}).items():
            full = f"address.{each}" if f"address.{each}" in _FIELDS else each  # `zip=95814`
            texts |= _lines(full, tidied(full, part))
    return texts


def _lines(path: str, answer: str) -> dict[str, str]:
    if path not in ("organization", "address.street"):
        return {path: answer}
    lines = filter(None, (line.strip() for line in answer.split(";")))
    return {path: ""} | {f"{path}.{number}": line for number, line in enumerate(lines)}


def target_of(what: str, directory: Directory, location: Location) -> str:
    """Return the key path in the data of what is to be corrected.

    `what` is a state (its bureau), the id of a bureau or office, an agency, or a jurisdiction.
    Raises OptoutError at `location`.
    """
    name = what.removeprefix("bureau-")
    code = None if "," in name else state_code(name.replace("-", " "))  # guam-gu is none
    if code in directory.data.states:
        return f"states.{code}.bureau"
    if what in directory.data.offices:
        return f"offices.{what}"
    try:
        found = directory.find(what, location)
    except OptoutError as error:
        states = () if directory.candidates(what) else directory.data.states.values()
        near = closest(what, [*directory.data.offices, *(state.name for state in states)])
        if near is None:
            raise
        hint = f"did you mean {near!r}?"
        raise OptoutError(msgspec.structs.replace(error.problems[0], hint=hint)) from None
    group = "agencies" if found.agency else "jurisdictions"
    return f"states.{found.state_code}.{group}.{found.id}"


def contact_at(target: str, directory: Directory) -> Contact | None:
    """Return the contact at a key path; None if the path is a jurisdiction's or an agency's."""
    kind, _, id = target.partition(".")
    if kind == "offices":
        return directory.data.offices[id]
    code, _, inner = id.partition(".")
    if inner != "bureau":
        return None
    return directory.data.states[code].bureau or Contact()


def corrected_contact(
    known: Contact, texts: Mapping[str, str], confirmed: Confirmed, given: Contact | None = None
) -> Tree:
    """Return a whole contact with the corrections in `texts`, by key path, or those in `given`.

    It keeps the source of what is known, and says what is the user's own entry; a new address or
    addressee is that as a whole. The lines for the envelope's window get a new address; a new
    addressee drops them. Raises OptoutError for a path that does not fit.
    """
    contact = given or known
    plain: Tree = msgspec.json.decode(msgspec.json.encode(contact))  # lists, not tuples
    for key in ("source", "verified", "verified-by", "role", "status", "area"):
        plain.pop(key, None)
    document = _with_texts(plain, texts)
    new = convert(document, Contact)
    data: Tree = {**document.data}
    parts = {path.partition(".")[0] for path in texts}
    if parts & {"attention", "organization"} and "salutation" not in parts:
        data.pop("salutation", None)
    if parts & {"attention", "organization", "address"} and "envelope" not in parts:
        data.pop("envelope", None)
        lines = known.envelope_at(new.address)
        if lines and parts.isdisjoint({"attention", "organization"}):
            data["envelope"] = [*lines]
    day = confirmed.day.isoformat()
    changed = [name for name in _TYPED if getattr(new, name) != getattr(known, name)]
    if known.source is None or not _ADDRESSEE.isdisjoint(changed):
        note = f"{OWN_ENTRY}, {confirmed.note}" if changed else confirmed.note
        source: Tree = {"kind": "official", "date": day, "note": note}
    else:
        source = msgspec.json.decode(msgspec.json.encode(known.source))
        own = f"{OWN_ENTRY} of {day}: {', '.join(changed)}" if changed else ""
        said = (source.get("note") or "").removesuffix(".")
        by = confirmed.note if confirmed.who and confirmed.note not in said else ""
        if note := "; ".join(filter(None, (said, own, by))):
            source = {**source, "note": note}
    return {**data, "source": source, "verified": day, "verified-by": confirmed.how}


def _row_of_place(target: str, texts: Mapping[str, str], confirmed: Confirmed) -> Tree:
    """Return what is corrected of a jurisdiction or an agency. Raises OptoutError if nothing is."""
    message = f"nothing to correct in {target.rpartition('.')[2]}"
    if not texts:
        hint = "say what changed, such as --set formal='the City of Ross'"
        raise OptoutError(Problem("no-correction", message, hint=hint))
    if parts := sorted({*_TYPED}.intersection(path.partition(".")[0] for path in texts)):
        message += f": the data of a place has no {' and no '.join(parts)}"
        hint = "the sender's own is in the request (signatory:); for the bureau, name the state"
        raise OptoutError(Problem("no-correction", message, hint=hint))
    return {**_with_texts({}, texts).data, "note": f"{confirmed.note}, {confirmed.day}"}


def _with_texts(data: Tree, texts: Mapping[str, str]) -> Document:
    """Set texts by key path in data. Raises OptoutError for one that no letter can mean."""
    document, root = with_assignments(_document(data), "--set", texts), "recipients.office."
    problems, _ = judge(_document({"recipients": {"office": document.data}}))
    for problem in problems:
        if (path := (problem.path or "").removeprefix(root)) in texts:
            message = problem.message.removeprefix(root)
            location = document.location(path)
            raise OptoutError(Problem(problem.code, message, location, problem.hint, path))
    return document


def _document(data: Tree) -> Document:
    return Document(data, (Layer("data", {}),))
