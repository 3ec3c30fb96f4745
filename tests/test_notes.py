"""The notes beside a notice, and when the user gets them."""

from datetime import date
from types import SimpleNamespace
from typing import Any
from unicodedata import normalize

import msgspec
import pytest
from conftest import TODAY
from make_letters import BARE, case_for, notice_for

from optout_cli.directory.names import names_another
from optout_cli.letters import Library
from optout_cli.letters.compose import compose, recipients_of
from optout_cli.letters.notes import (
    contact_note,
    law_notes,
    recipient_notes,
    request_notes,
    standing_notes,
)
from optout_cli.model.jurisdiction import Law, Source
from optout_cli.model.notice import Case, Note
from optout_cli.model.program import LetterKind, Particular
from optout_cli.model.request import Correction, Request

SHERIFF = """\
signatory:
  name: Pat Placeholder
  title: Sheriff
  address: {street: [1 Main Street], city: Ross, state: CA, zip: "94957"}
"""
GREETING = (
    'add salutation: under recipients: bureau: to replace the "Dear Sir or Madam:" of the bureau\'s'
    " letter, which it has because you changed the addressee"
)
CALL = "call the bureau before sending: address"
POLICY = Law(
    effect="restricts",
    about=("policy",),
    citation="Code § 1",
    summary="It says so.",
    effective=date(2020, 1, 1),
    source=Source(kind="official"),
)


# Any: values of the Case's or the Locality's own types.
def case_of(library: Library, text: str = "", base: str = BARE, **changes: Any) -> Case:
    case = case_for(library, text, base)
    known = {"laws": (), "activation_source": None}
    chosen = {name: changes.pop(name, value) for name, value in known.items()}
    locality = msgspec.structs.replace(case.locality, **chosen)
    return msgspec.structs.replace(case, locality=locality, **changes)


def notes_of(case: Case, party: int = 0) -> list[Note]:
    of_one = recipient_notes(case, recipients_of(case)[party])
    return [*request_notes(case), *standing_notes(case), *of_one]


def codes(case: Case, party: int = 0) -> list[str]:
    return [it.code for it in notes_of(case, party)]


def test_the_most_general_caution_comes_first(library: Library) -> None:
    lines = "{date: 2010-10-06, recipients: {bureau: {attention: Ann Lee}}}"
    laws, source = (replaced(POLICY, effective=None),), Source(kind="memory")
    case = case_of(library, lines, laws=laws, activation_source=source)
    assert codes(case) == [
        "draft",
        "antedated",
        "period",
        "letter",
        "state-law",
        "contact",
        "undated-address",
        "greeting",
    ]


def replaced(law: Law, **changes: Any) -> Law:
    return msgspec.structs.replace(law, **changes)


@pytest.mark.parametrize(
    ("change", "told"),
    [("", []), ("signatory: {address: {state: NV, zip: '89501'}}", ["other-state"])],
)
def test_the_signatorys_address_is_in_the_jurisdictions_state(
    library: Library, change: str, told: list[str]
) -> None:
    case = case_of(library, change, BARE + SHERIFF)
    notes = [it for it in compose(case)[0].notes if it.code not in ("period", "letter", "contact")]
    assert [it.code for it in notes] == told
    assert all("is in NV, but the jurisdiction is in CA" in it.text for it in notes)


def test_a_signatory_without_an_address_is_told_of(library: Library) -> None:
    signed = "signatory: {name: Pat Placeholder, title: Sheriff}"
    assert codes(case_of(library, signed))[0] == "no-return-address"


@pytest.mark.parametrize(
    ("name", "title", "told"),
    [
        (
            "Sheriff Jane Roe",
            "Sheriff",
            ["write signatory.name without 'Sheriff': the title 'Sheriff' is printed below it"],
        ),
        (
            "Jane Roe",
            "Sheriff, Marin County",
            ["write 'Sheriff' as signatory.title: the letter says Marin County beside it anyway"],
        ),
        ("Jane Roe", "Sheriff, Retired", []),
        ("Sheriff Roe", "Undersheriff", []),
        ("Chief Moore", "Chief", []),
    ],
)
def test_what_the_letter_would_say_twice_is_told(
    library: Library, name: str, title: str, told: list[str]
) -> None:
    case = case_of(library, f"signatory: {{name: {name}, title: '{title}'}}")
    doubled = ("title-in-name", "place-in-title")
    assert [it.text for it in compose(case)[0].notes if it.code in doubled] == told


@pytest.mark.parametrize(
    ("place", "title", "told"),
    [
        ("marin-county-ca", "SHERIFF", "check signatory.title: the letter prints 'SHERIFF' as it"),
        ("marin-county-ca", "sheriff", "check signatory.title: the letter prints 'sheriff' as it"),
        ("marin-county-ca", "CAO", None),
        ("marin-county-ca", "County Mayor", None),
        ("marin-county-ca", "C.E.O.", None),
        ("san-francisco-county-ca", "Mayor", None),
        ("hialeah-police-department-fl", "Sheriff", "check signatory.title: 'Sheriff' may be of"),
        ("hialeah-police-department-fl", "Chief of Police", None),
        ("bradford-county-sheriffs-office-pa", "Chief of Police", "check signatory.title: 'Chief"),
    ],
)
def test_a_title_that_is_oddly_typed_or_another_bodys_is_told(
    library: Library, place: str, title: str, told: str | None
) -> None:
    case = case_of(library, f"jurisdiction: {place}\nsignatory: {{name: Jo Doe, title: {title}}}")
    found = [it.text for it in compose(case)[0].notes if it.code == "odd-title"]
    assert [it.startswith(told or "") for it in found] == ([True] if told else [])


@pytest.mark.parametrize(
    ("office", "is_told"), [("ero-boston", True), ("ero-san-francisco", False)]
)
def test_another_field_office_than_the_data_has_is_told(
    library: Library, office: str, *, is_told: bool
) -> None:
    lines = f"jurisdiction: marin-county-ca\nrecipients: {{ice: {{office: {office}}}}}"
    codes = {it.code for notice in compose(case_of(library, lines)) for it in notice.notes}
    assert ("other-office" in codes) == is_told


@pytest.mark.parametrize(
    ("day", "kind", "told"),
    [
        ("2010-08-10", "third-party", ["third-party source: https://a.test"]),
        ("2010-08-10", "memory", ["memory source: https://a.test"]),
        ("2010-08-10", "official", []),
        ("2010-08-09", "third-party", []),
    ],
)
def test_a_day_of_activation_from_a_doubtful_source_is_told_of_where_the_letter_names_it(
    library: Library, day: str, kind: Any, told: list[str]
) -> None:
    source = Source(kind=kind, url="https://a.test")
    case = case_of(library, f"date: {day}", activation_source=source)
    head = "check the date of activation, 2010-08-10: it comes from a "
    found = [it.text for it in compose(case)[0].notes if it.code == "letter"]
    assert found == [head + it for it in told]


@pytest.mark.parametrize(
    ("correction", "told"),
    [
        (
            "attention: Ann Lee",
            [GREETING],
        ),
        ("attention: Ann Lee, salutation: 'Dear Ms. Lee:'", []),
        ("phone: 916-555-0100", []),
    ],
)
def test_a_person_named_without_a_salutation_is_told_of(
    library: Library, correction: str, told: list[str]
) -> None:
    case = case_of(library, f"recipients: {{bureau: {{{correction}}}}}")
    assert [it.text for it in compose(case)[0].notes if it.code == "greeting"] == told


def test_a_signed_notice_is_no_draft(library: Library) -> None:
    assert codes(case_of(library, SHERIFF)) == ["period", "letter", "contact"]


@pytest.mark.parametrize(
    ("day", "period"),
    [
        ("2010-08-16", "before-procedure"),
        ("2010-08-17", None),
        ("2010-10-05", None),
        ("2010-10-06", "contested"),
        ("2011-08-05", "closed"),
    ],
)
def test_each_period_has_its_own_caution_or_none(
    library: Library, day: str, period: str | None
) -> None:
    case = case_of(library, f"date: {day}")
    told = [it.text for it in compose(case)[0].notes if it.code == "period"]
    assert told == [it.note for it in case.program.periods if it.id == period]


@pytest.mark.parametrize(
    ("law", "lines", "is_told"),
    [
        (POLICY, "date: 2020-01-01", True),
        (POLICY, "date: 2019-12-31", False),
        (replaced(POLICY, effective=None), "date: 2009-01-01", True),
        (replaced(POLICY, about=("information-sharing", "detainers")), "", True),
        (replaced(POLICY, about=("detainers",)), "", False),
        (replaced(POLICY, about=("detainers",)), "particulars: {declines: [287g]}", False),
        (replaced(POLICY, about=("detainers",)), "particulars: {declines: [detainers]}", True),
        (replaced(POLICY, about=("287g",)), "particulars: {declines: [detainers, 287g]}", True),
    ],
)
def test_a_law_is_told_of_where_it_bears_on_the_letter_and_was_in_effect(
    library: Library, law: Law, lines: str, is_told: bool
) -> None:
    assert len(list(law_notes(case_of(library, lines, laws=(law,))))) == is_told


def test_a_single_choice_brings_in_the_laws_of_its_topics(library: Library) -> None:
    model = Particular(type="choice", help="h", choices=("jem", "wso"), about={"wso": ("287g",)})
    kind = LetterKind(title="T", summary="S", version="1", particulars={"the-model": model})
    laws = (replaced(POLICY, about=("287g",)),)

    def told(chosen: str | None) -> int:
        particulars = SimpleNamespace(the_model=chosen)
        return len(list(law_notes(case_of(library, laws=laws, kind=kind, particulars=particulars))))

    assert [told(it) for it in ("wso", "jem", None)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("law", "text"),
    [
        (
            POLICY,
            "(policies on cooperation): Code § 1, in effect since 2020-01-01.",
        ),
        (
            replaced(POLICY, effective=None, about=("287g", "policy")),
            "(287(g) agreements, policies on cooperation): Code § 1, date not shown in the source.",
        ),
    ],
)
def test_a_law_is_told_with_effect_date_words_and_kind_of_source(
    library: Library, law: Law, text: str
) -> None:
    (note,) = law_notes(case_of(library, laws=(law,)))
    law_says = (
        f"California law restricts cooperation {text} It says so. Source: official (no address),"
        " not checked since it was found."
    )
    assert (note.code, note.text) == (
        "state-law",
        f"ask counsel before sending: this law may support the letter: {law_says}",
    )


NEW_ADDRESS = "address: {street: [1 A Street], city: Ross, state: CA, zip: '94957'}"
CONFIRMED = "confirmed: {by: telephone, date: 2026-11-19}"


@pytest.mark.parametrize(
    ("source", "correction", "text"),
    [
        (
            Source(kind="official"),
            "",
            "an official source (undated), not confirmed",
        ),
        (
            Source(kind="official", date="2018-07"),
            "",
            "an official source (2018-07), not confirmed",
        ),
        (
            Source(kind="other-government"),
            "",
            "a government source (undated), not confirmed",
        ),
        (
            Source(kind="third-party"),
            "",
            "a doubtful (third-party) source (undated), not confirmed",
        ),
        (
            Source(kind="memory"),
            "",
            "a doubtful (memory) source (undated), not confirmed",
        ),
        (
            Source(kind="official"),
            CONFIRMED,
            "an official source (undated), confirmed by telephone on 2026-11-19",
        ),
        (
            Source(kind="official"),
            "phone: 916-555-0100",
            "an official source (undated), not confirmed",
        ),
        (
            Source(kind="memory"),
            NEW_ADDRESS,
            "your request (2026), not confirmed",
        ),
        (
            Source(kind="official"),
            "address: {zip: 95816-9999}",
            "your request (2026), not confirmed",
        ),
        (None, "", "an unnamed source (undated), not confirmed"),
    ],
)
def test_a_contact_is_told_with_source_age_and_confirmation(
    library: Library, source: Source | None, correction: str, text: str
) -> None:
    case = case_of(library, f"recipients: {{bureau: {{{correction}}}}}")
    recipient = recipients_of(case)[0]
    contact = msgspec.structs.replace(recipient.contact, source=source)
    told = contact_note(case, msgspec.structs.replace(recipient, contact=contact))
    head = CALL if text.endswith("not confirmed") else "use the bureau's address"
    assert (told.code, told.text) == ("contact", f"{head} from {text}")


def test_a_contact_that_the_data_verified_is_told_with_the_day(library: Library) -> None:
    case = case_of(library)
    recipient = recipients_of(case)[0]
    contact = msgspec.structs.replace(recipient.contact, verified=date(2026, 11, 1))
    told = contact_note(case, msgspec.structs.replace(recipient, contact=contact))
    assert (
        told.text
        == "use the bureau's address from an official source (undated), confirmed on 2026-11-01"
    )


def test_a_side_on_which_nobody_is_known_is_told_of(library: Library) -> None:
    case = case_of(library, "jurisdiction: eastern-district-as")
    told = contact_note(case, recipients_of(case)[1])
    assert (told.code, told.text) == (
        "unknown-agency",
        "add ICE under recipients: ice:, since it is unknown",
    )


@pytest.mark.parametrize(
    ("day", "dated", "correction", "text"),
    [
        ("2010-08-31", "2018-07", "", "from 2018, but the letter is from 2010"),
        ("2010-08-31", "2011", "", "from 2011, but the letter is from 2010"),
        ("2010-08-31", "2010-12-31", "", None),
        ("2026-11-20", "2018-07", "", None),
        ("2010-08-31", None, "", "undated, but the letter is from 2010"),
        ("2024-12-31", None, "", "undated, but the letter is from 2024"),
        ("2025-01-01", None, "", None),
        ("2010-08-31", "2018-07", NEW_ADDRESS, None),
        ("2010-08-31", "2018-07", "email: a@example.gov", "from 2018, but the letter is from 2010"),
        ("2010-08-31", None, CONFIRMED, "undated, but the letter is from 2010"),
    ],
)
def test_an_address_newer_than_the_letter_is_told_of(
    library: Library, day: str, dated: str | None, correction: str, text: str | None
) -> None:
    case = case_of(library, f"{{date: {day}, recipients: {{bureau: {{{correction}}}}}}}")
    source = Source(kind="official", date=dated)
    assert case.locality.bureau is not None
    bureau = msgspec.structs.replace(case.locality.bureau, source=source)
    locality = msgspec.structs.replace(case.locality, bureau=bureau)
    told = compose(msgspec.structs.replace(case, locality=locality))[0].notes
    found = [it.text for it in told if it.code in ("newer-address", "undated-address")]
    whole = f"find the address used at that time: the bureau's address is {text}"
    assert found == ([whole] if text else [])


def test_a_historical_office_is_right_on_a_letter_of_its_time(library: Library) -> None:
    assert codes(case_of(library, "date: 2010-08-31"), party=1) == ["draft", "antedated", "contact"]


@pytest.mark.parametrize(("day", "told"), [("2026-10-21", []), ("2026-10-20", ["2026-10-20"])])
def test_a_letter_of_a_day_long_past_is_told_of(
    library: Library, day: str, told: list[str]
) -> None:
    case = case_of(library, f"date: {day}", today=date(2026, 11, 20))
    found = [it.text for it in compose(case)[0].notes if it.code == "antedated"]
    assert found == [f"use the date of the signature: the letter is dated {day}" for day in told]


def test_no_note_has_an_unfilled_blank_in_any_state_and_period(library: Library) -> None:
    base, fips = case_for(library, BARE), {code: id for code, id, _ in library.directory.all()}
    told = [
        text
        for id in fips.values()
        for day in (date(2010, 8, 1), date(2010, 11, 1), TODAY)
        for text in _told(base, library, id, day)
    ]
    assert {"{" in it for it in told} == {False}


def _told(base: Case, library: Library, id: str, day: date) -> list[str]:
    locality, request = library.directory.find(id), Request(jurisdiction=id, letter="p/k")
    case = msgspec.structs.replace(base, locality=locality, request=request, date=day)
    return [it.text for party in range(len(recipients_of(case))) for it in notes_of(case, party)]


def test_a_correction_without_an_address_is_told_as_the_datas_own(library: Library) -> None:
    case = case_of(library)
    recipients = msgspec.structs.replace(
        case.request.recipients, bureau=Correction(attention="Chief")
    )
    request = msgspec.structs.replace(case.request, recipients=recipients)
    told = contact_note(case, recipients_of(msgspec.structs.replace(case, request=request))[0])
    assert told.text == f"{CALL} from an official source (undated), not confirmed"


def test_a_day_to_meet_on_which_offices_are_closed_is_told_of(library: Library) -> None:
    days = "particulars: {meeting-dates: [2026-12-01, 2026-12-05, 2026-12-25]}"
    notes = notes_of(case_for(library, days))
    assert [note.text for note in notes if note.code == "closed-day"] == [
        "check the day 2026-12-05: it is a Saturday",
        "check the day 2026-12-25: it is Christmas Day",
    ]


@pytest.mark.parametrize(
    ("lines", "code", "told"),
    [
        ("calls-itself: Yolo County", "other-place", "'Yolo County' does not name Marin County"),
        (
            "wording: {opening: I write on behalf of Yolo County.}",
            "other-place",
            "'I write on behalf of Yolo County.' does not name Marin County",
        ),
        ("calls-itself: YOLO COUNTY", "other-place", "'YOLO COUNTY' does not name Marin County"),
        (
            "authority: [{instrument: Act, body: Board of the County of Yolo}]",
            "other-place",
            "Yolo",
        ),
        (
            "recipients: {bureau: {address: {street: A, city: B, state: NV, zip: '89501'}}}",
            "other-state",
            "check recipients.bureau.address: it is in NV, the jurisdiction in CA",
        ),
        (
            "signatory: {name: Pat Doe, title: Sheriff, address: {city: Ross, zip: '94957'}}",
            "no-return-address",
            "address: under signatory: has no street: and state:",
        ),
        (
            "recipients: {bureau: {envelope: [Bureau, 5 Elm St, 'Austin, TX 78701']}}",
            "other-address",
            "envelope: under recipients: bureau:, which shows another address",
        ),
        (
            "signatory: {name: Pat Doe, title: Chief, office: San Rafael Police Department}",
            "other-place",
            "the signatory's office is 'San Rafael Police Department'",
        ),
        (
            "signatory: {name: Pat Doe, title: Marshal, office: Town of Ross}",
            "other-place",
            "the letter is that of Marin County, CA",
        ),
        (
            "signatory: {name: Pat Doe, title: Mayor}",
            "other-place",
            "the signatory's title is 'Mayor', and the letter is that of Marin County, CA",
        ),
        (
            (
                "recipients: {bureau: {attention: Chief, organization: [Records]}}\n"
                "cc: [{name: Chief, organization: Records}, {organization: Records}]"
            ),
            "copy-to-itself",
            "delete 'Chief, Records' from cc:",
        ),
    ],
)
def test_what_looks_like_another_place_is_told(
    lines: str, code: str, told: str, library: Library
) -> None:
    case = case_for(library, lines)
    notes = [it.text for it in notes_of(case) if it.code == code]
    assert [told in it for it in notes] == [True]


@pytest.mark.parametrize(
    ("place", "office"),
    [
        ("marin-county-ca", "Marin County Police"),
        ("alexandria-city-va", "Alexandria City Police Department"),
        ("san-francisco-county-ca", "City and County of San Francisco"),
        ("san-francisco-county-ca", "Office of the Mayor"),
        ("davidson-county-tn", "Office of the County Mayor"),
    ],
)
def test_an_office_of_the_county_or_of_a_city_that_writes_is_its_own(
    place: str, office: str, library: Library
) -> None:
    signed = f"signatory: {{name: Pat Doe, title: Chief, office: {office}}}"
    notes = notes_of(case_for(library, f"jurisdiction: {place}\n{signed}"))
    assert [note.text for note in notes if note.code == "other-place"] == []


def test_a_day_that_may_be_a_slip_is_told_of(library: Library) -> None:
    stated = "jurisdiction: dakota-county-ne\nletter: 287g/terminate\nparticulars:\n"
    stated += "  {model: [jem], agency: A Jail, signed: 1990-12-01, effective: 2036-11-01,"
    case = case_for(library, f"{stated} reply-by: 2026-11-24}}\ndate: 2026-11-24")
    assert [note.text for note in notes_of(case) if note.code == "odd-day"] == [
        "check particulars.signed: 1990-12-01 is before the program began (2003-03-01)",
        "check particulars.effective: 2036-11-01 is more than a year after the letter's date",
        "check particulars.reply-by: 2026-11-24 is the letter's own date",
    ]


def test_a_past_letter_names_no_later_day(library: Library) -> None:
    said = "On October 6, 2010, the Secretary said no. It ends on May 1, 2090."
    case = case_for(library, f"date: 2010-09-01\nparticulars: {{reasons: ['{said}']}}")
    assert [note.text for note in notes_of(case) if note.code == "odd-day"] == [
        "check particulars.reasons.0: it names 2010-10-06, which is after the letter's own date"
    ]


def test_an_answer_wanted_on_a_closed_day_is_told_of(library: Library) -> None:
    case = case_for(library, "particulars: {reply-by: 2026-12-25}\ndate: 2026-11-24")
    assert [note.text for note in notes_of(case) if note.code == "closed-day"] == [
        "check the day 2026-12-25: it is Christmas Day"
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("The County", "Sheriff, County Jail", "MARIN COUNTY BOARD"),
        *("Board of Deputy County Clerks", "Under County policy", "Because County rules ask it"),
    ],
)
def test_a_name_without_a_place_or_in_capitals_names_no_other_county(
    library: Library, name: str
) -> None:
    case = case_for(library, f"authority: [{{instrument: Act, body: '{name}'}}]")
    notes = notes_of(case)
    assert [note.text for note in notes if note.code == "other-place"] == []


def test_no_county_is_another_however_its_name_is_written(library: Library) -> None:
    told = []
    for _, _, place in library.directory.all():
        for name in (place.name, place.name.upper(), place.formal or ""):
            plain = normalize("NFKD", name).encode("ascii", "ignore").decode()
            forms = (name, plain, name.replace("'", "\u2019"), name.replace("St. ", "Saint "))
            told += [form for form in forms if names_another(place.name, f"Board, {form}")]
    assert told == []


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("", "send it by certified mail with return receipt, and keep the receipt"),
        (
            "service: {ice: [{by: fax}]}\n",
            "send it by certified mail too: the receipt proves the day",
        ),
        ("service: {ice: [{by: fax}, {by: certified-mail}]}\n", None),
        ("service: {ice: [{by: hand}]}\n", None),
    ],
)
def test_certified_mail_is_advised_where_no_way_proves_the_day(
    library: Library, service: str, told: str | None
) -> None:
    lines = f"letter: 287g/terminate\nparticulars: {{model: jem}}\n{service}"
    shorts = [note.short or "" for note in standing_notes(case_of(library, lines))]
    assert [short for short in shorts if "certified mail" in short] == ([told] if told else [])


@pytest.mark.parametrize(
    ("letter", "is_told"),
    [
        ("opt-out", True),
        ("renewed-request, particulars: {earlier: [{date: 2026-10-01, to: ICE}]}", False),
    ],
)
def test_a_renewed_notice_to_who_refused_is_not_told_to_write_to_both(
    library: Library, letter: str, is_told: bool
) -> None:
    case = case_of(library, f"{{to: ice, letter: secure-communities/{letter}}}")
    told = [note.short for note in standing_notes(case)]
    assert (
        "send the other office a letter too: ICE's procedure has you notify both" in told
    ) == is_told


OFFICES = {
    "Sheriff's Office": True,
    "Marin County Sheriff's Office": False,
    "COUNTY OF MARIN": False,
    "Office of the Sheriff, Marin": False,
}


@pytest.mark.parametrize("office", OFFICES)
def test_a_letterhead_that_does_not_name_the_place_is_told(office: str, library: Library) -> None:
    notes = notice_for(library, f'signatory: {{office: "{office}"}}').notes
    told = [note.text for note in notes if note.code == "unnamed-place"]
    text = (
        "write Marin County into office: under signatory:, since no line of the letterhead names it"
    )
    assert told == [text] * OFFICES[office]
    sealed = f'signatory: {{office: "{office}"}}\nletterhead: {{seal: seal.png, alt: Seal}}'
    codes = {note.code for note in notice_for(library, sealed).notes}
    assert "unnamed-place" not in codes  # the seal may name it
