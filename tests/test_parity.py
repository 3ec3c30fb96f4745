"""Every format says what the Letter says: recipient, reference, date and every word of the body."""

import json
from collections.abc import Iterator, Mapping

import pytest
from letters_by_period import TURNS, sample_letters
from make_letters import KINDS
from msgspec.structs import replace
from read_docx import words_in, words_of
from read_fax import drawn, pictures_in, said_by, said_in
from read_mail import Parts, differing, parts_of

from optout_cli.exporters import all_exporters, exporter_for
from optout_cli.letters import Library
from optout_cli.letters.render import render
from optout_cli.model.letter import Block, Letter, Paragraph, Run

pytestmark = pytest.mark.no_cover  # many pages, with code that others cover

USUAL = "secure-communities/opt-out"


def exported(letter: Letter, library: Library) -> dict[str, bytes]:
    return {name: exporter_for(name).encode(letter, library.context) for name in all_exporters()}


def otherwise_said(contents: Mapping[str, bytes], letter: Letter, fax: bytes) -> Iterator[str]:
    """Yield each format that says anything but the letter, or leaves any of it out.

    `fax` is the letter's PDF for a fax.
    """
    parts = Parts(
        contents["txt"].decode(), contents["html"].decode(), contents["pdf"], is_mailed=False
    )
    formats = {"text": "txt", "page": "html", "printed": "pdf"}
    yield from (formats[part] for part in differing(parts, letter))
    if differing(parts_of(contents["eml"]), letter):
        yield "eml"
    if said_in(contents["fax"].decode("ascii")) != said_by(letter):
        yield "fax"
    # A fax has no window: it shows the whole address. Its cover and heads have no tags.
    faxed = parts._replace(printed=contents["fax-pdf"])
    if "printed" in differing(faxed, replace(letter, envelope=letter.recipient)):
        yield "fax-pdf"
    # No reader finds words in dots: they are the dots of the PDF, whose words one finds.
    pages = [page.tobytes() for page in pictures_in(contents["tiff"])]
    if pages != [*drawn(fax)]:
        yield "tiff"
    if words_in(contents["docx"]) != words_of(letter):
        yield "docx"
    # The facts alone: it has no body.
    facts, notice = json.loads(contents["json"]), letter.notice
    block = tuple(facts["recipient"]["contact"]["organization"])
    told = (facts["reference"], facts["date"], block)
    if told != (notice.reference, str(notice.date), notice.recipient.contact.organization):
        yield "json"


# Every turn of the usual letter, and one of each other.
CASES = [(USUAL, turn) for turn in range(len(TURNS))]
CASES += [(kind, number % len(TURNS)) for number, kind in enumerate(KINDS) if kind != USUAL]


@pytest.mark.parametrize(("kind", "turn"), CASES)
def test_every_format_says_what_the_letter_says(
    library: Library, typst_library: Library, kind: str, turn: int
) -> None:
    # In WeasyPrint's pages of each kind and period test_both_engines finds the same words.
    library = library if (kind, turn) == CASES[0] else typst_library
    for letter in sample_letters(kind, turn, library):
        contents = exported(letter, library)
        assert list(otherwise_said(contents, letter, contents["fax-pdf"])) == []


WORDS = {
    "opening": "Counsel writes for it.",
    "requests": 'It asks:\n1. for "an answer";\n2. for its file.\n\nThat is all.',
    "rights": "It keeps its rights:\n- all;\n- of them.",
    "closing": "Yours,",
}


@pytest.mark.parametrize("kind", [USUAL, "287g/terminate"])
def test_every_format_has_the_words_of_a_request(typst_library: Library, kind: str) -> None:
    usual = sample_letters(kind, 0, typst_library)[0].notice
    notice = replace(usual, wording=WORDS, is_reworded=True)
    letter = render(notice, typst_library.templates)
    contents = exported(letter, typst_library)
    assert list(otherwise_said(contents, letter, contents["fax-pdf"])) == []


def reworded(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Change one word of the first paragraph."""
    first = blocks[0]
    assert isinstance(first, Paragraph)
    head, _, rest = first.runs[0].text.partition(" ")
    return (Paragraph((Run(f"{head}x {rest}"), *first.runs[1:])), *blocks[1:])


@pytest.fixture(scope="module")
def usual(typst_library: Library) -> tuple[Letter, dict[str, bytes]]:
    """Return a letter in every format."""
    letter = sample_letters(USUAL, 0, typst_library)[0]
    return letter, exported(letter, typst_library)


@pytest.mark.parametrize("name", all_exporters())
def test_one_other_word_in_one_format_is_found(
    typst_library: Library, name: str, usual: tuple[Letter, dict[str, bytes]]
) -> None:
    letter, contents = usual
    other = replace(letter, body=reworded(letter.body))
    if name == "json":
        other = replace(letter, notice=replace(letter.notice, reference="SC-OTHER"))
    changed = exporter_for(name).encode(other, typst_library.context)
    planted = {**contents, name: changed}
    assert list(otherwise_said(planted, letter, contents["fax-pdf"])) == [name]


def test_one_other_word_in_a_part_of_the_e_mail_is_found(
    usual: tuple[Letter, dict[str, bytes]],
) -> None:
    letter, contents = usual
    text = contents["eml"]
    head, found, rest = text.partition(b"does not wish to")
    assert found
    planted = {**contents, "eml": head + b"does now wish to" + rest}
    assert list(otherwise_said(planted, letter, contents["fax-pdf"])) == ["eml"]
