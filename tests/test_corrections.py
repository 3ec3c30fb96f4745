"""What a request knows better of a recipient, laid onto the data field by field."""

import re

import msgspec
import pytest
from make_letters import notices_for

from optout_cli.letters.compose import correct_contact
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Address, Contact
from optout_cli.model.notice import Notice
from optout_cli.model.request import Correction

OLD = Contact(
    attention="Director",
    organization=("Bureau",),
    address=Address(street=("1 Old Street",), city="Oldtown", state="CA", zip="90001"),
    envelope=("Director, Bureau", "1 Old Street", "Oldtown, CA 90001"),
    salutation="Dear Director:",
    phone="916-555-0100",
)
NEW = Address(street=("2 New Street",), city="Newtown", state="CA", zip="90002")


@pytest.mark.parametrize(
    ("correction", "changes"),
    [
        (Correction(), {}),
        (Correction(phone="916-555-0199"), {"phone": "916-555-0199"}),
        (Correction(email="a@example.gov", fax="916-555-0111"),
         {"email": "a@example.gov", "fax": "916-555-0111"}),
        (Correction(salutation="Dear Madam:"), {"salutation": "Dear Madam:"}),
        (Correction(address=NEW), {"address": NEW, "envelope": ()}),
        (Correction(organization=("Office",)), {"organization": ("Office",), "envelope": ()}),
        (Correction(attention="Ann Lee"),
         {"attention": "Ann Lee", "envelope": (), "salutation": None}),
        (Correction(attention="Ann Lee", salutation="Dear Ms. Lee:"),
         {"attention": "Ann Lee", "envelope": (), "salutation": "Dear Ms. Lee:"}),
        (Correction(address=NEW, envelope=("Bureau", "2 New Street")),
         {"address": NEW, "envelope": ("Bureau", "2 New Street")}),
        (Correction(envelope=("Bureau",)), {"envelope": ("Bureau",)}),
        (Correction(attention="Director", organization=("Bureau",), address=OLD.address), {}),
    ],
)  # fmt: skip
def test_a_correction_changes_its_fields_and_drops_what_they_made_stale(
    correction: Correction, changes: dict[str, object]
) -> None:
    assert correct_contact(OLD, correction) == msgspec.structs.replace(OLD, **changes)


def test_a_new_zip_keeps_the_street(library: Library) -> None:
    old, new = (
        notices_for(library, text)[0].recipient.contact.address
        for text in ("", 'recipients: {bureau: {address: {zip: "95816"}}}')
    )
    assert new == msgspec.structs.replace(old, zip="95816")


CORRECTED = """\
recipients:
  bureau:
    attention: Chief
    address: {street: [1 Main Street], city: Fresno, state: CA, zip: "93650"}
    confirmed: {by: telephone, date: 2026-11-19}
"""


@pytest.fixture
def notice(library: Library) -> Notice:
    return notices_for(library, CORRECTED)[0]


def test_each_field_says_whether_the_request_or_which_line_of_the_data_set_it(
    notice: Notice,
) -> None:
    origins = notice.recipient.origins
    assert {path for path, origin in origins.items() if origin == "request"} == {
        "attention",
        "address",
        "address.street",
        "address.city",
        "address.state",
        "address.zip",
        "confirmed",
        "confirmed.by",
        "confirmed.date",
    }
    rest = [it for it in origins.values() if it != "request"]
    assert {bool(re.fullmatch(r"jurisdictions\.yaml:\d+", it)) for it in rest} == {True}


def test_each_field_of_the_data_knows_its_own_line(library: Library) -> None:
    ice = notices_for(library)[1].recipient
    assert {"attention", "organization", "address.zip", "source"} <= ice.origins.keys()


def test_a_recipient_named_by_the_request_is_a_person_with_its_confirmation(
    library: Library, notice: Notice
) -> None:
    assert (notice.recipient.is_person, notice.recipient.confirmed) == (
        True,
        notices_for(library, CORRECTED)[1].recipients[0].confirmed,
    )
    office = "recipients: {ice: {attention: Field Office Director}}"
    assert [notices_for(library, it)[1].recipient.is_person for it in ("", office)] == [False] * 2
