"""All letters of a batch in one file: in order, with bookmarks, on sheets of their own."""

from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from command_results import Run, Write, outcome

COMMON = "letter: secure-communities/opt-out\ndate: 2026-11-20\n"
TABLE = "jurisdiction,signatory.name,signatory.title\n50003,Pat,Sheriff\n50001,Pat,Sheriff\n"
Printed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def printed(run: Run, write: Write, in_folder: Path) -> Printed:
    write("common.yaml", COMMON)
    write("n.csv", TABLE)
    words = ("batch", "n.csv", "--common", "common.yaml", "-j1", "--print", "all.pdf")
    return lambda *options: outcome(run(*words, *options))


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


def test_sheets_stand_between_the_requests_and_letters_begin_in_front(
    printed: Printed, write: Write
) -> None:
    long = "\n".join(f"    - {'The reasons are many. ' * 40}" for _ in range(4))
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


def test_a_second_run_prints_the_same_from_the_letters_that_are_there(printed: Printed) -> None:
    printed()
    before = Path("all.pdf").read_bytes()
    code, out, _ = printed()
    assert (code, out, Path("all.pdf").read_bytes()) == (0, "all.pdf\n", before)


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
        ("batch n.csv --duplex", "--duplex and --separators work only with --print\n"),
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
    code, _, err = printed()
    assert (code, len(texts("all.pdf"))) == (0, 4)
    assert "all.pdf has 1 of 2 requests; missing: n.csv:3 (50001)\n" in err


def test_a_file_to_print_says_whose_letters_are_missing(printed: Printed, write: Write) -> None:
    rest = "".join(f"nowhere {it},Pat,Sheriff\n" for it in range(7))
    write("n.csv", TABLE + rest)
    code, out, err = printed()
    assert (code, out.endswith("\nall.pdf\n"), len(texts("all.pdf"))) == (3, True, 8)
    assert "all.pdf has 2 of 9 requests; missing: n.csv:4 (nowhere 0), n.csv:5 (now" in err
    assert ", n.csv:8 (nowhere 4) and 2 more\n" in err
    assert "and print all.pdf and sign\n" in err
    again = "next: fix the rows in the table, then run this command again to complete all.pdf\n"
    assert again in err


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
