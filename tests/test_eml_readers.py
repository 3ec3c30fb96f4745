"""The e-mail as others take it: a reader that is not Python's, and a mail server."""

import smtplib
from asyncio import Server
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from command_results import Run, outcome
from conftest import ROOT
from fast_mail_parser import PyAddress, parse_email
from letters_by_period import SETTINGS, Setting, letters_in
from make_letters import letter_for, letters_for
from msgspec.structs import replace
from read_mail import ADDRESSED, Parts, differing, drafted, mailed

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Paragraph
from optout_cli.model.letter import Run as Words

pytestmark = pytest.mark.no_cover  # many messages, with code that others cover

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
AWKWARD = [SETTINGS[0], SETTINGS[1], SETTINGS[3]]  # Doña Ana, Orleans Parish, Alexandria (a draft)
SENDER, RECIPIENT = "sheriff@example.gov", "bureau@example.gov"


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Let Typst lay out the pages that a message carries."""
    return typst_library


def told(person: PyAddress) -> tuple[str | None, str]:
    return person.display_name, person.address


def parts_in_rust(content: bytes) -> Parts:
    """Return text, page and PDF as the reader in Rust decodes them."""
    message = parse_email(content)
    (text,), (page,), (printed, *_) = message.text_plain, message.text_html, message.attachments
    return Parts(text.replace("\r\n", "\n"), page.replace("\r\n", "\n"), printed.content)


def test_a_reader_in_rust_finds_people_subject_day_and_attachment(library: Library) -> None:
    letter = letter_for(library, ADDRESSED)
    message = parse_email(mailed(letter, library))
    assert message.from_ is not None
    assert [told(message.from_), *map(told, (*message.to, *message.cc, *message.bcc))] == [
        ("Pat Placeholder", SENDER),
        (
            "Bureau of Criminal Information and Analysis",
            RECIPIENT,
        ),
        ("Field Office Director", "ice@example.gov"),
    ]
    assert (message.subject, message.date, message.warnings) == (
        letter.plain_subject,
        "Fri, 20 Nov 2026 12:00:00 +0000",
        [],
    )
    (attachment,) = message.attachments
    assert (attachment.filename, attachment.mimetype, attachment.content) == (
        "2026-11-20-opt-out-bureau.pdf",
        "application/pdf",
        exporter_for("pdf").encode(letter, library.context),
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_reader_in_rust_finds_the_letters_words_in_every_part(
    library: Library, path: Path
) -> None:
    for letter in letters_for(library, base=path.read_text("utf-8")):
        assert differing(parts_in_rust(drafted(letter, library)), letter) == []


@pytest.mark.parametrize("setting", AWKWARD, ids=str)
def test_a_reader_in_rust_finds_the_words_of_awkward_letters(
    library: Library, setting: Setting
) -> None:
    for letter in letters_in(setting, library):
        assert differing(parts_in_rust(drafted(letter, library)), letter) == []


class Mailroom:
    """Keeps what a mail server receives, byte for byte."""

    def __init__(self) -> None:
        self.received: list[bytes | str | None] = []

    # In capitals: the server calls it by the protocol's word.
    async def handle_DATA(  # noqa: N802
        self,
        server: SMTP,  # noqa: ARG002  # its signature
        session: Session,  # noqa: ARG002
        envelope: Envelope,
    ) -> str:
        self.received.append(envelope.original_content)
        return "250 OK"


class FreePort(Controller):
    """A server on whatever port is free, which its base class cannot tell of."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's own


@pytest.fixture
def mailroom() -> Iterator[tuple[Mailroom, int]]:
    """Run a mail server on loopback; yield what it keeps and its port."""
    room = Mailroom()
    controller = FreePort(room, hostname="127.0.0.1", port=0, server_hostname="localhost")
    controller.start()
    yield room, controller.port
    controller.stop()


def send(content: bytes, port: int) -> dict[str, tuple[int, bytes]]:
    """Hand a message to the server as it is; return whom it refused."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as client:
        return client.sendmail(SENDER, [RECIPIENT], content)


def test_a_mail_server_stores_the_bytes_of_the_file(
    mailroom: tuple[Mailroom, int], run: Run, in_folder: Path
) -> None:
    room, port = mailroom
    example = str(ROOT / "examples" / "everything.yaml")
    assert outcome(run("write", example, "-q", "-f", "eml", "-o", "out/"))[0] == 0
    files = [it.read_bytes() for it in sorted((in_folder / "out").glob("*.eml"))]
    assert [send(it, port) for it in files] == [{}, {}]
    assert room.received == files


def test_a_mail_server_stores_lines_that_begin_with_a_dot_or_from(
    library: Library, mailroom: tuple[Mailroom, int]
) -> None:
    room, port = mailroom
    body = tuple(Paragraph((Words(it),)) for it in (".", "..", ".hidden", "From the start"))
    content = mailed(replace(letter_for(library, ADDRESSED), body=body), library)
    assert send(content, port) == {}
    assert room.received == [content]
