"""How an agency's address is laid out, and what it lacks."""

import pytest

from optout_cli.letters import Library
from optout_cli.model.jurisdiction import Address, Contact, Office

WHOLE = Contact(
    attention="Director",
    organization=("Department of Justice", "Bureau of Records"),
    address=Address(street=("P.O. Box 1",), city="Sacramento", state="CA", zip="95816"),
)


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (
            Address(street=("Room 4", "1 Oak St."), city="Novato", state="CA", zip="94945"),
            ("Room 4", "1 Oak St.", "Novato, CA 94945"),
        ),
        (
            Address(street=("1 Oak St.",), city="Tamuning", state="GU"),
            ("1 Oak St.", "Tamuning, GU"),
        ),
        (Address(city="Pago Pago"), ("Pago Pago",)),
        (Address(state="CA", zip="94945"), ("CA 94945",)),
        (Address(street=("1 Oak St.",)), ("1 Oak St.",)),
        (Address(), ()),
    ],
)
def test_an_address_is_laid_out_as_far_as_it_is_known(
    address: Address, lines: tuple[str, ...]
) -> None:
    assert address.lines == lines


def test_a_block_has_attention_organization_and_address() -> None:
    assert WHOLE.block == (
        "Director",
        "Department of Justice",
        "Bureau of Records",
        "P.O. Box 1",
        "Sacramento, CA 95816",
    )


def test_a_block_without_attention_begins_with_the_organization() -> None:
    assert Contact(organization=("Department of Justice",)).block == ("Department of Justice",)


def test_a_whole_contact_lacks_nothing() -> None:
    assert WHOLE.missing == ()


def test_an_empty_contact_lacks_every_field_of_a_letter() -> None:
    assert Contact().missing == (
        "organization",
        "address.street",
        "address.city",
        "address.state",
        "address.zip",
    )


def test_a_localitys_agency_is_its_bureau_or_an_office_by_id(library: Library) -> None:
    locality = library.directory.find("06041")
    agencies = [locality.contact_of(id) for id in ("bureau", "ero-denver", "ero-nowhere")]
    assert agencies == [locality.bureau, locality.offices["ero-denver"], None]
    assert isinstance(agencies[1], Office)
