"""No name, subject or file name becomes a header, a further recipient, or another name."""

from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from fast_mail_parser import parse_email
from hypothesis import given
from hypothesis import strategies as st
from make_letters import letter_for, problems_of, told_by
from msgspec.structs import replace
from read_mail import ADDRESSED, mailboxes, mailed, read

from optout_cli.errors import shorten
from optout_cli.exporters import pdf
from optout_cli.exporters.eml import address_header, text_header
from optout_cli.letters import Library
from optout_cli.letters.render import people_of
from optout_cli.model.letter import Letter
from optout_cli.model.request import Copy

HEADERS = [
    "Date",
    "From",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Message-ID",
    "X-Unsent",
    "MIME-Version",
    "Content-Type",
]
INJECTION = "=?utf-8?q?a=0D=0ABcc:_evil@x.test?="
HOSTILE = [
    INJECTION,
    f"before {INJECTION} behind",
    f"Peña {INJECTION}",
    "=?utf-8?b?DQpCY2M6IGV2aWxAeC50ZXN0?=",
    "=?us-ascii?q?=22=2C_evil=40x=2Etest?=",
    "=?",
    "?=",
    " ",
    "   ",
    " leading",
    "trailing ",
    "two  blanks",
    "../../etc/passwd",
    'He said "Sheriff"',
    'back\\slash "and \\" quote',
    "Doe, John",
    "<evil@x.test>",
    "evil@x.test, other@x.test",
    "Sheriff <evil@x.test>, Other",
    "a (comment) b",
    "group: evil@x.test;",
    "Bcc: evil@x.test",
    "%0D%0ABcc: evil@x.test",
    "\\r\\nBcc: evil@x.test",
    "x" * 2000,
    "é" * 2000,
    "long words " * 180 + "end",
    "\u202eevil\u202c",
    "\u00a0no-break\u00a0",
    "\ufeffmark",
    "José Núñez de la Peña y Álvarez de Toledo, alguacil mayor del condado",
]


@pytest.fixture(autouse=True)
def _no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay out no page: what the message carries is no matter of its headers."""
    monkeypatch.setattr(pdf, "print_letter", lambda *_: b"%PDF-")


def naming(library: Library, text: str) -> Letter:
    """Return a letter that has `text` wherever a header takes words from."""
    letter = letter_for(library, ADDRESSED)
    notice = letter.notice
    assert notice.signatory is not None
    contact = replace(notice.recipient.contact, attention=text)
    notice = replace(
        notice,
        recipient=replace(notice.recipient, contact=contact),
        signatory=replace(notice.signatory, name=text),
        cc=(Copy(name=text, email="copy@example.gov"),),
    )
    return replace(letter, subject=text, people=people_of(notice))


def compact(text: str) -> str:
    """Drop the blanks, of which Python 3.11 puts one between the encoded words of a name."""
    return "".join(text.split())


def decoded(content: bytes, header: str) -> str:
    """Return a header's words, decoded by RFC 2047 alone."""
    folded = message_from_bytes(content, policy=policy.compat32)[header]
    return str(make_header(decode_header(folded.replace("\r\n", ""))))


@pytest.mark.no_cover
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words_of_their_own_header(library: Library, text: str) -> None:
    content = mailed(naming(library, text), library)
    message = read(content)
    assert (message.keys(), message.defects) == (HEADERS, [])
    assert message["Subject"] == text.replace("\u00a0", " ")  # a subject has plain blanks
    people = {
        name: [(compact(it.name), it.address) for it in mailboxes(content, name)]
        for name in ("From", "Reply-To", "To", "Cc")
    }
    assert people == {
        "From": [(compact(text), "sheriff@example.gov")],
        "Reply-To": [(compact(text), "sheriff@example.gov")],
        "To": [(compact(text), "bureau@example.gov")],
        "Cc": [
            ("FieldOfficeDirector", "ice@example.gov"),
            (compact(text), "copy@example.gov"),
        ],
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_a_reader_in_rust_finds_the_same_names_and_no_more(library: Library, text: str) -> None:
    message = parse_email(mailed(naming(library, text), library))
    found = {
        name: [it.address for it in people]
        for name, people in (("To", message.to), ("Cc", message.cc), ("Bcc", message.bcc))
    }
    assert found == {
        "To": ["bureau@example.gov"],
        "Cc": ["ice@example.gov", "copy@example.gov"],
        "Bcc": [],
    }
    assert list(message.headers) == HEADERS


BREAKS = [
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\t",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
]


@pytest.mark.parametrize("character", BREAKS, ids=ascii)
def test_a_break_or_a_control_character_is_refused_in_every_header(
    library: Library, character: str
) -> None:
    text = f"a{character}Bcc: evil@x.test"
    problems = problems_of(lambda: mailed(naming(library, text), library))
    assert {it.text for it in problems} == set(character)
    assert [it.message for it in problems if it.text == character[-1]] == [
        f"the e-mail's {name}: cannot hold the character {character[-1]!r}"
        for name in ("From", "To", "Cc", "Subject")
    ]


@pytest.mark.parametrize(
    "kind",
    [INJECTION, "a\r\nBcc: evil@x.test", "../../etc/passwd", 'a"; x="b', "a b", "é", "a\0b"],
    ids=ascii,
)
def test_what_no_id_can_be_names_no_attachment(library: Library, kind: str) -> None:
    letter = letter_for(library, ADDRESSED)
    letter = replace(letter, notice=replace(letter.notice, letter=f"secure-communities/{kind}"))
    name = f"2026-11-20-{kind}-bureau"
    assert told_by(lambda: mailed(letter, library)) == f"{name!r} cannot name an attachment"


@pytest.mark.parametrize(
    "address",
    [
        "a@b@c",
        "a b@c.gov",
        "<x@y.gov>, z@y.gov",
        "x@y.gov, z@y.gov",
        "x@y.gov\r\nBcc: evil@x.test",
        "x@y.gov\n",
        "é@y.gov",
        '"a b"@y.gov',
        f"{'a' * 200}@y.gov",
        INJECTION,
    ],
    ids=ascii,
)
def test_what_is_no_address_is_refused(library: Library, address: str) -> None:
    letter = letter_for(library, ADDRESSED)
    copies = (Copy(name="A. Clerk", email=address),)
    letter = replace(letter, people=people_of(replace(letter.notice, cc=copies)))
    assert told_by(lambda: mailed(letter, library)) == (
        f"the e-mail's Cc: {shorten(address)!r} is not an e-mail address\n"
        "  hint: write the bare address, such as records@example.gov"
    )


LONG = "Señora María del Carmen Núñez de la Peña y Álvarez de Toledo, Secretaría del Condado"


def test_two_recipients_of_whom_the_first_has_a_long_accented_name_stay_two(
    library: Library,
) -> None:
    letter = letter_for(library, ADDRESSED)
    copies = (Copy(name=LONG, email="first@example.gov"), Copy(email="second@example.gov"))
    notice = replace(letter.notice, cc=copies, recipients=())
    letter = replace(letter, people=people_of(notice))
    content = mailed(letter, library)
    by_rust = [(it.display_name, it.address) for it in parse_email(content).cc]
    assert by_rust == [(LONG, "first@example.gov"), (None, "second@example.gov")]
    by_python = [(" ".join(it.name.split()), it.address) for it in mailboxes(content, "Cc")]
    assert by_python == [(LONG, "first@example.gov"), ("", "second@example.gov")]


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1)
PIECES = st.lists(st.sampled_from([*HOSTILE[:24], *'",;:<>@()\\= ?']), min_size=1).map("".join)
ADDRESSES = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z]{1,60}\.gov", fullmatch=True)


@given(subject=WORDS | PIECES)
def test_every_subject_is_read_as_it_was_written(subject: str) -> None:
    content = f"{text_header('Subject', subject)}\r\n".encode("ascii")
    message = read(content)
    assert (message.keys(), decoded(content, "Subject")) == (["Subject"], subject)
    assert max(map(len, content.split(b"\r\n"))) <= 76


@given(people=st.lists(st.tuples(WORDS | PIECES, ADDRESSES), min_size=1, max_size=5))
def test_every_list_of_people_is_read_as_it_was_written(people: list[tuple[str, str]]) -> None:
    content = f"{address_header('To', people)}\r\n".encode("ascii")
    assert read(content).keys() == ["To"]
    found = mailboxes(content, "To")
    assert [it.address for it in found] == [address for _, address in people]
    assert [compact(it.name) for it in found] == [compact(name) for name, _ in people]
    by_rust = [((it.display_name or "").strip(), it.address) for it in parse_email(content).to]
    assert by_rust == [(name.strip(), address) for name, address in people]
    assert max(map(len, content.split(b"\r\n"))) <= 140
