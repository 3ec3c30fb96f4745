"""The address block and the window of a #10 envelope, measured on finished pages."""

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from make_letters import document_of, letter_for, letters_for, pdf_of
from read_pdf import is_safe, seen_on

from optout_cli.engines.measure import LINES, window_lines
from optout_cli.errors import OptoutError
from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of
from optout_cli.readers.document import with_assignments
from optout_cli.templating.filters import typographic

pytestmark = pytest.mark.no_cover  # many pages, with code that others cover

FULL_HEAD = """\
signatory:
  office: Office of the Sheriff
  address: {street: ["1 Main Street, Suite 2"], city: Ross, state: CA, zip: "94957"}
  phone: 415-555-0100
  email: a@example.gov
service: {bureau: [{by: mail}, {by: hand}], ice: [{by: certified-mail}, {by: hand}, {by: mail}]}
"""
PLACES = [
    "",
    "{date: 2010-08-31, jurisdiction: san-francisco-county-ca}",
    "{jurisdiction: dona-ana-county-nm}",
    "{jurisdiction: orleans-parish-la}",
    "{jurisdiction: alexandria-city-va}",
    "{jurisdiction: honolulu-county-hi}",
    "{jurisdiction: adjuntas-municipio-pr}",
    "{addressing: joint}",
    FULL_HEAD,
]


@pytest.fixture(scope="module")
def library(either_library: Library) -> Library:
    """Print with each engine in turn."""
    return either_library


@pytest.mark.parametrize("lines", PLACES)
def test_the_address_alone_shows_in_the_window_and_stays_in_it(
    library: Library, lines: str
) -> None:
    for letter in letters_for(library, lines):
        seen = seen_on(pdf_of(letter, library))
        assert [it.text for it in seen] == list(letter.envelope)
        assert [it.text for it in seen if not is_safe(it)] == []


@pytest.mark.parametrize("office", ["Sheriff", "Office of the Sheriff of Marin County " * 4])
def test_a_head_prints_clear_of_the_window_or_is_a_problem(library: Library, office: str) -> None:
    def outcome(ways: int) -> str:
        mailed = ", ".join(f"{{by: mail, number: 1Z0000000{number}}}" for number in range(ways))
        served = f"service: {{bureau: [{mailed}]}}"
        letter = letter_for(library, f"signatory: {{office: {office.strip()}}}\n{served}")
        try:
            content = pdf_of(letter, library)
        except OptoutError as error:
            return error.problems[0].code
        return "clear" if [it.text for it in seen_on(content)] == [*letter.envelope] else "shows"

    assert {outcome(ways) for ways in range(1, 9)} == {"clear", "tall-letterhead"}


def test_no_shipped_address_takes_more_lines_than_the_window_holds(library: Library) -> None:
    blocks = [
        (id, window_lines(it.envelope or it.block))
        for id, _, it in library.directory.contacts()
        if not it.missing
    ]
    assert [(id, lines) for id, lines in blocks if lines > LINES] == []


@pytest.mark.parametrize(
    ("block", "lines"),
    [
        (("Director", "Bureau", "P.O. Box 1", "Ross, CA 94957"), 4),
        (("Director of the Bureau of Criminal Information and Analysis",), 2),
        (("W" * 60,), 3),
        (("the " + "W" * 30,), 3),
        ((), 0),
    ],
)
def test_lines_are_counted_after_wrapping(block: tuple[str, ...], lines: int) -> None:
    assert window_lines(block) == lines


WORDS = st.text("abefilmstwyABMRSTW&.,'1270-", min_size=1, max_size=12)
LONG_WORDS = st.text("abimstwyAMRTW", min_size=30, max_size=60)
NAMES = st.lists(WORDS | WORDS | LONG_WORDS, min_size=1, max_size=14).map(" ".join)


# Each example prints a page, so that a failing one is shown as it was found.
@settings(max_examples=10, derandomize=True, phases=[Phase.explicit, Phase.generate])
@given(name=NAMES.filter(lambda it: len(it) <= 150 and it[-1].isalnum()))  # others are refused
def test_the_count_is_what_the_page_shows(library: Library, name: str) -> None:
    name = typographic(f"Bureau {name}")  # a name without any letter is refused
    document = with_assignments(document_of(), "--set", {"recipients.bureau.envelope.0": name})
    order = Order(today=letter_for(library).notice.date, parties=("bureau",))
    content = exports_of(document, library, order)[0].content
    assert len(seen_on(content)) == window_lines([name])


@pytest.mark.parametrize(("block", "told"), [(["a"] * 4, 0), (["a"] * 3 + ["long " * 20], 1)])
def test_an_address_too_long_for_the_window_is_told_of_and_never_set_smaller(
    library: Library, block: list[str], told: int
) -> None:
    envelope = {f"recipients.bureau.envelope.{n}": text.strip() for n, text in enumerate(block)}
    document = with_assignments(document_of(), "--set", envelope)
    order = Order(
        today=letter_for(library).notice.date, parties=("bureau",), formats=("pdf", "txt")
    )
    pdf, txt = exports_of(document, library, order)
    assert [it.code for it in pdf.notes] == ["envelope"] * told
    assert txt.notes == ()
    heights = {round(it.bottom - it.top, 1) for it in seen_on(pdf.content)}
    assert heights == {0.1}
