"""What keeps a notice from being written: days, offices, contacts and ways of service."""

import re
from datetime import date

import msgspec
import pytest
from conftest import TODAY
from make_letters import BARE, case_for, document_of, notices_for, problems_of, told_by

from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.letters.requirements import act_problems, earlier_problems
from optout_cli.model.program import CopyRule, Particular, Rule
from optout_cli.model.request import Authority, Party
from optout_cli.programs.validation import particulars_type
from optout_cli.readers.postal import elsewhere

BUREAU = "the State Identification Bureau"


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (
            "2008-10-26",
            (
                "the letter is dated 2008-10-26, before the program began"
                " (Secure Communities: 2008-10-27)"
            ),
        ),
        ("2027-11-26", "the letter is dated 2027-11-26, more than a year from now"),
        ("2226-11-24", "the letter is dated 2226-11-24, more than a year from now"),
    ],
)
def test_a_date_before_the_program_or_far_ahead_is_a_problem(
    library: Library, day: str, told: str
) -> None:
    (problem,) = problems_of(lambda: notices_for(library, f"date: {day}"))
    assert (problem.message, problem.path) == (told, "date")


@pytest.mark.parametrize("day", ["2008-10-27", "2027-11-25"])
def test_the_first_day_of_the_program_and_a_day_within_a_year_are_dates(
    library: Library, day: str
) -> None:
    assert str(notices_for(library, f"date: {day}")[0].date) == day


def test_an_act_later_than_the_letter_is_a_problem_at_its_date(library: Library) -> None:
    acts = """\
        authority:
          - {instrument: Ordinance, date: 2026-11-20}
          - {instrument: Motion}
          - {instrument: Resolution, date: 2026-11-21}
        """
    (problem,) = problems_of(lambda: notices_for(library, acts))
    assert (problem.message, problem.path) == (
        "the Resolution is dated 2026-11-21, after the letter (2026-11-20)",
        "authority.2.date",
    )


DAYS_TOLD = """\
particulars:
  earlier:
    - {date: 2026-11-20, to: ICE, answered: 2026-11-21}
    - {date: 2026-11-22, to: ICE}
  meeting-dates: [2026-11-20, 2026-11-19]
  reply-by: 2026-11-01
"""
IMPOSSIBLE = """\
particulars.earlier.0.answered 2026-11-21 is after the letter's own date (2026-11-20)
particulars.earlier.1.date 2026-11-22 is after the letter's own date (2026-11-20)
particulars.meeting-dates.1 2026-11-19 is before the letter's own date (2026-11-20)
particulars.reply-by 2026-11-01 is before the letter's own date (2026-11-20)"""


def test_what_is_past_lies_before_the_letter_and_what_is_asked_for_after_it(
    library: Library,
) -> None:
    problems = problems_of(lambda: notices_for(library, DAYS_TOLD))
    assert "\n".join(it.message for it in problems) == IMPOSSIBLE
    assert [it.path for it in problems] == [it.partition(" ")[0] for it in IMPOSSIBLE.split("\n")]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(role="program-office", office="nowhere"),
        Rule(role="bureau", copy=(CopyRule(office="nowhere"),)),
    ],
)
def test_an_office_that_the_data_lacks_is_a_problem(library: Library, rule: Rule) -> None:
    case = case_for(library)
    program = msgspec.structs.replace(case.program, recipients=(rule,))
    assert told_by(lambda: compose(msgspec.structs.replace(case, program=program))) == (
        "Secure Communities names the unknown office 'nowhere'\n"
        "  hint: add it under offices: in a data file, or correct program.yaml"
    )


def test_an_office_of_another_time_may_be_missing_from_the_data(library: Library) -> None:
    case = case_for(library)
    past = Rule(role="program-office", office="nowhere", until=date(2011, 8, 4))
    program = msgspec.structs.replace(case.program, recipients=(Rule(role="bureau"), past))
    assert len(compose(msgspec.structs.replace(case, program=program))) == 1


@pytest.mark.parametrize(
    ("jurisdiction", "name", "missing", "line"),
    [
        ("guam", "Guam is", "ZIP code", "address: {zip: ...}"),
        ("saipan-municipality-mp", "the Northern Mariana Islands are", "street, ZIP code",
         "address: {street: ..., zip: ...}"),
        ("st-thomas-island-vi", "the U.S. Virgin Islands is", "ZIP code", "address: {zip: ...}"),
    ],
)  # fmt: skip
def test_an_incomplete_contact_is_a_problem_of_the_notice_that_needs_it(
    library: Library, jurisdiction: str, name: str, missing: str, line: str
) -> None:
    option = ", or pass --set recipients.bureau.address.zip=..." if missing == "ZIP code" else ""
    assert told_by(lambda: notices_for(library, f"jurisdiction: {jurisdiction}")) == (
        f"the {missing} of {BUREAU} of {name} missing\n"
        f"  hint: add {line} under recipients: bureau:{option}; "
        "or write the other letter with --to ice"
    )


SAMOA = f"""\
the street, city, state, ZIP code of {BUREAU} of American Samoa are missing
  hint: add address: {{street: ..., city: ..., state: ..., zip: ...}} under recipients: bureau:; \
or write the other letter with --to ice
the organization, street, city, state, ZIP code of the ICE office of Eastern \
District, AS are missing
  hint: add organization: ..., \
address: {{street: ..., city: ..., state: ..., zip: ...}} under recipients: ice:; \
or write the other letter with --to bureau"""


def test_american_samoa_has_a_bureau_known_by_name_and_no_field_office(library: Library) -> None:
    assert told_by(lambda: notices_for(library, "jurisdiction: eastern-district-as")) == SAMOA


BLANKS = {
    "organization: ...": "organization: [Some Office]",
    "street: ...": "street: [1 Main Street]",
    "city: ...": "city: Pago Pago",
    "state: ...": "state: AS",
}


@pytest.mark.parametrize(
    ("jurisdiction", "code"),
    [
        ("guam", "96910"),
        ("saipan-municipality-mp", "96950"),
        ("st-thomas-island-vi", "00802"),
        ("eastern-district-as", "96799"),
    ],
)
def test_the_lines_that_the_hints_name_make_the_notices_whole(
    library: Library, jurisdiction: str, code: str
) -> None:
    base = BARE.replace("marin-county-ca", jurisdiction)
    hints = [it.hint or "" for it in problems_of(lambda: notices_for(library, base=base))]
    lines = [re.findall(r"add (.*) under recipients: (\w+):", it)[0] for it in hints]
    added = f"recipients: {{{', '.join(f'{party}: {{{line}}}' for line, party in lines)}}}"
    for blank, value in (*BLANKS.items(), ("zip: ...", f"zip: '{code}'")):
        added = added.replace(blank, value)
    assert [it.recipient.contact.missing for it in notices_for(library, added, base)] == [(), ()]


@pytest.mark.parametrize(
    "address",
    [
        "{street: [1 Main Street]}",
        "{city: Fresno}",
        "{street: [1 Main Street], city: Fresno, state: CA}",
        "{street: [1 Main Street], city: Fresno, zip: '93650'}",
        "{city: Fresno, state: CA, zip: '93650'}",
    ],
)
def test_half_an_address_never_mixes_with_the_old_one(library: Library, address: str) -> None:
    lines = f"recipients: {{bureau: {{address: {address}}}}}"
    (problem,) = problems_of(lambda: notices_for(library, lines))
    assert (problem.path, problem.message, problem.hint) == (
        "recipients.bureau.address",
        "recipients.bureau.address is incomplete",
        "a new address needs street, city, state and zip",
    )


NO_WAY = f"""\
service by email, but {BUREAU} has no known e-mail address
  hint: add email: ... under recipients: bureau:, or pass --set recipients.bureau.email=...\
; or write certified-mail instead of email
service by fax, but the ICE office has no known fax number
  hint: add fax: ... under recipients: ice:, or pass --set recipients.ice.fax=...\
; or write certified-mail instead of fax"""
SERVED = "service: {bureau: [{by: mail}, {by: email}], ice: [{by: fax}, {by: hand}]}\n"


@pytest.mark.parametrize("parties", [("bureau", "ice"), ("ice",)])
def test_service_by_email_or_fax_needs_the_address_whichever_letter_is_written(
    library: Library, parties: tuple[Party, ...]
) -> None:
    case = case_for(library, SERVED)
    assert told_by(lambda: compose(case, parties)) == NO_WAY
    places = [it.path for it in problems_of(lambda: compose(case, parties))]
    assert places == ["service.bureau.1", "service.ice.0"]


def test_service_may_go_where_the_request_says(library: Library) -> None:
    known = "recipients: {bureau: {email: records@example.gov}, ice: {fax: 415-555-0100}}"
    assert len(notices_for(library, SERVED + known)) == 2


def test_only_an_e_mail_follows_an_e_mail(library: Library) -> None:
    lines = "service: {ice: [{by: hand}, {by: mail, in-reply-to: <a@example.gov>}]}"
    (problem,) = problems_of(lambda: notices_for(library, lines))
    assert (problem.code, problem.path) == ("no-thread", "service.ice.1.in-reply-to")
    assert str(problem) == (
        "in-reply-to: works only with by: email\n  hint: write by: email, or leave in-reply-to out"
    )


@pytest.mark.parametrize(
    ("known", "more"),
    [
        ("recipients: {ice: {fax: 415-555-0100}}\n", ""),
        ("", "; the fax number goes under recipients: ice:"),
    ],
)
def test_a_fax_number_beside_the_way_is_told_where_it_belongs(
    known: str, more: str, library: Library
) -> None:
    lines = f"{known}service: {{ice: [{{by: fax, number: 504-555-0100}}]}}\n"
    problem = problems_of(lambda: notices_for(library, lines))[-1]
    assert (problem.code, problem.path) == ("number-of-no-mail", "service.ice.0.number")
    assert str(problem) == (
        f"tracking numbers are only for mail, not for by: fax\n  hint: leave number out{more}"
    )


def test_what_the_sender_lacks_is_told_once(library: Library) -> None:
    order = Order(today=TODAY, formats=("eml",))
    document = document_of("recipients: {bureau: {email: a@x.gov}, ice: {email: b@x.gov}}")
    problems = problems_of(lambda: compose(case_of(document, library, order)))
    assert [it.code for it in problems] == ["no-sender"]


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("9589 0710 5270 0000 0000 06", "the tracking number {!r} has a wrong digit"),
        ("7020 0001 0000", "{!r} is not a number of certified mail (12 digits)"),
        ("1Z999AA10123456784", "{!r} is not a number of certified mail"),
    ],
)
def test_a_wrong_tracking_number_is_found_in_a_request_too(
    number: str, told: str, library: Library
) -> None:
    way = f"{{by: certified-mail, number: {number}}}"
    lines = f"service: {{ice: [{way}]}}"
    served = (
        "letter: secure-communities/follow-up\nparticulars:\n  {notice: opt-out, "
        f"notice-date: 2026-08-03, served: [{{to: ice, {way[1:-1]}}}]}}\n"
    )
    found = [problems_of(lambda text=text: notices_for(library, text)) for text in (lines, served)]  # type: ignore[misc]  # text is bound
    assert [(it.code, it.path, it.message) for problems in found for it in problems] == [
        ("wrong-number", path, told.format(number))
        for path in ("service.ice.0.number", "particulars.served.0.number")
    ]


def test_two_pieces_of_mail_never_have_one_number(library: Library) -> None:
    way, same = (
        f"{{by: certified-mail, number: '{number}'}}"
        for number in ("7020 0001 0000 0000 0019", "70200001000000000019")
    )
    lines = f"service: {{bureau: [{way}, {{by: mail}}], ice: [{{by: mail}}, {same}]}}"
    problems = problems_of(lambda: notices_for(library, lines))
    assert [(it.code, it.path) for it in problems] == [
        ("equal-numbers", "service.bureau.0.number"),
        ("equal-numbers", "service.ice.1.number"),
    ]


@pytest.mark.parametrize(
    ("max_age", "confirmed", "told"),
    [
        (None, None, None),
        (30, None, "the address of the ICE office was never confirmed"),
        (30, "2026-10-20", "the address of the ICE office was last confirmed on 2026-10-20"),
        (30, "2026-10-21", None),
        (0, "2026-11-20", None),
    ],
)
def test_a_contact_must_have_been_confirmed_within_the_days_asked_for(
    library: Library, max_age: int | None, confirmed: str | None, told: str | None
) -> None:
    line = f"recipients: {{ice: {{confirmed: {{by: telephone, date: {confirmed}}}}}}}"
    case = case_for(library, line if confirmed else "", max_age=max_age)
    if told is None:
        assert len(compose(case, ["ice"])) == 1
        return
    assert told_by(lambda: compose(case, ["ice"])) == (
        f"{told}\n  hint: call them, then add confirmed: {{by: telephone, date: ...}} "
        "under recipients: ice:"
    )


def test_nobody_has_confirmed_a_contact_on_a_day_to_come(library: Library) -> None:
    line = "recipients: {ice: {confirmed: {by: telephone, date: 2026-11-25}}}"
    (problem,) = problems_of(lambda: notices_for(library, line))
    assert (problem.message, problem.path) == (
        "recipients.ice.confirmed.date is in the future (2026-11-25)",
        "recipients.ice.confirmed.date",
    )


def test_a_historical_office_need_not_be_confirmed(library: Library) -> None:
    assert len(compose(case_for(library, "date: 2010-08-31", max_age=1), ["ice"])) == 1


def test_the_day_that_the_data_gives_as_verified_counts_as_confirmed(library: Library) -> None:
    case = case_for(library, max_age=30)
    assert case.locality.bureau is not None
    bureau = msgspec.structs.replace(case.locality.bureau, verified=date(2026, 11, 1))
    locality = msgspec.structs.replace(case.locality, bureau=bureau)
    assert len(compose(msgspec.structs.replace(case, locality=locality), ["bureau"])) == 1


@pytest.mark.parametrize(
    ("lines", "message", "path"),
    [
        (
            "authority: [{instrument: Resolution, number: Resolution 12}]",
            "the letter would say 'Resolution Resolution 12'",
            "authority.0.number",
        ),
        (
            "authority: [{instrument: Resolution No. 12, number: No. 12}]",
            "the letter would say 'Resolution No. 12 No. 12'",
            "authority.0.number",
        ),
        (
            "authority: [{instrument: Resolution No. 2026-12, number: '12'}]",
            "the letter would say 'Resolution No. 2026-12 12'",
            "authority.0.number",
        ),
        (
            "authority: [{instrument: Resolution, number: Res. 12}]",
            "the letter would say 'Resolution Res. 12'",
            "authority.0.number",
        ),
        (
            "authority: [{instrument: Resolution, number: ORD 55}]",
            "the letter would say 'Resolution ORD 55'",
            "authority.0.number",
        ),
        ("cc: [{name: A. Clerk}, {name: A. Clerk}]", "cc has 'A. Clerk' twice", "cc.1"),
        (
            "service: {ice: [{by: mail}, {by: hand}, {by: mail}]}",
            "service.ice has 'mail' twice",
            "service.ice.2",
        ),
        (
            "particulars: {reasons: [The jail is full., No staff., The jail is full.]}",
            "particulars.reasons has 'The jail is full.' twice",
            "particulars.reasons.2",
        ),
        (
            "recipients: {bureau: {address: {zip: '10001'}}}",
            "the ZIP code 10001 of the State Identification Bureau is one of NY",
            "recipients.bureau.address.zip",
        ),
    ],
)
def test_what_is_said_twice_or_is_elsewhere_is_refused(
    library: Library, lines: str, message: str, path: str
) -> None:
    document, order = document_of(f"{BARE}{lines}\n"), Order(formats=(), today=TODAY)
    (problem,) = problems_of(lambda: compose(case_of(document, library, order)))
    assert (problem.message, problem.path) == (message, path)


def test_the_number_alone_is_offered_where_it_repeats_what_it_is() -> None:
    acts = [Authority(instrument="Ordinance", number="ORD 55")]
    (problem,) = act_problems(acts)
    assert problem.hint == "write '55'; if it is no Ordinance, correct the instrument too"


def test_a_book_of_orders_is_where_an_ordinance_is_kept() -> None:
    numbers = ("Order Book 5, page 3", "Ordinance Book 12", "Resolution File No. 26-140")
    acts = [Authority(instrument="Ordinance", number=number) for number in numbers]
    assert [*act_problems(acts)] == []


def test_each_zip_code_in_the_data_belongs_to_its_state(library: Library) -> None:
    data = library.directory.data
    contacts = [*data.offices.values(), *(state.bureau for state in data.states.values())]
    places = [contact.address for contact in contacts if contact]
    assert [place for place in places if elsewhere(place.zip or "", place.state or "")] == []


def test_a_day_that_a_list_has_twice_is_a_problem(library: Library) -> None:
    days = "particulars: {meeting-dates: [2026-12-15, 2026-12-15]}"
    problems = problems_of(lambda: compose(case_for(library, days)))
    assert [it.message for it in problems if it.code == "said-twice"] == [
        "particulars.meeting-dates has '2026-12-15' twice"
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("notice: revoke-personnel", "never follows a notice that authorizations are revoked"),
        ("notice-reference: SC-31043-20260803-ABCD", "not that of a letter of Dakota County"),
        ("notice-reference: 287G-06041-20260803-ABCD", "not that of a letter of Dakota County"),
        ("notice-reference: 287G-31043-20260804-ABCD", "dated 2026-08-03"),
        ("notice-reference: 287G-31043-20260803-ABCD", None),
        ("notice-reference: our file 12", None),
    ],
)
def test_an_earlier_letter_is_one_that_this_letter_may_follow(
    given: str, told: str | None, library: Library
) -> None:
    facts = {"notice": "terminate"} | dict([given.split(": ")])
    text = "letter: 287g/effective-date\njurisdiction: dakota-county-ne\ndate: 2026-11-24\n"
    text += "particulars: {model: [wso], agency: A Jail, notice-date: 2026-08-03,"
    text += " answered: 2026-09-01, received: 2026-08-05, day-named: 2026-12-31, "
    text += ", ".join(f"{name}: {value}" for name, value in facts.items()) + "}\n"
    if told is None:
        assert case_for(library, text).kind.title == "Answer about the effective date"
    else:
        (problem,) = problems_of(lambda: case_for(library, text))
        assert (problem.code, told in problem.message) == ("wrong-earlier", True)


def test_an_earlier_letter_in_words_of_ones_own_is_told_as_they_are(library: Library) -> None:
    case = case_for(library)
    spec = Particular(type="text", help="A letter.", follow="kind")
    kind = msgspec.structs.replace(case.kind, particulars={"notice": spec}, follows=("opt-out",))
    stated = particulars_type(kind.particulars)(notice="answer")
    odd = msgspec.structs.replace(case, kind=kind, particulars=stated)
    assert [it.message for it in earlier_problems(odd)] == [
        "particulars.notice is answer, and this letter never follows an answer"
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ICE", "odd-value"),
        ("the Field Office Director", "odd-value"),
        ("the State Identification Bureau", "odd-value"),
        ("the San Francisco Field Office", "wrong-self"),
        ("the California Department of Justice", "wrong-self"),
    ],
)
def test_the_sender_never_has_the_name_of_another(name: str, code: str, library: Library) -> None:
    problems = problems_of(lambda: compose(case_for(library, f"calls-itself: {name}")))
    assert [problem.code for problem in problems] == [code]
