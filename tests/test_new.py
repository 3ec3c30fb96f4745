"""`optout new` off a terminal: a sample to fill in; and --wording: a template to change."""

import re
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome, problem
from conftest import TODAY
from edit_wording import REQUEST as AGREEMENT

from optout_cli import bundled
from optout_cli.letters import Library
from optout_cli.readers.yaml import document_from_yaml

pytestmark = pytest.mark.usefixtures("with_typst")


def test_off_a_terminal_it_writes_a_sample_and_says_what_to_type_next(
    run: Run, in_folder: Path
) -> None:
    assert outcome(run("new", "Marin, CA")) == (
        0,
        "marin-county-ca.yaml\n",
        (
            "next: fill in marin-county-ca.yaml in an editor, then run"
            " optout write marin-county-ca.yaml -o letters/\n"
        ),
    )
    text = (in_folder / "marin-county-ca.yaml").read_text("utf-8")
    assert document_from_yaml(text, "").data == {
        "jurisdiction": "marin-county-ca",
        "letter": "secure-communities/opt-out",
        "date": TODAY.isoformat(),
    }


def test_the_sample_has_no_problem_as_it_is(run: Run, in_folder: Path) -> None:
    run("new", "06041")
    assert outcome(run("check", "-q", "marin-county-ca.yaml")) == (0, "", "")


def test_a_sample_without_a_jurisdiction_wants_one(run: Run, in_folder: Path) -> None:
    assert outcome(run("new", "-q")) == (0, "request.yaml\n", "")
    code, out, _ = outcome(run("check", "request.yaml"))
    assert (code, out.partition(": ")[2]) == (
        1,
        "request needs 'jurisdiction'\n  hint: add jurisdiction: ...\n",
    )


def test_the_sample_can_go_to_standard_output(run: Run, in_folder: Path) -> None:
    code, out, err = outcome(run("new", "marin-county-ca", "-o", "-"))
    assert (code, out[:12], err, lying_in(in_folder)) == (0, "# A request:", "", [])


@pytest.mark.parametrize(
    ("output", "file"),
    [("sub/", "sub/marin-county-ca.yaml"), ("own.yml", "own.yml"), (".", "marin-county-ca.yaml")],
)
def test_it_goes_where_it_is_told(output: str, file: str, run: Run, in_folder: Path) -> None:
    assert outcome(run("new", "-q", "06041", "-o", output)) == (0, f"{file}\n", "")
    assert lying_in(in_folder) == [file]
    assert f"optout check {file} " in (in_folder / file).read_text("utf-8")


def test_it_never_overwrites(run: Run, in_folder: Path) -> None:
    own = in_folder / "marin-county-ca.yaml"
    own.write_text("mine\n", "utf-8")
    assert outcome(run("new", "06041")) == (
        1,
        "",
        (
            "marin-county-ca.yaml: already exists, and optout new never replaces a file\n"
            "  hint: name another file with -o, such as -o marin-county-ca-2.yaml\n"
        ),
    )
    assert own.read_text("utf-8") == "mine\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("06041", "-o", "letter.pdf"),
            "'letter.pdf' is not a name for a request\n  hint: end it in .yaml or .yml",
        ),
        (("06041", "--letter", "x/opt-out"), None),
        (("marin",), None),
    ],
)
def test_a_wrong_command_line_writes_nothing(
    words: tuple[str, ...], told: str | None, run: Run, in_folder: Path
) -> None:
    result = run("new", *words)
    assert (result.exit_code, result.stdout, lying_in(in_folder)) == (2, "", [])
    if told:
        assert problem(result) == (2, f"{told}\n")


OWN = "secure-communities/opt-out.html.j2"


def test_the_wording_is_copied_to_the_users_own_templates(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(in_folder / "config"))
    code, out, err = outcome(run("new", "--wording"))
    path = Path(out.rstrip("\n"))
    assert (code, path.parts[-3:]) == (0, ("templates", *OWN.split("/")))
    assert path.is_relative_to(in_folder / "config")
    assert err == (
        "next: change the passages you want, and delete all the others from the file\n"
        "next: optout check\n"
        "next: optout write REQUEST\n"
    )


def _without_reference(letter: str) -> str:
    """Return a letter without the reference's last letters, which follow from its wording too."""
    return re.sub(r"(SC-\d{5}-\d{8})-\w{4}", r"\1", letter)


@pytest.mark.no_cover  # slow, with code that others cover
def test_a_copy_of_the_wording_changes_no_letter_until_it_is_changed(
    run: Run, in_folder: Path
) -> None:
    for place in ("06041", "35013"):
        assert outcome(run("new", "-q", place, "--wording", "-o", "own"))[0] == 0
    letter = ("write", "06041", "--to", "ice", "-f", "txt", "-o", "-", "-q")
    shipped, own = (outcome(run(*letter, *it))[1] for it in ((), ("--templates", "own")))
    assert re.search(r"opt-out, version \d\n$", shipped)
    assert re.search(r"opt-out, version \d, own wording\n$", own)
    unmarked = own.replace(", own wording", "")
    assert _without_reference(unmarked) == _without_reference(shipped)
    # With a file, the letters of others are not tried.
    assert outcome(run("new", "-q", "06041", "-o", "r.yaml"))[0] == 0
    assert outcome(run("check", "r.yaml", "--templates", "own"))[:2] == (0, "")


def test_counsel_changes_one_paragraph_and_deletes_the_rest(run: Run, in_folder: Path) -> None:
    path = Path(outcome(run("new", "-q", "06041", "--wording", "-o", "own"))[1].rstrip("\n"))
    assert path == Path("own/secure-communities/opt-out.marin-county-ca.html.j2")
    text = path.read_text("utf-8")
    head = text[: text.index("{% block")]
    path.write_text(f"{head}{{% block limits %}}<p>As counsel has it.</p>{{% endblock %}}", "utf-8")
    options = ("--to", "ice", "-f", "txt", "-o", "-", "-q", "--templates", "own")
    marin, dona_ana = (outcome(run("write", it, *options))[1] for it in ("06041", "35013"))
    assert ("As counsel has it." in marin, "As counsel has it." in dona_ana) == (True, False)
    assert "notice that it opts out of Secure Communities" in marin


@pytest.mark.parametrize("letter", ["287g/terminate", "secure-communities/opt-out"])
def test_the_copy_says_of_each_passage_that_can_be_changed_what_it_is(
    letter: str, run: Run, in_folder: Path, library: Library
) -> None:
    path = Path(outcome(run("new", "-q", "--wording", "--letter", letter, "-o", "own"))[1].strip())
    head, _, body = path.read_text("utf-8").partition("-#}")
    told = dict(re.findall(r"^ {4}(\w+)  +(.+?) *$", head, re.MULTILINE))
    words = library.programs.wording.blocks
    assert told == {name: words[name] for name in told}
    assert {"closing", "foot", *re.findall(r"block (\w+)", body)} <= told.keys()


def test_every_block_of_the_shipped_templates_is_described_and_no_other(library: Library) -> None:
    sources = [it.read_text("utf-8") for it in bundled.TEMPLATES.rglob("*.j2")]
    blocks = {name for it in sources for name in re.findall(r"{%-? block (\w+)", it)}
    assert blocks == library.programs.wording.blocks.keys()


def test_the_copy_ends_with_the_commands_that_try_and_use_it(run: Run, in_folder: Path) -> None:
    assert outcome(run("new", "--wording", "-o", "our wording"))[2].splitlines()[1:] == [
        "next: optout check --templates 'our wording'",
        "next: optout write REQUEST --templates 'our wording'",
    ]


def test_the_copy_for_a_request_is_of_its_letter(run: Run, write: Write, in_folder: Path) -> None:
    path = write("dakota.yaml", AGREEMENT)
    code, out, err = outcome(run("new", "--wording", str(path), "-o", "own"))
    assert (code, out) == (0, "own/287g/terminate.dakota-county-ne.html.j2\n")
    assert err.splitlines()[-1] == f"next: optout write {path} --templates own"
    assert outcome(run("check", "-q", str(path), "--templates", "own"))[:2] == (0, "")
    agency = outcome(run("new", "--wording", "hialeah-police-department-fl", "-o", "own"))
    assert (agency[0], agency[2]) == (
        2,
        (
            "--letter: name the letter of hialeah-police-department-fl\n"
            "  hint: one of 287g/effective-date, 287g/follow-up, 287g/meeting-confirmation,"
            " 287g/reply-to-refusal, 287g/revoke-personnel, 287g/suspend, 287g/terminate\n"
        ),
    )


def test_wording_that_was_changed_is_never_replaced(run: Run, in_folder: Path) -> None:
    path = Path(outcome(run("new", "-q", "--wording", "-o", "own"))[1].rstrip("\n"))
    path.write_text("mine", "utf-8")
    assert outcome(run("new", "--wording", "-o", "own"))[0] == 1
    assert path.read_text("utf-8") == "mine"


def test_a_letter_of_ones_own_has_no_shipped_wording(run: Run, in_folder: Path) -> None:
    folder = in_folder / "own" / "secure-communities"
    folder.mkdir(parents=True)
    (folder / "program.yaml").write_text(
        "letters: {plain: {title: Plain, summary: Plain., version: '1'}}\n", "utf-8"
    )
    options = ("--templates", "own", "--letter", "secure-communities/plain")
    code, _, err = outcome(run("new", "--wording", *options))
    assert (code, err) == (
        2,
        (
            "--letter: the letter 'secure-communities/plain' is your own, not one of optout's\n"
            "  hint: change secure-communities/plain.html.j2 in your own template folder\n"
        ),
    )


def test_set_refuses_a_value_that_write_would_refuse(run: Run, in_folder: Path) -> None:
    values = ("--set", "signatory.name=P", "--set", "signatory.title=Sheriff")
    code, out, err = outcome(run("new", "marin-county-ca", *values))
    assert (code, out, err.partition("\n")[0]) == (
        2,
        "",
        "--set: signatory.name 'P' is a single letter",
    )
    assert not [*in_folder.iterdir()]


def test_the_name_of_a_request_in_the_place_of_a_county_gets_a_hint(
    run: Run, in_folder: Path
) -> None:
    (in_folder / "mine.yaml").touch()
    told = "'{}' is the name of a request, not of a jurisdiction\n  hint: {}\n"
    from_it = told.format("mine.yaml", "to start from it: --from mine.yaml")
    to_it = told.format("next.yaml", "name the county, and write to that file with -o next.yaml")
    assert (problem(run("new", "mine.yaml")), problem(run("new", "next.yaml"))) == (
        (2, from_it),
        (2, to_it),
    )
