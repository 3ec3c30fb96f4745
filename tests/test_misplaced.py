"""Fields in the wrong part of a request, and the hints where they belong."""

from make_letters import told_by

from optout_cli.model.request import Request
from optout_cli.readers.document import Document
from optout_cli.readers.validate import convert
from optout_cli.readers.yaml import document_from_yaml

HEAD = "jurisdiction: marin-county-ca\nletter: secure-communities/opt-out\n"


def read(text: str) -> Document:
    return document_from_yaml(HEAD + text, "f")


def test_a_field_that_lost_its_indentation_has_a_hint_where_it_belongs() -> None:
    told = told_by(lambda: convert(read("name: Pat Placeholder\n"), Request))
    assert told == (
        "f:3:1: request has no field 'name'\n"
        "  hint: does it belong to signatory or approved-as-to-form? if so, indent it two spaces"
        " below"
    )


def test_a_field_behind_the_last_entry_of_a_list_may_belong_to_it() -> None:
    text = "authority:\n  - {instrument: Resolution, date: 2026-10-01}\nfile: act.pdf\n"
    assert told_by(lambda: convert(read(text), Request)) == (
        "f:5:1: request has no field 'file'\n"
        "  hint: does it belong to the entry above it? if so, indent it like that entry's lines"
    )


def test_fields_below_the_wrong_name_are_reported_once() -> None:
    text = "signature:\n  name: Pat Placeholder\n  title: Sheriff\n"
    assert told_by(lambda: convert(read(text), Request)) == (
        "f:3:1: the lines below 'signature' belong to 'signatory'\n"
        "  hint: write signatory: instead of signature:"
    )


def test_a_wrong_field_beside_a_right_one_is_reported_alone() -> None:
    text = "signature: {kind: ink, name: Pat}\n"
    assert told_by(lambda: convert(read(text), Request)) == (
        "f:3:24: signature has no field 'name'\n  hint: one of alt, file, kind"
    )
