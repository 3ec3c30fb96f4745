"""What counsel mistypes in a template: a problem at its line, with a hint."""

from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from edit_wording import EXTENDS, LETTER, NAME, OWN, own_wording, told

pytestmark = pytest.mark.no_cover  # many trial letters, with code that others cover


@pytest.fixture
def own(write: Write, in_folder: Path) -> Write:
    return own_wording(write, in_folder)


# What counsel may mistype on line 2: the message and the hint.
MISTYPED = {
    "{{ particulars.modle }}": ("particulars has no 'modle'", "did you mean 'model'?"),
    "{{ signatory.nam }}": ("signatory has no 'nam'", "did you mean 'name'?"),
    "{{ place['nam'] }}": ("place has no 'nam'", "did you mean 'name'?"),
    "{{ letterhead.seal }}": ("letterhead is missing, so it has no 'seal'", "put {% if letterhead"),
    "{{ agrement() }}": (
        "a letter has no 'agrement'",
        "did you mean 'agreement'?",
    ),
    "{{ means_named('fax') }}": (
        "a letter has no 'means_named'",
        'add {% from "_layout/names.html.j2" import means_named with context %}',
    ),
    "{{ signatry.name }}": (
        "a letter has no 'signatry'",
        "did you mean 'signatory'?",
    ),
    "{{ date | longdate }}": ("there is no filter 'longdate'", "did you mean 'long_date'?"),
    "{{ place.name.upper() }}": ("a text has no 'upper'", "use a filter: and_list, "),
    "{{ range }}": ("prints a macro without calling it", "add () after its name"),
    "{{ place() }}": ("() is only for macros", "remove the ()"),
    "{{ place.name }": ("`}` is out of place", "write a fact with two braces on each side: {{"),
    "{{ }}": ("{{ }} is empty", "write a fact with two"),
    "{{ place name }}": ("'name' is out of place in {{ }}", "write one fact, then filters after |"),
    "{ place.name }": ("`{` is printed as typed", "write a fact with two braces"),
    "{{{ place.name }}}": ("'}' is out of place in {{ }}", "write a fact with two"),
    "{{ place.name || the }}": ("'|' is out of place in {{ }}", "write a fact with two"),
    "a\u202eb": ("has an invisible character (U+202E)", "delete it and type the text again"),
    "a\x00b": ("has an invisible character (U+0000)", "delete it and type the text again"),
    "a&#8203;b": ("has an invisible character (U+200B)", "delete it and type the text again"),
    "{{ 'a\x07' }}": ("has an invisible character (U+0007)", "delete it and type the text"),
    "{% if place = place %}": ("'=' is out of place in {% %}", "compare with =="),
    "{% if place && date %}": ("`&` is out of place", "write and, or or, in words"),
    "{% if place is nosuch %}{% endif %}": ("there is no test 'nosuch'", "compare with =="),
    "{% if date %}{% elseif date %}": ("there is no {% elseif %}", "did you mean 'elif'?"),
    "{% if “x” %}": ("`“` is a curly quote", 'write " instead'),
    "{% for x in particulars.officer %}{% endfor %}": ("particulars has no 'officer'", "one of "),
    "{{ ori }}": ("prints a fact that is missing", "put {% if ori %} around it"),
    "{% if letterhead > date %}{% endif %}": (
        "uses a fact that is missing",
        "put {% if ... %} around",
    ),
    "{{ '(' + date + ')' }}": (
        "calculates with something that is not a number",
        "print each fact in its own {{",
    ),
    "{% if date > 5 %}{% endif %}": (
        "compares facts that are not of one kind",
        "compare a date with",
    ),
    "{% for x in date %}{% endfor %}": (
        "a loop runs over something that is not a list",
        "print the fact itself, ",
    ),
    "{{ date | long_date('x') }}": (
        "long_date is called with too many values, or too few",
        "a filter follows |, most",
    ),
    "{{ authority[0].number }}": ("authority has no entry 0", "use {% for %}, which prints the"),
    "{{ reserved_rights }}": (
        "a letter has no 'reserved_rights'",
        "one of activation, addressing, ",
    ),
    "{% from '_layout/names.html.j2' import the_name %}{{ the_name(1) }}": (
        "_layout/names.html.j2 has no macro 'the_name'",
        "correct the name behind import",
    ),
    "{% from '_layout/names.html.j2' import located %}{{ located() }}": (
        "a macro is called without a value for 'named'",
        "put it in the () after the macro's name",
    ),
    "{% for x in letterhead %}{% endfor %}": (
        "a loop runs over a fact that is missing",
        "put {% if ... %} around it",
    ),
    "<b>x</b>": ("<b> is not allowed in a letter", "write <strong>; allowed: <p>, <ol>"),
    "<p>x</p>": ("<p> is not allowed in <p>", "add </p> before it"),
    "<ul><li>x</li></ul>": (
        "<ul> is not allowed in <p>",
        "allowed there: <strong>, <em>, <code>, <a>, <br>",
    ),
    "<em>x": ("<em> is not closed before </p>", "add </em> before it"),
    "{% blok x %}": ("there is no {% blok %}", "did you mean 'block'?"),
    "{% endif %}": ("{% endif %} closes nothing here", "close {% block %} first: add {% endblock"),
    "{% if signatory %}": ("{% endblock %} closes nothing here", "close {% if %} first: add"),
}


@pytest.mark.parametrize(("source", "problem"), MISTYPED.items(), ids=MISTYPED)
def test_a_mistyped_template_gets_a_plain_message_and_a_hint(
    source: str, problem: tuple[str, str], run: Run, own: Write
) -> None:
    own(NAME, f"{EXTENDS}{{% block reasons %}}<p>{source}</p>{{% endblock %}}\n")
    err = outcome(run(*LETTER))[2]
    assert err.startswith(f"{OWN}:2: {problem[0]}\n  hint: {problem[1]}")


@pytest.mark.parametrize(
    ("text", "told_at", "hint"),
    [
        (
            "{% block closing %}Sincerely,{% endblock %}",
            "2: 'Sincerely,' is outside a paragraph",
            "add <p> before it and </p> after it",
        ),
        (
            "{% block closing %}Sincerely, {{ place.name }}{% endblock %}",
            "2: 'Sincerely,' is outside a paragraph",
            "add <p> before it and </p> after it",
        ),
        (
            "{% block reasons %}<p>It ends.{% endblock %}",
            "2: <p> is never closed",
            "add </p> after its words",
        ),
        (
            "{% block operative %}<p>It ends.</p>{% endblock %}",
            "2: <p> is not allowed in <p>",
            "this block is already inside a paragraph: remove <p> and </p>",
        ),
        (
            "\n{% block reasons %}<p>It ends.</p>\n\n",
            "3: {% block %} is never closed",
            "add {% endblock %} after its contents",
        ),
        (
            "{% block a-b %}{% endblock %}",
            "2: the name of a block cannot have a hyphen",
            "use _ instead",
        ),
        (
            "{% block cc %}{% endblock %}{% block cc %}{% endblock %}",
            "2: two blocks are named 'cc'",
            "remove one of them",
        ),
        ("{# remark", "2: {# is never closed", "add #} after the comment"),
    ],
)
def test_the_location_is_the_line_that_counsel_mistyped(
    text: str, told_at: str, hint: str, run: Run, own: Write
) -> None:
    own(NAME, EXTENDS + text)
    assert outcome(run(*LETTER))[2] == f"{OWN}:{told_at}\n  hint: {hint}\n"


@pytest.mark.parametrize(
    ("extends", "message", "hint"),
    [
        (
            "builtin:287g/termnate.html.j2",
            "there is no template 'builtin:287g/termnate.html.j2' in the template folders",
            "did you mean 'builtin:287g/terminate.html.j2'?",
        ),
        (
            NAME,
            "extends itself",
            'extend the shipped template: {% extends "builtin:287g/terminate.html.j2" %}',
        ),
    ],
    ids=["misspelt", "itself"],
)
def test_a_wrong_extends_is_a_problem_of_the_file_that_extends(
    extends: str, message: str, hint: str, run: Run, own: Write
) -> None:
    own(NAME, f'{{% extends "{extends}" %}}\n')
    assert told(run) == [f"{OWN}:1: {message}", f"  hint: {hint}"]
    assert outcome(run(*LETTER))[2] == f"{OWN}:1: {message}\n  hint: {hint}\n"
