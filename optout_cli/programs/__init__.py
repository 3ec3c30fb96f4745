"""Read the `program.yaml` files of the template folders, and apply a program's rules to a case.

The words come from the program; the names in braces are filled in here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from optout_cli.cache import Cache
from optout_cli.errors import Location, OptoutError, Problem, did_you_mean, raise_any
from optout_cli.model.jurisdiction import Agreement, Contact, Law
from optout_cli.model.notice import Activation, Case, Note
from optout_cli.model.program import (
    OWN_DAY,
    Condition,
    ConditionalText,
    LetterKind,
    Particular,
    Program,
    Rule,
    Wording,
)
from optout_cli.model.request import PARTIES
from optout_cli.programs.validation import program_problems
from optout_cli.readers.document import Document, merge
from optout_cli.readers.files import load_document, load_valid
from optout_cli.readers.validate import convert
from optout_cli.readers.values import Use
from optout_cli.trust import check_within

_FILE = "program.yaml"
_WORDING = "_layout/wording.yaml"
_PROVING = {"certified-mail", "hand"}  # a receipt, or a stamped copy, proves the day


class Programs:
    """All programs of the template folders, by id: the name of the program's folder."""

    def __init__(
        self,
        programs: dict[str, Program],
        documents: dict[str, Document],
        wording: Wording,
    ) -> None:
        self.by_id = programs
        self.wording = wording
        self._documents = documents
        self._by_letter = {  # by the letter's id
            f"{id}/{name}": (program, kind)
            for id, program in sorted(programs.items())
            for name, kind in sorted(program.letters.items())
        }

    def location(self, program: str, path: str) -> Location:
        """Return the location of a key path in a program's file."""
        return self._documents[program].location(path)

    def letters(self) -> Iterator[tuple[str, Program, LetterKind]]:
        """Yield each letter id (`secure-communities/opt-out`), its program and its kind."""
        for id, (program, kind) in self._by_letter.items():
            yield id, program, kind

    def id_of(self, words: str) -> str:
        """Return the id of the only letter with this title, kind or id; without one, the words."""
        found = self._fitting(words)
        return found[0] if len(found) == 1 else words

    def with_id(self, document: Document) -> Document:
        """Return a request that has its letter's id, where it has its title or kind."""
        letter = document.data.get("letter")
        if not isinstance(letter, str):
            return document
        data = {**document.data, "letter": self.id_of(letter)}
        return msgspec.structs.replace(document, data=data)

    def _fitting(self, words: str) -> list[str]:
        """Return the ids of the letters with this title, kind or id.

        Capitals, blanks for hyphens, and `letter` at the end make no difference.
        """
        plain = "-".join(words.casefold().replace("_", " ").split()).removesuffix("-letter")
        return [
            id
            for id, _, kind in self.letters()
            if plain in (kind.title.casefold().replace(" ", "-"), id, id.partition("/")[2])
        ]

    def find(self, letter: str, location: Location | None = None) -> tuple[Program, LetterKind]:
        """Return the program and kind of a letter id. Raises OptoutError at `location`."""
        if letter in self._by_letter:
            return self._by_letter[letter]
        fitting = " or ".join(self._fitting(letter))
        ids = [*self._by_letter]
        guess = did_you_mean(letter, ids, {id.partition("/")[2]: id for id in reversed(ids)})
        hint = f"write {fitting}" if fitting else guess
        message = f"there is no letter {letter!r}"
        raise OptoutError(Problem("unknown-letter", message, location, hint))

    @property
    def particulars(self) -> frozenset[str]:
        """The key paths of the particulars of all letters."""
        return frozenset(
            f"particulars.{it}" for *_, kind in self.letters() for it in kind.particulars
        )

    def uses_in(self, document: Document) -> dict[str, Use]:
        """Return what a request's particulars are for that are not its own words, by key path.

        A path has no numbers of entries. Dates, others' words, and what is a number or one letter
        in its example are prose; a choice has its form, and a sentence is one in its example.
        """
        _, kind = self._by_letter.get(str(document.data.get("letter")), (None, None))
        return dict(_uses("particulars", kind.particulars)) if kind else {}


def _uses(path: str, specs: Mapping[str, Particular]) -> Iterator[tuple[str, Use]]:
    for name, spec in specs.items():
        at = f"{path}.{name}"
        is_mark = re.fullmatch(r"[^\W\d_]|[\W\d_]+", spec.example or "")
        if spec.quoted or is_mark or "date" in (spec.type, spec.of):
            yield at, "prose"
        elif spec.choices:
            yield at, "code"
        elif re.fullmatch(r"[A-Z].* .*\w\.", spec.example or ""):
            yield at, "sentence"
        elif isinstance(spec.of, dict):
            yield from _uses(at, spec.of)


def load_programs(folders: Sequence[Path], cache: Cache | None) -> Programs:
    """Read every program of `folders`. An earlier folder overrides a later one, field by field.

    The last folder is the shipped one: only it has samples for trial letters. Raises OptoutError.
    """
    problems: list[Problem] = []
    programs: dict[str, Program] = {}
    documents: dict[str, Document] = {}
    files = {path.parent.name for folder in folders for path in folder.glob(f"*/{_FILE}")}
    for id in sorted(name for name in files if not name.startswith("_")):
        try:
            for folder in folders[:-1]:
                check_within(folder / id / _FILE, folder)
            *overlays, lowest = [
                path for folder in folders if (path := folder / id / _FILE).is_file()
            ]
            is_shipped = lowest == folders[-1] / id / _FILE
            shown = _short_path(lowest) if is_shipped else str(lowest)
            document = load_valid(str(lowest), Program, cache, shown)
            for path in reversed(overlays):
                document = merge(document, load_document(str(path)))
            program = convert(document, Program)
        except OptoutError as error:
            problems += error.problems
            continue
        is_unchanged = is_shipped and not overlays
        problems += program_problems(program, document, is_shipped=is_unchanged)
        letters = {name: _with_shared(kind, program) for name, kind in program.letters.items()}
        programs[id] = msgspec.structs.replace(program, letters=letters)
        documents[id] = document
    path = folders[-1] / _WORDING
    wording = convert(load_valid(str(path), Wording, cache, _short_path(path)), Wording)
    raise_any(problems)
    return Programs(programs, documents, wording)


def _short_path(path: Path) -> str:
    """Return the last two parts of a path: `secure-communities/program.yaml`."""
    return "/".join(path.parts[-2:])


def _with_shared(kind: LetterKind, program: Program) -> LetterKind:
    """Add the program's particulars that a letter kind uses to the kind's own.

    Required particulars come first: that is the order in which a request states them.
    """
    shared = program.particulars
    used = {name: shared[name] for name in kind.uses if name in shared}
    required = {
        name: msgspec.structs.replace(shared[name], required=True)
        for name in kind.requires
        if name in shared
    }
    whole = required | used | kind.particulars
    for name, example in kind.examples.items():
        if name in whole:
            whole[name] = msgspec.structs.replace(whole[name], example=example)
    first = {name: spec for name, spec in whole.items() if spec.required}
    return msgspec.structs.replace(kind, particulars=first | whole)


def activation_of(case: Case) -> Activation | None:
    """Return the activation that the letter knows of: one that happened, else a scheduled one.

    A letter dated before the activation cannot know of it.
    """
    actual = case.locality.jurisdiction.activated
    if actual and actual <= case.date:
        return Activation(date=actual, kind="actual", source=case.locality.activation_source)
    scheduled = getattr(case.particulars, "scheduled", None)
    return Activation(date=scheduled, kind="scheduled") if scheduled else None


def holds(when: Condition, case: Case) -> bool:
    """Tell whether a condition holds. It never does if the letter kind lacks one of its names."""
    if not holds_for(when, case.date, partial(_value, case)):
        return False
    if when.letters and all(case.program.letters.get(id) is not case.kind for id in when.letters):
        return False
    signatory = case.request.signatory
    activation = activation_of(case) if when.activation or when.source else None
    office = "named" if signatory and signatory.office else "unnamed"
    ways = {way.by for party in PARTIES for way in getattr(case.request.service, party)}
    proof = ("named" if ways & _PROVING else "none") if ways else "open"  # of the day of receipt
    source = activation.source if activation else None
    known = activation.kind if activation else "unknown"
    models: set[str] = set()
    if when.agreements:
        models = chosen_models(case) or {agreement.model for agreement in case.locality.agreements}
    return (
        when.office in (None, office)
        and when.authority in (None, "named" if case.request.authority else "unnamed")
        and when.proof in (None, proof)
        and when.to in (None, "all" if case.request.to == "all" else "one")
        and (not when.states or case.locality.state_code in when.states)
        and (not when.activation or known in when.activation)
        and (not when.agreements or not models or not models.isdisjoint(when.agreements))
        and (not when.source or (source is not None and source.kind in when.source))
        and (not when.laws or any(law.effect in when.laws for law in laws_of(case)))
        and (when.unnamed is None or bool(_unnamed_agreements(case, when.unnamed)))
        and when.names <= case.kind.particulars.keys() | case.kind.computed.keys()
    )


# Any: the value of a particular, whose type the letter kind declares.
def holds_for(when: Condition, day: date, value: Callable[[str], Any]) -> bool:
    """Tell whether the letter's date and its values meet a condition, and ask for nothing else.

    `value` returns the value of a particular or a computed date, if there is one.
    """
    return (
        when.has(day)
        and all(set(values) & _choices_in(value(name)) for name, values in when.chosen.items())
        and all(
            (chosen := _choices_in(value(name))) and chosen.issubset(values)
            for name, values in when.only.items()
        )
        and all(len(_choices_in(value(name))) > 1 for name in when.several)
        and all(value(name) for name in when.given)
        and not any(value(name) for name in when.missing)
        and all(_precedes(value, *days) is True for days in when.before.items())
        and all(_precedes(value, *days) is False for days in when.not_before.items())
    )


def laws_of(case: Case) -> Iterator[Law]:
    """Yield the laws in effect that are about the letter kind or about a chosen value."""
    topics = set(case.kind.about)
    for name, particular in case.kind.particulars.items():
        for choice in _choices_in(particular_of(case, name)) if particular.about else ():
            topics.update(particular.about.get(choice, ()))
    for law in laws_in_effect(case):
        if topics.intersection(law.about):
            yield law


def laws_in_effect(case: Case) -> Iterator[Law]:
    """Yield the state's laws that were, or may have been, in effect on the letter's date."""
    day = case.date.isoformat()
    for law in case.locality.laws:
        since = law.effective.isoformat() if law.effective else law.dated
        if since is None or since <= day:  # `2025` comes before each of its days
            yield law


def computed_dates(case: Case) -> dict[str, date | None]:
    """Return each date that the letter kind computes; None if the date it needs is missing."""
    return {name: _compute_date(case, name) for name in case.kind.computed}


def copies_of(case: Case, rule: Rule) -> tuple[Contact, ...]:
    """Return the contacts that receive a copy of the letter to a rule's recipient."""
    offices = [copied.office for copied in rule.copy if holds(copied.when, case)]
    return tuple(filter(None, map(case.locality.contact_of, offices)))


def refusals(case: Case) -> Iterator[Problem]:
    """Yield each reason why the program refuses a letter of this kind in this case.

    If the particulars could not be read, rules that need one are skipped.
    """
    for rule in (*case.kind.refuse, *case.program.refuse):
        is_known = case.particulars is not None or not rule.when.names
        if is_known and holds(rule.when, case):
            reason = rule.reason.format_map(_blanks(case, rule.when))
            yield Problem("refused-letter", reason, hint=rule.hint, path="letter")


def program_notes(case: Case) -> Iterator[Note]:
    """Yield the notes of the letter kind and of the program that apply to the case."""
    for note in (*case.kind.notes, *case.program.notes):
        if holds(note.when, case):
            blanks = _blanks(case, note.when)
            short = note.short.format_map(blanks) if note.short else None
            yield Note(code="letter", text=note.text.format_map(blanks), short=short)


def texts_that_hold(texts: Iterable[ConditionalText], case: Case, **more: object) -> Iterator[str]:
    """Yield the texts that apply to the case, filled in. They may also name the keys of `more`."""
    for text in texts:
        if holds(text.when, case):
            yield text.text.format_map({**_blanks(case, text.when), **more})


def chosen_models(case: Case) -> set[str]:
    """Return the models that the request names, which an outline has only as they were typed."""
    return {
        model
        for name, particular in case.kind.particulars.items()
        if particular.known == "model"
        for model in _choices_in(particular_of(case, name) or case.request.particulars.get(name))
        if model in particular.choices
    }


# Any: a date, or None.
def _precedes(value: Callable[[str], Any], first: str, second: str) -> bool | None:
    """Tell whether the first day is before the second; None if one is missing."""
    day, later = value(first), value(second)
    return day < later if day and later else None


# Any: the value of a particular, whose type the letter kind declares.
def particular_of(case: Case, name: str) -> Any:
    """Return a particular; of `list.name`, the first value in the entries of the list."""
    name, _, inner = name.replace("-", "_").partition(".")
    value = getattr(case.particulars, name, None)
    if not inner:
        return value
    return next(filter(None, (getattr(item, inner, None) for item in value or ())), None)


# Any: the value of a choice, a list of them, or None.
def _choices_in(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def _unnamed_agreements(case: Case, name: str) -> list[Agreement]:
    """Return the agreements in the data whose model a request that names one does not name."""
    chosen = _choices_in(particular_of(case, name))
    return [each for each in case.locality.agreements if chosen and each.model not in chosen]


def _value(case: Case, name: str) -> Any:
    if name == OWN_DAY:
        return case.date
    return _compute_date(case, name) if name in case.kind.computed else particular_of(case, name)


def _compute_date(case: Case, name: str) -> date | None:
    rule = case.kind.computed[name]
    start = _value(case, rule.from_)
    return start + timedelta(int(rule.days)) if start and holds(rule.when, case) else None


def _blanks(case: Case, when: Condition) -> Mapping[str, object]:
    """Map each name that a text may have in braces to its value."""
    names = (*case.kind.particulars, *case.kind.computed)
    source = case.locality.activation_source
    return {
        **{name: _value(case, name) for name in names},
        OWN_DAY: case.date,
        "place": case.locality.name,
        "unnamed": ", ".join(
            f"{agreement.model} of {agreement.signed}" if agreement.signed else agreement.model
            for agreement in (_unnamed_agreements(case, when.unnamed) if when.unnamed else ())
        ),
        "activated": case.locality.jurisdiction.activated,
        "activation-source": (
            f"{source.kind} source: {source.url or 'no address'}" if source else "no source"
        ),
    }
