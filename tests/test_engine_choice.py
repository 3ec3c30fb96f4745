"""Which PDF engine prints: chosen by an option or a variable, else what the folder had before."""

import json
import re
from email import message_from_bytes, policy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST, ROOT, TODAY
from make_letters import letter_for, library_with, pdf_of, problems_of, told_by
from msgspec.structs import replace
from read_pdf import objects_of
from run_batch import COMMON, HEADER, ROWS, below, records
from run_processes import call

from optout_cli import bundled
from optout_cli.cli.batch import report as engine_lines
from optout_cli.engines import DEFAULT, NAMES, can_fork, measure, pages_in
from optout_cli.engines.measure import broken_words, known_characters
from optout_cli.exporters import Options
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, letters_of_request, request_file
from optout_cli.model.letter import Image
from optout_cli.templating.pages import LAYOUTS

BATCH = ("batch", "n.csv", "--common", "common.yaml")
MAKER = {"weasyprint": "optout", "typst": "Typst"}  # how the /Creator of each begins


@pytest.fixture(autouse=True)
def _desk(write: Write, in_folder: Path) -> None:
    """Stand in a folder with a request and a table."""
    write("r.yaml", REQUEST)
    write("common.yaml", COMMON)
    write("n.csv", HEADER + ROWS.splitlines(keepends=True)[0])


def maker_of(content: bytes) -> str:
    with objects_of(content) as pdf:
        maker = str(pdf.docinfo.Creator)
    return next(name for name, it in MAKER.items() if maker.startswith(it))


@pytest.mark.parametrize("engine", NAMES)
def test_the_pages_of_a_letter_are_counted_once(run: Run, engine: str) -> None:
    pages_in.cache_clear()
    assert outcome(run("write", "r.yaml", "--engine", engine, "-o", "out/", "-q"))[0] == 0
    assert pages_in.cache_info().misses == len([*Path("out").rglob("*.pdf")]) == 2


@pytest.mark.no_cover
@pytest.mark.parametrize("engine", [*NAMES, None])
@pytest.mark.parametrize("variable", ["OPTOUT_ENGINE", "OPTOUT_WRITE_ENGINE", None])
def test_an_option_or_a_variable_chooses_the_engine(
    run: Run, monkeypatch: pytest.MonkeyPatch, engine: str | None, variable: str | None
) -> None:
    options = ["--engine", engine] if engine and not variable else []
    if engine and variable:
        monkeypatch.setenv(variable, engine)
    wanted = ("write", "r.yaml", "--to", "bureau", "-f", "json,pdf", "-o", "out/", "-q")
    assert outcome(run(*wanted, *options))[0] == 0
    files = {name.rpartition(".")[2]: content for name, content in below(Path("out")).items()}
    assert (maker_of(files["pdf"]), json.loads(files["json"])["engine"]) == (
        (engine or DEFAULT),
        (engine or DEFAULT),
    )


def test_an_engine_that_does_not_exist_is_named_with_its_variable(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_ENGINE", "word")
    code, _, err = outcome(run("write", "r.yaml"))
    assert (code, "'--engine' (set by OPTOUT_ENGINE): 'word' is not one of" in err) == (2, True)


@pytest.mark.no_cover
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_of_ones_own_is_refused_by_typst_and_named(
    run: Run, tmp_path: Path, name: str
) -> None:
    library_with(tmp_path / "own", {name: (bundled.TEMPLATES / name).read_text("utf-8")})
    for command in (("write", "r.yaml"), BATCH, ("check", "r.yaml"), ("guide", "06041", "-fpdf")):
        code, out, err = outcome(run(*command, "--templates", "own", "--engine", "typst"))
        assert code == 1
        assert (
            f"own/{name}: is a layout of your own, which typst cannot print\n"
            "  hint: print with --engine weasyprint, or remove this file\n"
        ) in out + err
    assert [name for name in below(Path()) if name.endswith(".pdf")] == []


def test_a_batch_goes_on_with_the_engine_of_its_letters(run: Run) -> None:
    assert outcome(run(*BATCH, "--engine", "typst"))[0] == 0
    before = below(Path("out"))
    code, out, err = outcome(run(*BATCH))
    assert (code, out, below(Path("out"))) == (0, "", before)
    assert "0 files written to out/; 1 request already finished" in err
    assert {it["engine"] for it in records()} == {"typst"}


def test_another_engine_prints_the_letters_again_and_says_so(run: Run) -> None:
    run(*BATCH, "-f", "pdf,txt")
    told = (
        "note: weasyprint printed 2 of these letters before, and typst prints them again; to keep"
        " the old ones, use --engine weasyprint\n"
    )
    again = (*BATCH, "-f", "pdf,txt", "--engine", "typst")
    assert told in outcome(run(*again, "--check"))[1]
    assert told in outcome(run(*again))[2]
    assert [(it["format"], it["engine"]) for it in records()] == [
        ("pdf", "typst"), ("txt", None), ("pdf", "typst"), ("txt", None),
    ]  # fmt: skip
    assert told not in outcome(run(*again, "--force"))[2]
    run("sent", "out", "--by", "mail", "-q")  # then nothing is printed again
    assert "prints them again" not in outcome(run(*BATCH, "--engine", "weasyprint", "--check"))[1]


def test_after_a_large_batch_one_line_says_how_much_sooner_typst_is(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("n.csv", HEADER + ROWS)
    batch = (*BATCH, "--to", "bureau")
    line = re.compile(
        r"note: --engine typst would have written these letters in about \S+ (?:s|min) instead of"
        r" \S+ (?:s|min) \(measured on 2 of the requests\)"
    )
    assert not line.search(outcome(run(*batch))[2])
    monkeypatch.setattr(engine_lines, "LEAST", 2)
    monkeypatch.setattr(engine_lines, "LEAST_SAVED", 0)
    assert line.search(outcome(run(*batch, "--force"))[2])
    assert not line.search(outcome(run(*batch, "--force", "--engine", "typst"))[2])


@pytest.mark.no_cover  # another process
def test_workers_print_with_typst_and_give_the_same_bytes(write: Write) -> None:
    write("n.csv", HEADER + ROWS)
    for jobs in ("1", "2"):
        assert call(*BATCH, "--engine", "typst", "-o", jobs, "--jobs", jobs).returncode == 0
    one, two = (
        {name: content for name, content in below(Path(it)).items() if name.endswith("pdf")}
        for it in ("1", "2")
    )
    assert (len(one), one) == (6, two)
    assert not can_fork("typst")


def test_an_e_mail_has_the_same_pdf(run: Run) -> None:
    run("write", "r.yaml", "--to", "bureau", "-f", "pdf,eml", "--draft", "--engine", "typst")
    files = {name.rpartition(".")[2]: content for name, content in below(Path()).items()}
    (attached,) = message_from_bytes(files["eml"], policy=policy.SMTP).iter_attachments()
    assert attached.get_payload(decode=True) == files["pdf"]


@pytest.mark.no_cover
@pytest.mark.parametrize("path", ["cc.0.name", "particulars.reasons.0", "signatory.office"])
@pytest.mark.parametrize("value", ["Ann 😀", "כל", "漢漢", "n\u0330"])
def test_a_character_that_the_typeface_lacks_is_the_same_problem(
    run: Run, path: str, value: str
) -> None:
    wanted = ("write", "r.yaml", "--to", "bureau", "--set", f"{path}={value}", "-q")
    told = [outcome(run(*wanted, "--engine", engine)) for engine in NAMES]
    assert told[0] == told[1]
    assert (told[0][0], "Source Serif Pro has no character" in told[0][2]) == (2, True)


ROOM = [
    f"signatory: {{office: {'Office of the Sheriff of Marin County ' * 5}}}",
    "recipients: {bureau: {organization: [" + ", ".join(["a line"] * 9) + "]}}",
    "recipients: {bureau: {organization: [" + "W" * 200 + "], envelope: [Director]}}",
]


@pytest.mark.parametrize("lines", ROOM)
def test_what_has_no_room_is_the_same_problem(run: Run, write: Write, lines: str) -> None:
    key = lines.partition(":")[0]
    kept = "".join(it for it in REQUEST.splitlines(keepends=True) if not it.startswith(key))
    write("r.yaml", f"{kept}{lines}\n")
    wanted = ("write", "r.yaml", "--to", "bureau", "-q", "--engine")
    told = [outcome(run(*wanted, engine)) for engine in NAMES]
    assert (told[0], told[0][0]) == (told[1], 1)


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml"])
def test_a_picture_that_cannot_be_drawn_is_the_same_problem(
    either_library: Library, kind: str
) -> None:
    letter = replace(letter_for(either_library), autograph=Image(kind, b"no picture", "Name"))
    (problem,) = problems_of(lambda: pdf_of(letter, either_library))
    message = "the page cannot be printed as it is: its picture 'Name' cannot be drawn"
    assert (problem.code, problem.message, problem.path) == ("page", message, "signature.file")


def test_after_a_refusal_typst_prints_the_next_letter(either_library: Library) -> None:
    letter = letter_for(either_library)
    fresh = pdf_of(letter, either_library)
    problems_of(lambda: pdf_of(replace(letter, subject="😀"), either_library))
    assert pdf_of(letter, either_library) == fresh


def test_an_error_of_typsts_own_does_not_reach_the_user(library: Library) -> None:
    typst = library.with_options(Options(engine="typst"))
    printer: Any = typst.context.engine  # Any: the test breaks its page
    (printer._pages / "letter.typ").write_text("#nothing-of-this-name")
    assert told_by(lambda: pdf_of(letter_for(typst), typst)) == (
        "the page cannot be printed as it is\n"
        "  hint: print with --engine weasyprint, and report this as a bug"
    )


def test_a_letter_is_set_tightly_where_it_then_takes_a_page_less(
    either_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ROOT / "examples" / "dakota-county-287g.yaml"
    order = Order(today=TODAY)
    (letter,) = letters_of_request(request_file(str(path)), either_library, order, path.parent)
    assert pages_in(pdf_of(letter, either_library)) == 1
    monkeypatch.setattr(measure, "_CHARACTERS", 1)  # every letter seems too long for that
    other = replace(letter, salutation="Dear Sheriff:")
    assert pages_in(pdf_of(other, either_library)) == 2


def test_a_page_counts_that_another_program_added_to_typsts(typst_library: Library) -> None:
    content = pdf_of(letter_for(typst_library), typst_library)
    pages, trailer = content.partition(b"\n1 0 obj\n")[2], content.rpartition(b"trailer\n<<")[2]
    count, kids = re.match(rb"<</Type/Pages/Count (\d)/Kids\[(.*?)\]", pages).groups()  # type: ignore[union-attr]
    first = kids.partition(b" R")[0] + b" R"
    added = b"1 0 obj\n<</Type/Pages/Count %d/Kids[%b %b]>>\nendobj\n" % (
        int(count) + 1,
        kids,
        first,
    )
    table = b"xref\n1 1\n%010d 00000 n\r\ntrailer\n<<" % len(content)
    old = trailer.partition(b"startxref\n")[2].partition(b"\n")[0]
    end = b"/Prev %b>>\nstartxref\n%d\n%%%%EOF" % (old, len(content) + len(added))
    updated = content + added + table + trailer.partition(b">>")[0] + end
    assert pages_in(updated) == pages_in(content) + 1


@pytest.mark.parametrize("slant", ["italic", "normal"])
def test_italics_draw_fewer_characters(slant: str) -> None:
    assert ("\u0411" in known_characters(slant)) == (slant == "normal")


@pytest.mark.parametrize("slant", ["italic", "normal"])
def test_each_face_draws_the_common_characters(slant: str) -> None:
    assert measure.COMMON.union(measure.ASCII.decode()) <= known_characters(slant)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("a b", "a b"),
        ("W" * 60, "W" * 24 + "\n" + "W" * 24 + "\n" + "W" * 12),
        ("a " + "W" * 30 + " b", "a\n" + "W" * 24 + "\n" + "W" * 6 + " b"),
        ("", ""),
    ],
)
def test_a_word_wider_than_its_line_is_broken_within_it(text: str, broken: str) -> None:
    assert broken_words(text, 234, 10) == broken


@pytest.mark.parametrize("engine", NAMES)
def test_diff_lays_out_with_the_engine_that_is_chosen(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    run("write", "r.yaml", "--engine", "typst", "--to", "ice", "-f", "pdf", "-o", "out/", "-q")
    write("r.yaml", REQUEST.replace("Placeholder", "Lopez"))
    monkeypatch.setenv("OPTOUT_ENGINE", engine)
    used = []
    for name in NAMES:
        printer = import_module(f"optout_cli.engines.{name}").Engine

        def print_letter(
            self: Any, *given: Any, name: str = name, whole: Any = printer.print_letter
        ) -> Any:
            used.append(name)
            return whole(self, *given)

        monkeypatch.setattr(printer, "print_letter", print_letter)
    code, out, _ = outcome(run("diff", "r.yaml", "--in", "out"))
    assert (code, "[-Placeholder-] {+Lopez+}" in out, used) == (0, True, [engine])
