"""A text that nobody meant is told, whichever source it came from, and a meant one never is."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from conftest import REQUEST, ROOT, TODAY
from hypothesis import given
from hypothesis import strategies as st
from make_letters import document_of, notice_for, problems_of

from optout_cli.errors import OptoutError
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.model.program import LetterKind, Particular
from optout_cli.model.request import Request
from optout_cli.programs import Programs
from optout_cli.readers.csv import csv_from, rows_from_csv
from optout_cli.readers.document import Document, Layer, Tree, with_assignments
from optout_cli.readers.ndjson import rows_from_ndjson
from optout_cli.readers.validate import convert
from optout_cli.readers.values import Use, _table, _uses_in, judge
from optout_cli.readers.yaml import document_from_yaml

PATHS: dict[Use, str] = {
    "name": "recipients.ice.attention",
    "office": "signatory.office",
    "person": "signatory.name",
    "street": "signatory.address.street",
    "city": "signatory.address.city",
    "post": "service.ice.0.number",
    "number": "authority.0.number",
    "vote": "authority.0.vote",
    "document": "enclosures.0.title",
    "prose": "particulars.answer",
    "own": "particulars.reasons",
    "item": "particulars.reasons.0",
    "sentence": "particulars.validity",
    "state": "signatory.address.state",
    "phone": "signatory.phone",
    "act": "authority.0.instrument",
    "self": "calls-itself",
    "title": "signatory.title",
    "code": "signatory.address.zip",
}
ALL: tuple[Use, ...] = ("name", "post", "number", "vote", "prose", "state", "code")
PRINTED = ALL[:-2]
SHORT = ALL[:-3]
# Texts of each kind, with the uses in which none of them can be meant.
SAMPLES: dict[str, tuple[tuple[Use, ...], list[str]]] = {
    "spreadsheet-error": (
        ALL,
        [
            "#REF!",
            "#N/A",
            "#N/A Requesting Data",
            "#BLOCKED!",
            "#GETTING_DATA",
            "########",
            "#BEZUG!",
            "#NV",
            "Err:502",
            "Loading...",
            "#NAME?",
            "#DIV/0!",
            "#VALUE",
            "#¿NOMBRE?",
            "#N/D",
            "#I/T",
            "#YOK",
        ],
    ),
    "formula": (ALL, ["=A1", "=SUM(A1:A3)", "+A2&B2", "@A2", "-SUM(A1)", "+$A$1 * 2", '="x"']),
    "whole-address": (
        ("street",),
        ["1 Oak Rd, Ely, NV", "1 Oak Rd Ely NV 89301", "Ely, Nev. 89301"],
    ),
    "misread-name": (
        ("person", "city"),
        ["Do\u2013a", "Gonz\u2021lez", "Jos\u017d", "Jim\u2014nez"],
    ),
    "no-area-code": (("phone",), ["1415555012", "(015) 555-0120", "115-555-0120"]),
    "no-state": (("state",), ["XX", "ZZ", "CF", "UK"]),
    "nothing": (
        PRINTED,
        [
            "nan",
            "NaN",
            "NULL",
            "(null)",
            "n/a",
            "NA",
            "None",
            "<NA>",
            "NaT",
            "TRUE",
            "false",
            "undefined",
            "(blank)",
            "[object Object]",
            "Not available",
            "-inf",
            "Ditto",
            "same",
            "Unknown",
            "see attached",
            "Please see the enclosure.",
            "Invalid Date",
        ],
    ),
    "unfilled": (
        SHORT,
        [
            *("TBD", "xxx", "To be determined", "First Last", "Your name", "Lorem ipsum"),
            *(
                "To be named",
                "none at this time",
                "Error",
                "Title here",
                "Mr.",
                "yes",
                "Sheriff?",
                "No.",
                "R-",
            ),
            *("See attached list", "Last, First", "no name", "Column1", "Position Title", "test"),
            *("T.B.D.", "Choose an item.", "Unnamed: 3", "Grand Total", "%%NAME%%", "Name, Title"),
            *("vacant", "Position vacant", "OPEN", "Interim", "not yet appointed"),
        ],
    ),
    "answer": ((*SHORT, "prose"), ["no", "N", "Skip", "quit", "yes", "Y", "ok", "Nein"]),
    "answer-as-sentence": (("own",), ["No.", "yes!", "Ja."]),
    "mark": (("own",), ["x", "1", "0", "12.5", "-3"]),
    "file-name": (SHORT, ["res.pdf", "Resolution 2026-14 (final).PDF", "seal.png", "letter.docx"]),
    "web-address": (SHORT, ["pat@example.gov", "www.example.gov", "https://example.gov/a"]),
    "vote": (("name",), ["5 to 0", "5 - 0"]),
    "no-number": ((), []),
    "act-with-number": ((), []),
    "your-office": ((), []),
    "blank-field": (
        PRINTED,
        [
            *(
                "{{ signatory.name }}",
                "\u00abName\u00bb",
                "${name}",
                "<<First Name>>",
                "Pat {{last}}",
            ),
            "*|FNAME|* *|LNAME|*",
        ],
    ),
    "brackets": (
        SHORT,
        ["[Anyone]", "<someone>", "%NAME%", "$Name$", "__NAME__", "b'Pat'", "['a', 'b']"],
    ),
    "blank": (SHORT, ["Pat ____", "Pat [LAST NAME]", "Pat {last name}", "Pat XXXX", "Pat ???"]),
    "items-in-line": (("own",), ["- No staff. - No beds.", "1. No staff. 2. No beds."]),
    "items-in-item": (("item",), ["- No staff.\n- No beds.", "1) No staff.\n2) No beds."]),
    "exponent": (SHORT, ["7.02E+19", "9.40711189956E+021", "7,02E+19", "7E+19", "4.6e-05"]),
    "exponent-of-post": (("post",), ["7E19", "702e17"]),
    "rounded": (
        ("name", "post", "number"),
        ["70200000000000000000", "9407 1118 9956 0120 0000 00"],
    ),
    "moment": (
        SHORT,
        ["2026-10-01 00:00:00", "10/1/2026 0:00", "2026-10-01T00:00:00Z", "5:02:00 AM"],
    ),
    "made-a-date": (
        SHORT,
        ["5-May", "7-Feb", "Oct-26", "10/1/2026", "1-Oct-26", "2. Okt", "Sept-26"],
    ),
    "dotted": (("name", "post", "vote"), ["1.5.04"]),
    "date": (("name", "post", "vote"), ["2026-10-01", "2026/10/1"]),
    "day-number": (("vote",), ["46204", "36526"]),
    "decimal": (("name", "post", "vote"), ["7.0", ".714285", "0.7142857"]),
    "short-number": (("post",), ["123", "7020", "A1"]),
    "no-letters": (("name",), ["-", "0", "123", "\u0301", "*"]),
    "marks-only": (("post", "number", "vote", "prose"), ["-", "--", "*", "\u0301"]),
    "misread": (
        PRINTED,
        [
            "JosÃ©",
            "Sheriffâ€™s",
            "Mar√≠a",
            "Mar├¡a",
            "PeÃƒÂ±a",
            "12Â§ 3 of Law",
            "Mar�a",
            "MarÃa Gomez",
            "Tr\u00e1\u00ba\u00a7n",
            "Sheriff\u00e2s Office",
            "O\u00d5Brien",
            "O\u00e2Brien",
        ],
    ),
    "lost-character": (SHORT, ["Sheriff?s office", "Mar?a Gomez"]),
    "encoded": (
        PRINTED,
        [
            "Jos&eacute; Perez",
            "A &amp; B Company",
            "Mar&#237;a Gomez",
            "Mar\\u00eda Gomez",
            "Mar=C3=ADa Gomez",
            "Sheriff_x000D_",
            "=?utf-8?Q?Mar=C3=ADa?=",
        ],
    ),
    "encoded-part": (
        SHORT,
        [
            "Jos=E9 Perez",
            "Jos+AOk- Perez",
            "<p>Pat Perez</p>",
            "Jos%C3%A9 Perez",
            "Pat\\nPerez",
            "Pat<br>Perez",
        ],
    ),
    "quoted": (
        SHORT,
        [
            "\u201cPat Perez",
            "\u2018Pat Perez\u2019",
            '"Pat Perez"',
            '"Pat Perez',
            "'Pat Perez'",
            "\u201cPat Perez\u201d",
        ],
    ),
    "open-end": ((), []),
    "no-self": (("self",), ["we", "the County.", "our office", "It", "the Field Office"]),
    "no-time": (("own",), ["25:00", "10:75 a.m.", "13:00 p.m.", "0:30 am", "14 PM"]),
    **dict.fromkeys(
        ("no-act", "lost-vote", "misspelled", "unadopted", "no-exchange", "no-sentence"), ((), [])
    ),
    **dict.fromkeys(("address-in-office", "lost-apostrophe", "more-than-street"), ((), [])),
    "no-office": (
        ("office",),
        ["CA", "the County", "Office", "U.S. ICE", "ICE", "FBI", "file:///C:/seal"],
    ),
    "stray-mark": (
        ("name",),
        [
            "-Sheriff",
            "Undersheriff/",
            "Pat Diaz;",
            "\u2022 Sheriff",
            "* Pat Diaz",
            "Sheriff|",
            ": Pat",
        ],
    ),
    "one-letter": (("person", "vote"), ["x", "J."]),
    "title-as-name": (
        ("person",),
        ["Sheriff", "the Sheriff", "COUNTY SHERIFF", "Chief of Police", "Acting Undersheriff"],
    ),
    "sample-name": ((), []),
    "no-vote": ((), []),
    "greets-nobody": (SHORT, ["Dear :", "Dear Mr. :", "dear Mr. 0:", "Dear"]),
    "error-within": ((*PRINTED, "state", "code"), ["Pat #REF!", "#NAME? Perez", "#\u00a1REF!"]),
    "filler": (
        ("prose",),
        [
            *(
                "test",
                "as above",
                "Click or tap here to enter text.",
                "pending",
                "other",
                "to follow",
            ),
            *(
                "This is a test.",
                "The list is attached.",
                "To be determined",
                "it is TBD",
                "listed",
            ),
        ],
    ),
    "filler-beside": (SHORT, ["Pat Perez (TBD)", "Pat Perez - CHECK", "Pat Perez (?)"]),
    "of-list": (PRINTED, ["Sheriff;#12", "4;#Pat Perez", "Patrol;#4;#Jail;#5"]),
    "value-of-program": (SHORT, ["nan County", "Suite null", "None County Jail", "County of N/A"]),
    "wrong-apostrophe": ((), []),
    "calculated": (
        ("street",),
        ["1.5E+03 Main St", "PO Box 12.0", "12-Mar Main St", "Jan-15 A St"],
    ),
    "state-in-city": (("city",), ["Ely NV", "San Rafael CA", "Ely, Nevada", "Ely 89301"]),
    "letter-for-digit": (("post", "vote"), []),
    "two-numbers": (("post",), ["70200000000000000010 70200000000000000027"]),
    "words-in-number": (
        ("post",),
        [
            *("see receipt", "7020 0000 0000 0000 0010 (bureau)", "#70200000000000000010"),
            "1234567890",
            *("11111111111111111111", "70200000000000000010.0", "7020000000000000001\uff10"),
        ],
    ),
    "no-day": (
        ("prose", "code"),
        [
            *("1899-12-30", "1900-01-00", "1/0/1900", "1/1/1970", "1970-01-01T00:00:00Z"),
            *("12/31/1969", "0026-10-20", "10/20/0026", "1026-10-20", "1904-01-01 00:00:00"),
        ],
    ),
    "zeros": (("code",), ["00000", "00009-4903", "000-000-0000", "(123) 456-7890"]),
    "mixed-scripts": (SHORT, ["\u0420\u0430t Perez", "Marin \u0421ounty"]),
    "street-as-city": (("city",), ["1 Main Street", "P.O. Box 12", "Suite 4"]),
    "two-addresses": (("street",), ["12 Main St, Ross, CA 94957; 4 Oak Ave", "1 A St CA 94957 x"]),
    **dict.fromkeys(
        (
            *(
                *("several", "long-past", "no-year", "two-streets", "no-mailbox", "pasted", "talk"),
                *("state-as-city", "doubled", "remark", "label-in-name", "user-name"),
                "more-than-name",
                "small-letters",
                "two-in-one",
                "cut-off",
            ),
            *(
                "half-vote",
                "phone-as-number",
                "unsure-number",
                "sample-place",
                "short-prose",
                "mark-in-name",
                "footnote",
                "tag",
            ),
        ),
        ((), []),
    ),
    "apostrophe": (SHORT, ["'Pat Perez", "'7020 0000 0000 0000 0010"]),
}
CASES = [
    pytest.param(use, text, id=f"{kind} {use} {text}")
    for kind, (uses, texts) in SAMPLES.items()
    for use in uses
    for text in texts
]
# What people do write, by what it is for.
MEANT: dict[Use, list[str]] = {
    "name": [
        "Pat Null",
        "Jos\u00e9 Pe\u00f1a",
        "D'Angelo O\u2019Brien",
        "Anne-Marie True",
        "N. A. Jones",
        "'Ewa Beach",
        "12 Mayfair",
        "5 Marsh Street, No. 4",
        "1600 Pennsylvania Ave. NW",
        "P.O. Box 12",
        'Pat "Pete" Smith',
        "AT&T Building",
        "Office of the Sheriff",
        "Sheriff-Coroner",
        "\u201cCAF\u00c9\u201d Building",
        "S\u00c3O TOM\u00c9 Hall",
        "SE\u00d1OR\u2019S",
        "No. 4 (rear)",
        "287(g) Coordinator",
        "What is Secure Communities?",
        "No. 4",
        "Xavier Xu",
        "Dr. A.-L. N\u00fa\u00f1ez, Ph.D.",
        "O\u02bbahu",
        "Acting Sheriff",
        "Interim Chief of Police",
        "Open Door Street",
        "Director, [Acting] Office",
        "Street Crimes Unit",
        "Town Board",
        "Dear Sir or Madam:",
        "To Whom It May Concern:",
        "Counsel:",
        "Office of the Present Moment",
        "No Address",
        "Signature of Sheriff Placeholder",
        "Ada M. Jan",
        "May Nopes",
        "St. Paul City Hall, Rm. B",
    ],
    "office": [
        "Office of the Sheriff",
        "County Attorney's Office",
        "Parish of Orleans",
        "City of ICE Falls Police Department",
        "Sheriff's Office, Precinct 4",
        "Los Angeles County Sheriff\u2019s Department",
        "Ca\u00f1on City Police Department",
    ],
    "city": [
        "St. Paul",
        "O'Fallon",
        "Winston-Salem",
        "Truth or Consequences",
        "Washington DC",
        *("Street", "Check", "Sample"),
        "Ninety Six",
        "29 Palms",
        "Town and Country",
    ],
    "street": [
        "12345 Highway 94903",
        "1 Way of Peace",
        "100 First Street",
        "# 5 Court Sq",
        "12 Mar Vista Ave",
        "5 1/2 Main St",
        "1 Tenth Street",
        "RR 2 Box 5",
    ],
    "person": [
        *("Pat Perez, Ph.D.", "Pat Perez, Jr., Esq.", "Pat Perez 3rd", "J. R. (Bob) Smith"),
        *("Smith\u2013Jones", "Ma\u2019at", "Ngoc Tr\u1ea7n", "M\u00aa G\u00f3mez"),
        *("An Na", "Grant Total", "Page Turner", "Ke\u02bbala", "Pat van der Berg", "Skip No"),
        "Pat Sheriff",
        "J. Doe",
        "Mayor Jones",
        "Chief Joseph",
        "Marshal Clerk",
        "Jon Doe",
        *("Don Street", "Don Date", "Don R. Name", "Soon Title", "Soon City", "Don O'Check"),
        *("Don Sample", "Don Blank", "Soon Foo"),
    ],
    "post": [
        "7020 0000 0000 0000 0010",
        "70081300000173889810",
        "RR123456785US",
        "1Z999AA10123456784",
    ],
    "number": [
        "No. 26-07",
        "2026-10",
        "10-01",
        "R-2026-14",
        "1",
        "7E12",
        "Ord. 12.5",
        "2026/10",
        "IV",
    ],
    "vote": [
        "5-0",
        "7 to 2",
        "unanimous",
        "5\u20130",
        "4-1-1",
        "5 ayes, 0 noes",
        "5:2",
        "by voice vote",
        "5-0 (one vacancy)",
        "Ayes: 5; Noes: None",
    ],
    "prose": [
        "The Board directed staff to review",
        "No.",
        "The jail has no staff.",
        "The County [ICE] - none",
        "None of it is true.",
        "5-0",
        'A "safe" county; see 8 U.S.C. \u00a7 1357(g).',
        "1. We decline. 2. The agreement stays.",
        "https://example.gov/a?b=c&d=e",
        "Section 12",
        "\u201cSER\u00c1\u201d \u2014 that is so.",
        "7.0 beds",
        "Is it right? Yes.",
        "[T]he county ...",
        "\u00c9l dijo: \u00abno se puede hacer as\u00ed\u00bb.",
        "The rate is 5 %, in NA and in none.",
        "On May 5, 2026, and again on June 3, the Board met.",
        "Costs rose by May 2026; a march on May Street.",
    ],
    "own": [
        *("that the county not be listed", "that it not be deleted", "that all of it be withheld"),
        *("to be removed from the list", "to be removed", "that it is to be determined"),
        *("10:00 a.m.", "14:30", "2 p.m.", "12:00 noon"),
        *("that no other name be given", "that the date be announced", "that it is pending"),
    ],
    "sentence": [
        "Victims and witnesses must be able to speak to a deputy without fear.",
        "The jail is full",
        "Deputies lose time",
        "Deputies can't do both.",
        "Residents no longer call the police",
    ],
    "self": [
        "the County",
        "the Sheriff's Office",
        "the Office",
        "the Sheriff's Dept.",
        "Kern County",
    ],
    "title": [
        *("Sheriff-Coroner", "Town Marshal", "Director of Corrections", "Mayor Pro Tem"),
        *("County Attorney", "Sheriff and Public Administrator", "Chief Administrative Officer"),
        *("Chair, Board of County Commissioners", "Correctional Services Director", "Prosecutor"),
        *("Undersheriff", "Jefe de la Polic\u00eda", "Constable, Precinct 4", "Supervising Deputy"),
        *("Councilmember", "Executive Director", "City Counselor", "Corporation Counsel"),
    ],
    "act": [
        *("Resolution", "Ordinance", "Order", "Ord.", "Motion", "Proclamation", "Policy"),
        *(
            "Board Action",
            "Minute Order",
            "Executive Order",
            "Charter",
            "Commissioners' Resolution",
        ),
        *("Resoluci\u00f3n", "Legislative Resolution", "Letter", "Decision", "Act", "Measure A"),
    ],
    "state": ["CA", "PR", "AE"],
    "code": ["05345", "05345-1234", "2026-11-24", "1/1/1987", "1971-01-01"],
}


def document_with(path: str, text: str) -> Document:
    data: dict[str, Tree] = {
        "service": {"ice": [{}]},
        "authority": [{}],
        "particulars": {"reasons": []},
    }
    return with_assignments(Document(data, (Layer("f", {}),)), "--set", {path: text})


def texts_of(node: Any) -> Any:  # Any: what msgspec makes of data
    """Return plain data with nothing that is empty."""
    if isinstance(node, dict):
        return {key: texts_of(value) for key, value in node.items() if value}
    return [texts_of(value) for value in node] if isinstance(node, list | tuple) else node


def judged(use: Use, text: str) -> str:
    """Say whether a text is wrong, odd or neither."""
    problems, doubts = judge(
        document_with(PATHS[use], text), {PATHS[use]: use for use in ("prose", "sentence")}
    )
    return "wrong" if problems else "odd" if doubts else ""


def test_each_kind_has_samples() -> None:
    found = {id: _uses_in(kind.wrong) for id, kind in _table().kind.items()}
    assert found == {id: {*uses} for id, (uses, _) in SAMPLES.items()}


LABELS = [
    *("Date", "Name", "Title", "Address", "City", "State", "County"),
    *("Phone", "Street", "Office", "Town", "Zip", "Number"),
]


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["Dean", "Don", "Soon", "Art", "Will", "Grant", "Page", "Mark"])
def test_a_person_may_have_the_label_of_a_form_as_the_family_name(name: str) -> None:
    assert [judged("person", f"{name} {label}") for label in LABELS] == [""] * len(LABELS)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("use", "text"),
    [
        *(
            ("person", text)
            for text in (
                *("Name", "[Title]", "Street address", "Street", "Don't know"),
                *("Soon Vacant", "Soon TBA", "Don NaN", "Don L\u00c3\u00b3pez"),
            )
        ),
        *((use, text) for use in ("title", "office") for text in ("Soon TBD", "Soon Unknown")),
        *(("city", text) for text in ("City", "Town", "[City]", "City name", "Street address")),
        *(
            ("name", text)
            for text in ("Street", "Name", "Sheriff name", "don't know", "coming soon")
        ),
    ],
)
def test_a_label_that_nobody_replaced_is_a_problem(use: Use, text: str) -> None:
    assert judged(use, text) == "wrong"


@pytest.mark.no_cover
@pytest.mark.parametrize(("use", "text"), CASES)
def test_what_cannot_be_meant_is_a_problem(use: Use, text: str) -> None:
    assert judged(use, text) == "wrong"


@pytest.mark.no_cover
@pytest.mark.parametrize(("use", "text"), [(use, text) for use in MEANT for text in MEANT[use]])
def test_what_people_write_is_taken(use: Use, text: str) -> None:
    assert judged(use, text) == ""


@pytest.mark.parametrize(
    ("use", "text"),
    [
        ("post", "504-555-0100"),
        ("number", "46204"),
        ("number", "2026-XX"),
        ("number", "12-34; 12-35"),
        ("vote", "5-"),
        ("vote", "5:00"),
        ("vote", "5-0;4-1"),
        ("number", "2026-10."),
        ("person", "Pat Perez / Alex Ruiz"),
        ("person", "Perez, Pat"),
        ("person", "Pat Perez, Sheriff"),
        ("person", "Pat Perez (retired)"),
        ("person", "pat perez"),
        ("person", "Pat Perez 2"),
        ("person", "Pat <pat@example.gov>"),
        ("person", "Pat Perez\u00b9"),
        ("name", "Sheriff*"),
        ("name", "Sheriff#"),
        ("name", "Sheriff\u00b4s"),
        ("name", "O''Brien"),
        ("name", "Sheriff <b>Marin</b> "),
        ("name", "Sheriff;Coroner"),
        ("name", "ABC County Jail"),
        ("street", "P.O. Box"),
        ("street", "12 Main St; 4 Oak Ave"),
        ("street", "1 Main Street #"),
        ("street", "1 Main Street (mailing)"),
        ("street", "1 main street"),
        ("city", "CA"),
        ("city", "san rafael"),
        ("code", "noemail@noemail.com"),
        ("name", "Marin County County"),
        ("name", "Of\ufb01ce of the Sheriff"),
        ("name", "Marin County Sheriff (see note)"),
        ("person", "Pat Perez Pat Perez"),
        ("person", "Signed by Pat Perez"),
        ("person", "pperez"),
        ("person", "P a t  P e r e z"),
        ("code", "1926-10-20"),
        ("number", "7.1.04"),
        ("document", "Agreement (redacted)"),
        ("prose", "The position is vacant."),
        ("office", "Marin County Sheriff, 1 Main Street"),
        ("office", "Sheriff's Office, San Rafael, CA 94903"),
        ("office", "Marin County Sheriff s Office"),
        ("office", "Marin County Sheriff..."),
        ("street", "1 Main St 94903"),
        ("street", "1 Main St, USA"),
        ("street", "37.9735\u00b0 N"),
        ("street", "1 Main St // Room 5"),
        ("city", "Rafael, San"),
        ("city", "San Rafael/Novato"),
        ("city", "San Rafael (city)"),
        ("city", "St."),
        ("phone", "(415) 155-0120 x3"),
        ("code", "pat@marin.con"),
        ("code", "pat@gmial.com"),
        ("code", "no-reply@marin.gov"),
        ("number", "12 DRAFT"),
        ("number", "12 adopted May 5"),
        ("number", "12-"),
        ("number", "(12)"),
        ("vote", "3-3"),
        ("vote", "by a vote of 4-1"),
        ("vote", "Failed 2-3"),
        ("vote", "Ayes: 5 Noes: 6"),
        ("act", "Draft Resolution"),
        ("act", "Ordnance"),
        ("act", "Resolutoin"),
        ("own", "Thanks!"),
        ("own", "Dear ICE,"),
        ("own", "RE: opt out"),
        ("own", "\u2611 Jail full"),
        ("own", "[x] Jail full"),
        ("own", "Jail full (Y/N)"),
        ("own", "Other (specify)"),
        ("own", "Check all that apply"),
        ("own", "@Pat please review"),
        ("own", "The jail is full (source?)."),
        ("own", "The jail is full.[1]"),
        ("own", "The jail is full.."),
        ("own", "On 44927 the board voted."),
        ("own", "On 2026-13-45 it ended."),
        ("prose", "On November 3, the Board voted to end it."),
        ("prose", "The jail has nan beds"),
        ("prose", "Your reason here"),
        ("number", "2026-10-01"),
        ("number", "2026.0"),
        ("number", "Board of Supervisors"),
        ("vote", "passed"),
        ("vote", "4/1"),
        ("name", "Pat Diaz,"),
        ("name", "Department of Health &"),
        ("name", "X"),
        ("person", "John Doe"),
        ("person", "Pat Perez see notes"),
        ("own", "It is not applicable here."),
        ("own", "No other position is available."),
        ("own", "The test is not the county's."),
        ("own", "it is pending"),
        ("own", "to verify the list"),
        ("own", "removed"),
        ("prose", "reasons.docx"),
        ("prose", "The [COUNTY] has no staff."),
        ("prose", "TBD: ask counsel"),
        ("prose", "The sheriff?s deputies"),
        ("prose", "The jail is full. Sent from my iPhone"),
        ("prose", "Here\u2019s a draft: the jail is full."),
        ("prose", "The **jail** is full."),
        ("prose", "The jail is full. [ICE to confirm]"),
        ("prose", "\u2022 Full \u2022 No staff"),
        ("prose", "No staff.|Full"),
        ("prose", '{"rich_text": []}'),
        ("prose", "x"),
        ("act", "resolution 2026-5"),
        ("act", "Pat Placeholder"),
        ("act", "read"),
        ("vote", "0 to 5"),
        ("vote", "2-3"),
        ("title", "Sherif"),
        ("title", "Chief of Polce"),
        ("own", "your office"),
        ("sentence", "trust of residents"),
        ("sentence", "Trust of residents."),
        ("sentence", "Public safety and trust between neighbors"),
        ("sentence", "Costs"),
    ],
)
def test_what_may_be_meant_is_a_note(use: Use, text: str) -> None:
    assert judged(use, text) == "odd"


@given(data=st.data())
def test_no_spelling_of_a_kind_gets_through(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["nothing", "unfilled", "spreadsheet-error", "made-a-date"]))
    uses, texts = SAMPLES[kind]
    text = data.draw(st.sampled_from(texts))
    spelling = (
        text
        if kind == "spreadsheet-error"
        else data.draw(st.sampled_from([text.upper(), text.lower()]))
    )
    spaces = st.sampled_from(["", " ", "\u00a0"])
    spelled = f"{data.draw(spaces)}{spelling}{data.draw(spaces)}"
    assert judged(data.draw(st.sampled_from(uses)), spelled) == "wrong"


@given(mantissa=st.decimals("1", "9.99999", places=3), power=st.integers(15, 30))
def test_no_number_in_scientific_notation_gets_through(mantissa: object, power: int) -> None:
    assert judged("post", f"{mantissa}E+{power:02}") == "wrong"


# Not \u00ed: half of it would be an invisible character, which is refused already.
ACCENTED = st.text("\u00e1\u00e9\u00f3\u00fa\u00f1\u00fc\u00e7\u2019\u2013", min_size=1, max_size=3)


@given(letters=ACCENTED, encoding=st.sampled_from(["cp1252", "mac_roman", "cp437"]))
def test_no_accent_in_the_wrong_encoding_gets_through(letters: str, encoding: str) -> None:
    name = f"Pat {letters}ez"
    misread = name.encode().decode(encoding, "ignore")
    assert (judged("name", name), judged("name", misread)) == ("", "wrong")


@pytest.mark.no_cover
def test_each_name_and_address_in_the_data_is_taken(library: Library) -> None:
    data = library.directory.data
    contacts = [*data.offices.values(), *(state.bureau for state in data.states.values())]
    shown = {
        f"x{number}": msgspec.to_builtins(contact, str_keys=True)
        for number, contact in enumerate(contacts)
    }
    keys = ("attention", "organization", "address", "envelope", "salutation")
    recipients = {
        party: texts_of({key: it.get(key) for key in keys}) for party, it in shown.items()
    }
    agencies = [
        each.name for code in data.states for _, each in library.directory.agencies_in(code)
    ]
    names = [*agencies, *(place.name for _, _, place in library.directory.all())]
    assert [name for name in names if judged("name", name)] == []
    assert [name for name in names if judged("title", f"Sheriff of {name}")] == []
    assert judge(Document({"recipients": recipients}, (Layer("data", {}),))) == ((), ())


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*.yaml")), ids=lambda path: path.stem)
def test_the_examples_raise_no_doubt_but_that_they_are_made_up(path: Path) -> None:
    text = path.read_text("utf-8")
    problems, doubts = judge(document_from_yaml(text, path.name))
    assert (problems, len(doubts)) == ((), 1)
    assert "is made up, as in the examples (also signatory." in doubts[0].message
    own = re.sub("Placeholder", "Perez", text)
    assert judge(document_from_yaml(own, path.name)) == ((), ())


def test_one_made_up_fact_that_is_left_is_told_with_the_others() -> None:
    contact = "Chief Deputy Robin Placeholder, telephone 402-555-0141"
    request: dict[str, Tree] = {
        "signatory": {"name": "Kim Perez", "email": "sheriff@example.gov"},
        "particulars": {"contact": contact},
    }
    _, (doubt,) = judge(Document(request, (Layer("data", {}),)))
    assert (doubt.path, doubt.message.endswith("(also particulars.contact)")) == (
        "signatory.email",
        True,
    )


def csv_document(text: str) -> Document | None:
    table = csv_from(["jurisdiction", "letter", "signatory.name"], [["06041", "x/y", text]])
    return next(rows_from_csv(table, "n.csv")).document


def ndjson_document(text: str) -> Document | None:
    line = json.dumps({"signatory": {"name": text}})
    return next(rows_from_ndjson(line, "n.ndjson")).document


def yaml_document(text: str) -> Document:
    return document_from_yaml(f"signatory: {{name: {json.dumps(text)}}}", "r.yaml")


@pytest.mark.parametrize(
    ("document_with_name", "place"),
    [
        (csv_document, "n.csv:2: signatory.name "),
        (ndjson_document, "n.ndjson:1: signatory.name "),
        (yaml_document, "r.yaml:1:13: signatory.name "),
        (lambda text: document_with("signatory.name", text), "--set: signatory.name "),
    ],
)
def test_each_source_is_judged_alike(
    document_with_name: Callable[[str], Document | None], place: str
) -> None:
    document = document_with_name("TBD")
    assert document is not None
    (problem,) = judge(document)[0]
    assert str(problem) == (
        f"{place}'TBD' is a blank that was never filled in\n"
        "  hint: write what belongs there, or leave the value empty"
    )


def test_a_json_nan_signs_no_letter() -> None:
    (row,) = rows_from_ndjson('{"jurisdiction": "06041", "signatory": {"office": NaN}}', "n.ndjson")
    assert row.document is not None
    assert [problem.path for problem in judge(row.document)[0]] == ["signatory.office"]


def test_a_wrong_value_is_told_once_with_all_others(library: Library) -> None:
    document = document_of("date: '#N/A'\nsignatory: {name: nan, phone: '#REF!', email: x}\n")
    problems = problems_of(lambda: case_of(document, library, Order(today=TODAY)))
    assert [(problem.code, problem.path or str(problem.location)) for problem in problems] == [
        ("odd-value", "date"),
        ("odd-value", "signatory.name"),
        ("odd-value", "signatory.phone"),
        ("wrong-text", "signatory.email"),
    ]


def test_a_doubtful_value_is_a_note_of_the_letter(library: Library) -> None:
    text = "authority: [{instrument: Resolution, number: '46204'}]\n"
    notice = notice_for(library, text, REQUEST)
    assert [note.text for note in notice.notes if note.code == "odd-value"] == [
        (
            "check authority.0.number: '46204' may be the number that a spreadsheet gives to a day;"
            " if so, type the value again"
        )
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("exigent: No", "particulars.exigent"),
        ("statute: yes", "particulars.statute"),
        ("agency: 'X'", "particulars.agency"),
        ("contact: 'No.'", "particulars.contact"),
        ("{clause: [Yes], clause-section: 5}", "particulars.clause.0"),
        ("{clause: It ends., clause-section: no}", "particulars.clause-section"),
        ("courtesy-copy: [yes]", None),
        ("acknowledged: [{words: No.}]", None),
        ("{off-list: yes, reasons: '1'}", "particulars.reasons"),
    ],
)
def test_an_answer_or_a_mark_is_not_what_a_letter_says(
    text: str, path: str | None, library: Library
) -> None:
    lines = f"letter: 287g/terminate\nparticulars: {text if text[0] == '{' else f'{{{text}}}'}\n"
    document = document_of(lines)
    odd = judge(document, library.programs.uses_in(document))[0]
    assert [problem.path for problem in odd] == [path] * bool(path)


def test_a_text_that_is_far_too_long_is_not_searched() -> None:
    assert judge(document_with("particulars.reasons.0", "TBD " * 100_000)) == ((), ())


@pytest.mark.parametrize(("example", "given"), [("2025", "2026"), ("2025", "12.5"), ("A", "B")])
def test_a_number_or_letter_is_meant_where_the_example_is_one(
    library: Library, example: str, given: str
) -> None:
    specs = {"year": Particular(type="text", help="A year.", example=example)}
    kind = LetterKind(title="Ask", summary="It asks.", version="1", particulars=specs)
    program = library.programs.by_id["287g"]
    asks = msgspec.structs.replace(program, letters={"ask": kind})
    programs = Programs({"x": asks}, {}, library.programs.wording)
    document = document_of(f"letter: x/ask\nparticulars: {{year: '{given}'}}")
    assert judge(document, programs.uses_in(document))[0] == ()
    assert [it.path for it in judge(document)[0]] == ["particulars.year"]


def test_an_answer_is_no_passage() -> None:
    assert [it.path for it in judge(document_of("wording: {reasons: 'yes'}"))[0]] == [
        "wording.reasons"
    ]


def test_numbers_in_the_words_of_others_stay(library: Library) -> None:
    clause = 'particulars: {model: jem, clause: "1. It ends.\\n2. In writing."}'
    notice = notice_for(library, f"letter: 287g/terminate\n{clause}")
    assert notice.particulars.clause == ("1. It ends.", "2. In writing.")


@pytest.mark.parametrize(
    ("use", "part"),
    [("own", "[a"), ("own", "{{a"), ("street", "  "), ("city", ", \t"), ("phone", ";")],
)
def test_no_text_takes_minutes_by_its_form(use: Use, part: str) -> None:
    text = f"1 Main St, {part * 90_000}"[:90_000] + "!"
    cells = {"jurisdiction": "06041", PATHS[use]: text, "date": text}
    (row,) = rows_from_csv(csv_from([*cells], [[*cells.values()]]), "n.csv")
    assert row.document is not None
    judge(row.document)
    with pytest.raises(OptoutError):
        convert(row.document, Request)
