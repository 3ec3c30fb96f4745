"""What a request may add to or leave off the page: counsel's approval, the foot, the codes."""

import io

import pikepdf
import pytest
from compare_pages import pages_of
from every_letter_kind import letter_of, members
from make_letters import letter_for, pdf_of
from msgspec.structs import replace

from optout_cli.engines.measure import set_in_fewest_pages
from optout_cli.exporters import ExportContext, Options, exporter_for
from optout_cli.letters import Library
from optout_cli.model.letter import Paragraph, Run

APPROVED = "approved-as-to-form: {{name: Lee Doe, title: County Attorney{}}}"


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ("", "Approved as to form: Lee Doe, County Attorney ________"),
        (", initials: LD", "Approved as to form: Lee Doe, County Attorney (LD)"),
        (
            ", file-number: 26-1",
            "Approved as to form: Lee Doe, County Attorney ________, file 26-1",
        ),
    ],
)
def test_counsels_approval_stands_below_the_signature(
    library: Library, more: str, line: str
) -> None:
    letter = letter_for(library, APPROVED.format(more))
    text = exporter_for("txt").encode(letter, library.context).decode()
    assert line in text.partition("Respectfully,")[2]


LINE = 11 * 1.27 / 72  # in
SHORT_END = "287g-effective-date-known-clauses-missoula"  # its last paragraph has one line
TYPED = "signature: {kind: typed}"


@pytest.mark.no_cover
@pytest.mark.parametrize(("lines", "blank"), [("", 4), (TYPED, 1)])
def test_the_signature_has_room_for_ink_or_air(
    either_library: Library, lines: str, blank: int
) -> None:
    letter = letter_for(either_library, lines)
    rows = [row for page in pages_of(pdf_of(letter, either_library)) for row in page]
    places = {row.text: row.base for row in rows}
    name = letter.signature[0].replace(" ", "")
    space = places[name] - places["Respectfully,"] - LINE
    assert space == pytest.approx(blank * LINE, abs=0.01)


def test_no_single_line_of_the_body_is_on_a_page_with_the_closing(either_library: Library) -> None:
    (member,) = (it for it in members() if str(it) == SHORT_END)
    letter = letter_of(member, either_library)
    short = Paragraph((Run("The County reserves its rights."),))  # one line as text, too
    letter = replace(letter, body=(*letter.body[:-1], short))
    *_, page = pages_of(pdf_of(letter, either_library))
    lasts = [[row.text for row in page if not row.is_fixed]]
    for height in range(40, 60):
        context = ExportContext(either_library.templates, Options(lines_per_page=height))
        fax = exporter_for("fax").encode(letter, context).decode().split("\f")
        lasts += [it.partition(letter.mark)[2].split("\n") for it in fax if letter.closing in it]
    assert min([it for it in last if it].index(letter.closing) for last in lasts) >= 2


@pytest.mark.parametrize("width", range(50, 100, 5))
def test_the_head_of_a_later_page_never_breaks_within_the_reference(
    either_library: Library, width: int
) -> None:
    head = f"{'Department' * (width // 10)}{'.' * (width % 10)}, SC-09003-20261127-EQR6"
    letter = replace(letter_for(either_library), continuation=head)
    rows = [row.text for row in pages_of(pdf_of(letter, either_library))[1]]
    assert [row for row in rows if "SC-09003-20261127-EQR6" in row]


def test_less_room_is_left_only_where_it_saves_a_page() -> None:
    pages = {"tight low": 1, "tight": 2, "usual": 2}
    assert set_in_fewest_pages("usual", str, pages.__getitem__) == "tight low"
    assert set_in_fewest_pages("usual", str, {**pages, "tight": 1}.__getitem__) == "tight"
    assert set_in_fewest_pages("usual", str, {**pages, "usual": 1}.__getitem__) == "usual"


def test_counsels_approval_is_apart_from_the_enclosures(either_library: Library) -> None:
    letter = letter_for(either_library, APPROVED.format("") + "\nenclosures: [{title: Map}]")
    rows = [row for page in pages_of(pdf_of(letter, either_library)) for row in page]
    places = {row.text.partition(":")[0]: row.base for row in rows}
    gap = places["Enclosure"] - places["Approvedastoform"]
    assert gap == pytest.approx(9.5 * 1.2 / 72 + 0.1, abs=0.01)


def test_an_approval_changes_no_reference(library: Library) -> None:
    letters = [letter_for(library, it) for it in ("", APPROVED.format(""))]
    assert len({it.reference for it in letters}) == 1


def test_foot_and_codes_can_be_left_off_the_page_but_not_out_of_the_metadata(
    library: Library,
) -> None:
    letter = letter_for(library, "ori: CA0210000\nleave-out: [foot, codes]")
    assert (letter.foot, "FIPS" in letter.subject) == ("", False)
    with pikepdf.open(io.BytesIO(pdf_of(letter, library))) as pdf:
        found = str(pdf.docinfo["/Keywords"])
    kind, fips = letter.notice.letter, letter.notice.place.fips
    assert found == f"{kind} version {letter.notice.version}, FIPS {fips}, ORI CA0210000"


@pytest.mark.parametrize("name", ["txt", "fax", "html"])
def test_every_format_can_do_without_the_foot(library: Library, name: str) -> None:
    letter = letter_for(library, "leave-out: [foot]")
    assert b", version" not in exporter_for(name).encode(letter, library.context)
