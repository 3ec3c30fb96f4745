"""A user's own wording: the notes and problems it causes, and the files that are never read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, words
from conftest import ROOT, TODAY
from edit_wording import EXTENDS, LETTER, NAME, OWN, REQUEST, WITH, own_wording, told

from optout_cli.cache import Cache
from optout_cli.errors import Problem
from optout_cli.letters import Library
from optout_cli.lint import unused_files
from optout_cli.lint.trial_letters import try_program

pytestmark = [
    pytest.mark.no_cover,  # many trial letters, with code that others cover
    pytest.mark.usefixtures("with_typst"),
]

NO_YEAR = "a day without its year; a deadline must come from the request"
CLAIMS = (
    f"{OWN}:3: says 'ICE must': no source obliges them; quote what a source says, with its date",
    f"{OWN}:5: says 'by December 1': {NO_YEAR}",
)


def reasons(words: str) -> str:
    return f"{EXTENDS}{{% block reasons %}}\n{words}{{% endblock %}}\n"


CLAIMING = reasons("<p>We write. ICE <em>must</em> answer.</p>\n\n<p>It is due by\nDecember 1.</p>")


@pytest.fixture
def own(write: Write, in_folder: Path) -> Write:
    return own_wording(write, in_folder)


def test_a_claim_is_a_note_beside_the_letter_and_a_problem_to_check(run: Run, own: Write) -> None:
    own(NAME, CLAIMING)
    code, _, err = outcome(run(*LETTER))
    notes = [it for it in err.splitlines() if "wording" in it]
    assert (code, notes) == (0, [f"note: check your own words: {claim}" for claim in CLAIMS])
    assert outcome(run("check", "-q", "r.yaml", *WITH)) == (1, "\n".join((*CLAIMS, "")), "")


def test_batch_counts_the_claim_and_its_register_has_the_code(
    run: Run, own: Write, in_folder: Path
) -> None:
    own(NAME, CLAIMING)
    code, _, err = outcome(run("batch", "r.yaml", "-f", "txt", "-o", "out/", *WITH))
    assert (code, CLAIMS[0] in err) == (0, True)
    assert '"wording"' in (in_folder / "out" / "register.ndjson").read_text("utf-8")


def test_what_the_request_states_is_its_own(run: Run, own: Write, write: Write) -> None:
    own(NAME, f"{EXTENDS}{{% block closing %}}<p>Sincerely,</p>{{% endblock %}}")
    write("r.yaml", REQUEST + "  reasons: [ICE must answer by December 1.]\n")
    assert "ICE must answer by December 1." in outcome(run(*LETTER))[1]
    assert told(run) == []
    own(NAME, f"{EXTENDS}{{% block closing %}}<p>ICE must answer,</p>{{% endblock %}}")
    assert [it.partition(": says")[0] for it in told(run)] == [f"{OWN}:2"]


def test_shipped_wording_is_not_checked_again(run: Run, own: Write) -> None:
    own("287g/suspend.html.j2", '{% extends "builtin:287g/suspend.html.j2" %}')
    shipped = outcome(run("write", "r.yaml", "-f", "txt", "-o", "-"))
    assert outcome(run(*LETTER)) == shipped


def test_foot_and_reference_tell_own_wording_from_the_shipped(run: Run, own: Write) -> None:
    def facts() -> tuple[str, bool, str]:
        letter = json.loads(outcome(run("write", "r.yaml", "-f", "json", "-o", "-", *WITH))[1])
        return letter["reference"], letter.get("is-reworded", False), letter["template"]["sha256"]

    found = [facts()]
    for closing in ("Sincerely,", "Yours,", "Sincerely,"):
        own(NAME, f"{EXTENDS}{{% block closing %}}<p>{closing}</p>{{% endblock %}}")
        found.append(facts())
    shipped, first, second, again = found
    assert (first, shipped[1], first[1]) == (again, False, True)
    for place in (0, 2):
        assert len({it[place] for it in (shipped, first, second)}) == 3
    assert outcome(run(*LETTER))[1].endswith("287g/terminate, version 2, own wording\n")


def test_a_part_that_letters_share_makes_their_wording_ones_own(run: Run, own: Write) -> None:
    shared = '{% extends "builtin:287g/_letter.html.j2" %}\n'
    own("287g/_letter.html.j2", f"{shared}{{% block closing %}}<p>You must,</p>{{% endblock %}}")
    assert told(run)[0].startswith("wording/287g/_letter.html.j2:2: says 'You must':")


UNREAD = {
    "287g/terminte.html.j2": ("287g has no letter 'terminte'", "did you mean 'terminate'?"),
    "287gg/terminate.html.j2": ("there is no program '287gg'", "did you mean '287g'?"),
    "287g/terminate.NX.html.j2": ("there is no state or jurisdiction 'NX'", "one of AK, AL, "),
    "287g/terminate.ne.html.j2": (
        "there is no state or jurisdiction 'ne'",
        "did you mean 'NE'?",
    ),
    "287g/terminate.dakota-conty-ne.html.j2": (
        "there is no state or jurisdiction 'dakota-conty-ne'",
        "dakota-county-ne; ",
    ),
    "287g/terminate.31043.html.j2": (
        "there is no state or jurisdiction '31043'",
        "rename it to terminate.dakota-county-ne.html.j2",
    ),
    "287g/_pasages.html.j2": ("no template uses this file", "did you mean '_passages'?"),
    "_layout/name.html.j2": ("no template uses this file", "did you mean 'names'?"),
    "terminate.html.j2": (
        "is not in a program's folder",
        "move it into 287g/, or give --templates",
    ),
    "ask.html.j2": ("is not in a program's folder", "move it into its program's folder, or"),
    "287g/terminate.html.j2.txt": (
        "optout does not read a file with this name",
        "rename it to terminate.html.j2",
    ),
    "287g/terminate.NE.html": (
        "optout does not read a file with this name",
        "rename it to terminate.NE.html.j2",
    ),
    "287g/terminate.docx": (
        "optout does not read a file with this name",
        "save it as plain text: terminate.html.j2",
    ),
    "287g/terminate.j2": (
        "optout does not read a file with this name",
        "rename it to terminate.html.j2",
    ),
    "287g/reasons.j2": (
        "optout does not read a file with this name",
        "rename it to reasons.html.j2",
    ),
    "287g/program.yml": ("optout does not read a file with this name", "rename it to program.yaml"),
}


@pytest.mark.parametrize(("name", "problem"), UNREAD.items(), ids=UNREAD)
def test_a_file_that_is_never_read_is_a_problem_at_its_path(
    name: str, problem: tuple[str, str], own: Write, cache: Cache
) -> None:
    own(NAME, EXTENDS)
    own(name)
    (found,) = unused_files(Library(folders=[Path("wording")], cache=cache))
    assert str(found).startswith(f"wording/{name}: {problem[0]}\n  hint: {problem[1]}")


def test_check_reports_unread_files_with_a_request_as_well(run: Run, own: Write) -> None:
    own("287g/terminte.html.j2", EXTENDS)
    assert told(run) == [
        "wording/287g/terminte.html.j2: 287g has no letter 'terminte'",
        "  hint: did you mean 'terminate'?",
    ]


@pytest.mark.parametrize("command", ["write", "batch"])
def test_a_letter_is_not_written_without_a_word_about_misnamed_wording(
    command: str, run: Run, own: Write
) -> None:
    own("287g/terminate.31043.html.j2", EXTENDS)
    notes = outcome(run(command, "r.yaml", "-f", "txt", "-o", "out/", *WITH))[2].splitlines()
    (warning,) = [note for note in notes if "wording/" in note]
    assert warning == (
        "note: wording/287g/terminate.31043.html.j2: there is no state or jurisdiction '31043'; "
        "rename it to terminate.dakota-county-ne.html.j2"
    )


@pytest.mark.parametrize(
    "name",
    ["287g/README.md", "287g/.terminate.html.j2.swp", "notes.docx", "287g/terminate.NE.html.j2",
     "287g/terminate.dakota-county-ne.html.j2"],
)  # fmt: skip
def test_notes_and_local_wording_are_not_unread_files(name: str, own: Write, cache: Cache) -> None:
    own(NAME, EXTENDS)
    own(name, EXTENDS)
    assert list(unused_files(Library(folders=[Path("wording")], cache=cache))) == []


def test_a_template_that_another_one_names_is_read(own: Write, cache: Cache) -> None:
    own("287g/_ours.html.j2", "{% macro ours() %}Ours.{% endmacro %}")
    own(NAME, f'{EXTENDS}{{% from "287g/_ours.html.j2" import ours %}}')
    assert list(unused_files(Library(folders=[Path("wording")], cache=cache))) == []


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        (
            "{% block opertive %}<p>Lost.</p>{% endblock %}",
            2,
            "the template that this one extends has no block 'opertive'",
            "did you mean 'operative'?",
        ),
        (
            "\n<p>Lost.</p>",
            3,
            "'Lost.' is outside every block, so it is not printed",
            "move it into the block to replace",
        ),
    ],
    ids=["block", "words"],
)
def test_words_that_are_never_printed_are_a_problem_at_their_line(
    text: str, line: int, message: str, hint: str, run: Run, own: Write
) -> None:
    own(NAME, EXTENDS + text)
    assert told(run) == [f"{OWN}:{line}: {message}", f"  hint: {hint}"]
    assert f"note: check your own words: {OWN}:{line}: {message}\n" in outcome(run(*LETTER))[2]


def test_a_block_inside_a_block_may_have_any_name(own: Write, cache: Cache) -> None:
    own(NAME, reasons("{% block ours %}<p>It is ours.</p>{% endblock %}"))
    assert list(unused_files(Library(folders=[Path("wording")], cache=cache))) == []


@pytest.mark.parametrize("name", [None, "287g/notes.txt"])
def test_a_folder_that_overrides_nothing_is_a_problem(
    name: str | None, run: Run, own: Write
) -> None:
    if name:
        own(name)
    assert told(run) == [
        "wording: no file in this folder overrides or adds a template",
        "  hint: add a letter's wording to the folder, such as 287g/terminate.html.j2",
    ]


def test_an_unknown_filter_is_found_on_a_branch_that_no_sample_takes(
    own: Write, cache: Cache
) -> None:
    own(NAME, reasons("{% if date == 1 %}<p>{{ date | longdate }}</p>{% endif %}"))
    (found,) = Library(folders=[Path("wording")], cache=cache).templates.problems()
    assert str(found) == (
        f"{OWN}:3: there is no filter 'longdate'\n  hint: did you mean 'long_date'?"
    )


def tried(cache: Cache) -> Iterator[Problem]:
    """Yield what `check` finds in the one letter of 287(g) that is reworded."""
    library = Library(folders=[Path("wording")], cache=cache)
    others = library.programs.by_id["287g"].letters.keys() - {"terminate"}
    return try_program(library, "287g", TODAY, frozenset(others))


@pytest.mark.parametrize("kept", ["", "{{ super() }}"])
def test_wording_that_drops_a_particular_is_a_problem(own: Write, cache: Cache, kept: str) -> None:
    own(NAME, reasons(f"<p>It costs too much.</p>{kept}"))
    told = (
        f"{OWN}: never prints the particular 'reasons', which a request may state\n"
        "  hint: add {{ super() }} to the block that replaces its words"
    )
    found = [str(it) for it in tried(cache)]
    assert found == ([] if kept else [told])


def test_the_hint_names_the_letters_date_and_the_single_choices(own: Write, cache: Cache) -> None:
    own(NAME, CLAIMING)
    found = [it for it in tried(cache) if it.code == "forbidden-words"]
    assert [str(it).partition("\n")[0] for it in found] == list(CLAIMS)
    assert {it.hint for it in found} == {"in a letter of 2025-07-18, model: wso, off-list: yes"}


def test_each_passage_of_a_termination_can_be_replaced_alone(run: Run, own: Write) -> None:
    own(NAME, f"{EXTENDS}{{% block clause %}}<p>Its section 9 ends it.</p>{{% endblock %}}")
    letter = words(outcome(run(*LETTER))[1])
    assert "(“the agreement”). Its section 9 ends it. The termination takes effect on" in letter


def test_a_template_may_have_a_byte_order_mark(run: Run, own: Write, in_folder: Path) -> None:
    text = (ROOT / "templates" / "secure-communities" / "opt-out.html.j2").read_text("utf-8")
    folder = in_folder / "marked" / "secure-communities"
    folder.mkdir(parents=True)
    words = ("write", "06041", "-f", "txt", "--to", "ice", "-o", "-", "-q", "--templates", "marked")
    letters = []
    for encoding in ("utf-8", "utf-8-sig"):
        (folder / "opt-out.html.j2").write_text(text, encoding)
        letters.append(outcome(run(*words)))
    assert letters[0] == letters[1]
    assert letters[0][0] == 0


@pytest.mark.parametrize("number", ["2026-13-40", "2026-02-03", "26-14"])
def test_a_number_that_looks_like_a_date_is_missed_as_a_number(
    number: str, run: Run, write: Write, in_folder: Path
) -> None:
    act = f'authority: [{{instrument: Resolution, number: "{number}"}}]\n'
    write("r.yaml", f"{REQUEST}{act}wording: {{opening: As Sheriff I write for the County.}}\n")
    code, _, err = outcome(run("write", "r.yaml", "-f", "txt", "-o", "out/"))
    assert (code, f"they leave out Resolution {number}" in err) == (0, True)
