"""What `--help` promises is so, and a slip of the pen is answered with what to type."""

import gc
import json
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, problem
from conftest import REQUEST, ROOT
from written_letters import write_letters

from optout_cli import __version__
from optout_cli.cli import COMMANDS, TOPICS, main
from optout_cli.letters import Library


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_with_its_own_line(name: str) -> None:
    command = import_module(f"optout_cli.cli.{name}").command
    assert (command.name, command.short_help) == (name, COMMANDS[name])


def test_help_lists_every_command_once(run: Run) -> None:
    listed = run("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0]
    lines = [re.split(r"  +", line.strip(), maxsplit=1) for line in listed.splitlines()]
    assert dict(lines) == COMMANDS


OPT_OUT = ROOT / "templates" / "secure-communities" / "opt-out.html.j2"


@pytest.fixture(scope="module")
def letters(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of letters as text and for Word, to copy."""
    folder = tmp_path_factory.mktemp("desk") / "letters"
    write_letters(library, folder, formats=("txt", "docx"))
    return folder


@pytest.mark.no_cover  # slow, with code that others cover
@pytest.mark.usefixtures("with_typst")
@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=str)
def test_the_examples_come_first_in_each_help_and_run(
    words: list[str], run: Run, write: Write, in_folder: Path, letters: Path
) -> None:
    if words not in ([], ["new"]):  # they write it
        write("marin-county-ca.yaml", REQUEST)
    shutil.copytree(letters, "letters")
    shutil.copy(next(letters.glob("*-ice.docx")), "from-counsel.docx")
    write("old.yaml", REQUEST)
    write("new.yaml", REQUEST)
    write("wording/secure-communities/opt-out.html.j2", OPT_OUT.read_text("utf-8"))
    if words and words[0] in ("delivered", "answer", "packet"):
        run("sent", "letters/", "--by", "certified-mail")
    write("notices.csv", "jurisdiction\n06041\n")
    write("common.yaml", "letter: secure-communities/opt-out\n")
    shown = run(*words, "--help").stdout
    block = shown.partition("Examples:\n")[2].partition("\n\n")[0]
    examples = [line.strip().removeprefix("optout ") for line in block.splitlines()]
    assert len(examples) > 1
    for example in examples:
        line = example.partition(" > ")[0]
        code, _, err = outcome(run(*shlex.split(line)))
        assert (line, code, err if code else "") == (line, 0, "")
    first = next(line for line in shown.splitlines()[1:] if line.strip())
    assert first == "  Examples:"


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=str)
def test_no_line_of_a_help_is_wider_than_a_terminal(words: list[str], run: Run) -> None:
    assert [line for line in run(*words, "--help").stdout.splitlines() if len(line) > 80] == []


def test_help_on_a_command_is_its_own_help(run: Run) -> None:
    assert outcome(run("help", "write")) == outcome(run("write", "--help"))
    assert outcome(run("help")) == outcome(run("--help"))


@pytest.mark.no_cover
@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_is_its_section_of_the_documentation_in_lines_of_a_terminal(
    name: str, run: Run
) -> None:
    code, out, err = outcome(run("help", name))
    title, line, *rest = out.splitlines()
    assert (code, err, line) == (0, "", "-" * len(title))
    assert TOPICS[name][1] in ("", title)
    assert len("".join(rest)) > 200
    prose = [line for line in rest if not line.startswith("    ")]
    assert [line for line in prose if len(line) > 80 or "](" in line or "**" in line] == []


def test_a_topic_has_its_section_and_nothing_behind_it(run: Run) -> None:
    assert outcome(run("help", "exit-codes"))[1] == (
        """\
Exit codes
----------

0    done
1    a problem in the content of a file, or in reading or writing one; with
     `--check` or `--fail-fast`, also in a row of a batch
2    a problem on the command line: an unknown option, jurisdiction, letter or
     file
3    `batch`, `sent --from`: some rows had a problem, and all others are done
130  interrupted (129 by SIGHUP, 143 by SIGTERM)
"""
    )


def test_help_on_what_there_is_not_suggests_what_there_is(run: Run) -> None:
    told = "there is no help on 'formts'\n  hint: did you mean 'formats'?\n"
    assert problem(run("help", "formts")) == (2, told)


@pytest.mark.parametrize("words", [[], *([name] for name in COMMANDS)], ids=str)
def test_h_is_help(words: list[str], run: Run) -> None:
    assert outcome(run(*words, "-h")) == outcome(run(*words, "--help"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_does(name: str) -> None:
    command = import_module(f"optout_cli.cli.{name}").command
    silent = [it.name for it in command.params if it.param_type_name == "option" and not it.help]
    assert silent == []


def test_version_is_the_packages(run: Run) -> None:
    assert outcome(run("--version")) == (0, f"optout {__version__}\n", "")


def test_without_a_command_help_is_shown_and_the_shell_is_told(run: Run) -> None:
    assert outcome(run()) == (2, "", run("--help").stdout)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("wirte", "No such command 'wirte'.\n  hint: did you mean 'write'?\n"),
        ("lst", "No such command 'lst'.\n  hint: did you mean 'list'?\n"),
        ("Write", "No such command 'Write'.\n  hint: did you mean 'write'?\n"),
        ("mail", f"No such command 'mail'.\n  hint: one of {', '.join(sorted(COMMANDS))}\n"),
        ("write r.yaml --too ice", "No such option '--too'. (Did you mean one of: '--set', '--to'"),
        ("show 06041 --jsn", "No such option '--jsn'. Did you mean '--json'?\n"),
        ("check --coverag", "No such option '--coverag'. Did you mean '--coverage'?\n"),
        ("list formats -x", "No such option '-x'.\n"),
        ("write -lead.yaml", "No such option '-l'.\n  hint: for a file, type ./-lead.yaml\n"),
        ("write --L.YAML", "No such option '--L.YAML'.\n  hint: for a file, type ./--L.YAML\n"),
        (
            "new 06041 r.yaml",
            "Got unexpected extra argument (r.yaml)\n  hint: to write there, add -o r.yaml\n",
        ),
        (
            "show Marin County, Calif.",
            "Got unexpected extra arguments (County, Calif.)\n  hint: put quotes around a name",
        ),
        ("list", "Missing argument 'WHAT'. Choose from:\n\tjurisdictions,\n\tagencies,\n"),
        ("sned", "No such command 'sned'.\n  hint: did you mean 'sent'?\n"),
        ("help sned", "there is no help on 'sned'\n  hint: did you mean 'sent'?\n"),
        ("list offices --state Texsa", "no state 'Texsa'\n  hint: did you mean 'TX'?\n"),
        (
            "show",
            (
                "Missing argument 'JURISDICTION|REQUEST'.\n"
                '  hint: such as optout show "Marin County, CA"\n'
            ),
        ),
        ("write", "Missing argument 'REQUEST|JURISDICTION'.\n  hint: such as optout write "),
        (
            "show marin county",
            (
                "Got unexpected extra argument (county)\n"
                '  hint: put quotes around a name with spaces: "Marin County, CA"\n'
            ),
        ),
        (
            "write r.yaml out/",
            "Got unexpected extra argument (out/)\n  hint: to write there, add -o",
        ),
        (
            "write r.yaml s.yaml",
            "Got unexpected extra argument (s.yaml)\n  hint: name one file at a time; ",
        ),
        ("diff a b c", "Got unexpected extra argument (c)\n  hint: leave it out\n"),
    ],
)
def test_a_slip_on_the_command_line_is_answered_with_what_to_type(
    words: str, message: str, run: Run
) -> None:
    code, told = problem(run(*words.split()))
    assert (code, told[: len(message)]) == (2, message)


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("list fromats", "formats"),
        ("review lettres/", "letters"),
        ("write r.yaml --to burea", "bureau"),
        ("schema reqest", "request"),
    ],
)
def test_an_unknown_choice_is_answered_with_the_one_that_is_meant(
    words: str, meant: str, run: Run, in_folder: Path
) -> None:
    (in_folder / "letters").mkdir()
    code, _, told = outcome(run(*words.split()))
    assert (code, told.partition("hint: ")[2]) == (2, f"did you mean '{meant}'?\n")


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("list Counties --state vermont", "list jurisdictions --state VT"),
        ("list offices --state W.Va. --json", "list offices --state WV --json"),
        ("list offices --state WVa", "list offices --state wv"),
        ("write 06041 -f json,TXT,word --check", "write 06041 -f json,txt,docx --check"),
        ("list format", "list formats"),
        ("help Exit codes", "help exit-codes"),
        ("help e-mail", "help routes"),
        ("help address", "help addresses"),
        ("list passages Terminate", "list passages 287g/terminate"),
        ("guide 06041 --letter Opt-Out -f TXT", "guide 06041 --letter secure-communities/opt-out"),
        ("new --letter OPT-OUT -o -", "new --letter secure-communities/opt-out -o -"),
        (
            "write 06041 --to ICE --engine Typst -f Text --resolution FINE -o -",
            "write 06041 --to ice --engine typst -f txt --resolution fine -o -",
        ),
    ],
)
def test_what_can_mean_one_thing_alone_is_taken_as_that(words: str, same: str, run: Run) -> None:
    assert outcome(run(*words.split())) == outcome(run(*same.split()))


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set what the shell would have handed over; give back the collector that `main` stops."""
    yield lambda *words: monkeypatch.setattr(sys, "argv", ["optout", *words])
    gc.enable()


@pytest.mark.parametrize(
    ("words", "code"),
    [("list formats", 0), ("show nowhere-county-zz", 2), ("show", 2), ("", 2)],
)
def test_the_program_leaves_with_the_commands_exit_code(
    words: str, code: int, arguments: Callable[..., None]
) -> None:
    arguments(*words.split())
    with pytest.raises(SystemExit) as left:
        main()
    assert (left.value.code or 0) == code


def test_a_table_with_several_columns_names_them_in_each_row(run: Run) -> None:
    shown = outcome(run("help", "engines"))[1]
    assert "WeasyPrint: the library Pango; Typst: nothing else" in " ".join(shown.split())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("write r.yaml -o a -o b", "--output"),
        ("write r.yaml --date 2026-11-24 --date 2026-11-25", "--date"),
        ("answer x --reply refused --reply acknowledged", "--reply"),
        ("sent x --by mail --by mail", "--by"),
        ("packet x -ofirst.pdf --output=second.pdf", "--output"),
    ],
)
def test_an_option_of_one_value_is_given_once(words: str, name: str, run: Run) -> None:
    told = f"{name} is given 2 times\n  hint: give it once: it takes one value\n"
    assert problem(run(*words.split())) == (2, told)


def test_options_that_may_be_repeated_and_flags_are_given_as_often_as_one_likes(run: Run) -> None:
    words = ("-q", "-q", "--to", "ice", "--to", "bureau", "-f", "txt", "-f", "json", "--check")
    assert outcome(run("write", "06041", *words))[0] == 0


def test_the_json_of_a_missing_argument_is_on_one_line(run: Run) -> None:
    code, _, err = outcome(run("schema", "--json"))
    assert (code, json.loads(err)["message"][:40]) == (
        2,
        "Missing argument 'WHAT'. Choose from: re",
    )


def test_a_switch_from_the_environment_is_told_what_it_takes(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_WRITE_CHECK", "maybe")
    code, _, err = outcome(run("write", "06041"))
    assert (code, "Recognized values: 0, 1," in err) == (2, True)
