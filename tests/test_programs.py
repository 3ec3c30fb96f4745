"""Programs and letter kinds, read from template folders."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import pytest
from make_letters import problems_of, told_by

from optout_cli import bundled
from optout_cli.authoring.earlier import FACTS
from optout_cli.cache import Cache
from optout_cli.errors import Location, Problem
from optout_cli.model.program import FOLLOWED, Period, Program
from optout_cli.programs import Programs, load_programs
from optout_cli.programs.validation import program_problems
from optout_cli.readers.files import load_document
from optout_cli.readers.validate import convert

PROGRAM = """\
title: Example
code: EX
periods:
  - {id: only, from: 2010-01-01}
recipients:
  - {role: bureau}
letters:
  ask:
    title: Question
    summary: Asks.
    version: "1"
"""
SHIPPED = "secure-communities"

Load = Callable[..., Programs]


@pytest.fixture
def load(in_folder: Path, cache: Cache) -> Load:
    """Read programs from `first`, then from `second`, then from the shipped folder.

    Each maps a program's id to the text of its file.
    """

    def call(first: dict[str, str], second: dict[str, str] | None = None) -> Programs:
        folders = []
        for number, files in enumerate((first, second or {})):
            folders.append(Path(str(number)))
            for id, text in files.items():
                path = in_folder / str(number) / id / "program.yaml"
                path.parent.mkdir(parents=True)
                path.write_text(text, "utf-8")
        return load_programs([*folders, bundled.TEMPLATES], cache)

    return call


def test_a_folder_with_a_program_file_adds_a_program(load: Load) -> None:
    programs = load({"example": PROGRAM})
    shipped = [id for id, _, _ in load_programs([bundled.TEMPLATES], None).letters()]
    assert [id for id, _, _ in programs.letters()] == sorted(["example/ask", *shipped])
    program, kind = programs.find("example/ask")
    assert (program.title, kind.title) == ("Example", "Question")


@pytest.mark.parametrize("id", ["287g", SHIPPED])
def test_a_shipped_program_has_no_problem_even_in_its_patterns(id: str) -> None:
    document = load_document(str(bundled.TEMPLATES / id / "program.yaml"))
    assert [*program_problems(convert(document, Program), document)] == []


def test_a_folder_that_begins_with_an_underscore_is_not_a_program(load: Load) -> None:
    assert load({"_example": PROGRAM}).by_id.keys() == load({}).by_id.keys()


def test_a_file_outside_a_folder_is_not_a_program(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "program.yaml").write_text(PROGRAM)
    assert load_programs([tmp_path, bundled.TEMPLATES], cache).by_id.keys() == {"287g", SHIPPED}


def test_a_users_file_changes_a_shipped_program_field_by_field(load: Load) -> None:
    shipped = load({}).by_id[SHIPPED]
    changed = load({SHIPPED: "letters: {opt-out: {title: Letter of opt-out}}"}).by_id[SHIPPED]
    kind = msgspec.structs.replace(shipped.letters["opt-out"], title="Letter of opt-out")
    letters = shipped.letters | {"opt-out": kind}
    assert changed == msgspec.structs.replace(shipped, letters=letters)


def test_a_users_file_adds_a_letter_kind_to_a_shipped_program(load: Load) -> None:
    shipped = load({}).by_id[SHIPPED].letters.keys()
    programs = load({SHIPPED: "letters: {ask: {title: Question, summary: Asks., version: 2}}"})
    assert programs.by_id[SHIPPED].letters.keys() == {"ask", *shipped}


def test_an_earlier_folder_overrides_a_later_one(load: Load) -> None:
    programs = load({"example": "title: First"}, {"example": PROGRAM})
    program = programs.by_id["example"]
    assert (program.title, program.code) == ("First", "EX")


def test_a_problem_of_a_users_change_is_at_its_own_line(load: Load) -> None:
    (problem,) = problems_of(lambda: load({SHIPPED: "title: x\ncodes: SC\n"}))
    assert problem.location is not None
    assert Path(problem.location.file).parts[-3:] == ("0", SHIPPED, "program.yaml")
    assert (problem.location.line, problem.message, problem.hint) == (
        2,
        "program has no field 'codes'",
        "did you mean 'code'?",
    )


def test_the_problems_of_all_programs_are_reported_in_one_run(load: Load) -> None:
    broken = {"a": "title: A", "b": PROGRAM.replace("2010-01-01", "2010-02-30"), "c": "- a list"}
    assert [it.code for it in problems_of(lambda: load(broken))] == [
        *["missing-key"] * 4,
        "wrong-date",
        "wrong-shape",
    ]


def test_a_letter_is_known_by_its_title_its_kind_and_its_id_in_any_case(load: Load) -> None:
    programs = load({})
    words = ("opt out", "Opt-Out Letter", "NOTICE OF OPT-OUT", "Secure_Communities/Opt-Out")
    assert {programs.id_of(each) for each in words} == {"secure-communities/opt-out"}
    unknown = ["287g", "secure-communities/optout"]
    assert [*map(programs.id_of, unknown)] == unknown


def test_an_unknown_letter_is_a_problem_where_it_was_named(load: Load) -> None:
    programs, location = load({"example": PROGRAM}), Location("r.yaml", 2, 1)
    assert problems_of(lambda: programs.find("example/aks", location)) == [
        Problem(
            "unknown-letter",
            "there is no letter 'example/aks'",
            location,
            "did you mean 'example/ask'?",
        )
    ]


def test_a_damaged_cache_entry_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    fresh = load_programs([bundled.TEMPLATES], Cache(folder))
    for entry in folder.iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    assert load_programs([bundled.TEMPLATES], Cache(folder)).by_id == fresh.by_id


@pytest.mark.parametrize(
    ("periods", "told"),
    [
        (
            ["{id: a, from: 2010-01-01, until: 2010-05-31}", "{id: b, from: 2010-06-02}"],
            "0/example/program.yaml:5:5: period 'b' does not begin on the day after 'a' ends",
        ),
        (
            ["{id: a, from: 2010-01-01, until: 2010-05-31}", "{id: b, from: 2010-05-31}"],
            "0/example/program.yaml:5:5: period 'b' does not begin on the day after 'a' ends",
        ),
        (
            ["{id: a, from: 2010-01-01}", "{id: b, from: 2010-06-01}"],
            "0/example/program.yaml:5:5: period 'b' does not begin on the day after 'a' ends",
        ),
        (
            ["{id: a, from: 2010-01-01, until: 2010-05-31}"],
            ("0/example/program.yaml:4:5: the last period must have no end\n  hint: remove until:"),
        ),
        (
            ["{id: a, from: 2010-01-01, until: 2009-01-01}", "{id: b, from: 2009-01-02}"],
            "0/example/program.yaml:4:5: period 'a' ends before it begins",
        ),
    ],
    ids=["gap", "overlap", "open-inside", "closed-end", "backwards"],
)
def test_periods_follow_each_other_without_gap_or_overlap(
    load: Load, periods: list[str], told: str
) -> None:
    lines = "".join(f"  - {it}\n" for it in periods)
    program = PROGRAM.replace("  - {id: only, from: 2010-01-01}\n", lines)
    assert told_by(lambda: load({"example": program})) == told


def test_both_ends_of_a_period_are_in_it() -> None:
    period = Period(id="a", from_=date(2010, 1, 1), until=date(2010, 1, 3))
    days = [date(2009, 12, 31), *(date(2010, 1, day) for day in range(1, 5))]
    assert [period.has(day) for day in days] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("old", "new", "key", "line"),
    [
        ("periods:\n  - {id: only, from: 2010-01-01}", "periods: []", "periods", 3),
        ("recipients:\n  - {role: bureau}", "recipients: []", "recipients", 5),
    ],
)
def test_a_program_has_periods_and_recipients(
    load: Load, old: str, new: str, key: str, line: int
) -> None:
    assert told_by(lambda: load({"example": PROGRAM.replace(old, new)})) == (
        f"0/example/program.yaml:{line}:1: 'Example' has no {key}\n  hint: add one under {key}:"
    )


def test_a_program_has_letters(load: Load) -> None:
    program = PROGRAM[: PROGRAM.index("letters:")] + "letters: {}\n"
    assert [it.code for it in problems_of(lambda: load({"example": program}))] == ["empty-program"]


# --- recipients ---

FOLLOWING = """\
- {role: program-office, office: x, until: 2011-08-04}
  - {role: field-office, from: 2011-08-05}"""
MEETING = FOLLOWING.replace("from: 2011-08-05", "from: 2011-08-04")


def test_two_offices_of_ice_may_follow_each_other(load: Load) -> None:
    program = load({"example": PROGRAM.replace("- {role: bureau}", FOLLOWING)}).by_id["example"]
    assert [it.role for it in program.recipients] == ["program-office", "field-office"]


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (MEETING, "'program-office' and 'field-office' receive letters on the same days"),
        (
            "- {role: bureau}\n  - {role: bureau, from: 2015-01-01}",
            "'bureau' and 'bureau' receive letters on the same days",
        ),
    ],
)
def test_no_day_has_two_recipients_on_one_side(load: Load, rules: str, told: str) -> None:
    program = PROGRAM.replace("- {role: bureau}", rules)
    assert told_by(lambda: load({"example": program})) == (
        f"0/example/program.yaml:7:5: {told}\n"
        "  hint: set from: and until: so that they follow each other"
    )


# --- names that do not exist ---

KIND = """    version: "1"
    particulars: {day: {type: date, help: x}, word: {type: text, help: x}}
"""


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("    uses: [nothing]", "letters.ask.uses names 'nothing', which does not exist"),
        ("    requires: [nothing]", "letters.ask.requires names 'nothing', which does not exist"),
        ("    follows: [tell]", "letters.ask.follows names 'tell', which does not exist"),
        (
            '    computed: {end: {from: word, days: "9"}}',
            "letters.ask.computed.end.from names 'word', which does not exist",
        ),
        (
            "    refuse: [{when: {given: [dya]}, reason: x, hint: y}]",
            "letters.ask.refuse.0.when names 'dya', which does not exist",
        ),
        (
            "    refuse: [{when: {given: [day.dya]}, reason: x, hint: y}]",
            "letters.ask.refuse.0.when names 'dya', which does not exist",
        ),
        (
            '    cautions: [{text: "on {day}"}]',  # which may not be given
            "letters.ask.cautions.0 names 'day', which does not exist",
        ),
        (
            '    cautions: [{when: {given: [day]}, text: "on {day} in {place}, {activated}"}]',
            "letters.ask.cautions.0 names 'activated', which does not exist",
        ),
        ('    cautions: [{text: "on {"}]', "letters.ask.cautions.0 has a brace without a name"),
        (
            '    refuse: [{when: {given: [day]}, reason: "day}", hint: y}]',
            "letters.ask.refuse.0 has a brace without a name",
        ),
        (
            '    cautions: [{text: "{date.year}"}]',
            "letters.ask.cautions.0 names 'date.year', which does not exist",
        ),
        (
            'cautions: [{text: "{0:>9999}"}]',
            "cautions.0 names '0:>9999', which does not exist",
        ),
        (
            "replies: {no: {label: x, next: [{where: x, letter: tell}]}}",
            "replies.no.next names 'tell', which does not exist",
        ),
        (
            "replies: {no: {label: x, letters: [tell]}}",
            "replies.no.letters names 'tell', which does not exist",
        ),
        (
            "replies: {no: {label: x, next: [{where: x, letter: ask}], fills: {dya: on}}}",
            "replies.no.fills names 'dya', which does not exist",
        ),
        (
            "replies: {no: {label: x, asks: {all: {type: list, of: text, help: x}}}}",
            "'all': a reply has only texts, dates and choices",
        ),
        (
            "cautions: [{when: {missing: [dya]}, text: x}]",
            "cautions.0.when names 'dya', which does not exist",
        ),
        (
            "    uses: [a]\nparticulars: {a: {type: text, help: x, ask-if: [{given: [dya]}]}}",
            "particulars.a.ask-if.0.when names 'dya', which does not exist",
        ),
        (
            "particulars: {lonely: {type: text, help: x}}",
            "particulars.lonely names 'lonely', which does not exist",
        ),
        (
            "    uses: [a]\nparticulars: {a: {type: text, help: x, follow: datum}}",
            "'a': `follow` names 'datum', which is not a fact of an earlier letter",
        ),
        ("forbidden: [{words: '(', reason: x}]", "'(' is not a regular expression"),
        ("    examples: {dya: x}", "letters.ask.examples names 'dya', which does not exist"),
        (
            "    cautions: [{when: {before: {day: dya}}, text: x}]",
            "letters.ask.cautions.0.when names 'dya', which does not exist",
        ),
        (
            "    cautions: [{when: {letters: [aks]}, text: x}]",
            "letters.ask.cautions.0.when names 'aks', which does not exist",
        ),
        (
            "guide: {before: [{when: {letters: [aks]}, text: x}]}",
            "guide.before.0.when names 'aks', which does not exist",
        ),
        (
            "guide: {others: [{where: x, letter: tell}]}",
            "guide.others.0 names 'tell', which does not exist",
        ),
        (
            'guide: {next: [{text: "by {again}"}]}',  # which needs `wait`
            "guide.next.0 names 'again', which does not exist",
        ),
        (
            'guide: {wait: "9", can: [{text: "by {again}"}]}',
            "guide.can.0 names 'again', which does not exist",
        ),
        (
            "    uses: [date]\nparticulars: {date: {type: date, help: x}}",
            "a particular cannot be named 'date': that is the letter's date",
        ),
        (
            "    uses: [receipt]\nparticulars: {receipt: {type: date, help: x}}",
            "a particular cannot be named 'receipt': that is the day on which",
        ),
        (
            "replies: {no: {label: x, milestones: [{title: x, from: dya}]}}",
            "replies.no.milestones.0.from names 'dya', which does not exist",
        ),
        (
            "    milestones: [{title: x, from: dya}]",
            "letters.ask.milestones.0.from names 'dya', which does not exist",
        ),
        (
            "    milestones: [{title: x, from: receipt, details: [dya]}]",
            "letters.ask.milestones.0 names 'dya', which does not exist",
        ),
        (
            "    milestones: [{title: x, from: receipt, when: {given: [dya]}}]",
            "letters.ask.milestones.0.when names 'dya', which does not exist",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_a_problem(load: Load, lines: str, told: str) -> None:
    program = PROGRAM.replace('    version: "1"\n', KIND) + lines + "\n"
    found = problems_of(lambda: load({"example": program}))
    assert [it.message[: len(told)] for it in found] == [told]
    assert found[0].location is not None
    assert found[0].location.line is not None


def test_shared_particulars_are_added_to_a_letters_own(load: Load) -> None:
    shared = "particulars: {a: {type: text, help: x}, b: {type: text, help: x}}\n"
    program = PROGRAM.replace('    version: "1"\n', KIND + "    uses: [a]\n    requires: [b]\n")
    kind = load({"example": program + shared}).find("example/ask")[1]
    assert {name: it.required for name, it in kind.particulars.items()} == {
        "b": True,
        "a": False,
        "day": False,
        "word": False,
    }


def test_a_shared_particular_may_have_an_example_of_the_letters_own(load: Load) -> None:
    shared = "particulars: {a: {type: text, help: x, example: one}}\n"
    own = KIND + "    uses: [a]\n    examples: {a: two}\n"
    programs = load({"example": PROGRAM.replace('    version: "1"\n', own) + shared})
    assert programs.find("example/ask")[1].particulars["a"].example == "two"


def test_a_text_may_name_the_days_that_its_condition_compares(load: Load) -> None:
    rule = """    computed: {end: {from: date, days: "9"}}
    cautions: [{when: {before: {day: end}}, text: "{day}, {end}, {date}, {place}"}]
"""
    program = PROGRAM.replace('    version: "1"\n', KIND + rule)
    assert len(load({"example": program}).find("example/ask")[1].notes) == 1


def test_each_fact_that_may_be_followed_is_read_from_the_earlier_letter() -> None:
    assert sorted(FACTS) == sorted(FOLLOWED)
