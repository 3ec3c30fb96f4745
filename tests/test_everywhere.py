"""Every jurisdiction's letters: each is written, or the data's own Problem is told."""

import re
from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from make_letters import case_for

from optout_cli.errors import OptoutError
from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.render import render
from optout_cli.model.notice import Case, Notice
from optout_cli.model.request import Party

pytestmark = pytest.mark.no_cover  # all the data, with code that others cover

LETTERS = {
    "secure-communities/opt-out": "",
    "287g/terminate": "particulars: {model: jem}",
}
RECIPIENTS: dict[str, tuple[Party, ...]] = {
    "secure-communities/opt-out": ("bureau", "ice"),
    "287g/terminate": ("ice",),
}
# By recipient, the states whose data lack an address, and how many places there have.
LACKING = {
    "secure-communities/opt-out": {
        ("bureau", "AS"): 5,
        ("bureau", "GU"): 1,
        ("bureau", "MP"): 4,
        ("bureau", "VI"): 3,
        ("ice", "AS"): 5,
    },
    "287g/terminate": {("ice", "AS"): 5},
}
_BLANKS = re.compile(r"  +(?=\S)|[ \t]$")  # within a line, or at its end


def cases(letter: str, library: Library) -> list[Case]:
    """Return the letter's case for every jurisdiction, with a sheriff of its own."""
    first = case_for(library, f"letter: {letter}\n{LETTERS[letter]}")
    assert first.request.signatory is not None
    found = []
    for _, id, _ in library.directory.all():
        locality = library.directory.find(id)
        signatory = msgspec.structs.replace(
            first.request.signatory, office=f"{locality.jurisdiction.name} Sheriff's Office"
        )
        request = msgspec.structs.replace(first.request, jurisdiction=id, signatory=signatory)
        found.append(msgspec.structs.replace(first, locality=locality, request=request))
    return found


def faults_in(text: str, library: Library, program: str) -> list[str]:
    """Return what is wrong with a letter's text: its lines, and words that none may say."""
    lines = text.splitlines()
    rules = (*library.programs.wording.forbidden, *library.programs.by_id[program].forbidden)
    body = " ".join(text.split())
    found = [it.words for it in rules if re.search(it.words, body, re.IGNORECASE)]
    found += [f"twice: {one}" for one, other in pairwise(lines) if one == other != ""]
    return found + [it for it in lines if _BLANKS.search(it.lstrip())]


@pytest.mark.parametrize("letter", LETTERS)
def test_every_jurisdiction_has_its_letters_or_the_problem_that_its_data_deserves(
    library: Library, letter: str
) -> None:
    lacking: Counter[tuple[Party, str]] = Counter()
    wrong = []
    read: set[tuple[str, str]] = set()
    for number, case in enumerate(cases(letter, library)):
        notices: list[Notice] = []
        for party in RECIPIENTS[letter]:
            try:
                notices += compose(case, [party])
            except OptoutError as error:
                lacking[party, case.locality.state_code] += 1
                wrong += [it.code for it in error.problems if it.code != "incomplete-contact"]
        # Letters differ by state and by what a place is called; of the rest some are read.
        place = case.locality.jurisdiction.name.rpartition(" ")[2]
        is_first = (case.locality.state_code, place) not in read
        if notices and (is_first or number % 64 == 0):
            read.add((case.locality.state_code, place))
            notice = notices[len(read) % len(notices)]
            laid_out = render(notice, library.templates)
            assert laid_out.plain_subject.count(notice.place.full_name) == 1
            text = exporter_for("txt").encode(laid_out, library.context).decode()
            wrong += faults_in(text, library, notice.program)
    assert (dict(lacking), wrong) == (LACKING[letter], [])


def test_a_planted_fault_is_found_in_a_letter(library: Library) -> None:
    for text in (
        "It goes to the the bureau.",
        "It is a answer.",
        "One line.\nOne line.",
        "Two  blanks.",
        "A blank at its end. ",
        "A stop..",
    ):
        assert faults_in(text, library, "287g")
    assert faults_in("One line.\n\nAn answer.\n\nAnother line.", library, "287g") == []
