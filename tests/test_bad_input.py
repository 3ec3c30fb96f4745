"""Hostile and mistaken requests: one clear error and nothing written, or the text as typed."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from command_results import LETTERS, Run, Write, lying_in, outcome, words
from conftest import REQUEST
from read_pdf import lines_on

from optout_cli.templating.filters import typographic

pytestmark = pytest.mark.usefixtures("with_typst")

HEAD = "jurisdiction: marin-county-ca\nletter: secure-communities/opt-out\n"
SIGNED = HEAD + "date: 2026-11-20\nsignatory: {{name: {}, title: Sheriff}}\n"
ONE_LINE = "hint: write it on one line, with no spaces before or after it"
CANDIDATES = "marin-county-ca or madera-county-ca"


@pytest.mark.parametrize(
    ("request_text", "told"),
    [
        pytest.param(
            HEAD + "sigantory: {name: Pat, title: Sheriff}\n",
            "3:1: request has no field 'sigantory'\n  hint: did you mean 'signatory'?",
            id="misspelt key",
        ),
        pytest.param(
            HEAD + "date: 2026-11-20\ndate: 2026-11-21\n",
            "4:1: repeats the key 'date'\n  hint: keep one of them",
            id="two equal keys",
        ),
        pytest.param(
            HEAD + "date: 2010-02-30\n",
            "3:1: date '2010-02-30' is not on the calendar\n  hint: February 2010 has 28 days",
            id="no day of the calendar",
        ),
        pytest.param(
            HEAD + "date: 2008-10-26\n",
            "3:1: the letter is dated 2008-10-26, before the program began"
            " (Secure Communities: 2008-10-27)\n"
            "  hint: correct date:",
            id="before the program",
        ),
        pytest.param(
            HEAD + "date: 2226-11-20\n",
            "3:1: the letter is dated 2226-11-20, more than a year from now\n  hint: correct date:",
            id="200 years ahead",
        ),
        pytest.param(
            REQUEST.replace("marin-", "marn-"),
            f"1:1: there is no jurisdiction 'marn-county-ca'\n  hint: {CANDIDATES}",
            id="unknown county",
        ),
        pytest.param(
            REQUEST.replace("marin-county-ca", "Baltimore, MD"),
            "1:1: 'Baltimore, MD' could be any of 2 jurisdictions\n"
            "  hint: baltimore-county-md or baltimore-city-md",
            id="ambiguous county",
        ),
        pytest.param(
            REQUEST.replace("marin-county-ca", "6041"),
            "1:1: there is no jurisdiction '6041'\n"
            "  hint: did you mean '06041'? FIPS codes have five digits",
            id="a code that lost its zero",
        ),
        pytest.param(
            REQUEST.replace("title:", "address: {zip: 2134}, title:"),
            "4:46: signatory.address.zip '2134' is not a ZIP code\n"
            "  hint: write five digits, such as 02134",
            id="ZIP that lost its zero",
        ),
        pytest.param(
            REQUEST.replace("title:", "phone: call me, title:"),
            "4:36: signatory.phone 'call me' is not a telephone number\n"
            "  hint: write it as 415-555-0123, with area code",
            id="phone in words",
        ),
        pytest.param(
            SIGNED.format('"Pat\\nPlaceholder"'),
            f"4:13: signatory.name 'Pat\\nPlaceholder' is not one line without spaces at its ends\n"
            f"  {ONE_LINE}",
            id="newline in a name",
        ),
        pytest.param(
            SIGNED.format('"Pat\\0"'),
            "4:19: has an invisible character (U+0000)\n  hint: delete it and type the text again",
            id="NUL in a name",
        ),
        pytest.param(
            SIGNED.format('"Pat \u202eredlohecalP"'),
            "4:24: has an invisible character (U+202E)\n  hint: delete it and type the text again",
            id="text turned around",
        ),
        pytest.param(
            SIGNED.format("x" * 3000),
            "4:13: signatory.name is 3,000 characters long; at most 200 fit\n"
            "  hint: shorten it, or enclose it as a file",
            id="3,000 characters in a name",
        ),
        pytest.param(
            SIGNED.format("null"),
            "4:13: signatory needs 'name'\n  hint: add name: ...",
            id="null for a name",
        ),
        pytest.param(
            SIGNED.format("# head"),
            "5:1: a bracket is not closed, or a comma is missing\n"
            "  hint: look for a missing }, ] or comma, here or just above",
            id="# before a name",
        ),
        pytest.param(
            SIGNED.format("{{ 7*7 }}"),
            "4:20: a key must be text, not a group or a list\n"
            "  hint: put text with braces or brackets in quotes",
            id="braces without quotes",
        ),
    ],
)
def test_a_wrong_request_is_told_with_its_place_and_nothing_is_written(
    request_text: str, told: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", request_text)
    found = outcome(run("write", "r.yaml", "-f", "txt,html,json", "-o", "out/"))
    assert (*found, lying_in(in_folder)) == (1, "", f"r.yaml:{told}\n", ["r.yaml"])


def test_every_fault_of_a_request_is_told_in_one_run(
    run: Run, write: Write, in_folder: Path
) -> None:
    write(
        "r.yaml",
        """\
        jurisdiction: marin-county-ca
        letter: secure-communities/opt-out
        date: 31 August 2010
        signatory: {name: Pat, tilte: Sheriff, phone: call me, address: {zip: 2134}}
        recipients: {bureau: {fax: 555-0100}}
        ori: ca
        """,
    )
    _, _, err = outcome(run("write", "r.yaml", "-f", "txt"))
    places = [line.split(": ")[0] for line in err.splitlines() if line.startswith("r.yaml:")]
    assert sorted(places) == [
        "r.yaml:3:1",
        "r.yaml:4:24",
        "r.yaml:4:40",
        "r.yaml:4:66",
        "r.yaml:5:23",
        "r.yaml:6:1",
    ]


NAMES = [
    "Pat Null",
    "no ~ to",
    "Pat <b>Bob</b>",
    "Pat </p><script>alert(1)</script>",
    "*stars*",
    "# head",
    "AT&T; R&D",
    'O\'Brien "Bob" O\u2019Brien',
    "\u05e9\u05dc\u05d5\u05dd",
    "\u0645\u062f\u064a\u0631",
    "Pat \U0001f600",
    "Doña Núñez",
    "x" * 200,
    "Pat \\0 %s {0} $HOME `id`",
    "on",
]


class _Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.no_cover
@pytest.mark.parametrize("name", NAMES, ids=lambda it: it[:30])
def test_a_name_stands_on_the_letter_as_it_was_typed(
    name: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", SIGNED.format(json.dumps(name, ensure_ascii=False)))
    code, _, _ = outcome(run("write", "r.yaml", "-f", "txt,html,json", "--to", "ice", "-o", "out/"))
    stem = in_folder / "out" / "2026-11-20-opt-out-ice"
    plain = stem.with_suffix(".txt").read_text("utf-8").partition("Respectfully,")[2]
    page = _Page(stem.with_suffix(".html").read_text("utf-8"))
    facts = json.loads(stem.with_suffix(".json").read_text("utf-8"))
    assert (code, facts["signatory"]["name"]) == (0, name)
    printed = typographic(name)
    assert words(printed).replace(" ", "") in words(plain).replace(" ", "")
    assert printed in page.text


@pytest.mark.parametrize("name", [it for it in NAMES if "<" in it or "&" in it])
def test_a_name_never_becomes_markup(name: str, run: Run, write: Write, in_folder: Path) -> None:
    write("plain.yaml", SIGNED.format("Pat"))
    write("r.yaml", SIGNED.format(json.dumps(name)))
    options = ("-f", "html", "--to", "ice", "-o", "-")
    plain, hostile = (
        _Page(outcome(run("write", it, *options))[1]) for it in ("plain.yaml", "r.yaml")
    )
    assert hostile.tags == plain.tags


@pytest.mark.parametrize(
    "fax", ["fax: null, ", "fax: ~, ", "fax: , ", ""], ids=["null", "~", "nothing", "no line"]
)
def test_a_value_that_is_not_there_leaves_no_trace(
    fax: str, run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST.replace("title:", f"{fax}title:"))
    write("plain.yaml", REQUEST)
    options = ("-f", "txt", "--to", "ice", "-o", "-")
    assert outcome(run("write", "r.yaml", *options)) == outcome(
        run("write", "plain.yaml", *options)
    )


REASON = "".join(f"x{number:03}" for number in range(750))  # 3,000 characters without a blank


@pytest.mark.no_cover
def test_a_reason_of_3000_characters_is_printed_whole_on_paper_and_as_text(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + f"particulars: {{reasons: [{REASON}]}}\n")
    assert outcome(run("write", "r.yaml", "-f", "txt,pdf", "--to", "ice", "-o", "out/"))[0] == 0
    plain = (in_folder / "out" / LETTERS[1]).read_text("utf-8")
    with pypdfium2.PdfDocument(in_folder / "out" / "2026-11-20-opt-out-ice.pdf") as document:
        # Without what stands in the margins above and below, between two halves of a word.
        lines = [line for page in document for line in lines_on(page) if 0.9 < line.top < 10.25]
    assert REASON in "".join(plain.split())
    printed = "".join(line.text for line in lines).replace("•", "")
    assert REASON in "".join(printed.split())


def test_no_line_of_the_text_form_is_longer_than_80_columns(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", SIGNED.format("y" * 200) + f"particulars: {{reasons: [{REASON}]}}\n")
    shown = outcome(run("write", "r.yaml", "-f", "txt", "--to", "ice", "-o", "-"))[1]
    assert max(len(line) for line in shown.splitlines()) == 80


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("Pat \U0001f600", ["\U0001f600"]),
        ("\u05d0\u05d1", ["\u05d0", "\u05d1"]),
        ("\u4e2d", ["\u4e2d"]),
    ],
)
def test_paper_refuses_a_character_that_its_typeface_lacks(
    name: str, missing: list[str], run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", SIGNED.format(name))
    code, out, err = outcome(run("write", "r.yaml", "-f", "txt,pdf", "--to", "ice"))
    told = [line.partition("has no character ")[2] for line in err.splitlines()[::2]]
    assert (code, out, told) == (1, "", [f"{it!r} (U+{ord(it):04X})" for it in missing])
    assert lying_in(in_folder) == ["r.yaml"]


@pytest.mark.parametrize(
    ("query", "named", "lacks"),
    [
        ("guam", "the State Identification Bureau of Guam", "the ZIP code"),
        (
            "60010",
            "the ICE office of Eastern District, AS",
            "the organization, street, city, state, ZIP code",
        ),
        (
            "60010",
            "the State Identification Bureau of American Samoa",
            "the street, city, state, ZIP code",
        ),
    ],
)
def test_an_agency_that_is_not_known_in_full_stops_the_letters(
    query: str, named: str, lacks: str, run: Run, in_folder: Path
) -> None:
    code, out, err = outcome(run("write", query, "-f", "txt"))
    assert (code, out, lying_in(in_folder)) == (1, "", [])
    assert f"{lacks} of {named} " in err


@pytest.mark.parametrize(
    ("query", "sender", "sentence"),
    [
        ("Carson City, NV", "Carson City, Nevada", "I write on behalf of Carson City, Nevada"),
        ("11001", "District of Columbia", "I write on behalf of the District of Columbia ("),
        (
            "Prince George's, MD",
            "Prince George's County, Maryland",
            "I write on behalf of Prince George's County, Maryland",
        ),
        (
            "Doña Ana, NM",
            "Doña Ana County, New Mexico",
            "I write on behalf of Doña Ana County, New Mexico",
        ),
        (
            "LaSalle Parish, LA",
            "LaSalle Parish, Louisiana",
            "I write on behalf of LaSalle Parish, Louisiana",
        ),
    ],
)
def test_a_place_is_named_as_it_names_itself(
    query: str, sender: str, sentence: str, run: Run, in_folder: Path
) -> None:
    code, shown, _ = outcome(run("write", query, "-f", "txt", "--to", "bureau", "-o", "-"))
    assert (code, shown.splitlines()[2]) == (0, typographic(sender))
    assert typographic(sentence) in words(shown)


def test_an_option_or_name_with_an_empty_value_is_refused(
    run: Run, write: Write, in_folder: Path
) -> None:
    """`--number "$NUMBER"` in a script must not record a letter without its number."""
    write("marin.yaml", "jurisdiction: marin-county-ca\nletter: secure-communities/opt-out\n")
    told = "it is empty\n  hint: give it a value, or leave it out\n"
    for command in (
        ["write", "marin.yaml", "--letter", ""],
        ["write", "marin.yaml", "-f", "txt", "-f", ""],
        ["sent", "letters", "--by", "mail", "--number", ""],
        ["new", ""],
    ):
        code, _, err = outcome(run(*command))
        assert (code, err.endswith(told)) == (2, True)
    assert lying_in(in_folder) == ["marin.yaml"]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--max-age", "soon", "Invalid value for '--max-age': 'soon' is not a whole number"),
        ("--lines-per-page", "9" * 30, "is not between 20 and 999,999"),
        ("--date", "x" * 9999, f"'{'x' * 60}...' is not a date; write it as 2026-11-24"),
        ("--data", "x" * 9999, f"\n{'x' * 60}...: cannot be read: File name too long"),
        ("--supersede", "a\x1b[1m", "it has an invisible character (U+001B)\n  hint: delete it"),
        ("--supersede", "\udcff", "it has an invisible character (U+DCFF)\n  hint: delete it"),
    ],
)
def test_a_wrong_value_of_an_option_is_told_in_a_short_sentence(
    option: str, value: str, message: str, run: Run
) -> None:
    code, _, err = outcome(run("write", "06041", option, value))
    assert (code, message in f"\n{err}", len(err) < 400) == (2, True, True)


def test_a_request_may_lie_in_a_folder_whose_name_is_no_text(run: Run, in_folder: Path) -> None:
    assert outcome(run("new", "06041", "-o", "a\udcff/"))[0] == 0
    assert "a?/marin-county-ca.yaml" in (in_folder / "a\udcff/marin-county-ca.yaml").read_text(
        "utf-8"
    )


@pytest.mark.parametrize("name", ["~$r.yaml", ".~lock.r.yaml"])
@pytest.mark.usefixtures("in_folder")
def test_the_mark_of_an_open_file_is_told_as_that(name: str, run: Run, write: Write) -> None:
    write(name, "Kim Perez,desk 5,26.11.2026 09:12;")
    _, _, err = outcome(run("write", name, "-f", "txt"))
    assert err == (
        f"{name}: is only the mark of a file that is open in another program\n"
        "  hint: name the file itself\n"
    )
