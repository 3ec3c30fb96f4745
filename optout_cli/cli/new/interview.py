"""`optout new` on a terminal: ask everything, show the first letter, and draft the request."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click

from optout_cli.authoring.draft import document_from, draft_text, preview_letters
from optout_cli.authoring.follow import Former
from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import quote, say, say_problems
from optout_cli.cli.new.ask import (
    Question,
    RequestDraft,
    ask,
    ask_choice,
    ask_yes,
    say_problem,
    say_wrapped,
    show,
)
from optout_cli.cli.new.contacts import ADDRESS, NUMBERS, PARTIES, ask_recipients, keep_confirmed
from optout_cli.cli.new.new_file import REQUEST, ask_for_free_name, path_for, request_name
from optout_cli.cli.new.signatory import keep_signatory, last_signatory, signatory_path
from optout_cli.cli.options import DEFAULT_LETTER, today
from optout_cli.errors import Location, OptoutError
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Locality
from optout_cli.model.program import Particular

_WELCOME = (
    "This creates a request: a small text file that holds your decisions. The letters are made"
    " from it. Nothing is sent. Answer each question and press Enter. Enter alone takes the value"
    " in brackets, or skips the question; a single - always skips it. Ctrl-C stops, and nothing is"
    " written. You can change everything in the file later."
)
_FOLLOWING = (
    "The earlier letter says who received it, and when. You only answer what else this letter"
    " needs, who signs it, and how it goes out."
)
_NOT_LISTED = (
    "If your city or agency is not listed, describe it in a data file of your own and name that"
    " file with --data. docs/data.md shows how, under `Your own data`."
)
_MOST_CANDIDATES = 8
_NONE = "none of these"
_WAYS = {
    "certified-mail": "with a return receipt, as usual for a formal notice",
    "mail": "ordinary mail",
    "email": "",
    "fax": "",
    "hand": "someone delivers it",
}
_ROUTES = {"email": "E-mail address", "fax": "Fax number"}


_SIGNATORY = (
    Question(
        "signatory.name", "Name", "Who signs? Without a name, the letters are marked as drafts."
    ),
    Question(
        "signatory.title", "Title", "For example: Sheriff, or Chair of the Board.", required=True
    ),
)
_STREET = Question(
    "signatory.address.street",
    "Street or box",
    "The office's address, for the letterhead. Replies go there.",
)
_AUTHORITY = (
    Question(
        "authority.0.instrument",
        "Resolution or ordinance",
        "Is there a resolution or ordinance? Type which one (Enter for none).",
    ),
    Question("authority.0.number", "Number", "As the letters should show it: No. 2026-14."),
    Question("authority.0.date", "Date passed", "YYYY-MM-DD."),
    Question("authority.0.body", "Who passed it", "For example: Board of Supervisors."),
    Question("authority.0.vote", "Vote", "For example: 5 to 0."),
    Question(
        "authority.0.file",
        "PDF file",
        "Type its file name to enclose a copy. The file must be in {folder}.",
    ),
)
_SEAL = Question(
    "letterhead.seal",
    "Seal file",
    "To show your seal, type the name of a PNG, JPEG or SVG file in {folder}.",
)


def run_interview(
    query: str | None,
    known: Answers,
    output: str | None,
    library: Library,
    options: str,
    *,
    files_from: tuple[Path, ...],
    former: Former | None = None,
) -> tuple[Path | None, str]:
    """Ask everything on the terminal; return where to write the request, and its text.

    `known` holds the answers of the earlier letter `former` or of the command line. The files that
    the request names may also be in `files_from`.
    """
    say_wrapped(_WELCOME)
    say("")
    if former:
        locality = library.directory.find(known["jurisdiction"], Location("--follow"))
        say_wrapped(f"For {locality.jurisdiction.name}, {locality.state_name} ({locality.id}).")
        say_wrapped(_FOLLOWING)
    else:
        locality = _ask_jurisdiction(query, library)
    answers = {"jurisdiction": locality.slug, **known}
    name = request_name(answers)
    path = ask_for_free_name(path_for(output, name, REQUEST))
    if "letter" not in answers:
        answers["letter"] = _ask_letter(library)
    folder = path.parent if path else Path()
    draft = RequestDraft(document_from(answers), locality, library, today(), folder, files_from)
    _ask_all(draft, former)
    name = str(path or name)
    day = date.fromisoformat(str(draft.answers["date"]))
    text = draft_text(draft.answers, library, day, f"{quote(name)}{options}")
    say("")
    _preview(text, name, draft)
    if not ask_yes(f"Write {name}?", default=True):
        raise click.Abort
    if (signatory := draft.answers.get("signatory")) and keep_signatory(signatory):
        say_wrapped(
            f"optout saved who signs in {signatory_path()}, to offer it next time. You may delete"
            " that file."
        )
    keep_confirmed(draft)
    return path, text


def _preview(text: str, name: str, draft: RequestDraft) -> None:
    """Show the first letter, or say why the letters cannot be written yet."""
    try:
        letters = preview_letters(
            text, name, draft.library, draft.today, draft.folder, draft.files_from
        )
    except OptoutError as error:
        say_wrapped("The letters cannot be written yet. You can fix these problems in the file:")
        say_problems(error.problems)
        return
    if ask_yes("Read the first letter now?", default=True):
        say("")
        show(letters[0])


def _ask_jurisdiction(query: str | None, library: Library) -> Locality:
    """Ask which jurisdiction it is for until one is chosen."""
    find = library.directory.find
    while True:
        if not query:
            note = "Which county or city is it for? Any spelling works: Marin, CA."
            query = ask("County or city, and state", note, required=True)
        try:
            locality = find(query, Location(""))
        except OptoutError as error:
            message = f"Please check: {error.problems[0].message}. Perhaps one of these?"
            candidates = library.directory.candidates(query)
            if 0 < len(candidates) <= _MOST_CANDIDATES:
                say_wrapped(message, "  ")
                choices = {slug: find(slug).name for slug in candidates} | {_NONE: ""}
                # Enter alone chooses no county: a similar name may be the wrong one.
                chosen = ask_choice("Which one", choices, default=_NONE)
                if chosen != _NONE:
                    return find(chosen)
            else:
                say_problem(error.problems[0])
            say_wrapped(_NOT_LISTED, "  ")
        else:
            name = f"{locality.jurisdiction.name}, {locality.state_name}"
            say_wrapped(f"Found: {name} ({locality.id}).", "  ")
            if ask_yes("Is that the one?", default=True):
                return locality
        query = None


def _ask_letter(library: Library) -> str:
    """Ask for the program and the letter, each only if there are several."""
    default, _, usual = DEFAULT_LETTER.partition("/")
    programs = library.programs.by_id
    titles = {id: program.title for id, program in sorted(programs.items())}
    program = _ask_which("Which program is the letter about?", "Program", titles, default)
    letters = {name: kind.title for name, kind in programs[program].letters.items()}
    return f"{program}/{_ask_which('Which letter do you want?', 'Letter', letters, usual)}"


def _ask_which(note: str, label: str, choices: Mapping[str, str], usual: str) -> str:
    """Ask for one of several choices, by default the usual one or the first."""
    first, *others = choices
    if not others:
        return first
    say_wrapped(note)
    return ask_choice(label, choices, default=usual if usual in choices else first)


def _ask_all(draft: RequestDraft, former: Former | None) -> None:
    """Ask everything that the letters need before they can be signed, unless it is known.

    Who signed an earlier letter, and how it went out, is asked again.
    """
    known = set(draft.answers)
    note, day = "What date goes on the letters? (YYYY-MM-DD)", draft.today.isoformat()
    draft.ask(Question("date", "Date", note, day, required=True))
    _ask_agreement(draft)
    _ask_particulars(draft, required=True)
    _ask_office(draft)
    ask_recipients(draft)
    if "signatory" not in known:
        say("")
        _ask_signatory(draft, former)
    if "authority" not in known:
        say("")
        draft.ask_group(*_AUTHORITY)
    if former or "service" not in known:
        _ask_service(draft)
    if "letterhead" not in known:
        say("")
        name = draft.locality.jurisdiction.formal or draft.locality.jurisdiction.name
        draft.put({"letterhead.alt": f"Seal of {name}"})  # a seal without it is a problem
        if not draft.ask(_SEAL):
            draft.put({"letterhead": ""})
    _ask_particulars(draft, required=False)


def _ask_agreement(draft: RequestDraft) -> None:
    """Ask which of an agency's agreements the letter is about, if it has several."""
    known = draft.answers.get("particulars", {})
    agreements = draft.locality.agreements
    for key, spec in draft.library.programs.find(draft.letter)[1].particulars.items():
        if spec.known == "model" and key not in known and len(agreements) > 1:
            say("")
            say_wrapped("Which agreement is the letter about?")
            choices = {it.model: f"signed {it.signed}" if it.signed else "" for it in agreements}
            chosen = ask_choice(key.replace("-", " ").capitalize(), choices, default="")
            path = f"particulars.{key}"
            draft.put({f"{path}.0" if spec.type == "list" else path: chosen})


def _is_on_file(draft: RequestDraft, spec: Particular) -> bool:
    """Tell whether the data on the agency's agreement gives this particular."""
    return spec.known is not None and bool(draft.locality.agreements)


def _ask_office(draft: RequestDraft) -> None:
    """Ask for the ICE field office, if it does not follow from the data."""
    unknown = [it for it in draft.prospect().recipients if it.party == "ice" and not it.office]
    offices = draft.locality.field_offices
    if unknown and offices:
        say("")
        say_wrapped(f"Which ICE field office does {draft.locality.name} belong to?")
        known = draft.locality.offices
        choices = {id: known[id].address.city or "" for id in offices if id in known}
        draft.put({"recipients.ice.office": ask_choice("Office", choices, default="")})


def _ask_signatory(draft: RequestDraft, former: Former | None) -> None:
    """Ask who signs. Enter alone never takes the signatory of an earlier letter."""
    earlier = former.signatory if former else None
    if last := earlier or last_signatory():
        named = ", ".join(str(last[key]) for key in ("name", "title", "office") if key in last)
        signed = f"The earlier letter was signed by {named}." if earlier else ""
        say_wrapped(signed or f"Last time {named} signed.")
        if ask_yes("Same again?", default=former is None):
            draft.put_group("signatory", last)
            return
    known = earlier or {}  # a successor has the office, but maybe not the numbers
    name, title = _SIGNATORY
    if not draft.ask_group(name, title._replace(default=str(known.get("title", "")))):
        return
    is_sheriff = "sheriff" in str(draft.answers["signatory"].get("title", "")).lower()
    office = f"{draft.locality.jurisdiction.name} Sheriff's Office" if is_sheriff else ""
    office = str(known.get("office", office))
    draft.ask(Question("signatory.office", "Office", "The office, as on its letterhead.", office))
    address = {"state": draft.locality.state_code} | known.get("address", {})
    if draft.ask(_STREET._replace(default=", ".join(address.get("street", ())))):
        for key, label in ADDRESS.items():
            default = str(address.get(key, ""))
            draft.ask(Question(f"signatory.address.{key}", label, "", default, required=True))
    note = "For the letterhead. Press Enter to skip."
    for key, label in NUMBERS.items():
        draft.ask(Question(f"signatory.{key}", label, note if key == "phone" else ""))


def _ask_service(draft: RequestDraft) -> None:
    """Ask how each letter goes out, by default as the earlier one."""
    for party in [recipient.party for recipient in draft.prospect().recipients]:
        earlier = draft.answers.get("service", {}).get(party, [])
        ways = [service["by"] for service in earlier]
        say("")
        say_wrapped(f"How will the letter to {PARTIES[party]} go out?")
        default = ways[0] if ways else "certified-mail"
        way = ask_choice("Sent by", _WAYS, default=default)
        kept = [service for service in earlier if service["by"] == way][:1] or [{"by": way}]
        kept += [
            service
            for service in earlier
            if service["by"] != way
            and ask_yes(f"Also by {service['by']}, like the earlier letter?", default=False)
        ]
        draft.put_group("service", {**draft.answers.get("service", {}), party: kept})
        contacts = {item.party: item.contact for item in draft.prospect().recipients}
        if way in _ROUTES and not getattr(contacts[party], way):
            note = "optout has none on file, and the letter needs one."
            draft.ask(Question(f"recipients.{party}.{way}", _ROUTES[way], note, required=True))


def _ask_particulars(draft: RequestDraft, *, required: bool) -> None:
    """Ask for the particulars that the letter needs; offer to ask for the others."""
    declared = draft.library.programs.find(draft.letter)[1].particulars
    known = draft.answers.get("particulars", {})
    wanted = {
        key: spec
        for key, spec in declared.items()
        if spec.required == required and key not in known and not _is_on_file(draft, spec)
    }
    if wanted and not required:
        say("")
        say_wrapped("The letter can say more. You can also add it to the file later:")
        for spec in wanted.values():
            say_wrapped(f"- {spec.help}", "  ")
        if not ask_yes("Answer these now?", default=False):
            return
    for key, spec in wanted.items():
        say("")
        _ask_particular(draft, f"particulars.{key}", key, spec)


def _ask_particular(draft: RequestDraft, path: str, key: str, spec: Particular) -> None:
    note = f"{spec.help} (for example: {spec.example})" if spec.example else spec.help
    say_wrapped(f"{note[:1].upper()}{note[1:]}")
    label, number = key.replace("-", " ").capitalize(), 0
    if isinstance(spec.of, dict):
        while (number == 0 and spec.required) or ask_yes(
            f"{label}: add {'another' if number else 'one'}?", default=False
        ):
            for name, field in spec.of.items():
                _ask_particular(draft, f"{path}.{number}.{name}", name, field)
            number += 1
    elif spec.type in ("list", "paragraphs"):
        while _ask_text(
            draft, f"{path}.{number}", label, spec, required=number == 0 and spec.required
        ):
            number += 1
            say_wrapped("Type another one, or press Enter to go on.", "  ")
    else:
        _ask_text(draft, path, label, spec, required=spec.required)


def _ask_text(
    draft: RequestDraft, path: str, label: str, spec: Particular, *, required: bool
) -> str:
    """Ask for one text, or for one of the particular's choices; return "" if it is skipped."""
    if not spec.choices:
        return draft.ask(Question(path, label, required=required))
    choices = dict.fromkeys(spec.choices, "") | ({} if required else {_NONE: ""})
    # Enter alone never answers a required choice: it may be a fact of a contract.
    chosen = ask_choice(label, choices, default="" if required else _NONE)
    if chosen == _NONE:
        return ""
    draft.put({path: chosen})
    return chosen
