"""The facts of the notice as JSON, with the source of every contact."""

import json
from datetime import date
from pathlib import Path

import msgspec
from conftest import TODAY
from make_letters import document_of, letters_for
from msgspec.structs import fields
from read_mail import ADDRESSED, read

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Notice
from optout_cli.model.request import Service

FULL = """\
service: {bureau: [{by: certified-mail, number: "7020 0001 0000 0000 0019"}]}
recipients: {bureau: {address: {zip: "95816"}, confirmed: {by: telephone, date: 2026-11-19}}}
particulars: {reasons: ["Peña said: “no” & <b>"], reply-by: 2026-12-31}
cc: [{name: A. Clerk}]
"""


def facts(letter: Letter, library: Library) -> str:
    return exporter_for("json").encode(letter, library.context).decode()


def test_the_facts_are_the_notices_own(library: Library) -> None:
    for letter in letters_for(library, FULL):
        data, notice = json.loads(facts(letter, library)), letter.notice
        known = {str(it.encode_name) for it in fields(Notice)}
        assert data.keys() <= {"schema", *known, "engine", "message-id", "template"}
        assert [data["schema"], data["reference"], data["period"], data["place"]["id"]] == [
            1,
            notice.reference,
            notice.period,
            "06041",
        ]
        service = msgspec.convert(data["recipient"].get("service", []), tuple[Service, ...])
        assert service == notice.recipient.service
        assert data["recipient"]["contact"]["organization"] == [
            *notice.recipient.contact.organization
        ]
        assert data["citations"].keys() == notice.citations.keys()


def test_every_contact_carries_its_source(library: Library) -> None:
    for letter in letters_for(library, FULL):
        data = json.loads(facts(letter, library))
        contacts = [data["recipient"]["contact"], *(it["contact"] for it in data["recipients"])]
        contacts += data["copies"]
        assert {bool(it["source"]["kind"]) for it in contacts} == {True}


def test_each_field_says_where_it_was_read(library: Library) -> None:
    bureau = json.loads(facts(letters_for(library, FULL)[0], library))["recipient"]
    file, _, line = bureau["origins"]["organization"].partition(":")
    assert (bureau["origins"]["address.zip"], file, line.isdigit()) == (
        "request",
        "jurisdictions.yaml",
        True,
    )


def test_the_text_is_indented_readable_and_ends_in_a_line_end(library: Library) -> None:
    text = facts(letters_for(library, FULL)[0], library)
    assert text.startswith('{\n  "schema": 1,\n  "program": "secure-communities",\n')
    assert text.endswith("\n}\n")
    assert "Peña said: “no” & <b>" in text


def test_dates_are_written_year_first(library: Library) -> None:
    data = json.loads(facts(letters_for(library, FULL)[0], library))
    assert date.fromisoformat(data["date"]) == date(2026, 11, 20)
    assert data["particulars"]["reply-by"] == "2026-12-31"


def test_cautions_carry_stable_codes(library: Library) -> None:
    letter = letters_for(library, FULL)[0]
    told = json.loads(facts(letter, library))["cautions"]
    assert told == [
        {key: value for key, value in msgspec.to_builtins(it).items() if value}
        for it in letter.notice.notes
    ]


def test_the_message_id_is_the_e_mails_own(library: Library, tmp_path: Path) -> None:
    (tmp_path / "notes.odt").write_bytes(b"notes")
    document = document_of("enclosures: [{title: Notes, file: notes.odt}]\n" + ADDRESSED)
    told = []
    for name in ("json", "eml"):
        order = Order(today=TODAY, parties=("bureau",), formats=(name,))
        told += [it.content for it in exports_of(document, library, order, tmp_path)]
    assert json.loads(told[0])["message-id"] == read(told[1])["Message-ID"]
