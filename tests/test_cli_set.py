"""What the command line lays on a request: `--set`, `--date`, `--letter`, data and templates."""

from collections.abc import Callable
from difflib import ndiff
from pathlib import Path

import pytest
from click.testing import CliRunner
from command_results import Run, Write, lying_in, outcome, problem
from conftest import REQUEST
from hypothesis import given, settings
from hypothesis import strategies as st

from optout_cli.cli import group
from optout_cli.model.request import Request, Signatory

MORE = REQUEST + "particulars: {reasons: [One., Two.]}\ncc: [{name: Alex}]\n"
SEAL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>\n'
SEVERAL = "- The County gives these reasons:"
SINGLE = "+ The County gives this reason:"
Letter = Callable[..., list[str]]


@pytest.fixture
def letter(run: Run, write: Write, in_folder: Path) -> Letter:
    """Return the lines of the ICE letter that a request makes with some options."""
    write("r.yaml", MORE)

    def lines(*options: str, request: str = "r.yaml") -> list[str]:
        shown = outcome(run("write", request, "-f", "txt", "--to", "ice", "-o", "-", *options))
        assert shown[0] == 0
        return shown[1].splitlines()

    return lines


def changed(old: list[str], new: list[str]) -> list[str]:
    """Return the lines that are gone and then those that are new, but for the reference."""
    lines = [line for line in ndiff(old, new) if line[0] in "+-" and line[2:].strip()]
    told = [line for line in lines if "Our reference: " not in line]
    return sorted(told, key=lambda line: line[0] == "+")


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        (["signatory.name=Robin"], ["- Pat Placeholder", "+ Robin"]),
        (["signatory.phone=415-555-0123"], ["+ Telephone 415-555-0123"]),
        (["signatory.phone="], []),
        (["signatory.name=a=b"], ["- Pat Placeholder", "+ a=b"]),
        (["signatory.name=<b>7*7"], ["- Pat Placeholder", "+ <b>7*7"]),
        (["signatory.name=Pat", "signatory.name=Robin"], ["- Pat Placeholder", "+ Robin"]),
        (["particulars.reasons.0=Uno."], ["- - One.", "+ - Uno."]),
        (["particulars.reasons.2=Three."], ["+ - Three."]),
        (["particulars.reasons.1="], [SEVERAL, "- - One.", "- - Two.", f"{SINGLE} One."]),
        (["particulars.reasons=All."], [SEVERAL, "- - One.", "- - Two.", f"{SINGLE} All."]),
        (["particulars.reasons=Uno.\n\nDos."], ["- - One.", "- - Two.", "+ - Uno.", "+ - Dos."]),
        (["cc.0.title=Counsel"], ["- Alex", "+ Alex, Counsel"]),
        (["cc.1.name=Sam"], ["- cc (3):", "+ cc (4):", "+ Sam"]),
        (["service.ice.0.by=hand"], ["+ Via hand delivery"]),
        (["date=2026-11-21"], ["- November 20, 2026", "+ November 21, 2026"]),
        (["date="], ["- November 20, 2026", "+ November 24, 2026"]),
    ],
    ids=lambda it: " ".join(it)[:40],
)
def test_set_gives_a_key_another_value(
    assignments: list[str], expected: list[str], letter: Letter
) -> None:
    options = [word for it in assignments for word in ("--set", it)]
    assert changed(letter(), letter(*options)) == expected


@pytest.mark.parametrize(
    ("assignment", "path", "message"),
    [
        ("nope=x", "nope", "request has no field 'nope'"),
        ("signatory.nmae=x", "signatory.nmae", "signatory has no field 'nmae'"),
        ("signatory=x", "signatory", "signatory must be `name: value` pairs, not 'x'"),
        ("signatory.name.first=x", "signatory.name.first", "'Pat Placeholder' is a text, so"),
        ("date=2010-02-30", "date", "date '2010-02-30' is not on the calendar"),
        ("addressing=both", "addressing", "addressing cannot be 'both'"),
        ("particulars.declines.0=all", "particulars.declines.0", "particulars.declines.0 cannot"),
        ("particulars.reasons.7=x", "particulars.reasons.7", "the list has no entry '7'"),
        ("signatory.name=a\u202eb", "signatory.name", "has an invisible character (U+20"),
        ("cc.x=x", "cc.x", "the list has no entry 'x'"),
    ],
)
def test_a_value_that_does_not_fit_is_a_fault_of_the_command_line(
    assignment: str, path: str, message: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", MORE)
    place = "--set" if message.startswith(path) else f"--set: {path}"  # told once
    expected = f"{place}: {message}"
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt", "--set", assignment))
    assert (code, out, err[: len(expected)]) == (2, "", expected)
    assert lying_in(in_folder) == ["r.yaml"]


@pytest.mark.parametrize("assignment", ["signatory.name", "=x", ".=x", "a..b=x", "a.=x"])
def test_set_needs_a_key_and_a_value(assignment: str, run: Run) -> None:
    message = f"--set {assignment!r} is not KEY=VALUE\n  hint: such as --set signatory.title=Sher"
    code, told = problem(run("write", "marin-county-ca", "-f", "txt", "--set", assignment))
    assert (code, told[: len(message)]) == (2, message)


@pytest.mark.parametrize("value", ["[One.]", "{name: Pat}", "[{name: Pat}]"])
def test_a_list_is_set_entry_by_entry(value: str, run: Run) -> None:
    code, told = problem(run("write", "marin-county-ca", "--set", f"particulars.reasons={value}"))
    assert (code, told.partition("\n")[0]) == (
        2,
        f"--set particulars.reasons takes one text, not {value!r}",
    )
    assert "--set particulars.reasons.0=" in told


def test_set_takes_away_what_the_request_has(letter: Letter) -> None:
    assert letter("--set", "signatory=")[0] == "DRAFT"


def test_a_bare_jurisdiction_takes_values_too(run: Run, in_folder: Path) -> None:
    values = ["--set", "signatory.name=Pat", "--set", "signatory.title=Sheriff"]
    found = run(
        "write", "guam", "-f", "txt", "-q", *values, "--set", "recipients.bureau.address.zip=96913"
    )
    assert outcome(found)[0] == 0
    text = (in_folder / "2026-11-24-opt-out-bureau.txt").read_text("utf-8")
    assert ("Tamuning, GU 96913" in text, "DRAFT" in text) == (True, False)


def test_the_dates_option_outweighs_the_request(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    found = run("write", "r.yaml", "-q", "-f", "txt", "--date", "2026-11-21")
    assert outcome(found)[1].split() == [
        "2026-11-21-opt-out-bureau.txt",
        "2026-11-21-opt-out-ice.txt",
    ]


def test_a_request_without_a_date_is_not_told_of_today_where_an_option_has_it(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST.replace("date: 2026-11-20\n", ""))
    dated = outcome(run("write", "r.yaml", "-f", "txt", "--date", "2026-11-21"))[2]
    undated = outcome(run("write", "r.yaml", "-f", "txt"))[2]
    assert ("dated today" in dated, "dated today" in undated) == (False, True)


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2000-01-01", "2000-01-01, before the program began (Secure Communities: 2008-10-27)"),
        ("2226-01-01", "2226-01-01, more than a year from now"),
    ],
)
def test_a_day_out_of_reach_is_a_fault_of_the_option(
    day: str, message: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    expected = f"--date: date: the letter is dated {message}\n"
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt", "--date", day))
    assert (code, out, err[: len(expected)]) == (2, "", expected)


@pytest.mark.parametrize(
    ("what", "place"), [("r.yaml", "--letter"), ("marin-county-ca", "command line")]
)
@pytest.mark.parametrize(
    ("letter", "told"),
    [
        (
            "secure-communities/optout",
            (
                "there is no letter 'secure-communities/optout'\n"
                "  hint: did you mean 'secure-communities/opt-out'?\n"
            ),
        ),
        (
            "optout",
            (
                "letter 'optout' is not the name of a letter\n"
                "  hint: write program/kind, such as secure-communities/opt-out;"
                " see `optout list letters`\n"
            ),
        ),
    ],
)
@pytest.mark.usefixtures("in_folder")
def test_a_letter_that_there_is_not_is_answered_with_what_there_is(
    what: str, place: str, letter: str, told: str, run: Run, write: Write
) -> None:
    write("r.yaml", REQUEST)
    found = outcome(run("write", what, "--letter", letter, "-f", "txt"))
    path = "" if told.startswith("letter") else "letter: "  # told once
    assert found == (2, "", f"{place}: {path}{told}")


def test_an_overlays_city_writes_in_its_own_name(letter: Letter, write: Write) -> None:
    city = "{name: City of San Rafael, kind: city, formal: the City of San Rafael,"
    city += " field-office: ero-san-francisco}"
    write("mine.yaml", f"states: {{CA: {{jurisdictions: {{san-rafael-ca: {city}}}}}}}\n")
    lines = letter("--data", "mine.yaml", "--set", "jurisdiction=san-rafael-ca")
    assert lines[0] == "City of San Rafael, California"
    assert any(line.startswith("Our reference: SC-SAN-RAFAEL-CA-20261120-") for line in lines)


OWN = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block limits %}<p>Our own.</p>{% endblock %}
"""


@pytest.mark.parametrize("kind", ["opt-out", "opt-out.CA", "opt-out.marin-county-ca"])
def test_local_wording_extends_the_letter_that_it_replaces(
    kind: str, letter: Letter, write: Write
) -> None:
    write(f"mine/secure-communities/{kind}.html.j2", OWN)
    assert "+ Our own." in changed(letter(), letter("--templates", "mine"))


def test_another_jurisdictions_wording_is_left_alone(letter: Letter, write: Write) -> None:
    write("mine/secure-communities/opt-out.NV.html.j2", OWN)
    assert letter("--templates", "mine") == letter()


def test_the_users_own_folder_is_read_without_being_named(
    letter: Letter, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    before = letter()
    data = write(
        "config/optout/jurisdictions.yaml",
        "states: {CA: {jurisdictions: {\n"
        "  zed: {name: City of Zed, field-office: ero-san-francisco}}}}\n",
    )
    write("config/optout/templates/secure-communities/opt-out.html.j2", OWN)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(data.parent.parent))
    after = letter("--set", "jurisdiction=zed")
    assert (before[0], after[0], "Our own." in after) == (
        "Marin County, California",
        "City of Zed, California",
        True,
    )


def test_a_folder_that_is_named_comes_before_the_users_own(
    letter: Letter, monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    write("config/optout/templates/secure-communities/opt-out.html.j2", OWN)
    write("mine/secure-communities/opt-out.html.j2", OWN.replace("Our own", "Named"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path("config").resolve()))
    lines = letter("--templates", "mine")
    assert ("Named." in lines, "Our own." in lines) == (True, False)


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("nowhere", "nowhere: cannot find this folder\n  hint: check the spelling\n"),
        ("r.yaml", "r.yaml: is a file, not a folder\n"),
    ],
)
def test_a_template_folder_must_be_one(
    folder: str, message: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    assert outcome(run("write", "r.yaml", "--templates", folder)) == (2, "", message)


@pytest.mark.parametrize("folder", ["", "elsewhere/", "a folder/"])
def test_a_seal_lies_beside_the_request_wherever_that_is(
    folder: str, run: Run, write: Write, in_folder: Path
) -> None:
    request = REQUEST + "letterhead: {seal: seals/ours.svg, alt: Seal}\n"
    write(f"{folder}r.yaml", request)
    write(f"{folder}seals/ours.svg", SEAL)
    found = run("write", f"{folder}r.yaml", "-q", "-f", "html", "--to", "ice", "-o", "-")
    assert ("data:image/svg+xml;base64," in outcome(found)[1], found.exit_code) == (True, 0)


def test_a_seal_of_a_piped_request_lies_in_the_working_folder(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("ours.svg", SEAL)
    request = REQUEST + "letterhead: {seal: ours.svg, alt: Seal}\n"
    found = run("write", "-", "-q", "-f", "html", "--to", "ice", "-o", "-", stdin=request)
    assert ("data:image/svg+xml;base64," in outcome(found)[1], found.exit_code) == (True, 0)


KEYS = st.sampled_from(
    [*Request.__struct_fields__, *Signatory.__struct_fields__, "bureau", "0", "x"]
)


@settings(max_examples=40)
@given(path=st.lists(KEYS, min_size=1, max_size=3), value=st.text(max_size=20))
def test_no_assignment_ends_in_a_traceback(path: list[str], value: str) -> None:
    words = [
        "write",
        "-",
        "-f",
        "txt",
        "--to",
        "ice",
        "-o",
        "-",
        "--set",
        f"{'.'.join(path)}={value}",
    ]
    found = CliRunner().invoke(group, words, input=REQUEST)
    assert outcome(found)[0] in (0, 1, 2)
