"""Which file a template's name means, what a template may do, and the location of its problems."""

import shutil
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from make_letters import notice_for, problems_of, told_by

from optout_cli import bundled
from optout_cli.cache import Cache
from optout_cli.errors import Location, Problem
from optout_cli.letters.render import render
from optout_cli.model.jurisdiction import Contact
from optout_cli.model.notice import Place
from optout_cli.templating.templates import Templates

Fill = Callable[..., str]
NAME = "p/ask.html.j2"
OWN = f"user/{NAME}"  # as it is shown


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Templates:
    """Open a user's folder before a shipped one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user").mkdir()
    return Templates([Path("user"), write(tmp_path / "shipped", {})])


@pytest.fixture
def fill(templates: Templates) -> Fill:
    """Fill in a template of the user's folder: `fill("<p>{{ x }}</p>", x="a")`."""

    def call(source: str, name: str = NAME, /, **facts: Any) -> str:
        write(templates.folders[0], {name: source})
        return templates.fill_in(name, facts)

    return call


# The first of these files that exists is the letter's template.
PLACES = [
    "user/p/ask.marin-county-ca.html.j2",
    "user/p/ask.CA.html.j2",
    "user/p/ask.html.j2",
    "shipped/p/ask.marin-county-ca.html.j2",
    "shipped/p/ask.CA.html.j2",
    "shipped/p/ask.html.j2",
]


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_the_users_folder_comes_first_and_in_each_folder_jurisdiction_state_kind(
    templates: Templates, tmp_path: Path, first: int
) -> None:
    write(tmp_path, {place: place for place in PLACES[first:]})
    name = templates.name_of("p/ask", "marin-county-ca", "CA")
    assert templates.fill_in(name, {}) == PLACES[first]


def test_wording_of_another_place_is_not_used(templates: Templates, tmp_path: Path) -> None:
    write(tmp_path, {place: place for place in PLACES})
    name = templates.name_of("p/ask", "harris-county-tx", "TX")
    assert templates.fill_in(name, {}) == "user/p/ask.html.j2"


def test_a_kind_without_a_template_is_a_problem(templates: Templates) -> None:
    name = templates.name_of("p/ask", "marin-county-ca", "CA")
    assert told_by(lambda: templates.fill_in(name, {})) == (
        "p/ask.html.j2: there is no template 'p/ask.html.j2' in the template folders"
    )


def test_an_override_extends_the_shipped_template_it_replaces(fill: Fill, tmp_path: Path) -> None:
    write(tmp_path / "shipped", {NAME: "a {% block b %}shipped{% endblock %} c"})
    override = '{% extends "builtin:p/ask.html.j2" %}{% block b %}mine, {{ super() }}{% endblock %}'
    assert fill(override) == "a mine, shipped c"


def test_builtin_never_means_the_users_folder(fill: Fill) -> None:
    assert told_by(lambda: fill('\n{% extends "builtin:p/ask.html.j2" %}')) == (
        "user/p/ask.html.j2:2: there is no template 'builtin:p/ask.html.j2' in the template folders"
    )


# Each is on line 2 of its template.
REFUSED = {
    "{{ nothing }}": "a letter has no 'nothing'",
    "{{ place.county }}": "place has no 'county'",
    "{{ none }}": "prints a fact that is missing",
    "{{ missing }}": "prints a fact that is missing",
    "{{ empty }}": "prints a fact that is missing",
    "{{ items }}": "prints a list; use a loop or a filter",
    "{{ day }}": "prints a date; use a loop or a filter",
    "{{ place }}": "prints a dict; use a loop or a filter",
    "{{ yes }}": "prints a bool; use a loop or a filter",
    "{{ 1.5 }}": "prints a float; use a loop or a filter",
    "{{ text if missing }}": "prints something that is not defined",
    "{{ text ~ missing }}": "`~` is not allowed; print each part in its own {{ }}",
    "{{ items | and_list }}": "prints an empty list",
    "{{ items | join(3) }}": "join takes a text, not 3",
    "{{ text | long_date }}": "long_date takes a date, not 'a'",
    "{{ 5 | long_dates }}": "long_dates takes a list of dates, not 5",
    "{{ [5] | by_date | length }}": "by_date takes a list of entries with a date, not 5",
    "{{ 5 | and_list }}": "and_list takes a list of texts, not 5",
    "{{ [1, 2] | or_list }}": "or_list takes a list of texts, not 1",
    "{{ [day] | join }}": "join takes a list of texts, not the date 2010-08-31",
    "{{ missing | sentence }}": "prints a fact that is missing",
    "{{ missing | the }}": "prints a fact that is missing",
    "{{ 5 | full_stop }}": "full_stop takes a text, not 5",
    "{{ nothing | the }}": "a letter has no 'nothing'",
    "{{ 5 | length }}": "takes something for a list or a text that is neither",
    "{{ range(text) }}": "range takes one to three small numbers",
    "{{ range(10000000000000000000000) }}": "range takes one to three small numbers",
    "{{ day + 1 }}": "calculates with something that is not a number",
    "{{ text() }}": "() is only for macros",
    "{% for i in range(10**9) %}{% endfor %}": "** is not allowed in a letter",
    "{% for i in range(1000000000) %}{% endfor %}":
        "a range of 1,000,000,000 is too long; at most 100",
    "{{ 'x' * 100000000 }}": "* is only for two numbers",
    "{{ 100000000 * 'x' }}": "* is only for two numbers",
    "{{ '%1000000000d' % 1 }}": "% is only for two numbers",
    "{{ text.__class__ }}": "'__class__' is not allowed in a letter",
    "{{ items.__class__ }}": "'__class__' is not allowed in a letter",
    "{{ items.append(1) }}": "'append' is not allowed in a letter",
    "{{ text.ljust(1000000000) }}": "a text has no 'ljust'",
    "{{ day.strftime(5) }}": "a date has no 'strftime'",
    "{{ contact.envelope_at(1) }}": "'envelope_at' is not allowed in a letter",
    "{{ '{:>1000000000}'.format(1) }}": "a text has no 'format'",
    "{{ text | safe }}": "there is no filter 'safe'",
    "{{ text | attr('x') }}": "there is no filter 'attr'",
    "{{ lipsum() }}": "a letter has no 'lipsum'",
    "{{ 1 / 0 }}": "division by zero",
    "<script>alert(1)</script>": "<script> is not allowed in a letter",
    "<table></table>": "<table> is not allowed in a letter",
    "<img src=x>": "<img> is not allowed in a letter",
    "<!-- a comment -->": "`<` does not start a tag; write &lt; for the character",
    "a < b": "`<` does not start a tag; write &lt; for the character",
    "<p": "`<` does not start a tag; write &lt; for the character",
    "{% raw %}<b>{% endraw %}": "<b> is not allowed in a letter",
    "{% if %}": "{% %} is not complete",
    "{{ text }": "`}` is out of place",
}  # fmt: skip


@pytest.mark.parametrize(("source", "message"), REFUSED.items(), ids=REFUSED)
def test_what_a_template_may_not_do_is_a_problem_at_its_line(
    fill: Fill, source: str, message: str
) -> None:
    facts: dict[str, object] = {
        "text": "a",
        "empty": "",
        "missing": None,
        "items": [],
        "place": {},
        "contact": Contact(),
        "yes": True,
    }
    page = f"<section>\n{source}\n</section>"
    problems = problems_of(lambda: fill(page, **facts, day=date(2010, 8, 31)))
    assert [(it.code, it.message, it.location) for it in problems] == [
        ("template", message, Location(OWN, 2))
    ]


@pytest.mark.parametrize("error", [TypeError, ValueError, ZeroDivisionError])
def test_an_error_of_optouts_own_code_keeps_its_traceback(
    error: type[Exception], library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise error("a bug")

    notice = notice_for(library)
    monkeypatch.setattr(Place, "_with_state", broken)
    with pytest.raises(error, match="a bug") as caught:
        render(notice, library.templates)
    files = [Path(entry.path).name for entry in caught.traceback]
    assert files[-2:] == ["notice.py", "test_templates.py"]
    assert "every-letter.html.j2" in files


def test_an_attribute_error_of_optouts_own_code_is_raised_too(
    library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise AttributeError("a bug")

    notice = notice_for(library)
    monkeypatch.setattr(Place, "_with_state", broken)
    with pytest.raises(AttributeError, match="a bug"):
        render(notice, library.templates)


@pytest.mark.parametrize(
    "other", ["missing.html.j2", "../../secret.html.j2", "/etc/passwd", "p/../../secret.html.j2"]
)
@pytest.mark.parametrize("verb", ["include", "extends", "import"])
def test_no_file_outside_the_folders_can_be_named(
    fill: Fill, tmp_path: Path, verb: str, other: str
) -> None:
    write(tmp_path, {"secret.html.j2": "secret"})
    whole = f'\n{{% {verb} "{other}" {"as x " if verb == "import" else ""}%}}'
    message = f"there is no template {other!r} in the template folders"
    assert problems_of(lambda: fill(whole)) == [
        Problem("missing-template", message, Location(OWN, 2))
    ]


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        (
            '{% extends "p/ask.html.j2" %}',
            "extends itself",
            "remove this line, or name another template",
        ),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "calls itself without end",
            "put {% if ... %} around the inner call",
        ),
    ],
    ids=["extends", "macro"],
)
def test_a_template_that_extends_or_calls_itself_is_a_problem(
    fill: Fill, source: str, message: str, hint: str
) -> None:
    assert told_by(lambda: fill(source)) == f"user/p/ask.html.j2:1: {message}\n  hint: {hint}"


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("{{ empty | and_list }}", "put {% if empty %} around it"),
        ("{{ missing | the }}", "put {% if missing %} around it"),
        ("{% for name in names %}{{ name.first }}{% endfor %}", "it is a text: write {{ name }}"),
        (
            "{{ [day] | and_list }}",
            "write long_dates before it: {{ ... | long_dates | and_list }}",
        ),
        ("<!-- a -->", "write {# ... #} for a comment"),
    ],
)
def test_a_hint_says_what_to_write_instead(fill: Fill, source: str, hint: str) -> None:
    facts: dict[str, Any] = {
        "empty": (),
        "missing": None,
        "names": ("a",),
        "day": date(2010, 8, 31),
    }
    assert [it.hint for it in problems_of(lambda: fill(source, **facts))] == [hint]


@pytest.mark.parametrize(
    ("source", "line"),
    [("{{ x }}", ":1"), ("{% for i in range(100) %}{{ i }}{{ y }}{% endfor %}", "")],
)
def test_a_letter_is_no_longer_than_a_million_characters(
    fill: Fill, source: str, line: str
) -> None:
    assert told_by(lambda: fill(source, x="y" * 1_000_001, y="y" * 10_000)) == (
        f"user/p/ask.html.j2{line}: prints more than 1,000,000 characters"
    )


def test_the_location_of_a_problem_is_in_the_template_that_has_it(
    fill: Fill, tmp_path: Path
) -> None:
    write(tmp_path / "shipped", {"p/_names.html.j2": "{% macro m(x) %}\n\n{{ x }}{% endmacro %}"})
    source = '{% from "p/_names.html.j2" import m %}\n{{ m(none) }}'
    assert told_by(lambda: fill(source)) == (
        "p/_names.html.j2:3: prints a fact that is missing\n  hint: put {% if x %} around it"
    )


def test_a_template_that_is_not_utf_8_is_a_problem(templates: Templates) -> None:
    write(templates.folders[0], {NAME: ""})
    (templates.folders[0] / NAME).write_bytes(b"\xe9")
    (problem,) = problems_of(lambda: templates.fill_in(NAME, {}))
    assert (problem.code, problem.location) == ("template", Location(OWN))


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("{{ 2 * 3 }} {{ 7 % 4 }} {{ 2 + 2 }}", "6 3 4"),
        ("{{ '<b> &amp;' }}", "&lt;b&gt; &amp;amp;"),
        ("{{ names | and_list }}", "a, b, and c"),
        ("{{ names[:2] | and_list }}", "a and b"),
        ("{{ names[:1] | or_list }}", "a"),
        ("{{ names | or_list }}", "a, b, or c"),
        ("{{ names | join }}", "a, b, c"),
        ("{{ names | join('; ') }}", "a; b; c"),
        ("{{ names | length }}", "3"),
        ("{{ day | long_date }}", "August 31, 2010"),
        ("{{ [day] | long_dates | and_list }}", "August 31, 2010"),
        ("{{ name | sentence }}", "The City of Alexandria"),
        ("{{ name | the }}, {{ 'City' | the }}", "the City of Alexandria, the City"),
        ("{{ 'It is so\u2026' | full_stop }} {{ 'This:' | full_stop }}", "It is so\u2026 This:"),
        ("{{ 'The Board' | the }} {{ 'a \"b\"' | full_stop }}", "the Board a &#34;b.&#34;"),
        ("{% set x %}a {{ '\"b\"' }}{% endset %}{{ x | full_stop }}", "a &#34;b.&#34;"),
        ("{% set x %}6' 2&quot;{% endset %}{{ x | full_stop }}", "6' 2&quot;."),
        ("{{ 'No' | full_stop }} {{ 'Why?' | full_stop }}", "No. Why?"),
        ("{{ text | full_stop }} {{ '“No”' | full_stop }}", "“No.” “No.”"),
        ("{{ ['We said \"no\".'] | quotation | join }}", "“We said \u2018no\u2019.”"),
        ("{{ ['\"Once.', 'Twice.\"'] | quotation | join(' ') }}", "“Once. Twice.”"),
        ("{{ ['“We said “no.””'] | quotation | join }}", "“We said \u2018no.\u2019”"),
        ('{{ [\'"Yes" and "no"\'] | quotation | join }}', "“\u2018Yes\u2019 and \u2018no\u2019”"),
        ("{% for i in range(100) %}{% endfor %}", ""),
        ("{% set x %}<p>{{ names[0] }}</p>{% endset %}{{ x }}", '<p at="p/ask.html.j2:1">a</p>'),
    ],
)
def test_a_letter_may_calculate_join_and_write_dates(fill: Fill, source: str, printed: str) -> None:
    facts = {"names": ("a", "b", "c"), "day": date(2010, 8, 31), "text": "“No.”"}
    facts |= {"name": "the City of Alexandria"}
    assert fill(source, **facts) == printed


def test_every_tag_is_stamped_with_its_template_and_line(fill: Fill) -> None:
    page = (
        '<section id="body">\n<p>\na<br>{% if x %}\n<a href="https://a.test">b</a>{% endif %}</p>'
    )
    assert fill(page, x=1) == (
        f'<section at="{NAME}:1" id="body">\n<p at="{NAME}:2">\na<br at="{NAME}:3">\n'
        f'<a at="{NAME}:4" href="https://a.test">b</a></p>'
    )


def test_a_page_may_have_any_tag(templates: Templates) -> None:
    write(templates.folders[0], {"_layout/x.html.j2": "<!-- c -->\n<img src='{{ x }}'>"})
    assert templates.lay_out("_layout/x.html.j2", {"x": "'"}) == "<!-- c -->\n<img src='&#39;'>"


def test_the_shipped_templates_have_no_problem(library: Any) -> None:
    assert list(library.templates.problems()) == []


def test_ones_own_templates_are_compiled_to_find_their_problems_or_else_the_shipped_ones(
    templates: Templates, tmp_path: Path
) -> None:
    broken = {NAME: "<b>", "p/_names.html.j2": "ok", "_layout/letter.html.j2": "<b>{% if %}"}
    write(tmp_path / "shipped", broken)
    write(tmp_path / "user", {NAME: "\n{% end %}"})
    assert [str(it.location) for it in templates.problems()] == [f"{OWN}:2"]
    shipped = Templates([tmp_path / "shipped"])
    assert [str(it.location) for it in shipped.problems()] == [
        "_layout/letter.html.j2:1",
        f"{NAME}:1",
    ]


def test_a_damaged_entry_of_the_bytecode_cache_is_compiled_again(tmp_path: Path) -> None:
    folder, kept = write(tmp_path / "shipped", {NAME: "<p>{{ x }}</p>"}), tmp_path / "kept"

    def filled() -> str:
        return Templates([folder], Cache(kept)).fill_in(NAME, {"x": "a"})

    fresh = filled()
    (entry,) = kept.iterdir()
    whole = entry.read_bytes()
    for damaged in (b"", whole[:-1], b"\0" * len(whole), whole[::-1]):
        entry.write_bytes(damaged)
        assert filled() == fresh
        assert entry.read_bytes() == whole


def test_a_compiled_template_is_read_from_the_cache(tmp_path: Path) -> None:
    folder = write(tmp_path / "shipped", {NAME: "<p>{{ x }}</p>"})
    one = Templates([folder], Cache(tmp_path / "kept")).fill_in(NAME, {"x": "a"})
    (entry,) = (tmp_path / "kept").iterdir()
    written = entry.stat().st_mtime_ns, entry.stat().st_ino
    assert Templates([folder], Cache(tmp_path / "kept")).fill_in(NAME, {"x": "a"}) == one
    assert (entry.stat().st_mtime_ns, entry.stat().st_ino) == written


def test_a_template_in_another_folder_is_compiled_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "kept")
    places = [write(tmp_path / name, {NAME: "\n{{ x }}"}) for name in ("one", "two")]
    told = [told_by(partial(Templates([it], cache).fill_in, NAME, {})) for it in places]
    assert told == [f"{NAME}:2: a letter has no 'x'"] * 2


@pytest.mark.no_cover
def test_the_shipped_folder_works_from_anywhere(tmp_path: Path, library: Any) -> None:
    copied = Path(shutil.copytree(bundled.TEMPLATES, tmp_path / "copy"))
    assert list(Templates([copied]).problems()) == []


@pytest.mark.no_cover
def test_the_digest_of_a_shipped_template_needs_no_second_parsing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, folders = "287g/follow-up.html.j2", [bundled.TEMPLATES]
    cache = Cache(tmp_path / "cache")
    digests = [Templates(folders, kept).digest_of(name) for kept in (None, cache)]
    monkeypatch.delattr(Templates, "_parse")
    assert [Templates(folders, cache).digest_of(name)] * 2 == digests
