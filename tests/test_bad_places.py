"""`-o` where no letter can lie: one clear error, nothing written, and nothing half-written."""

import os
from pathlib import Path

import pytest
from command_results import LETTERS, Run, Write, lying_in, outcome, problem
from conftest import REQUEST

AS_ROOT = os.geteuid() == 0  # whom no permission stops


@pytest.fixture
def write_to(run: Run, write: Write, in_folder: Path) -> Run:
    """Run `optout write r.yaml -f txt -o PLACE ...`."""
    write("r.yaml", REQUEST)
    return lambda place, *options: run("write", "r.yaml", "-f", "txt", "-o", place, *options)


@pytest.mark.parametrize(
    ("place", "file", "reason"),
    [
        ("r.yaml/", "r.yaml", "r.yaml is a file, not a folder"),
        ("r.yaml/deep/er/", "r.yaml/deep/er", "r.yaml is a file, not a folder"),
        ("/dev/null/", "/dev/null", "/dev/null is a file, not a folder"),
        (f"{'long' * 70}/", "long" * 70, "File name too long"),
    ],
)
def test_a_folder_that_cannot_be_is_told(
    place: str, file: str, reason: str, write_to: Run, in_folder: Path
) -> None:
    assert outcome(write_to(place)) == (1, "", f"{file}: cannot be written: {reason}\n")
    assert lying_in(in_folder) == ["r.yaml"]


def test_a_file_below_a_file_is_told(write_to: Run, in_folder: Path) -> None:
    told = "r.yaml: cannot be written: r.yaml is a file, not a folder\n"
    assert outcome(write_to("r.yaml/a.txt", "--to", "ice")) == (1, "", told)
    assert lying_in(in_folder) == ["r.yaml"]


def test_a_name_that_is_too_long_is_told(write_to: Run, in_folder: Path) -> None:
    name = "long" * 70
    told = f"{name}: cannot be written: File name too long\n"
    assert outcome(write_to(name, "--to", "ice")) == (1, "", told)
    assert lying_in(in_folder) == ["r.yaml"]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("r.yaml", "'r.yaml' is not a name for a file of format txt\n  hint: end it in .txt\n"),
        (
            "letter.pdf",
            (
                "-o letter.pdf and -f txt do not go together\n"
                "  hint: end it in .txt, or use -f pdf\n"
            ),
        ),
        (
            "letter.tif",
            (
                "-o letter.tif and -f txt do not go together\n"
                "  hint: end it in .txt, or use -f tiff and end it in .tiff\n"
            ),
        ),
        (
            ".txt",
            (
                "-o .txt has an ending, but no name before it\n"
                "  hint: such as -o letter.txt; end the name of a folder with /\n"
            ),
        ),
    ],
)
def test_a_file_named_after_another_format_is_refused(
    place: str, told: str, write_to: Run, in_folder: Path
) -> None:
    assert problem(write_to(place, "--to", "ice", "--force")) == (2, told)
    assert (lying_in(in_folder), (in_folder / "r.yaml").read_text("utf-8")) == (["r.yaml"], REQUEST)


def test_a_name_without_a_suffix_is_a_folder(write_to: Run, in_folder: Path) -> None:
    assert write_to("letters", "-q").exit_code == 0
    assert {it.suffix for it in (in_folder / "letters").glob("2026*")} == {".txt"}


def test_the_format_follows_from_the_files_name(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    assert run("write", "r.yaml", "--to", "ice", "-o", "letter.TXT", "-q").exit_code == 0
    assert Path("letter.TXT").read_text("utf-8").startswith("Marin County")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_told(write_to: Run, in_folder: Path) -> None:
    told = "/dev/full: cannot be written: No space left on device\n"
    assert outcome(write_to("/dev/full", "--to", "ice")) == (1, "", told)
    assert lying_in(in_folder) == ["r.yaml"]


def test_a_device_is_written_to_as_it_is(write_to: Run) -> None:
    assert outcome(write_to("/dev/null", "-q", "--to", "ice")) == (0, "/dev/null\n", "")
    assert Path("/dev/null").is_char_device()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="this system has no /proc")
def test_a_read_only_place_is_told(write_to: Run, in_folder: Path) -> None:
    code, out, err = outcome(write_to("/proc/letters/"))
    expected = "/proc/letters: cannot be written: "
    assert (code, out, err[: len(expected)]) == (1, "", expected)


@pytest.mark.skipif(AS_ROOT, reason="no permission stops root")
def test_a_folder_without_permission_is_told(write_to: Run, in_folder: Path) -> None:
    (in_folder / "closed").mkdir(mode=0o500)
    told = "closed: cannot be written: Permission denied\n"
    assert outcome(write_to("closed/")) == (1, "", told)
    assert lying_in(in_folder) == ["closed", "r.yaml"]


def test_a_folder_in_a_letters_place_is_refused_as_the_check_says(
    write_to: Run, in_folder: Path
) -> None:
    (in_folder / "out" / LETTERS[1]).mkdir(parents=True)
    told = f"out/{LETTERS[1]}: is a folder where a letter must be\n  hint: move it away and run"
    for more in ([], ["--force"], ["--check"]):
        code, out, err = outcome(write_to("out/", *more))
        assert (code, out, err.startswith(told)) == (1, "", True)
        assert lying_in(in_folder) == [f"out/{LETTERS[1]}", "r.yaml"]


def test_a_link_to_the_signed_letter_is_as_good_as_the_letter(
    write_to: Run, in_folder: Path
) -> None:
    (in_folder / "signed").write_text("signed\n")
    (in_folder / LETTERS[1]).symlink_to("signed")
    code, out, err = outcome(write_to("./"))
    assert (code, out, err.startswith(f"{LETTERS[1]}: exists with other content;")) == (1, "", True)
    assert lying_in(in_folder) == sorted([LETTERS[1], "r.yaml", "signed"])


def test_every_letter_in_the_way_is_named(write_to: Run, in_folder: Path) -> None:
    for name in LETTERS:
        (in_folder / name).write_text("signed\n")
    hint = "name another folder with -o, or use --force, which moves this file to earlier/"
    told = [
        f"{it}: exists with other content; it may be a signed letter or another county's\n"
        f"  hint: {hint}\n"
        for it in LETTERS
    ]
    assert outcome(write_to("./")) == (1, "", "".join(told))
    assert [(in_folder / name).read_text() for name in LETTERS] == ["signed\n"] * 2


@pytest.mark.parametrize(
    "words",
    [
        "status uot/",
        "review uot/",
        "diff uot/",
        "packet uot/",
        "labels uot/",
        "sent uot/",
        "answer uot/ --reply granted",
        "sent out/a.txt --in uot/",
        "write r.yaml --templates uot/",
        "write r.yaml --files-from uot/",
        "check --templates uot/",
    ],
)
def test_a_folder_that_is_not_there_is_told_in_the_same_words(
    words: str, run: Run, in_folder: Path
) -> None:
    (in_folder / "out").mkdir()
    told = "uot/: cannot find this folder\n  hint: did you mean 'out'?\n"
    assert outcome(run(*words.split())) == (2, "", told)


def test_the_variable_that_names_no_folder_is_told(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPTOUT_STATUS_TEMPLATES", "mine")
    told = "mine: cannot find this folder (set by OPTOUT_STATUS_TEMPLATES)\n"
    assert outcome(run("status")) == (2, "", f"{told}  hint: check the spelling\n")


@pytest.mark.skipif(AS_ROOT, reason="no permission stops root")
def test_a_folder_that_may_not_be_read_is_told(run: Run, in_folder: Path) -> None:
    (in_folder / "out").mkdir(mode=0)
    assert outcome(run("status", "out")) == (2, "", "out: cannot be read: Permission denied\n")
