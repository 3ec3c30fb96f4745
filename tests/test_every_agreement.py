"""A termination is written for every kind of agreement in the data, on each day that matters.

Takes one agreement for each model, time of signature, addendum and state: an agreement of the same
kind gives a letter of the same words.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec
import pytest
from conftest import TODAY
from make_letters import case_for

from optout_cli.errors import OptoutError
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.render import render
from optout_cli.model.jurisdiction import Agency, Agreement
from optout_cli.model.notice import Case
from optout_cli.model.program import Program
from optout_cli.programs import computed_dates

Sample = tuple[str, str, Agency, Agreement]  # state, slug, agency and agreement


def agreements(library: Library) -> Iterator[Sample]:
    for code in library.directory.data.states:
        for slug, agency in library.directory.agencies_in(code):
            yield from ((code, slug, agency, agreement) for agreement in agency.agreements)


def samples(library: Library) -> list[Sample]:
    """Return the first agreement of each kind."""
    last = library.programs.by_id["287g"].citations["ninety-days-of-2019"].until
    assert last is not None
    kinds: dict[object, Sample] = {}
    for sample in agreements(library):
        code, _, agency, agreement = sample
        is_early = agreement.signed and agreement.signed <= last
        is_nowhere = agency.county is None and agency.field_office is None
        kind = code, agreement.model, is_early, agreement.addendum, is_nowhere
        kinds.setdefault(kind, sample)
    return [*kinds.values()]


def days_that_matter(program: Program) -> list[date]:
    """Return the first and last days of each rule in today's period, and a year from today."""
    start = program.periods[-1].from_
    kind = program.letters["terminate"]
    notes, refusals = (*program.notes, *kind.notes), (*program.refuse, *kind.refuse)
    whens = (*(note.when for note in notes), *(refusal.when for refusal in refusals))
    first = {when.from_ for when in whens if when.from_}
    last = {when.until + timedelta(1) for when in whens if when.until}
    days = {start, TODAY, TODAY + timedelta(365)}
    days |= {day - timedelta(back) for day in first | last for back in (0, 1)}
    return sorted(day for day in days if start <= day)


def case_of(sample: Sample, library: Library) -> Case:
    _, slug, _, agreement = sample
    named = f"jurisdiction: {slug}\nparticulars: {{model: {agreement.model}}}\n"
    return case_for(library, base=f"letter: 287g/terminate\n{named}")


@pytest.mark.no_cover  # many letters, with code that others cover
def test_a_termination_is_written_for_each_kind_of_agreement_on_each_day_that_matters(
    library: Library,
) -> None:
    days = days_that_matter(library.programs.by_id["287g"])
    reasons: Counter[str] = Counter()
    for sample in samples(library):
        case = case_of(sample, library)
        _, _, agency, agreement = sample
        for day in days:
            dated = msgspec.structs.replace(case, date=day, today=max(day, TODAY))
            if agreement.signed and agreement.signed > day:
                reasons["not yet signed"] += 1
                continue
            try:
                (notice,) = compose(dated)
            except OptoutError as error:
                (problem,) = error.problems
                assert len(case.locality.field_offices) > 1
                assert agency.county is None or case.locality.field_office is None
                reasons[problem.code] += 1
                continue
            assert computed_dates(dated).keys() == notice.computed.keys()
            name = (agency.formal or agency.name).removeprefix("the ")
            assert notice.author.startswith(name)
            if day == days[-1]:
                letter = render(notice, library.templates)
                assert name.replace("'", "\u2019") in letter.plain_subject
            reasons["written"] += 1
    assert (len(days), {*reasons}) == (13, {"written", "which-field-office", "not yet signed"})
