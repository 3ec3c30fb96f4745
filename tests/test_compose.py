"""Who receives a notice, and which facts it carries."""

from datetime import date, timedelta

import msgspec
import pytest
from conftest import TODAY
from make_letters import BARE, case_for, notices_for, problems_of

from optout_cli.letters import Library
from optout_cli.letters.compose import compose, correct_contact
from optout_cli.model.jurisdiction import Address, Contact
from optout_cli.model.notice import Case
from optout_cli.model.program import Rule
from optout_cli.model.request import Correction


def with_rules(case: Case, *rules: Rule) -> Case:
    program = msgspec.structs.replace(case.program, recipients=rules)
    return msgspec.structs.replace(case, program=program)


@pytest.mark.parametrize(
    ("day", "offices", "copies"),
    [
        ("2008-10-27", ["bureau", "secure-communities-2010"], []),
        ("2011-08-04", ["bureau", "secure-communities-2010"], []),
        ("2011-08-05", ["bureau", "ero-san-francisco"], ["Director"]),
        ("2026-11-20", ["bureau", "ero-san-francisco"], ["Director"]),
    ],
)
def test_the_letters_date_decides_who_receives_it(
    library: Library, day: str, offices: list[str], copies: list[str]
) -> None:
    bureau, ice = notices_for(library, f"date: {day}")
    assert [bureau.recipient.office, ice.recipient.office] == offices
    assert [it.attention for it in ice.copies] == copies
    assert bureau.copies == ()


def test_every_notice_names_all_recipients(library: Library) -> None:
    bureau, ice = notices_for(library)
    assert bureau.recipients == ice.recipients == (bureau.recipient, ice.recipient)


def test_one_party_can_be_written_to_alone_and_still_names_the_other(library: Library) -> None:
    case = case_for(library)
    assert compose(case, ["ice"]) == compose(case)[1:]


def test_a_letter_to_nobody_who_is_asked_for_is_a_problem(library: Library) -> None:
    case = case_for(library, "letter: 287g/terminate\nparticulars: {model: jem}")
    (problem,) = problems_of(lambda: compose(case, ["bureau"]))
    assert problem.message == "287g/terminate has no letter --to bureau"


def test_a_program_that_names_no_office_of_ice_gives_one_notice(library: Library) -> None:
    case = with_rules(case_for(library), Rule(role="bureau"))
    assert [it.recipient.role for it in compose(case)] == ["bureau"]


def test_notices_of_one_request_differ_by_recipient_alone(library: Library) -> None:
    bureau, ice = notices_for(library, "addressing: joint")
    same = {"recipient": ice.recipient, "copies": ice.copies, "notes": ice.notes}
    assert msgspec.structs.replace(bureau, **same) == ice


# What happened is told of only by letters that can know it; what was planned, by the request.
@pytest.mark.parametrize(
    ("day", "scheduled", "activation"),
    [
        ("2010-08-09", None, None),
        ("2010-08-09", "2010-09-01", (date(2010, 9, 1), "scheduled")),
        ("2010-08-10", None, (date(2010, 8, 10), "actual")),
        ("2010-08-10", "2010-09-01", (date(2010, 8, 10), "actual")),
    ],
)
def test_activation_is_actual_once_it_happened_else_as_the_request_schedules_it(
    library: Library, day: str, scheduled: str | None, activation: tuple[date, str] | None
) -> None:
    lines = f"date: {day}" + (f"\nparticulars: {{scheduled: {scheduled}}}" if scheduled else "")
    found = notices_for(library, lines)[0].activation
    assert (found and (found.date, found.kind)) == activation


def test_an_actual_activation_carries_its_source_and_a_scheduled_one_has_none(
    library: Library,
) -> None:
    actual = notices_for(library)[0].activation
    planned = notices_for(library, "{date: 2010-01-04, particulars: {scheduled: 2010-09-01}}")[0]
    assert actual is not None
    assert actual.source is not None
    assert planned.activation is not None
    assert planned.activation.source is None


def test_no_row_of_activation_never_means_not_activated(library: Library) -> None:
    notice = notices_for(library, "jurisdiction: adjuntas-municipio-pr")[0]
    assert notice.activation is None


@pytest.mark.no_cover  # slow, with code that others cover
def test_no_letter_of_any_day_cites_what_is_later_than_itself(library: Library) -> None:
    case = case_for(library)
    first, last = date(2008, 10, 27), date(2027, 11, 20)
    program = library.programs.by_id["secure-communities"]
    changes = {it.date for it in program.citations.values()}
    changes |= {day for it in program.periods for day in (it.from_, it.until) if day}
    # What a letter cites can change on these days alone; some of the others are tried as well.
    days = {first + timedelta(number) for number in range(0, (last - first).days, 30)}
    days |= {day + timedelta(apart) for day in changes for apart in (-1, 0, 1)}
    days = {day for day in days if first <= day <= last}
    dated = (msgspec.structs.replace(case, date=day, today=day) for day in sorted(days))
    later = [
        (notice.date, id)
        for it in dated
        for notice in compose(it)
        for id, citation in notice.citations.items()
        if citation.date > notice.date
    ]
    assert later == []


@pytest.mark.parametrize(
    ("day", "period", "cited"),
    [
        ("2010-08-16", "before-procedure", []),
        ("2010-08-17", "procedure", ["setting-the-record-straight"]),
        ("2010-09-06", "procedure", ["setting-the-record-straight"]),
        ("2010-09-07", "procedure", ["setting-the-record-straight", "agency-duty"]),
        ("2010-10-05", "procedure", ["setting-the-record-straight", "agency-duty"]),
        ("2010-10-06", "contested", ["setting-the-record-straight", "agency-duty", "not-opt-in"]),
        (
            "2011-08-04",
            "contested",
            ["setting-the-record-straight", "agency-duty", "not-opt-in", "results-declined"],
        ),
    ],
)
def test_a_letter_may_cite_what_its_day_can_know(
    library: Library, day: str, period: str, cited: list[str]
) -> None:
    notice = notices_for(library, f"date: {day}")[0]
    assert (notice.period, list(notice.citations)) == (period, cited)


# What became of the program, in the order in which letters could know it.
LATER = ["discontinued", "restored", "restoration-revoked", "revocation-revoked"]


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2011-08-05", 0),
        ("2014-11-19", 0),
        ("2014-11-20", 1),
        ("2017-01-29", 1),  # the order is of January 25; its page in the Federal Register is not
        ("2017-01-30", 2),
        ("2021-01-24", 2),
        ("2021-01-25", 3),
        ("2025-01-28", 3),
        ("2025-01-29", 4),
    ],
)
def test_a_letter_knows_of_the_program_what_was_known_on_its_day(
    library: Library, day: str, known: int
) -> None:
    case = case_for(library, f"date: {day}")
    (notice, _) = compose(case)
    unknown = LATER[known:]
    assert (notice.period, list(notice.citations)) == (
        "closed",
        [it for it in case.program.citations if it not in unknown],
    )


def test_without_a_date_the_letter_is_dated_today(library: Library) -> None:
    undated = BARE.replace("date: 2026-11-20\n", "")
    (notice, _) = compose(case_for(library, base=undated, today=date(2026, 3, 1)))
    assert notice.date == date(2026, 3, 1)


def test_the_office_of_2010_received_letters_from_american_samoa_too(library: Library) -> None:
    case = case_for(library, "{jurisdiction: eastern-district-as, date: 2010-08-31}")
    assert [it.recipient.office for it in compose(case, ["ice"])] == ["secure-communities-2010"]


def test_the_other_letter_can_be_written_while_one_contact_is_incomplete(library: Library) -> None:
    (ice,) = compose(case_for(library, "jurisdiction: guam"), ["ice"])
    assert [it.party for it in ice.recipients] == ["bureau", "ice"]


def test_an_agency_that_nobody_knows_is_named_in_no_other_letter(library: Library) -> None:
    whole = "{street: [1 Main Street], city: Pago Pago, state: AS, zip: '96799'}"
    lines = f"{{jurisdiction: eastern-district-as, recipients: {{bureau: {{address: {whole}}}}}}}"
    (bureau,) = compose(case_for(library, lines), ["bureau"])
    assert [it.party for it in bureau.recipients] == ["bureau"]


def test_the_notice_takes_over_what_the_request_states(library: Library) -> None:
    lines = """\
        addressing: joint
        ori: CA0210000
        letterhead: {seal: seal.png, alt: Seal}
        enclosures: [{title: Map}]
        cc: [{name: A. Clerk}]
        """
    request = case_for(library, lines).request
    for notice in notices_for(library, lines):
        stated = {
            name: getattr(notice, name)
            for name in ("addressing", "ori", "letterhead", "enclosures", "cc", "signatory")
        }
        assert stated == {name: getattr(request, name) for name in stated}


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("402.555.0100", "402-555-0100"),
        ("(402) 555-0100", "402-555-0100"),
        ("4025550100", "402-555-0100"),
        ("+1 402 555 0100", "1-402-555-0100"),
        ("402-555-0100 x12", "402-555-0100 ext. 12"),
        ("402.555.0100ext.7", "402-555-0100 ext. 7"),
    ],
)
def test_a_telephone_number_is_printed_in_one_form(
    typed: str, printed: str, library: Library
) -> None:
    lines = f'signatory: {{name: Pat, title: Sheriff, phone: "{typed}"}}\n'
    notice = notices_for(library, lines)[0]
    assert notice.signatory
    assert notice.signatory.phone == printed


def test_a_new_address_is_not_confirmed_by_who_confirmed_the_old_one() -> None:
    address = Address(street=("1 Oak St.",), city="Novato", state="CA", zip="94945")
    known = Contact(address=address, verified=TODAY, verified_by="telephone")
    moved = correct_contact(known, Correction(address=Address(street=("2 Elm St.",))))
    called = correct_contact(known, Correction(phone="916-555-0199"))
    assert (moved.verified, moved.verified_by) == (None, None)
    assert (called.verified, called.verified_by) == (TODAY, "telephone")
