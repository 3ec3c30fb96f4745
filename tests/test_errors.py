"""What a Problem prints, how many are reported, and the exit code."""

import pytest

from optout_cli.errors import (
    ExitCode,
    Location,
    OptoutError,
    Problem,
    closest,
    did_you_mean,
    raise_any,
)
from optout_cli.model.notice import Note

IN_FILE = Problem("a", "is wrong", Location("r.yaml", 3, 5))
ON_COMMAND_LINE = Problem("b", "is wrong too", Location("--set", path="ori", is_command_line=True))
NOWHERE = Problem("c", "is wrong as well")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (Location("r.yaml"), "r.yaml"),
        (Location("r.yaml", 3), "r.yaml:3"),
        (Location("r.yaml", 3, 5), "r.yaml:3:5"),
        (Location("--set", path="cc.0.name"), "--set: cc.0.name"),
        (Location("r.ndjson", 12, path="$.signatory"), "r.ndjson:12: $.signatory"),
    ],
)
def test_a_location_shows_file_line_column_and_key_path_as_far_as_known(
    location: Location, shown: str
) -> None:
    assert str(location) == shown


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        (Problem("x", "is empty"), "is empty"),
        (Problem("x", "is empty", hint="fill it"), "is empty\n  hint: fill it"),
        (Problem("x", "is empty", Location("a", 1, 2)), "a:1:2: is empty"),
        (Problem("x", "is empty", Location("a"), "fill it"), "a: is empty\n  hint: fill it"),
        (Problem("x", "is empty", Location("--set", path="ori")), "--set: ori: is empty"),
        (Problem("x", "ori is empty", Location("--set", path="ori")), "--set: ori is empty"),
    ],
)
def test_a_problem_shows_its_location_before_and_its_hint_below(
    problem: Problem, shown: str
) -> None:
    assert str(problem) == shown


def test_an_error_shows_each_problem_on_lines_of_its_own() -> None:
    assert str(OptoutError(IN_FILE, NOWHERE)) == "r.yaml:3:5: is wrong\nis wrong as well"


@pytest.mark.parametrize(
    ("problems", "code"),
    [
        ((ON_COMMAND_LINE,), ExitCode.COMMAND_LINE),
        ((ON_COMMAND_LINE, ON_COMMAND_LINE), ExitCode.COMMAND_LINE),
        ((IN_FILE,), ExitCode.CONTENT),
        ((NOWHERE,), ExitCode.CONTENT),
        ((ON_COMMAND_LINE, IN_FILE), ExitCode.CONTENT),
        ((ON_COMMAND_LINE, NOWHERE), ExitCode.CONTENT),
    ],
)
def test_only_problems_of_the_command_line_alone_end_with_its_exit_code(
    problems: tuple[Problem, ...], code: ExitCode
) -> None:
    assert OptoutError(*problems).exit_code is code


def test_exit_codes_are_the_documented_numbers() -> None:
    assert {it.name: it.value for it in ExitCode} == {
        "DONE": 0,
        "CONTENT": 1,
        "COMMAND_LINE": 2,
        "PARTLY": 3,
        "INTERRUPTED": 130,
    }


def test_all_problems_are_raised_together() -> None:
    with pytest.raises(OptoutError) as error:
        raise_any(iter([IN_FILE, NOWHERE]))
    assert error.value.problems == (IN_FILE, NOWHERE)


def test_no_problem_raises_nothing() -> None:
    raise_any(iter(()))


@pytest.mark.parametrize(
    ("word", "match"),
    [
        ("fx", "fax"),
        ("signatry", "signatory"),
        ("SIGNATORY", "signatory"),
        ("Phone", "phone"),
        ("zip", None),
        ("", None),
    ],
)
def test_the_closest_known_word_is_found_whatever_its_case(word: str, match: str | None) -> None:
    assert closest(word, ["fax", "phone", "signatory"]) == match


def test_the_closest_word_is_returned_as_it_is_known() -> None:
    assert closest("ca", ["CA", "NY"]) == "CA"


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("fx", ["phone", "fax"], "did you mean 'fax'?"),
        ("zip", ["phone", "fax"], "one of fax, phone"),
        ("zip", [], "none is known here"),
    ],
)
def test_a_hint_names_the_closest_word_or_else_all(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


@pytest.mark.parametrize(
    ("repeated", "shown"),
    [
        ("a" * 60, f"'{'a' * 60}'"),
        ("a" * 61, f"'{'a' * 60}...'"),
        ("a\n" * 40, "'" + r"a\n" * 30 + "...'"),
        ('"quoted", ' * 9, "'" + '"quoted", ' * 6 + "...'"),
        ("it's " * 20, '"' + "it's " * 12 + '..."'),
    ],
)
def test_a_message_repeats_at_most_60_characters_of_a_text(repeated: str, shown: str) -> None:
    message = f"the sheriff's name {repeated!r} is not the clerk's 'own'"
    problem = Problem("any", message)
    assert (problem.message, Problem("any", problem.message)) == (
        f"the sheriff's name {shown} is not the clerk's 'own'",
        problem,
    )
    assert Note(code="any", text=message).text == problem.message


def test_a_location_shows_at_most_60_characters_of_a_column() -> None:
    assert str(Location("n.csv", 1, path="c" * 99)) == f"n.csv:1: {'c' * 60}..."


def test_no_control_character_of_a_name_is_printed() -> None:
    place = Location("na\x1b[31m\nme\udcff.csv", 2, path="a\u202eb", label="\x9b1m")
    assert str(Problem("x", "is wrong", place)) == (
        "na\\x1b[31m\\nme\udcff.csv:2 (\\x9b1m): a\\u202eb: is wrong"
    )
