"""The letter as an e-mail: its parts, its headers, and the bytes that they always are."""

import re
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from letters_by_period import SETTINGS, Setting, letters_in
from make_letters import BARE, letter_for, letters_for, library_with, told_by
from msgspec.structs import replace
from PIL import Image as Raster
from read_mail import (
    ADDRESSED,
    Mailbox,
    differing,
    drafted,
    headers_of,
    mailboxes,
    mailed,
    parts_of,
    read,
)

from optout_cli.exporters import ExportContext, Options, eml, exporter_for
from optout_cli.exporters.eml import envelope_of
from optout_cli.exporters.txt import lines_of
from optout_cli.letters import Library
from optout_cli.model.letter import Attachment, Block, Image, Letter, Paragraph, Run

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
AWKWARD = [SETTINGS[0], SETTINGS[1], SETTINGS[3]]  # Doña Ana, Orleans Parish, Alexandria (a draft)
SUBJECT = (
    "Notice of opt-out: Secure Communities, Marin County, California (FIPS 06041),"
    " activated on August 10, 2010"
)

BUREAU = "Bureau of Criminal Information and Analysis"


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Let Typst lay out the pages that a message carries."""
    return typst_library


def saying(library: Library, *words: str) -> Letter:
    """Return a letter whose body has a paragraph of each of these words."""
    body: tuple[Block, ...] = tuple(Paragraph((Run(it),)) for it in words)
    return replace(letter_for(library, ADDRESSED), body=body)


def leaves(content: bytes) -> list[tuple[str, str | None, str | None, str | None]]:
    """Return each part's type, encoding, character set and file name, containers first."""
    return [
        (it.get_content_type(), it["Content-Transfer-Encoding"], it.get_content_charset(), name)
        for it in read(content).walk()
        for name in [it.get_filename()]
    ]


def test_a_message_holds_text_and_page_as_alternatives_and_the_pdf(library: Library) -> None:
    name = "2026-11-20-opt-out-bureau.pdf"
    assert leaves(mailed(letter_for(library, ADDRESSED), library)) == [
        ("multipart/mixed", None, None, None),
        ("multipart/alternative", None, None, None),
        ("text/plain", "quoted-printable", "utf-8", None),
        ("text/html", "quoted-printable", "utf-8", None),
        ("application/pdf", "base64", None, name),
    ]


def test_text_and_pdf_are_what_the_other_formats_write(library: Library) -> None:
    letter = letter_for(library, ADDRESSED)
    others = [exporter_for(it).encode(letter, library.context) for it in ("txt", "pdf")]
    parts = parts_of(mailed(letter, library))
    assert [parts.text.encode(), parts.printed] == others


def test_the_headers_are_these_and_no_others(library: Library) -> None:
    content = mailed(letter_for(library, ADDRESSED), library)
    *others, (name, identity), unsent, version = headers_of(content)
    assert others == [
        ("Date", "Fri, 20 Nov 2026 12:00:00 +0000"),
        ("From", "Pat Placeholder <sheriff@example.gov>"),
        ("Reply-To", "Pat Placeholder <sheriff@example.gov>"),
        ("To", f"{BUREAU} <bureau@example.gov>"),
        ("Cc", "Field Office Director <ice@example.gov>"),
        ("Subject", SUBJECT),
    ]
    assert (unsent, version) == (("X-Unsent", "1"), ("MIME-Version", "1.0"))
    assert (name, bool(re.fullmatch(r"<[0-9a-f]{32}@example\.gov>", identity))) == (
        "Message-ID",
        True,
    )


@pytest.mark.no_cover
def test_the_same_letter_gives_the_same_bytes_on_any_press(typst_library: Library) -> None:
    """In test_pdf the PDF is, by each engine."""
    letter = letter_for(typst_library, ADDRESSED)
    another = replace(letter, subject="Another")
    first, _, again = (mailed(it, typst_library) for it in (letter, another, letter))
    fresh = typst_library.with_options(typst_library.options)
    assert [mailed(letter, fresh)] * 2 == [first, again]


def test_every_letter_has_an_identity_and_boundaries_of_its_own(library: Library) -> None:
    letters = [
        *letters_for(library, ADDRESSED),
        saying(library, "one"),
        saying(library, "other"),
    ]
    messages = [read(mailed(it, library)) for it in letters]
    assert len({it["Message-ID"] for it in messages}) == 4
    assert len({it.get_boundary() for it in messages}) == 4


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_part_has_the_letters_words(library: Library, path: Path) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        assert differing(parts_of(drafted(letter, library)), letter) == []


@pytest.mark.parametrize("setting", AWKWARD, ids=str)
def test_every_part_has_the_words_of_awkward_letters(library: Library, setting: Setting) -> None:
    for letter in letters_in(setting, library):
        assert differing(parts_of(drafted(letter, library)), letter) == []


@pytest.mark.parametrize("part", ["text", "page", "printed"])
def test_one_other_word_in_one_part_is_found(library: Library, part: str) -> None:
    letter, other = saying(library, "The county opts out."), saying(library, "The county opts in.")
    parts = parts_of(mailed(letter, library))
    planted = getattr(parts_of(mailed(other, library)), part)
    assert differing(parts._replace(**{part: planted}), letter) == [part]


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_line_has_more_than_76_octets_and_each_ends_in_crlf(
    library: Library, path: Path
) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        lines = drafted(letter, library).split(b"\r\n")
        assert [it for it in lines if len(it) > 76 or b"\r" in it or b"\n" in it] == []
        assert lines[-1] == b""


def test_no_word_however_long_makes_a_line_too_long(library: Library) -> None:
    letter = replace(saying(library, "é" * 3000, "x" * 3000), subject="y" * 3000)
    assert max(map(len, mailed(letter, library).split(b"\r\n"))) <= 76


def test_the_longest_address_stays_within_998_octets(library: Library) -> None:
    address = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.gov"
    letter = letter_for(library, f"{ADDRESSED}cc: [{{name: A. Clerk, email: {address}}}]")
    content = mailed(letter, library)
    assert Mailbox("A. Clerk", address) in mailboxes(content, "Cc")
    assert max(map(len, content.split(b"\r\n"))) < 998


LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=90)


@given(lines=st.lists(st.one_of(LINE, st.sampled_from(["From me", ".", "a ", "\tb"]))))
def test_a_text_part_says_what_it_was_given_in_ascii_lines_that_no_pipe_changes(
    lines: list[str],
) -> None:
    text = "".join(f"{it}\r\n" for it in lines or [""])
    part = eml._text_part("plain", text.replace("\r\n", "\n"))
    content = part.partition(b"\r\n\r\n")[2]
    assert message_from_bytes(part, policy=policy.strict).get_payload(decode=True) == text.encode()
    assert re.findall(rb"(?m)^(?:From |\.\r$)|[^\r\n]{77}|[^\t\r\n -~]", content) == []


@pytest.mark.parametrize(
    ("text", "head", "content"),
    [
        ("plain", "us-ascii 7bit", "plain\r\n"),
        ("x" * 76, "us-ascii 7bit", "x" * 76 + "\r\n"),
        ("x" * 77, "us-ascii quoted-printable", "x" * 75 + "=\r\nxx\r\n"),
        ("Peña", "utf-8 quoted-printable", "Pe=C3=B1a\r\n"),
        ("From me", "us-ascii quoted-printable", "=46=\r\nrom me\r\n"),
        (".", "us-ascii quoted-printable", "=2E\r\n"),
    ],
)
def test_a_text_stands_as_it_is_where_it_can(text: str, head: str, content: str) -> None:
    charset, encoding = head.split()
    assert eml._text_part("plain", text).decode("ascii") == (
        f"Content-Type: text/plain; charset={charset}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n{content}"
    )


def test_a_letter_of_short_ascii_lines_is_readable_as_it_stands(library: Library) -> None:
    letter = replace(saying(library, "Short."), foot="", record=(), cc=(), subject="Short")
    content = mailed(letter, library)
    assert "\r\n".join(lines_of(letter)).encode() in content


def test_what_is_said_shown_sent_or_enclosed_otherwise_has_another_identity(
    library: Library,
) -> None:
    letter = letter_for(library, ADDRESSED)
    picture = Image("image/png", b"one", "Seal")
    file = Attachment("a.odt", "application/octet-stream", b"one")
    letters = [
        letter,
        replace(letter, seal=picture),
        replace(letter, autograph=picture, seal=Image("image/png", b"other", "Seal")),
        replace(letter, attachments=(file,)),
        replace(letter, attachments=(replace(file, content=b"other"),)),
        letter_for(library, ADDRESSED.replace("ice@", "other@")),
        letter_for(library, "addressing: joint\n" + ADDRESSED),
    ]
    assert len({envelope_of(it).identity for it in letters}) == len(letters)


@pytest.mark.parametrize(
    ("line", "last", "all_"),
    [
        ("in-reply-to: <a@x.gov>", "<a@x.gov>", "<a@x.gov>"),
        (
            "in-reply-to: ['<a@x.gov>', '<b@[10.0.0.1]>']",
            "<b@[10.0.0.1]>",
            "<a@x.gov> <b@[10.0.0.1]>",
        ),
    ],
)
def test_a_message_stands_behind_those_it_follows(
    library: Library, line: str, last: str, all_: str
) -> None:
    way = f"service: {{bureau: [{{by: mail}}, {{by: email, {line}}}]}}\n"
    messages = [read(mailed(it, library)) for it in letters_for(library, way + ADDRESSED)]
    found = [(it["In-Reply-To"], it["References"]) for it in messages]
    assert found == [(last, all_), (None, None)]


def test_sixty_earlier_messages_are_folded_between_their_names(library: Library) -> None:
    names = [f"<{number:0>40}@example.gov>" for number in range(60)]
    way = f"service: {{bureau: [{{by: email, in-reply-to: [{', '.join(names)}]}}]}}\n"
    content = mailed(letter_for(library, way + ADDRESSED), library)
    assert read(content)["References"].split() == names
    assert max(map(len, content.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 78


def test_a_draft_is_opened_to_be_edited_and_lacks_the_addresses_that_are_not_known(
    library: Library,
) -> None:
    content = drafted(letter_for(library, base=BARE), library)
    *others, (name, identity) = headers_of(content)[:-2]
    marks = headers_of(content)[-2:]
    assert [it for it in others if it[0] != "Subject"] == [
        ("Date", "Fri, 20 Nov 2026 12:00:00 +0000")
    ]
    assert (name, identity.partition("@")[2]) == ("Message-ID", "optout.invalid>")
    assert marks == [("X-Unsent", "1"), ("MIME-Version", "1.0")]


def test_a_draft_keeps_the_addresses_that_are_known(library: Library) -> None:
    content = drafted(letter_for(library, ADDRESSED), library)
    found = [mailboxes(content, it) for it in ("From", "To")]
    assert found == [
        [Mailbox("Pat Placeholder", "sheriff@example.gov")],
        [Mailbox(BUREAU, "bureau@example.gov")],
    ]


def test_a_message_without_addresses_is_written_as_a_draft_only(library: Library) -> None:
    assert told_by(lambda: mailed(letter_for(library), library)) == (
        "the e-mail has no address for its From:\nthe e-mail has no address for its To:"
    )


COPIES = """\
cc:
  - {name: Alex Placeholder, title: County Attorney, email: attorney@example.gov}
  - {title: Chair, organization: Board of Supervisors, email: chair@example.gov}
  - {name: No Address}
  - {name: Alex Again, email: Attorney@example.gov}
  - {name: The Recipient, email: ice@example.gov}
"""
OFFICE = "offices: {ice-hq: {email: hq@example.gov}}\n"


@pytest.mark.parametrize(
    ("addressing", "others"),
    [("separate", [Mailbox(BUREAU, "bureau@example.gov")]), ("joint", [])],
)
def test_copies_go_once_to_everyone_behind_the_letters_cc_who_has_an_address(
    tmp_path: Path, library: Library, addressing: str, others: list[Mailbox]
) -> None:
    overlay = tmp_path / "office.yaml"
    overlay.write_text(OFFICE, "utf-8")
    request = f"{ADDRESSED}{COPIES}addressing: {addressing}"
    _, letter = letters_for(library.with_data(str(overlay)), request)
    assert mailboxes(mailed(letter, library), "Cc") == [
        *others,
        Mailbox("Director", "hq@example.gov"),
        Mailbox("Alex Placeholder, County Attorney", "attorney@example.gov"),
        Mailbox("Chair, Board of Supervisors", "chair@example.gov"),
    ]


def test_a_message_that_is_written_as_sent_is_not_opened_to_be_sent(library: Library) -> None:
    context = ExportContext(library.templates, Options(as_sent=True, engine="typst"))
    letter = letter_for(library, ADDRESSED)
    sent, unsent = eml.encode(letter, context), mailed(letter, library)
    assert sent == unsent.replace(b"X-Unsent: 1\r\n", b"", 1) != unsent


WIDE = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100">
<rect width="300" height="100"/></svg>"""


def drawn(mode: str, size: tuple[int, int]) -> Image:
    stream = BytesIO()
    Raster.new(mode, size, 1).save(stream, "PNG", compress_level=1)
    return Image("image/png", stream.getvalue(), "Seal")


@pytest.mark.parametrize(
    ("picture", "size", "shown"),
    [
        (Image("image/svg+xml", WIDE, "Seal"), (318, 106), 'width="106" height="35"'),
        (drawn("RGB", (3000, 3000)), (231, 231), 'width="77" height="77"'),
        (drawn("L", (10, 20)), (10, 20), 'width="38" height="77"'),
    ],
    ids=["SVG", "large", "small"],
)
def test_a_picture_goes_beside_the_page_as_small_as_it_is_shown(
    library: Library, picture: Image, size: tuple[int, int], shown: str
) -> None:
    content = mailed(replace(letter_for(library, ADDRESSED), seal=picture), library)
    (part,) = (it for it in read(content).walk() if it.get_content_type() == "image/png")
    page = parts_of(content).page
    id = part["Content-ID"].strip("<>")
    assert f'<img src="cid:{id}" alt="Seal" {shown}>' in page
    with Raster.open(BytesIO(part.get_content())) as sent:
        assert sent.size == size
    assert leaves(content)[2:6] == [
        ("text/plain", "quoted-printable", "utf-8", None),
        ("multipart/related", None, None, None),
        ("text/html", "quoted-printable", "utf-8", None),
        ("image/png", "base64", None, "seal.png"),
    ]


def test_a_picture_that_cannot_be_drawn_is_a_problem(library: Library) -> None:
    for kind in ("image/png", "image/svg+xml"):
        letter = replace(letter_for(library, ADDRESSED), seal=Image(kind, b"<svg", "Seal"))
        part = eml._page_part
        envelope = envelope_of(letter)
        assert "its picture 'Seal' cannot be drawn" in told_by(
            lambda: part(letter, library.context, envelope)  # noqa: B023  # called at once
        )


def test_the_page_needs_no_style_sheet_and_gmail_does_not_cut_it(library: Library) -> None:
    page = parts_of(mailed(letter_for(library, ADDRESSED), library)).page
    assert [it for it in ("<style", "@", "class=") if it in page.replace("@example.gov", "")] == []
    long = saying(library, *["All work and no play. " * 100] * 50)
    assert [it[0] for it in leaves(mailed(long, library))] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "application/pdf",
    ]


def test_a_layout_that_reaches_out_of_the_page_is_a_problem(tmp_path: Path) -> None:
    files = {"_layout/email.html.j2": '<p><img src="http://localhost/x.png"></p>'}
    library = library_with(tmp_path, files)
    letter = letter_for(library, ADDRESSED)
    assert "outside it" in told_by(lambda: mailed(letter, library))
