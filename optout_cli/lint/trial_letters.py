"""Every letter of every program, written with sample facts, to see what is wrong with its words.

Nothing is kept of the letters. What is found is a Problem of the template or of `program.yaml`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters.compose import compose, outline_case
from optout_cli.letters.library import Library
from optout_cli.letters.own_wording import claim_problem, claims_in, rules_for, texts_of
from optout_cli.letters.render import render
from optout_cli.lint.samples import Group, days_in, hostile, names_in_rules, recorded, samples
from optout_cli.model.jurisdiction import Locality
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case
from optout_cli.model.program import Forbidden, LetterKind, Program
from optout_cli.model.request import Request
from optout_cli.programs import particulars_from
from optout_cli.programs.conditions import refusals
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.validate import convert
from optout_cli.templating.filters import MONTHS
from optout_cli.templating.inspect import reference_problems
from optout_cli.templating.search import SUFFIX

_TAME, _HOSTILE = "Sample", '</p><li>{{ 7 * 7 }} &amp; "x" <b>y</b>'
_A_DAY = re.compile(rf"(?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}}")
_ACTIVE_FOR = timedelta(days=10)


class _Kind(NamedTuple):
    """A letter kind on trial. `seen` collects the facts that its letters ask for."""

    library: Library
    id: str
    program: Program
    kind: LetterKind
    template: str
    forbidden: tuple[Forbidden, ...]
    seen: set[str]
    local: list[str]  # the states and jurisdictions that have wording of their own
    places: dict[str, Locality]
    choices: frozenset[str]  # the particulars of which one is chosen
    read: set[str]  # texts in which forbidden words were looked for


class _Trial(NamedTuple):
    """What one sample request is made from; a whole one has all that a request can have."""

    place: str
    day: date
    particulars: Group
    is_active: bool = False
    is_whole: bool = False


def try_letters(library: Library, today: date) -> Iterator[Problem]:
    """Write every letter in every period, and yield each thing that is wrong with one once."""
    for id in sorted(library.programs.by_id):
        yield from try_program(library, id, today)


def try_program(library: Library, id: str, today: date) -> Iterator[Problem]:
    """Write every letter of one program, and yield each thing that is wrong with one once."""
    program = library.programs.by_id[id]
    parts = [
        _kind(library, f"{id}/{name}", program, kind)
        for name, kind in sorted(program.letters.items())
    ]
    yield from [it for part in parts for it in _once(_kind_problems(part, today))]
    seen = {path for part in parts for path in part.seen}
    is_whole = all(part.seen for part in parts)  # else a letter not written may cite it
    for name in program.citations if is_whole else ():
        if f"citations.{name}" not in seen:
            message = f"no letter cites {name!r}"
            yield _declared("unused-citation", message, library, id, f"citations.{name}")


def _once(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield each problem as it is first met; in other letters it is the same."""
    seen: set[tuple[Location | None, str]] = set()
    for it in problems:
        if (it.location, it.message) not in seen:
            seen.add((it.location, it.message))
            yield it


def _kind(library: Library, id: str, program: Program, kind: LetterKind) -> _Kind:
    local = [
        path.name.partition(".")[2].removesuffix(SUFFIX)
        for folder in library.templates.folders
        for path in sorted(folder.glob(f"{id}.*{SUFFIX}"))
    ]
    places = _places(library, local)
    return _Kind(
        library=library,
        id=id,
        program=program,
        kind=kind,
        template=library.templates.name_of(id, "", ""),
        forbidden=rules_for(id.partition("/")[0], library),
        local=[it for it in local if it in places or it in library.directory.data.states],
        places=places,
        choices=frozenset(name for name, it in kind.particulars.items() if it.type == "choice"),
        seen=set(),
        read=set(),
    )


def _places(library: Library, local: Sequence[str]) -> dict[str, Locality]:
    """Return the sample jurisdictions, and one for each wording of a state or jurisdiction.

    Wording for a place that there is not is left out: it is told of by its file's name.
    Raises OptoutError for data in which no place can be looked up.
    """
    _ = library.directory.data
    places = [*library.programs.wording.samples]
    for name in local:
        inside = [id for _, id, _ in library.directory.all(name)] if name.isupper() else [name]
        places += inside[:1]
    found: dict[str, Locality] = {}
    for it in places:
        with suppress(OptoutError):
            found[it] = library.directory.find(it)
    return found


def _declared(code: str, message: str, library: Library, program: str, path: str) -> Problem:
    return Problem(
        code, message, library.programs.location(program, path), "use it, or take it out"
    )


def _kind_problems(part: _Kind, today: date) -> Iterator[Problem]:
    if not part.library.templates.has(part.template):
        return  # already told
    try:
        unknown = [it for name in _names(part) for it in _unknown_names(name, part)]
    except OptoutError as error:
        yield from error.problems
        return
    yield from unknown
    told = {it.location for it in unknown}
    is_written = is_broken = False
    for number, trial in enumerate(_trials(part, today)):
        try:
            letters = _letters(part, trial, number)
        except OptoutError as error:
            yield from (
                _describe(it, part, trial) for it in error.problems if it.location not in told
            )
            is_broken = True
            continue
        is_written |= bool(letters)
        for letter in letters:
            yield from _wording_problems(part, letter, trial)
    if is_broken:
        part.seen.clear()  # what else it would ask for is not known
        return
    if not is_written:
        message = f"{part.id} is refused in every period"
        yield Problem(
            "never-written", message, part.library.programs.location(*_at(part, "refuse"))
        )
    yield from _unused(part)
    yield from _hostile_problems(part, today)


def _names(part: _Kind) -> list[str]:
    """Return the letter's template, and each local wording of it."""
    return [part.template, *(f"{part.id}.{it}{SUFFIX}" for it in part.local)]


def _unknown_names(name: str, part: _Kind) -> Iterator[Problem]:
    return reference_problems(name, part.program, part.kind, part.library.templates)


def _at(part: _Kind, path: str) -> tuple[str, str]:
    program, _, name = part.id.partition("/")
    return program, f"letters.{name}.{path}"


def _describe(problem: Problem, part: _Kind, trial: _Trial) -> Problem:
    chosen = [f", {name}: {it}" for name, it in trial.particulars.items() if name in part.choices]
    hint = problem.hint or f"in a letter of {trial.day}{''.join(chosen)}"
    return msgspec.structs.replace(problem, hint=hint)


def _trials(part: _Kind, today: date) -> Iterator[_Trial]:
    """Yield sample requests: in each period every particular with and without, and every place."""
    places = list(part.places)
    for period in part.program.periods:
        last = period.until or max(today, period.from_)
        groups = list(samples(part.kind.particulars, last))
        for number, group in enumerate(groups):
            place = places[number % len(places)]
            is_whole, is_active = number % 2 == 0, number // 2 % 2 == 0
            yield _Trial(place, last, group, is_active, is_whole)
        for number, place in enumerate(places):
            yield _Trial(place, last, groups[0], is_active=number % 2 == 0, is_whole=True)
        for day in _days_of_change(part, period.from_, last):
            for group in list(samples(part.kind.particulars, day))[:2]:
                yield _Trial(places[0], day, group)


def _days_of_change(part: _Kind, first: date, last: date) -> list[date]:
    """Return the days of a period on which something begins to be cited or refused."""
    rules = (*part.kind.refuse, *part.program.refuse)
    days = {it.date for it in part.program.citations.values()}
    days |= {day for it in rules for day in (it.when.from_, it.when.until) if day}
    return sorted({first, *(day for day in days if first <= day <= last)})


def _letters(part: _Kind, trial: _Trial, number: int) -> list[Letter]:
    """Write a trial's letters: of a whole request each, else one of them; none where refused."""
    case = _case(part, trial)
    if any(refusals(case)):
        return []
    notices = compose(case)
    chosen = notices if trial.is_whole else notices[number % len(notices) :][:1]
    return [render(recorded(it, part.seen), part.library.templates) for it in chosen]


def _case(part: _Kind, trial: _Trial) -> Case:
    document = Document({"particulars": trial.particulars}, (Layer(part.template, {}),))
    return outline_case(
        request=_request(part.library, part.id, trial),
        locality=_locality(part, trial),
        program=part.program,
        kind=part.kind,
        day=trial.day,
        particulars=particulars_from(document, part.kind),
    )


def _request(library: Library, letter: str, trial: _Trial) -> Request:
    """Return a request with all that one can have, or with addresses alone."""
    given = library.programs.wording.request
    if not trial.is_whole:
        given = {"recipients": given["recipients"]}
    named = {"jurisdiction": trial.place, "letter": letter}
    addressing = "joint" if trial.is_active else "separate"
    data = {**given, **named, "addressing": addressing}
    return convert(Document(data, (Layer("_layout/wording.yaml", {}),)), Request)


def _locality(part: _Kind, trial: _Trial) -> Locality:
    locality = part.places[trial.place]
    activated = trial.day - _ACTIVE_FOR if trial.is_active else None
    jurisdiction = msgspec.structs.replace(locality.jurisdiction, activated=activated)
    return msgspec.structs.replace(locality, jurisdiction=jurisdiction)


def _wording_problems(part: _Kind, letter: Letter, trial: _Trial) -> Iterator[Problem]:
    texts, name, templates = texts_of(letter), letter.template, part.library.templates
    location = templates.location(name)
    for text in [it for it in texts if it not in part.read]:
        part.read.add(text)
        for claim in claims_in(text, part.forbidden):
            yield _describe(claim_problem(claim, name, templates), part, trial)
    for text, following in pairwise(texts):
        if text == following:
            message = f"says twice: {text!r}"
            yield _describe(Problem("doubled-line", message, location), part, trial)
    known = days_in(letter.notice.particulars) | days_in(letter.notice.computed)
    for day in {_day(it) for text in texts for it in _A_DAY.findall(text)} - known:
        if day > trial.day:
            message = f"names {day}, a day after its own"
            yield _describe(Problem("later-day", message, location), part, trial)


def _day(text: str) -> date:
    return datetime.strptime(text, "%B %d, %Y").date()  # noqa: DTZ007  # a day, in no zone


def _unused(part: _Kind) -> Iterator[Problem]:
    """Yield each particular that no letter and no rule asks for, also within lists."""
    used = part.seen | names_in_rules(part.program, part.kind)
    templates = part.library.templates
    is_reworded = templates.ships(part.id) and templates.own_digest_of(part.template) is not None
    for path in _paths(part.kind):
        if path in used:
            continue
        name = path.removeprefix("particulars.")
        if is_reworded:
            message = f"leaves out the particular {name!r}, which a request may state"
            hint = "where a block replaces the passage on it, let {{ super() }} print that as well"
            yield Problem("unused-particular", message, templates.location(part.template), hint)
        else:
            message = f"nothing asks for the particular {name!r}"
            at = path.replace(".", ".of.").replace("particulars.of.", "particulars.", 1)
            yield _declared("unused-particular", message, part.library, *_at(part, at))


def _paths(kind: LetterKind) -> Iterator[str]:
    for name, spec in kind.particulars.items():
        yield f"particulars.{name}"
        if isinstance(spec.of, dict):
            yield from (f"particulars.{name}.{inner}" for inner in spec.of)


def _hostile_problems(part: _Kind, today: date) -> Iterator[Problem]:
    """Yield what changes in a letter, but the words, with words that would be markup."""
    trials = [it for it in _trials(part, today) if it.is_whole]
    written = next((it for it in trials if not any(refusals(_case(part, it)))), None)
    if written is None:
        return
    tame, wild = (_with_words(part, written, it) for it in (_TAME, _HOSTILE))
    try:
        pairs = zip(_letters(part, tame, 0), _letters(part, wild, 0), strict=True)
        for one, other in pairs:
            shown = [text.replace(_HOSTILE, _TAME) for text in texts_of(other)]
            if shown != texts_of(one) or _shape(one.body) != _shape(other.body):
                message = "what a person writes in a particular changes more than its words"
                yield Problem(
                    "hostile-words", message, part.library.templates.location(part.template)
                )
    except OptoutError as error:
        yield from error.problems


def _with_words(part: _Kind, trial: _Trial, words: str) -> _Trial:
    declared = part.kind.particulars
    group = {name: hostile(it, declared[name], words) for name, it in trial.particulars.items()}
    return trial._replace(particulars=group)


def _shape(blocks: Sequence[object]) -> str:
    """Return the kinds of blocks, as they stand in each other, without their words."""
    return re.sub(r"text='(?:[^'\\]|\\.)*'|text=\"(?:[^\"\\]|\\.)*\"", "", repr(blocks))
