"""A data file of the user adds agencies and corrects those that ship."""

from collections.abc import Callable
from pathlib import Path

import pytest
from make_letters import told_by

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.directory import Directory, load_directory

Write = Callable[..., Path]
Laid = Callable[[str], Directory]
HIALEAH = "hialeah-police-department-fl"


@pytest.fixture
def laid(write: Write, cache: Cache) -> Laid:
    def lay(text: str) -> Directory:
        path = str(write("own.yaml", text))
        return load_directory(str(bundled.JURISDICTIONS), [path], cache, str(bundled.AGENCIES))

    return lay


def test_a_shipped_agency_is_corrected_field_by_field(laid: Laid) -> None:
    directory = laid(f"states: {{FL: {{agencies: {{{HIALEAH}: {{aliases: [Hialeah Cops]}}}}}}}}\n")
    found = directory.find("Hialeah Cops, FL")
    assert (found.id, [it.model for it in found.agreements], found.agency_source is not None) == (
        HIALEAH,
        ["tfm"],
        True,
    )


def test_an_agency_is_added_beside_the_shipped_ones(laid: Laid) -> None:
    directory = laid(
        'states: {CA: {agencies: {ross-police-ca: {name: Ross Police, county: "06041",'
        " agreements: [{model: jem}]}}}}\n"
    )
    found = directory.find("Ross Police, CA")
    assert (found.slug, found.field_office, found.name) == (
        "ross-police-ca",
        "ero-san-francisco",
        "Ross Police, CA",
    )
    assert directory.find(HIALEAH).id == HIALEAH


@pytest.mark.no_cover
@pytest.mark.parametrize("typed", ["Ross Polcie", "Ross PD, CA", "Ros Police, CA", "Ross, CA"])
def test_a_department_that_was_added_as_a_jurisdiction_is_offered(typed: str, laid: Laid) -> None:
    directory = laid(
        "states: {CA: {jurisdictions: {ross-police: {name: Ross Police Department,"
        " field-office: ero-san-francisco}}}}\n"
    )
    assert "hint: ross-police" in told_by(lambda: directory.find(typed))


def test_what_an_agency_names_must_exist(laid: Laid, tmp_path: Path) -> None:
    text = (
        "states:\n"
        "  CA:\n"
        "    agency-source: nowhere\n"
        "    agencies:\n"
        "      x-ca:\n"
        "        name: X Police\n"
        '        county: "12086"\n'
        "        field-office: ero-nowhere\n"
    )
    told = told_by(lambda: laid(text))
    assert [line.partition(": ")[2] for line in told.splitlines()] == [
        "there is no source 'nowhere'",
        "there is no county '12086'",
        "there is no office 'ero-nowhere'",
    ]
