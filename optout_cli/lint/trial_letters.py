"""Write every letter of every program with sample facts, and report the problems of its words.

The letters are not kept, and as few as show all that a template can print. Each problem is one of
the template or of `program.yaml`.
"""

import re
from collections import defaultdict
from collections.abc import Generator, Hashable, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, combinations, pairwise
from random import Random
from typing import Any, NamedTuple

import msgspec

from optout_cli.errors import Location, OptoutError, Problem
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.render import claim_problem, claims_in, render, texts_of
from optout_cli.lint.samples import (
    Sample,
    Subject,
    case_of,
    hostile,
    samples_of,
    subject_of,
)
from optout_cli.model.fields import days_in
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Case
from optout_cli.model.request import PARTIES, Party
from optout_cli.programs import refusals
from optout_cli.templating.filters import as_typed, quotation, typographic
from optout_cli.templating.inspect import ANY, Reading
from optout_cli.templating.problems import ENDLESS
from optout_cli.templating.search import SUFFIX

_TAME, _HOSTILE = "Sample", '</p><li>{{ 7 * 7 }} &amp; "x" <b>y</b>'
_QUOTED = re.compile(r"text='(?:[^'\\]|\\.)*'|text=\"(?:[^\"\\]|\\.)*\"")  # in a block's repr

_IN_VAIN = 20  # letters one after the other that show nothing new
_Pair = tuple[tuple[str, Hashable], ...]  # two facts of a sample that a letter may print together


def try_program(
    library: Library, id: str, today: date, without: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Write every letter of one program but the kinds `without`; yield each problem once."""
    program = library.programs.by_id[id]
    cited: set[str] = set()
    is_whole = not without  # a letter that cannot be read may cite what the others do not
    for name, kind in sorted(program.letters.items()):
        if name in without:
            continue
        subject = subject_of(library, f"{id}/{name}", program, kind)
        known = set()
        names = [subject.template, *(f"{subject.id}.{place}{SUFFIX}" for place in subject.local)]
        # `problems_in_library` reports a letter without a template.
        names = names if library.templates.has(subject.template) else []
        try:
            readings = {name: Reading(name, library.templates) for name in names}
        except OptoutError as error:
            yield from error.problems
            readings = {}
        is_whole &= bool(readings)
        for problem in _letter_problems(subject, readings, today) if readings else ():
            if (problem.location, problem.message) not in known:
                known.add((problem.location, problem.message))
                yield problem
        cited |= _paths_in(readings)
    for name in program.citations if is_whole and f"citations.{ANY}" not in cited else ():
        if f"citations.{name}" not in cited:
            location = library.programs.location(id, f"citations.{name}")
            message, hint = f"no letter cites {name!r}", "use it, or remove it"
            yield Problem("unused-citation", message, location, hint)


_Readings = dict[str, Reading]  # of the templates of a letter kind, by name


def _paths_in(readings: _Readings) -> set[str]:
    return set().union(*(reading.paths for reading in readings.values()))


def _letter_problems(subject: Subject, readings: _Readings, today: date) -> Iterator[Problem]:
    """Write a letter kind's letters, and yield the problems of each."""
    each = (reading.problems(subject.program, subject.kind) for reading in readings.values())
    unknown = [*chain.from_iterable(each)]
    yield from unknown
    samples = [*samples_of(subject, today)]
    reported = {problem.location for problem in unknown}
    is_whole = yield from _trial_problems(subject, _trials_of(subject, samples), reported)
    if is_whole:
        yield from _unused_particulars(subject, _paths_in(readings))
        yield from _hostile_problems(subject, samples)


class _Trial(NamedTuple):
    """A letter to write: a sample's to one party, or to whoever there is, and what decides it."""

    sample: Sample
    parties: tuple[Party, ...]
    facts: dict[str, Hashable]


def _trial_problems(
    subject: Subject, trials: Iterable[_Trial], reported: set[Location | None]
) -> Generator[Problem, None, bool]:
    """Yield the problems of trial letters; return whether each could be written.

    Those are written of which two facts were in no letter together. A problem that stops a letter
    is left out where one is `reported`. Where no letter could be written, and the last `_IN_VAIN`
    told nothing new, the others are not tried.
    """
    is_whole, in_vain, told = True, 0, set[tuple[Location | None, str]]()
    shown: defaultdict[str, set[_Pair]] = defaultdict(set)  # by template
    templates = {
        id: subject.library.templates.name_of(subject.id, place.slug, place.state_code)
        for id, place in subject.places.items()
    }
    for trial in trials:
        pairs, known = {*combinations(trial.facts.items(), 2)}, shown[templates[trial.sample.place]]
        if pairs <= known or any(refusals(case := case_of(subject, trial.sample))):
            continue
        try:
            letters = _letters(subject, case, trial.parties)
        except OptoutError as error:
            is_whole = False
            found = (problem for problem in error.problems if problem.location not in reported)
            yield from (_with_sample(problem, subject, trial.sample) for problem in found)
            new = {(problem.location, problem.message) for problem in error.problems} - told
            told |= new
            in_vain = 0 if new else in_vain + 1
            # Each further letter would take as long to say the same.
            is_endless = any(problem.code == ENDLESS for problem in error.problems)
            if is_endless or (in_vain == _IN_VAIN and not any(shown.values())):
                break
            continue
        known |= pairs
        for letter in letters:
            yield from _wording_problems(subject, letter, trial.sample)
    if is_whole and not any(shown.values()):
        yield subject.never_written()
    return is_whole


def _with_sample(problem: Problem, subject: Subject, sample: Sample) -> Problem:
    """Add the letter's date and the single choices as the hint of a problem without one."""
    given = sample.particulars.items()
    chosen = [
        f", {name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in given
        if name in subject.choices
    ]
    hint = problem.hint or f"in a letter of {sample.day}{''.join(chosen)}"
    return msgspec.structs.replace(problem, hint=hint)


def _letters(subject: Subject, case: Case, parties: Sequence[Party]) -> list[Letter]:
    """Return the letters of a case to the chosen parties. Raises OptoutError."""
    templates = subject.library.templates
    return [render(notice, templates) for notice in compose(case, parties)]


def _wording_problems(subject: Subject, letter: Letter, sample: Sample) -> Iterator[Problem]:
    """Yield forbidden words, repeated lines, and days after the letter's date."""
    texts, name, templates = texts_of(letter), letter.template, subject.library.templates
    found = []
    for text in [text for text in texts if text not in subject.read]:
        subject.read.add(text)
        found += [
            claim_problem(claim, name, templates) for claim in claims_in(text, subject.forbidden)
        ]
    for text, following in pairwise(texts):
        if text == following:
            message = f"prints a line twice: {text!r}"
            found.append(Problem("doubled-line", message, templates.location(name)))
    later = {day for text in texts for day in days_in(text) if day > sample.day}
    # A text for one jurisdiction may name a day to come, which counsel chose.
    if later and letter.notice.place.slug not in subject.local:
        facts = [letter.notice.particulars, letter.notice.computed]
        known = _days_in(msgspec.to_builtins(facts, builtin_types=(date,)))
        for day in sorted(later - known):
            message = f"names {day}, which is after the letter's date"
            found.append(Problem("later-day", message, templates.location(name)))
    yield from (_with_sample(problem, subject, sample) for problem in found)


# Any: plain data.
def _days_in(facts: Any) -> set[date]:
    """Return every day in particulars or computed dates, as plain data; a text is none."""
    if isinstance(facts, date):
        return {facts}
    inner = facts.values() if isinstance(facts, dict) else facts
    is_group = isinstance(facts, dict | list | tuple)
    return {day for value in inner for day in _days_in(value)} if is_group else set()


def _unused_particulars(subject: Subject, read: set[str]) -> Iterator[Problem]:
    """Yield each particular that no letter and no rule uses, also inside lists."""
    program, kind, templates = subject.program, subject.kind, subject.library.templates
    conditions = [rule.when for rule in (*kind.refuse, *program.refuse)]
    conditions += [copied.when for rule in program.recipients for copied in rule.copy]
    conditions += [rule.when for rule in kind.computed.values()]
    in_rules = {name for when in conditions for name in when.names}
    for note in (*kind.notes, *program.notes):  # one that asks for a fact makes no use of it
        in_rules |= {*note.when.names} - {*note.when.missing}
    in_rules |= {rule.from_ for rule in kind.computed.values()}
    in_rules |= {*program.told_apart_by, *filter(None, [program.author])}
    if "activation" in {path.partition(".")[0] for path in read}:
        in_rules.add("scheduled")  # which is the activation of a letter before it
    used = read | {f"particulars.{name}" for name in in_rules}
    is_reworded = (
        templates.ships(subject.id) and templates.own_digest_of(subject.template) is not None
    )
    declared = {}  # the name of each particular and its path in the declaration
    for name, spec in kind.particulars.items():
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


def _hostile_problems(subject: Subject, samples: Sequence[Sample]) -> Iterator[Problem]:
    """Yield a problem if words that look like markup change more of a letter than its words."""
    whole = (sample for sample in samples if sample.is_whole)
    accepted = (sample for sample in whole if not any(refusals(case_of(subject, sample))))
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
            case = case_of(subject, written._replace(particulars=group))
            letters.append([] if any(refusals(case)) else _letters(subject, case, PARTIES))
    except OptoutError as error:
        yield from error.problems
        return
    for tame, wild in zip(*letters, strict=True):
        # A letter may quote what somebody answered.
        plain, quoted = as_typed(typographic(_HOSTILE)), as_typed(quotation([_HOSTILE])[0][1:-1])
        shown = [text.replace(plain, _TAME).replace(quoted, _TAME) for text in texts_of(wild)]
        if shown != texts_of(tame) or _structure(tame.body) != _structure(wild.body):
            message = "the words of a particular change the structure of the letter"
            location = subject.library.templates.location(subject.template)
            yield Problem("hostile-words", message, location)


def _structure(blocks: Sequence[object]) -> str:
    """Return the nested kinds of blocks, without their words."""
    return _QUOTED.sub("", repr(blocks))


def _trials_of(subject: Subject, samples: Iterable[Sample]) -> list[_Trial]:
    """Return the letter of each sample to each recipient; of one that is not whole, to one only.

    They are in no order, so that each of the first ones shows much that those before it do not.
    """
    program, trials = subject.program, []
    for number, sample in enumerate(samples):
        facts: dict[str, Hashable] = {
            "day": sample.day,
            "place": sample.place,
            "is_active": sample.is_active,
            "is_whole": sample.is_whole,
        }
        for name, spec in subject.kind.particulars.items():
            value = sample.particulars.get(name)
            is_choice = "choice" in (spec.type, spec.of)
            shown = value if is_choice else len(value) if isinstance(value, list) else bool(value)
            facts[f"particulars.{name}"] = str(shown)
        parties = [rule.party for rule in program.recipients_on(sample.day)]
        chosen = parties if sample.is_whole else parties[number % (len(parties) or 1) :][:1]
        # With none, `compose` says so.
        each: list[tuple[Party, ...]] = [(party,) for party in chosen]
        trials += [_Trial(sample, to, {**facts, "to": to}) for to in each or [PARTIES]]
    Random(0).shuffle(trials)  # noqa: S311  # always the same order
    return trials
