"""Mistakes that a clerk makes: each is told in plain words, with its line and what to type instead.

Read them aloud: no word of the trade of those who write programs, and the next step is named.
"""

import re

import pytest
from command_results import Run, Write, outcome

pytestmark = pytest.mark.usefixtures("with_typst")

REQUEST = """\
jurisdiction: marin-county-ca
letter: secure-communities/opt-out
date: 2026-11-20
signatory:
  name: Pat Placeholder
  title: Sheriff
  office: Marin County Sheriff's Office
  address: {street: 123 Main Street, city: San Rafael, state: CA, zip: "94900"}
  phone: 415-555-0120
"""
# What was typed instead of what, and what is said of it; a + adds lines below.
MISTAKES = {
    "no blank after a colon": (
        ("title: Sheriff", "title:Sheriff"),
        "6:3: has no colon with a space after it",
        "write it as `name: value`, with a space after the colon",
    ),
    "no blank after a colon, and lines that follow": (
        ("name: Pat", "name:Pat"),
        "5:3: has no colon with a space after it",
        "write it as `name: value`, with a space after the colon",
    ),
    "a quote that a later line closes": (
        ('zip: "94900"}', 'zip: "94900}\n  phone: "415-555-0100"'),
        "8:72: a quote that opens here closes only on line 9",
        "end the text with the same quotation mark on its own line",
    ),
    "a comma in a text between braces": (
        ("123 Main Street", "123 Main Street, Suite 4"),
        "8:38: 'Suite 4' is lost: the comma before it ends the text",
        "put the whole text in quotes, with the comma",
    ),
    "a column's name": (
        ("date: 2026-11-20", "particulars.reasons: No staff."),
        "3:1: 'particulars.reasons' is two names in one",
        "write particulars: and below it, indented two spaces, reasons:",
    ),
    "a tab": (("  title", "\ttitle"), "6:1: is indented with a tab", "indent with spaces"),
    "a blank too many": (
        ("  title", "   title"),
        "6:9: has a second colon, or is indented too far",
        "put text with a colon in quotes, or indent the line like the one above",
    ),
    "a colon in a text": (
        ("Marin County Sheriff's", "Office: Sheriff's"),
        "7:17: has a second colon, or is indented too far",
        "put text with a colon in quotes, or indent the line like the one above",
    ),
    "a quote that is not closed": (
        ('"94900"}', '"94900}'),
        "8:72: a quote that opens here never closes",
        "end the text with the same quotation mark",
    ),
    "a bracket that is not closed": (
        ('"94900"}', '"94900"'),
        "9:3: a bracket is not closed, or a comma is missing",
        "look for a missing }, ] or comma, here or just above",
    ),
    "only the head of a group switched off": (
        ("signatory:", "#signatory:"),
        "5:3: does not line up with the lines around it",
        "start lines that belong together in the same column; check the line above too",
    ),
    "quotes of a word processor": (
        ('"94900"', "\u201c94900\u201d"),
        "8:72: is in curly quotes from a word processor",
        'use straight quotes ("); to keep the curly ones, put straight ones around them',
    ),
    "a name in quotes of a word processor": (
        ("name: Pat Placeholder", "name: \u201cPat Placeholder\u201d"),
        "5:9: is in curly quotes from a word processor",
        'use straight quotes ("); to keep the curly ones, put straight ones around them',
    ),
    "a digit too few": (
        ('"94900"', '"9490"'),
        "8:67: signatory.address.zip '9490' is not a ZIP code",
        "write five digits, such as 02134",
    ),
    "a state in full": (
        ("state: CA", "state: California"),
        "8:56: signatory.address.state 'California' is not a state's postal code",
        "write two capital letters, such as CA",
    ),
    "no area code": (
        ("415-555-0120", "555-0120"),
        "9:3: signatory.phone '555-0120' is not a telephone number",
        "write it as 415-555-0123, with area code",
    ),
    "a web address for an e-mail address": (
        ("+", "  email: marin.example.gov\n"),
        "10:3: signatory.email 'marin.example.gov' is not an e-mail address",
        "write the bare address, such as records@example.gov",
    ),
    "an American date": (
        ("2026-11-20", "11/20/2026"),
        "3:1: date '11/20/2026' is not a date",
        "write it as YYYY-MM-DD; did you mean 2026-11-20?",
    ),
    "a date in words": (
        ("2026-11-20", "November 20, 2026"),
        "3:1: date 'November 20, 2026' is not a date",
        "write it as YYYY-MM-DD; did you mean 2026-11-20?",
    ),
    "a day that is not": (
        ("2026-11-20", "2026-11-31"),
        "3:1: date '2026-11-31' is not on the calendar",
        "November 2026 has 30 days",
    ),
    "two digits that changed places": (
        ("2026-11-20", "2062-11-20"),
        "3:1: the letter is dated 2062-11-20, more than a year from now",
        "correct date:",
    ),
    "a county without its state": (
        ("marin-county-ca", "Marin County"),
        "1:1: there is no jurisdiction 'Marin County'",
        "name the state too: marin-county-ca",
    ),
    "a misspelt county": (
        ("marin-county-ca", "Marrin County, CA"),
        "1:1: there is no jurisdiction 'Marrin County, CA'",
        "marin-county-ca",
    ),
    "a FIPS code without its zero": (
        ("marin-county-ca", "6041"),
        "1:1: there is no jurisdiction '6041'",
        "did you mean '06041'? FIPS codes have five digits",
    ),
    "a misspelt letter": (
        ("opt-out", "optout"),
        "2:1: there is no letter 'secure-communities/optout'",
        "did you mean 'secure-communities/opt-out'?",
    ),
    "a misspelt key": (
        ("signatory:", "signatry:"),
        "4:1: request has no field 'signatry'",
        "did you mean 'signatory'?",
    ),
    "a line twice": (
        ("+", "letter: secure-communities/opt-out\n"),
        "10:1: repeats the key 'letter'",
        "keep one of them",
    ),
    "an address under nobody's name": (
        ("+", "recipients:\n  email: bureau@example.gov\n"),
        "11:3: recipients has no field 'email'",
        "does it belong to bureau or ice? if so, indent it two spaces below",
    ),
    "half a new address": (
        ("+", "recipients:\n  bureau:\n    address: {street: 1 Main Street}\n"),
        "12:5: recipients.bureau.address is incomplete",
        "a new address needs street, city, state and zip",
    ),
    "confirmed, but how and when": (
        ("+", "recipients:\n  bureau: {confirmed: yes}\n"),
        "11:12: recipients.bureau.confirmed must be `name: value` pairs, not 'yes'",
        "write by: ..., date: ...",
    ),
    "a way of sending in her own words": (
        ("+", "service: {bureau: [{by: certified}]}\n"),
        "10:21: service.bureau.0.by cannot be 'certified'",
        "did you mean 'certified-mail'?",
    ),
    "a way of sending without its brackets": (
        ("+", "service: {bureau: certified-mail}\n"),
        "10:11: service.bureau must be a list, not 'certified-mail'",
        "write it as [{by: ...}]",
    ),
    "e-mail to nowhere": (
        ("+", "service: {bureau: [{by: email}]}\n"),
        "10:20: service by email, but the State Identification Bureau has no known e-mail address",
        (
            "add email: ... under recipients: bureau:, or pass --set recipients.bureau.email=..."
            "; or write certified-mail instead of email"
        ),
    ),
    "a seal that is not there": (
        ("+", "letterhead: {seal: seal.png, alt: Seal}\n"),
        "10:14: seal.png: cannot find this file",
        "check the spelling",
    ),
    "a resolution that is not there": (
        ("+", "authority: [{instrument: Resolution, file: resolution.pdf}]\n"),
        "10:38: there is no file 'resolution.pdf' to enclose",
        "write the file's name as seen from the request's own folder",
    ),
    "a resolution in the home folder": (
        ("+", "authority: [{instrument: Resolution, file: ~/resolution.pdf}]\n"),
        "10:38: there is no file '~/resolution.pdf' to enclose",
        "write the whole name of the folder: ~ stands for it only in a shell",
    ),
    "a resolution of tomorrow": (
        ("+", "authority: [{instrument: Resolution, date: 2026-12-01}]\n"),
        "10:38: the Resolution is dated 2026-12-01, after the letter (2026-11-20)",
        "correct one of the two dates",
    ),
    "reasons at the top": (
        ("+", "reasons: Because the county says so.\n"),
        "10:1: request has no field 'reasons'",
        "put it under particulars: {reasons: ...}",
    ),
    "an answer by a day that is past": (
        ("+", "particulars: {reply-by: 2026-01-31}\n"),
        "10:15: particulars.reply-by 2026-01-31 is before the letter's own date (2026-11-20)",
        "correct one of the two dates",
    ),
}
JARGON = re.compile(
    r"YAML|scalar|mapping|sequence|token|pars|null|None|exception|traceback|valid|schema|struct"
    r"|attribute|regex|stream|node\b",
    re.IGNORECASE,
)


def with_mistake(right: str, wrong: str) -> str:
    if right == "+":
        return REQUEST + wrong
    assert right in REQUEST
    return REQUEST.replace(right, wrong)


@pytest.mark.usefixtures("in_folder")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_to_type(
    name: str, run: Run, write: Write
) -> None:
    change, message, hint = MISTAKES[name]
    write("r.yaml", with_mistake(*change))
    assert outcome(run("check", "-q", "r.yaml")) == (
        1,
        f"r.yaml:{message}\n  hint: {hint}\n",
        "",
    )


def test_there_are_thirty_and_each_is_told_without_jargon() -> None:
    assert len(MISTAKES) >= 30
    told = [f"{message} {hint}" for _, message, hint in MISTAKES.values()]
    assert [it for it in told if JARGON.search(it)] == []


def test_the_request_they_are_made_in_is_right(run: Run, write: Write) -> None:
    assert outcome(run("check", "-q", str(write("r.yaml", REQUEST)))) == (0, "", "")
