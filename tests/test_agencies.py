"""An agency of a county that signed its own 287(g) agreement: named, and kept apart from others."""

import json
from pathlib import Path

import pytest
from command_results import Run, lying_in, outcome
from make_letters import letter_for, library_with, notice_for, told_by
from run_batch import records

from optout_cli.letters import Library

BASE = """\
jurisdiction: benton-county-ar
letter: 287g/terminate
date: 2026-11-24
"""
POLICE = "Benton Police Department"
HEADER = "jurisdiction,letter,date,particulars.model,particulars.agency,particulars.reasons\n"


def given(model: str = "jem", agency: str = POLICE, more: str = "") -> str:
    named = f", agency: {json.dumps(agency)}" if agency else ""
    return f"particulars: {{model: {model}{named}{more}}}\n"


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("agency", "author"),
    [
        (POLICE, f"{POLICE}, Arkansas"),
        (f"the {POLICE}", f"{POLICE}, Arkansas"),
        (f"{POLICE}, Arkansas", f"{POLICE}, Arkansas"),
        (f"{POLICE}, AR", f"{POLICE}, Arkansas"),
        ("Arkansas State Police", "Arkansas State Police, Arkansas"),
        ("Benton County", "Benton County, Arkansas"),
        ("", "Benton County, Arkansas"),
    ],
)
def test_the_letter_names_the_agency_that_signed(
    library: Library, agency: str, author: str
) -> None:
    letter = letter_for(library, given(agency=agency), BASE)
    code = " (FIPS 05007)" if author == "Benton County, Arkansas" else ""
    named = f"287(g) agreement, Jail Enforcement Model, {author}{code}"
    assert letter.plain_subject == f"Notice of termination: {named}"
    assert letter.sender == (author,)
    assert letter.cover.facts[1:4:2] == (
        ("From:", author),
        ("Re:", f"Notice of termination: 287(g) agreement, {author}"),
    )
    assert letter.head.startswith(f"{author}{',' * (',' in author)} to U.S. Immigration")
    assert letter.notice.author == author


def test_a_signatorys_own_office_stays_at_the_head(library: Library) -> None:
    signed = "signatory: {name: Pat, title: Sheriff, office: Benton County Sheriff's Office}\n"
    letter = letter_for(library, signed + given(agency="County Detention Center"), BASE)
    assert letter.sender == ("Benton County Sheriff\u2019s Office",)
    assert letter.subject.endswith("Jail Enforcement Model, County Detention Center, Arkansas")


def test_what_was_written_is_told_and_stated_as_the_agencys(run: Run, in_folder: Path) -> None:
    (in_folder / "r.yaml").write_text(BASE + given(), "utf-8")
    told = outcome(run("write", "r.yaml", "-f", "json", "-o", "out/"))[2]
    assert f"written: 1 letter of 2026-11-24 (json) for {POLICE}, Arkansas, reference 287G-" in told
    name = "2026-11-24-terminate-jem-benton-police-department-ice.json"
    stated = json.loads((in_folder / "out" / name).read_text("utf-8"))
    assert (stated["author"], stated["variant"]) == (
        f"{POLICE}, Arkansas",
        "jem-benton-police-department",
    )
    follow = ("--letter", "287g/follow-up", "-o", "f.yaml")
    assert outcome(run("new", "--follow", f"out/{name}", *follow))[0] == 0
    assert outcome(run("write", "f.yaml", "-f", "txt", "-o", "out/"))[0] == 0
    assert "2026-11-24-follow-up-jem-benton-police-department-ice.txt" in lying_in(
        in_folder / "out"
    )


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (given(agency=""), "jem"),
        (given("wso", ""), "wso"),
        (given(), "jem-benton-police-department"),
        (given("tfm", "The BENTON Police Dept."), "tfm-benton-police-dept"),
        (given(agency="Añasco Municipal Police / K-9"), "jem-anasco-municipal-police-k-9"),
        (given(agency="O\u2019Brien Police"), "jem-obrien-police"),
        (given(agency="漢"), "jem-han"),
        (given(agency="..\\..\\CON"), "jem-con"),
        (given(agency="x" * 200), f"jem-{'x' * 60}-"),
    ],
)
def test_a_file_is_named_for_model_and_agency(library: Library, lines: str, name: str) -> None:
    found = notice_for(library, lines, BASE).file_name
    if name.endswith("-"):  # a mark of the whole name follows
        assert found.startswith(f"2026-11-24-terminate-{name}")
        assert len(found) < 120
    else:
        assert found == f"2026-11-24-terminate-{name}-ice"


def test_long_names_that_begin_alike_have_names_of_their_own(library: Library) -> None:
    long = "Department of Public Safety, Division of Corrections and Detention, Facility "
    names = {notice_for(library, given(agency=long + it), BASE).file_name for it in ("One", "Two")}
    assert len(names) == 2


def test_a_secure_communities_letter_keeps_its_name(library: Library) -> None:
    assert notice_for(library).file_name == "2026-11-20-opt-out-bureau"


def test_each_agreement_has_a_reference_of_its_own(library: Library) -> None:
    agreements = [given(), given("wso"), given(agency=""), given(agency="Rogers Police")]
    references = [notice_for(library, it, BASE).reference for it in agreements]
    assert len(set(references)) == len(agreements)


def rows(*cells: str) -> str:
    """Return a table of agreements: `jem,Benton Police Department,`."""
    return HEADER + "".join(f"05007,287g/terminate,2026-11-24,{it}\n" for it in cells)


def batch(folder: Path, run: Run, *cells: str) -> tuple[int, str, str]:
    (folder / "n.csv").write_text(rows(*cells), "utf-8")
    return outcome(run("batch", "n.csv", "-f", "txt", "-j1", "-o", "out"))


def written() -> list[str]:
    paths = (str(it["path"]) for it in records())
    return sorted(Path(it).name.removeprefix("2026-11-24-terminate-") for it in paths)


THREE = ("jem,Benton Police Department,", "wso,Benton Police Department,", "jem,Rogers Police,")


def test_agencies_and_models_of_one_county_are_written_side_by_side(
    run: Run, in_folder: Path
) -> None:
    assert batch(in_folder, run, *THREE, "jem,,")[0] == 0
    assert written() == [
        "jem-benton-police-department-ice.txt",
        "jem-ice.txt",
        "jem-rogers-police-ice.txt",
        "wso-benton-police-department-ice.txt",
    ]
    assert {it["name"] for it in records()} == {
        "Benton County, AR",
        "Benton Police Department, Arkansas",
        "Rogers Police, Arkansas",
    }


def test_a_row_that_is_gone_takes_no_other_agencys_letter_with_it(
    run: Run, in_folder: Path
) -> None:
    batch(in_folder, run, *THREE)
    code, _, told = batch(in_folder, run, *THREE[:2])
    assert (code, len(written())) == (0, 3)
    assert "no longer has the rows of 1 file; move them away" in told


def test_a_changed_row_replaces_its_own_letter_alone(run: Run, in_folder: Path) -> None:
    batch(in_folder, run, *THREE)
    before = {it["path"]: it["sha256"] for it in records()}
    assert batch(in_folder, run, THREE[0] + "The jail has no staff.", *THREE[1:])[0] == 0
    after = {it["path"]: it["sha256"] for it in records()}
    changed = [Path(str(it)).name for it in after if after[it] != before.get(it)]
    assert changed == ["2026-11-24-terminate-jem-benton-police-department-ice.txt"]
    assert before.keys() == after.keys()


ALIKE = (
    "particulars.agency gives both the same file name: add the city to one of the names,"
    " or delete one of the two"
)


@pytest.mark.parametrize(
    ("cells", "hint"),
    [
        (
            ("jem,Benton Police,One.", "jem,BENTON POLICE,Two."),
            ALIKE,
        ),
        (("jem,St. Mary's PD,One.", "jem,St Marys PD,Two."), ALIKE),
        (("jem,Peñasco PD,One.", "jem,Penasco PD,Two."), ALIKE),
        (
            ("jem,Benton Police,One.", "jem,Benton Police,Two."),
            "delete one of the two; with different dates, both go out",
        ),
        (
            ("jem,,One.", "jem,,Two."),
            "fill in particulars.agency, or delete one of the two",
        ),
        (("jem,,One.", "jem,,One."), "they ask for the same letter: delete one of the two"),
    ],
)
def test_two_rows_for_one_file_still_refuse_each_other(
    run: Run, in_folder: Path, cells: tuple[str, str], hint: str
) -> None:
    code, _, told = batch(in_folder, run, *cells)
    assert code == 3
    assert told.count(f"hint: {hint}\n") == 2


@pytest.mark.parametrize("line", ["author: agence", "told-apart-by: [model, agence]"])
def test_a_program_names_particulars_that_it_has(tmp_path: Path, line: str) -> None:
    library = library_with(tmp_path, {"287g/program.yaml": f"{line}\n"})
    told = told_by(lambda: library.programs)
    assert "names 'agence', which does not exist\n  hint: did you mean 'agency'?" in told
