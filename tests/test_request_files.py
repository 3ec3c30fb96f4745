"""The files that a request names lie in its folder, or in one that the user allows."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST, TODAY
from make_letters import document_of
from run_batch import COMMON, SEAL

from optout_cli.authoring.unfinished import Basis, Start, UnfinishedRequest
from optout_cli.errors import Problem, shorten
from optout_cli.letters import Library
from optout_cli.readers.document import Document

pytestmark = pytest.mark.usefixtures("with_typst")

HINT = "\n  hint: copy the file into that folder, or allow its own folder with --files-from DIR\n"
# The key path of each name of a file that a request can have, and what stands around it.
KEYS = {
    "letterhead.seal": {"letterhead.alt": "Seal"},
    "signature.file": {"signature.kind": "image", "signature.alt": "Signature"},
    "authority.0.file": {"authority.0.instrument": "Resolution"},
    "enclosures.0.file": {"enclosures.0.title": "Map"},
}
BASE = {
    "jurisdiction": "50001",
    "letter": "secure-communities/opt-out",
    "date": "2026-11-20",
    "signatory.name": "Pat Placeholder",
    "signatory.title": "Sheriff",
}


@pytest.fixture
def outside(in_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in `in/`, beside a folder that is nobody's business."""
    for name in ("in", "elsewhere"):
        (in_folder / name).mkdir()
    (in_folder / "elsewhere" / "x.svg").write_text(SEAL, "utf-8")
    (in_folder / "in" / "link.svg").symlink_to(in_folder / "elsewhere" / "x.svg")
    (in_folder / "in" / "links").symlink_to(in_folder / "elsewhere")
    (in_folder / "in" / "gone.svg").symlink_to(in_folder / "elsewhere" / "none.svg")
    (in_folder / "in" / "own.svg").write_text(SEAL, "utf-8")
    monkeypatch.chdir(in_folder / "in")
    return in_folder / "elsewhere"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Note the real path of each file that is opened."""
    paths: list[Path] = []
    open_it = Path.open

    def noted(self: Path, *args: Any, **options: Any) -> Any:  # Any: as Path.open has it
        paths.append(self.resolve())
        return open_it(self, *args, **options)

    monkeypatch.setattr(Path, "open", noted)
    return paths


def nested(cells: dict[str, str]) -> dict[str, Any]:
    """Return cells as the request that they are: `cc.0.name` is in a list."""
    request: dict[str, Any] = {}
    for path, text in cells.items():
        *around, last = path.split(".")
        node = request
        for key in around:
            node = node.setdefault(key, {})
        node[last] = text
    lists = {"authority", "enclosures"} & request.keys()
    return request | {key: list(request[key].values()) for key in lists}


def as_csv(cells: dict[str, str]) -> str:
    return "".join(f"{','.join(it)}\n" for it in (cells.keys(), cells.values()))


FORMS: dict[str, tuple[str, Callable[[dict[str, str]], str]]] = {
    "write r.yaml": ("r.yaml", lambda cells: json.dumps(nested(cells))),
    "check r.yaml": ("r.yaml", lambda cells: json.dumps(nested(cells))),
    "batch n.csv": ("n.csv", as_csv),
    "batch --check n.csv": ("n.csv", as_csv),
    "batch n.ndjson": ("n.ndjson", lambda cells: json.dumps(nested(cells)) + "\n"),
    "batch n.yaml": ("n.yaml", lambda cells: json.dumps([nested(cells)])),
}


NAMES = ["../elsewhere/{}", "{folder}/{}", "links/{}", "links/../../elsewhere/{}"]
CASES = [
    *(("write r.yaml", key, name) for key in KEYS for name in NAMES),
    *((words, key, NAMES[0]) for key in KEYS for words in FORMS),
]


@pytest.mark.no_cover
@pytest.mark.parametrize(("words", "key", "name"), [*dict.fromkeys(CASES)])
def test_no_request_reads_a_file_outside_its_folder(
    words: str, key: str, name: str, outside: Path, run: Run, opened: list[Path]
) -> None:
    file, text = FORMS[words]
    options = [] if words == "check r.yaml" else ["--to", "ice", "-f", "txt"]
    told = []
    for there in ("x.svg", "none.svg"):
        named = name.format(there, folder=outside)
        Path(file).write_text(text({**BASE, **KEYS[key], key: named}), "utf-8")
        found = run(*words.split(), *options)
        assert not list(Path().glob("**/*.txt"))
        shutil.rmtree("out", ignore_errors=True)  # else the second run tells of the first's rejects
        assert [it for it in opened if it.is_relative_to(outside)] == []
        told.append(
            (found.exit_code, (found.stdout + found.stderr).replace(shorten(named), "NAMED"))
        )
    assert told[0] == told[1]  # nor does it say whether a file is there
    code, said = told[0]
    head, _, rest = said.partition(f"'NAMED' leads outside the folder of {file}{HINT}")
    assert (code, rest != said) == (1 if "check" in words or "write" in words else 3, True)
    place = r"r\.yaml:1:\d+|n\.yaml:1.*|n\.csv:2.*|n\.ndjson:1.*"
    assert re.fullmatch(rf"({place}): ((\$\.)?[a-z0-9.\[\]]+: )?", head)


@pytest.mark.parametrize("name", ["link.svg", "gone.svg"])
def test_a_link_leads_nowhere_else(
    name: str, outside: Path, run: Run, write: Write, opened: list[Path]
) -> None:
    write("in/r.yaml", f"{REQUEST}letterhead: {{seal: {name}, alt: Seal}}\n")
    assert outcome(run("write", "r.yaml", "-f", "html")) == (
        1,
        "",
        f"r.yaml:5:14: {name!r} leads outside the folder of r.yaml{HINT}",
    )
    assert [it for it in opened if it.is_relative_to(outside)] == []


@pytest.fixture
def page(run: Run) -> Callable[..., tuple[int, bool, str]]:
    """Write the page to ICE; return exit code, whether it has the seal, and what was said."""

    def call(*words: str, stdin: str | None = None) -> tuple[int, bool, str]:
        options = ("-q", "-f", "html", "--to", "ice", "-o", "-")
        code, out, err = outcome(run("write", *words, *options, stdin=stdin))
        return code, "data:image/svg+xml;base64," in out, err

    return call


DONE = (0, True, "")
Page = Callable[..., tuple[int, bool, str]]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("own.svg", ()),
        ("../in/own.svg", ()),
        ("{in_folder}/in/own.svg", ()),
        ("below/again.svg", ()),
        ("x.svg", ("--files-from", "../elsewhere")),
        ("../elsewhere/x.svg", ("--files-from", "../elsewhere")),
        ("{in_folder}/elsewhere/x.svg", ("--files-from", "../elsewhere")),
        ("link.svg", ("--files-from", "../elsewhere")),
        ("elsewhere/x.svg", ("--files-from", "..")),
        ("x.svg", ("--files-from", "below", "--files-from", "../elsewhere")),
        ("x.svg", ("--files-from", "links")),
    ],
)
def test_a_file_may_lie_in_the_requests_folder_or_in_one_that_is_allowed(
    name: str, options: tuple[str, ...], outside: Path, in_folder: Path, write: Write, page: Page
) -> None:
    (in_folder / "in" / "below").mkdir()
    (in_folder / "in" / "below" / "again.svg").symlink_to("../own.svg")
    seal = name.format(in_folder=in_folder)
    write("in/r.yaml", f"{REQUEST}letterhead: {{seal: {seal}, alt: Seal}}\n")
    assert page("r.yaml", *options) == DONE


def test_the_requests_own_folder_is_looked_into_first(
    outside: Path, write: Write, page: Page
) -> None:
    write("elsewhere/own.svg", "no picture")
    write("in/r.yaml", f"{REQUEST}letterhead: {{seal: own.svg, alt: Seal}}\n")
    assert page("r.yaml", "--files-from", "../elsewhere") == DONE


def test_a_link_to_the_requests_folder_is_that_folder(
    outside: Path, in_folder: Path, write: Write, page: Page
) -> None:
    write("in/r.yaml", f"{REQUEST}letterhead: {{seal: own.svg, alt: Seal}}\n")
    (in_folder / "also").symlink_to(in_folder / "in")
    assert page("../also/r.yaml") == DONE


def test_the_folder_of_standard_input_is_the_current_one(outside: Path, page: Page) -> None:
    seal = REQUEST + "letterhead: {seal: own.svg, alt: Seal}\n"
    assert page("-", stdin=seal) == DONE
    name = "../elsewhere/x.svg"
    told = f"-:5:14: {name!r} leads outside the request's folder{HINT}"
    assert page("-", stdin=seal.replace("own.svg", name)) == (1, False, told)


def test_the_user_may_type_any_name_but_no_link_in_the_folder_leads_on(
    outside: Path, write: Write, page: Page
) -> None:
    write("in/r.yaml", REQUEST)
    alt = ("--set", "letterhead.alt=Seal")
    for name in ("own.svg", "../elsewhere/x.svg", f"{outside}/x.svg"):
        assert page("r.yaml", *alt, "--set", f"letterhead.seal={name}") == DONE
    told = f"--set: letterhead.seal: 'link.svg' leads outside the request's folder{HINT}"
    assert page("r.yaml", *alt, "--set", "letterhead.seal=link.svg") == (2, False, told)


def test_what_the_user_types_beside_a_name_allows_nothing(
    outside: Path, write: Write, run: Run
) -> None:
    both = "enclosures: [{title: Map}, {title: All, file: ../elsewhere/x.svg}]\n"
    write("in/r.yaml", REQUEST + both)
    for assignment in ("enclosures.0=", "enclosures.1.title=Plan"):
        found = run("write", "r.yaml", "-f", "txt", "-o", "-", "--to", "ice", "--set", assignment)
        assert "leads outside" in outcome(found)[2]


def test_a_common_file_and_a_row_name_files_each_of_their_own_folder(
    outside: Path, write: Write, run: Run
) -> None:
    """`--common` elsewhere/c.yaml, and a table in in/."""
    seal = "letterhead: {{seal: {}, alt: Seal}}\n"
    write("in/n.csv", as_csv({**BASE, "enclosures.0.title": "Map", "enclosures.0.file": "own.svg"}))
    write("elsewhere/below/y.svg", SEAL)
    options = ("-q", "-f", "html", "--to", "ice", "--common", "../elsewhere/c.yaml")
    for name in ("x.svg", "below/y.svg", "../elsewhere/x.svg"):
        write("elsewhere/c.yaml", COMMON + seal.format(name))
        code, out, err = outcome(run("batch", "n.csv", *options))
        assert (code, "data:image/svg+xml" in Path(out.strip()).read_text("utf-8"), err) == (
            0,
            True,
            "",
        )
        Path(out.strip()).unlink()
    write("elsewhere/c.yaml", COMMON + seal.format("../in/own.svg"))
    told = f"'../in/own.svg' leads outside the folder of ../elsewhere/c.yaml{HINT}"
    assert told in outcome(run("batch", "n.csv", *options))[2]
    write("elsewhere/c.yaml", COMMON)
    row = {**BASE, "enclosures.0.title": "Map", "enclosures.0.file": "../elsewhere/x.svg"}
    write("in/n.csv", as_csv(row))
    told = f"'../elsewhere/x.svg' leads outside the folder of n.csv{HINT}"
    assert told in outcome(run("batch", "n.csv", *options))[2]


@pytest.mark.no_cover
def test_rejects_say_which_folder_they_name_files_of(outside: Path, write: Write, run: Run) -> None:
    row = {**BASE, "enclosures.0.title": "Map", "enclosures.0.file": "own.svg"}
    write("in/n.csv", as_csv({**row, "jurisdiction": "nowhere"}))
    said = (
        "next: fix the rows in out/rejects.csv, then run this command again with --with"
        " out/rejects.csv"
    )
    assert f"{said} --files-from .\n" in outcome(run("batch", "n.csv", "-f", "txt"))[2]
    write("in/n.csv", as_csv({**BASE, "jurisdiction": "nowhere"}))
    assert f"{said}\n" in outcome(run("batch", "n.csv", "-f", "txt"))[2]


def test_rejects_find_their_files_again_where_the_same_options_allow_them(
    outside: Path, write: Write, run: Run
) -> None:
    row = {**BASE, "enclosures.0.title": "Map", "enclosures.0.file": "x.svg"}
    write("in/n.csv", as_csv({**row, "jurisdiction": "nowhere"}))
    options = ("-q", "-f", "txt", "--to", "ice", "--files-from", "../elsewhere")
    assert outcome(run("batch", "n.csv", *options))[0] == 3
    rejects = Path("out/rejects.csv")
    rejects.write_text(rejects.read_text("utf-8").replace("nowhere", "50001"), "utf-8")
    assert outcome(run("batch", str(rejects), *options))[0] == 0


def test_an_enclosure_has_the_name_that_it_is_called_by(
    outside: Path, write: Write, run: Run
) -> None:
    """A link's own name tells what kind of file it is, and not that of what it leads to."""
    Path("scan-0001").write_text("a map", "utf-8")
    Path("map.txt").symlink_to("scan-0001")
    write("in/r.yaml", f"{REQUEST}enclosures: [{{title: Map, file: map.txt}}]\n")
    out = outcome(run("write", "r.yaml", "-q", "--draft", "-f", "eml", "--to", "ice"))[1]
    message = Path(out.strip()).read_text("utf-8")
    assert ('filename="map.txt"' in message, "text/plain" in message) == (True, True)


def problem_typed(
    document: Document, texts: dict[str, str], library: Library, *files_from: Path
) -> Problem | None:
    """Return what the interview says of answers to go into a request."""
    request = UnfinishedRequest(Basis(Start(), library, TODAY, files_from=files_from))
    request.document = document
    return request.problem_with(texts)


def test_what_is_typed_into_the_interview_is_the_requests_own_word(
    outside: Path, library: Library
) -> None:
    texts = {"letterhead.seal": "../elsewhere/x.svg", "letterhead.alt": "Seal"}

    def told(*files_from: Path) -> str | None:
        problem = problem_typed(document_of(), texts, library, *files_from)
        return problem.message if problem else None

    assert told() == "'../elsewhere/x.svg' leads outside the request's folder"
    assert told(outside) is None


def test_what_the_letter_still_lacks_hides_no_missing_file(outside: Path, library: Library) -> None:
    """The model of an agency's agreement is not in the request: the data has it."""
    document = document_of("letter: 287g/terminate\nauthority: [{instrument: Resolution}]")
    texts = {"authority.0.file": "resolutoin.pdf"}
    problem = problem_typed(document, texts, library)
    assert problem is not None
    assert problem.message == "there is no file 'resolutoin.pdf' to enclose"
