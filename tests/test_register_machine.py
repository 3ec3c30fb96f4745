"""Whatever people do to a folder of letters: no letter is lost, and each has its event."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import CliRunner
from command_results import Run
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from make_letters import PROGRAMS
from test_register import AT

from optout_cli import output
from optout_cli.cli import group
from optout_cli.register.events import (
    Answered,
    Delivered,
    LetterEvent,
    Replaced,
    Returned,
    Sent,
    Withdrawn,
    Written,
)
from optout_cli.register.folder import LetterFolder
from optout_cli.register.journal import JournalWriter, load_journal
from optout_cli.register.returns import came_back
from optout_cli.register.standing import standings_of
from optout_cli.register.state import Register, load_register

COUNTIES = st.sampled_from(["50001", "50003"])
NAMES = st.sampled_from(["Pat", "Kim"])
DAYS = st.sampled_from(["2026-11-20", "2026-11-21"])
FORMATS = st.sampled_from(["txt", "html", "txt,html", "by-service"])
ROUTES = st.sampled_from(["email", "fax", "mail"])
PARTIES = st.sampled_from(["all", "ice"])
KINDS = ["sent", "sent", "delivered", "returned", "answered", "withdrawn", "undone"]
FORCE = st.sampled_from([(), (), (), ("--force",), ("--supersede", "a mistake")])
INSTANTS = st.integers(1, 12)
LETTER = "letter: secure-communities/opt-out\n"
# How the letters go out: with by-service as e-mails, as faxes, or as PDF.
MESSAGE = """\
signature: {{kind: typed}}
service: {{bureau: [{{by: {route}}}], ice: [{{by: {route}}}]}}
recipients:
  bureau: {{email: bureau@example.gov, fax: 802-555-0110}}
  ice: {{email: ice@example.gov, fax: 802-555-0111}}
"""
SUFFIXES = (".txt", ".html", ".eml", ".fax", ".pdf")


def letters_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each letter below the folder, by its path."""
    files = (it for it in folder.rglob("*") if it.suffix in SUFFIXES and it.is_file())
    return {
        it.relative_to(folder).as_posix(): sha256(it.read_bytes()).hexdigest()
        for it in files
        if ".optout" not in it.parts
    }


@pytest.fixture(autouse=True)
def _loaded_once(run: Run) -> None:
    """Let the commands share the shipped data and templates."""


class Clerk(RuleBasedStateMachine):
    """A clerk with one folder of letters, which `write` and `batch` share."""

    def __init__(self) -> None:
        super().__init__()
        self.home = TemporaryDirectory()
        self.at = Path(self.home.name)
        self.folder = self.at / "out"
        self.table = {"50001": ("Pat", "2026-11-20"), "50003": ("Pat", "2026-11-20")}
        self.route = "email"
        self.ever: set[str] = set()  # hashes of every letter that was seen
        self.signed: set[str] = set()  # of those that the clerk changed
        self.moves = 0

    def teardown(self) -> None:
        self.home.cleanup()

    def call(self, *words: str) -> None:
        """Run a command; whatever it refuses, it may not fail."""
        result = CliRunner().invoke(group, list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        assert "Traceback" not in result.output

    def write_words(self, county: str, name: str, day: str, formats: str, to: str) -> list[str]:
        request = self.at / "r.yaml"
        signer = f"signatory: {{name: {name}, title: Sheriff, email: s@example.gov}}\n"
        message = MESSAGE.format(route=self.route)
        text = f'{LETTER}jurisdiction: "{county}"\ndate: {day}\n{signer}{message}'
        request.write_text(text, "utf-8")
        words = ["write", str(request), "-f", formats, "--to", to, "-q", "--engine", "typst"]
        return [*words, "-o", f"{self.folder}/"]

    def batch_words(self, formats: str) -> list[str]:
        table, common = self.at / "n.csv", self.at / "common.yaml"
        rows = (
            f"{id},{name},Sheriff,s@example.gov,{day}\n" for id, (name, day) in self.table.items()
        )
        header = "jurisdiction,signatory.name,signatory.title,signatory.email,date\n"
        table.write_text(header + "".join(rows), "utf-8")
        common.write_text(LETTER + MESSAGE.format(route=self.route), "utf-8")
        words = ["batch", str(table), "--common", str(common), "-f", formats, "-q", "-j1"]
        words += ["--engine", "typst"]
        return [*words, "-o", f"{self.folder}/"]

    @rule(county=COUNTIES, name=NAMES, day=DAYS, formats=FORMATS, to=PARTIES, force=FORCE)
    def write(
        self, county: str, name: str, day: str, formats: str, to: str, force: tuple[str, ...]
    ) -> None:
        self.call(*self.write_words(county, name, day, formats, to), *force)

    @rule(formats=FORMATS, force=FORCE)
    def batch(self, formats: str, force: tuple[str, ...]) -> None:
        self.call(*self.batch_words(formats), *force)

    @rule(county=COUNTIES, name=NAMES, day=DAYS)
    def edit_row(self, county: str, name: str, day: str) -> None:
        self.table[county] = name, day

    @rule(route=ROUTES)
    def change_route(self, route: str) -> None:
        self.route = route

    @rule(is_all=st.booleans())
    def print(self, is_all: bool) -> None:
        """Bind what there is to print: nothing where all letters go out as messages."""
        paper = ("--print", str(self.at / "all.pdf"), *(("--all",) if is_all else ()))
        self.call(*self.batch_words("by-service"), *paper)

    @rule(path=st.sampled_from(["folder", "letter"]), by=st.sampled_from(["email", "fax", "mail"]))
    @precondition(lambda self: bool(letters_in(self.folder)))
    def send(self, path: str, by: str) -> None:
        """Run the command itself, which may refuse."""
        letters = sorted(it for it in letters_in(self.folder) if "earlier" not in it)
        if letters:
            place = self.folder if path == "folder" else self.folder / letters[0]
            self.call("sent", str(place), "--by", by, "--to", "ice", "-q")
            self.call("answer", str(self.folder / letters[0]), "--reply", "refused", "-q")

    @rule(data=st.data())
    @precondition(lambda self: bool(letters_in(self.folder)))
    def sign(self, data: st.DataObject) -> None:
        """Put a scan in the place of a letter."""
        places = [it for it in letters_in(self.folder) if "earlier" not in it]
        if places:
            path = self.folder / data.draw(st.sampled_from(sorted(places)))
            kept = self.at / "desk" / f"{len(self.signed)}"
            kept.parent.mkdir(exist_ok=True)
            shutil.copy(path, kept)  # the clerk's own doing; optout cannot keep it
            self.ever.discard(sha256(path.read_bytes()).hexdigest())
            content = f"scan {len(self.signed)}\n".encode()
            path.unlink()
            path.write_bytes(content)
            self.signed.add(sha256(content).hexdigest())

    @rule(data=st.data(), kind=st.sampled_from(KINDS))
    @precondition(lambda self: bool(load_register(self.folder).letters))
    def record(self, data: st.DataObject, kind: str) -> None:
        with LetterFolder(self.folder) as record:
            keys = [key for key, state in record.register.letters.items() if state.is_current]
            if not keys:
                return
            written, recipient = data.draw(st.sampled_from(keys))
            reference = record.register.letters[written, recipient].written.reference
            common: dict[str, Any] = {  # Any: the fields of an event
                "at": AT,
                "written": written,
                "recipient": recipient,
                "reference": reference,
                "on": date(2026, 11, 25),
            }
            events: dict[str, Callable[[], LetterEvent]] = {
                "sent": lambda: Sent(by="mail", **common),
                "delivered": lambda: Delivered(**common),
                "returned": lambda: Returned(by="mail", note="moved", **common),
                "answered": lambda: Answered(reply="refused", **common),
                "withdrawn": lambda: Withdrawn(what="written", **common),
                "undone": lambda: Withdrawn(what="withdrawn", **common),
            }
            record.append([events[kind]()])  # type: ignore[list-item]  # each is an AnyEvent

    @rule(formats=FORMATS, instant=INSTANTS, force=FORCE)
    def kill_batch(self, formats: str, instant: int, force: tuple[str, ...]) -> None:
        with self.killed(instant):
            self.call(*self.batch_words(formats), *force)

    @rule(county=COUNTIES, name=NAMES, day=DAYS, formats=FORMATS, instant=INSTANTS, force=FORCE)
    def kill_write(
        self,
        county: str,
        name: str,
        day: str,
        formats: str,
        instant: int,
        force: tuple[str, ...],
    ) -> None:
        with self.killed(instant):
            self.call(*self.write_words(county, name, day, formats, "all"), *force)

    @contextmanager
    def killed(self, instant: int) -> Iterator[None]:
        """Leave the folder as it is at the given step of what runs in the block."""
        image, steps = self.at / "image", 0

        def counted(whole: Callable[..., Any]) -> Callable[..., Any]:  # Any: as the function has it
            def call(*given: Any, **named: Any) -> Any:
                nonlocal steps
                for _ in range(2):  # before and after the step
                    steps += 1
                    if steps == instant and self.folder.exists():
                        shutil.copytree(self.folder, image, symlinks=True)
                    if _ == 0:
                        result = whole(*given, **named)
                return result

            return call

        keeping = counted(output.keep_in_earlier)
        with (
            patch.object(output, "_stage", counted(output._stage)),
            patch.object(output, "keep_in_earlier", keeping),
            patch("optout_cli.register.folder.keep_in_earlier", keeping),
            patch.object(output, "_place", counted(output._place)),
            patch.object(JournalWriter, "append", counted(JournalWriter.append)),
        ):
            yield
        if image.exists():
            shutil.rmtree(self.folder)
            image.rename(self.folder)
            with LetterFolder(self.folder):  # the next command of any kind
                pass

    @rule()
    @precondition(lambda self: self.folder.exists())
    def copy_elsewhere(self) -> None:
        self.moves += 1
        place = self.at / f"copy-{self.moves}"
        shutil.copytree(self.folder, place)
        shutil.rmtree(self.folder)
        self.folder = place

    def register(self) -> Register:
        return load_register(self.folder)

    @invariant()
    def no_letter_is_lost(self) -> None:
        there = set(letters_in(self.folder).values())
        assert self.ever <= there
        self.ever |= there

    @invariant()
    def the_register_explains_every_file(self) -> None:
        lines = load_journal(self.folder).lines
        named = {it for known in self.register().hashes.values() for it in known}
        named |= {it.event.sha256 for it in lines if isinstance(it.event, Replaced)}
        assert set(letters_in(self.folder).values()) <= named | self.signed

    @invariant()
    def every_event_has_its_letter(self) -> None:
        there = set(letters_in(self.folder).values())
        lost = {it.sha256 for it in self.register().records.values()} - there
        signed = {sha256(it.read_bytes()).hexdigest() for it in (self.at / "desk").glob("*")}
        assert lost <= signed

    @invariant()
    def nothing_is_due_that_was_answered(self) -> None:
        states = self.register().letters.values()
        for standing in standings_of(states, PROGRAMS.by_id):
            is_over = standing.state.answers or standing.state.is_withdrawn
            assert standing.answer_due is None or not (is_over or came_back(standing.state))

    @invariant()
    def a_letter_is_withdrawn_only_if_that_was_said_last(self) -> None:
        events = [line.event for line in load_journal(self.folder).lines]
        said = {
            event.reference
            for event in events
            if isinstance(event, Withdrawn) and event.what == "written"
        }
        states = self.register().letters.values()
        assert {it.written.reference for it in states if it.is_withdrawn} <= said

    @invariant()
    def the_chain_is_whole(self) -> None:
        assert load_journal(self.folder).problems == ()

    @invariant()
    def what_was_sent_stays_in_its_place_unless_there_is_a_reason(self) -> None:
        is_late = any(
            isinstance(line.event, Written) and line.event.reason
            for line in load_journal(self.folder).lines
        )
        for state in self.register().letters.values():
            assert not state.sent or state.is_current or is_late


TestClerk = Clerk.TestCase
TestClerk.settings = settings(max_examples=8, stateful_step_count=15, deadline=None)
