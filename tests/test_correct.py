"""`optout correct` keeps what an office confirmed, with who, how and when."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from answer_questions import SIGNS, Clerk, at_the_terminal, data_in
from command_results import Run, Write, outcome, problem, words

from optout_cli import bundled
from optout_cli.cli import ask as asking
from optout_cli.cli import correct
from optout_cli.model.jurisdiction import Address, Contact

pytestmark = pytest.mark.usefixtures("with_typst")

BY = ("--who", "the records desk", "--how", "telephone")
MOVED = (
    *("--set", "address.street.0=1 New Street", "--set", "address.city=Miami"),
    *("--set", "address.zip=33101"),
)


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, in_folder: Path) -> Path:
    home = in_folder / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    return home / "optout" / "corrections.yaml"


def kept(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)


@cache
def shipped_state(code: str) -> Any:
    return kept(bundled.JURISDICTIONS)["states"][code]


def contact(run: Run, place: str, party: int) -> dict[str, Any]:
    (outlook,) = [
        it
        for it in json.loads(outcome(run("show", place, "--json"))[1])["outlooks"]
        if it["program"] == "secure-communities"
    ]
    known: dict[str, Any] = outlook["recipients"][party]["contact"]
    return known


@pytest.mark.no_cover
@pytest.mark.parametrize("what", ["california", "CA", "bureau-ca", "Calif."])
def test_a_state_means_its_bureau(what: str, run: Run, own: Path) -> None:
    code, out, err = outcome(run("correct", what, "--set", "phone=916-555-0100", *BY))
    assert (code, out, err) == (0, f"{own}\n", "")
    bureau = kept(own)["states"]["CA"]["bureau"]
    shipped = shipped_state("CA")
    source = {key: value for key, value in shipped["bureau"]["source"].items() if value}
    told = "your office's own entry of 2026-11-24: phone; confirmed by the records desk, telephone"
    assert (bureau["phone"], bureau["source"], bureau["verified"], bureau["verified-by"]) == (
        "916-555-0100",
        {**source, "note": f"{source['note'].removesuffix('.')}; {told}"},
        "2026-11-24",
        "telephone",
    )


def test_an_office_that_is_confirmed_again_has_its_source_once(run: Run, own: Path) -> None:
    for day in ("2026-11-20", "2026-11-24"):
        assert outcome(run("correct", "ero-miami", "--on", day, *BY))[0] == 0
    office = kept(own)["offices"]["ero-miami"]
    said = "confirmed by the records desk, telephone"
    assert (office["source"]["note"].count(said), office["verified"]) == (1, "2026-11-24")


def test_a_correction_is_taken_back_and_the_others_stay(run: Run, own: Path) -> None:
    before = contact(run, "06041", 0)
    for what in ("CA", "ero-miami"):
        run("correct", what, "--set", "phone=916-555-0100", *BY)
    assert outcome(run("correct", "california", "--undo")) == (0, f"{own}\n", "")
    assert (kept(own).keys(), contact(run, "06041", 0)) == ({"offices"}, before)
    earlier = [kept(path) for path in (own.parent / "earlier").iterdir()]
    assert any("states" in corrections for corrections in earlier)
    code, out, err = outcome(run("correct", "CA", "--undo"))
    assert (code, out, "you have corrected nothing of CA.bureau" in err) == (1, "", True)
    assert outcome(run("correct", "CA", "--undo", *BY))[0] == 2
    assert outcome(run("correct", "ero-miami", "--undo"))[0] == 0
    assert kept(own) == {}


def test_a_new_address_is_the_offices_own_entry(run: Run, own: Path) -> None:
    assert outcome(run("correct", "ero-miami", *MOVED, *BY))[0] == 0
    assert kept(own)["offices"]["ero-miami"]["source"] == {
        "kind": "official",
        "date": "2026-11-24",
        "note": "your office's own entry, confirmed by the records desk, telephone",
    }


def test_a_part_of_the_address_and_how_it_was_confirmed_are_read_as_people_type_them(
    run: Run, own: Path
) -> None:
    said = ("--set", "zip=33028", "--who", "Kim Doe", "--how", "by telephone")
    assert outcome(run("correct", "ero-miami", *said))[0] == 0
    office = kept(own)["offices"]["ero-miami"]
    assert (office["address"]["zip"], office["verified-by"]) == ("33028", "telephone")
    err = outcome(run("write", "broward-county-fl", "--to", "ice", "-f", "txt", "-o", "-"))[2]
    assert "use ICE's address from your office's own entry (2026-11-24), confirmed by" in err


def test_a_new_telephone_leaves_the_address_to_its_source(run: Run, own: Path) -> None:
    assert outcome(run("correct", "idaho", "--set", "phone=208-555-0199", *BY))[0] == 0
    err = outcome(run("write", "ada-county-id", "--to", "bureau", "-f", "txt", "-o", "-"))[2]
    assert "use the bureau's address from an official source (" in err


def test_later_letters_use_it_and_say_that_it_is_confirmed(run: Run, own: Path) -> None:
    assert outcome(run("correct", "california", "--set", "phone=916-555-0100", *BY))[0] == 0
    known = contact(run, "marin-county-ca", 0)
    assert (known["phone"], known["verified"]) == ("916-555-0100", "2026-11-24")
    letter = ("write", "marin-county-ca", "--to", "bureau", "-f", "txt", "-o", "-", "--strict")
    assert "confirmed by telephone on 2026-11-24" in words(outcome(run(*letter))[2])
    assert str(own) in outcome(run("show", "marin-county-ca"))[1]


def test_an_office_keeps_its_title_and_its_envelope_gets_the_address(run: Run, own: Path) -> None:
    assert outcome(run("correct", "ero-miami", *MOVED, *BY, "--on", "2026-11-20"))[0] == 0
    known = kept(own)["offices"]["ero-miami"]
    assert (known["attention"], known["address"], known["envelope"][1:], known["verified"]) == (
        "Field Office Director",
        {"street": ["1 New Street"], "city": "Miami", "state": "FL", "zip": "33101"},
        ["U.S. Immigration and Customs Enforcement, ERO", "1 New Street", "Miami, FL 33101"],
        "2026-11-20",
    )


@pytest.mark.no_cover
def test_an_address_too_long_for_the_window_is_told_at_once_and_fails_no_other_check(
    run: Run, own: Path, write: Write
) -> None:
    head = "jurisdiction: marin-county-ca\nletter: secure-communities/opt-out\n"
    write("marin.yaml", head + "signatory: {name: Pat Pi, title: Sheriff}\n")
    name = ("--set", "organization.0=Vermont State Police, Crime Information")
    code, out, err = outcome(run("correct", "VT", *name, *BY))
    assert (code, out) == (0, f"{own}\n")
    assert "the address takes 5 lines, and the window of an envelope shows 4" in words(err)
    assert outcome(run("check", "-q", "marin.yaml")) == (0, "", "")
    assert "the address takes 5 lines" in outcome(run("check", "-q", "--coverage"))[1]


def test_nothing_set_confirms_the_contact_as_it_is(run: Run, own: Path) -> None:
    assert outcome(run("correct", "ero-miami", *BY))[0] == 0
    assert kept(own)["offices"]["ero-miami"]["envelope"][0] == (
        "Field Office Director, Miami Field Office"
    )


@pytest.mark.no_cover
def test_corrections_stand_side_by_side(run: Run, own: Path) -> None:
    for what, change in (
        ("CA", "phone=916-555-0100"),
        ("marin-county-ca", "formal=the County of Marin"),
        ("hialeah-police-department-fl", "county=12086"),
        ("CA", "fax=916-555-0101"),
        ("new-york", "fax=518-555-0101"),
    ):
        assert outcome(run("correct", what, "--set", change, *BY))[0] == 0
    states = kept(own)["states"]
    assert (
        states["CA"]["bureau"]["phone"],
        states["CA"]["bureau"]["fax"],
        states["NY"]["bureau"]["fax"],
        states["CA"]["jurisdictions"],
        states["FL"]["agencies"]["hialeah-police-department-fl"],
    ) == (
        "916-555-0100",
        "916-555-0101",
        "518-555-0101",
        {
            "06041": {
                "formal": "the County of Marin",
                "note": "confirmed by the records desk, telephone, 2026-11-24",
            }
        },
        {
            "county": "12086",
            "note": "confirmed by the records desk, telephone, 2026-11-24",
        },
    )
    assert len([*(own.parent / "earlier").iterdir()]) == 4
    assert outcome(run("show", "marin-county-ca"))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (  # the command line is wrong, not a file
            ("CA", "--set", "fone=1", *BY),
            "--set: fone: contact has no field 'fone'\n  hint: did you mean 'phone'?\n",
        ),
        (
            ("marin-county-ca", *BY),
            (
                "nothing to correct in 06041\n"
                "  hint: say what changed, such as --set formal='the City of Ross'\n"
            ),
        ),
        (
            ("marin-county-ca", "--set", "phone=415-555-0100", *BY),
            (
                "nothing to correct in 06041: the data of a place has no phone\n"
                "  hint: the sender's own is in the request (signatory:); for the bureau, name the"
                " state\n"
            ),
        ),
        (
            ("marin-county-ca", "--set", "field-office=ero-nowhere", *BY),
            "corrections.yaml:7:9: there is no office 'ero-nowhere'\n",
        ),
    ],
)
def test_a_correction_that_does_not_fit_writes_nothing(
    arguments: tuple[str, ...], told: str, run: Run, own: Path
) -> None:
    code, *rest = outcome(run("correct", *arguments))
    assert (code in (1, 2), *rest, own.exists()) == (True, "", told, False)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("CA",), "no --who and no --how\n  hint: say who confirmed it, and how\n"),
        (("CA", "--who", "x"), "no --how\n  hint: say who confirmed it, and how\n"),
        (
            ("CA", *BY, "--on", "2027-01-01"),
            "--on 2027-01-01 is in the future\n  hint: name the day on which you asked\n",
        ),
    ],
)
def test_who_and_how_and_a_day_that_was_are_needed(
    arguments: tuple[str, ...], told: str, run: Run, own: Path
) -> None:
    assert (problem(run("correct", *arguments)), own.exists()) == ((2, told), False)


def at_terminal(monkeypatch: pytest.MonkeyPatch, clerk: Clerk) -> None:
    monkeypatch.setattr(correct, "is_terminal", lambda: True)
    monkeypatch.setattr(asking, "_prompt", clerk)


@pytest.mark.parametrize(
    ("what", "assignment"),
    [
        ("ero-miami", "organization=yes"),
        ("ero-miami", "attention=TBD"),
        ("marin-county-ca", "formal=no"),
    ],
)
def test_a_text_that_no_letter_can_mean_is_refused(
    what: str, assignment: str, run: Run, own: Path
) -> None:
    code, _, err = outcome(run("correct", what, "--set", assignment, *BY))
    assert (code, own.exists()) == (2, False)
    assert f"{assignment.rpartition('=')[2]!r} " in err


def test_semicolons_divide_lines_as_show_prints_them(run: Run, own: Path) -> None:
    option = "organization=U.S. Immigration and Customs Enforcement; Miami Field Office"
    assert outcome(run("correct", "ero-miami", "--set", option, *BY))[0] == 0
    assert kept(own)["offices"]["ero-miami"]["organization"] == [
        "U.S. Immigration and Customs Enforcement",
        "Miami Field Office",
    ]


def test_on_a_terminal_it_asks_for_each_value(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = Clerk(
        {
            "Organization": "State Police; Records",
            "Telephone": "916-555-0100",
            "Who": "the desk",
            "On what date": ["2027-01-01", "soon", "2026-11-23"],
        }
    )
    at_terminal(monkeypatch, clerk)
    code, _, told = outcome(run("correct", "california"))
    known = kept(own)["states"]["CA"]["bureau"]
    assert (code, clerk.unused, known["organization"], known["phone"], known["verified"]) == (
        0,
        [],
        ["State Police", "Records"],
        "916-555-0100",
        "2026-11-23",
    )
    assert known["address"]["city"] == "Sacramento"
    assert "2027-01-01 is in the future" in told
    assert "'soon' is not a date" in told


def test_on_a_terminal_each_value_is_checked_at_once_and_may_be_changed(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = Clerk(
        {
            "Title": "?",
            "Organization": ["yes", "Pennsylvania State Police; Central Repository - RCPU"],
            "City": ["Harisburg", "Harrisburg"],
            "State": "<",
            "ZIP": ["1711", "17111"],
            "Fax": ["717", "717-555-0100"],
            "Who": ["<", "the desk"],
        }
    )
    at_terminal(monkeypatch, clerk)
    code, _, told = outcome(run("correct", "PA"))
    known = kept(own)["states"]["PA"]["bureau"]
    assert (code, clerk.unused, known["address"], known["fax"], known.get("attention")) == (
        0,
        [],
        {
            "street": ["1800 Elmerton Avenue"],
            "city": "Harrisburg",
            "state": "PA",
            "zip": "17111",
        },
        "717-555-0100",
        None,
    )
    assert "'1711' is not a ZIP code" in told
    assert "'yes' only answers a question" in told
    assert clerk.asked["Write this? [Y/n]"] == [""]
    assert "  ZIP code: 17111\n  Fax: 717-555-0100\n" in told


def test_on_a_terminal_no_at_the_end_writes_nothing(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_terminal(monkeypatch, Clerk({"Who": "the desk", "Nothing changed": "n"}))
    code, _, told = outcome(run("correct", "california"))
    assert (code, told.splitlines()[-1], own.exists()) == (
        130,
        "stopped; nothing was corrected",
        False,
    )


def test_on_a_terminal_a_jurisdiction_is_asked_for_its_names(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_terminal(monkeypatch, Clerk({"Formal": "the County of Marin", "Who": "the clerk"}))
    assert outcome(run("correct", "marin-county-ca"))[0] == 0
    assert kept(own)["states"]["CA"]["jurisdictions"]["06041"]["formal"] == "the County of Marin"


def test_an_interrupt_corrects_nothing(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_label: str, _offered: str) -> str:
        raise click.Abort

    at_terminal(monkeypatch, Clerk({}))
    monkeypatch.setattr(asking, "_prompt", stop)
    code, _, told = outcome(run("correct", "california"))
    assert (code, told.splitlines()[-1], own.exists()) == (
        130,
        "stopped; nothing was corrected",
        False,
    )


@pytest.mark.no_cover
def test_an_address_that_new_heard_is_right_is_not_asked_for_again(
    run: Run, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = at_the_terminal(run, in_folder, monkeypatch)
    answers = SIGNS | {"Is this address right?": ["yes", "later"]}
    result, clerk = asked(answers, "marin-county-ca", "-o", "one.yaml")
    assert (result.exit_code, len(clerk.asked["Is this address right?"])) == (0, 2)
    assert data_in("one.yaml")["recipients"]["bureau"]["confirmed"]["by"] == "telephone"
    result, clerk = asked(SIGNS, "sonoma-county-ca", "-o", "two.yaml")
    assert (result.exit_code, len(clerk.asked["Is this address right?"])) == (0, 1)
    assert "confirmed by telephone on 2026-11-24" in words(result.stderr)


def test_an_office_without_an_address_gets_no_window_without_its_name() -> None:
    address = Address(street=("1 New Street",), city="Lincoln", state="NE", zip="68509")
    assert Contact(organization=("State Patrol",)).envelope_at(address) == ()


def test_a_salutation_that_is_typed_is_kept(run: Run, own: Path) -> None:
    typed = ("--set", "salutation=Dear Major:", "--set", "organization.0=State Patrol")
    assert outcome(run("correct", "NE", *typed, *BY))[0] == 0
    assert kept(own)["states"]["NE"]["bureau"]["salutation"] == "Dear Major:"


def test_a_telephone_number_gets_its_hyphens(run: Run, own: Path) -> None:
    assert outcome(run("correct", "CA", "--set", "phone=9165550100", *BY))[0] == 0
    assert kept(own)["states"]["CA"]["bureau"]["phone"] == "916-555-0100"


@pytest.mark.parametrize(
    ("what", "meant"), [("Californa", "California"), ("ero-san-fransisco", "ero-san-francisco")]
)
def test_a_misspelled_state_or_office_is_told(what: str, meant: str, run: Run, own: Path) -> None:
    told = f"WHAT: there is no jurisdiction {what!r}\n  hint: did you mean {meant!r}?\n"
    assert (outcome(run("correct", what, *BY)), own.exists()) == ((2, "", told), False)
