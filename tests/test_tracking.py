"""A wrong digit of a tracking number is found; a right number, in any spelling, is not refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optout_cli.readers.postal import number_fault, tidy_number

# From receipts and from examples of the post offices.
RIGHT = (
    "7008 1300 0001 7388 9810",
    "7196 9010 7560 0307 7385",
    "0307 1790 0005 2348 3741",
    "9400 1112 0108 0805 4830 16",
    "9505 5110 6960 5048 6006 24",
    "RB123456785GB",
    "RR123456785US",
)


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize("mark", ["", " ", "-", "\u2013"])
def test_a_right_number_is_taken_in_any_spelling(number: str, mark: str) -> None:
    typed = number.replace(" ", mark).lower()
    assert (number_fault(typed, "certified-mail"), tidy_number(typed)) == (None, number)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("No. 7008 1300 0001 7388 9810", RIGHT[0]),
        ("#70081300000173889810", RIGHT[0]),
        ("420949009400111201080805483016", "9400 1112 0108 0805 4830 16"),
        ("4209490012349400111201080805483016", "9400 1112 0108 0805 4830 16"),
    ],
)
def test_what_stands_before_a_number_is_left_out(typed: str, number: str) -> None:
    assert (number_fault(typed, "certified-mail"), tidy_number(typed)) == (None, number)


# Two letters and nine digits, or 20 digits, each have two right checks for some numbers.
@given(st.sampled_from([number for number in RIGHT if len(number) > len(RIGHT[0])]), st.data())
def test_one_wrong_digit_is_found(number: str, data: st.DataObject) -> None:
    places = [place for place, character in enumerate(number) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([it for it in "0123456789" if it != number[place]]))
    wrong = f"{number[:place]}{other}{number[place + 1 :]}"
    fault = number_fault(wrong, "mail")
    assert fault
    assert fault[0] == f"the tracking number {wrong!r} has a wrong digit"


@pytest.mark.parametrize(
    ("number", "by", "told"),
    [
        ("7008 1300 0001 7388 9811", "certified-mail", "has a wrong digit"),
        ("7008 1300 0001", "certified-mail", "is not a number of certified mail (12 digits)"),
        ("1Z999AA10123456784", "certified-mail", "is not a number of certified mail"),
        ("7.0081E+19", "mail", "has lost digits in a spreadsheet"),
        ("7008 1300 0001 7388 9810", "fax", "only for mail, not for fax"),
        ("1Z999AA10123456784", "mail", None),  # another carrier's
        ("9611020987654312345670", "hand", None),  # another carrier's, with the length of one here
        ("card 12", "hand", None),
        ("  ", "mail", "'  ' is not a number"),
        ("-", "hand", "'-' is not a number"),
    ],
)
def test_a_number_is_checked_as_far_as_the_way_tells_whose_it_is(
    number: str, by: str, told: str | None
) -> None:
    fault = number_fault(number, by)  # type: ignore[arg-type]  # parametrize gives plain text
    assert (fault is None) if told is None else (fault is not None and told in fault[0])
