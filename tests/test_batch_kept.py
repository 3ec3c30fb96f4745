"""A row is read, checked and composed once: its letters wait on disk until its files are made."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

import msgspec
import pytest
from command_results import Write
from conftest import REQUEST, ROOT, TODAY
from every_letter_kind import letter_of, members
from make_letters import document_of, letters_for
from run_batch import SEAL

from optout_cli.batch import rows
from optout_cli.batch.input import InputFile, load_inputs
from optout_cli.batch.job import Job, MadeRow, pack, unpack
from optout_cli.batch.plan import plan_from
from optout_cli.batch.rows import (
    check_rows,
)
from optout_cli.errors import OptoutError, Problem
from optout_cli.exporters import exporter_for, pdf
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.letters.request_files import NamedFiles
from optout_cli.model.request import Request
from optout_cli.readers.validate import convert

pytestmark = pytest.mark.usefixtures("with_typst")

ACT = (ROOT / "examples" / "placeholder-resolution.pdf").read_bytes()
FILES = (
    "letterhead: {seal: seal.svg, alt: Seal of the County}\n"
    "authority: [{instrument: Resolution, file: act.pdf}]\n"
)
ORDER = Order(today=TODAY, formats=("pdf",))
Made = Callable[..., list[MadeRow]]


@pytest.fixture
def inputs(write: Write, in_folder: Path) -> tuple[InputFile, ...]:
    """Have three rows, of which the second cannot be written."""
    write("seal.svg", SEAL)
    (in_folder / "act.pdf").write_bytes(ACT)
    lines = REQUEST + FILES
    texts = (lines, lines.replace("marin-county-ca", "nowhere"), lines.replace("marin", "napa"))
    indented = (f"- {text.replace(chr(10), chr(10) + '  ').strip()}\n" for text in texts)
    write("n.yaml", "".join(indented))
    return load_inputs(["n.yaml"])


@pytest.fixture
def made(inputs: tuple[InputFile, ...], library: Library) -> Made:
    """Check the rows for a format that takes long; then make one that is quick to compare."""

    def call(between: Callable[[], object] = lambda: None) -> list[MadeRow]:
        job = Job(library=library, order=ORDER)
        with TemporaryFile() as spool:
            plan = plan_from(check_rows(inputs, job, 1), spool)
            between()
            quick = msgspec.structs.replace(ORDER, formats=("html", "json"))
            wanted = dict.fromkeys(plan.unfinished(ORDER, force=False), quick)
            return list(plan.results(wanted, inputs, job, 1))

    return call


def test_a_row_is_read_and_composed_once(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()

    def count(name: str) -> None:
        real = getattr(rows, name)

        def counted(*arguments: object) -> object:
            calls[name] += 1
            return real(*arguments)

        monkeypatch.setattr(rows, name, counted)

    for name in ("case_of", "letters_of", "encode_letters"):
        count(name)
    assert [row.number for row in made()] == [0, 2]
    assert calls == {"case_of": 3, "letters_of": 2, "encode_letters": 2}


def test_what_is_made_of_kept_letters_is_what_the_request_gives(
    made: Made, library: Library, in_folder: Path
) -> None:
    order = msgspec.structs.replace(ORDER, formats=("html", "json"))
    exports = exports_of(document_of(FILES), library, order, in_folder)
    writing = made()[0].output_files
    assert writing is not None
    assert [*writing.contents.values()] == [export.content for export in exports]


def test_files_are_not_kept_with_each_row(library: Library, in_folder: Path) -> None:
    (in_folder / "map.txt").write_bytes(b"map " * 100_000)
    document = document_of("enclosures: [{title: Map, file: map.txt}]\n")
    named = NamedFiles(document, in_folder)
    packed = pack(letters_for(library), convert(document, Request), named)
    assert (len(packed) < 50_000, len(unpack(packed)[0].attachments)) == (True, 1)


def test_a_file_that_is_changed_meanwhile_is_a_problem_of_its_row(made: Made) -> None:
    def change() -> None:
        Path("seal.svg").write_text(SEAL.replace("9v9", "8v8"), "utf-8")
        os.utime("seal.svg", ns=(1, 1))

    changed = made(change)
    assert [str(problem) for row in changed for problem in row.problems] == [
        f"n.yaml:{line}:16 ({place}): 'seal.svg' was changed while the batch was running\n"
        "  hint: run the command again"
        for line, place in ((5, "marin-county-ca"), (17, "napa-county-ca"))
    ]


def test_a_file_that_is_deleted_meanwhile_is_a_problem_of_its_row(made: Made) -> None:
    deleted = made(Path("act.pdf").unlink)
    assert [[problem.code for problem in row.problems] for row in deleted] == [["missing-file"]] * 2


def test_a_problem_of_the_page_is_told_at_the_rows_own_line(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise OptoutError(Problem("page", "does not fit", path="signatory.title"))

    monkeypatch.setattr(exporter_for("html"), "encode", refuse)
    (first, last) = made()
    assert [str(problem.location) for problem in (*first.problems, *last.problems)] == [
        "n.yaml:4:38 (marin-county-ca)",
        "n.yaml:16:38 (napa-county-ca)",
    ]


@pytest.mark.no_cover
def test_every_letter_kind_is_the_same_after_it_was_kept(library: Library, tmp_path: Path) -> None:
    request = convert(document_of(), Request)
    named = NamedFiles(document_of(), tmp_path)
    json = exporter_for("json")
    differing = []
    for member in members():
        try:
            letter = letter_of(member, library)
        except OptoutError:  # a letter that the program refuses
            continue
        (again,) = unpack(pack([letter], request, named))
        if json.encode(again, library.context) != json.encode(letter, library.context):
            differing.append(member)
        bare = msgspec.structs.replace(again, notice=letter.notice)
        if bare != letter:
            differing.append(member)
    assert (differing, pdf.IS_SLOW) == ([], True)
