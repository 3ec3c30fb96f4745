"""`optout new` on a terminal: ask, keep the answers, show them and the letter, and go on."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from functools import partial
from pathlib import Path

import click
import msgspec
from msgspec.structs import replace

from optout_cli.authoring.interview import Interview, Kept
from optout_cli.authoring.questions import Question
from optout_cli.authoring.unfinished import (
    Basis,
    UnfinishedRequest,
    request_name,
    require_request,
    text_with_samples,
)
from optout_cli.cli.ask import (
    Back,
    ask,
    ask_choice,
    ask_in_turn,
    ask_yes,
    choices_meant,
    say_wrapped,
    show,
)
from optout_cli.cli.console import count_of, put_file, quote, say, say_problems
from optout_cli.cli.correct import Confirmed, contact_at, corrected_contact, target_of
from optout_cli.cli.options import check_new_name
from optout_cli.cli.user_folder import keep_correction, keep_signatory, signatories_path
from optout_cli.errors import ExitCode, Location, OptoutError, Problem
from optout_cli.letters import Library
from optout_cli.letters.notes import CONTACT, lines_of_notes
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.request import RECIPIENTS
from optout_cli.output import free_name, write_all
from optout_cli.readers.yaml import document_from_yaml
from optout_cli.templating.filters import or_list

WELCOME = (
    "This creates a request: a small text file that holds your decisions. The letters are made"
    " from it. Nothing is sent. Answer each question and press Enter. Enter alone takes the value"
    " in brackets, or skips the question; a single - always skips it. Type < to go back to the"
    " question before, and ? to have it explained. Ctrl-C stops and keeps your answers. At the end"
    " you see all answers, and can change each."
)
_FOLLOWING = (
    "The earlier letter says who received it, and when. You only answer what else this letter"
    " needs, who signs it, and how it goes out."
)
_FROM = "The earlier request's answers are in brackets: press Enter to keep one, or type a new one."


_KEPT = ".answers"  # ends the name of a file with answers
_AFRESH = "start again"
_EXPLAIN_END = (
    "write makes the file. read shows the letter as it will be. A number asks that question again."
    " stop keeps your answers for another day. < goes back to the last question."
)
_EXPLAIN_KEPT = (
    "Each file has the answers that you gave before you stopped. optout asks the next question, and"
    " shows all answers at the end. If you start again, optout asks everything anew; your new"
    " answers for the same county replace those in its file."
)
_SAID = (CONTACT, "draft")  # notes that the questions have said already
_END = {"write": "", "read": "", "stop": "", "yes": "", "no": ""}  # what can be said at the end


class KeptFile:
    """The file beside the request that keeps the answers of one interview, and of no other.

    Its name is the request's, such as `marin-county-ca.answers`, with a number if that one has
    other answers. `mine` are the files that it may replace.
    """

    def __init__(self, mine: Iterable[Path] = ()) -> None:
        self._mine = set(mine)

    def path_for(self, interview: Interview) -> Path:
        """Return where the answers are kept; another file there stays as it is."""
        usual = _usual_path(interview)
        is_free = usual in self._mine or not usual.exists()
        return usual if is_free else free_name(usual, self._mine)

    def keep(self, interview: Interview) -> None:
        """Write the answers so far, if that is possible."""
        if not interview.place or not interview.said:
            return
        path, usual = self.path_for(interview), _usual_path(interview)
        content = msgspec.json.format(msgspec.json.encode(interview.answers_to_keep())) + b"\n"
        with suppress(OptoutError):
            write_all({path: content}, force=True)
            if path != usual and path not in self._mine:
                say(f"note: {usual} has other answers, and stays as it is; yours are in {path}")
            self._mine.add(path)

    def go_on_with(self, found: Path, interview: Interview) -> None:
        """Go on with answers that were kept, under the name that they get here."""
        self._mine = {found}
        path = self.path_for(interview)
        self._mine = {found.rename(path)}


def _usual_path(interview: Interview) -> Path:
    name = request_name({"jurisdiction": interview.place, **interview.basis.start.known})
    return (interview.basis.place_of(name) or Path(name)).with_suffix(_KEPT)


def kept_answers(folder: Path) -> dict[Path, Kept]:
    """Return the answers that were kept in a folder, by their files."""
    found = {}
    for path in sorted(folder.glob(f"*{_KEPT}")):
        with suppress(OSError, msgspec.DecodeError, OptoutError):  # it is something else
            kept = msgspec.json.decode(path.read_bytes(), type=Kept)
            require_request(kept.start.known, {})
            found[path] = kept
    return found


def run_interview(basis: Basis, query: str | None, options: str) -> Path | None:
    """Ask everything on the terminal, write the request, and return its path.

    `query` is the jurisdiction as it was typed; `options` are those that the next command needs.
    The path is None for standard output.
    """
    if basis.start.signed is None:  # else it was said before the first question
        say_wrapped(WELCOME)
    interview, file = Interview(basis), KeptFile()
    try:
        interview, file = _resume(interview, query)
        start = interview.basis.start
        if "jurisdiction" in start.known:
            place = interview.request.locality
            say_wrapped(f"\nFor {place.jurisdiction.name}, {place.state_name} ({place.id}).")
        if start.asks:
            say_wrapped(_FROM if start.signed is None else _FOLLOWING)
        seen: set[str] = set()
        _ask_all(interview, query, file, seen)
        while not _is_finished(interview, options, seen):
            _ask_all(interview, None, file, seen)
    except (click.Abort, KeyboardInterrupt):
        _say_stopped(interview, file, options)
        raise SystemExit(ExitCode.INTERRUPTED) from None
    except OptoutError:
        _say_stopped(interview, file, options)
        raise
    path = interview.request.path
    put_file(path, _text_of(interview.request, options).encode(errors="replace"))
    _keep_for_next(interview.request)
    file.path_for(interview).unlink(missing_ok=True)
    return path


def _resume(new: Interview, query: str | None) -> tuple[Interview, KeptFile]:
    """Offer to go on with answers that were kept where the request will be."""
    basis, known = new.basis, new.basis.start.known
    slug = known.get("jurisdiction")
    if query:
        with suppress(OptoutError):
            slug = basis.library.directory.find(query, Location("")).slug
    place = basis.place_of("request.yaml")
    kept = {
        path: answers
        for path, answers in kept_answers(place.parent if place else Path()).items()
        if slug in (None, answers.place) and known.get("letter") in (None, answers.letter)
    }
    if not kept:
        return new, KeptFile()
    say_wrapped("\nYou stopped before the end, and optout kept your answers.")
    by_name = {path.name: path for path in kept}
    counts = {
        path.name: ", ".join(
            filter(None, (count_of(len(each.said), "answer"), each.place, each.letter))
        )
        for path, each in kept.items()
    }

    def which_asked(_before: str) -> str:
        usual = next(iter(counts))
        if len(counts) > 1:
            choices = {**counts, _AFRESH: ""}
            return ask_choice("Go on with", choices, default=usual, explain=_EXPLAIN_KEPT)
        say_wrapped(f"They are in {usual}: {counts[usual]}.")
        is_kept = ask_yes("Go on with them?", default=True, explain=_EXPLAIN_KEPT)
        return usual if is_kept else _AFRESH

    path = by_name.get(ask_in_turn(lambda _: {"": which_asked})[""])
    if path is None:
        return new, KeptFile(kept)
    _require_known(kept[path], path, basis.library)
    interview, file = Interview(basis._replace(start=kept[path].start), kept[path]), KeptFile()
    file.go_on_with(path, interview)
    return interview, file


def _require_known(kept: Kept, path: Path, library: Library) -> None:
    """Raise OptoutError if the data or the templates lack what kept answers are about."""
    location = Location(str(path))
    try:
        if kept.place:
            library.directory.find(kept.place, location)
        if letter := kept.letter:
            library.programs.find(letter, location)
    except OptoutError as error:
        hint = "name the --data and --templates that you began with, or start again"
        raise OptoutError(*(replace(problem, hint=hint) for problem in error.problems)) from None


def _ask_all(interview: Interview, typed: str | None, file: KeptFile, seen: set[str]) -> None:
    """Ask each question without an answer, and keep the answers; < goes back."""
    section = ""
    while True:
        question = interview.next()
        file.keep(interview)
        if question is None:
            return
        intro = [line for line in question.intro if line not in seen]
        seen |= {line for line in intro if line.startswith("note: ")}
        for line in ("", *intro) if intro else ():
            say_wrapped(line)
        if question.section != section and f"{question.section}:" not in question.intro:
            say_wrapped(f"\n{question.section}:")
        section = question.section
        try:
            text = _ask(question, interview, typed)
        except Back:
            if not interview.back():
                say_wrapped("This is the first question.", "  ")
            continue
        finally:
            typed = None
        interview.answer(question, text)


def _ask(question: Question, interview: Interview, typed: str | None) -> str:
    label, default = question.label, question.default
    explain = interview.explain(question)
    if not question.choices:

        def check(text: str) -> Problem | None:
            is_file = question.reads == "file"
            problem = check_new_name(text) if is_file else interview.problem(question, text)
            return problem or (interview.doubt(question, text) if text != default else None)

        return ask(
            label,
            question.note,
            default=default,
            check=check,
            required=question.required,
            explain=explain,
            meanings=partial(interview.meanings, question),
            path=question.path,
            typed=typed if question.reads == "place" else None,
            is_date=question.reads == "date",
            is_first=not interview.asked,
        )
    if question.note:
        say_wrapped(question.note)
    if list(question.choices) == ["yes", "no"]:
        return "yes" if ask_yes(label, default=default == "yes", explain=explain) else "no"
    several = question.reads == "several"
    return ask_choice(label, question.choices, default=default, explain=explain, several=several)


def _is_finished(interview: Interview, options: str, seen: set[str]) -> bool:
    """Show every answer, and each note that was not `seen`; then let the user choose.

    The user reads the letter or changes an answer. Return True once the request is to be written.
    """
    request = interview.request
    name = str(request.path or request.name)
    _show_answers(interview)
    letter, wrong = _preview(_text_of(request, options), name, interview, seen)
    numbers = {str(number): "" for number in range(1, len(interview.asked) + 1)}
    way = "read to read the first letter, " if letter else ""
    say_wrapped(
        f"\nType a number to change that answer, {way}write to write {name}, or stop to go on"
        " another day."
    )
    default = "read" if letter else "".join(wrong[:1])
    ways = ("write, read, stop" if letter else "write, stop") + f" or a number up to {len(numbers)}"
    is_warned = letter is not None
    while True:
        try:
            said = ask("What next", default=default, explain=_EXPLAIN_END)
        except Back:
            return not interview.back()
        said = said.strip(" .()#")
        meant = [said] if said in numbers else choices_meant(said, _END if said else {})
        match meant:
            case ["write" | "yes"] if is_warned:
                return True
            case ["write" | "yes"]:
                change = f"number {or_list(wrong)}" if wrong else "a number"
                say_wrapped(
                    f"No letter can be made from {name} yet. Type {change} to change that answer"
                    " first, or write once more to write the file as it is.",
                    "  ",
                )
                is_warned, default = True, ""
            case ["stop" | "no"]:
                raise click.Abort
            case ["read"] if letter:
                show(letter)
                say_wrapped(f"\nType {ways}.")
                default = ""  # an Enter too many must not write the request
            case [number] if number in numbers:
                interview.change(int(number))
                return False
            case _:
                say_wrapped(f"Type {ways}.", "  ")


def _show_answers(interview: Interview) -> None:
    section = ""
    say_wrapped("\nYour answers:")
    for number, (question, text) in enumerate(interview.asked, 1):
        if question.section != section:
            section = question.section
            say_wrapped(section, "  ")
        label = question.label if question.label.endswith("?") else f"{question.label}:"
        say_wrapped(f"{number:>2}  {label} {interview.words(question, text)}", "    ")


def _preview(
    text: str, name: str, interview: Interview, seen: set[str]
) -> tuple[str | None, list[str]]:
    """Return the first letter, or say what is wrong and return the numbers of such answers."""
    try:
        exports = interview.request.letters_of(document_from_yaml(text, name))
    except OptoutError as error:
        say_wrapped(
            "\nThe letters cannot be written yet. You can change the answers, or fix these problems"
            " in the file:"
        )
        say_problems(error.problems)
        paths = [each.path or (each.location and each.location.path) for each in error.problems]
        about = tuple(f"{path}." for path in paths if path)
        return None, [
            str(number)
            for number, (question, _) in enumerate(interview.asked, 1)
            if f"{question.path}.".startswith(about)
        ]
    notes = [note for each in exports for note in each.notice.notes if note.code not in _SAID]
    lines = [f"note: {line}" for _, line in lines_of_notes(notes, in_full=False, before=set())]
    fresh = [interview.with_labels(line) for line in lines if line not in seen]
    for line in ("", *fresh) if fresh else ():
        say_wrapped(line)
    return exports[0].content.decode(), []


def _text_of(request: UnfinishedRequest, options: str) -> str:
    day = date.fromisoformat(str(request.document.data["date"]))
    file = f"{quote(str(request.path or request.name))}{options}"
    return text_with_samples(request.document.data, request.basis.library, day, file)


def _say_stopped(interview: Interview, file: KeptFile, options: str) -> None:
    """Say where the answers are, and how to go on with them."""
    kept = file.path_for(interview) if interview.place else None
    if kept is None or not kept.is_file():
        say("\nstopped; no request was written")
        return
    path = interview.request.default_path
    is_named = path and str(path) != interview.request.name
    output = f" -o {quote(str(path))}" if is_named else ""
    say(f"\nstopped; no request was written, and your answers are kept in {kept}")
    say(f"to go on: optout new {interview.place}{output}{options}")


def _keep_for_next(request: UnfinishedRequest) -> None:
    """Save who signs, and each address that was confirmed, to be offered the next time."""
    signatory, directory = request.value("signatory"), request.basis.library.directory
    if signatory and keep_signatory(request.locality.slug, signatory):
        say_wrapped(
            f"optout saved who signs in {signatories_path()}, to offer it for"
            f" {request.locality.name} next time. You may delete that file."
        )
    for recipient in request.recipients.values():
        confirmed, is_bureau = recipient.confirmed, recipient.party == "bureau"
        if confirmed is None or recipient.is_person or recipient.contact.missing:
            continue
        office = request.locality.state_code if is_bureau else recipient.office
        target = target_of(office, directory, Location(""))
        row = corrected_contact(
            contact_at(target, directory) or Contact(),
            {},
            Confirmed(confirmed.by, "", confirmed.date),
            recipient.contact,
        )
        path, whose = keep_correction(target, row, directory), RECIPIENTS[recipient.party]
        say_wrapped(f"optout saved the confirmed address of {whose} in {path}.")
