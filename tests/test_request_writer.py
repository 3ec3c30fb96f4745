"""The text of a request: the answers, and every other line is a sample behind a #."""

import re
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from conftest import ROOT, TODAY
from hypothesis import given, settings
from hypothesis import strategies as st
from make_letters import case_for, problems_of

from optout_cli.authoring.request_writer import request_text
from optout_cli.authoring.unfinished import text_with_samples
from optout_cli.letters import Library
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of, exports_of
from optout_cli.model.program import LetterKind, Particular
from optout_cli.model.request import Correction, IceCorrection, Request, Signatory
from optout_cli.readers.yaml import document_from_yaml

LAYOUT = (ROOT / "templates" / "_layout" / "request.yaml").read_text("utf-8")
BARE = LetterKind(title="Bare", summary="Bare.", version="1")
DAY = TODAY


def text_of(answers: dict[str, Any], kind: LetterKind = BARE, day: date = DAY) -> str:
    return request_text(answers, kind, ("bureau", "ice"), day, "r.yaml", {})


def read(text: str) -> Any:
    """Read a request's text as the product does, without what it says of places."""
    return document_from_yaml(text, "r.yaml").data


def switched_on(text: str) -> str:
    """Take the # away from every sample line."""
    return re.sub(r"^#(?=[a-z-]+:|  +[a-z-]+:|  +- )", "", text, flags=re.MULTILINE)


def test_a_bare_request_holds_what_is_known_and_nothing_else() -> None:
    answers = {"jurisdiction": "marin-county-ca", "letter": "a/b", "date": "2026-11-24"}
    assert read(text_of(answers)) == answers


def test_the_layout_has_every_key_that_a_request_may_have() -> None:
    shown = yaml.load(LAYOUT, yaml.BaseLoader)
    assert set(shown) == set(Request.__struct_encode_fields__)
    assert set(shown["signatory"]) == set(Signatory.__struct_fields__)
    for party, noun in (("bureau", Correction), ("ice", IceCorrection)):
        assert set(shown["recipients"][party]) == set(noun.__struct_fields__)


def leaves(tree: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each text in mappings and lists."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in inside:
        at = f"{path}.{key}".lstrip(".")
        yield from [at] if isinstance(value, str) else leaves(value, at)


@pytest.mark.no_cover
def test_every_uncommented_sample_is_reported_and_otherwise_whole(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clerk who takes every # away is told what to put in, and has a request that is whole."""
    samples = library.programs.wording.placeholders
    order = Order(today=TODAY, formats=("txt",))
    for name in ("seal.png", "resolution.pdf"):
        source = "placeholder-resolution.pdf" if name.endswith("pdf") else "placeholder-seal.svg"
        (tmp_path / name.replace("png", "svg")).write_bytes(
            (ROOT / "examples" / source).read_bytes()
        )
    for letter, _, kind in library.programs.letters():
        place, day = "marin-county-ca", date(2026, 2, 1)
        if letter.endswith("/adjust-date"):  # which needs a place that was not yet activated
            place, day = "guam-gu", date(2011, 9, 1)
        answers = {"jurisdiction": place, "letter": letter, "date": day.isoformat()}
        text = switched_on(text_of(answers, kind, day)).replace("seal.png", "seal.svg")
        text = text.replace("2026-01", f"{day.year}-01")  # the layout's own days
        text = text.replace("-00000-", f"-{library.directory.find(place).code}-")  # of no place
        text = re.sub(r"^  exigent:.*\n", "", text, flags=re.MULTILINE)  # of no clause of one's own
        document = document_from_yaml(text, "r.yaml")
        told = problems_of(partial(case_of, document, library, order))
        assert {problem.code for problem in told} == {"still-sample"}
        assert {problem.message.partition(" ")[0] for problem in told} == set(leaves(samples))
        with monkeypatch.context() as patch:
            wording = msgspec.structs.replace(library.programs.wording, placeholders={})
            patch.setattr(library.programs, "wording", wording)
            named = document_from_yaml(text.replace("First Last", "Pat P."), "r.yaml")
            exports = exports_of(named, library, order, tmp_path)
        parties = ["ice"] if letter.startswith("287g/") else ["bureau", "ice"]
        assert [export.notice.recipient.party for export in exports] == parties
        assert "Pat Placeholder" in exports[0].content.decode()


def test_a_field_without_an_answer_is_a_sample_beside_the_others() -> None:
    text = text_of({"signatory": {"name": "Pat Placeholder", "title": "Sheriff"}})
    part = text.partition("signatory:\n")[2].partition("\n\n")[0]
    assert part == (
        "  name: Pat Placeholder\n"
        "  title: Sheriff\n"
        "#  office: Anytown County Sheriff's Office\n"
        '#  address: {street: 123 Main Street, city: Anytown, state: CA, zip: "94900"}\n'
        "#  phone: 415-555-0190\n"
        "#  fax: 415-555-0191\n"
        "#  email: office@example.gov"
    )


def test_particulars_are_shown_with_their_help_and_what_they_may_hold() -> None:
    kind = msgspec.structs.replace(
        BARE,
        particulars={
            "model": Particular(
                type="choice", help="which model", required=True, choices=("a", "b")
            ),
            "signed": Particular(type="date", help="the day", when="before"),
            "effective": Particular(type="date", help="the day", example="2026-12-01"),
            "answer-by": Particular(type="date", help="the day"),
            "days": Particular(type="list", of="date", help="some days", when="after"),
            "reasons": Particular(type="paragraphs", help="the reasons"),
            "people": Particular(
                type="list",
                of={"name": Particular(type="text", help="who", example="Pat")},
                help="who is " + "meant " * 20,
            ),
        },
    )
    text = text_of({"particulars": {"model": "b"}}, kind)
    assert text.partition("can say.\n")[2].partition("\n\n")[0] == (
        "particulars:\n"
        "  # required: which model (a, b)\n"
        "  model: b\n"
        "  # the day\n"
        "#  signed: 2026-11-03\n"
        "  # the day\n"
        "#  effective: 2026-12-01\n"
        "  # the day\n"
        "#  answer-by: 2026-11-24\n"
        "  # some days\n"
        "#  days: [2026-12-15]\n"
        "  # the reasons\n"
        "#  reasons:\n"
        f"  # who is {'meant ' * 13}meant\n"
        f"  # {'meant ' * 5}meant\n"
        "#  people: [{name: Pat}]"
    )


def test_long_values_take_several_lines_and_none_is_wider_than_a_screen() -> None:
    words = "The opt-out was decided in a well-attended meeting. " * 6
    answers: dict[str, Any] = {  # Any: lists and tables, as YAML nests them
        "authority": [{"instrument": "Resolution", "body": "Board of " + "Supervisors " * 6}],
        "cc": [{"name": "Pat"}, {"name": "Alex", "title": "Clerk of the " + "County " * 9}],
        "particulars": {"reasons": [words.strip(), "Short."]},
    }
    kind = msgspec.structs.replace(
        BARE, particulars={"reasons": Particular(type="paragraphs", help="why")}
    )
    answers["authority"][0]["body"] = answers["authority"][0]["body"].strip()
    answers["cc"][1]["title"] = answers["cc"][1]["title"].strip()
    text = text_of(answers, kind)
    assert read(text) == answers
    assert [line for line in text.splitlines() if len(line) > 100] == []


PLAIN = st.characters(
    codec="utf-8", exclude_categories=("C", "Zl", "Zp"), exclude_characters="\u00a0"
)
TEXTS = st.text(PLAIN, min_size=1, max_size=40).filter(lambda text: text == text.strip())
VALUES = st.one_of(
    TEXTS, st.sampled_from(["null", "~", "No", "06041", "1e3", "- a", "a: b", "#", "2026-11-24"])
)


@pytest.mark.no_cover  # slow, with code that others cover
@settings(max_examples=60)
@given(name=VALUES, reason=VALUES, street=VALUES)
def test_every_answer_is_read_back(name: str, reason: str, street: str) -> None:
    kind = msgspec.structs.replace(
        BARE, particulars={"reasons": Particular(type="paragraphs", help="why")}
    )
    answers: dict[str, Any] = {  # Any: as above
        "signatory": {"name": name, "address": {"street": [street, "x"], "city": name}},
        "particulars": {"reasons": [reason, f"{reason} " * 5 + "end"]},
        "cc": [{"name": street}],
    }
    shown = read(text_of(answers, kind))
    shown["particulars"]["reasons"][1] = shown["particulars"]["reasons"][1].split()
    answers["particulars"]["reasons"][1] = answers["particulars"]["reasons"][1].split()
    assert shown == answers


@pytest.mark.parametrize("line", text_of({"jurisdiction": "marin-county-ca"}).splitlines())
def test_a_line_is_a_note_a_sample_or_holds(line: str) -> None:
    assert re.match(r"$|#$| *# |#[a-z-]+:|#  +[a-z-]|[a-z-]+:| +[a-z-]+:", line)


def test_a_party_without_a_letter_has_no_lines(library: Library) -> None:
    text = text_with_samples({"letter": "287g/terminate"}, library, TODAY, "r.yaml")
    assert "#  ice:" in text
    assert "#  bureau:" not in text
    assert "addressing:" not in text


def test_the_hour_of_a_sample_may_be_that_of_the_meeting(library: Library) -> None:
    case = case_for(
        library,
        "letter: secure-communities/meeting-confirmation\n"
        'particulars: {offered: 2026-11-12, day: 2026-12-16, time: "10:00 a.m.", place: Room 9}',
    )
    assert [note for note in compose(case)[0].notes if note.code == "sample"] == []


def test_an_unchanged_sample_sentence_is_reported(library: Library) -> None:
    place = "at the Sheriff's Office, 1 Main Street"
    told = [
        f'particulars: {{meeting-place: "{where}"}}'
        for where in (place, "at the County Courthouse")
    ]
    notices = [compose(case_for(library, lines))[0] for lines in told]
    samples = [[note.text for note in notice.notes if note.code == "sample"] for notice in notices]
    assert samples == [[f"replace particulars.meeting-place: it is still the sample: {place}"], []]


def test_a_particular_from_the_list_of_agencies_is_not_required(library: Library) -> None:
    answers = {"letter": "287g/terminate", "jurisdiction": "hialeah-police-department-fl"}
    text = text_with_samples(answers, library, TODAY, "r.yaml")
    assert "# required: " not in text
    assert "  # as ICE's list has it: the agreement's model: " in text
    assert "\n#  model: [tfm]\n" in text
    assert "\n#  signed: [2025-07-02]\n" in text


def test_a_sample_of_few_words_may_be_right_by_chance(library: Library) -> None:
    kind = "secure-communities/meeting-confirmation"
    lines = f"letter: {kind}\nparticulars: {{day: 2026-12-15, place: here, time: '10:00 a.m.'}}"
    notes = compose(case_for(library, lines))[0].notes
    assert "sample" not in [note.code for note in notes]
