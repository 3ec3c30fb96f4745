"""The reference: one a request, changed by every statement and by nothing else."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import BARE, notices_for

from optout_cli.letters import Library
from optout_cli.letters.compose import REFERENCE_LETTERS

STATED = """\
jurisdiction: marin-county-ca
letter: secure-communities/opt-out
date: 2026-11-20
signatory: {name: Pat Placeholder, title: Sheriff}
authority: [{instrument: Resolution, number: "1", date: 2026-11-10}]
particulars: {reasons: [It costs too much.], reply-by: 2026-12-31}
"""


def reference(library: Library, text: str = "", base: str = STATED) -> str:
    return notices_for(library, text, base)[0].reference


def test_a_reference_stays_the_same_from_release_to_release(library: Library) -> None:
    assert reference(library) == "SC-06041-20261120-3M9F"


def test_a_reference_has_no_letter_that_a_fax_makes_like_another() -> None:
    assert set(string.ascii_uppercase + string.digits) - set(REFERENCE_LETTERS) == set("0O1IL5S2Z")


@given(name=st.from_regex(r"[A-Z][a-z]{1,9} [A-Z][a-z]{5,9}", fullmatch=True))
def test_a_reference_is_program_jurisdiction_date_and_four_letters(
    library: Library, name: str
) -> None:
    found = reference(library, f"signatory: {{name: '{name}'}}")
    assert re.fullmatch(rf"SC-06041-20261120-[{REFERENCE_LETTERS}]{{4}}", found)


def test_both_recipients_have_the_same_reference(library: Library) -> None:
    bureau, ice = notices_for(library, base=STATED)
    assert bureau.reference == ice.reference


@pytest.mark.parametrize(
    "lines",
    [
        "recipients: {bureau: {phone: 916-555-0100}, ice: {attention: Ann Lee}}",
        "cc: [{name: A. Clerk}]",
        "service: {bureau: [{by: mail}]}",
        "enclosures: [{title: Map}]",
        "addressing: joint",
        "letterhead: {seal: seal.png, alt: Seal}",
        "signatory: {office: Sheriff's Office, phone: 415-555-0100, email: a@example.gov}",
        "jurisdiction: '06041'",
        "ori: CA0210000",
    ],
)
def test_what_is_not_stated_leaves_the_reference_alone(library: Library, lines: str) -> None:
    assert reference(library, lines) == reference(library)


@pytest.mark.parametrize(
    "lines",
    [
        "jurisdiction: napa-county-ca",
        "date: 2026-11-21",
        "signatory: {name: Kim Placeholder}",
        "signatory: {title: Undersheriff}",
        "authority: [{instrument: Resolution, number: '2', date: 2026-11-10}]",
        "authority: []",
        "particulars: {reasons: [It costs too much!]}",
        "particulars: {reply-by: 2027-01-31}",
        "particulars: {scheduled: 2013-01-01}",
    ],
)
def test_a_changed_statement_changes_the_reference(library: Library, lines: str) -> None:
    assert reference(library, lines) != reference(library)


def test_a_draft_has_a_reference_of_its_own(library: Library) -> None:
    signed = BARE + "signatory: {name: Pat Placeholder, title: Sheriff}\n"
    assert reference(library, base=BARE) != reference(library, base=signed)
