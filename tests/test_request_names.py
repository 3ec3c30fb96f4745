"""Which files are requests: those whose names say so; what is told of all others."""

from pathlib import Path

import pytest
from command_results import LETTERS, NOWHERE, Run, Write, paths, problem
from command_results import outcome as ended
from conftest import REQUEST


@pytest.mark.parametrize("name", ["R.YAML", "r.yml", "a request.yaml", "Ñandú/ص.yaml"])
def test_a_request_is_known_by_the_end_of_its_name(
    name: str, run: Run, write: Write, in_folder: Path
) -> None:
    write(name, REQUEST)
    assert ended(run("write", name, "-q", "-f", "txt")) == (0, paths(*LETTERS), "")


def test_a_data_file_is_no_request(run: Run, write: Write, in_folder: Path) -> None:
    write("nowhere.yaml", NOWHERE)
    told = (
        "nowhere.yaml: is a data file, not a request\n"
        "  hint: name it with --data nowhere.yaml, beside a request\n"
    )
    assert ended(run("write", "nowhere.yaml")) == (1, "", told)


def test_a_file_whose_name_ends_otherwise_is_no_request(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.txt", REQUEST)
    assert problem(run("write", "r.txt")) == (
        2,
        (
            "'r.txt' is not a request: its name does not end in .yaml, .yml or .json\n"
            "  hint: save it as plain text and name it r.yaml\n"
        ),
    )


def test_what_is_too_long_to_be_a_files_name_is_told_as_a_jurisdiction(run: Run) -> None:
    told = (
        "command line: jurisdiction is 300 characters long; at most 200 fit\n"
        "  hint: shorten it, or enclose it as a file\n"
    )
    assert ended(run("write", "x" * 300)) == (2, "", told)


def test_a_files_name_that_no_request_has_is_not_taken_for_a_county(run: Run) -> None:
    message = "cannot find 'marin-county-ca.txt'\n  hint: the name of a request ends in .yaml\n"
    assert problem(run("write", "marin-county-ca.txt")) == (2, message)
