"""Every example is a request that is right, writes its letters, and gives nobody's real contact."""

import re
from pathlib import Path

import pytest
from command_results import Run, lying_in, outcome
from conftest import ROOT
from make_letters import body_texts, letters_for

from optout_cli.letters import Library
from optout_cli.model.request import Request

pytestmark = pytest.mark.no_cover  # many pages, with code that others cover

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
DAKOTA = (ROOT / "examples" / "dakota-county-287g.yaml").read_text("utf-8")
CONTACT = re.compile(
    r"\b\d{3}-\d{3}-\d{4}\b"  # a telephone or fax number
    r"|[\w.+-]+@[\w.-]+\w"
)
PLACEHOLDER = re.compile(r"\d{3}-555-01\d\d|[\w-]+@example\.gov")


@pytest.fixture(params=EXAMPLES, ids=lambda it: it.stem)
def example(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_are_examples_of_2010_of_today_of_everything_and_of_287g() -> None:
    assert {path.stem for path in EXAMPLES} == {
        "dakota-county-287g",
        "everything",
        "marin-today",
        "san-francisco-2010",
        "san-francisco-2010-joint",
    }


@pytest.mark.usefixtures("with_typst")
def test_an_example_has_no_problem(example: Path, run: Run) -> None:
    assert outcome(run("check", "-q", str(example))) == (0, "", "")


def test_an_example_writes_the_same_letters_each_time(
    example: Path, run: Run, in_folder: Path
) -> None:
    # Every example's pages by WeasyPrint are read in test_pdf; here it prints the fullest twice.
    engine = "weasyprint" if example.stem == "everything" else "typst"
    options = ("-q", "-f", "pdf,txt,html,json", "--engine", engine)
    assert outcome(run("write", str(example), *options, "-o", "first/"))[0] == 0
    assert outcome(run("write", str(example), *options, "-o", "second/"))[0] == 0
    first, second = in_folder / "first", in_folder / "second"
    letters = {it.name: it.read_bytes() for it in first.glob("20*")}
    assert letters == {it.name: it.read_bytes() for it in second.glob("20*")}
    assert {name.rpartition("-")[2] for name in letters} == {
        f"{party}.{suffix}"
        for party in (("ice",) if "287g" in example.stem else ("bureau", "ice"))
        for suffix in ("pdf", "txt", "html", "json")
    }


def test_an_examples_numbers_and_addresses_reach_nobody(example: Path) -> None:
    found = [it[0] for it in CONTACT.finditer(example.read_text("utf-8"))]
    assert [it for it in found if not PLACEHOLDER.fullmatch(it)] == []


@pytest.mark.usefixtures("with_typst")
def test_an_example_shows_the_command_that_writes_it(
    example: Path, run: Run, in_folder: Path
) -> None:
    text = example.read_text("utf-8")
    command = re.search(r"^#     optout (write examples/(\S+\.yaml) .+)$", text, re.MULTILINE)
    assert command
    assert command[2] == example.name
    words = command[1].replace("examples/", f"{example.parent}/", 1).split()
    code, out, _ = outcome(run(*words))
    letters = [name for name in lying_in(in_folder) if "/evidence/" not in name]
    assert (code, out.split()) == (0, letters)


def test_the_full_example_has_every_key_that_a_request_and_its_letter_may_have(
    library: Library,
) -> None:
    text = (ROOT / "examples" / "everything.yaml").read_text("utf-8")
    _, kind = library.programs.find("secure-communities/opt-out")
    inner = text.partition("\nparticulars:")[2].partition("\n\n")[0]
    keys = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert keys == set(Request.__struct_encode_fields__)
    assert set(re.findall(r"^  ([a-z-]+):", inner, re.MULTILINE)) == set(kind.particulars)


# What the 287(g) clause and its consequences have to be in a letter that ends an agreement.
@pytest.mark.parametrize(
    "words",
    [
        "terminates the Memorandum of Agreement of June 9, 2020,",
        "under section 287(g) of the Immigration and Nationality Act (8 U.S.C. 1357(g))",
        "\u201cLEA\u201d means the agency that signed it. They say, in section VIII:",
        (
            "\u201cThis MOA becomes effective upon signature of both parties and will remain in"
            " effect until either party terminates or suspends the MOA. Termination by the LEA"
            " shall be provided, in writing, to the local Field Office.\u201d"
        ),
        "takes effect on January 1, 2027, or on receipt of this notice if that is later.",
        "shall constitute immediate revocation of all immigration enforcement authorizations",
        "tell us where to return ICE's credentials and any equipment that is due.",
        "acknowledge receipt in writing, stating the date of receipt and the effective date;",
    ],
)
def test_dakota_countys_letter_ends_the_agreement_by_the_clause_of_its_model(
    library: Library, words: str
) -> None:
    (letter,) = letters_for(library, base=DAKOTA)
    assert words in " ".join(body_texts(letter))
    assert letter.recipient[-2:] == ("1 Federal Drive, Suite 1601", "Fort Snelling, MN 55111")
