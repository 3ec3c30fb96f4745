"""A batch deletes only its own unfinished files, and follows no link that others have planted."""

import os
from pathlib import Path

import pytest
from command_results import lying_in
from run_batch import FILES, HEADER, ROWS, Batch, below, current, records

KIM = HEADER + ROWS.replace("50001,Pat", "50001,Kim")
MOVE_IT = "  hint: move it away and run the command again, or name another folder with -o\n"
UNFINISHED = ".2026-11-20-opt-out-ice.txt.0123456789ab"


@pytest.fixture
def home(in_folder: Path) -> Path:
    """Make a folder of somebody's own files."""
    folder = in_folder / "home"
    folder.mkdir()
    for name in (".bashrc", UNFINISHED, "lock", "register.ndjson"):
        (folder / name).write_text(f"{name}, precious\n", "utf-8")
    return folder


def test_a_link_in_the_place_of_the_batchs_own_folder_is_refused(batch: Batch, home: Path) -> None:
    before = below(home)
    Path("out").mkdir()
    Path("out/.optout").symlink_to(home)
    told = "out/.optout: is a symbolic link, not the folder that optout keeps here\n"
    assert batch() == (1, "", told + MOVE_IT)
    assert (below(home), [it.name for it in Path("out").iterdir()]) == (before, [".optout"])


@pytest.mark.parametrize("place", ["out/.optout", "out/.optout/lock"])
def test_something_else_in_the_place_of_the_batchs_own_is_refused(
    place: str, batch: Batch, home: Path
) -> None:
    noun = "file" if place.endswith("lock") else "folder"
    Path(place).parent.mkdir(parents=True)
    os.mkfifo(place)
    assert batch() == (1, "", f"{place}: is not the {noun} that optout keeps here\n{MOVE_IT}")
    Path(place).unlink()
    Path(place).symlink_to(home / "new")
    assert batch()[2].startswith(f"{place}: is a symbolic link, not the {noun} that")
    assert not (home / "new").exists()


def test_only_files_that_a_killed_batch_left_are_deleted(batch: Batch, home: Path) -> None:
    own = Path("out/.optout")
    (own / ".git").mkdir(parents=True)
    (own / f"{UNFINISHED}.0123456789ab").mkdir()
    for name in (UNFINISHED, ".keep", ".keep.0123", ".keep.0123456789AB", "x.0123456789ab"):
        (own / name).write_text("", "utf-8")
    (own / ".link.0123456789ab").symlink_to(home / ".bashrc")
    before = below(home)
    left = set(lying_in(own)) - {UNFINISHED}
    assert batch("-q")[0] == 0
    assert (set(lying_in(own)), below(home)) == (left | {"end", "lock", "table"}, before)


def test_links_in_the_place_of_the_batchs_files_are_replaced_and_not_followed(
    batch: Batch, home: Path
) -> None:
    batch()
    for name in ("register.csv", "rejects.csv"):
        (home / name).write_bytes(b"precious\n")
        Path("out", name).unlink(missing_ok=True)
        Path("out", name).symlink_to(home / name)
    before = below(home)
    assert batch("-q", table=KIM + "nowhere,Pat,Sheriff\n")[0] == 3
    assert below(home) == before
    is_link = Path("out/register.csv").is_symlink()
    assert (is_link, Path("out/rejects-2.csv").exists(), len(records())) == (False, True, 6)


@pytest.mark.parametrize("name", ["new", "register.ndjson"])
def test_a_link_in_the_place_of_the_register_is_refused(
    name: str, batch: Batch, home: Path
) -> None:
    Path("out").mkdir()
    Path("out/register.ndjson").symlink_to(home / name)
    before = below(home)
    told = "out/register.ndjson: is a symbolic link, not the file that optout keeps here\n"
    assert (batch("-q"), below(home)) == ((1, "", told + MOVE_IT), before)


def test_a_link_in_the_place_of_a_letter_is_replaced_and_what_it_showed_is_kept(
    batch: Batch, home: Path
) -> None:
    batch()
    before = below(home)
    Path(FILES[0]).unlink()
    Path(FILES[0]).symlink_to(home / ".bashrc")
    assert (batch("-q")[0], batch("-q", table=KIM)[0]) == (0, 3)
    assert batch("-q", "--force")[0] == 0
    (kept,) = [it for it in Path("out").rglob("earlier/*bureau*") if not it.is_symlink()]
    assert (kept.read_text("utf-8"), Path(FILES[0]).is_symlink()) == (".bashrc, precious\n", False)
    assert below(home) == before


@pytest.mark.parametrize("options", [(), ("--force",)])
def test_a_link_that_leads_nowhere_in_the_place_of_a_letter_is_a_problem(
    options: tuple[str, ...], batch: Batch, home: Path
) -> None:
    Path(FILES[0]).parent.mkdir(parents=True)
    Path(FILES[0]).symlink_to(home / "new")
    code, _, err = batch("-q", *options)
    assert (code, f"{FILES[0]}: is a symbolic link that leads nowhere, and" in err) == (3, True)
    assert (Path(FILES[0]).is_symlink(), (home / "new").exists()) == (True, False)


def test_letters_never_move_through_a_planted_link(batch: Batch, home: Path) -> None:
    batch()
    county = Path("out/VT/addison-county-vt")
    (county / "earlier").symlink_to(home)
    before, letters = below(home), current(Path("out/VT"))
    told = f"{county}/earlier: is a symbolic link, and letters are never moved through a link"
    for table in (KIM, HEADER.replace("\n", ",date\n") + "50001,Pat,Sheriff,2026-11-19\n"):
        checked = batch("--check", table=table)
        code, _, err = batch("-q")
        assert (code, told in err, below(home)) == (3, True, before)
        assert (checked[0], told in checked[1]) == (1, True)
        assert letters.items() <= current(Path("out/VT")).items()


def test_old_letters_in_a_folder_elsewhere_are_not_moved(batch: Batch, home: Path) -> None:
    batch()
    Path("out/VT").rename(home / "VT")
    Path("out/VT").symlink_to(home / "VT")
    before = below(home)
    dated = HEADER.replace("\n", ",date\n")
    code, out, err = batch("-q", table=f"{dated}50001,Pat,Sheriff,2026-11-19\n")
    assert (code, out, below(home)) == (3, "", before)
    told = "out/VT: is a link that leads outside the folder of the letters\n"
    assert told in err
    assert told in batch("-q", "--force")[2]


@pytest.mark.parametrize("place", ["out/VT", "out/VT/addison-county-vt"])
def test_a_link_on_the_way_to_a_letter_is_a_problem_if_it_leads_out_of_the_folder(
    place: str, batch: Batch, home: Path
) -> None:
    before = below(home)
    Path(place).parent.mkdir(parents=True)
    Path(place).symlink_to(home)
    code, _, err = batch()
    assert (code in (1, 3), below(home)) == (True, before)
    told = f"{place}: is a link that leads outside the folder of the letters"
    assert f"{told}\n" in err
    assert told in batch("--check")[1]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        ("out/VT", "out/VT: is a file where a folder must be"),
        (f"{FILES[0]}/", f"{FILES[0]}: is a folder where a letter must be"),
        (f"{FILES[0]}@", f"{FILES[0]}: is a symbolic link that leads to a folder"),
        ("out/.optout", "out/.optout: is not the folder that optout keeps here"),
        ("out/register.ndjson/", "out/register.ndjson: is not the file that optout keeps here"),
        ("out", "-o out is a file, not a folder"),
    ],
)
def test_the_check_refuses_a_place_that_the_batch_cannot_have(
    make: str, told: str, batch: Batch, home: Path
) -> None:
    place = Path(make.removesuffix("@"))
    place.parent.mkdir(parents=True, exist_ok=True)
    if make.endswith("@"):
        place.symlink_to(home)
    elif make.endswith("/"):
        place.mkdir()
    else:
        place.write_text("mine", "utf-8")
    code, out, err = batch("--check")
    assert (code in (1, 2), told in out + err) == (True, True)
    assert batch()[0] in (1, 2, 3)
    assert place.is_symlink() == make.endswith("@")


def test_the_check_refuses_evidence_that_is_a_link_as_the_batch_does(
    batch: Batch, home: Path
) -> None:
    Path("act.txt").write_text("the act", "utf-8")
    columns = HEADER.replace("\n", ",enclosures.0.title,enclosures.0.file\n")
    table = f"{columns}50001,Pat,Sheriff,Act,act.txt\n50003,Pat,Sheriff,,\n"
    Path("out").mkdir()
    Path("out/evidence").symlink_to(home)
    told = "out/evidence: is a symbolic link, and evidence is never kept behind a link\n"
    for options in (("--check",), ()):
        code, out, err = batch(*options, table=table)
        assert (code in (1, 3), (out + err).count(told)) == (True, 1)
    assert not any("act" in name for name in below(home))


@pytest.mark.parametrize("options", [("--check",), ()])
def test_without_a_register_linked_evidence_keeps_no_row_from_being_written(
    options: tuple[str, ...], batch: Batch, home: Path
) -> None:
    Path("act.txt").write_text("the act", "utf-8")
    columns = HEADER.replace("\n", ",enclosures.0.title,enclosures.0.file\n")
    Path("out").mkdir()
    Path("out/evidence").symlink_to(home)
    table = f"{columns}50001,Pat,Sheriff,Act,act.txt\n"
    code, out, err = batch("--no-register", *options, table=table)
    assert (code, "evidence" in out + err) == (0, False)
