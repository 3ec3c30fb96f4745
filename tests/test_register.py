"""The register: a chain of events on disk, and the state of each letter that follows from it."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from optout_cli.register.events import LetterFile, Replaced, Sent, Written, WrittenLetter
from optout_cli.register.journal import NAME, JournalWriter, load_journal
from optout_cli.register.state import load_register

AT = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
FILE = LetterFile(path="a.pdf", format="pdf", bytes=3, sha256="0" * 64, pages=1)
LETTER = WrittenLetter(recipient="ice", office="ero-sf", address=("ICE",), files=(FILE,))
WRITTEN = Written(
    at=AT,
    request="r.yaml",
    jurisdiction="06041",
    slug="marin-county-ca",
    state="CA",
    name="Marin County, California",
    letter="secure-communities/opt-out",
    date=date(2026, 11, 24),
    reference="SC-06041-20261124-ABCD",
    letters=(LETTER,),
    facts=msgspec.Raw(b"{}"),
    fingerprint="f",
    version="0",
)


def sent_of(written: str) -> Sent:
    return Sent(
        at=AT,
        written=written,
        recipient="ice",
        reference=WRITTEN.reference,
        on=date(2026, 11, 25),
        by="mail",
    )


def test_events_are_read_back_with_the_chain_whole(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, load_journal(tmp_path))
    (first,) = writer.append([WRITTEN])
    second = writer.append([sent_of(first.sha256)], durable=True)
    writer.close()
    journal = load_journal(tmp_path)
    assert (journal.lines, journal.problems) == ((first, *second), ())


def test_a_torn_last_line_is_told_and_the_chain_goes_on_behind_it(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, load_journal(tmp_path))
    (first,) = writer.append([WRITTEN])
    writer.close()
    with (tmp_path / NAME).open("ab") as stream:
        stream.write(b'{"event":"sent"')
    torn = load_journal(tmp_path)
    assert [problem.message for problem in torn.problems] == ["the last line is torn"]
    writer = JournalWriter(tmp_path, torn)
    writer.append([sent_of(first.sha256)])
    writer.close()
    journal = load_journal(tmp_path)
    assert len(journal.lines) == 2
    assert [problem.code for problem in journal.problems] == ["torn-line"]


def test_a_changed_line_breaks_the_chain(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, load_journal(tmp_path))
    (first,) = writer.append([WRITTEN])
    writer.append([sent_of(first.sha256)])
    writer.close()
    text = (tmp_path / NAME).read_text()
    (tmp_path / NAME).write_text(text.replace("Marin", "Mason", 1))
    assert [problem.code for problem in load_journal(tmp_path).problems] == ["broken-chain"]


def test_line_ends_and_a_mark_of_windows_change_no_event(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, load_journal(tmp_path))
    (first,) = writer.append([WRITTEN])
    writer.append([sent_of(first.sha256)])
    journal, content = load_journal(tmp_path), (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert load_journal(tmp_path) == journal
    writer = JournalWriter(tmp_path, journal)
    writer.append([sent_of(first.sha256)])
    writer.close()
    assert load_journal(tmp_path).problems == ()


def test_what_happened_to_a_letter_stays_with_it_if_its_own_line_was_edited(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, load_journal(tmp_path))
    (first,) = writer.append([WRITTEN])
    writer.append([sent_of(first.sha256)])
    text = (tmp_path / NAME).read_text()
    (tmp_path / NAME).write_text(text.replace("Marin", "Mason", 1))
    (state,) = load_register(tmp_path).letters.values()
    assert len(state.sent) == 1


def test_a_letter_has_what_happened_to_it_and_where_its_files_are(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, load_journal(tmp_path))
    (first,) = writer.append([WRITTEN])
    moved = Replaced(at=AT, path="a.pdf", kept="earlier/a.0.pdf", sha256="0" * 64)
    writer.append([sent_of(first.sha256), moved])
    writer.close()
    (state,) = load_register(tmp_path).letters.values()
    assert (len(state.sent), state.is_current, state.places) == (
        1,
        False,
        {"a.pdf": "earlier/a.0.pdf"},
    )
