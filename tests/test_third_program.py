"""A program of one's own, in a folder: every command knows it, and no line of Python does."""

import json
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome, words
from conftest import REQUEST

PROGRAM = """\
title: Jail telephones
code: JT
periods:
  - {id: early, from: "2009-01-01", until: "2019-12-31", caution: It is early.}
  - {id: late, from: "2020-01-01"}
citations:
  rule: {title: The Rule, date: "2020-01-01", text: Calls are free., source: {kind: official}}
recipients:
  - {role: bureau}
  - {role: field-office, copy: [{office: ice-hq, when: {chosen: {kind: [county]}}}]}
particulars:
  kind: {type: choice, choices: [county, city], help: which jail}
guide:
  next: [{text: "Wait for an answer until {again}."}]
  wait: "10"
replies:
  none: {label: nothing yet, silence: true, next: [{where: "none by {again}", letter: again}]}
letters:
  stop:
    title: Notice to stop
    summary: Asks that calls stop.
    version: "7"
    about: [287g]
    requires: [kind]
    refuse: [{when: {chosen: {kind: [city]}}, reason: "{place} has no city jail", hint: say county}]
    computed: {free-from: {from: told, days: "10"}}
    cautions: [{when: {given: [free-from]}, text: "free from {free-from}"}]
    particulars:
      told: {type: date, when: before, help: when it was said, example: "2026-11-01"}
  again:
    title: Second notice
    summary: Asks once more.
    version: "1"
    follows: [stop]
    particulars:
      first: {type: date, when: before, required: true, help: the first notice, follow: date}
"""
STOP = """\
{% extends "_layout/every-letter.html.j2" %}
{% block subject %}<p>{{ title }}: {{ place.full_name }}</p>{% endblock %}
{% block body %}
  <p>Please stop.{% if particulars.kind == "county" %} It is a county jail.{% endif %}</p>
  {% if period == "late" %}<p>{{ citations["rule"].text }}</p>{% endif %}
  {% if computed["free-from"] %}
    {% set day = computed["free-from"] %}
    <p>Said on {{ particulars.told | long_date }}; free from {{ day | long_date }}.</p>
  {% endif %}
{% endblock %}
"""
AGAIN = """\
{% extends "jail-phones/stop.html.j2" %}
{% block body %}<p>See the letter of {{ particulars.first | long_date }}.</p>{% endblock %}
"""
MINE = ("--templates", "mine")
GIVEN = REQUEST.replace("secure-communities/opt-out", "jail-phones/stop") + (
    "particulars: {kind: county, told: 2026-11-01}\n"
)


@pytest.fixture
def desk(write: Write, in_folder: Path) -> Path:
    """Lie the program, and a request for its letter, in the folder."""
    write("mine/jail-phones/program.yaml", PROGRAM)
    write("mine/jail-phones/stop.html.j2", STOP)
    write("mine/jail-phones/again.html.j2", AGAIN)
    write("r.yaml", GIVEN)
    return in_folder


pytestmark = pytest.mark.usefixtures("desk", "with_typst")


def test_list_has_its_letters(run: Run) -> None:
    assert (
        "jail-phones/again: Second notice\n  Asks once more.\n  needs: first\n"
        in (outcome(run("list", "letters", *MINE))[1])
    )


def test_show_has_its_status_and_recipients(run: Run) -> None:
    shown = outcome(run("show", "06041", "--date", "2015-01-01", *MINE))[1]
    part = shown.partition("Jail telephones, for letters of 2015-01-01\n")[2]
    assert part.startswith("  It is early.\n  letters: jail-phones/again, jail-phones/stop\n")


def test_write_makes_every_format_of_its_letters(run: Run, desk: Path) -> None:
    formats = "pdf,txt,html,json,eml,fax,tiff"
    code, out, err = outcome(
        run("write", "r.yaml", "--draft", "-v", "-f", formats, "-o", "out/", *MINE)
    )
    assert (code, len(out.split()), "note: free from 2026-11-11\n" in err) == (0, 14, True)
    text = words((desk / "out" / "2026-11-20-stop-ice.txt").read_text("utf-8"))
    assert "Please stop. It is a county jail. Calls are free. Said on November 1, 2026;" in text
    assert "jail-phones/stop, version 7" in text
    assert " Director, U.S. Immigration and Customs Enforcement jail-phones" in text


def test_a_letter_that_its_program_refuses_is_refused_at_its_line(run: Run) -> None:
    code, _, err = outcome(run("write", "r.yaml", "--set", "particulars.kind=city", *MINE))
    assert (code, err) == (1, "r.yaml:2:1: Marin County, CA has no city jail\n  hint: say county\n")


@pytest.mark.no_cover
def test_the_json_form_carries_the_templates_hash(run: Run, write: Write) -> None:
    def digest() -> str:
        arguments = ("write", "r.yaml", "--to", "ice", "-f", "json", "-o", "-", *MINE)
        facts = json.loads(outcome(run(*arguments))[1])
        assert facts["template"]["name"] == "jail-phones/stop.html.j2"
        found: str = facts["template"]["sha256"]
        return found

    first = digest()
    assert (len(first), digest()) == (64, first)
    write("mine/jail-phones/stop.html.j2", STOP.replace("Please", "Do"))
    assert digest() != first


def test_batch_new_schema_and_guide_know_it(run: Run, write: Write, desk: Path) -> None:
    write("b.csv", "jurisdiction,letter,particulars.kind\n06041,jail-phones/stop,county\n")
    assert outcome(run("batch", "b.csv", "-f", "txt", "-o", "many/", *MINE))[0] == 0
    assert [it for it in lying_in(desk / "many") if it.endswith("stop-ice.txt")]
    sample = outcome(run("new", "06041", "--letter", "jail-phones/stop", "-o", "-", *MINE))[1]
    assert "# required: which jail (county, city)\n" in sample
    assert "jail-phones/stop" in outcome(run("schema", "request", *MINE))[1]
    on = ("--date", "2026-11-20")
    guide = words(outcome(run("guide", "06041", "--letter", "jail-phones/stop", *on, *MINE))[1])
    assert "What the law of your state says" in guide  # it says of nothing what it can do
    assert "\N{BALLOT BOX} Wait for an answer until December 7, 2026." in guide
    assert "- None by December 7, 2026: Second notice. optout new --follow LETTER" in guide


@pytest.mark.no_cover
def test_check_finds_nothing_wrong_with_its_request(run: Run) -> None:
    assert outcome(run("check", "r.yaml", "-q", *MINE)) == (0, "", "")
