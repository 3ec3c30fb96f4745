"""What is told of a finished file: what it does not hold, and that nobody has signed it."""

from pathlib import Path

import pytest
from conftest import ROOT, TODAY
from make_letters import document_of

from optout_cli.letters import Library
from optout_cli.letters.pipeline import Order, exports_of

ACT = (ROOT / "examples" / "placeholder-resolution.pdf").read_bytes()
ADDRESSED = (
    "signatory: {name: Pat Placeholder, title: Sheriff, email: sheriff@example.gov}\n"
    "recipients: {bureau: {email: bureau@example.gov, fax: 916-555-0130}}\n"
)
ENCLOSING = (
    "authority: [{instrument: Resolution, file: act.pdf}]\n"
    "enclosures: [{title: Notes, file: notes.odt}, {title: Map of the county}]\n"
)


@pytest.fixture(scope="module")
def library(typst_library: Library) -> Library:
    """Lay out the pages with the faster engine: they are not the point here."""
    return typst_library


def found(
    library: Library, folder: Path, name: str, lines: str, *, is_draft: bool = False
) -> dict[str, str]:
    """Return what is told of the bureau's letter, by code."""
    order = Order(today=TODAY, parties=("bureau",), formats=(name,), is_draft=is_draft)
    (export,) = exports_of(document_of(ADDRESSED + lines), library, order, folder)
    return {it.code: it.text for it in export.notes}


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("eml", "Map of the county"),
        ("tiff", "notes.odt; Map of the county"),
        ("fax", "act.pdf; notes.odt; Map of the county"),
    ],
)
def test_what_is_named_as_enclosed_and_is_not_there_is_told(
    library: Library, tmp_path: Path, name: str, names: str
) -> None:
    (tmp_path / "act.pdf").write_bytes(ACT)
    (tmp_path / "notes.odt").write_bytes(b"notes")
    told = found(library, tmp_path, name, ENCLOSING + "signature: {kind: typed}\n")
    assert told == {"left-out": f"send these enclosures separately from the {name}: {names}"}


@pytest.mark.parametrize("name", ["pdf", "txt", "html", "json"])
def test_what_is_put_into_an_envelope_by_hand_is_no_finding(
    library: Library, tmp_path: Path, name: str
) -> None:
    (tmp_path / "act.pdf").write_bytes(ACT)
    (tmp_path / "notes.odt").write_bytes(b"notes")
    assert found(library, tmp_path, name, ENCLOSING) == {}


def test_an_enclosed_picture_is_told_on_paper(library: Library, tmp_path: Path) -> None:
    (tmp_path / "act.pdf").write_bytes(ACT)
    (tmp_path / "Map.HEIC").write_bytes(b"map")
    enclosing = ENCLOSING.replace("notes.odt", "Map.HEIC")
    assert found(library, tmp_path, "pdf", enclosing) == {
        "enclosed-as": "save as PDF, or scan as that: Map.HEIC: only an e-mail takes a picture; a"
        " fax, a package and the proof packet do not"
    }


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["eml", "tiff", "fax"])
@pytest.mark.parametrize("kind", ["ink", "typed", "image"])
def test_a_message_that_nobody_has_signed_is_told(
    library: Library, tmp_path: Path, name: str, kind: str
) -> None:
    seal = ROOT / "examples" / "placeholder-seal.svg"
    (tmp_path / "name.svg").write_bytes(seal.read_bytes())
    picture = ", file: name.svg, alt: Signature" if kind == "image" else ""
    told = found(library, tmp_path, name, f"signature: {{kind: {kind}{picture}}}\n")
    is_signed = kind == "typed" or (kind == "image" and name != "fax")
    assert list(told) == ([] if is_signed else ["unsigned"])


def test_a_draft_need_not_be_signed(library: Library, tmp_path: Path) -> None:
    assert found(library, tmp_path, "eml", "", is_draft=True) == {}


MAILED = """\
signature: {kind: typed}
service: {bureau: [{by: certified-mail, number: 9589 0710 5270 0000 0000 07}], ice: [{by: hand}]}
"""


def test_a_message_whose_way_the_request_does_not_name_is_called_a_copy(
    library: Library, tmp_path: Path
) -> None:
    assert found(library, tmp_path, "eml", MAILED) == {
        "copy": "add by: email to service: bureau: if this e-mail is the letter itself: the"
        " request says certified-mail, so this e-mail counts as a copy, and says only how it goes"
        " itself",
    }


def test_a_message_of_a_later_day_is_sent_on_that_day(library: Library) -> None:
    order = Order(today=TODAY, parties=("bureau",), formats=("eml",))
    document = document_of(ADDRESSED + "date: 2027-02-20\n")
    (export,) = exports_of(document, library, order, Path())
    told = {it.code: it.text for it in export.notice.notes}
    assert told["postdated"] == ("send the letter on 2027-02-20: its date is in the future")
