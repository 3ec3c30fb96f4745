"""A Notice laid out as a Letter: the parts, what fills them, and nothing that does not."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_letters import (
    BARE,
    document_of,
    html_words,
    letter_for,
    notice_for,
    problems_of,
    texts_of,
    told_by,
)
from msgspec.structs import replace

from optout_cli import bundled
from optout_cli.exporters import exporter_for
from optout_cli.letters import Library, pipeline
from optout_cli.letters.compose import compose
from optout_cli.letters.pipeline import Order, case_of
from optout_cli.letters.render import render
from optout_cli.model.letter import Cover, Files, Image, Letter, Paragraph, Run
from optout_cli.readers.document import with_assignments
from optout_cli.templating.filters import typographic
from optout_cli.templating.templates import Templates

PARTS = [
    "mark", "sender", "sender-contact", "service", "to", "reference", "subject", "salutation",
    "body", "closing", "signature", "enclosures", "cc", "record", "continuation", "cover", "head",
    "foot",
]  # fmt: skip
ONE_LINE = [
    "mark", "reference", "subject", "salutation", "closing", "continuation", "head", "foot",
]  # fmt: skip
OWN = "secure-communities/opt-out.html.j2"

Lay = Callable[[str], Letter]


@pytest.fixture
def lay(library: Library, tmp_path: Path) -> Lay:
    """Lay out the bureau's letter with a template of the user's own."""

    def call(template: str) -> Letter:
        path = tmp_path / OWN
        path.parent.mkdir()
        path.write_text(template, "utf-8")
        return render(notice_for(library), Templates([tmp_path, bundled.TEMPLATES]))

    return call


def section(id: str, inside: str | None = None) -> str:
    return f'<section id="{id}">{f"<p>{id} </p><p>2</p>" if inside is None else inside}</section>'


def test_each_section_of_the_template_is_a_part_of_the_letter(lay: Lay) -> None:
    letter = lay("\n".join(map(section, PARTS)))
    parts = {name: getattr(letter, name.replace("-", "_")) for name in PARTS}
    assert parts == {
        **{name: (name, "2") for name in PARTS},
        **{name: f"{name} 2" for name in ONE_LINE},
        "cover": Cover("cover", (), ("2",)),
        "body": (Paragraph((Run("body"),)), Paragraph((Run("2"),))),
    }


def test_a_cover_has_its_facts_by_label(lay: Lay) -> None:
    lines = ("FAX", "To: Ann: the clerk", "Pages: {pages}", "Call 415-555-0100.")
    words = "".join(f"<p>{line}</p>" for line in lines)
    parts = (section(name) for name in PARTS if name != "cover")
    letter = lay("\n".join((*parts, f'<section id="cover">{words}</section>')))
    facts = (("To:", "Ann: the clerk"), ("Pages:", "{pages}"))
    assert letter.cover == Cover("FAX", facts, ("Call 415-555-0100.",))
    assert letter.cover.with_pages(3).facts[1] == ("Pages:", "3")


@pytest.mark.parametrize(("lines", "is_long"), [(20, False), (21, True)])
def test_more_than_20_lines_may_go_to_another_page_than_the_signature(
    library: Library, lines: int, *, is_long: bool
) -> None:
    letter = replace(letter_for(library), approval=("A",), enclosures=(), record=())
    assert replace(letter, cc=("B",) * (lines - 1)).has_long_end is is_long


def test_the_date_and_the_address_come_from_the_notice(lay: Lay) -> None:
    letter = lay("\n".join(map(section, PARTS)))
    assert (letter.date, letter.recipient, letter.envelope) == (
        "November 20, 2026",
        letter.notice.recipient.contact.block,
        letter.notice.recipient.contact.envelope,
    )


def test_without_an_envelope_form_the_whole_address_stands_in_the_window(library: Library) -> None:
    letter = letter_for(library, "recipients: {bureau: {attention: Ann Lee}}")
    assert letter.envelope == letter.recipient == letter.notice.recipient.contact.block


def test_the_seal_is_the_one_that_was_read(library: Library) -> None:
    seal = Image("image/png", b"", "Seal")
    assert render(notice_for(library), library.templates, Files(seal=seal)).seal is seal


def test_parts_that_the_template_lacks_are_a_problem(lay: Lay) -> None:
    template = "".join(section(it) for it in PARTS if it not in ("cc", "body"))
    assert told_by(lambda: lay(template)).endswith(
        f"{OWN}: the letter has no body, no cc\n"
        "  hint: extend the program's _letter.html.j2, which has every part"
    )


def test_a_letter_needs_words_in_every_part_but_those_that_a_request_may_leave_out(
    lay: Lay,
) -> None:
    (problem,) = problems_of(lambda: lay("".join(section(it, "") for it in PARTS)))
    assert problem.message == (
        "the letter has no sender, no reference, no subject, no salutation, no body, no closing, "
        "no signature, no continuation, no head"
    )


def test_only_the_body_may_hold_more_than_paragraphs(lay: Lay) -> None:
    template = "".join(section(it) for it in PARTS if it != "cc")
    assert told_by(lambda: lay(template + section("cc", "<ul><li>a</li></ul>"))).endswith(
        f"{OWN}: the part 'cc' may contain only <p>"
    )


# What a request may fill in or leave out, by the words that then stand in the letter.
ELEMENTS = {
    "CA0210000": {"ori": "CA0210000"},
    "Office-Q": {"signatory.office": "Office-Q"},
    "Street-Q": {
        "signatory.address.street.0": "1 Street-Q",
        "signatory.address.city": "Ross",
        "signatory.address.state": "CA",
        "signatory.address.zip": "94957",
    },
    "415-555-0177": {"signatory.phone": "415-555-0177"},
    "415-555-0178": {"signatory.fax": "415-555-0178"},
    "q@example.gov": {"signatory.email": "q@example.gov"},
    "Number-Q": {"authority.0.number": "Number-Q"},
    "February 3, 2008": {"authority.0.date": "2008-02-03"},
    "Board-Q": {"authority.0.body": "Board-Q"},
    "7 to 2": {"authority.0.vote": "7 to 2"},
    "7020 0000 0000 0000 0010": {
        "service.bureau.0.by": "certified-mail",
        "service.bureau.0.number": "7020 0000 0000 0000 0010",
    },
    "Asked-Q": {"particulars.earlier.0.asked": "Asked-Q"},
    "February 5, 2008": {"particulars.earlier.0.answered": "2008-02-05"},
    "Answer-Q": {"particulars.earlier.0.answer": "Answer-Q"},
    "Reason-Q": {"particulars.reasons.0": "Reason-Q"},
    "March 6, 2027": {"particulars.meeting-dates.0": "2027-03-06"},
    "Place-Q": {"particulars.meeting-place": "Place-Q"},
    "Contact-Q": {"particulars.meeting-contact": "Contact-Q"},
    "March 7, 2027": {"particulars.reply-by": "2027-03-07"},
    "Title-Q": {"enclosures.0.title": "Title-Q"},
    "Name-Q": {"cc.0.name": "Name-Q"},
    "Post-Q": {"cc.0.title": "Post-Q"},
    "Body-Q": {"cc.0.organization": "Body-Q"},
}
ALWAYS = {
    "authority": {"authority.0.instrument": "Resolution"},
    "earlier": {
        "particulars.earlier.0.date": "2008-02-04",
        "particulars.earlier.0.to": "the Attorney General",
    },
    "meeting-place": {"particulars.meeting-dates.0": "2027-03-08"},
}
# What a hole in a sentence looks like, or a list that nothing was said in.
HOLE = re.compile(
    r"\(\)|\( | \)|[,;:] ?[,;:.]| [,;.]|\.\.|“ | ”|None|\[\]| {2}| and\.| at\.|, $", re.MULTILINE
)
DAYS = ["2008-10-27", "2010-08-16", "2010-08-17", "2010-09-07", "2010-10-06", "2011-08-05",
        "2026-11-20"]  # fmt: skip


@pytest.mark.no_cover  # slow, with code that others cover
@settings(max_examples=300)
@given(
    chosen=st.sets(st.sampled_from(sorted(ELEMENTS))),
    day=st.sampled_from(DAYS),
    place=st.sampled_from(["marin-county-ca", "adjuntas-municipio-pr", "alexandria-city-va"]),
)
def test_an_element_stands_in_the_letter_only_where_the_request_fills_it(
    library: Library, chosen: set[str], day: str, place: str
) -> None:
    given_parts = {path: value for it in chosen for path, value in ELEMENTS[it].items()}
    for name, needed in ALWAYS.items():
        if any(name in path for path in given_parts):
            given_parts = needed | given_parts
    lines = f"{{date: {day}, jurisdiction: {place}}}"
    document = with_assignments(document_of(lines), "--set", given_parts)
    case = case_of(document, library, Order(today=date.fromisoformat(day)))
    text = "\n".join(texts_of(render(compose(case)[0], library.templates))).replace("\xa0", " ")
    assert {it for it in ELEMENTS if it in text} == chosen
    assert HOLE.findall(text) == []


@pytest.mark.parametrize(
    ("lines", "part", "text"),
    [
        ("", "mark", ""),
        ("", "service", ()),
        ("", "to", ()),
        ("", "sender_contact", ()),
        ("", "enclosures", ()),
        ("", "record", ()),
        ("", "sender", ("Marin County, California",)),
    ],
)
def test_a_part_that_nothing_fills_is_empty(
    library: Library, lines: str, part: str, text: object
) -> None:
    assert getattr(letter_for(library, lines), part) == text


def test_a_letter_without_a_signatory_is_marked_and_names_nobody(library: Library) -> None:
    draft = letter_for(library, base=BARE)
    assert (draft.mark, len(draft.signature)) == ("DRAFT", 1)


HOSTILE = [
    "<b>bold</b>",
    "<script>alert(1)</script>",
    "*stars* _and_ `ticks`",
    "# head",
    "{{ 7*7 }}",
    "{% include 'x' %} {# c #}",
    "&amp; &lt; &#60; &copy",
    "שלום עולם",
    "مرحبا",
    "👮🏽 🇺🇸",
    "\"quoted\" 'single' \\back\\slash",
    "$x^2$ %s {0} ~",
    "e\u0301 n\u0303 \ufb01",
    "-1. > | --- ==",
    "</section></p>]]><!--",
]
FIELDS = [
    "signatory.name",
    "signatory.title",
    "signatory.office",
    "signatory.address.street.0",
    "authority.0.instrument",
    "authority.0.vote",
    "recipients.bureau.attention",
    "recipients.bureau.organization.0",
    "recipients.bureau.salutation",
    "particulars.earlier.0.to",
    "particulars.earlier.0.answer",
    "particulars.reasons.0",
    "particulars.meeting-place",
    "enclosures.0.title",
    "cc.0.name",
]


@pytest.mark.no_cover
@pytest.mark.parametrize("value", HOSTILE)
def test_every_text_stands_in_every_text_format_as_typed_but_for_its_marks(
    library: Library, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "judge", lambda *_: ((), ()))  # it refuses some of these texts
    typed = {path: f"<{number}> {value}" for number, path in enumerate(FIELDS)}
    needed = {"particulars.earlier.0.date": "2010-05-18"}
    needed |= {"particulars.meeting-dates.0": "2027-03-06"}
    document = with_assignments(document_of(), "--set", needed | typed)
    notice = compose(case_of(document, library, Order(today=date(2026, 11, 20))))[0]
    letter = render(notice, library.templates)
    txt, page, facts = (
        exporter_for(name).encode(letter, library.context).decode()
        for name in ("txt", "html", "json")
    )
    printed = [typographic(it) for it in typed.values()]
    assert [it for it in printed if it not in " ".join(txt.split())] == []
    assert [it for it in printed if it not in " ".join(html_words(page))] == []
    assert set(typed.values()) - set(leaves(json.loads(facts))) == set()


def leaves(value: object) -> list[object]:
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return [leaf for it in inside for leaf in leaves(it)]
    return [value]
