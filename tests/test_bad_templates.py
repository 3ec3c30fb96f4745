"""A user's template that does what it may not: a problem at its line, and nothing written."""

from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from conftest import REQUEST

NAME = "secure-communities/opt-out.html.j2"
OWN = '{{% extends "builtin:secure-communities/opt-out.html.j2" %}}\n{{% block limits %}}\n{}\n{}'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("<p>{% for _ in range(1000000000) %}x{% endfor %}</p>", "a range of 1,000,000,000 is too"),
        ("<p>{% for _ in range(10**9) %}x{% endfor %}</p>", "** is not allowed in "),
        ("<p>{{ 'x' * 1000000000 }}</p>", "* is "),
        ("<p>{{ '%1000000000d' % 1 }}</p>", "% is "),
        (
            "<p>{% for _ in range(999) %}{{ 'x%s' }}{{ title }}</p>{% endif %}",
            "{% endif %} closes nothing here",
        ),
        ("<p>{{ signatory.__class__ }}</p>", "'__class__' is not allowed in a letter"),
        ("<p>{{ title.__class__.__mro__ }}</p>", "'__class__' is not allowed in a letter"),
        ("<p>{{ range.__globals__ }}</p>", "'__globals__' is not allowed in a letter"),
        ("<p>{{ sheriff }}</p>", "a letter has no 'sheriff'"),
        ("<p>{{ signatory.phne }}</p>", "signatory has no 'phne'\n  hint: did you mean 'phone'?"),
        ("<p>{{ signatory.phone }}</p>", "prints a fact that is missing"),
        ('<p>{{ "x" if false }}</p>', "prints something that is not defined"),
        ('<p>{{ "" }}</p>', "prints a fact that is missing"),
        ("<p>{{ authority }}</p>", "prints a tuple; use a loop or a filter"),
        ("<p>{{ date }}</p>", "prints a date; use a loop or a filter"),
        ("<p></p>", "<p> is empty"),
        ("<script>alert(1)</script>", "<script> is not allowed in a letter"),
        ("<table><tr><td>x</td></tr></table>", "<table> is not allowed in a letter"),
        ('<p onclick="x">x</p>', "<p> may not have onclick"),
        ('<p><a href="javascript:x">x</a></p>', "a link must start with https:// or mailto:"),
        ("<p>{{ '<b>' | safe }}</p>", "there is no filter 'safe'"),
        ('{% include "/etc/passwd" %}', "there is no template '/etc/passwd' in the template fold"),
        ('{% include "../r.yaml" %}', "there is no template '../r.yaml' in the template folders"),
        ('{% include "../outside.html.j2" %}', "there is no template '../outside.html.j2' in th"),
        ('{% include "outside.html.j2" %}', "there is no template 'outside.html.j2' in the tem"),
        ("{% if %}", "{% %} is not complete"),
    ],
)
def test_a_template_that_does_what_it_may_not_is_a_problem_at_its_line(
    line: str, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("outside.html.j2", "<p>Outside.</p>\n")
    write(f"mine/{NAME}", OWN.format(line, "{% endblock %}"))
    before = lying_in(in_folder)
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt", "--templates", "mine"))
    expected = f"mine/{NAME}:3: {told}"
    assert (code, out, err[: len(expected)], err.count(NAME)) == (1, "", expected, 1)
    assert lying_in(in_folder) == before


def test_a_template_that_prints_without_end_is_stopped(
    run: Run, write: Write, in_folder: Path
) -> None:
    loops = "{% for _ in range(100) %}" * 3 + "x" + "{% endfor %}" * 3
    write("r.yaml", REQUEST)
    write(f"mine/{NAME}", OWN.format(f"<p>{loops}</p>", "{% endblock %}"))
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt", "--templates", "mine"))
    assert (code, out, "prints more than 1,000,000 characters" in err) == (1, "", True)


def test_the_hint_for_a_template_that_extends_itself_names_the_shipped_one(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write(f"mine/{NAME}", f'{{% extends "{NAME}" %}}\n')
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt", "--templates", "mine"))
    assert (code, out, err.partition("\n")[2]) == (
        1,
        "",
        f'  hint: extend the shipped template: {{% extends "builtin:{NAME}" %}}\n',
    )
