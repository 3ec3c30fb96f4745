"""The shipped data: whole, sourced, in order, safe from YAML's guesses, and found by every name."""

import re
import runpy
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from optout_cli import bundled
from optout_cli.directory import Directory
from optout_cli.engines.measure import LINES, window_lines
from optout_cli.letters import Library
from optout_cli.readers import yaml as yaml_text
from optout_cli.readers.document import Document, Tree
from optout_cli.readers.files import load_document

pytestmark = pytest.mark.no_cover  # all the data, with code that others cover

PARSERS = [getattr(yaml, name) for name in ("SafeLoader", "CSafeLoader") if hasattr(yaml, name)]
SHIPPED = [bundled.JURISDICTIONS, *sorted(bundled.TEMPLATES.rglob("*.yaml"))]
SHIPPED.remove(bundled.TEMPLATES / "_layout" / "questions.yaml")  # a list, for `new` alone
SHIPPED += sorted((ROOT / "examples").glob("*.yaml"))
LOOKS_LIKE_A_NUMBER = re.compile(r"[-+(]?[0-9][-0-9() .:/+]*")


@pytest.fixture
def directory(library: Library) -> Directory:
    return library.directory


@pytest.fixture(scope="session")
def document() -> Document:
    return load_document(str(bundled.JURISDICTIONS))


def group(document: Document, key: str) -> dict[str, Tree]:
    node = document.data[key]
    assert isinstance(node, dict)
    return node


def test_everything_is_counted(directory: Directory) -> None:
    data = directory.data
    jurisdictions = [it for _, _, it in directory.all()]
    assert {
        "states": len(data.states),
        "jurisdictions": len(jurisdictions),
        "bureaus": sum(it.bureau is not None for it in data.states.values()),
        "offices": len(data.offices),
        "laws": sum(len(it.laws) for it in data.states.values()),
        "retired": len(data.retired),
        "activation dates": sum(it.activated is not None for it in jurisdictions),
    } == {
        "states": 56,
        "jurisdictions": 3_234,
        "bureaus": 56,
        "offices": 28,
        "laws": 66,
        "retired": 22,
        "activation dates": 3_180,
    }


def test_no_name_leads_nowhere(directory: Directory) -> None:
    assert list(directory.problems()) == []


def test_every_contact_says_where_it_is_from_and_whether_it_was_verified(
    directory: Directory, document: Document
) -> None:
    marks = document.layers[0].marks
    without = [
        id
        for id, path, contact in directory.contacts()
        if contact.source is None or not {f"{path}.source", f"{path}.verified"} <= marks.keys()
    ]
    assert without == []


def test_every_source_has_an_address_or_a_note(directory: Directory) -> None:
    data = directory.data
    sources = {id: it.source for id, _, it in directory.contacts()}
    sources |= data.sources
    sources |= {law.citation: law.source for it in data.states.values() for law in it.laws}
    assert [id for id, it in sources.items() if not it or not (it.url or it.note)] == []


def test_every_address_fits_the_envelopes_window(directory: Directory) -> None:
    blocks = {
        id: contact.envelope or contact.block
        for id, _, contact in directory.contacts()
        if not contact.missing
    }
    assert {id: block for id, block in blocks.items() if window_lines(block) > LINES} == {}


def test_every_envelope_ends_in_the_city_and_zip_of_its_address(directory: Directory) -> None:
    unlike = [
        id
        for id, _, contact in directory.contacts()
        if contact.envelope and contact.envelope[-1] != contact.address.lines[-1]
    ]
    assert unlike == []


def test_every_jurisdiction_but_american_samoas_has_a_field_office(directory: Directory) -> None:
    data = directory.data
    without = Counter(
        code
        for code, _, it in directory.all()
        if not (it.field_office or data.states[code].field_office)
    )
    assert without == {"AS": 5}


def test_each_county_of_three_states_has_an_office_of_its_state(directory: Directory) -> None:
    offices = {
        code: Counter(
            it.field_office or directory.data.states[code].field_office
            for _, _, it in directory.all(code)
        )
        for code in ("CA", "NY", "TX")
    }
    assert offices == {
        "CA": {"ero-san-francisco": 49, "ero-los-angeles": 7, "ero-san-diego": 2},
        "NY": {"ero-buffalo": 48, "ero-new-york-city": 14},
        "TX": {
            "ero-dallas": 128,
            "ero-houston": 57,
            "ero-san-antonio": 36,
            "ero-el-paso": 18,
            "ero-harlingen": 15,
        },
    }


def test_a_field_office_of_letters_of_today_is_current(directory: Directory) -> None:
    data = directory.data
    named = {it.field_office for it in data.states.values()} | {
        it.field_office for _, _, it in directory.all()
    }
    assert {id for id in named if id and data.offices[id].status != "current"} == set()


def test_no_law_was_written_down_from_memory(directory: Directory) -> None:
    kinds = {law.source.kind for it in directory.data.states.values() for law in it.laws}
    assert kinds == {"official", "other-government", "third-party"}


def test_every_law_says_what_it_is_about(directory: Directory) -> None:
    laws = [law for it in directory.data.states.values() for law in it.laws]
    assert [law.citation for law in laws if not law.about] == []


def test_no_sheriffs_address_ships(directory: Directory) -> None:
    contacts = {id: " ".join((*it.block, *it.envelope)) for id, _, it in directory.contacts()}
    wrong = re.compile(r"sheriff|jail", re.IGNORECASE)
    assert [id for id, words in contacts.items() if wrong.search(words)] == []


def test_an_office_is_written_to_by_title_and_never_by_a_persons_name(
    directory: Directory,
) -> None:
    attentions = {it.attention for _, _, it in directory.contacts()}
    assert attentions == {
        "Assistant Director for Enforcement",
        "Assistant Director for the Secure Communities Program",
        "Chief",
        "Director",
        "Field Office Director",
        "Manager",
        "Superintendent",
        None,
    }


@pytest.mark.parametrize("key", ["sources", "states", "offices", "retired"])
def test_rows_are_sorted_by_id(document: Document, key: str) -> None:
    ids = list(group(document, key))
    assert ids == sorted(ids)


def test_the_jurisdictions_of_each_state_are_sorted_by_id(document: Document) -> None:
    ids = {
        code: list(state["jurisdictions"])
        for code, state in group(document, "states").items()
        if isinstance(state, dict) and isinstance(state["jurisdictions"], dict)
    }
    assert ids == {code: sorted(it) for code, it in ids.items()}


def test_each_id_is_the_fips_code_of_its_state(directory: Directory) -> None:
    states = Counter((code, id[:2]) for code, id, _ in directory.all())
    assert len(states) == len({code for code, _ in states}) == len({fips for _, fips in states})


def plain_scalars(text: str) -> Iterator[yaml.ScalarEvent]:
    for event in yaml.parse(text, Loader=PARSERS[-1]):
        if isinstance(event, yaml.ScalarEvent) and not event.style:
            yield event


def test_what_looks_like_a_number_or_a_date_is_quoted() -> None:
    bare = [
        f"{event.start_mark and event.start_mark.line + 1}: {event.value}"
        for event in plain_scalars(bundled.JURISDICTIONS.read_text("utf-8"))
        if LOOKS_LIKE_A_NUMBER.fullmatch(event.value)
    ]
    assert bare == []


def test_a_reader_that_guesses_reads_the_same_texts(document: Document) -> None:
    guessed = yaml.load(bundled.JURISDICTIONS.read_text("utf-8"), PARSERS[-1])
    assert without_nulls(guessed) == document.data


# A guessed value is of any type: that it is a text is what the test looks at.
def without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_nulls(it) for key, it in value.items() if it is not None}
    if isinstance(value, list):
        return [without_nulls(it) for it in value]
    return value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda it: str(it.relative_to(ROOT)))
def test_both_parsers_read_each_shipped_file_alike(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = []
    for parser in PARSERS:
        monkeypatch.setattr(yaml_text, "_LOADER", parser)
        documents.append(load_document(str(path)))
    assert documents[0] == documents[-1]


def test_every_slug_is_unique(directory: Directory) -> None:
    slugs = Counter(directory.slug(code, id) for code, id, _ in directory.all())
    assert [slug for slug, number in slugs.items() if number > 1] == []


# By id and by `Marin County, CA`, test_directory finds each by the names that letters print.
@pytest.mark.parametrize("way", ["slug", "name, state"])
def test_every_jurisdiction_is_found(directory: Directory, way: str) -> None:
    lost = []
    for code, id, it in directory.all():
        query = {
            "slug": directory.slug(code, id),
            "name, state": f"{it.name}, {directory.data.states[code].name}",
        }[way]
        if directory.find(query).id != id:
            lost.append(query)
    assert lost == []


def test_every_successor_of_a_retired_code_is_in_the_data(directory: Directory) -> None:
    known = {id for _, id, _ in directory.all()}
    retired = directory.data.retired
    assert {id for it in retired.values() for id in it.successors} - known == set()
    assert retired.keys() & known == set()


def test_a_checkout_has_its_data_and_templates_beside_the_package() -> None:
    assert (bundled.JURISDICTIONS, bundled.TEMPLATES) == (
        ROOT / "jurisdictions.yaml",
        ROOT / "templates",
    )


def test_a_wheel_has_its_data_and_templates_in_the_package(tmp_path: Path) -> None:
    package = tmp_path / "optout_cli"
    (package / "_bundled").mkdir(parents=True)
    module = shutil.copy(Path(bundled.__file__), package)
    names = runpy.run_path(str(module))
    assert (names["JURISDICTIONS"], names["TEMPLATES"]) == (
        package / "_bundled" / "jurisdictions.yaml",
        package / "_bundled" / "templates",
    )
