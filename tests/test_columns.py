"""A table is read as people make it: names of columns, dates, routes and numbers in their words."""

from pathlib import Path
from typing import Any, get_args  # a row has the shapes of a request

import pytest
from command_results import Run, Write, outcome
from conftest import TODAY
from make_letters import problems_of, told_by

from optout_cli.batch.input import InputFile, load_input
from optout_cli.cli.batch.report import say_how_read
from optout_cli.errors import OptoutError
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.model.fields import Email, StateCode, Zip
from optout_cli.model.request import Request
from optout_cli.readers.cells import STATE_OF_PLACE, choice_in_words, code_in_words, column_of
from optout_cli.readers.csv import read_table, rows_from_csv
from optout_cli.readers.document import locate
from optout_cli.readers.postal import state_code
from optout_cli.readers.validate import convert

PLACE, NAME, TITLE = "jurisdiction", "signatory.name", "signatory.title"
HOME = "signatory.address."


def requests(table: str) -> list[Request]:
    documents = [row.document for row in rows_from_csv(table, "n.csv")]
    return [convert(document, Request) for document in documents if document]


def dates(*cells: str) -> list[str]:
    rows = "".join(f'"Marin County, CA",a/b,"{cell}"\n' for cell in cells)
    return [str(request.date) for request in requests(f"County,Letter,Date of letter\n{rows}")]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Sheriff Name", "signatory.name"),
        ("County", "jurisdiction"),
        ("Date of letter", "date"),
        ("signatory name", "signatory.name"),
        ("Jurisdiction", "jurisdiction"),
        ("Title", "signatory.title"),
        ("SheriffTitle", "signatory.title"),
        ("Sheriff's E-mail", "signatory.email"),
        ("Sheriff ZIP Code", "signatory.address.zip"),
        ("ICE fax", "recipients.ice.fax"),
        ("Sheriff_Phone_Number__c", "signatory.phone"),
        ("Bureau FaxNo.", "recipients.bureau.fax"),
        ("Bureau tracking number", "service.bureau.0.number"),
        ("Resolution No.", "authority.0.number"),
        ("cc.0.name", "cc.0.name"),
        ("Remarks", "Remarks"),
        ("particulars.reasons", "particulars.reasons"),
    ],
)
def test_a_name_of_one_field_is_taken(name: str, path: str) -> None:
    assert column_of(name) == [path]


@pytest.mark.parametrize("name", ["Phone", "Phone Number", "Tel No"])
def test_a_name_of_several_fields_is_asked(name: str) -> None:
    assert told_by(lambda: requests(f"County,{name}\nMarin,1\n")) == (
        f"n.csv:1: has the column '{name}', which could be any of 3\n"
        "  hint: name it signatory.phone or recipients.bureau.phone or recipients.ice.phone;"
        " begin it with # if it is your own"
    )


@pytest.mark.parametrize(
    ("header", "paths"),
    [
        ("County,State,Sheriff,Title", [PLACE, STATE_OF_PLACE, NAME, TITLE]),
        ("What county are you in?,State,Your sheriff's name", [PLACE, STATE_OF_PLACE, NAME]),
        ("ST,County/Parish,Name of Sheriff", [STATE_OF_PLACE, PLACE, NAME]),
        ("1. County (required),State code,Signed by", [PLACE, STATE_OF_PLACE, NAME]),
        ("Law Enforcement Agency,Signer,State", [PLACE, NAME, STATE_OF_PLACE]),
        (
            "County,State,Mailing Address,City,State,Zip",
            [PLACE, STATE_OF_PLACE, f"{HOME}street", f"{HOME}city", f"{HOME}state", f"{HOME}zip"],
        ),
        (
            "Agency,Office Address,City,State,ZIP",
            [PLACE, f"{HOME}street", f"{HOME}city", f"{HOME}state", f"{HOME}zip"],
        ),
        (
            "County,Sheriff Name,Office,Phone,Fax,Email",
            [PLACE, NAME, *(f"signatory.{field}" for field in ("office", "phone", "fax", "email"))],
        ),
        (
            "Name of county,Adopted by,Adopted on,Certified Mail Number (ICE),Letter type,Reasons",
            [
                *(PLACE, "authority.0.body", "authority.0.date", "service.ice.0.number"),
                *("letter", "particulars.reasons"),
            ],
        ),
    ],
)
def test_columns_beside_each_other_tell_what_each_is(header: str, paths: list[str]) -> None:
    table, _ = read_table(f"{header}\n", "n.csv")
    assert table
    assert table.names == paths


def test_a_column_beside_one_that_may_be_anybodys_is_not_taken_for_the_senders() -> None:
    with pytest.raises(OptoutError) as caught:
        read_table("County,Sheriff Name,ICE email,Phone,Email\n", "n.csv")
    assert [problem.message for problem in caught.value.problems] == [
        "has the column 'Phone', which could be any of 3",
        "has the column 'Email', which could be any of 4",
    ]


@pytest.mark.parametrize(
    ("header", "cells", "jurisdiction", "state"),
    [
        ("County,State", "Marin County,California", "Marin County, CA", None),
        ("County,State", "Marin,ca", "Marin, CA", None),
        ("County,State", '"Marin County, CA",CA', "Marin County, CA", None),
        ("County,State", '"Marin County, Calif.",CA', "Marin County, CA", None),
        ("County,State", '"Marin County, CA",NV', "Marin County, CA, NV", None),
        ("County,State", "06041,California", "06041, CA", None),
        ("County,State", "marin-county-ca,CA", "marin-county-ca", None),
        ("County,State", "Marin County,Ontario", "Marin County, Ontario", None),
        ("County,City,State", "Marin County,San Rafael,CA", "Marin County, CA", "CA"),
        ("jurisdiction,signatory.address.state", "marin,CA", "marin", "CA"),
        ("jurisdiction,jurisdiction state", "Marin,CA", "Marin, CA", None),
    ],
)
def test_a_state_in_a_column_of_its_own_completes_the_name(
    header: str, cells: str, jurisdiction: str, state: str | None
) -> None:
    (row,) = rows_from_csv(f"{header}\n{cells}\n", "n.csv")
    assert row.document is not None
    signatory: Any = row.document.data.get("signatory", {})
    assert (row.document.data["jurisdiction"], signatory.get("address", {}).get("state")) == (
        jurisdiction,
        state,
    )


def test_the_only_state_of_a_table_is_also_that_of_the_senders_address() -> None:
    table = "County,State,Street,City,ZIP\nEssex,VT,1 Main,Guildhall,05905\nKern,California,,,\n"
    table += '"Yolo",CA,"1 Elm St, Reno, NV 89501",,\n'
    table += "Marin,CA,1 K St NW,Washington,20005\nMarin,CA,,Washington,\nMarin,CA,1 Elm,Ross,949\n"
    states = []
    for row in rows_from_csv(table, "n.csv"):
        assert row.document is not None
        signatory: Any = row.document.data.get("signatory", {})
        states.append(signatory.get("address", {}).get("state"))
    assert states == ["VT", None, "NV", None, None, None]
    assert "'State' as signatory.address.state too" in InputFile("n.csv", "csv", table).notes[0]


def test_how_columns_are_read_together_is_told() -> None:
    for header, told in (
        ("County,State", "the columns 'County' and 'State' are read together as jurisdiction"),
        (
            "County,City,State",
            "the column 'County' is read as jurisdiction, with the state in 'State'",
        ),
    ):
        assert told in InputFile("n.csv", "csv", f"{header}\n").notes


def test_how_tables_with_the_same_columns_are_read_is_told_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "County,State,Sheriff Name,Title\n"
    say_how_read(InputFile(name, "csv", text) for name in ("n.csv", "rejects.csv"))
    assert capsys.readouterr().err == (
        "note: n.csv, rejects.csv: the columns 'County' and 'State' are read together as"
        " jurisdiction\n"
        "note: n.csv, rejects.csv: the column 'Sheriff Name' is read as signatory.name, 'Title' as"
        " signatory.title\n"
    )


def test_a_note_repeats_at_most_60_characters_of_a_column() -> None:
    text = f"County,{'ICE' + ' ' * 99 + 'fax'}\n"
    assert InputFile("n.csv", "csv", text).notes == (
        f"the column 'County' is read as jurisdiction, 'ICE{' ' * 57}...' as recipients.ice.fax",
    )


def test_states_are_those_of_the_data(library: Library) -> None:
    states = library.directory.data.states
    found = {code: (state_code(code.lower()), state_code(it.name)) for code, it in states.items()}
    assert found == {code: (code, code) for code in states}


def test_a_problem_names_the_column_as_the_table_does() -> None:
    (row,) = rows_from_csv("County,Letter,Sheriff Email\nMarin,a/b,x\n", "n.csv")
    assert row.document is not None
    assert str(row.document.location("signatory.email")) == "n.csv:2: Sheriff Email"


@pytest.mark.parametrize(
    "cell",
    [
        "11/24/2026", "11/24/26", "24-Nov-26", "Nov 24 2026", "Nov. 24, 2026", "46350", "46350.0",
        "2026/11/24", "2026-11-24 00:00:00", "2026-11-24T00:00:00Z", "11/24/2026 0:00",
        "11/24/2026 12:00:00 AM", "Tuesday, November 24, 2026", "November 24th, 2026", "20261124",
        "24/Nov/2026", "24th of November 2026", "11\u201124\u20112026",
        "11.24.2026", "11-24-26", "24NOV2026", "2026-Nov-24", "2026-11-24.", "2026-11-24+00:00",
        "2026 November 24", "\uff11\uff11/24/2026", "2026-11-24 14:30:00", "11/24/2026 2:30 PM",
    ],
)  # fmt: skip
def test_a_date_with_one_reading_is_taken(cell: str) -> None:
    assert dates(cell) == ["2026-11-24"]


@pytest.mark.parametrize("cell", ["1/2/49", "2-Jan-49", "Jan 2, 49", "02JAN49", "1-2-49"])
def test_a_year_of_two_digits_is_one_of_this_century(cell: str) -> None:
    assert dates(cell, "12/31/26")[0] == "2049-01-02"


@pytest.mark.parametrize("cell", ["1/2/69", "2-Jan-87", "Jan 2, 99", "02JAN50", "1-2-68"])
def test_a_year_of_two_digits_that_may_be_of_either_century_is_asked_for(cell: str) -> None:
    told = f"n.csv:2 (Marin County, CA): date {cell!r} is not a date"
    hint = "write the year in four digits; write it as YYYY-MM-DD, such as 2026-11-24"
    assert told_of(cell) == [f"{told}\n  hint: {hint}"]


@pytest.mark.parametrize("cell", ["2026-11-24 99:99", "11/24/2026 25:61"])
def test_a_time_that_no_day_has_is_told(cell: str) -> None:
    assert "is not a date" in told_of(cell)[0]


def told_of(*cells: str) -> list[str]:
    """Return the day of each row's date, or what is told of it."""
    rows = "".join(f'"Marin County, CA",a/b,"{cell}"\n' for cell in cells)
    found = []
    for row in rows_from_csv(f"County,Letter,date\n{rows}", "n.csv"):
        assert row.document is not None
        try:
            found.append(str(convert(row.document, Request).date))
        except OptoutError as error:
            (problem,) = locate(error.problems, row.document, row)
            found.append(str(problem))
    return found


ASKED = (
    "n.csv:1: date: has dates that can be read month first or day first\n"
    "  hint: format the column as Text, and write the dates as 2026-11-24"
)


def slip(line: int, text: str, day: str) -> str:
    place = f"n.csv:{line} (Marin County, CA)"
    message = f"date '{text}' has its month in the second place, not in the first"
    return f"{place}: {message}\n  hint: write {day} if that is the day"


def impossible(line: int, text: str) -> str:
    return (
        f"n.csv:{line} (Marin County, CA): date '{text}' is not on the calendar\n"
        "  hint: write it as YYYY-MM-DD, such as 2010-08-31"
    )


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (("11/12/2026", "11/24/2026"), ["2026-11-12", "2026-11-24"]),
        (("11/12/2026", "10/12/2026", "1/1/2026"), [ASKED, ASKED, "2026-01-01"]),
        # One date that can only be day first is a slip, however often it was copied.
        (("24/11/2026",), [slip(2, "24/11/2026", "2026-11-24")]),
        (
            ("12/1/2026", "13/12/2026", "13/12/26"),
            [ASKED, slip(3, "13/12/2026", "2026-12-13"), slip(4, "13/12/26", "2026-12-13")],
        ),
        (
            ("12/1/2026", "13/12/2026", "12/15/2026"),
            ["2026-12-01", slip(3, "13/12/2026", "2026-12-13"), "2026-12-15"],
        ),
        # Two different ones may be a habit; then only dates with one reading are read.
        (("1/12/2026", "13/12/2026", "14/12/2026"), [ASKED, "2026-12-13", "2026-12-14"]),
        (("13/12/2026", "14/12/2026", "12/15/2026"), [ASKED] * 3),
        # A date that is no day proves nothing.
        (
            ("12/1/2026", "13/13/2026", "12/15/2026"),
            ["2026-12-01", impossible(3, "13/13/2026"), "2026-12-15"],
        ),
        (("2/30/2026", "31/4/2026"), [impossible(2, "2/30/2026"), impossible(3, "31/4/2026")]),
    ],
)
def test_the_dates_of_a_column_are_never_turned_by_one(
    cells: tuple[str, ...], told: list[str]
) -> None:
    assert told_of(*cells) == told


@pytest.mark.parametrize("cell", ["Monday, November 24, 2026", "Wed. 11/24/2026", "Sun 11/24/26"])
def test_a_date_with_the_wrong_day_of_the_week_is_not_read(cell: str) -> None:
    (told,) = told_of(cell)
    assert told.split(cell)[1] == (
        "' names the wrong day of the week\n"
        "  hint: 2026-11-24 is a Tuesday; write it as YYYY-MM-DD, such as 2026-11-24"
    )


def test_routes_and_numbers_are_read_in_the_words_of_people() -> None:
    table = (
        "jurisdiction,letter,signature.kind,Bureau service,ICE service,Sheriff Phone,Sheriff ZIP,"
        "Name,Title\nMarin,a/b,Ink,Certified Mail,E-mail,+14155550120,05345.0,Pat,Sheriff\n"
    )
    (request,) = requests(table)
    signatory = request.signatory
    assert signatory is not None
    assert (
        request.signature.kind,
        request.service.bureau[0].by,
        request.service.ice[0].by,
        signatory.phone,
        signatory.address.zip,
    ) == ("ink", "certified-mail", "email", "415-555-0120", "05345")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *((code, "94903") for code in ("94903-", "94903.00", "'94903")),
        *((code, "94903-1234") for code in ("949031234", "94903 1234", "94903\u20131234")),
        *((state, "CA") for state in ("US-CA", "CA - California", "California (CA)", "calif.")),
        *((email, "a@b.gov") for email in ("Pat <a@b.gov>", "a@b.gov;", "a@b.gov#mailto:a@b.gov#")),
        ("[a@b.gov](mailto:a@b.gov)", "a@b.gov"),
        ("VA - California", None),
        ("94903-12", None),
        ("a@b.gov c@d.gov", None),
    ],
)
def test_a_code_in_other_signs_with_one_meaning_is_taken(text: str, meant: str | None) -> None:
    kinds = (get_args(kind)[1] for kind in (Zip, StateCode, Email))
    patterns = (meta.pattern for meta in kinds)
    assert next(filter(None, (code_in_words(text, it) for it in patterns if it)), None) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Tue Nov 24 2026 00:00:00 GMT-0800 (Pacific Standard Time)",
        "24-NOV-26 12.00.00.000000 AM",
        "11 / 24 / 2026",
        "24 de noviembre de 2026",
    ],
)
def test_a_date_of_another_program_is_taken(text: str) -> None:
    (request,) = requests(f"jurisdiction,letter,date\nM,a/b,{text}\n")
    assert str(request.date) == "2026-11-24"


@pytest.mark.parametrize(
    "phone",
    [
        *("tel:415-555-0120", "415\u2013555\u20130120", "4155550120.0", "(415)-555-0120"),
        *("415-5550120", "1.415.555.0120", "(+1) 415-555-0120"),
    ],
)
def test_a_phone_in_other_signs_is_taken(phone: str) -> None:
    (request,) = requests(f"jurisdiction,letter,Name,Title,Sheriff Phone\nM,a/b,P,S,{phone}\n")
    assert request.signatory is not None
    plain = "".join(filter(str.isdigit, request.signatory.phone or ""))
    assert plain.removeprefix("1") == "4155550120"


@pytest.mark.parametrize("end", [", ext 12", ";ext=12", " #12", " Ext.: 12"])
def test_a_phone_keeps_its_extension(end: str) -> None:
    text = f'jurisdiction,letter,Name,Title,Sheriff Phone\nM,a/b,P,S,"(415) 555-0120{end}"\n'
    (request,) = requests(text)
    assert request.signatory is not None
    assert request.signatory.phone == "415-555-0120 x12"


def test_quotes_after_a_space_are_no_part_of_a_name() -> None:
    (request,) = requests(
        'jurisdiction,letter,Name,Title\n"Marin County, CA", a/b, "Pat P.", "Sheriff"\n'
    )
    assert request.signatory is not None
    assert (request.jurisdiction, request.signatory.name) == ("Marin County, CA", "Pat P.")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_remark_with_another_delimiter_does_not_decide(delimiter: str) -> None:
    header = delimiter.join(['"# remarks (a; b; c, d, e)"', "jurisdiction", "letter"])
    (request,) = requests(f"{header}\n{delimiter.join(['x', 'Marin', 'a/b'])}\n")
    assert (request.jurisdiction, request.letter) == ("Marin", "a/b")


def test_titles_above_the_header_are_told_together() -> None:
    assert told_by(lambda: requests("Counties\nAs of today, all\nCounty,Letter\nMarin,a/b\n")) == (
        "n.csv:1: does not name the columns; line 3 does\n"
        "  hint: delete lines 1 to 2: the column names come first"
    )


def test_how_a_column_is_read_is_noted_once() -> None:
    table = "County,letter,date\nMarin,a/b,11/24/2026\nKern,a/b,11/25/2026\n"
    assert InputFile("n.csv", "csv", table).notes == (
        "the column 'County' is read as jurisdiction",
        "the dates with slashes in the column 'date' are read month first",
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("n.csv", b"<!DOCTYPE html><html>", "is a web page, not a table, whatever its name says"),
        ("n.xls", b"\n<table><tr>", "is a web page, not a table, whatever its name says"),
        ("n.gsheet", b'{"url": "x"}', "is a link to a spreadsheet on the web, not a table"),
        (
            "n.csv",
            "jurisdiction\n06041\n".encode("utf-16-le"),
            "is UTF-16 text (little-endian, without a byte order mark), not UTF-8",
        ),
        (
            "n.csv",
            "jurisdiction\n06041\n".encode("utf-16-be"),
            "is UTF-16 text (big-endian, without a byte order mark), not UTF-8",
        ),
    ],
)
def test_what_is_no_table_is_told_by_its_name(
    name: str, content: bytes, told: str, write: Write, in_folder: Path
) -> None:
    path = write(name, "")
    path.write_bytes(content)
    message = told_by(lambda: load_input(str(path)))
    assert message.partition("\n")[0] == f"{path}: {told}"


def test_dates_of_particulars_are_taken_too(library: Library) -> None:
    table = (
        "County,Letter,date,particulars.reply-by\n"
        '"Marin County, CA",secure-communities/opt-out,11/24/2026,12/24/2026\n'
    )
    (row,) = rows_from_csv(table, "n.csv")
    assert row.document is not None
    case = case_of(row.document, library, Order(today=TODAY))
    assert str(case.particulars.reply_by) == "2026-12-24"


@pytest.mark.parametrize(
    "cell",
    [
        "1/20/2027; 1/3/2027",
        "1/20/2027, 1/3/2027",
        "January 20, 2027; Jan 3, 2027",
        "Wednesday, January 20, 2027, January 3, 2027",
        "20-Jan-27\n3 Jan 2027",
    ],
)
def test_the_dates_and_choices_of_a_list_are_taken_in_the_words_of_people(
    library: Library, cell: str
) -> None:
    table = (
        "County,Letter,date,particulars.meeting-dates,particulars.declines\n"
        f'"Marin County, CA",secure-communities/opt-out,11/24/2026,"{cell}",Detainers\n'
    )
    (row,) = rows_from_csv(table, "n.csv")
    assert row.document is not None
    given = case_of(row.document, library, Order(today=TODAY)).particulars
    days = ["2027-01-20", "2027-01-03"]
    assert ([*map(str, given.meeting_dates)], [*given.declines]) == (days, ["detainers"])


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (
            "certified-mail",
            ["certified", "Certified mail, return receipt requested", "USPS Certified Mail"],
        ),
        ("mail", ["US Mail", "U.S. Mail", "USPS", "Regular mail", "first class", "usps mail"]),
        ("hand", ["Hand delivery", "hand-delivered", "in person", "By hand"]),
        ("email", ["e-mail", "E-Mail", "via email"]),
        ("fax", ["facsimile", "by fax"]),
        (None, ["Registered mail", "pigeon", "mail or fax"]),
    ],
)
def test_the_words_that_people_use_for_a_route_name_it(way: str | None, words: list[str]) -> None:
    ways = ("certified-mail", "mail", "email", "fax", "hand")
    assert {choice_in_words(text, ways) for text in words} == {way}


def test_a_column_that_no_request_has_is_told_once_for_the_table() -> None:
    text = "Marin,a/b,call first,,mail,fax\nKern,a/b,,,,\n"
    text = f"County,Letter,Notes,Email,Bureau - how sent,ICE - how sent\n{text}"
    named = InputFile("n.csv", "csv", text.replace("Notes", "# Notes"))
    (first, _) = named.rows()
    assert first.document is not None
    assert first.document.data["service"] == {"bureau": [{"by": "mail"}], "ice": [{"by": "fax"}]}
    assert told_by(lambda: [*InputFile("n.csv", "csv", text).rows()]) == (
        "n.csv:1: has the column 'Notes', which no request has\n"
        "  hint: name it '# Notes' to keep it as your own, which optout does not read"
    )


@pytest.mark.parametrize("again", ["County,Letter", "county,LETTER", "County,", " County , "])
def test_a_row_with_the_names_of_the_columns_is_told_to_be_the_header(again: str) -> None:
    rows = [*InputFile("n.csv", "csv", f"County,Letter\nMarin,a/b\n{again}\nKern,a/b\n").rows()]
    assert [[*map(str, row.problems)] for row in rows] == [
        [],
        ["n.csv:3: is the header again\n  hint: delete this row"],
        [],
    ]


@pytest.mark.parametrize("delimiter", ",;\t|^~")
def test_names_of_columns_in_one_cell_are_told(delimiter: str) -> None:
    names = delimiter.join(["jurisdiction", "letter"])
    told = told_by(lambda: [*InputFile("n.csv", "csv", f'"{names}"\n"Marin"\n').rows()])
    assert told.startswith("n.csv:1: has one column with several names in it")


@pytest.mark.parametrize("name", ["model", "Reply by", "reply-by"])
def test_a_column_named_after_a_particular_is_told_what_to_name_it(
    name: str, library: Library, run: Run, write: Write, in_folder: Path
) -> None:
    own = f"particulars.{name.lower().replace(' ', '-')}"
    assert own in library.programs.particulars
    write("n.csv", f"County,{name}\nMarin,x\n")
    code, out, err = outcome(run("batch", "n.csv", "--check"))
    assert (code, out) == (1, "")
    assert err.splitlines()[1].startswith(f"  hint: name it {own} if its letters are to say that")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("Marin,a/b,Pat Roe,2026-11-24\nKern,a/b,Al Roe,2026-11-24\n", "does not name the columns"),
        (
            "jurisdiction,Marin\nsignatory.name,Pat\nletter,a/b\n",
            "has the names of a request below each other",
        ),
        (
            "County        Letter   Name\nMarin  CA     a/b      Pat Roe\n",
            "has one column with several names in it, 'County        Letter   Name'",
        ),
    ],
)
def test_a_table_without_a_header_is_told_once(table: str, told: str) -> None:
    (found,) = problems_of(lambda: [*InputFile("n.csv", "csv", table).rows()])
    assert (str(found.location), found.code, found.message) == ("n.csv:1", "no-header", told)


def test_a_table_of_markdown_is_read() -> None:
    text = "| County | Letter |\n| --- | :---: |\n| Marin | a/b |\n"
    (row,) = InputFile("n.csv", "csv", text).rows()
    assert row.document is not None
    assert row.document.data == {"jurisdiction": "Marin", "letter": "a/b"}
