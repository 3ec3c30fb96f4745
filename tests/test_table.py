"""`register.csv`: one row for each letter, with the user's own columns."""

import csv
from datetime import date
from pathlib import Path

import pytest
from make_register import ADDISON, TERMINATE, RegisterMaker

from optout_cli.letters import Library
from optout_cli.register.journal import TABLE as NAME
from optout_cli.register.state import load_register
from optout_cli.register.table import COLUMNS, update_table

LATER = date(2026, 11, 20)


@pytest.fixture
def maker(tmp_path: Path) -> RegisterMaker:
    return RegisterMaker(tmp_path / "letters")


def update(maker: RegisterMaker, library: Library) -> tuple[str, ...]:
    states = load_register(maker.folder).letters.values()
    return update_table(maker.folder, states, library.programs.by_id)


def rows(maker: RegisterMaker) -> list[dict[str, str]]:
    with (maker.folder / NAME).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def edit(maker: RegisterMaker, **cells: list[str]) -> None:
    """Write cells into columns, as a spreadsheet would: `note` for `# note`."""
    with (maker.folder / NAME).open(encoding="utf-8-sig", newline="") as stream:
        header, *lines = csv.reader(stream)
    for name, values in cells.items():
        title = name if name in COLUMNS else f"# {name}"
        if title not in header:
            header.append(title)
            lines = [[*line, ""] for line in lines]
        for line, value in zip(lines, values, strict=True):
            line[header.index(title)] = value
    with (maker.folder / NAME).open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([header, *lines])


def earlier(maker: RegisterMaker) -> list[str]:
    folder = maker.folder / "earlier"
    return [path.read_text("utf-8-sig") for path in folder.iterdir()] if folder.exists() else []


def test_a_row_has_everything_about_a_letter(maker: RegisterMaker, library: Library) -> None:
    id = maker.written(letter=TERMINATE, parties=("ice",), particulars={"model": ["wso"]})
    maker.printed(id, date(2026, 11, 1))
    maker.sent(id, "ice", number="70200000000000000001", note="by Anna")
    maker.delivered(id, "ice", date(2026, 11, 4))
    maker.answered(id, "ice", LATER, "acknowledged", words="=We have it.")
    assert update(maker, library) == ()
    (row,) = rows(maker)
    assert len(row.pop("SHA-256")) == 64
    assert row == {
        "date": "2026-11-02",
        "jurisdiction": "Marin County, California (06041)",
        "letter": "Notice of termination",
        "signatory": "Pat Placeholder, Sheriff",
        "recipient": "ice",
        "route": "certified mail",
        "tracking number": "7020 0000 0000 0000 0001",
        "reference": "287G-06041-20261102-ABCD",
        "printed": "2026-11-01",
        "sent": "2026-11-02",
        "delivered": "2026-11-04",
        "answer due": "",
        "answered": "2026-11-20",
        "outcome": "an acknowledgment",
        "note": "by Anna\n=We have it.\nthe termination takes effect after 90 days: 2027-02-02",
        "address": "The ice\n1 Main Street",
        "email": "ice@example.gov",
        "fax": "",
        "pages": "",
        "path": "CA/marin-county-ca/2026-11-02-terminate-ice.txt",
    }


def test_a_print_that_an_earlier_version_recorded_has_the_day_of_its_event(
    maker: RegisterMaker, library: Library
) -> None:
    maker.printed(maker.written(parties=("ice",)), None)
    update(maker, library)
    assert [row["printed"] for row in rows(maker)] == ["2026-11-02"]


def test_a_reply_that_the_program_lost_keeps_its_id(maker: RegisterMaker, library: Library) -> None:
    id = maker.written(parties=("ice",))
    maker.answered(id, "ice", LATER, "shrugged-off")
    update(maker, library)
    assert [row["outcome"] for row in rows(maker)] == ["shrugged-off"]


def test_a_formula_is_text(maker: RegisterMaker, library: Library) -> None:
    id = maker.written(parties=("ice",), signatory="@SUM(1+1), Sheriff")
    maker.answered(id, "ice", LATER, words='=HYPERLINK("x")')
    update(maker, library)
    (row,) = rows(maker)
    assert (row["signatory"], row["note"]) == ("'@SUM(1+1), Sheriff", '\'=HYPERLINK("x")')


def test_several_formats_are_lines_of_one_cell(maker: RegisterMaker, library: Library) -> None:
    maker.written(parties=("ice",), formats=("eml", "txt"))
    update(maker, library)
    (row,) = rows(maker)
    assert [len(row[name].split("\n")) for name in ("path", "pages", "SHA-256")] == [2, 2, 2]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Marin County, CA", "Marin County, California (06041)"),
        ("Marin County, California", "Marin County, California (06041)"),
        ("Ross Police Department", "Ross Police Department, Marin County, California (06041)"),
    ],
)
def test_an_agency_is_named_with_its_county(
    name: str, shown: str, maker: RegisterMaker, library: Library
) -> None:
    maker.written(name=name, parties=("ice",))
    update(maker, library)
    assert [row["jurisdiction"] for row in rows(maker)] == [shown]


def test_her_own_columns_stay_with_their_letters(maker: RegisterMaker, library: Library) -> None:
    maker.written()
    update(maker, library)
    edit(maker, call=["=rang", "José"])
    maker.written(place=ADDISON, parties=("bureau",))
    assert update(maker, library) == ()
    update(maker, library)
    assert [row["# call"] for row in rows(maker)] == ["'=rang", "José", ""]
    assert earlier(maker) == []


def test_her_notes_go_over_to_the_letter_that_replaces_theirs(
    maker: RegisterMaker, library: Library
) -> None:
    first = maker.written()
    update(maker, library)
    edit(maker, call=["rang", "wrote"])
    maker.replaced(first)
    maker.written(content="corrected", on=LATER)
    assert update(maker, library) == ()
    assert [(row["date"], row["# call"]) for row in rows(maker)] == [
        ("2026-11-20", "rang"),
        ("2026-11-20", "wrote"),
    ]


def test_a_letter_that_went_out_keeps_its_row_when_it_is_replaced(
    maker: RegisterMaker, library: Library
) -> None:
    first = maker.written(parties=("ice",))
    maker.sent(first, "ice")
    maker.replaced(first)
    again = maker.written(content="corrected", parties=("ice",))
    update(maker, library)
    assert [(row["outcome"], row["answer due"]) for row in rows(maker)] == [
        ("", "2026-12-07"),
        ("", ""),
    ]
    maker.sent(again, "ice", date(2026, 11, 9))
    update(maker, library)
    assert [(row["outcome"], row["answer due"]) for row in rows(maker)] == [
        ("superseded", ""),
        ("", "2026-12-14"),
    ]


def test_a_table_that_was_changed_by_hand_is_kept(maker: RegisterMaker, library: Library) -> None:
    maker.written(parties=("ice",))
    update(maker, library)
    edit(maker, sent=["2026-11-05"], call=["rang"])
    (note,) = update(maker, library)
    assert "was changed by hand; that table is now" in note
    assert [(row["sent"], row["# call"]) for row in rows(maker)] == [("", "rang")]
    assert ["2026-11-05" in text for text in earlier(maker)] == [True]


def test_a_table_of_which_all_is_recorded_is_not_kept_and_one_with_another_note_is(
    maker: RegisterMaker, library: Library
) -> None:
    id = maker.written(letter=TERMINATE, parties=("ice",), particulars={"model": ["wso"]})
    update(maker, library)
    edit(maker, sent=["2026-11-02"], route=["certified mail"])
    maker.sent(id, "ice")
    assert update(maker, library) == ()  # although the note now says when it takes effect
    edit(maker, delivered=["2026-11-04"])
    maker.delivered(id, "ice", date(2026, 11, 4))
    assert update(maker, library) == ()
    edit(maker, note=["rang"])
    assert "was changed by hand" in update(maker, library)[0]


def test_a_note_of_a_row_that_has_no_letter_is_kept(maker: RegisterMaker, library: Library) -> None:
    maker.written(parties=("ice",))
    update(maker, library)
    edit(maker, call=["rang"])
    path = maker.folder / NAME
    path.write_text(path.read_text("utf-8") + ";" * len(COLUMNS) + "buy stamps\n", "utf-8")
    update(maker, library)
    assert ["buy stamps" in text for text in earlier(maker)] == [True]


def test_a_date_as_excel_writes_it_is_no_change(maker: RegisterMaker, library: Library) -> None:
    maker.written(parties=("ice",))
    update(maker, library)
    edit(maker, date=["11/2/2026"], call=["rang"])
    assert (update(maker, library), earlier(maker)) == ((), [])


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_a_table_in_another_encoding_keeps_its_notes(
    encoding: str, maker: RegisterMaker, library: Library
) -> None:
    maker.written(parties=("ice",))
    update(maker, library)
    edit(maker, call=["José"])
    path = maker.folder / NAME
    path.write_bytes(path.read_text("utf-8-sig").encode(encoding))
    assert update(maker, library) == ()
    assert [row["# call"] for row in rows(maker)] == ["José"]


def test_the_same_events_give_the_same_table(maker: RegisterMaker, library: Library) -> None:
    maker.written()
    update(maker, library)
    before = (maker.folder / NAME).read_bytes()
    update(maker, library)
    assert (maker.folder / NAME).read_bytes() == before


def test_a_table_that_cannot_be_written_is_only_a_note(
    maker: RegisterMaker, library: Library
) -> None:
    maker.written()
    (maker.folder / NAME).mkdir()
    (note,) = update(maker, library)
    told = "cannot be written: Is a directory; the record itself is complete"
    assert note == f"{maker.folder / NAME}: {told}"
    assert len(load_register(maker.folder).records) == 2


def test_a_damaged_table_is_kept(maker: RegisterMaker, library: Library) -> None:
    maker.written(parties=("ice",))
    update(maker, library)
    (maker.folder / NAME).write_text('# note\n"a"b,\0\n')
    update(maker, library)
    assert earlier(maker) == ['# note\n"a"b,\0\n']
