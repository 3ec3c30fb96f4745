"""Overlays add to the data and change it, by id and field by field, without mixing two facts."""

from collections.abc import Callable
from pathlib import Path

import pytest
from make_letters import problems_of, told_by

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.directory import Directory, load_directory
from optout_cli.errors import ExitCode, OptoutError
from optout_cli.model.jurisdiction import Address, Contact, Source

Write = Callable[..., Path]

SHIPPED = """\
sources:
  list: {kind: official, note: the list}
states:
  CA:
    name: California
    activation-source: list
    field-office: ero
    bureau:
      attention: Director
      organization: [Department of Justice]
      address: {street: [P.O. Box 1], city: Sacramento, state: CA, zip: "95816"}
      envelope: [Director, P.O. Box 1]
      phone: "916-555-0100"
      source:
        kind: official
        url: "https://example.gov"
    jurisdictions:
      "06041": {name: Marin County, activated: "2010-08-10"}
offices:
  ero: {role: field-office, attention: Director, envelope: [Director]}
"""

MOVED = """\
states:
  CA:
    bureau:
      address: {street: [1 Oak St.], city: Novato, state: CA, zip: "94945"}
"""
ADDRESS = 'address: {street: 1 Main Street, city: Sacramento, state: CA, zip: "95800"}'


@pytest.fixture
def laid(write: Write) -> Callable[..., Directory]:
    """Merge texts into the data, each as its own overlay: `laid("offices: ...")`."""

    def load(*texts: str) -> Directory:
        shipped = str(write("shipped.yaml", SHIPPED))
        paths = [str(write(f"{number}.yaml", it)) for number, it in enumerate(texts)]
        return load_directory(shipped, paths, None)

    return load


Laid = Callable[..., Directory]


def bureau_of(directory: Directory) -> Contact:
    bureau = directory.find("06041").bureau
    assert bureau is not None
    return bureau


def test_without_overlays_the_shipped_file_is_read_alone(laid: Laid) -> None:
    assert bureau_of(laid()).phone == "916-555-0100"


def test_a_field_is_changed_and_the_others_are_kept(laid: Laid) -> None:
    directory = laid('states: {CA: {bureau: {phone: "916-555-0199"}}}\n')
    bureau = bureau_of(directory)
    assert (bureau.phone, bureau.attention, bureau.envelope) == (
        "916-555-0199",
        "Director",
        ("Director", "P.O. Box 1"),
    )


def test_a_later_overlay_overrides_an_earlier_one(laid: Laid) -> None:
    directory = laid(
        'states: {CA: {bureau: {phone: "916-555-0111", fax: "916-555-0111"}}}\n',
        'states: {CA: {bureau: {phone: "916-555-0122"}}}\n',
    )
    bureau = bureau_of(directory)
    assert (bureau.phone, bureau.fax) == ("916-555-0122", "916-555-0111")


@pytest.mark.parametrize(
    "change",
    [
        "{attention: Chief}",
        "{organization: [Bureau of Records]}",
        '{address: {street: [1 Oak St.], city: Novato, state: CA, zip: "94945"}}',
        '{address: {zip: "95817"}}',
    ],
)
def test_a_changed_name_or_address_drops_the_old_envelope(change: str, laid: Laid) -> None:
    directory = laid(f"states: {{CA: {{bureau: {change}}}}}\noffices: {{ero: {change}}}\n")
    office = directory.data.offices["ero"]
    assert (bureau_of(directory).envelope, office.envelope) == ((), ())


def test_an_envelope_that_comes_with_the_address_is_kept(laid: Laid) -> None:
    directory = laid("states: {CA: {bureau: {attention: Chief, envelope: [Chief]}}}\n")
    assert bureau_of(directory).envelope == ("Chief",)


def test_an_address_that_is_put_back_has_its_envelope_again(laid: Laid) -> None:
    known = 'street: P.O. Box 1, city: Sacramento, state: CA, zip: "95816"'
    for address, kept in ((known, True), (known.replace("Box 1", "Box 2"), False)):
        directory = laid(f"states: {{CA: {{bureau: {{address: {{{address}}}}}}}}}\n")
        assert bool(bureau_of(directory).envelope) is kept


def test_a_part_of_the_address_that_moves_nobody_is_changed_alone(laid: Laid) -> None:
    directory = laid('states: {CA: {bureau: {address: {zip: "95817", state: CA}}}}\n')
    assert bureau_of(directory).address == Address(
        street=("P.O. Box 1",), city="Sacramento", state="CA", zip="95817"
    )


@pytest.mark.parametrize(
    ("address", "lacks"),
    [
        ("street: [1 Oak St.]", "no city and no state and no zip"),
        ("city: Novato", "no state and no street and no zip"),
        ("street: [1 Oak St.], city: Novato, zip: null, state: CA", "no zip"),
    ],
)
def test_half_an_address_is_never_mixed_with_the_old_one(
    address: str, lacks: str, laid: Laid, tmp_path: Path
) -> None:
    hint = "\n  hint: write the whole address: street, city, state and zip"
    text = f"states:\n  CA:\n    bureau: {{address: {{{address}}}}}\noffices:\n  ero:\n"
    text += f"    address: {{{address}}}\n"
    assert told_by(lambda: laid(text)) == (
        f"{tmp_path}/0.yaml:3:14: states.CA.bureau.address is new but has {lacks}{hint}\n"
        f"{tmp_path}/0.yaml:6:5: offices.ero.address is new but has {lacks}{hint}"
    )


def test_a_source_is_replaced_whole(laid: Laid) -> None:
    source = '{kind: third-party, note: "a call"}'
    directory = laid(f"states: {{CA: {{bureau: {{{ADDRESS}, source: {source}}}}}}}\n")
    assert bureau_of(directory).source == Source(kind="third-party", note="a call")


def test_half_a_source_is_a_problem_in_the_overlay(laid: Laid, tmp_path: Path) -> None:
    told = told_by(
        lambda: laid(f"states: {{CA: {{bureau: {{source: {{note: a call}}, {ADDRESS}}}}}}}\n")
    )
    assert told == (
        f"{tmp_path}/0.yaml:1:24: states.CA.bureau.source needs 'kind'\n  hint: add kind: ..."
    )


def test_a_source_without_its_address_is_a_problem(laid: Laid) -> None:
    (problem,) = problems_of(
        lambda: laid("states: {CA: {bureau: {fax: 916-555-0130, source: {kind: official}}}}\n")
    )
    assert problem.code == "half-source"
    assert problem.message.endswith("bureau has a source but no address")


def test_another_name_that_another_county_has_is_a_problem(write: Write, cache: Cache) -> None:
    text = "states: {CA: {jurisdictions: {'06041': {aliases: [Kern, Marin Headlands]}}}}\n"
    path = str(write("own.yaml", text))
    (problem,) = problems_of(lambda: load_directory(str(bundled.JURISDICTIONS), [path], cache))
    path = "states.CA.jurisdictions.06041.aliases.0"
    assert problem.message == f"{path} 'Kern' is a name of Kern County"


def test_a_new_jurisdiction_says_which_of_several_field_offices_is_its_own(
    write: Write, cache: Cache
) -> None:
    text = "states: {CA: {jurisdictions: {novato-police: {name: Novato Police Department}}}}\n"
    path = str(write("own.yaml", text))
    (problem,) = problems_of(lambda: load_directory(str(bundled.JURISDICTIONS), [path], cache))
    assert problem.message == "novato-police needs field-office: CA has 3 field offices"
    assert (problem.hint or "").endswith("ero-los-angeles or ero-san-diego or ero-san-francisco")


def test_a_police_department_is_added_under_an_id_of_its_own(laid: Laid) -> None:
    directory = laid("""\
        states:
          CA:
            jurisdictions:
              novato-police:
                name: Novato Police Department
                formal: the City of Novato
                kind: city police
        """)
    found = [directory.find(it) for it in ("novato-police", "Novato Police Department, CA")]
    assert [(it.id, it.slug, it.name, it.field_office) for it in found] == [
        ("novato-police", "novato-police", "Novato Police Department, CA", "ero")
    ] * 2


def test_a_police_department_is_added_to_the_shipped_data_too(write: Write, cache: Cache) -> None:
    text = "states: {VT: {jurisdictions: {novato-police: {name: Novato Police Department}}}}\n"
    directory = load_directory(str(bundled.JURISDICTIONS), [str(write("own.yaml", text))], cache)
    assert [directory.find(it).id for it in ("novato-police", "06041")] == [
        "novato-police",
        "06041",
    ]


def test_the_location_of_a_value_is_in_the_file_that_set_it(laid: Laid, tmp_path: Path) -> None:
    text = """\
        states:
          CA:
            jurisdictions:
              "06041": {formal: the County of Marin}
        """
    origins = laid(text).find("06041").origins
    assert {path: it for path, it in origins.items() if path.startswith("jurisdiction")} == {
        "jurisdiction": f"{tmp_path}/0.yaml:4",
        "jurisdiction.formal": f"{tmp_path}/0.yaml:4",
        "jurisdiction.name": "jurisdictions.yaml:18",
        "jurisdiction.activated": "jurisdictions.yaml:18",
    }


def test_an_office_that_nothing_has_is_a_problem_at_each_place_that_names_it(
    laid: Laid, tmp_path: Path
) -> None:
    text = """\
        states:
          CA:
            field-office: ero-x
            activation-source: x
            jurisdictions:
              "06041": {field-office: ero-y}
              "06043": {name: Mariposa County, field-office: ero}
        """
    assert told_by(lambda: laid(text)) == (
        f"{tmp_path}/0.yaml:3:5: there is no office 'ero-x'\n"
        f"{tmp_path}/0.yaml:6:17: there is no office 'ero-y'\n"
        f"{tmp_path}/0.yaml:4:5: there is no source 'x'"
    )


def test_what_a_new_state_or_jurisdiction_lacks_is_a_problem(laid: Laid, tmp_path: Path) -> None:
    text = """\
        states:
          XX: {}
          CA:
            jurisdictions:
              marin: {formal: Marin}
        """
    assert told_by(lambda: laid(text)) == (
        f"{tmp_path}/0.yaml:5:7: states.CA.jurisdictions.marin needs 'name'\n"
        "  hint: add name: ...\n"
        f"{tmp_path}/0.yaml:2:3: states.XX needs 'name'\n"
        "  hint: add name: ..."
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("states: x\n", "1:1: states must be `name: value` pairs, not 'x'"),
        ("states: [x]\n", "1:1: states must be `name: value` pairs, not a list"),
        ("offices: {ero: x}\n", "1:11: offices.ero must be `name: value` pairs, not 'x'"),
        ("states: {CA: x}\n", "1:10: states.CA must be `name: value` pairs, not 'x'"),
        (
            "states: {CA: {bureau: x}}\n",
            "1:15: states.CA.bureau must be `name: value` pairs, not 'x'",
        ),
        ("stats: {}\n", "1:1: gazetteer has no field 'stats'"),
    ],
)
def test_an_overlay_of_a_wrong_shape_is_a_problem(
    text: str, told: str, laid: Laid, tmp_path: Path
) -> None:
    assert told_by(lambda: laid(text)).split("\n")[0] == f"{tmp_path}/0.yaml:{told}"


def test_the_problems_of_all_overlays_are_reported_in_one_run(laid: Laid, tmp_path: Path) -> None:
    told = told_by(
        lambda: laid("a: &x y\n", "states: {}\n", "offices: {ero: {address: {city: x}}}\n")
    )
    assert [line.split(": ")[0] for line in told.split("\n") if "hint" not in line] == [
        f"{tmp_path}/0.yaml:1:4",
        f"{tmp_path}/2.yaml:1:17",
    ]


def test_a_missing_overlay_is_a_problem_of_the_command_line(write: Write) -> None:
    with pytest.raises(OptoutError) as error:
        load_directory(str(write("shipped.yaml", SHIPPED)), ["missing.yaml"], None)
    assert error.value.exit_code is ExitCode.COMMAND_LINE


def test_an_overlay_leaves_the_shipped_data_as_it_was(laid: Laid) -> None:
    laid("states: {CA: {bureau: {attention: Chief}}}\n")
    assert bureau_of(laid()).block[0] == "Director"


def test_a_problem_of_the_shipped_file_has_its_short_name(write: Write) -> None:
    path = str(write("shipped.yaml", "states: {CA: {nam: x}}\n"))
    assert told_by(lambda: load_directory(path, [], None)) == (
        "jurisdictions.yaml:1:15: states.CA has no field 'nam'\n  hint: did you mean 'name'?"
    )


def test_what_vouched_for_the_old_address_does_not_for_a_new_one(laid: Laid) -> None:
    confirmed = "states: {CA: {bureau: {verified: 2026-11-20, verified-by: telephone}}}\n"
    number = 'states: {CA: {bureau: {phone: "916-555-0199"}}}\n'
    kept, moved = (bureau_of(laid(confirmed, it)) for it in (number, MOVED))
    assert (str(kept.verified), kept.verified_by, bool(kept.source)) == (
        "2026-11-20",
        "telephone",
        True,
    )
    assert (moved.verified, moved.verified_by, moved.source) == (None, None, None)
