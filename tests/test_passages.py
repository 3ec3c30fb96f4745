"""`optout list passages`: each passage of a letter, its description, and its words today."""

import json
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, words
from conftest import REQUEST, TODAY
from make_letters import KINDS, letter_for, library_with, problems_of, texts_of

from optout_cli.errors import Location
from optout_cli.letters import Library
from optout_cli.lint.passages import passages_of

USUAL = "secure-communities/opt-out"
OPENING = """\
opening: the first sentence, on who writes for whom and under what authority; within a paragraph
    As Sheriff, I write on behalf of Doña Ana County, New Mexico (“the County”), under Resolution
    00-01, adopted by the Board of Commissioners on January 1, 2003 (vote: 5 to 0), and Ordinance 2.
operative: what the letter does, in a sentence or two; within a paragraph
"""


def test_a_letters_passages_are_listed_with_their_words(run: Run) -> None:
    code, out, err = outcome(run("list", "passages", USUAL))
    assert (code, out[: len(OPENING)], err) == (0, OPENING, "")


WITHIN = "within a paragraph; not in"
LISTED = {
    "limits": ["limits: what the letter does not change", "    holds unchanged, status"],
    "answer": [
        f"answer: the last item of the list of requests, which asks for an answer; {WITHIN}",
        "  this letter today",
    ],
    "salutation": [
        "salutation: the greeting",
        "    To the State Identification Bureau:",
        "    Dear Field Office Director:",
    ],
    "reasons": [
        "reasons: the reasons from the request",
        "    The County gives these reasons:",
        "    - [reasons 1].",
        "    - [reasons 2].",
    ],
    "enclosures": [
        "enclosures: what is enclosed; only a template can change it",
        "    Enclosure: Map",
    ],
}


@pytest.mark.parametrize("passage", LISTED)
def test_a_passage_is_listed_by_its_parts_or_its_words_and_what_can_change_it(
    run: Run, passage: str
) -> None:
    lines = outcome(run("list", "passages", USUAL))[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{passage}: "))
    assert lines[first : first + len(LISTED[passage])] == LISTED[passage]
    assert not lines[first + len(LISTED[passage])].startswith(" ")


def test_scripts_get_an_object_for_each_passage(run: Run) -> None:
    _, out, _ = outcome(run("list", "passages", USUAL, "--json"))
    known = {row["id"]: row for row in map(json.loads, out.splitlines())}
    assert known["closing"] == {
        "schema": 1,
        "id": "closing",
        "help": "the words before the signature",
        "texts": ["Respectfully,"],
    }


@pytest.mark.no_cover
@pytest.mark.parametrize("kind", KINDS)
def test_every_letter_names_its_first_sentence_and_its_last_paragraph(
    library: Library, kind: str
) -> None:
    passages = {it.id: it for it in passages_of(kind, library, TODAY, Location("LETTER"))}
    (first,), (last,) = passages["opening"].texts, passages["rights"].texts
    assert ("I write on behalf of" in first, "reserves all of its rights." in last) == (True, True)


@pytest.mark.no_cover
@pytest.mark.parametrize("kind", KINDS)
def test_every_passage_is_described(library: Library, kind: str) -> None:
    passages = passages_of(kind, library, TODAY, Location("LETTER"))
    assert [it.id for it in passages if not it.help] == []


@pytest.mark.parametrize("words", [("passages",), ("letters", USUAL)])
def test_passages_are_those_of_one_letter(run: Run, words: tuple[str, ...]) -> None:
    code, out, err = outcome(run("list", *words))
    assert (code, out, err.splitlines()[-2:]) == (
        2,
        "",
        [
            "Error: passages are those of one letter",
            "  hint: optout list passages PROGRAM/KIND",
        ],
    )


@pytest.mark.parametrize("what", ["jurisdictions", "agencies", "offices"])
def test_what_one_county_has_is_shown_and_not_listed(run: Run, what: str) -> None:
    code, out, err = outcome(run("list", what, "Hays County, TX"))
    assert (code, out, err.splitlines()[-2:]) == (
        2,
        "",
        [
            f"Error: {what} are listed by state, not by name",
            f"  hint: optout show 'Hays County, TX'; or all {what} of a state: --state CODE",
        ],
    )


def test_a_letter_that_does_not_exist_is_told(run: Run) -> None:
    code, _, err = outcome(run("list", "passages", "secure-communities/opt-uot"))
    assert (code, err.splitlines()[0]) == (
        2,
        "LETTER: there is no letter 'secure-communities/opt-uot'",
    )


def test_a_letter_that_is_refused_in_every_period_has_no_words(tmp_path: Path) -> None:
    refused = """\
letters:
  opt-out: {refuse: [{when: {from: 2000-01-01}, reason: no more, hint: "none"}]}
"""
    library = library_with(tmp_path, {"secure-communities/program.yaml": refused})
    (problem,) = problems_of(lambda: list(passages_of(USUAL, library, TODAY, Location("LETTER"))))
    assert problem.code == "never-written"


def test_own_wording_can_replace_the_first_sentence_and_the_last_paragraph(tmp_path: Path) -> None:
    own = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% block opening %}I write for the county.{% endblock %}
{% block rights %}<p>We keep our rights.</p>{% endblock %}
"""
    library = library_with(tmp_path, {f"{USUAL}.html.j2": own})
    texts = texts_of(letter_for(library))
    assert [text for text in texts if "for the county. " in text or "our rights" in text] == [
        next(text for text in texts if text.startswith("I write for the county. Marin County")),
        "We keep our rights.",
    ]


def test_a_requests_passages_are_listed_with_its_facts(
    run: Run, write: Write, in_folder: Path
) -> None:
    wording = "wording: {closing: 'Yours,'}\nauthority: [{instrument: Ordinance, number: No. 7}]\n"
    write("r.yaml", f"{REQUEST}{wording}")
    code, out, err = outcome(run("list", "passages", "r.yaml"))
    assert (code, err) == (0, "")
    assert out.startswith(OPENING.split("\n", maxsplit=1)[0])
    assert "California (\u201cthe County\u201d), under Ordinance No. 7." in words(out)
    assert "signature; the request has other words for it\n    Respectfully,\n" in out
    assert "    To the State Identification Bureau:\n    Dear Field Office Director:\n" in out
