"""`optout check`: everything that is wrong, in one run, on stdout; nothing where nothing is."""

import json
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, noted, outcome, parties, problem
from conftest import REQUEST, ROOT

pytestmark = pytest.mark.usefixtures("with_typst")

# Two wrong requests and a wrong data file, and all that is wrong with them.
FAULTY = {
    "a.yaml": REQUEST.replace("signatory", "sigantory") + "addressing: both\n",
    "b.yaml": REQUEST.replace("marin-county-ca", "marine-county-ca"),
    "d.yaml": "states: {CA: {bureau: {fone: 916-555-0100, fax: 555-0101}}}\n",
}
PROBLEMS = """\
a.yaml:4:1: request has no field 'sigantory'
  hint: did you mean 'signatory'?
a.yaml:5:1: addressing cannot be 'both'
  hint: one of joint, separate
b.yaml:1:1: there is no jurisdiction 'marine-county-ca'
  hint: marin-county-ca
d.yaml:1:24: states.CA.bureau has no field 'fone'
  hint: did you mean 'phone'?
d.yaml:1:44: states.CA.bureau.fax '555-0101' is not a fax number
  hint: write it as 415-555-0123, with area code, no extension
"""
CODES = ["unknown-key", "unknown-choice", "unknown-jurisdiction", "unknown-key", "wrong-text"]


@pytest.fixture
def faulty(write: Write, in_folder: Path) -> list[str]:
    """Lie the faulty files in the folder, and name them."""
    for name, text in FAULTY.items():
        write(name, text)
    return list(FAULTY)


@pytest.mark.no_cover  # slow, with code that others cover
def test_the_shipped_data_and_templates_have_no_problem(run: Run) -> None:
    told = "no problems in data, templates and letters\n"
    assert outcome(run("check")) == (0, "", told)


def test_a_good_request_leaves_notes_and_writes_nothing(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    code, out, err = outcome(run("check", "r.yaml"))
    *lines, last = err.splitlines(keepends=True)
    assert last == "no problems in r.yaml\n"
    notes = noted("".join(lines), "r.yaml: note: ")
    assert (code, out, parties(notes)) == (0, "", ["bureau", "ice"])
    assert lying_in(in_folder) == ["r.yaml"]


def test_quiet_leaves_the_notes_out(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    assert outcome(run("check", "-q", "r.yaml")) == (0, "", "")


def test_a_request_may_come_from_standard_input(run: Run) -> None:
    code, out, err = outcome(run("check", "-", stdin=REQUEST))
    notes = noted(err.removesuffix("no problems in -\n"), "-: note: ")
    assert (code, out, parties(notes)) == (0, "", ["bureau", "ice"])


@pytest.mark.no_cover
def test_every_problem_of_every_file_is_told_in_one_run(run: Run, faulty: list[str]) -> None:
    assert outcome(run("check", *faulty)) == (1, PROBLEMS, "")


SEVERAL = """\
r.yaml:4:36: signatory has no field 'titel'
  hint: did you mean 'title'?
r.yaml:5:15: there is no file 'map.pdf' to enclose
  hint: write the file's name as seen from the request's own folder
r.yaml:6:11: secure-communities/opt-out has no passage 'zz'
  hint: `optout list passages secure-communities/opt-out` shows all passages with their words
"""


def test_a_wrong_line_does_not_hide_what_is_wrong_with_the_others(
    run: Run, write: Write, in_folder: Path
) -> None:
    lines = "enclosures: [{file: map.pdf, title: Map}]\nwording: {zz: Good day to you all.}\n"
    write("r.yaml", REQUEST.replace("title", "titel") + lines)
    assert outcome(run("check", "r.yaml")) == (1, SEVERAL, "")
    mail = "recipients: {bureau: {emial: b@a.gov}}\nservice: {bureau: [{by: email}]}\n"
    write("r.yaml", REQUEST + mail)  # no address is missing but for the slip
    assert outcome(run("check", "r.yaml"))[1].count("hint: ") == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("letter: secure-communities/opt-uot", "there is no letter"),
        ("jurisdiction: marin-conty-ca", "there is no jurisdiction"),
        ("date: soon", "date 'soon' is not a date"),
        ("date: 1999-01-01", "before the program began"),
        ("to: nobody", "to cannot be 'nobody'"),
        ("particulars: {resons: [We do not.]}", "particulars has no field 'resons'"),
    ],
)
def test_a_line_on_which_others_depend_does_not_hide_what_does_not_follow_from_it(
    line: str, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    key = line.partition(":")[0]
    kept = [other for other in REQUEST.splitlines() if not other.startswith(f"{key}:")]
    write("r.yaml", "\n".join([*kept, line, "enclosures: [{file: map.pdf, title: Map}]\n"]))
    out = outcome(run("check", "r.yaml"))[1]
    assert (told in out, "there is no file 'map.pdf' to enclose" in out) == (True, True)
    assert out.count("hint: ") == 2


@pytest.mark.no_cover
def test_json_has_an_object_for_each_problem_with_a_stable_code(
    run: Run, faulty: list[str]
) -> None:
    code, out, err = outcome(run("check", "--json", *faulty))
    told = [json.loads(line) for line in out.splitlines()]
    keys = [
        "schema",
        "problem",
        "message",
        "hint",
        "file",
        "line",
        "column",
        "path",
    ]
    assert (code, err, [it["problem"] for it in told]) == (1, "", CODES)
    assert {tuple(it) for it in told} == {(*keys, "jurisdiction")}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.yaml", "cannot find this file\n  hint: check the spelling"),
        ("folder", "is a folder, not a file\n"),
        ("r.yaml/x", "cannot be read: Not a directory\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_fault_of_the_command_line(
    name: str, message: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    (in_folder / "folder").mkdir()
    code, out, err = outcome(run("check", name))
    expected = f"{name}: {message}"
    assert (code, out[: len(expected)], err) == (2, expected, "")


def test_a_fault_in_a_files_content_outweighs_a_missing_file(run: Run, faulty: list[str]) -> None:
    assert outcome(run("check", "nowhere.yaml", "b.yaml", "-q"))[0] == 1


def test_a_name_that_is_no_text_is_shown_as_far_as_it_goes(run: Run) -> None:
    told = json.loads(outcome(run("check", "--json", "caf\udce9.yaml"))[1])
    assert told["file"] == "caf\ufffd.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "states: {CA: {bureau: {phone: 916-555-0100}}}\n",
        "offices: {ero-san-francisco: {phone: 415-555-0100}}\n",
        'states: {VT: {jurisdictions: {barre-vt: {name: "City of Barre"}}}}\n',
    ],
)
def test_a_data_file_is_checked_as_what_it_is_laid_on_the_shipped_one(
    text: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("mine.yaml", text)
    assert outcome(run("check", "mine.yaml")) == (0, "", "no problems in mine.yaml\n")


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "states: {CA: {field-office: ero-nowhere}}",
            "mine.yaml:1:15: there is no office 'ero-nowhere'\n",
        ),
        (
            "states: {CA: {bureau: {address: {city: Davis}}}}",
            (
                "mine.yaml:1:24: states.CA.bureau.address is new but has no state and no street and"
                " no zip\n  hint: write the whole address: street, city, state and zip\n"
            ),
        ),
        (
            "offices: {ero-new: {attention: Director}}",
            "mine.yaml:1:11: offices.ero-new needs 'role'\n  hint: add role: ...\n",
        ),
    ],
)
def test_a_data_file_that_does_not_fit_the_shipped_one_is_told(
    text: str, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("mine.yaml", text)
    assert outcome(run("check", "mine.yaml")) == (1, told, "")


@pytest.mark.no_cover
def test_the_shipped_data_file_may_be_named(run: Run) -> None:
    path = str(ROOT / "jurisdictions.yaml")
    assert outcome(run("check", path)) == (0, "", f"no problems in {path}\n")


def test_data_is_not_read_from_standard_input(run: Run) -> None:
    message = (
        "-: is a data file, which cannot come from standard input\n  hint: give the file's name\n"
    )
    assert outcome(run("check", "-", stdin=FAULTY["d.yaml"])) == (1, message, "")


@pytest.mark.no_cover
def test_what_is_wrong_with_the_data_is_told_once(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    write("mine.yaml", "states: {CA: {bureau: {fone: 916-555-0100}}}\n")
    told = "mine.yaml:1:24: states.CA.bureau has no field 'fone'\n  hint: did you mean 'phone'?\n"
    found = outcome(run("check", "--data", "mine.yaml", "r.yaml", "mine.yaml"))
    assert found == (1, told, "")


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ("CA: {bureau: {fone: 916-555-0100}}", "states.CA.bureau has no field 'fone'"),
        ("CA: hello", "states.CA must be `name: value` pairs, not 'hello'"),
        ("CA: {laws: x}", "states.CA.laws must be a list, not 'x'"),
        (
            "CA: {jurisdictions: [a]}",
            "states.CA.jurisdictions must be `name: value` pairs, not a list",
        ),
        ("CA: {field-office: ero-nowhere}", "there is no office 'ero-nowhere'"),
        ('QQ: {jurisdictions: {"99001": {name: Q County}}}', "states.QQ needs 'name'"),
        (
            'CA: {jurisdictions: {"06041": {activated: 2010-13-09}}}',
            "states.CA.jurisdictions.06041.activated '2010-13-09' is not on the calendar",
        ),
    ],
)
def test_a_mistake_in_data_of_ones_own_is_told_where_all_letters_are_tried(
    run: Run, write: Write, in_folder: Path, mistake: str, told: str
) -> None:
    write("mine.yaml", f"states: {{{mistake}}}\n")
    write("mine/secure-communities/opt-out.CA.html.j2", "{% extends 'no-such.html.j2' %}\n")
    # With templates of one's own, fewer letters are tried: one mistake is enough for all of them.
    ways = [("--templates", "mine"), ()] if mistake == "CA: hello" else [("--templates", "mine")]
    for words in ways:
        code, out, _ = outcome(run("check", "--data", "mine.yaml", *words))
        found = [line for line in out.splitlines() if line.startswith("mine.yaml:")]
        assert (code, len(found), found[0].endswith(f": {told}")) == (1, 1, True)


def test_a_program_that_cannot_be_read_is_told_once(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("mine/jail-phones/program.yaml", "title: Jail telephones\ncode: JT\nperiods: []\n")
    told = (
        "mine/jail-phones/program.yaml: program needs 'recipients'\n  hint: add recipients: ...\n"
        "mine/jail-phones/program.yaml: program needs 'letters'\n  hint: add letters: ...\n"
    )
    assert outcome(run("check", "--templates", "mine", "r.yaml")) == (1, told, "")


def test_an_address_that_is_too_long_for_the_window_is_told(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)  # with a file, the letters of others are not tried
    write("mine.yaml", "offices: {ero-el-paso: {envelope: [A, B, C, D, E]}}\n")
    told = (
        "mine.yaml:1:11: ero-el-paso: the address takes 5 lines in the envelope's window\n"
        "  hint: add envelope: with at most 4 lines of 3.25 in\n"
    )
    assert outcome(run("check", "-q", "r.yaml", "--data", "mine.yaml")) == (1, told, "")


def test_a_requests_own_long_address_is_a_note(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST + "recipients: {ice: {organization: [A, B, C, D]}}\n")
    code, out, err = outcome(run("check", "r.yaml"))
    told = "shorten ICE's address with envelope:, since it takes 7 lines"
    notes = noted(err.removesuffix("no problems in r.yaml\n"), "r.yaml: note: ")
    assert (code, out, next(it for it in notes if it.startswith("shorten"))) == (0, "", told)


def test_a_character_that_no_page_can_show_is_found_before_the_letter_is_written(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST.replace("Pat", "\u2603"))
    code, out, _ = outcome(run("check", "r.yaml", "-q"))
    assert (code, out.splitlines()[0].endswith(" has no character '\u2603' (U+2603)")) == (1, True)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        (
            "secure-communities/opt-out.html.j2",
            "<p>\n{% if %}</p>\n",
            (
                "mine/secure-communities/opt-out.html.j2:2: {% %} is not complete\n"
                "  hint: for example: {% if signatory %}\n"
            ),
        ),
        (
            "secure-communities/opt-out.html.j2",
            "<p>One.</p>\n<table></table>\n",
            (
                "mine/secure-communities/opt-out.html.j2:2: <table> is not allowed in a letter\n"
                "  hint: allowed: <p>, <ol>, <ul>, <li>, <blockquote>, <strong>, <em>, <code>,"
                " <br>, <h2>, <a>\n"
            ),
        ),
        (
            "secure-communities/program.yaml",
            'letters: {next: {title: Next, summary: It asks., version: "1", reviewed-by: null}}\n',
            (
                "mine/secure-communities/program.yaml:1:11: the letter 'secure-communities/next'"
                " has no template\n"
                "  hint: add the file secure-communities/next.html.j2\n"
            ),
        ),
    ],
)
def test_what_is_wrong_with_a_template_folder_is_told(
    name: str, text: str, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)  # with a file, the letters of others are not tried
    write(f"mine/{name}", text)
    assert outcome(run("check", "-q", "r.yaml", "--templates", "mine")) == (1, told, "")


def test_coverage_counts_what_the_data_has_and_lacks(run: Run) -> None:
    code, out, err = outcome(run("check", "--coverage", "--json"))
    rows = [json.loads(line) for line in out.splitlines()]
    sums = {it["what"]: it["have"] + it["lack"] for it in rows}
    assert (code, err, {tuple(it) for it in rows}) == (
        0,
        "",
        {("schema", "what", "fact", "have", "lack")},
    )
    assert sums == {
        "jurisdictions": 3234,
        "states": 56,
        "agencies": 1551,
        "agreements": 1843,
        "laws": 66,
        "bureaus": 56,
        "ICE offices": 28,
    }


def test_coverage_counts_what_was_checked_too_long_ago(run: Run) -> None:
    lines = outcome(run("check", "--coverage", "--max-age", "30"))[1].splitlines()
    assert [line.split() for line in lines if "since" in line] == [
        ["laws", "checked", "since", "2026-10-25", "66", "0"],
        ["contacts", "checked", "since", "2026-10-25", "0", "84"],
    ]


def test_an_age_without_coverage_is_a_slip(run: Run) -> None:
    assert problem(run("check", "--max-age", "30")) == (
        2,
        "--max-age works only with --coverage\n  hint: add --coverage\n",
    )


def test_the_coverage_table_says_what_json_says(run: Run) -> None:
    rows = [json.loads(it) for it in outcome(run("check", "--coverage", "--json"))[1].splitlines()]
    table = outcome(run("check", "--coverage"))[1].splitlines()
    assert table[0].split() == ["what", "fact", "have", "lack"]
    assert [line.split()[-2:] for line in table[1:]] == [
        [str(it["have"]), str(it["lack"])] for it in rows
    ]


def test_a_correction_shows_in_the_coverage(run: Run, write: Write, in_folder: Path) -> None:
    write("mine.yaml", "states: {CA: {bureau: {verified: 2026-11-01}}}\n")
    out = outcome(run("check", "--coverage", "--data", "mine.yaml"))[1]
    row = next(line for line in out.splitlines() if line.startswith("bureaus        verified"))
    assert row.split() == ["bureaus", "verified", "1", "55"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("r.txt", "name it r.yaml"), ("r.csv", "use optout batch; --check checks it")],
)
def test_a_file_that_write_would_not_take_is_not_found_right(
    name: str, hint: str, run: Run, write: Write, in_folder: Path
) -> None:
    write(name, REQUEST)
    told = [outcome(run(command, name))[::2] for command in ("check", "write")]
    assert [code for code, _ in told] == [2, 2]
    assert all(hint in err for _, err in told)


def test_the_name_of_a_file_breaks_no_line_of_a_note(run: Run, write: Write) -> None:
    write("two\nlines.yaml", REQUEST)
    _, _, err = outcome(run("check", "two\nlines.yaml"))
    assert all(line.startswith(r"two\nlines.yaml: note: ") for line in err.splitlines()[:-1])
