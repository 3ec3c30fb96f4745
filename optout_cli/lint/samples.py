"""Sample requests to try a letter kind with, as far as its rules accept them. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from itertools import islice, product
from typing import NamedTuple

import msgspec

from optout_cli.errors import OptoutError, Problem
from optout_cli.letters import Library
from optout_cli.letters.compose import outline_case
from optout_cli.letters.render import rules_for
from optout_cli.model.jurisdiction import Locality
from optout_cli.model.notice import Case
from optout_cli.model.program import Forbidden, LetterKind, Particular, Program
from optout_cli.model.request import Request
from optout_cli.programs import holds
from optout_cli.programs.validation import particulars_from
from optout_cli.readers.document import Document, Layer, Tree
from optout_cli.readers.validate import convert
from optout_cli.templating.search import SUFFIX

Group = dict[str, Tree]
_APART = timedelta(days=30)  # from the letter's date to a sample day before or after it
_MOST = timedelta(days=45)  # to any other sample day; it may have to follow the ones after it
_ACTIVE_FOR = timedelta(days=10)  # from the sample activation to the letter's date


class Subject(NamedTuple):
    """A letter kind to try."""

    library: Library
    id: str
    program: Program
    kind: LetterKind
    template: str
    forbidden: tuple[Forbidden, ...]
    local: list[str]  # the states and jurisdictions with wording of their own
    places: dict[str, Locality]
    choices: frozenset[str]  # the choices that make a difference to every letter
    read: set[str]  # texts already searched for forbidden words
    requests: dict[tuple[str, bool, bool], Request]  # by what of a sample decides them

    def problem(self, code: str, message: str, path: str) -> Problem:
        """Return a problem at a key path of the letter kind's declaration."""
        program, _, name = self.id.partition("/")
        location = self.library.programs.location(program, f"letters.{name}.{path}")
        return Problem(code, message, location)

    def never_written(self) -> Problem:
        """Return the problem of a letter kind that is refused in every period."""
        return self.problem("never-written", f"{self.id} is refused in every period", "refuse")


class Sample(NamedTuple):
    """The facts of one sample request. A whole one has every field that a request can have."""

    place: str
    day: date
    particulars: Group
    is_active: bool = False
    is_whole: bool = False


def subject_of(library: Library, id: str, program: Program, kind: LetterKind) -> Subject:
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
    return Subject(
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
        read=set(),
        requests={},
    )


def samples_of(subject: Subject, today: date) -> Iterator[Sample]:
    """Yield sample requests for each period.

    They have every particular with and without, as far as the rules accept it, every place, and
    each day of the period on which a citation or a rule begins. A jurisdiction with wording of its
    own has only letters of today.
    """
    particulars = subject.kind.particulars
    known = subject.places.items()
    places = [name for name, place in known if place.slug not in subject.local]
    rules = (*subject.kind.refuse, *subject.program.refuse)
    changes = {citation.date for citation in subject.program.citations.values()}
    changes |= {day for rule in rules for day in (rule.when.from_, rule.when.until) if day}
    for period in subject.program.periods:
        first, last = period.from_, period.until or max(today, period.from_)
        accepted = partial(_accepted, subject, Sample(places[0], last, {}, is_whole=True))
        groups = list(samples(particulars, last, accepted))
        for number, group in enumerate(groups):
            place = places[number % len(places)]
            is_whole, is_active = number % 2 == 0, number // 2 % 2 == 0
            yield Sample(place, last, group, is_active, is_whole)
        for number, place in enumerate(places):
            yield Sample(place, last, groups[0], is_active=number % 2 == 0, is_whole=True)
        for day in sorted({first, *(day for day in changes if first <= day <= last)}):
            sample = Sample(places[0], day, {})
            for group in islice(samples(particulars, day, partial(_accepted, subject, sample)), 2):
                yield sample._replace(particulars=group)
    for place in (name for name, place in known if place.slug in subject.local):
        for number, group in enumerate(groups):  # of the last period
            yield Sample(place, last, group, is_active=number // 2 % 2 == 0, is_whole=True)


def _accepted(subject: Subject, sample: Sample, group: Group, whole: Group) -> Iterator[Group]:
    """Yield particulars that no rule refuses: as few as possible are left out, or added of `whole`.

    Yields them as they are where no such change helps.
    """
    rules = (*subject.kind.refuse, *subject.program.refuse)
    waiting, seen, is_any = [group], set[frozenset[str]](), False
    while waiting:
        tried = waiting.pop(0)
        if (names := frozenset(tried)) in seen:
            continue
        seen.add(names)
        case = case_of(subject, sample._replace(particulars=tried))
        rule = next((rule for rule in rules if holds(rule.when, case)), None)
        if rule is None:
            is_any = True
            yield tried
            continue
        for name in sorted(rule.when.names & whole.keys()):
            if name not in tried:
                waiting.append({**tried, name: whole[name]})
            elif not subject.kind.particulars[name].required:
                waiting.append({key: value for key, value in tried.items() if key != name})
    if not is_any:
        yield group


def case_of(subject: Subject, sample: Sample) -> Case:
    """Return the case of a sample: a request with every field, or with addresses alone."""
    given = subject.library.programs.wording.request
    decided = (sample.place, sample.is_active, sample.is_whole)
    if decided not in subject.requests:
        data = {
            **(given if sample.is_whole else {"recipients": given["recipients"]}),
            "jurisdiction": sample.place,
            "letter": subject.id,
            "addressing": "joint" if sample.is_active else "separate",
        }
        request = Document(data, (Layer("_layout/wording.yaml", {}),))
        subject.requests[decided] = convert(request, Request)
    particulars = Document({"particulars": sample.particulars}, (Layer(subject.template, {}),))
    locality = subject.places[sample.place]
    activated = sample.day - _ACTIVE_FOR if sample.is_active else None
    jurisdiction = msgspec.structs.replace(locality.jurisdiction, activated=activated)
    return outline_case(
        request=subject.requests[decided],
        locality=msgspec.structs.replace(locality, jurisdiction=jurisdiction),
        program=subject.program,
        kind=subject.kind,
        day=sample.day,
        particulars=particulars_from(particulars, subject.kind),
    )


# Particulars, and all of which they are some -> those of them that the rules of the letter accept.
_Accepted = Callable[[Group, Group], Iterable[Group]]


def _as_it_is(group: Group, _whole: Group) -> Iterable[Group]:
    return (group,)


def samples(
    declared: Mapping[str, Particular], day: date, accepted: _Accepted = _as_it_is
) -> Iterator[Group]:
    """Yield particulars for a letter of `day`, with and without each of them.

    For every combination of the single choices, and of each and all choices of a required list:
    all particulars, only the required ones, all but one, and the required ones with one more. Other
    lists have one entry, and an entry for each difference that they can have.
    """
    choices: dict[str, Sequence[Tree]] = {}
    for name, spec in declared.items():
        if spec.type == "choice":
            choices[name] = spec.choices
        elif spec.of == "choice" and spec.required:
            each: list[Tree] = [[choice] for choice in spec.choices]
            choices[name] = [*each, [*spec.choices]]
    for chosen in product(*choices.values()):
        whole = _group(declared, day) | dict(zip(choices, chosen, strict=True))
        yield from _subsets(declared, whole, accepted)
        for group in accepted(whole, whole):
            yield {
                name: value[:1] if isinstance(value, list) else value
                for name, value in group.items()
            }


def hostile(value: Tree, declared: Particular, words: str) -> Tree:
    """Return a sample with `words` for each text that a person would write."""
    if isinstance(value, list):
        kind = declared.of if declared.type == "list" else "text"
        if isinstance(kind, dict):
            return [
                {key: hostile(inner, kind[key], words) for key, inner in item.items()}
                for item in value
                if isinstance(item, dict)
            ]
        return [words for _ in value] if kind in ("text", "paragraphs") else value
    return words if declared.type == "text" else value


def _subsets(
    declared: Mapping[str, Particular], whole: Group, accepted: _Accepted = _as_it_is
) -> Iterator[Group]:
    """Yield a group whole; only the required ones; all but one; the required ones and one more."""
    optional = [name for name, spec in declared.items() if not spec.required]
    wholes = list(accepted(whole, whole))
    bares = list(accepted({key: it for key, it in whole.items() if key not in optional}, whole))
    yield wholes[0]
    yield bares[0]
    yield from (*wholes[1:], *bares[1:])
    for name in optional:
        for group in (group for group in wholes if name in group):
            yield {key: value for key, value in group.items() if key != name}
        for group in (group for group in bares if name not in group):
            yield {**group, name: whole[name]}


def _group(declared: Mapping[str, Particular], day: date) -> Group:
    """Return a value for each particular, so that every `when` and `not-before` holds."""
    apart = {"before": -_APART, "after": _APART, None: _MOST}
    days = {name: day + apart[spec.when] for name, spec in declared.items()}
    for name, spec in declared.items():
        if spec.not_before in days:
            days[name] = max(days[name], days[spec.not_before])
    return {name: _value(spec, name, day, days[name]) for name, spec in declared.items()}


def _value(spec: Particular, name: str, day: date, own_day: date) -> Tree:
    words = f"Sample {name.replace('-', ' ')}"
    match spec.type:
        case "text":
            return words
        case "paragraphs":
            return [f"{words} one.", f"{words} two."]
        case "date":
            return own_day.isoformat()
        case "choice":
            return spec.choices[0]
        case _:
            return list(_entries(spec, name, day, own_day))


def _entries(spec: Particular, name: str, day: date, own_day: date) -> Iterator[Tree]:
    """Yield entries of a list: with and without each field, and with each choice."""
    if isinstance(spec.of, dict):
        whole = _group(spec.of, day)
        items = [*_subsets(spec.of, whole)]
        for field, inner in spec.of.items():
            items += [{**whole, field: choice} for choice in inner.choices[1:]]
        for number, item in enumerate(items):
            yield {
                key: f"{value} #{number}" if spec.of[key].type == "text" else value
                for key, value in item.items()
            }
    elif spec.of == "choice":
        yield from spec.choices
    else:
        first = Particular(type=spec.of or "text", help=spec.help)
        yield _value(first, name, day, own_day)
        if spec.per:  # one for all
            return
        yield _value(first, f"other-{name}", day, own_day + timedelta(days=1))
