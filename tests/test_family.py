"""Every letter kind reads as its golden files, as text and as a web page, in every period."""

import re
from pathlib import Path

import pytest
from every_letter_kind import DAYS, Member, case_of_member, letter_of, members
from make_letters import pdf_of, problems_of

from optout_cli.engines import pages_in
from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.compose import compose

pytestmark = pytest.mark.no_cover  # many letters and pages, with code that others cover

GOLDEN = Path(__file__).parent / "golden" / "family"
_STYLE = re.compile(r"<style>.*?</style>\n", re.DOTALL)  # the layout's, the same in all
NOT_YET = ("before-procedure", "procedure")  # periods in which results could not be declined
MEMBERS = [it for it in members() if not (it.kind.endswith("results") and it.period in NOT_YET)]


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_a_letter_reads_as_its_golden_files(
    library: Library, member: Member, pytestconfig: pytest.Config
) -> None:
    letter = letter_of(member, library)
    for suffix in ("txt", "html"):
        text = exporter_for(suffix).encode(letter, library.context).decode()
        content, path = _STYLE.sub("", text), GOLDEN / f"{member}.{suffix}"
        if pytestconfig.getoption("--update-golden"):
            GOLDEN.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        assert content == path.read_text("utf-8")


def test_every_golden_file_is_some_members_letter() -> None:
    names = {f"{it}.{suffix}" for it in MEMBERS for suffix in ("txt", "html")}
    assert {path.name for path in GOLDEN.iterdir()} == names


@pytest.mark.parametrize("program", DAYS)
def test_each_period_has_its_day(library: Library, program: str) -> None:
    periods = library.programs.by_id[program].periods
    assert [it.id for it in periods if it.has(DAYS[program][it.id])] == list(DAYS[program])


@pytest.mark.parametrize("member", [it for it in members() if it not in MEMBERS], ids=str)
def test_a_letter_that_makes_no_sense_yet_is_refused_with_the_reason(
    library: Library, member: Member
) -> None:
    (problem,) = problems_of(lambda: compose(case_of_member(member, library)))
    assert (problem.code, problem.path) == ("refused-letter", "letter")
    assert problem.message == (
        "ICE first named the choice not to receive match results on November 5, 2010"
    )


# The kinds that take one page where no more is given than what is needed.
SHORT = {
    "287g/follow-up",
    "287g/suspend",
    "287g/terminate",
    "secure-communities/follow-up",
    "secure-communities/meeting-confirmation",
    "secure-communities/record-of-conversation",
}


@pytest.mark.parametrize(
    "member", [it for it in MEMBERS if it.period in ("closed", "known-clauses")], ids=str
)
def test_a_letter_takes_one_page_where_it_can_and_two_at_most(
    typst_library: Library, member: Member
) -> None:
    pages = pages_in(pdf_of(letter_of(member, typst_library), typst_library))
    assert pages in ((1,) if member.kind in SHORT and member.place == "orleans" else (1, 2))
