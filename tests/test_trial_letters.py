"""`check` writes every letter with sample facts, and finds the problems planted in them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from command_results import Write
from conftest import TODAY
from make_letters import library_with
from test_third_program import AGAIN, PROGRAM, STOP

from optout_cli.errors import Problem
from optout_cli.letters import Library
from optout_cli.lint import _as_shipped
from optout_cli.lint.samples import hostile, samples
from optout_cli.lint.trial_letters import try_program

Found = Callable[..., list[Problem]]


@pytest.fixture
def found(in_folder: Path) -> Found:
    """Return what is found in the program with a change: in its file, or in its template."""

    def call(
        program: tuple[str, str] = ("", ""), stop: tuple[str, str] = ("", "")
    ) -> list[Problem]:
        files = {"program.yaml": PROGRAM.replace(*program), "stop.html.j2": STOP.replace(*stop)}
        files["again.html.j2"] = AGAIN
        library = library_with(
            Path("mine"), {f"jail-phones/{name}": text for name, text in files.items()}
        )
        return list(try_program(library, "jail-phones", TODAY))

    return call


@pytest.mark.no_cover
def test_a_correct_program_has_no_problem(found: Found) -> None:
    assert found() == []


BODY = "<p>Please stop."


def test_a_citation_that_a_variable_names_is_cited(found: Found) -> None:
    other = '  other: {title: X, date: "2009-01-01", text: Y., source: {kind: official}}\n'
    each = '<p>{% for key in ["other"] %}{{ citations[key].text }}{% endfor %}</p>'
    change = ("citations:\n", f"citations:\n{other}")
    assert [it.message for it in found(change)] == ["no letter cites 'other'"]
    assert found(change, (BODY, each + BODY)) == []


def test_a_choice_that_looks_like_a_day_is_none(found: Found) -> None:
    choice = "      odd: {type: choice, choices: [2025-99-01], required: true, help: x}\n"
    shown = "<p>{{ particulars.odd }} On January 1, 2030.</p>"
    told = found(("    particulars:\n", f"    particulars:\n{choice}"), (BODY, shown + BODY))
    assert "names 2030-01-01, which is after the letter's date" in {it.message for it in told}


def test_a_day_that_is_on_no_calendar_is_no_later_day(found: Found) -> None:
    shown = "<p>On February 30, 2030, or on March 1, 2030.</p>"
    told = {problem.message for problem in found(stop=(BODY, shown + BODY))}
    assert told == {"names 2030-03-01, which is after the letter's date"}


PLANTED = {
    "undefined particular": (BODY, "{{ particulars.kin }}", "particulars has no 'kin'"),
    "on a branch that no sample takes": (
        BODY,
        "{% if date == 1 %}<p>{{ particulars.kin }}</p>{% endif %}" + BODY,
        "particulars has no 'kin'",
    ),
    "undefined citation": (BODY, '{{ citations["ruel"].text }}', "citations has no 'ruel'"),
    "undefined date": (BODY, '{{ computed["free"] }}', "computed has no 'free'"),
    "no such period": ('"late"', '"later"', "period has no 'later'"),
    "no such choice": ('"county"', '"conty"', "particulars.kind has no 'conty'"),
    "forbidden": ("Please stop.", "ICE must stop.", "says 'ICE must': no source obliges them;"),
    "doubled word": ("Please stop.", "Please stop the the calls.", "says 'the the': a doubled"),
    "wrong article": ("Please stop.", "It is a open letter.", "says 'a op': a wrong article"),
    "doubled line": (BODY, "<p>One.</p><p>One.</p>" + BODY, "prints a line twice: 'One.'"),
    "later day": (
        BODY,
        "<p>On January 1, 2030.</p>" + BODY,
        "names 2030-01-01, which is after the letter's",
    ),
    "missing fact": (
        BODY,
        "<p>{{ particulars.told | long_date }}",
        "prints a fact that is missing",
    ),
}


@pytest.mark.no_cover  # many trial letters, with code that others cover
@pytest.mark.parametrize(("old", "new", "told"), PLANTED.values(), ids=PLANTED)
def test_a_planted_problem_is_found_in_its_template(
    found: Found, old: str, new: str, told: str
) -> None:
    problems = found(stop=(old, new))
    assert [it.message[: len(told)] for it in problems if it.message.startswith(told)] == [told]
    assert {it.location and it.location.file for it in problems} <= {
        "mine/jail-phones/stop.html.j2",
        "mine/jail-phones/program.yaml",
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        (
            "    particulars:\n      told:",
            "    particulars:\n      unread: {type: text, help: x}\n      told:",
            29,
            "nothing uses the particular 'unread'",
        ),
        (
            "citations:\n",
            (
                "citations:\n"
                '  other: {title: X, date: "2009-01-01", text: Y., source: {kind: official}}\n'
            ),
            7,
            "no letter cites 'other'",
        ),
        (
            "when: {chosen: {kind: [city]}}",
            'when: {from: "2009-01-01"}',
            25,
            "jail-phones/stop is refused in every period",
        ),
    ],
    ids=["particular", "citation", "refused"],
)
def test_what_is_declared_and_never_used_is_found_at_its_line(
    found: Found, old: str, new: str, line: int, told: str
) -> None:
    problems = [it for it in found(program=(old, new)) if it.message == told]
    assert [str(it.location).rsplit("/", 1)[1].split(":")[:2] for it in problems] == [
        ["program.yaml", str(line)]
    ]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "body",
    [
        "{% for i in range(particulars.word | length) %}<p>One {{ i }}.</p>{% endfor %}",
        '{% if particulars.word == "Sample" %}<p>Two.</p>{% endif %}',
    ],
    ids=["as many blocks as characters", "a block for one word"],
)
def test_a_value_that_changes_the_blocks_is_found(found: Found, body: str, tmp_path: Path) -> None:
    program = PROGRAM.replace("      told:", "      word: {type: text, help: x}\n      told:")
    text = STOP.replace(BODY, f"{{% if particulars.word %}}{body}{{% endif %}}{BODY}")
    library = library_with(
        tmp_path / "mine",
        {"jail-phones/program.yaml": program, "jail-phones/stop.html.j2": text,
         "jail-phones/again.html.j2": AGAIN},
    )  # fmt: skip
    codes = [it.code for it in try_program(library, "jail-phones", TODAY)]
    assert "hostile-words" in codes


@pytest.mark.parametrize("place", ["marin-county-ca", "CA", "orleans-parish-la"])
def test_local_wording_is_tried_as_well(in_folder: Path, place: str) -> None:
    local = STOP.replace(BODY, "<p>ICE must stop {{ particulars.kin }}.</p>" + BODY)
    files = {"program.yaml": PROGRAM, "stop.html.j2": STOP, f"stop.{place}.html.j2": local}
    files["again.html.j2"] = AGAIN
    library = library_with(
        Path("mine"), {f"jail-phones/{name}": text for name, text in files.items()}
    )
    told = [str(it).partition("\n")[0] for it in try_program(library, "jail-phones", TODAY)]
    assert told == [f"mine/jail-phones/stop.{place}.html.j2:4: particulars has no 'kin'"]


@pytest.mark.no_cover
@pytest.mark.parametrize("place", ["marin-county-ca", "CA"])
def test_a_text_for_one_county_may_name_a_day_to_come(in_folder: Path, place: str) -> None:
    local = STOP.replace(BODY, "<p>It ends on March 1, 2027.</p>" + BODY)
    files = {"program.yaml": PROGRAM, "stop.html.j2": STOP, f"stop.{place}.html.j2": local}
    files["again.html.j2"] = AGAIN
    library = library_with(
        Path("mine"), {f"jail-phones/{name}": text for name, text in files.items()}
    )
    told = {it.message for it in try_program(library, "jail-phones", TODAY)}
    late = {"names 2027-03-01, which is after the letter's date"}
    assert told == (late if place == "CA" else set())


@pytest.mark.no_cover
def test_a_block_of_the_parent_that_is_replaced_is_not_checked(found: Found) -> None:
    # `again` replaces the body of `stop`, which asks for particulars that `again` has not.
    assert not [it for it in found() if it.code == "unknown-name"]


def test_samples_have_each_optional_particular_with_and_without(library: Library) -> None:
    declared = library.programs.find("287g/terminate")[1].particulars
    groups = list(samples(declared, date(2026, 11, 20)))
    optional = {name for name, it in declared.items() if not it.required}
    for model in ("wso", "jem", "tfm"):
        mine = [set(it) for it in groups if it["model"] == [model]]
        assert set(declared) in mine
        assert set(declared) - optional in mine
        for name in optional:
            assert set(declared) - {name} in mine
            assert set(declared) - optional | {name} in mine


def test_hostile_words_replace_only_the_texts_that_a_person_writes(library: Library) -> None:
    declared = library.programs.find("secure-communities/opt-out")[1].particulars
    whole = next(samples(declared, date(2026, 11, 20)))
    wild = {name: hostile(it, declared[name], "X") for name, it in whole.items()}
    assert (wild["meeting-place"], wild["reasons"]) == ("X", ["X", "X"])
    assert (wild["scheduled"], wild["declines"]) == (whole["scheduled"], whole["declines"])
    assert {it["to"] for it in wild["earlier"]} == {"X"}  # type: ignore[index, call-overload]  # a Tree


TERMINATE, OPT_OUT = "287g/terminate.NE.html.j2", "secure-communities/opt-out.html.j2"
OWN = {
    TERMINATE: '{% extends "builtin:287g/terminate.html.j2" %}',
    OPT_OUT: f'{{% extends "builtin:{OPT_OUT}" %}}',
}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("name", "tried"),
    [
        (TERMINATE, {"287g/terminate"}),
        (OPT_OUT, {"secure-communities/opt-out", "secure-communities/renewed-request"}),
    ],
)
def test_letters_that_ones_own_files_do_not_change_are_not_tried(
    name: str, tried: set[str], tmp_path: Path
) -> None:
    library = library_with(tmp_path / "mine", {name: OWN[name]})
    found = {
        f"{id}/{kind}"
        for id, program in library.programs.by_id.items()
        for kind in program.letters.keys() - _as_shipped(id, library)
    }
    assert found == tried


def test_data_of_ones_own_and_a_changed_program_may_change_every_letter(
    tmp_path: Path, write: Write
) -> None:
    write("mine.yaml", "offices: {ero-san-francisco: {phone: 415-555-0100}}\n")
    files = {**OWN, "287g/program.yaml": "title: Ours\n"}
    library = library_with(tmp_path / "mine", files)
    corrected = library.with_data(str(tmp_path / "mine.yaml"))
    assert _as_shipped("287g", library) == frozenset()
    assert _as_shipped("secure-communities", library) != frozenset()
    assert _as_shipped("secure-communities", corrected) == frozenset()


# Each shows in few samples: of one state, one period, one choice, one recipient of a joint letter.
RARE = """\
{% extends "builtin:secure-communities/opt-out.html.j2" %}
{% macro told(day) %}
  {% if day and period == "procedure" %}<p>It is the day day.</p>{% endif %}
{% endmacro %}
{% block rights %}
{{ super() }}
{{ told(particulars.scheduled) }}
{% if place.state_code == "AK" %}<p>Out of of Alaska.</p>{% endif %}
{% if period == "contested" %}<p>The the period.</p>{% endif %}
{% if period == "closed" and particulars.declines %}
{% for one in particulars.declines %}{% if one == "detainers" %}<p>A an.</p>{% endif %}{% endfor %}
{% endif %}
{% if addressing == "joint" and recipient.party == "bureau" %}<p>ICE must join.</p>{% endif %}
{% if not signatory and addressing == "separate" %}<p>Signed for for nobody.</p>{% endif %}
<p>
  It {% if particulars.reply_by %}ends by{% endif %}
  {% if not particulars.meeting_contact %}by name{% endif %} now.
</p>
{% if particulars.earlier and not particulars.reasons %}<p>On September 1, 2010.</p>{% endif %}
{% if not particulars.meeting_place %}<p>Twice.</p>{% endif %}
{% if not particulars.meeting_dates %}<p>Twice.</p>{% endif %}
{% if period == "before-procedure" and activation and not particulars.earlier %}
  <p>{{ citations["agency-duty"] }}</p>
{% endif %}
{% if particulars.scheduled and not signatory %}
  <p>{{ particulars.reply_by | long_date }}</p>
{% endif %}
{% endblock %}
"""


@pytest.mark.no_cover
def test_what_few_samples_show_is_found(tmp_path: Path) -> None:
    library = library_with(tmp_path / "mine", {OPT_OUT: RARE})
    others = library.programs.by_id["secure-communities"].letters.keys() - {"opt-out"}
    found = try_program(library, "secure-communities", TODAY, frozenset(others))
    assert {it.message.partition(":")[0] for it in found} == {
        "says 'ICE must'",
        "says 'for for'",
        "says 'day day'",
        "says 'of of'",
        "says 'The the'",
        "says 'A an'",
        "says 'by by'",
        "citations has no 'agency-duty'",
        "prints a fact that is missing",
        "names 2010-09-01, which is after the letter's date",
        "prints a line twice",
    }


@pytest.mark.no_cover
def test_words_of_an_included_file_are_tried(tmp_path: Path, library: Library) -> None:
    mine = "secure-communities/_mine.html.j2"
    include = f'{{% include "{mine}" %}}'
    text = f'{{% extends "builtin:{OPT_OUT}" %}}{{% block rights %}}{include}{{% endblock %}}'
    part = '<p>It {% block deep %}{% if period == "closed" %}is is{% endif %} so.{% endblock %}</p>'
    others = library.programs.by_id["secure-communities"].letters.keys() - {"opt-out"}
    own = library_with(tmp_path / "mine", {OPT_OUT: text, mine: part})
    problems = try_program(own, "secure-communities", TODAY, frozenset(others))
    assert {it.message for it in problems} == {"says 'is is': a doubled word"}


@pytest.mark.no_cover
def test_a_fault_is_found_where_the_whole_request_would_be_refused(tmp_path: Path) -> None:
    asks = "particulars.model | length > 1 and particulars.statute and particulars.validity"
    text = (
        '{% extends "builtin:287g/terminate.html.j2" %}'
        f"{{% block reasons %}}{{% if {asks} %}}<p>It is is so.</p>{{% endif %}}{{% endblock %}}"
    )
    library = library_with(tmp_path / "mine", {"287g/terminate.html.j2": text})
    others = library.programs.by_id["287g"].letters.keys() - {"terminate"}
    found = try_program(library, "287g", TODAY, frozenset(others))
    assert "says 'is is': a doubled word" in {it.message for it in found}
