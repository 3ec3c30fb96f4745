"""`optout new` on a terminal: everything is asked, the first letter shown, the request drafted."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote

import click

from optout_cli.authoring.draft import draft_text, preview_letters
from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.console import say, tell
from optout_cli.cli.new.ask import ask, ask_choice, ask_yes, say_wrapped, show, tell_problem
from optout_cli.cli.new.contacts import ask_recipients
from optout_cli.cli.new.draft import RequestDraft
from optout_cli.cli.new.new_file import REQUEST, ask_for_free_name, path_for, request_name
from optout_cli.cli.new.saved_signatory import keep_signatory, last_signatory, signatory_path
from optout_cli.cli.options import today
from optout_cli.cli.write import DEFAULT_LETTER
from optout_cli.errors import Location, OptoutError
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Locality
from optout_cli.model.program import Particular

_WELCOME = (
    "This writes a request: a small text file with what you decide, from which the letters are"
    " made. Nothing is sent. Answer each question and press Enter. Enter alone takes what stands in"
    " brackets, or leaves the line out; a single - leaves it out as well. Ctrl-C stops, and nothing"
    " is written. All of it can be changed in the file afterwards."
)
_FOLLOWING = (
    "Who signed the earlier letter, who received it, and how it was sent are taken from it. What"
    " this letter needs besides is asked now."
)


def run_interview(
    query: str | None,
    known: Answers,
    output: str | None,
    library: Library,
    options: str,
    *,
    files_from: tuple[Path, ...],
) -> tuple[Path | None, str]:
    """Ask everything on the terminal; return where to write the request, and its text.

    `known` is what an earlier letter, or the command line, has answered already. The files that it
    names may lie in `files_from` besides.
    """
    say_wrapped(_WELCOME)
    say("")
    if "jurisdiction" in known:
        locality = library.directory.find(known["jurisdiction"], Location("--follow"))
        say_wrapped(f"For {locality.jurisdiction.name}, {locality.state_name} ({locality.id}).")
        say_wrapped(_FOLLOWING)
    else:
        locality = ask_place(query, library)
    answers = {"jurisdiction": locality.slug, **known}
    name = request_name(answers)
    path = ask_for_free_name(path_for(output, name, REQUEST))
    if "letter" not in answers:
        answers["letter"] = ask_letter(library)
    folder = path.parent if path else Path()
    draft = RequestDraft(answers, locality, library, today(), folder, files_from)
    ask_all(draft)
    name = str(path or name)
    text = draft_text(draft.answers, library, draft.date, f"{quote(name)}{options}")
    say("")
    _preview(text, name, draft)
    if not ask_yes(f"Write {name}?", offered=True):
        raise click.Abort
    _keep(draft)
    return path, text


def _preview(text: str, name: str, draft: RequestDraft) -> None:
    """Show the letter to the bureau, or say what keeps it from being written."""
    try:
        letters = preview_letters(
            text, name, draft.library, draft.today, draft.folder, draft.files_from
        )
    except OptoutError as error:
        say_wrapped("The letters cannot be written yet. You can mend these lines in the file:")
        tell(error.problems)
        return
    if ask_yes("Read the first letter now?", offered=True):
        say("")
        show(letters[0])


def _keep(draft: RequestDraft) -> None:
    """Keep the signatory for the next request, and say so."""
    if (signatory := draft.answers.get("signatory")) and keep_signatory(signatory):
        say_wrapped(
            f"Who signs is kept in {signatory_path()}, to be offered again. You may delete it."
        )


_WAYS = {
    "certified-mail": "with a receipt; the usual way for a formal notice",
    "mail": "by ordinary mail",
    "email": "",
    "fax": "",
    "hand": "someone takes it there",
}
_MOST_CANDIDATES = 8
_NONE = "none of these"
_NOT_LISTED = (
    "A city or an agency that is not in the list goes into a data file of your own, which is given"
    " with --data: docs/data.md shows one, under `Your own data`."
)
_ROUTES = {"email": "E-mail address", "fax": "Fax number"}


def ask_place(query: str | None, library: Library) -> Locality:
    """Ask whose notice it is, until one jurisdiction fits."""
    while True:
        if not query:
            note = "Which county or city gives notice? Any spelling will do: Marin, CA."
            query = ask("County or city, and state", note, required=True)
        if locality := _found(query, library):
            return locality
        query = None


def _found(query: str, library: Library) -> Locality | None:
    """Find the jurisdiction and ask whether it is the one, or offer those that may be meant."""
    find = library.directory.find
    try:
        locality = find(query, Location(""))
    except OptoutError as error:
        problem = error.problems[0]
    else:
        name = f"{locality.jurisdiction.name}, {locality.state_name}"
        say_wrapped(f"Found: {name} ({locality.id}).", "  ")
        return locality if ask_yes("Is that the one?", offered=True) else None
    candidates = library.directory.candidates(query)
    if not 0 < len(candidates) <= _MOST_CANDIDATES:
        tell_problem(problem)
        say_wrapped(_NOT_LISTED, "  ")
        return None
    say_wrapped(f"Please check: {problem.message}. Perhaps one of these?", "  ")
    choices = {slug: find(slug).name for slug in candidates} | {_NONE: ""}
    # Never offered by Enter alone: what is spelled alike may be another county.
    chosen = ask_choice("Which one", choices, offered=_NONE)
    if chosen != _NONE:
        return find(chosen)
    say_wrapped(_NOT_LISTED, "  ")
    return None


def ask_letter(library: Library) -> str:
    """Ask which program's letter, and which of them, where there is more than one."""
    default, _, usual = DEFAULT_LETTER.partition("/")
    programs = library.programs.by_id
    titles = {id: it.title for id, it in sorted(programs.items())}
    program = _one_of("Which program is it about?", "Program", titles, default)
    letters = {name: kind.title for name, kind in programs[program].letters.items()}
    return f"{program}/{_one_of('Which letter is it to be?', 'Letter', letters, usual)}"


def _one_of(note: str, label: str, choices: Mapping[str, str], usual: str) -> str:
    """Ask for one of some, unless there is one alone; offer the usual one, or the first."""
    first, *others = choices
    if not others:
        return first
    say_wrapped(note)
    return ask_choice(label, choices, offered=usual if usual in choices else first)


def ask_all(draft: RequestDraft) -> None:
    """Ask everything that makes letters ready to sign, but for what is answered already."""
    known = set(draft.answers)
    for key, questions in (
        ("", _ask_date),
        ("", _ask_particulars),
        ("", ask_recipients),
        ("signatory", _ask_signatory),
        ("authority", _ask_authority),
        ("service", _ask_service),
        ("letterhead", _ask_seal),
        ("", _ask_more),
    ):
        if key not in known:
            questions(draft)


def _ask_date(draft: RequestDraft) -> None:
    note = "Which day is to stand on the letters? Year, month, day."
    draft.ask("date", "Date", note, offered=draft.today.isoformat(), required=True)


def _ask_signatory(draft: RequestDraft) -> None:
    say("")
    if last := last_signatory():
        named = ", ".join(str(last[key]) for key in ("name", "title", "office") if key in last)
        say_wrapped(f"Last time {named} signed.")
        if ask_yes("The same again?", offered=True):
            draft.put_whole("signatory", last)
            return
    note = "Who signs? Without a name the letters are drafts, and say so on each page."
    if not draft.ask("signatory.name", "Name", note):
        return
    draft.ask("signatory.title", "Title", "Such as Sheriff, or Chair of the Board.", required=True)
    is_sheriff = "sheriff" in str(draft.answers["signatory"].get("title", "")).lower()
    offered = f"{draft.locality.jurisdiction.name} Sheriff's Office" if is_sheriff else ""
    note = "The office, as it stands at the head of its letters."
    draft.ask("signatory.office", "Office", note, offered=offered)
    if draft.ask(
        "signatory.address.street",
        "Street or box",
        "Its address, for the head of the letters, where answers go.",
    ):
        draft.ask("signatory.address.city", "City", required=True)
        state = draft.locality.state_code
        draft.ask("signatory.address.state", "State", offered=state, required=True)
        draft.ask("signatory.address.zip", "ZIP code", required=True)
    draft.ask("signatory.phone", "Telephone", "For the head of the letters; Enter leaves it out.")
    draft.ask("signatory.fax", "Fax")
    draft.ask("signatory.email", "E-mail")


def _ask_authority(draft: RequestDraft) -> None:
    say("")
    note = "By what authority? Such as Resolution, without its number; Enter if there is none."
    if not draft.ask("authority.0.instrument", "Kind of act", note):
        return
    draft.ask("authority.0.number", "Its number", "As it is to be read: No. 2026-14.")
    draft.ask("authority.0.date", "Its date", "Year, month, day.")
    draft.ask("authority.0.body", "Who passed it", "Such as Board of Supervisors.")
    draft.ask("authority.0.vote", "The vote", "Such as 5 to 0.")
    note = f"A PDF of it in {_folder(draft)}, to enclose."
    draft.ask("authority.0.file", "File", note)


def _folder(draft: RequestDraft) -> str:
    return "this folder" if str(draft.folder) == "." else str(draft.folder)


def _ask_service(draft: RequestDraft) -> None:
    for party in [it.party for it in draft.prospect().recipients]:
        name = "the state's bureau" if party == "bureau" else "ICE"
        say("")
        say_wrapped(f"How does the letter to {name} go out?")
        way = ask_choice("Sent by", _WAYS, offered="certified-mail")
        draft.put({f"service.{party}.0.by": way})
        known = {it.party: it.contact for it in draft.prospect().recipients}
        if way in _ROUTES and not getattr(known[party], way):
            note = "It is not known here, so the letter needs it from you."
            draft.ask(f"recipients.{party}.{way}", _ROUTES[way], note, required=True)


def _ask_seal(draft: RequestDraft) -> None:
    say("")
    name = draft.locality.jurisdiction.formal or draft.locality.jurisdiction.name
    draft.put({"letterhead.alt": f"Seal of {name}"})
    note = f"A picture of the seal for the letters' head: a PNG or SVG file in {_folder(draft)}."
    if not draft.ask("letterhead.seal", "File", note):
        draft.put({"letterhead": ""})


def _ask_particulars(draft: RequestDraft) -> None:
    """Ask what the letter cannot be without."""
    for key, spec in _particulars(draft).items():
        if spec.required:
            say("")
            _ask_particular(draft, f"particulars.{key}", key, spec)


def _ask_more(draft: RequestDraft) -> None:
    """Ask what the letter can say besides, where she has time for it now."""
    optional = {key: it for key, it in _particulars(draft).items() if not it.required}
    if not optional:
        return
    say("")
    say_wrapped("The letter can say more, which stands in the file as well:")
    for it in optional.values():
        say_wrapped(f"- {it.help}", "  ")
    if ask_yes("Answer these now?", offered=False):
        for key, spec in optional.items():
            say("")
            _ask_particular(draft, f"particulars.{key}", key, spec)


def _particulars(draft: RequestDraft) -> dict[str, Particular]:
    """Return the particulars of the letter that are not answered yet."""
    declared = draft.library.programs.find(draft.letter)[1].particulars
    known = draft.answers.get("particulars", {})
    return {key: it for key, it in declared.items() if key not in known}


def _ask_particular(draft: RequestDraft, path: str, key: str, spec: Particular) -> None:
    note = f"{spec.help} (such as: {spec.example})" if spec.example else spec.help
    say_wrapped(f"{note[:1].upper()}{note[1:]}")
    if isinstance(spec.of, dict):
        _ask_groups(draft, path, key, spec, spec.of)
    elif spec.type in ("list", "paragraphs"):
        _ask_items(draft, path, key, spec)
    else:
        _ask_text(draft, path, key, spec, is_required=spec.required)


def _ask_groups(
    draft: RequestDraft, path: str, key: str, spec: Particular, fields: dict[str, Particular]
) -> None:
    """Ask for groups of answers, one group after the other."""
    number = 0
    while (number == 0 and spec.required) or ask_yes(_next(key, number), offered=False):
        for name, it in fields.items():
            _ask_particular(draft, f"{path}.{number}.{name}", name, it)
        number += 1


def _ask_items(draft: RequestDraft, path: str, key: str, spec: Particular) -> None:
    """Ask for one thing after the other, until Enter alone ends it."""
    number = 0
    while _ask_text(
        draft, f"{path}.{number}", key, spec, is_required=number == 0 and spec.required
    ):
        number += 1
        say_wrapped("Another one? Enter ends it.", "  ")


def _ask_text(
    draft: RequestDraft, path: str, key: str, spec: Particular, *, is_required: bool
) -> str:
    label = key.replace("-", " ").capitalize()
    if not spec.choices:
        return draft.ask(path, label, required=is_required)
    choices = dict.fromkeys(spec.choices, "") | ({} if is_required else {_NONE: ""})
    # What is needed is never taken from Enter alone: it may be a fact of a contract.
    chosen = ask_choice(label, choices, offered="" if is_required else _NONE)
    if chosen == _NONE:
        return ""
    draft.put({path: chosen})
    return chosen


def _next(key: str, number: int) -> str:
    name = key.replace("-", " ").capitalize()
    return f"{name}: is there another?" if number else f"{name}: is there one?"
