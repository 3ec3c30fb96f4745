"""A user's template that does what it may not: a problem at its line, and nothing written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from command_results import Run, Write, lying_in, outcome
from conftest import REQUEST

from optout_cli.letters.render import render
from optout_cli.lint import trial_letters
from optout_cli.model.letter import Letter
from optout_cli.model.notice import Notice
from optout_cli.templating.templates import Templates

pytestmark = pytest.mark.no_cover  # many trial letters, with code that others cover

NAME = "secure-communities/opt-out.html.j2"
OWN = '{{% extends "builtin:secure-communities/opt-out.html.j2" %}}\n{{% block limits %}}\n{}\n{}'

TWICE = "{{ m(n - 1) }}{{ m(n - 1) }}"
MANY = "calls macros or range more than 50,000 times"
IF, END = "{% if n %}", "{% endif %}"
FAR = "loops more than 1,000,000 times"
BACK = "remove this line, or name another template"
LONG = "prints more than 1,000,000 characters"


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
        (f"<p>{{{{ title{'|sentence' * 5000} }}}}</p>", "is nested too deeply"),
        (f"<p>{{{{ {'(' * 5000}title{')' * 5000} }}}}</p>", "is nested too deeply"),
        (f"<p>{{{{ title{'.x' * 3000} }}}}</p>", "is nested too deeply"),
        ("{% if title %}" * 3000 + "<p>x</p>" + "{% endif %}" * 3000, "is nested too deeply"),
        ("{% if title %}" * 120 + "<p>x</p>" + "{% endif %}" * 120, "is nested too deeply"),
        ("{% for _ in cc %}" * 30 + "<p>x</p>" + "{% endfor %}" * 30, "is nested too deeply"),
        (f"{{% macro m(n) %}}{TWICE}{{% endmacro %}}{{{{ m(1) }}}}", "calls itself without end"),
        (
            f"{{% macro m(n) %}}{{% if n %}}{TWICE}{{% endif %}}{{% endmacro %}}{{{{ m(40) }}}}",
            MANY,
        ),
        ("{% for _ in [1, 2, 3, 4, 5, 6, 7, 8, 9, 0] %}" * 9 + "{% endfor %}" * 9, FAR),
        (f'{{% include "{NAME}" %}}', f"includes itself\n  hint: {BACK}\n"),
        (f'{{% set name = "{NAME}" %}}{{% include name %}}', "includes itself\n"),
        ("{{ self.limits() }}", "calls itself without end\n  hint: remove the self.name()"),
        (f"<{'a' * 90_000}", "`<` does not start a tag"),
        ("<p>{{ 1e999 }}</p>", "a number is too large"),
        (f"<p>{'<strong><em>' * 3000}x</p>", "<strong> is already open"),
        ("<p>" * 90_000, "is longer than 250,000 characters"),
        (f"{{% set a = title %}}{'{% set a = a + a %}' * 60}<p>{{{{ a }}}}</p>", LONG),
        (f"{{% set a = title %}}{'{% set a = [a, a] | join %}' * 60}<p>{{{{ a }}}}</p>", LONG),
        (f"{{% set a = 9 %}}{'{% set a = a * a %}' * 60}<p>{{{{ a }}}}</p>", "calculates with a"),
    ],
    ids=lambda value: value[:30],
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


@pytest.mark.parametrize("verb", ["extends {}", "include {}", "from {} import m"])
def test_templates_that_name_each_other_are_a_problem(
    verb: str, run: Run, write: Write, in_folder: Path
) -> None:
    inner = "secure-communities/_mine.html.j2"
    for name, other in ((NAME, inner), (inner, NAME)):
        write(f"mine/{name}", f"\n\n{{% {verb.format(repr(other))} %}}<p>x</p>\n")
    word = {"from": "import"}.get(verb.split(maxsplit=1)[0], verb.split(maxsplit=1)[0]).rstrip("s")
    told = f"mine/{NAME}:3: {word}s itself by way of {inner}\n"
    code, out, _ = outcome(run("check", "--templates", "mine"))
    assert (code, out[: len(told)], out.count("\n")) == (1, told, 2)


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("{% macro m() %}<p>{{ m() }}</p>{% endmacro %}{{ m() }}", 1),
        ("{% macro m() %}{{ calls }}{% endmacro %}<p>{{ m() }}</p>", 21),
        (
            "".join(
                f"{{% macro m{n}() %}}{{{{ m{n + 1}() }}}}{{{{ m{n + 1}() }}}}{{% endmacro %}}"
                for n in range(30)
            )
            + "{% macro m30() %}<p>x</p>{% endmacro %}{{ m0() }}",
            1,
        ),
    ],
    ids=["itself", "unknown", "twice each"],
)
def test_few_letters_are_written_where_none_can_be(
    body: str, count: int, run: Run, write: Write, in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def counted(notice: Notice, templates: Templates) -> Letter:
        written.append(notice.letter)
        return render(notice, templates)

    monkeypatch.setattr(trial_letters, "render", counted)
    write(f"mine/{NAME}", OWN.format(body, "{% endblock %}"))
    code, out, _ = outcome(run("check", "--templates", "mine"))
    # `renewed-request` extends this letter.
    assert (code, out.count(f"{NAME}:3: "), len(written)) == (1, 1, 2 * count)


def test_a_template_that_prints_without_end_is_stopped(
    run: Run, write: Write, in_folder: Path
) -> None:
    loops = "{% for _ in range(100) %}" * 3 + "xx" + "{% endfor %}" * 3
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


@pytest.mark.parametrize("command", [("check",), ("write", "-f", "txt")])
def test_a_long_row_of_elif_is_a_problem(
    command: tuple[str, ...], run: Run, write: Write, in_folder: Path
) -> None:
    row = "{% if not title %}<p>y</p>" + "{% elif not title %}<p>y</p>" * 101
    write("r.yaml", REQUEST)
    write(f"mine/{NAME}", OWN.format(f"{row}{{% endif %}}", "{% endblock %}"))
    code, out, err = outcome(run(*command, "r.yaml", "--templates", "mine"))
    assert (code, f"mine/{NAME}:3: is nested too deeply\n" in out + err) == (1, True)


def test_a_name_that_is_given_twice_is_a_problem(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    write(f"mine/{NAME}", OWN.format("<p>{{ range(a=1, a=2) }}</p>", "{% endblock %}"))
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt", "--templates", "mine"))
    told = f"mine/{NAME}:1: is not a template: keyword argument repeated: a\n"
    assert (code, out, err) == (1, "", told)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_template_that_is_no_file_is_a_problem_and_is_not_read(
    make: Callable[[Path], None], run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write(f"mine/{NAME}", OWN.format('{% include "pipe.html.j2" %}', "{% endblock %}"))
    make(Path("mine/pipe.html.j2"))
    code, out, err = outcome(run("check", "r.yaml", "--templates", "mine"))
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "mine/pipe.html.j2: is not a file",
        f"mine/{NAME}:3: there is no template 'pipe.html.j2' in the template folders",
    ]


def test_words_outside_a_paragraph_are_located_in_the_template_that_is_included(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("mine/secure-communities/_words.html.j2", "{# Words. #}\nhi\n")
    line = '<p>This is for this.</p>{% include "secure-communities/_words.html.j2" %}'
    write(f"mine/{NAME}", OWN.format(line, "{% endblock %}"))
    _, _, err = outcome(run("write", "r.yaml", "-f", "txt", "--templates", "mine"))
    place = "mine/secure-communities/_words.html.j2:2"
    assert err.splitlines()[0] == f"{place}: 'hi' is outside a paragraph"
