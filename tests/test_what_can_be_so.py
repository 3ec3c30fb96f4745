"""Whatever is said of a letter, in whatever order: what is recorded of it can have happened."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_letters import PROGRAMS
from make_register import NOTICE, TERMINATE, RegisterMaker

from optout_cli.errors import OptoutError
from optout_cli.model.request import Way
from optout_cli.register.events import Answered
from optout_cli.register.replies import answered_from, replies_to
from optout_cli.register.returns import came_back, match_returns, on_its_way
from optout_cli.register.sendings import sent_from
from optout_cli.register.standing import standings_of
from optout_cli.register.state import LetterState, NamedLetter, load_register
from optout_cli.register.statements import (
    Moment,
    Result,
    Sending,
    about_letter,
    delivered_from,
    returned_from,
    taken_back_from,
)
from optout_cli.register.status import next_step

FIRST, LAST = date(2026, 11, 3), date(2026, 11, 8)
DAYS = st.dates(FIRST, LAST)
WAYS: st.SearchStrategy[Way] = st.sampled_from(["certified-mail", "mail", "fax"])
SOME_WAY = st.none() | WAYS
Said = Callable[[LetterState, Moment], Result]


def sent(on: date, by: Way | None, again: bool, correct: bool) -> Said:
    said = Sending(on=on, by=by, again=again and not correct, correct=correct)
    return lambda state, now: sent_from(NamedLetter(state), said, lambda _: (), now, {})


def delivered(on: date, correct: bool) -> Said:
    return lambda state, now: delivered_from(state, on, None, now, correct=correct)


def returned(on: date, by: Way | None, why: str, correct: bool) -> Said:
    said = Sending(on=on, by=by, correct=correct)
    return lambda state, now: returned_from(state, said, why, now)


def answered(on: date, is_refused: bool) -> Said:
    def record(state: LetterState, now: Moment) -> Result:
        replies = replies_to(state, PROGRAMS.by_id[state.written.letter.partition("/")[0]])
        name = next(iter(replies)) if is_refused else [*replies][-1]
        event = Answered(**about_letter(state, now), reply=name, on=on)
        return answered_from(state, event, replies[name], now, None)

    return record


def taken_back(what: Literal["sent", "delivered", "returned", "answered"], by: Way | None) -> Said:
    of = by if what in ("sent", "returned") else None
    return lambda state, now: taken_back_from(state, what, "a mistake", now, of)


STATEMENTS = st.one_of(
    st.builds(sent, DAYS, WAYS, st.booleans(), st.booleans()),
    st.builds(delivered, DAYS, st.booleans()),
    st.builds(returned, DAYS, SOME_WAY, st.sampled_from(["moved", "refused"]), st.booleans()),
    st.builds(answered, DAYS, st.booleans()),
    st.builds(taken_back, st.sampled_from(["sent", "delivered", "returned", "answered"]), SOME_WAY),
)


@pytest.fixture(scope="module", params=[NOTICE, TERMINATE])
def letter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LetterState:
    folder = tmp_path_factory.mktemp("letters")
    maker = RegisterMaker(folder)
    maker.written(letter=request.param, parties=("ice",), particulars={"model": ["wso"]})
    (state,) = load_register(folder).letters.values()
    return state


@given(st.lists(STATEMENTS, max_size=9))
@settings(max_examples=400, deadline=None)
def test_what_is_recorded_can_have_happened(letter: LetterState, said: list[Said]) -> None:
    state, at = letter.copy(), datetime(2026, 11, 9, 15, tzinfo=UTC)
    for number, statement in enumerate(said):
        now = Moment(at + timedelta(seconds=number), LAST)
        try:
            result = statement(state, now)
        except OptoutError:
            continue
        if not result.is_known:
            state.add(result.event)
        _, others = match_returns(state)
        assert others == []  # each return is that of a sending
        if state.sent:
            first = min((it.on for it in on_its_way(state)), default=date.max)
            assert all(first <= it.on for it in state.delivered)
            assert all(min(sent.on for sent in state.sent) <= it.on for it in state.answers)
        (standing,) = standings_of([state], PROGRAMS.by_id)
        assert next_step(standing, LAST)
        is_open = bool(state.sent) and not (came_back(state) or state.answers)
        assert bool(standing.answer_due) or not is_open
        assert standing.outcomes or standing.step in ("waiting", "unsent")
