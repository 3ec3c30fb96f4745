"""`wording:` in a request: passages in plain text, in every letter, and the wrong ones."""

import json
import re
from pathlib import Path

import pytest
from command_results import Run, Write, outcome
from conftest import REQUEST, TODAY
from edit_wording import REQUEST as AGREEMENT
from hypothesis import given
from hypothesis import strategies as st
from letters_by_period import sample_letters
from make_letters import KINDS, body_texts, document_of, letter_for, notice_for, told_by
from msgspec.structs import replace

from optout_cli.letters import Library
from optout_cli.letters.own_words import with_notes
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.letters.render import render
from optout_cli.model.letter import ListBlock
from optout_cli.templating.body import plain, sections_from, texts_in
from optout_cli.templating.filters import text_problems, with_words

pytestmark = pytest.mark.usefixtures("with_typst")

WHOLE = ("statement", "limits", "body")  # passages that hold others
OPENING = """\
wording:
  opening: |
    I am counsel to the County of Marin ("the County"),
    and I write for it.
"""
REQUESTS = """\
wording:
  requests: |
    The County's counsel asks:
    1. for an answer
       in writing;

    2. for its file.

    It also asks
    for a call:
    - by Pat;
    - soon.

    Thank you.
"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_paragraph_of_every_letter_is_a_named_passage(library: Library, kind: str) -> None:
    letter = sample_letters(kind, 0, library)[0]
    described = list(library.programs.wording.blocks)
    of_body = described[: described.index("body")]
    known = library.templates.passages_in(letter.template) - {*WHOLE, "answer"}
    names = [name for name in of_body if name in known]
    words = {name: f"Words of {name}." for name in names}
    reworded = render(replace(letter.notice, wording=words), library.templates)
    said = " ".join(body_texts(reworded))
    assert re.sub(r"Words of (\w+)\. ?", "", said) == ""
    assert sorted(re.findall(r"of (\w+)\.", said)) == sorted(names)


def test_plain_text_becomes_paragraphs_and_lists(library: Library) -> None:
    letter = letter_for(library, REQUESTS)
    first = next(
        number for number, text in enumerate(map(repr, letter.body)) if "counsel asks" in text
    )
    blocks = letter.body[first : first + 5]
    shown = [
        (block.ordered, [plain(item[0].runs) for item in block.items])  # type: ignore[union-attr]  # an item begins with a paragraph
        if isinstance(block, ListBlock)
        else plain(block.runs)  # type: ignore[union-attr]  # no quotation is in plain text
        for block in blocks
    ]
    assert shown == [
        "The County\u2019s counsel asks:",
        (True, ["for an answer in writing;", "for its file."]),
        "It also asks for a call:",
        (False, ["by Pat;", "soon."]),
        "Thank you.",
    ]


WORDS = st.lists(st.text("ab<&'\u00e9", min_size=1, max_size=4), min_size=1, max_size=5).map(
    " ".join
)
PARTS = st.lists(
    st.tuples(st.sampled_from(["p", "ul", "ol"]), st.lists(WORDS, min_size=1, max_size=3)),
    min_size=1,
    max_size=4,
)


def typed(tag: str, texts: list[str]) -> str:
    """Type a paragraph in several lines, or a list with the further lines of an item indented."""
    marks = {"p": [""], "ul": ["- "] * len(texts), "ol": [f"{it}. " for it in range(1, 9)]}[tag]
    if tag == "p":
        return "\n".join(texts)
    items = (text.replace(" ", "\n   ", 1) for text in texts)
    return "\n".join(f"{mark}{item}" for mark, item in zip(marks, items, strict=False))


@given(PARTS)
def test_no_word_of_plain_text_is_lost_or_misplaced(parts: list[tuple[str, list[str]]]) -> None:
    # Two lists of one kind, one after the other, are one list.
    pairs = zip([("p", [""]), *parts], parts, strict=False)
    parts = [part for before, part in pairs if part[0] in ("p", *({"ul", "ol"} - {before[0]}))]
    text = "\n\n".join(typed(*part) for part in parts)
    assert list(text_problems({"x": text}, {"x"}, "k/l")) == []
    html = with_words('<section id="body">\0x\0</section>', {"x": text}, "k/l")
    blocks = sections_from(html, "t")["body"]
    shown = [
        ("ol" if block.ordered else "ul", list(texts_in([block])))
        if isinstance(block, ListBlock)
        else ("p", [plain(block.runs)])  # type: ignore[union-attr]  # no quotation is in plain text
        for block in blocks
    ]
    assert shown == [(tag, [" ".join(texts)] if tag == "p" else texts) for tag, texts in parts]


def test_a_passage_within_a_paragraph_keeps_the_rest_of_it(library: Library) -> None:
    first, *_ = body_texts(letter_for(library, OPENING))
    begin = (
        "I am counsel to the County of Marin (\u201cthe County\u201d), and I write for it. Marin"
    )
    assert first.startswith(begin)


def test_lines_around_the_body_take_one_line_of_plain_text(library: Library) -> None:
    words = "wording: {subject: Our notice, salutation: 'Dear friends:', closing: 'Yours,'}"
    letter = letter_for(library, words)
    assert (letter.subject, letter.salutation, letter.closing) == (
        "Our notice",
        "Dear friends:",
        "Yours,",
    )


LIST = (
    "write | after the passage's name, and below it each item on a line of its own, as 1. and 2. or"
    " with -; indent the further lines of an item; put an empty line before a new paragraph"
)
PLAIN = "write plain text; to use facts and markup, see `optout new --wording`"
SHOWN = "`optout list passages secure-communities/opt-out`"
NOWHERE = (
    "another passage that you give may hold it, or the letter has it only at other times; "
    f"{SHOWN} shows those of today"
)
ONE = "write one paragraph, or put the rest into the passage after it"
FACT = "change the request's facts, or this part in a template: optout new --wording"
WORDS_OR_NONE = "write its words, or delete it here to print optout's"
INNER = "begins a list inside a list, which plain text cannot have"
UNCLEAR = "follows an item of a list; is it part of the item, or a new paragraph?"
WRONG = {
    "{openin: I write.}": (
        "secure-communities/opt-out has no passage 'openin'",
        f"did you mean 'opening'? {SHOWN} shows all passages with their words",
    ),
    "{zzz: I write.}": (
        "secure-communities/opt-out has no passage 'zzz'",
        f"{SHOWN} shows all passages with their words",
    ),
    "{closing: 'Yours, {{ signatory.name }}'}": (
        "wording.closing 'Yours, {{ signatory.name }}' has a field that was never filled in",
        f"{WORDS_OR_NONE}; this letter may leave out only meeting, rights",
    ),
    "{closing: 'Yours, {# us #}'}": (
        "wording.closing has '{', which the letter would show as typed",
        PLAIN,
    ),
    "{closing: '<b>Yours</b>,'}": (
        "wording.closing has '<b>', which the letter would show as typed",
        PLAIN,
    ),
    "{closing: '**Yours**,'}": (
        "wording.closing has '**', which the letter would show as typed",
        PLAIN,
    ),
    r'{opening: "I write.\n\nI ask."}': (
        "wording.opening is within a paragraph, so it cannot have several paragraphs or a list",
        ONE,
    ),
    "{opening: '- I write.'}": (
        "wording.opening is within a paragraph, so it cannot have several paragraphs or a list",
        ONE,
    ),
    "{closing: '1. Yours,'}": (
        "wording.closing is one line, so it cannot have several paragraphs or a list",
        ONE,
    ),
    r'{rights: "1. one\n3. three"}': (
        "wording.rights: the line '3. three' begins with 3. where 2. would come",
        LIST,
    ),
    r'{rights: "On August\n31. The County"}': (
        "wording.rights: the line '31. The County' begins with 31. where 1. would come",
        LIST,
    ),
    r'{rights: "- one\n  - inner"}': (
        f"wording.rights: the line '- inner' {INNER}",
        LIST,
    ),
    r'{rights: "- one\nand more"}': (
        f"wording.rights: the line 'and more' {UNCLEAR}",
        LIST,
    ),
    r'{rights: "We have:\na) one\nb) two"}': (
        "wording.rights: the line 'a) one' looks like an item of a list, which begins with - or 1.",
        LIST,
    ),
    "{rights: 'We ask: 1. one; 2. two.'}": (
        "wording.rights: the line 'We ask: 1. one; 2. two.' has several items of a list",
        LIST,
    ),
    "{rights: 'We ask: - one; - two.'}": (
        "wording.rights: the line 'We ask: - one; - two.' has several items of a list",
        LIST,
    ),
    "{answer: for an answer}": ("wording.answer is nowhere in this letter", NOWHERE),
    "{mark: No draft}": ("wording.mark is outside the letter's text", FACT),
    "{foot: Ours}": ("wording.foot is outside the letter's text", FACT),
}


@pytest.mark.parametrize(("wording", "told"), WRONG.items(), ids=WRONG)
def test_words_that_cannot_be_printed_are_told_at_their_key(
    library: Library, wording: str, told: tuple[str, str]
) -> None:
    document = document_of(f"wording: {wording}")
    order = Order(today=TODAY, formats=("txt",), parties=("bureau",))
    message, hint = told
    told_first = told_by(lambda: exports_of(document, library, order)).split("\nrequest.yaml")[0]
    assert told_first == f"request.yaml:1:11: {message}\n  hint: {hint}"


def test_every_problem_with_the_words_is_told_in_one_run(run: Run, write: Write) -> None:
    words = "  rights: Keep **all**.\n  subject: |\n    One.\n\n    Two.\n  answer: for one\n"
    words += "  openin: I write.\n"
    path = str(write("r.yaml", f"{REQUEST}wording:\n{words}"))
    told = [it for it in outcome(run("check", "-q", path))[1].splitlines() if it[:1] != " "]
    assert [it.partition(": ")[2] for it in told] == [
        "wording.rights has '**', which the letter would show as typed",
        "wording.subject is one line, so it cannot have several paragraphs or a list",
        "wording.answer is nowhere in this letter",
        "secure-communities/opt-out has no passage 'openin'",
    ]


CLAIM = "wording: {rights: ICE must answer us.}\n"
UNSAID = "check your own words: they leave out"


def test_a_claim_is_a_note_beside_the_letter_and_a_problem_to_check(run: Run, write: Write) -> None:
    path = str(write("r.yaml", REQUEST + CLAIM))
    told = "wording.rights says 'ICE must': no source obliges them; quote what a source says"
    noted = outcome(run("write", path, "--to", "bureau", "-f", "txt", "-o", "-"))[2]
    line = len(REQUEST.splitlines()) + 1
    checked = outcome(run("check", "-q", path))
    is_noted = f"note: check your own words: {told}" in noted
    assert (is_noted, checked[0], checked[1].count(told)) == (True, 1, 1)
    assert checked[1].startswith(f"{path}:{line}:11: {told}")


def test_a_fact_that_the_words_leave_out_is_a_note(run: Run, write: Write) -> None:
    request = (
        f"{AGREEMENT}  reasons: [It costs too much.]\nwording:\n  reasons: It is not for us.\n"
    )
    request += "  opening: I write for the County.\n"
    request += "authority: [{instrument: Resolution, number: No. 26-14}]\n"
    err = outcome(run("write", str(write("r.yaml", request)), "-f", "txt", "-o", "-"))[2]
    lost = [line for line in err.splitlines() if "leave out" in line]
    assert lost == [
        f"note: {UNSAID} Resolution No. 26-14",
        f"note: {UNSAID} the agency's own reasons (It costs too much.)",
    ]


def test_a_vote_that_the_words_leave_out_is_told_in_words(run: Run, write: Write) -> None:
    act = "{instrument: Resolution, number: No. 26-14, vote: 4 to 1}"
    own = "wording: {opening: 'I write under Resolution No. 26-14.'}\n"
    path = str(write("r.yaml", f"{REQUEST}{own}authority: [{act}]\n"))
    err = outcome(run("write", path, "--to", "ice", "-f", "txt", "-o", "-"))[2]
    assert f"note: {UNSAID} the vote (4 to 1) of Resolution No. 26-14\n" in err


@pytest.mark.parametrize("kind", KINDS)
def test_words_that_no_longer_say_what_a_letter_is_for_get_a_note(
    library: Library, kind: str
) -> None:
    (rule,) = library.programs.find(kind)[1].must_say
    told = f"check your own words: they no longer say {rule.reason}"
    for letter in sample_letters(kind, 0, library):
        notes = []
        for words in ({"closing": "Yours,"}, {"body": "The Sheriff asks for information."}):
            own = render(replace(letter.notice, wording=words), library.templates)
            notes.append(told in [note.text for note in with_notes(own, library).notice.notes])
        assert notes == [False, True]


@pytest.mark.parametrize(
    "kind",
    ["secure-communities/opt-out", "287g/terminate", "287g/suspend", "287g/revoke-personnel"],
)
def test_a_notice_whose_operative_words_do_nothing_gets_a_note(library: Library, kind: str) -> None:
    (rule,) = library.programs.find(kind)[1].must_say
    for letter in sample_letters(kind, 0, library):
        wording = {"operative": "The Sheriff asks for information."}
        own = render(replace(letter.notice, wording=wording), library.templates)
        notes = [note.text for note in with_notes(own, library).notice.notes]
        assert f"check your own words: they no longer say {rule.reason}" in notes


def test_words_for_both_letters_where_these_differ_get_a_note(run: Run, write: Write) -> None:
    shared = {}
    for passage, words in (("salutation", "'Dear Director:'"), ("closing", "'Yours truly,'")):
        path = str(write("r.yaml", f"{REQUEST}wording: {{{passage}: {words}}}\n"))
        err = outcome(run("write", path, "--to", "ice", "-f", "txt", "-o", "-"))[2]
        shared[passage] = [line for line in err.splitlines() if "check wording." in line]
    told = (
        "note: check wording.salutation: it greets both offices; to greet each by itself, use"
        " salutation: under recipients: bureau: and ice: instead"
    )
    assert shared == {"salutation": [told], "closing": []}


@pytest.mark.parametrize(
    ("passage", "words", "told"),
    [
        ("rights", "We keep all rights", "it ends without a period"),
        ("opening", "As Sheriff, I write for the County,", "it ends without a period"),
        ("rights", '"We keep all rights.', "it has a quotation mark without its pair"),
        ("reasons", "They said: “No.\n\nThat is all.", "it has a quotation mark without its pair"),
    ],
)
def test_words_that_surely_lack_a_mark_get_a_note(
    passage: str, words: str, told: str, run: Run, write: Write
) -> None:
    path = str(write("r.yaml", f"{REQUEST}wording: {json.dumps({passage: words})}\n"))
    for command in (("write", path, "--to", "ice", "-f", "txt", "-o", "-"), ("check", path)):
        code, _, err = outcome(run(*command))
        lines = [line for line in err.splitlines() if "mark" in line or "period" in line]
        shown = [line.removeprefix(f"{path}: ") for line in lines]
        assert (code, shown) == (0, [f"note: check wording.{passage}: {told}"])


@pytest.mark.parametrize(
    ("passage", "words"),
    [
        ("closing", "Yours truly,"),
        ("subject", "Our notice"),
        ("requests", "I ask ICE:\n\n- to answer\n- to meet with us"),
        ("rights", '"We keep all rights."'),
        ("rights", "We keep all rights (see above)"),
        ("reasons", "“No.\n\n“Never.”"),
        ("reasons", 'It needs a 24" screen.'),
        ("rights", "May we hear from you?"),
    ],
)
def test_words_that_may_end_so_get_no_note(library: Library, passage: str, words: str) -> None:
    notice = replace(notice_for(library), wording={passage: words})
    own = with_notes(render(notice, library.templates), library)
    assert "unfinished-words" not in {note.code for note in own.notice.notes}


@pytest.mark.parametrize("given", ["{rights: }", "{rights: ''}", "{rights: none}", "{rights: '-'}"])
def test_a_passage_without_words_is_a_problem_that_says_how_to_strike_it(
    given: str, run: Run, write: Write
) -> None:
    path = str(write("r.yaml", f"{REQUEST}wording: {given}\n"))
    code, _, err = outcome(run("write", path, "-f", "txt", "-o", "out/"))
    assert (code, err.count("also add leave-out: [rights]\n")) == (1, 1)


def test_the_command_line_cannot_empty_a_passage_either(run: Run, write: Write) -> None:
    path = str(write("r.yaml", REQUEST))
    err = outcome(run("write", path, "--set", "wording.unchanged=", "-f", "txt", "-o", "out/"))[2]
    assert err == (
        "--set: wording.unchanged has no words\n"
        "  hint: write its words, or delete it here to print optout's; this letter may leave out"
        " only meeting, rights\n"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_prints_none_of_the_passages_that_a_request_strikes(
    library: Library, kind: str
) -> None:
    (_, may) = (library.programs.find(kind)[0], library.programs.find(kind)[1].may_leave_out)
    for letter in sample_letters(kind, 0, library):
        words = {name: f"Words of {name}." for name in may}
        worded = render(replace(letter.notice, wording=words), library.templates)
        struck = render(replace(letter.notice, leave_out=may), library.templates)
        rest = " ".join(body_texts(worded))
        for text in words.values():
            assert text in rest
            rest = rest.replace(text, "")
        assert " ".join(body_texts(struck)).split() == rest.split()


def test_a_letter_with_a_struck_passage_says_own_wording_under_a_reference_of_its_own(
    library: Library,
) -> None:
    whole, struck = letter_for(library), letter_for(library, "leave-out: [rights]\n")
    assert struck.foot == f"{whole.foot}, own wording"
    assert struck.notice.reference != whole.notice.reference


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("leave-out: [unchanged]", "leave-out.0 cannot be 'unchanged'"),
        ("leave-out: [rigths]", "leave-out.0 cannot be 'rigths'"),
        (
            "leave-out: [rights]\nwording: {rights: We waive none.}",
            "leave-out.0 leaves out 'rights', and wording: has words for it",
        ),
    ],
)
def test_a_request_strikes_only_what_the_letter_can_do_without(
    given: str, problem: str, run: Run, write: Write
) -> None:
    path = str(write("r.yaml", f"{REQUEST}{given}\n"))
    code, out, _ = outcome(run("check", "-q", path))
    assert (code, problem in out) == (1, True)


@pytest.mark.parametrize("passage", ["status", "body"])
def test_what_each_letter_is_to_say_is_left_out_with_a_note(
    passage: str, run: Run, write: Write
) -> None:
    request = f"{REQUEST}wording: {{{passage}: We opt out.}}\n"
    path = str(write("r.yaml", request))
    err = outcome(run("write", path, "--to", "bureau", "-f", "txt", "-o", "-"))[2]
    told = "note: check your own words: they no longer say that the letter does not by itself stop"
    assert err.count(told) == 1


def test_words_for_another_passage_leave_nothing_out(run: Run, write: Write) -> None:
    request = f"{REQUEST}wording: {{closing: 'Yours,'}}\n"
    path = str(write("r.yaml", request))
    err = outcome(run("write", path, "--to", "bureau", "-f", "txt", "-o", "-"))[2]
    assert ("leave out" in err, "note: " in err) == (False, True)


@pytest.mark.parametrize(
    "words",
    [
        "This notice ends Secure Communities in the County.",
        "This notice forbids the sharing of fingerprints.",
        "The State may not pass on our fingerprints to the FBI.",
        "It bars the exchange of data.",
        "As of today no fingerprints of the County reach ICE.",
        "The program is voluntary.",
        "We confirm that the County is removed from Secure Communities.",
    ],
)
def test_a_letter_ends_neither_the_program_nor_the_sharing(
    words: str, run: Run, write: Write
) -> None:
    code, out, _ = outcome(
        run("check", str(write("r.yaml", f"{REQUEST}wording: {{status: {words}}}")))
    )
    assert (code, "wording.status says" in out) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        "The Department has said that this is not a voluntary program.",
        "The County asks ICE to confirm that it is no longer part of the program.",
    ],
)
def test_a_letter_may_deny_such_a_claim_or_ask_for_it(words: str, run: Run, write: Write) -> None:
    path = write("r.yaml", f"{REQUEST}wording: {{status: {words}}}")
    assert outcome(run("check", str(path)))[0] == 0


def test_foot_reference_json_and_register_tell_of_the_words(
    run: Run, write: Write, in_folder: Path
) -> None:
    def written(text: str, closing: str = "") -> tuple[str, object, bool]:
        words = f"wording: {{closing: '{closing}'}}\n" if closing else ""
        write("r.yaml", REQUEST + words + text)
        out = outcome(run("write", "r.yaml", "--to", "bureau", "-f", "json", "-o", "-"))[1]
        facts = json.loads(out)
        return facts["reference"], facts.get("wording"), facts.get("is-reworded", False)

    shipped, first, second = written(""), written("", "Yours,"), written("", "Sincerely,")
    assert len({shipped[0], first[0], second[0]}) == 3
    assert (shipped[1:], first[1:]) == ((None, False), ({"closing": "Yours,"}, True))
    for closing in ("Yours,", "Sincerely,"):
        write("r.yaml", f"{REQUEST}wording: {{closing: '{closing}'}}\n")
        result = run("write", "r.yaml", "-f", "txt", "-o", "letters/")
        assert outcome(result)[0] == 0
    (letter,) = (in_folder / "letters").glob("*bureau.txt")
    assert letter.read_text("utf-8").rstrip().endswith("version 4, own wording")
    kept = [*(in_folder / "letters" / "earlier").iterdir()]
    assert len(kept) == 2  # the letters that say Yours
    register = (in_folder / "letters" / "register.ndjson").read_text("utf-8")
    assert re.findall(r'"wording":(\{[^}]*\})', register) == [
        '{"closing":"Yours,"}',
        '{"closing":"Sincerely,"}',
    ]


def test_a_letter_that_follows_has_its_own_words(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", f"{REQUEST}wording: {{opening: I write.}}\n")
    assert outcome(run("write", "r.yaml", "-f", "txt", "-o", "letters/"))[0] == 0
    follow = ("new", "--follow", "letters/", "--letter", "secure-communities/follow-up")
    assert outcome(run(*follow, "-o", "f.yaml"))[0] == 0
    text = (in_folder / "f.yaml").read_text("utf-8")
    assert ("\n#wording:" in text, "I write." in text) == (True, False)


def test_a_table_has_a_column_for_each_passage(run: Run, write: Write, in_folder: Path) -> None:
    write("common.yaml", REQUEST.replace("jurisdiction", "# jurisdiction"))
    cell = '"We ask:\n1. one;\n2. two."'
    write("n.csv", f"jurisdiction,wording.requests\nkern-county-ca,{cell}\nyolo-county-ca,\n")
    options = ("--common", "common.yaml", "--to", "bureau", "-f", "txt", "-o", "out/")
    assert outcome(run("batch", "n.csv", *options))[0] == 0
    said = {path.parent.name: path.read_text("utf-8") for path in in_folder.glob("out/**/*.txt")}
    found = {name: "We ask:\n\n1. one;\n2. two.\n" in text for name, text in said.items()}
    assert found == {"kern-county-ca": True, "yolo-county-ca": False}


def test_editors_complete_the_names_of_passages(run: Run) -> None:
    schema = json.loads(outcome(run("schema", "request"))[1])
    wording = schema["$defs"]["Request"]["properties"]["wording"]
    assert (wording["type"], wording["properties"]["rights"]["description"]) == (
        "object",
        "the last paragraph, which reserves the sender's rights",
    )
