"""`optout review`: every letter of a folder on one page, which needs no server and no network."""

import io
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import drive_chromium
import msgspec
import pytest
import yaml
from command_results import Run, Write, outcome, words
from conftest import REQUEST, ROOT
from drive_chromium import Chromium
from make_register import ADDISON, DAY, FOLLOW_UP, MARIN, TERMINATE, RegisterMaker
from PIL import Image
from read_pdf import opened as opened_pdf

from optout_cli.cli import review as command
from optout_cli.engines import pictures
from optout_cli.register.events import LetterFile, WrittenLetter, WrittenNote
from optout_cli.register.standing import Step
from optout_cli.reports import drawings
from optout_cli.reports.drawings import drawings_of

PAGE = Path("out/review.html")
TO_BUREAU = "Notice of opt-out to the State Identification Bureau"
VOID = {"meta", "img", "input", "br", "link"}
FACTS = {
    "place": MARIN,
    "signatory": {"name": "Pat Placeholder", "title": "Sheriff", "office": "Sheriff's Office"},
    "recipients": [
        {
            "party": "bureau",
            "contact": {
                "source": {"kind": "official", "date": "2026-02-02", "url": "https://example.gov/"},
                "verified": "2026-10-23",
            },
        },
        {
            "party": "ice",
            "contact": {"source": {"kind": "third-party", "date": "2024"}},
            "origins": {"address.street": "jurisdictions.yaml:1"},
        },
    ],
    "cc": [{"title": "County Counsel"}],
}
NOTES = (
    WrittenNote(code="state-law", text="A law. It is new.", short="ask counsel first: a law"),
    WrittenNote(code="contact", text="ICE: address from memory", recipient="ice"),
    WrittenNote(code="unsigned", text="eml: nobody has signed it", recipient="ice"),
)


class Words(HTMLParser):
    """Reads the words of a page, a line for each element that has any."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "h2", "h3", "li", "summary", "pre"):
            self.lines.append("")
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and not {"script", "style"} & {*self.open}:
            self.lines = self.lines or [""]
            self.lines[-1] += data


def articles(page: str) -> list[str]:
    """Return the words of each letter on a page, a line for each paragraph."""
    found = re.findall(r"<article.*?</article>", page, re.DOTALL)
    texts = ([" ".join(line.split()) for line in Words(article).lines] for article in found)
    return ["\n".join(filter(None, lines)) for lines in texts]


def page_at(path: Path = PAGE) -> str:
    return path.read_text("utf-8")


@pytest.fixture
def letters(in_folder: Path) -> RegisterMaker:
    """Write two letters of Marin County, of which the one to ICE was sent and answered."""
    maker = RegisterMaker(Path("out"))
    facts = msgspec.Raw(msgspec.json.encode(FACTS))
    id = maker.written(facts=facts, notes=NOTES, content="Marin opts out.")
    maker.sent(id, "ice", number="70081300000173889810", note="Kim took it")
    maker.answered(id, "ice", date(2026, 11, 9), by="The office", words='"No."')
    return maker


def test_the_page_does_not_call_words_pages(in_folder: Path, run: Run) -> None:
    RegisterMaker(in_folder / "out").written()
    assert outcome(run("review", "out", "-o", "out/review.html"))[0] == 0
    page = " ".join(Words(PAGE.read_text("utf-8")).lines)
    assert "with its pages, or an e-mail and a text by its words." in page


def test_beside_each_letter_stands_all_that_is_known_of_it(
    letters: RegisterMaker, run: Run
) -> None:
    assert outcome(run("review", "out"))[1] == "out/review.html\n"
    to_bureau, to_ice = articles(page_at())
    assert to_bureau.splitlines() == [
        f"Marin County, CA: {TO_BUREAU}",
        "Not sent dated November 2, 2026, reference SC-06041-20261102-ABCD",
        (
            "This letter has no pages. These are the words of"
            " CA/marin-county-ca/2026-11-02-opt-out-bureau.txt:"
        ),
        "CA/marin-county-ca/2026-11-02-opt-out-bureau.txt Marin opts out.",
        "What happened",
        "Nobody has recorded that it went out",
        "Next step: send it",
        "Who signs",
        "Pat Placeholder, Sheriff, Sheriff's Office",
        "signs by hand, on paper",
        "To",
        "The bureau 1 Main Street",
        "E-mail: bureau@example.gov",
        (
            "From an official source, dated 2026-02-02 (8 months before the letter's date)."
            " https://example.gov/"
        ),
        "Confirmed on 2026-10-23 (10 days before the letter's date).",
        "How it goes",
        "Not said in the letter",
        "Copies go to",
        "County Counsel",
        "Files",
        "CA/marin-county-ca/2026-11-02-opt-out-bureau.txt",
        "Notes for those who send it",
        "ask counsel first: a law",
        "A law. It is new.",
    ]
    assert to_ice.splitlines()[4:11] == [
        "What happened",
        "Sent by certified mail on 2026-11-02, number 7008 1300 0001 7388 9810",
        "Answered on 2026-11-09 by The office: a refusal in writing (\u201cNo.\u201d)",
        "Next step: write the letter \u201cRenewed notice of opt-out\u201d",
        "Remark: Kim took it",
        "Who signs",
        "Pat Placeholder, Sheriff, Sheriff's Office",
    ]
    assert (
        "From a private source, which may be wrong, dated 2024.\n"
        "Nobody had confirmed this address when the letter was written." in to_ice
    )


def test_the_head_says_whose_letters_they_are_and_how_far(letters: RegisterMaker, run: Run) -> None:
    id = letters.written(place=ADDISON, on=date(2026, 9, 1), parties=("ice",))
    letters.sent(id, "ice", on=date(2026, 9, 1))
    run("review", "out", "-q")
    head = Words(page_at().partition('<p class="internal')[0].partition("<body>")[2]).lines
    assert [" ".join(line.split()) for line in head if line.strip()] == [
        (
            "Letters to review: Addison County, VT, and Marin County, CA 3 letters as of"
            " November 24, 2026: 1 not sent, 1 sent and waiting, 1 answered; an answer is overdue"
            " for 1"
        )
    ]


def test_a_letter_that_was_written_tells_where_its_addresses_are_from(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + "recipients: {bureau: {confirmed: {by: phone, date: 2026-11-19}}}\n")
    run("write", "r.yaml", "-f", "txt", "-o", "out/", "-q")
    run("review", "out", "-q")
    to_bureau, to_ice = articles(page_at())
    assert "Confirmed by phone on 2026-11-19 (1 day before the letter's date)." in to_bureau
    head = "Director, U.S. Immigration and Customs Enforcement, 500 12th Street SW, Washington, DC"
    assert f"{head} 20536\nFrom an official source" in to_ice


def test_an_address_with_a_corrected_zip_code_is_not_from_the_old_source(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST + "recipients: {bureau: {address: {zip: 95816-9999}}}\n")
    run("write", "r.yaml", "-f", "txt", "-o", "out/", "-q")
    run("review", "out", "-q")
    assert "CA 95816-9999\nGiven by the sender, for this letter.\n" in articles(page_at())[0]
    guide = outcome(run("guide", "r.yaml"))[1]
    assert "Call before sending: address from your request (2026), not confirmed." in words(guide)
    assert "https://oag.ca.gov" not in guide


def test_each_part_of_a_contact_says_where_it_is_from(
    run: Run, write: Write, in_folder: Path
) -> None:
    how = ("--who", "the records desk", "--how", "telephone")
    run("correct", "CA", "--set", "address.street=1 New St", *how)
    run("correct", "ero-san-francisco", "--set", "email=desk@example.gov", *how)
    typed = "recipients: {bureau: {email: me@example.com}, ice: {fax: 415-555-0199}}\n"
    write("r.yaml", REQUEST + typed)
    run("write", "r.yaml", "-f", "txt", "-o", "out/", "-q")
    run("review", "out", "-q")
    to_bureau, to_ice = (article.partition("\nTo\n")[2] for article in articles(page_at()))
    own = "From your office's own entry, dated 2026-11-24 (after the letter's date)."
    assert to_bureau.splitlines()[1:4] == [
        own,
        "E-mail: me@example.com",
        "Given by the sender, for this letter.",
    ]
    assert to_ice.splitlines()[1].startswith("From an official source, dated 2026-02-04 (9 months")
    assert to_ice.splitlines()[2:6] == [
        "E-mail: desk@example.gov",
        own,
        "Fax: 415-555-0199",
        "Given by the sender, for this letter.",
    ]
    shown = words(outcome(run("show", "marin-county-ca"))[1])
    assert "source your office's own entry, confirmed by the" in shown


def test_a_draft_says_that_nobody_signs(in_folder: Path, run: Run) -> None:
    RegisterMaker(Path("out")).written(is_draft=True, signatory=None, parties=("ice",))
    run("review", "out", "-q")
    (draft,) = articles(page_at())
    assert draft.splitlines()[4:9] == [
        "What happened",
        "Not sent: it is a draft",
        "Next step: say who signs",
        "Who signs",
        "Nobody yet",
    ]


def test_a_note_on_many_letters_is_folded_and_an_old_one_has_only_its_name(
    in_folder: Path, run: Run
) -> None:
    maker = RegisterMaker(Path("out"))
    note = WrittenNote(code="period", text="What became of the program.")
    for day in (2, 3, 4):
        maker.written(on=date(2026, 11, day), parties=("ice",), notes=(note,))
    old = WrittenLetter(
        recipient="ice",
        office="",
        address=("ICE",),
        notes=("draft", "new-code"),
        files=(LetterFile(path="old.docx", format="docx", bytes=0, sha256=""),),
    )
    maker.written(place=ADDISON, letters=(old,))
    run("review", "out", "-q")
    found = re.findall(r'<div class="notes">.*?</div>', page_at(), re.DOTALL)
    (folded,) = {*found[:3]}
    assert '<details class="often"><summary>About the program on this day</summary>' in folded
    assert articles(page_at())[3].splitlines()[-2:] == ["Nobody signs yet", "new-code"]


def test_letters_about_two_agreements_of_one_agency_name_their_models(
    in_folder: Path, run: Run
) -> None:
    maker = RegisterMaker(Path("out"))
    for model in ("wso", "tfm"):
        facts = {"model": [model], "agency": "Ross Police Department"}
        id = maker.written(letter=TERMINATE, name="Ross Police Department", parties=("ice",),
                           variant=model, particulars=facts)  # fmt: skip
        maker.sent(id, "ice")
    run("review", "out", "-q")
    title = "Ross Police Department, Marin County, CA: Notice of termination ({}) to ICE"
    assert [words.partition("\n")[0] for words in articles(page_at())] == [
        title.format("Task Force Model"),
        title.format("Warrant Service Officer model"),
    ]
    run("status", "out", "-f", "html", "-o", "status.html")
    found = re.findall(
        r"<span>(Notice of termination.*?)</span></td>", page_at(Path("status.html"))
    )
    assert [re.sub("<.*?>", "", text) for text in found] == [
        "Notice of termination of 2026-11-02 (Task Force Model)",
        "Notice of termination of 2026-11-02 (Warrant Service Officer model)",
    ]


def happened(page: str) -> list[list[str]]:
    """Return what the page says happened to each letter."""
    found = (words.partition("What happened\n")[2] for words in articles(page))
    return [words.partition("\nWho signs")[0].splitlines() for words in found]


def test_an_acknowledgment_is_a_reply_that_is_told_once(letters: RegisterMaker, run: Run) -> None:
    id = letters.written(place=ADDISON, on=date(2026, 9, 1), parties=("bureau",))
    letters.sent(id, "bureau", on=date(2026, 9, 1))
    run("review", "out", "-q")
    letters.answered(id, "bureau", date(2026, 9, 20), "acknowledged")
    run("review", "out", "-q")
    assert happened(page_at())[-1] == [
        "Sent by certified mail on 2026-09-01",
        "Replied on 2026-09-20: an acknowledgment, without an answer",
        "Overdue since 2026-10-20; write: Request for an answer",
    ]
    assert "replied on 2026-09-20: an acknowledgment, without an answer" in news(page_at())


def test_what_a_day_that_has_come_asks_for_is_a_next_step(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(Path("out"))
    id = maker.written(
        letter=TERMINATE,
        on=date(2026, 9, 1),
        parties=("ice",),
        particulars={"model": ["tfm"], "effective": "2026-09-10"},
    )
    maker.sent(id, "ice", on=date(2026, 9, 1))
    maker.answered(id, "ice", date(2026, 9, 25), "acknowledged")
    run("review", "out", "-q")
    assert happened(page_at()) == [
        [
            "Sent by certified mail on 2026-09-01",
            "Answered on 2026-09-25: an acknowledgment",
            "Next step: return ICE's credentials and any equipment, and get a receipt",
            "The termination takes effect: 2026-09-10",
        ]
    ]


# What is new.


def news(page: str) -> list[str]:
    """Return what the page says of news, and what each letter has of it."""
    head = re.search(r"<strong>Since.*?</p>|<p>Nothing is marked.*?</p>", page, re.DOTALL)
    boxes = re.findall(r"<strong>New:</strong>.*?</p>", page, re.DOTALL)
    texts = (" ".join(re.sub("<.*?>", "", text).split()) for text in (head and head[0], *boxes))
    return [text.removeprefix("New: ") for text in texts]


def test_a_page_says_what_was_recorded_since_the_page_before(
    letters: RegisterMaker, run: Run
) -> None:
    run("review", "out", "-q")
    first = news(page_at())
    id = letters.written(place=ADDISON, parties=("bureau",))
    letters.sent(id, "bureau", by="fax", on=date(2026, 11, 3))
    letters.delivered(id, "bureau", date(2026, 11, 4))
    run("review", "out", "-q")
    second = news(page_at())
    run("review", "out", "-q")
    assert [first, second, news(page_at())] == [
        [
            (
                "Nothing is marked as new: this is the first page of its kind here. The next one,"
                " written to the same place, says what changed since this one."
            )
        ],
        [
            (
                "Since the page of November 24, 2026: 1 letter has news. Each has it in a box like"
                " this one."
            ),
            "written; sent by fax on 2026-11-03; received on 2026-11-04",
        ],
        ["Since the page of November 24, 2026: nothing was recorded."],
    ]


def test_news_leave_out_what_a_later_event_corrects(letters: RegisterMaker, run: Run) -> None:
    run("review", "out", "-q")
    id = letters.written(place=ADDISON, parties=("ice",))
    letters.sent(id, "ice", by="fax", on=date(2026, 11, 3))
    letters.sent(id, "ice", by="mail", on=date(2026, 11, 4), corrects="fax")
    meeting = {"day": "2026-12-15", "place": "Room 1"}
    for facts in ({}, meeting):
        letters.answered(
            id, "ice", date(2026, 11, 20), "meeting-offered", facts=facts, corrects=bool(facts)
        )
    run("review", "out", "-q")
    said = "a meeting was offered; date of the meeting: December 15, 2026; place: Room 1"
    assert news(page_at())[1:] == [
        f"written; sent by mail on 2026-11-04; answered on 2026-11-20: {said}"
    ]


def test_since_names_another_day(letters: RegisterMaker, run: Run) -> None:
    run("review", "out", "-q", "--since", "2026-11-01")
    assert news(page_at())[1:] == [
        "written",
        (
            "written; sent by certified mail on 2026-11-02; answered on 2026-11-09: a refusal in"
            " writing"
        ),
    ]


def test_what_was_taken_back_is_news(letters: RegisterMaker, run: Run) -> None:
    run("review", "out", "-q")
    file = "out/CA/marin-county-ca/2026-11-02-opt-out-ice.txt"
    assert outcome(run("answer", file, "--undo", "a mistake", "-q"))[0] == 0
    run("review", "out", "-q")
    assert news(page_at())[1:] == ["taken back: answered on 2026-11-09"]


def test_a_page_of_another_register_is_not_compared_with(letters: RegisterMaker, run: Run) -> None:
    RegisterMaker(Path("other")).written()
    run("review", "other", "-o", "out/", "-q")
    run("review", "out", "-q")
    assert news(page_at())[0].startswith(
        "Nothing is marked as new: the page before, of November 24, 2026, was of another register."
    )


def test_another_file_is_replaced_only_by_force(letters: RegisterMaker, run: Run) -> None:
    PAGE.write_text("mine", "utf-8")
    code, _, err = outcome(run("review", "out"))
    assert (code, err.splitlines()[0]) == (
        1,
        "out/review.html: exists with other content; it may be a signed letter or another county's",
    )
    assert outcome(run("review", "out", "--force", "-q"))[0] == 0
    (kept,) = Path("out/earlier").glob("review*")
    assert kept.read_text("utf-8") == "mine"


# The pages of letters.


def drawing_of(path: Path, pages: int = 1) -> drawings.Drawing:
    """Draw one file as if it were a letter's."""
    files = {path.name: (sha256(path.read_bytes()).hexdigest(), pages)}
    ((_, drawing),) = drawings_of(files, path.parent)
    return drawing


def opened(picture: pictures.PagePicture) -> tuple[str, tuple[int, int]]:
    """Return the format of a picture's bytes, and its size."""
    content = b64decode(picture.url.partition(",")[2])
    with Image.open(io.BytesIO(content)) as image:
        return str(image.format), image.size


def save(path: Path, images: Iterable[Image.Image]) -> Path:
    """Write pages of 8.5 by 11 inches as PDF."""
    first, *more = images
    first.save(path, "PDF", resolution=first.width / 8.5, save_all=True, append_images=more)
    return path


def test_a_pdf_is_shown_as_pictures_and_as_words(run: Run, write: Write, in_folder: Path) -> None:
    write("r.yaml", REQUEST)
    made = run(
        "write", "r.yaml", "--to", "ice", "-f", "pdf", "--engine", "typst", "-q", "-o", "out/"
    )
    drawing = drawing_of(Path(outcome(made)[1].strip()))
    assert [opened(page) for page in drawing.pages] == [("WEBP", (850, 1100))] * drawing.total
    assert "Notice of opt-out: Secure Communities" in drawing.words
    run("review", "out", "-q")
    shown = re.findall(r'alt="(.*?)" src="data:image/webp;base64,', page_at())
    assert shown == [f"Enlarge page {n} of {drawing.total}" for n in range(1, drawing.total + 1)]


def test_the_more_pages_there_are_the_smaller_they_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "a.pdf", [Image.new("L", (85, 110), 255)] * 14)
    monkeypatch.setattr(drawings, "_SIZES", ((11, 100), (99, 50)))
    drawing = drawing_of(path, 14)
    assert (
        drawing.total,
        {(page.width, page.height) for page in drawing.pages},
        len(drawing.pages),
    ) == (
        14,
        {(425, 550)},
        12,
    )


def test_a_scan_loses_detail_so_that_the_page_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = Image.effect_noise((170, 220), 3).point(lambda gray: gray + 84)  # between two grays
    path = save(tmp_path / "scan.pdf", [paper])
    monkeypatch.setattr(drawings, "_SIZES", ((99, 20),))
    (whole,) = drawing_of(path).pages
    monkeypatch.setattr(pictures, "_LARGE", 1_000)
    (lossy,) = drawing_of(path).pages
    assert len(lossy.url) < len(whole.url) / 2


def test_a_poster_is_drawn_no_larger_than_a_letter(tmp_path: Path) -> None:
    path = tmp_path / "poster.pdf"
    Image.new("L", (720, 1440), 255).save(path, "PDF", resolution=10)  # 72 by 144 inches
    (page,) = drawing_of(path).pages
    assert (page.width, page.height) == (550, 1100)


def test_without_webp_a_page_is_a_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda _: False)
    (page,) = drawing_of(save(tmp_path / "a.pdf", [Image.new("L", (85, 110), 255)])).pages
    assert opened(page) == ("PNG", (850, 1100))


@pytest.mark.parametrize(
    ("suffix", "change", "told"),
    [
        ("pdf", None, "The pages of {} cannot be drawn. Open the file itself."),
        ("pdf", "delete", "The file {} is missing. Put it back."),
        ("txt", "edit", "The file {} is not the one that was written, so it is not shown here."),
        (
            "docx",
            None,
            "This letter was written only as docx, which has no pages to show here. Open its file.",
        ),
    ],
)
def test_a_letter_without_pages_says_why(
    suffix: str, change: str | None, told: str, in_folder: Path, run: Run
) -> None:
    RegisterMaker(Path("out")).written(parties=("ice",), formats=(suffix,))
    name = f"CA/marin-county-ca/{DAY}-opt-out-ice.{suffix}"
    if change == "delete":
        Path("out", name).unlink()
    elif change:
        Path("out", name).write_text("other", "utf-8")
    run("review", "out", "-q")
    assert articles(page_at())[0].splitlines()[2] == told.format(name)


def test_without_the_library_that_draws_the_command_says_so(
    in_folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    RegisterMaker(Path("out")).written(formats=("pdf",))
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    code, _, err = outcome(run("review", "out"))
    assert (code, err.splitlines()[1]) == (
        1,
        "  hint: install it again: pip install --force-reinstall pypdfium2 pillow",
    )


# The page itself.


def test_a_review_asks_for_nothing_and_runs_no_script_but_its_own(
    letters: RegisterMaker, run: Run
) -> None:
    facts = {"place": MARIN | {"name": "<script>alert(1)</script>"}}
    letters.written(facts=msgspec.Raw(msgspec.json.encode(facts)), name='"><img src=x onerror=y>')
    page = outcome(run("review", "out", "-o", "-"))[1]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', page)
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
        f" script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert re.findall(r'(?:src|href|action)="(?!data:)|url\(|@import|<img src=x', page) == []
    assert "Do not publish this page" in page


def test_every_note_on_a_letter_has_a_name_to_choose_it_by() -> None:
    text = (ROOT / "templates/_layout/review.html.j2").read_text("utf-8")
    (labels,) = re.findall(r"set labels = \{(.*?)\}", text, re.DOTALL)
    named = {*re.findall(r'^  "([a-z-]+)": "', labels, re.MULTILINE)}
    codes = {*yaml.safe_load((ROOT / "tools/codes.yaml").read_text("utf-8"))["notes"]}
    # These are told when something is recorded, and no letter has them.
    others = {
        "answer-to-unsent", "changed-file", "changed-reply", "completed-answer",
        "no-day", "no-number", "other-letter", "other-number", "other-way",
        "replaced-letter", "second-answer", "unsigned",
    }  # fmt: skip
    assert (codes - named - others, named - codes) == (set(), {"unconfirmed", "before-signing"})


def test_an_empty_folder_and_one_without_a_register_say_so(in_folder: Path, run: Run) -> None:
    RegisterMaker(Path("out"))
    Path("out/register.ndjson").touch()
    assert "No letter has been written yet." in outcome(run("review", "-o", "-"))[1]
    code, _, err = outcome(run("review", "."))
    assert (code, err.splitlines()[0]) == (1, ".: has no register.ndjson")
    told = "uot: cannot find this folder\n  hint: did you mean 'out'?\n"
    assert outcome(run("review", "uot")) == (2, "", told)
    RegisterMaker(Path("later"))
    Path("later/register.ndjson").touch()
    assert outcome(run("review"))[2].splitlines()[-2:] == [
        "Error: several folders here have letters",
        "  hint: name one, such as later",
    ]


def test_a_damaged_register_is_told_on_the_page_and_by_the_exit_code(
    letters: RegisterMaker, run: Run
) -> None:
    register = Path("out/register.ndjson")
    register.write_bytes(register.read_bytes().replace(b"Kim", b"Pat"))
    code, _, err = outcome(run("review", "out", "-q"))
    (told,) = re.findall(r'<p class="trouble">(.*?)</p>', page_at(), re.DOTALL)
    assert (code, err.splitlines()[0]) == (1, told)


def test_a_page_that_a_browser_opens_slowly_is_noted(
    letters: RegisterMaker, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MOST_BYTES", 1)
    assert outcome(run("review", "out"))[2].splitlines()[-1] == (
        "note: the page has 0 MB, so a browser may take long to open it; review fewer letters at"
        " a time"
    )


in_chromium = pytest.mark.skipif(drive_chromium.PROGRAM is None, reason="no Chromium is here")


@pytest.fixture
def reviewed(run: Run, write: Write, in_folder: Path) -> Path:
    """Write two letters and record a third, overdue; return the page that shows them."""
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "pdf", "--engine", "typst", "-q", "-o", "out/")
    letters = RegisterMaker(Path("out"))
    letters.sent(letters.written(place=ADDISON, parties=("ice",)), "ice", on=date(2026, 9, 1))
    run("review", "out", "-q", "--since", "2026-11-01")
    return in_folder / PAGE


@in_chromium
def test_every_page_fits_a_desk_and_a_telephone_and_can_be_read_aloud(
    reviewed: Path, run: Run
) -> None:
    run("status", "out", "-f", "html", "-o", "out/status.html")
    run("guide", "r.yaml", "-f", "html", "-o", "out/guide.html")
    run("write", "r.yaml", "--to", "ice", "-f", "html", "-q", "-o", "letter.html")
    pages = (reviewed, Path("out/status.html"), Path("out/guide.html"), Path("letter.html"))
    sizes = ((1280, 900), (390, 844))
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    found: dict[str, object] = {}
    with Chromium(Path("profile")) as browser:
        for width, height in sizes:
            browser.resize(width, height)
            for page in pages:
                browser.open(page)
                wide = browser.ask("innerWidth") - width
                found[f"{page.stem} {width}"] = (browser.ask(overflow) + wide, browser.faults())
        browser.resize(500, 900)
        browser.open(Path("out/status.html"))
        has_room = browser.ask(
            "document.querySelector('.map table').getBoundingClientRect().top >="
            " document.querySelector('.legend').getBoundingClientRect().bottom"
        )
    assert has_room  # below the map
    assert found == {f"{page.stem} {width}": (0, []) for width, _ in sizes for page in pages}


@in_chromium
def test_a_browser_filters_searches_and_moves_by_keys(reviewed: Path) -> None:
    here = "document.activeElement.querySelector('h2').textContent.split(':')[0].trim()"
    count = "document.getElementById('count').textContent"
    found: dict[str, object] = {}
    with Chromium(Path("profile")) as browser:
        browser.resize(390, 844)
        browser.open(reviewed)
        browser.press("j", "j", "ArrowRight")
        found["third"] = browser.ask(here)
        browser.press("k", "/", *"marin", "Enter")
        found["searched"] = browser.ask(count)
        found["second"] = browser.ask(here)
        browser.press("Enter", "ArrowRight", "ArrowRight")
        found["enlarged"] = browser.ask("document.getElementById('caption').textContent")
        browser.press("Escape")
        browser.ask("document.getElementById('all').click()")
        browser.ask(
            "(() => { const state = document.getElementById('state'); state.value = 'overdue';"
            " state.dispatchEvent(new Event('change')); })()"
        )
        found["overdue"] = browser.ask(count)
    assert found == {
        "third": "Addison County, VT",
        "searched": (
            "2 of 3 letters are shown. Search looks at everything here: address, note, letter."
        ),
        "second": "Marin County, CA",
        "enlarged": f"Marin County, CA: {TO_BUREAU}: page 2 of 2",
        "overdue": "1 of 3 letters are shown.",
    }


@in_chromium
def test_search_takes_a_date_whole_and_a_number_without_its_spaces(
    letters: RegisterMaker, run: Run
) -> None:
    other = letters.written(place=ADDISON, on=date(2026, 11, 9), parties=("bureau",))
    letters.sent(other, "bureau", on=date(2026, 11, 10), number="70081300000173889827")
    run("review", "out", "-q")
    found: dict[str, int] = {}
    shown = "document.querySelectorAll('article:not([hidden])').length"
    none = "document.getElementById('none')"
    with Chromium(Path("profile")) as browser:
        browser.open(PAGE)
        for text in ("2026-11-10", "2026-11", "70081300000173889810", "7008 1300", "refused", "?",
                     "1 main", "no-such"):  # fmt: skip
            browser.ask(
                f"(() => {{ const field = document.getElementById('search'); field.value ="
                f" '{text}'; field.dispatchEvent(new Event('input')); }})()"
            )
            found[text] = browser.ask(shown)
        told = browser.ask(f"[{none}.hidden, {none}.textContent]")
        browser.ask("document.getElementById('none-all').click()")
        found["all"] = browser.ask(f"{none}.hidden ? {shown} : 0")
    assert told == [False, "No letter has these words.Show all letters"]
    assert found == {
        "2026-11-10": 1, "2026-11": 3, "70081300000173889810": 1, "7008 1300": 2, "refused": 1,
        "?": 3, "1 main": 3, "no-such": 0, "all": 3,
    }  # fmt: skip


@in_chromium
def test_a_page_on_paper_says_which_letters_were_chosen(reviewed: Path) -> None:
    chosen = "document.getElementById('chosen')"
    with Chromium(Path("profile")) as browser:
        browser.open(reviewed)
        browser.press("/", *"marin")
        browser.ask(
            "(() => { const state = document.getElementById('state'); state.value = 'unsent';"
            " state.dispatchEvent(new Event('change')); })()"
        )
        told = browser.ask(f"[{chosen}.textContent, getComputedStyle({chosen}).display]")
        browser.print_media()
        is_printed = browser.ask(f"getComputedStyle({chosen}).display") == "block"
        browser.ask("document.getElementById('all').click()")
        after = browser.ask(f"{chosen}.textContent")
    words = (
        "2 of 3 letters: those with the word \u201cmarin\u201d, and that are \u201cNot sent\u201d."
    )
    assert (told, is_printed, after) == ([words, "none"], True, "")


@in_chromium
def test_an_enlarged_page_fits_the_screen_first_and_then_gets_larger(reviewed: Path) -> None:
    width = "(() => { const box = document.getElementById('viewer');"
    width += " return box.scrollWidth - box.clientWidth; })()"
    tops = "[...document.querySelectorAll('dialog button')].map((it) => it.offsetTop)"
    with Chromium(Path("profile")) as browser:
        browser.resize(390, 844)
        browser.open(reviewed)
        browser.ask("document.querySelector('.page').click()")
        fits = browser.ask(width)
        rows = {*browser.ask(tops)}
        browser.ask("document.getElementById('larger').click()")
        larger = browser.ask(width)
    assert (fits, len(rows), larger > 300) == (0, 1, True)


@in_chromium
def test_paper_has_two_pages_side_by_side_and_a_note_of_many_letters_once(
    in_folder: Path, run: Run, write: Write
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "pdf", "--engine", "typst", "-q", "-o", "out/")
    note = WrittenNote(code="period", text="What became of the program.")
    maker = RegisterMaker(Path("out"))
    for day in (3, 4, 5):
        maker.written(place=ADDISON, on=date(2026, 11, day), parties=("ice",), notes=(note,))
    run("review", "out", "-q")
    with Chromium(Path("profile")) as browser:
        browser.open(PAGE)
        sheets = opened_pdf(browser.print())
        browser.ask(
            "const it = document.getElementById('search'); it.value = 'Marin';"
            " it.dispatchEvent(new Event('input'))"
        )
        chosen = opened_pdf(browser.print())
    texts = [words(sheet.get_textpage().get_text_range()) for sheet in sheets]
    # A list of all, the two letters each with what is known of it, three without pages, the note.
    assert (len(texts), texts[0].count("Notice of opt-out"), len(chosen)) == (
        1 + 2 * 2 + 3 + 1,
        5,
        5,
    )
    assert " ".join(texts).count("in full on the last sheet") == 3
    assert note.text in texts[-1]
    assert note.text not in " ".join(texts[:-1])
    first, second = (
        picture.get_bounds() for picture in sheets[1].get_objects() if picture.type == 3
    )
    width = sheets[1].get_width()
    assert (first[0] < first[2] < second[0], first[1] == second[1]) == (True, True)
    assert (second[2] - first[0]) / width > 0.9


FORMS = {
    "fax": ("fax", "fax.pdf", "The fax as it"),
    "email": ("email", "eml", "The e-mail, without its files, as it"),
}


@pytest.mark.parametrize("way", [*FORMS, "certified-mail"])
def test_a_letter_is_shown_in_the_form_that_goes_out_or_went_out(
    way: str, in_folder: Path, run: Run, write: Write
) -> None:
    own = "signatory: {email: sheriff@example.gov, "
    contact = "recipients: {ice: {email: ice@example.gov, fax: 415-555-0130}}\n"
    request = REQUEST.replace("signatory: {", own) + contact + "signature: {kind: typed}\n"
    write("r.yaml", f"{request}service: {{ice: [{{by: {way}}}]}}\n")
    forms = ("--to", "ice", "-f", "fax-pdf,pdf,eml", "--engine", "typst", "-q", "-o", "out/")
    assert outcome(run("write", "r.yaml", *forms))[0] == 0
    run("review", "out", "-q")
    (before,) = articles(page_at())
    sent = outcome(run("sent", "out", "--by", "fax", "-q"))
    assert sent[0] == 0
    run("review", "out", "-q")
    (after,) = articles(page_at())
    _, ending, words_ = FORMS.get(way, ("", "", ""))
    assert (
        f"{words_} " in before and f"out: 2026-11-20-opt-out-ice.{ending}" in before
    ) or not ending
    assert ("goes out:" in before, "The fax as it went out:" in after) == (bool(ending), True)


def test_what_the_register_has_otherwise_is_a_note_to_check_before_signing(
    in_folder: Path, run: Run, write: Write
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "-f", "txt", "-q", "-o", "out/")
    (reference,) = set(
        re.findall("SC-06041-[0-9]+-[A-Z0-9]+", Path("out/register.csv").read_text())
    )
    late = (
        f"particulars: {{notice: opt-out, notice-date: 2026-11-20, notice-reference: {reference}}}"
    )
    follow = REQUEST.replace("opt-out", "follow-up").replace("2026-11-20", "2026-11-24")
    write("f.yaml", follow + late)
    assert outcome(run("write", "f.yaml", "-f", "txt", "-q", "-o", "out/"))[0] == 0
    run("review", "out", "-q")
    found = [text for text in articles(page_at()) if "check the letter before you sign it" in text]
    assert len(found) == 2
    assert all("is not recorded as sent" in text for text in found)


def test_a_day_to_begin_with_that_has_not_come_is_refused(letters: RegisterMaker, run: Run) -> None:
    code, out, err = outcome(run("review", "out", "--since", "2026-12-01"))
    assert (code, out, err.splitlines()[-2:]) == (
        2,
        "",
        ["Error: --since 2026-12-01 is in the future", "  hint: name today or a day before"],
    )


def test_a_letter_that_is_only_text_has_each_paragraph_on_one_line(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "--to", "ice", "-f", "txt", "-o", "out/", "-q")
    run("review", "out", "-q")
    (text,) = re.findall(r"<pre.*?>(.*?)</pre>", page_at(), re.DOTALL)
    (file,) = Path("out").rglob("*.txt")
    written = file.read_text("utf-8").rstrip("\n")
    shown = unescape(text)
    assert shown.split() == written.split()
    (paragraph,) = re.findall(r"This notice follows the procedure.*?\n\n", shown, re.DOTALL)
    (as_written,) = re.findall(r"This notice follows the procedure.*?\n\n", written, re.DOTALL)
    assert (paragraph.strip().count("\n"), as_written.strip().count("\n")) == (0, 1)
    assert "\n630 Sansome Street, Rm 590\nSan Francisco, CA" in shown


def test_each_step_of_a_letter_has_its_name_and_is_shown(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "templates/_layout/review.html.j2").read_text("utf-8")
    (states,) = re.findall(r"set states = \{(.*?)\n\} ", text, re.DOTALL)
    named = {*re.findall(r'^  "([a-z]+)": \[', states, re.MULTILINE)}
    assert {*get_args(Step)} - named == {"waiting"}  # the page says sent, received or overdue
    monkeypatch.chdir(tmp_path)
    maker = RegisterMaker(tmp_path / "letters")
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    later = date(2026, 12, 8)
    maker.written(letter=FOLLOW_UP, on=later, parties=("ice",))
    assert outcome(run("sent", "letters/CA/marin-county-ca/2026-12-08-follow-up-ice.txt",
                       "--never", "late"))[0] == 0  # fmt: skip
    maker = RegisterMaker(tmp_path / "others")
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    maker.written(letter=FOLLOW_UP, on=later, parties=("ice",))
    maker.written(letter="secure-communities/renewed-request", on=later, parties=("ice",))
    maker.answered(notice, "ice", later)
    pages = []
    for folder in ("letters", "others"):
        assert outcome(run("review", folder, "-o", f"{folder}.html"))[0] == 0
        pages.append(Path(f"{folder}.html").read_text("utf-8"))
    assert "<p>Will not go out (recorded 2026-11-24): late</p>" in pages[0]
    assert "<p>Not needed: answered 2026-12-08</p>" in pages[1]
    assert 'send the letter of <span class="day">2026-12-08</span>, &ldquo;Renewed' in pages[1]


def test_a_letter_that_never_goes_out_and_one_that_was_taken_back_say_so_and_why(
    letters: RegisterMaker, run: Run
) -> None:
    run("review", "out", "-q")
    stem = "out/CA/marin-county-ca/2026-11-02-opt-out"
    run("sent", f"{stem}-bureau.txt", "--never", "the council voted it down", "-q")
    run("sent", f"{stem}-ice.txt", "--withdrawn", "a mistake", "--on", "2026-11-20", "-q")
    run("review", "out", "-q")
    page = page_at()
    to_bureau, to_ice = articles(page)
    assert to_bureau.splitlines()[1:3] == [
        "Will not go out dated November 2, 2026, reference SC-06041-20261102-ABCD",
        "New: will not go out: the council voted it down",
    ]
    happened = to_bureau.partition("What happened\n")[2].splitlines()[:3]
    assert happened == [
        "Not sent",
        "Will not go out (recorded 2026-11-24): the council voted it down",
        "Who signs",
    ]
    assert "Call the office before sending" not in to_bureau
    assert to_ice.splitlines()[1].startswith("Withdrawn dated November 2, 2026")
    assert "New: withdrawn on 2026-11-20: a mistake" in to_ice
    assert "withdrawn on 2026-11-20: a mistake\n" in to_ice.partition("What happened")[2]
    assert '<option value="dropped">Not to go out (1)</option>' in page
    assert '<option value="withdrawn">Withdrawn (1)</option>' in page


def test_a_letter_that_its_notice_settles_says_so(in_folder: Path, run: Run) -> None:
    maker = RegisterMaker(Path("out"))
    notice = maker.written(parties=("ice",))
    maker.sent(notice, "ice")
    maker.answered(notice, "ice", date(2026, 11, 9), "spoken", facts={"means": "telephone"})
    cited = {"notice-reference": "SC-06041-20261102-ABCD"}
    record, day = "secure-communities/record-of-conversation", date(2026, 11, 10)
    maker.sent(
        maker.written(letter=record, on=day, parties=("ice",), particulars=cited), "ice", day
    )
    maker.answered(notice, "ice", date(2026, 11, 12))
    run("review", "out", "-q")
    (own,) = (
        article for article in articles(page_at()) if "Record of a conversation to" in article
    )
    happened = own.partition("What happened\n")[2].splitlines()
    assert own.splitlines()[1].startswith("Answered dated November 10")
    assert happened[:3] == [
        "Sent by certified mail on 2026-11-10",
        "Answered: see its notice",
        "Who signs",
    ]


def test_a_version_that_takes_the_place_of_another_says_why(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "--to", "ice", "-f", "txt", "-o", "out/", "-q")
    path = "out/2026-11-20-opt-out-ice.txt"
    run("sent", path, "--by", "mail", "--on", "2026-11-20", "-q")
    write("r.yaml", f"{REQUEST}cc: [County Counsel]\n")
    why = "counsel was left out"
    run("write", "r.yaml", "--to", "ice", "-f", "txt", "-o", "out/", "-q", "--supersede", why)
    run("review", "out", "-q")
    assert f"In place of a letter sent before: {why}\n" in articles(page_at())[1]
    run("sent", path, "--by", "mail", "--on", "2026-11-24", "-q")
    run("review", "out", "-q")
    old = next(article for article in articles(page_at()) if "Replaced" in article)
    assert f"Replaced by the version of 2026-11-20: {why}\n" in old
