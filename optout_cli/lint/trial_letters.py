"""Write every letter of every program with sample facts, and report the problems of its words.

The letters are not kept. Each problem is one of the template or of `program.yaml`.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import msgspec

from optout_cli.errors import OptoutError, Problem
from optout_cli.letters.compose import compose, outline_case
from optout_cli.letters.library import Library
from optout_cli.letters.own_wording import claim_problem, claims_in, rules_for, texts_of
from optout_cli.letters.render import render
from optout_cli.lint.samples import Group, days_in, hostile, names_in_rules, recorded, samples
from optout_cli.model.jurisdiction import Locality
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case, Notice
from optout_cli.model.program import Forbidden, LetterKind, Program
from optout_cli.model.request import Request
from optout_cli.programs import particulars_from, refusals
from optout_cli.readers.document import Document, Layer
from optout_cli.readers.validate import convert
from optout_cli.templating.filters import MONTHS, as_typed, quotation
from optout_cli.templating.inspect import reference_problems
from optout_cli.templating.layouts import SUFFIX

_TAME, _HOSTILE = "Sample", '</p><li>{{ 7 * 7 }} &amp; "x" <b>y</b>'
_A_DAY = re.compile(rf"(?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}}")
_ACTIVE_FOR = timedelta(days=10)  # from the sample activation to the letter's date
_QUOTED = re.compile(r"text='(?:[^'\\]|\\.)*'|text=\"(?:[^\"\\]|\\.)*\"")  # in a block's repr


class _Subject(NamedTuple):
    """A letter kind to try. `seen` collects the facts that its letters use."""

    library: Library
    id: str
    program: Program
    kind: LetterKind
    template: str
    forbidden: tuple[Forbidden, ...]
    seen: set[str]
    local: list[str]  # the states and jurisdictions with wording of their own
    places: dict[str, Locality]
    choices: frozenset[str]  # the choices that make a difference to every letter
    read: set[str]  # texts already searched for forbidden words

    def problem(self, code: str, message: str, path: str) -> Problem:
        """Return a problem at a key path of the letter kind's declaration."""
        program, _, name = self.id.partition("/")
        location = self.library.programs.location(program, f"letters.{name}.{path}")
        return Problem(code, message, location)


class _Sample(NamedTuple):
    """The facts of one sample request. A whole one has every field that a request can have."""

    place: str
    day: date
    particulars: Group
    is_active: bool = False
    is_whole: bool = False


def try_letters(library: Library, today: date) -> Iterator[Problem]:
    """Write every letter in every period, and yield each problem once.

    With templates of the user's own, leave out the letters that they do not change.
    """
    for id in sorted(library.programs.by_id):
        yield from try_program(library, id, today, _as_shipped(id, library))


def _as_shipped(id: str, library: Library) -> frozenset[str]:
    """Return the letter kinds of a program that the user's own files do not change.

    Data of the user's own may change every letter.
    """
    templates, program = library.templates, library.programs.by_id[id]
    if library.overlays or not templates.own:
        return frozenset()
    shipped = Library().programs.by_id.get(id)
    if not shipped or msgspec.structs.replace(shipped, letters=program.letters) != program:
        return frozenset()
    return frozenset(
        name
        for name, kind in program.letters.items()
        if kind == shipped.letters.get(name) and not templates.has_own_wording(f"{id}/{name}")
    )


def try_program(
    library: Library, id: str, today: date, without: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Write every letter of one program but the kinds `without`; yield each problem once."""
    program = library.programs.by_id[id]
    subjects = [
        _subject(library, f"{id}/{name}", program, kind)
        for name, kind in sorted(program.letters.items())
        if name not in without
    ]
    for subject in subjects:
        known = set()
        for problem in _letter_problems(subject, today):
            if (problem.location, problem.message) not in known:
                known.add((problem.location, problem.message))
                yield problem
    if without or not all(subject.seen for subject in subjects):
        return  # a letter that was not written may cite what the others do not
    seen = set().union(*(subject.seen for subject in subjects))
    for name in program.citations:
        if f"citations.{name}" not in seen:
            location = library.programs.location(id, f"citations.{name}")
            message, hint = f"no letter cites {name!r}", "use it, or remove it"
            yield Problem("unused-citation", message, location, hint)


def sample_notice(library: Library, letter: str, today: date, place: str = "") -> Notice:
    """Return a notice of today with every fact that a letter kind can state.

    It is of a sample jurisdiction, or of `place`. Raises OptoutError for a letter that does not
    exist, or that is refused in every period.
    """
    program, kind = library.programs.find(letter)
    subject = _subject(library, letter, program, kind)
    if place:
        subject.places[place] = library.directory.find(place)
    newest_first = sorted(_samples(subject, today), key=lambda sample: sample.day, reverse=True)
    for sample in newest_first:
        chosen = sample._replace(place=place or sample.place)
        if sample.is_whole and not any(refusals(case := _case(subject, chosen))):
            return compose(case)[0]
    raise OptoutError(_never_written(subject))


def _never_written(subject: _Subject) -> Problem:
    return subject.problem("never-written", f"{subject.id} is refused in every period", "refuse")


def _subject(library: Library, id: str, program: Program, kind: LetterKind) -> _Subject:
    """Return a letter kind with the sample jurisdictions, and one for each local wording.

    A local wording whose place does not exist is left out: `unused_files` reports its name.
    Raises OptoutError for invalid data.
    """
    local = [
        path.name.partition(".")[2].removesuffix(SUFFIX)
        for folder in library.templates.folders
        for path in sorted(folder.glob(f"{id}.*{SUFFIX}"))
    ]
    states = library.directory.data.states
    ids = [*library.programs.wording.samples]
    for name in local:
        inside = [known for _, known, _ in library.directory.all(name)]
        ids += inside[:1] if name.isupper() else [name]
    places: dict[str, Locality] = {}
    for place in ids:
        with suppress(OptoutError):
            places[place] = library.directory.find(place)
    return _Subject(
        library=library,
        id=id,
        program=program,
        kind=kind,
        template=library.templates.name_of(id, "", ""),
        forbidden=rules_for(id.partition("/")[0], library),
        local=[name for name in local if name in places or name in states],
        places=places,
        choices=frozenset(
            name
            for name, spec in kind.particulars.items()
            if spec.type == "choice" or (spec.of == "choice" and spec.required)
        ),
        seen=set(),
        read=set(),
    )


def _letter_problems(subject: _Subject, today: date) -> Iterator[Problem]:
    """Write a letter kind's letters, and yield the problems of each."""
    program, kind, templates = subject.program, subject.kind, subject.library.templates
    if not templates.has(subject.template):
        return  # `problems_in_library` reports it
    names = [subject.template, *(f"{subject.id}.{place}{SUFFIX}" for place in subject.local)]
    try:
        unknown = [
            problem
            for name in names
            for problem in reference_problems(name, program, kind, templates)
        ]
    except OptoutError as error:
        yield from error.problems
        return
    yield from unknown
    reported = {problem.location for problem in unknown}
    is_written = is_broken = False
    for number, sample in enumerate(_samples(subject, today)):
        try:
            letters = _letters(subject, sample, number)
        except OptoutError as error:
            new = [problem for problem in error.problems if problem.location not in reported]
            yield from (_with_sample(problem, subject, sample) for problem in new)
            is_broken = True
            continue
        is_written |= bool(letters)
        for letter in letters:
            yield from _wording_problems(subject, letter, sample)
    if is_broken:
        subject.seen.clear()  # an incomplete letter does not show every fact that it uses
        return
    if not is_written:
        yield _never_written(subject)
    yield from _unused_particulars(subject)
    yield from _hostile_problems(subject, today)


def _with_sample(problem: Problem, subject: _Subject, sample: _Sample) -> Problem:
    """Add the letter's date and the single choices as the hint of a problem without one."""
    given = sample.particulars.items()
    chosen = [
        f", {name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in given
        if name in subject.choices
    ]
    hint = problem.hint or f"in a letter of {sample.day}{''.join(chosen)}"
    return msgspec.structs.replace(problem, hint=hint)


def _samples(subject: _Subject, today: date) -> Iterator[_Sample]:
    """Yield sample requests for each period.

    They have every particular with and without, every place, and each day of the period on which
    a citation or a rule begins. A jurisdiction with wording of its own has only letters of today.
    """
    particulars = subject.kind.particulars
    known = subject.places.items()
    places = [name for name, place in known if place.slug not in subject.local]
    rules = (*subject.kind.refuse, *subject.program.refuse)
    changes = {citation.date for citation in subject.program.citations.values()}
    changes |= {day for rule in rules for day in (rule.when.from_, rule.when.until) if day}
    for period in subject.program.periods:
        first, last = period.from_, period.until or max(today, period.from_)
        groups = list(samples(particulars, last))
        for number, group in enumerate(groups):
            place = places[number % len(places)]
            is_whole, is_active = number % 2 == 0, number // 2 % 2 == 0
            yield _Sample(place, last, group, is_active, is_whole)
        for number, place in enumerate(places):
            yield _Sample(place, last, groups[0], is_active=number % 2 == 0, is_whole=True)
        for day in sorted({first, *(day for day in changes if first <= day <= last)}):
            for group in list(samples(particulars, day))[:2]:
                yield _Sample(places[0], day, group)
    for place in (name for name, place in known if place.slug in subject.local):
        for number, group in enumerate(groups):  # of the last period
            yield _Sample(place, last, group, is_active=number // 2 % 2 == 0, is_whole=True)


def _letters(subject: _Subject, sample: _Sample, number: int) -> list[Letter]:
    """Return all letters of a whole request, else one of them; none if it is refused."""
    case = _case(subject, sample)
    if any(refusals(case)):
        return []
    notices = compose(case)
    chosen = notices if sample.is_whole else notices[number % len(notices) :][:1]
    templates = subject.library.templates
    return [render(recorded(notice, subject.seen), templates) for notice in chosen]


def _case(subject: _Subject, sample: _Sample) -> Case:
    """Return the case of a sample: a request with every field, or with addresses alone."""
    given = subject.library.programs.wording.request
    data = {
        **(given if sample.is_whole else {"recipients": given["recipients"]}),
        "jurisdiction": sample.place,
        "letter": subject.id,
        "addressing": "joint" if sample.is_active else "separate",
    }
    request = Document(data, (Layer("_layout/wording.yaml", {}),))
    particulars = Document({"particulars": sample.particulars}, (Layer(subject.template, {}),))
    locality = subject.places[sample.place]
    activated = sample.day - _ACTIVE_FOR if sample.is_active else None
    jurisdiction = msgspec.structs.replace(locality.jurisdiction, activated=activated)
    return outline_case(
        request=convert(request, Request),
        locality=msgspec.structs.replace(locality, jurisdiction=jurisdiction),
        program=subject.program,
        kind=subject.kind,
        day=sample.day,
        particulars=particulars_from(particulars, subject.kind),
    )


def _wording_problems(subject: _Subject, letter: Letter, sample: _Sample) -> Iterator[Problem]:
    """Yield forbidden words, repeated lines, and days after the letter's date."""
    texts, name, templates = texts_of(letter), letter.template, subject.library.templates
    location = templates.location(name)
    found = []
    for text in [text for text in texts if text not in subject.read]:
        subject.read.add(text)
        found += [
            claim_problem(claim, name, templates) for claim in claims_in(text, subject.forbidden)
        ]
    for text, following in pairwise(texts):
        if text == following:
            found.append(Problem("doubled-line", f"prints a line twice: {text!r}", location))
    known = days_in(letter.notice.particulars) | days_in(letter.notice.computed)
    if letter.notice.place.slug in subject.local:
        texts = []  # a text for one jurisdiction may name a day to come, which counsel chose
    for written in {day for text in texts for day in _A_DAY.findall(text)}:
        day = datetime.strptime(written, "%B %d, %Y").date()  # noqa: DTZ007  # a day, in no zone
        if day > sample.day and day not in known:
            message = f"names {day}, which is after the letter's date"
            found.append(Problem("later-day", message, location))
    yield from (_with_sample(problem, subject, sample) for problem in found)


def _unused_particulars(subject: _Subject) -> Iterator[Problem]:
    """Yield each particular that no letter and no rule uses, also inside lists."""
    used = subject.seen | names_in_rules(subject.program, subject.kind)
    templates = subject.library.templates
    is_reworded = (
        templates.ships(subject.id) and templates.own_digest_of(subject.template) is not None
    )
    declared = {}  # the name of each particular and its path in the declaration
    for name, spec in subject.kind.particulars.items():
        declared[name] = name
        for field in spec.of if isinstance(spec.of, dict) else ():
            declared[f"{name}.{field}"] = f"{name}.of.{field}"
    for name, path in declared.items():
        if f"particulars.{name}" in used:
            continue
        if is_reworded:
            message = f"never prints the particular {name!r}, which a request may state"
            hint = "add {{ super() }} to the block that replaces its words"
            location = templates.location(subject.template)
            yield Problem("unused-particular", message, location, hint)
        else:
            message = f"nothing uses the particular {name!r}"
            problem = subject.problem("unused-particular", message, f"particulars.{path}")
            yield msgspec.structs.replace(problem, hint="use it, or remove it")


def _hostile_problems(subject: _Subject, today: date) -> Iterator[Problem]:
    """Yield a problem if words that look like markup change more of a letter than its words."""
    whole = (sample for sample in _samples(subject, today) if sample.is_whole)
    accepted = (sample for sample in whole if not any(refusals(_case(subject, sample))))
    written = next(accepted, None)
    if written is None:
        return
    letters = []
    try:
        for words in (_TAME, _HOSTILE):
            group = {
                name: hostile(value, subject.kind.particulars[name], words)
                for name, value in written.particulars.items()
            }
            letters.append(_letters(subject, written._replace(particulars=group), 0))
    except OptoutError as error:
        yield from error.problems
        return
    for tame, wild in zip(*letters, strict=True):
        # A letter may quote what somebody answered.
        quoted = as_typed(quotation([_HOSTILE])[0][1:-1])
        shown = [it.replace(_HOSTILE, _TAME).replace(quoted, _TAME) for it in texts_of(wild)]
        if shown != texts_of(tame) or _structure(tame.body) != _structure(wild.body):
            message = "the words of a particular change the structure of the letter"
            location = subject.library.templates.location(subject.template)
            yield Problem("hostile-words", message, location)


def _structure(blocks: Sequence[object]) -> str:
    """Return the nested kinds of blocks, without their words."""
    return _QUOTED.sub("", repr(blocks))
