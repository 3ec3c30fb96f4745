"""Which texts each kind of field accepts."""

from typing import Any

import msgspec
import pytest

from optout_cli.model import fields

ACCEPTED = {
    "Line": ["x", "Doña Ana", "a  b", "<b>*stars*</b>", "{{ 7*7 }}", "# head", "🦅", "x" * 200],
    "Text": ["x", " a\n\tb ", "x" * 5_000],
    "Zip": ["02134", "95816-0207"],
    "StateCode": ["CA", "AS"],
    "Phone": [
        *("415-555-0123", "(415) 555-0123", "(415)555-0123", "415.555.0123", "4155550123"),
        *("1-415-555-0123", "+1 415 555 0123", "415-555-0123 ext. 7", "415-555-0123x123456"),
    ],
    "Fax": ["415-555-0123", "+1 (415) 555-0123"],
    "Email": ["records@example.gov", "a.b+c@mail.example.gov", "o'neil@x-y.gov"],
    "MessageId": ["<a.b+c@example.gov>", "<20261124.1@[192.0.2.1]>", "<x$1@mail>"],
    "Url": ["https://www.ice.gov/contact", "http://x"],
    "Ori": ["CA0380000", "NYABCDEF1"],
    "JurisdictionId": ["06041", "oakland-police", "x"],
    "Name": ["ero-san-francisco", "2010"],
    "Count": ["1", "90", "1000"],
    "PartialDate": ["2018-07-31", "2018-07", "2018"],
    "LetterId": ["secure-communities/opt-out", "287g/terminate"],
    "ValueName": ["reasons", "earlier.answer"],
}
REFUSED = {
    "Line": ["", " ", " x", "x ", "a\nb", "x\n", "a\tb", "a\rb", "x" * 201],
    "Text": ["", " \n", "x" * 5_001],
    "Zip": ["2134", "021345", "02134-", "02134-12", "0213A", "02134\n", "٠٢١٣٤"],
    "StateCode": ["ca", "C", "CAL", "", "CA\n"],
    "Phone": ["call me", "555-0123", "415555012", "911", "415-555-0123 or 4", "+44 20 7946 0018"],
    "Fax": ["415-555-0123 ext. 7", "415-555-012", "415-555-0123\n", "٤١٥-555-0123"],
    "Email": [
        *("x", "a@b", "a b@x.gov", "<a@x.gov>", "A <a@x.gov>", "a@x.gov, b@x.gov", "a@x.gov\n"),
        *("a@x.gov\nBcc: b@x.gov", ".a@x.gov", "a..b@x.gov", "a@-x.gov", "a@x..gov", "é@x.gov"),
        "a" * 200 + "@x.gov",
    ],
    "MessageId": [
        *("a@x.gov", "<a@x.gov", "<a@x.gov> <b@x.gov>", "<a b@x.gov>", "<@x.gov>", "<a@>", "<a>"),
        *("<a@x.gov>\nBcc: b@x.gov", "<a@x.gov>\n", "<é@x.gov>", f"<{'a' * 200}@x.gov>"),
    ],
    "Url": ["www.ice.gov", "ftp://x", "javascript:alert(1)", "https://a b", "https://x\n"],
    "Ori": ["ca0380000", "CA038", "CA03800000", "00CA38000"],
    "JurisdictionId": ["6041", "060411", "Oakland", "-x", "a_b", "a.b", ""],
    "Name": ["X", "-x", "a b", "a.b", "a/b", ""],
    "Count": ["0", "-1", "1e3", "1.5", "ninety", "10000", "90\n", "٩٠"],
    "PartialDate": ["2018-7", "18", "2018-07-31T00", "July 2018", "2018-"],
    "LetterId": ["opt-out", "a/b/c", "A/b", "a/", "../x"],
    "ValueName": ["Reasons", "a.b.c", "a.", ".a", "a b"],
}


def pairs(table: dict[str, list[str]]) -> list[Any]:
    return [pytest.param(kind, it, id=f"{kind} {it!r:.30}") for kind in table for it in table[kind]]


@pytest.mark.parametrize(("kind", "text"), pairs(ACCEPTED))
def test_a_kind_takes_what_people_write(kind: str, text: str) -> None:
    assert msgspec.convert(text, getattr(fields, kind)) == text


@pytest.mark.parametrize(("kind", "text"), pairs(REFUSED))
def test_a_kind_refuses_what_it_is_not(kind: str, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, getattr(fields, kind))


def test_both_tables_hold_every_kind() -> None:
    kinds = {name for name, it in vars(fields).items() if hasattr(it, "__metadata__")}
    assert (set(ACCEPTED), set(REFUSED)) == (kinds, kinds)


@pytest.mark.parametrize("kind", ACCEPTED)
def test_every_kind_says_what_it_expects_and_what_to_type(kind: str) -> None:
    (meta,) = getattr(fields, kind).__metadata__
    assert meta.extra is not None
    assert all(meta.extra[key] for key in ("expects", "hint"))
