"""All letters of a batch in one file: in order, with bookmarks, on sheets of their own."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from command_results import Run, Write, outcome
from make_register import RegisterMaker
from run_batch import events, records

from optout_cli.cli.batch.paper import Choice, choose_letters
from optout_cli.model.request import Service, Way
from optout_cli.register.events import LetterFile, WrittenLetter
from optout_cli.register.state import load_register

# Many pages, with code that others cover.
pytestmark = [pytest.mark.no_cover, pytest.mark.usefixtures("with_typst")]

COMMON = "letter: secure-communities/opt-out\ndate: 2026-11-20\n"
TABLE = "jurisdiction,signatory.name,signatory.title\n50003,Pat,Sheriff\n50001,Pat,Sheriff\n"
Printed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def printed(run: Run, write: Write, in_folder: Path) -> Printed:
    write("common.yaml", COMMON)
    write("n.csv", TABLE)
    words = ("batch", "n.csv", "--common", "common.yaml", "-j1")
    usual = ("--print", "all.pdf")
    return lambda *options: outcome(run(*words, *options, *(() if "--print" in options else usual)))


def texts(path: str) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    found = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return found


def bookmarks(path: str) -> list[tuple[str, list[str]]]:
    with pikepdf.open(path) as document, document.open_outline() as outline:
        return [(it.title, [one.title for one in it.children]) for it in outline.root]


def test_all_letters_stand_in_one_file_in_the_order_of_their_rows(printed: Printed) -> None:
    code, _, err = printed()
    assert (code, "all.pdf has 8 pages; print it at 100 %" in err) == (0, True)
    pages = texts("all.pdf")
    assert ["Bennington" in it for it in pages] == [True] * 4 + [False] * 4
    assert bookmarks("all.pdf") == [
        (name, [f"{name}: bureau", f"{name}: ice"])
        for name in ("Bennington County, VT", "Addison County, VT")
    ]
    with pikepdf.open("all.pdf") as document:
        assert document.Root.ViewerPreferences.PrintScaling == "/None"


def test_labels_come_in_the_order_of_the_print_run(printed: Printed, run: Run) -> None:
    header, *rows = TABLE.splitlines(keepends=True)
    Path("n.csv").write_text(header + "".join(rows[::-1]), "utf-8")
    assert outcome(run("batch", "n.csv", "--common", "common.yaml", "-j1", "-q"))[0] == 0
    Path("n.csv").write_text(TABLE, "utf-8")
    assert printed()[0] == 0
    assert outcome(run("labels", "out/", "--recipients", "-q"))[0] == 0
    (page,) = texts("labels.pdf")
    assert 0 < page.index("Bennington County, VT") < page.index("Addison County, VT")


def test_a_letter_of_the_same_run_is_not_replaced_by_the_print_run(printed: Printed) -> None:
    path = "out/VT/addison-county-vt/2026-11-20-opt-out-ice.pdf"
    code, _, err = printed("--print", path)
    assert (code, err.splitlines()[-2:]) == (
        1,
        [
            f"{path}: already exists, and is not a PDF that batch --print wrote",
            "  hint: name another file",
        ],
    )
    assert [it["sha256"] for it in records()] == [
        sha256(Path(str(it["path"])).read_bytes()).hexdigest() for it in records()
    ]


def test_sheets_stand_between_the_requests_and_letters_begin_in_front(
    printed: Printed, write: Write
) -> None:
    long = "\n".join(f"    - {'The reasons are many. ' * 40}{number}" for number in range(4))
    write("common.yaml", f"{COMMON}particulars:\n  reasons:\n{long}\n")
    assert printed("--duplex", "--separators", "-q")[0] == 0
    pages = texts("all.pdf")
    fronts = pages[::2]
    assert len(pages) == 20
    assert [it.splitlines()[0] for it in fronts if "Request: n.csv" in it] == [
        "Bennington County, VT",
        "Addison County, VT",
    ]
    assert sum("To the State Identification Bureau:" in it for it in fronts) == 2
    assert sum("Dear Field Office Director" in it for it in fronts) == 2


def test_a_second_run_prints_only_what_was_added(printed: Printed, write: Write) -> None:
    printed()
    before = Path("all.pdf").read_bytes()
    code, out, err = printed()
    assert (code, out, Path("all.pdf").read_bytes()) == (0, "", before)
    assert "note: 4 letters were printed or sent before; to print all of them again, add" in err
    assert "nothing to print: all.pdf was not written\n" in err
    write("n.csv", f"{TABLE}50005,Pat,Sheriff\n")
    code, _, err = printed()
    assert (code, len(texts("all.pdf")), "moved to earlier: all.pdf\n" in err) == (0, 4, True)
    assert bookmarks("all.pdf")[0][0] == "Caledonia County, VT"


def test_all_prints_again_what_was_printed_and_says_how_much(printed: Printed) -> None:
    printed()
    before = Path("all.pdf").read_bytes()
    code, out, err = printed("--all")
    assert (code, out, Path("all.pdf").read_bytes()) == (0, "all.pdf\n", before)
    assert "note: 4 letters were printed or sent before\n" in err


def test_copies_stand_behind_their_letter(printed: Printed, write: Write) -> None:
    write("common.yaml", f"{COMMON}cc: [{{name: A. Clerk}}]\n")
    write("n.csv", "".join(TABLE.splitlines(keepends=True)[:2]))
    assert printed("--copies", "-q")[0] == 0
    name = "Bennington County, VT"
    to_bureau, to_ice = f"{name}: bureau", f"{name}: ice"
    # ICE and the clerk; the bureau, ICE's director and the clerk
    copies = [f"{to_bureau} (copy)"] * 2, [f"{to_ice} (copy)"] * 3
    assert bookmarks("all.pdf") == [(name, [to_bureau, *copies[0], to_ice, *copies[1]])]


def test_what_is_printed_is_in_the_register_by_its_hash(printed: Printed) -> None:
    printed("-q")
    last = events()[-1]
    files = {it["sha256"]: it["path"] for it in records()}
    assert (last["event"], last["name"]) == ("printed", "all.pdf")
    found = [str(files[it["sha256"]]).rpartition("-")[2] for it in last["letters"]]
    assert found == ["bureau.pdf", "ice.pdf"] * 2


def printable(folder: Path, service: tuple[Service, ...], *happened: str) -> Choice:
    """Choose from a letter to the bureau, after what happened to it."""
    file = LetterFile(path="VT/it.pdf", format="pdf", bytes=1, sha256="f")
    letter = WrittenLetter(
        recipient="bureau", office="bureau", address=("It",), service=service, files=(file,)
    )
    maker = RegisterMaker(folder)
    id = maker.written(letters=(letter,))
    if "sent" in happened:
        maker.sent(id, "bureau")
    if "withdrawn" in happened:
        maker.withdrawn(id, "bureau")
    register = load_register(folder)
    requests = [[*register.records.values()]]
    return choose_letters(requests, register, is_all="all" in happened, with_copies=False)


@pytest.mark.parametrize(
    ("ways", "happened", "found"),
    [
        ((), (), (1, 0, 0)),
        (("email",), (), (0, 0, 1)),
        (("email", "fax"), ("all",), (0, 0, 1)),
        (("certified-mail", "email"), (), (1, 0, 0)),
        (("hand",), (), (1, 0, 0)),
        ((), ("sent",), (0, 1, 0)),
        ((), ("sent", "all"), (1, 1, 0)),
        ((), ("withdrawn", "all"), (0, 0, 0)),
    ],
)
def test_a_letter_is_printed_if_it_goes_on_paper_and_did_not_go_yet(
    ways: tuple[Way, ...], happened: tuple[str, ...], found: tuple[int, int, int], tmp_path: Path
) -> None:
    chosen = printable(tmp_path, tuple(Service(by=way) for way in ways), *happened)
    assert (len(chosen.requests), chosen.before, chosen.messages) == found
    assert chosen.withdrawn == happened.count("withdrawn")


def test_letters_that_go_by_email_are_not_printed_and_that_is_told(
    printed: Printed, write: Write
) -> None:
    write("common.yaml", f"{COMMON}recipients: {{bureau: {{email: b@example.gov}}}}\n")
    header, *rows = TABLE.splitlines()
    write("n.csv", f"{header},service.bureau.0.by\n{rows[0]},email\n{rows[1]},\n")
    code, _, err = printed()
    assert (code, [len(it[1]) for it in bookmarks("all.pdf")]) == (0, [1, 2])
    assert "note: not printed, since they go only by e-mail or fax: 1 letter\n" in err


@pytest.mark.parametrize("content", [b"signed", b""])
def test_another_file_is_not_written_over(printed: Printed, content: bytes) -> None:
    Path("all.pdf").write_bytes(content)
    code, out, err = printed()
    assert (code, out) == (1, "")
    assert err.startswith("all.pdf: already exists, and is not a PDF that batch --print wrote")
    assert (Path("all.pdf").read_bytes(), Path("out").exists()) == (content, False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "batch n.csv --all",
            "--all, --copies, --duplex and --separators work only with --print\n",
        ),
        (
            "batch n.csv --print all.pdf --no-register",
            "--print needs the register, which says what was printed before\n",
        ),
        (
            "batch n.csv --print keep",
            "--print keep is not a name for a PDF\n  hint: end it in .pdf\n",
        ),
        ("batch n.csv --print all.pdf -f txt", "--print needs the format pdf\n"),
    ],
)
def test_options_that_do_not_agree_are_told(
    words: str, message: str, printed: Printed, run: Run
) -> None:
    code, _, err = outcome(run(*words.split()))
    assert (code, message in err) == (2, True)


def test_a_letter_that_was_changed_is_not_printed(printed: Printed, run: Run) -> None:
    printed()
    signed = Path("out/VT/addison-county-vt/2026-11-20-opt-out-ice.pdf")
    signed.write_bytes(signed.read_bytes() + b"signed")
    code, _, err = printed("--all")
    assert (code, len(texts("all.pdf"))) == (0, 4)
    assert "all.pdf lacks 1 of 2 requests: n.csv:3 (50001)\n" in err


def test_a_file_to_print_says_whose_letters_are_missing(printed: Printed, write: Write) -> None:
    rest = "".join(f"nowhere {it},Pat,Sheriff\n" for it in range(7))
    write("n.csv", TABLE + rest)
    code, out, err = printed()
    assert (code, out.endswith("\nall.pdf\n"), len(texts("all.pdf"))) == (3, True, 8)
    assert "all.pdf lacks 7 of 9 requests: n.csv:4 (nowhere 0), n.csv:5 (now" in err
    assert ", n.csv:8 (nowhere 4) and 2 more\n" in err
    assert "next: print all.pdf, sign 4 letters, and fold each letter at the two marks\n" in err
    assert "then run this command again with --with out/rejects.csv\n" in err


def test_a_file_to_print_stays_where_there_is_nothing_to_print(
    printed: Printed, write: Write
) -> None:
    printed()
    before = Path("all.pdf").read_bytes()
    write("n.csv", "jurisdiction\nnowhere\n")
    code, out, err = printed()
    assert (code, out, Path("all.pdf").read_bytes()) == (3, "", before)
    assert "nothing to print: all.pdf was not written\n" in err
    assert printed("-q")[2].startswith("n.csv:2 (nowhere): jurisdiction: there is no jurisdiction")
