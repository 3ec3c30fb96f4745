"""`optout diff`: which passage each change is in, what counsel wrote beside it, and what agrees."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from command_results import Run, Write, outcome, words
from conftest import REQUEST
from docx import Document
from docx.document import Document as Opened
from docx.oxml.ns import nsdecls
from docx.oxml.parser import parse_xml
from docx.text.paragraph import Paragraph
from every_letter_kind import Member, letter_of, members

from optout_cli.exporters import exporter_for
from optout_cli.letters import Library
from optout_cli.reports.compare import compare
from optout_cli.reports.versions import Version

pytestmark = pytest.mark.usefixtures("with_typst")

REASONS = "particulars: {reasons: [It costs trust., Nobody asked.]}\n"
RIGHTS = "The jurisdiction keeps every right. Please keep this letter in your file on Marin County."


@pytest.fixture
def letter(write: Write, run: Run, in_folder: Path) -> str:
    """Write a letter as a Word file, and return its path."""
    write("r.yaml", REQUEST + REASONS)
    assert outcome(run("write", "r.yaml", "--to", "bureau", "-f", "docx", "-o", "letters/"))[0] == 0
    return f"letters/{next((in_folder / 'letters').glob('*.docx')).name}"


def paragraph_with(document: Opened, text: str) -> Paragraph:
    (found,) = (paragraph for paragraph in document.paragraphs if text in paragraph.text)
    return found


def split_run(paragraph: Paragraph, text: str) -> None:
    """Make a run of its own of some words of a paragraph with one run."""
    (run,) = paragraph.runs
    before, after = run.text.split(text)
    for words_, place in ((after, 1), (text, 1), (before, 1)):
        copy = deepcopy(run._r)
        run._r.getparent().insert(run._r.getparent().index(run._r) + place, copy)
        paragraph.runs[1].text = words_
    run._r.getparent().remove(run._r)


def changes_in(run: Run, *named: str) -> dict[str, object]:
    out = outcome(run("diff", *named, "--to", "bureau", "--json"))[1]
    (row,) = map(json.loads, out.splitlines())
    assert isinstance(row, dict)
    return row


def test_each_change_names_its_passage_or_the_fixed_part_around_the_text(
    run: Run, letter: str
) -> None:
    document = Document(letter)
    for text, old, new in (
        ("reserves all", "all of its rights", "every right"),
        ("It costs trust", "trust", "confidence"),
        ("Our reference", "Our", "The"),
        ("I write", "I write on behalf of", "I speak for"),
    ):
        paragraph = paragraph_with(document, text)
        (own,) = (each for each in paragraph.runs if old in each.text)
        own.text = own.text.replace(old, new)
    paragraph_with(document, "Respectfully").insert_paragraph_before("We will write again.")
    document.tables[0].cell(0, 0).paragraphs[0].runs[0].text = "Office of the Sheriff"
    document.save("back.docx")
    row = changes_in(run, letter, "back.docx")
    assert isinstance(row["changes"], list)
    found = [(it["part"], it["fixed"], it["words"]) for it in row["changes"] if it["kind"] == "new"]
    assert found == [
        ("sender", True, "Office of the Sheriff"),
        ("reference", True, "The"),
        ("opening", False, "speak for"),
        ("reasons", False, "confidence."),
        ("rights", False, "every right."),
        ("rights", False, "We will write again."),
    ]
    out = outcome(run("diff", letter, "back.docx"))[1]
    headings = [line for line in out.splitlines() if line.endswith(":") and line[0] != " "]
    assert headings == [
        "letterhead:", "reference:", "passage opening:", "passage reasons:", "passage rights:",
    ]  # fmt: skip
    run("diff", "-q", letter, "back.docx", "-f", "html", "-o", "c.html")
    page = Path("c.html").read_text("utf-8")
    assert "<h3>Passage reasons</h3>" in page


def test_words_of_a_request_agree_with_those_of_counsel_but_for_what_is_named(
    run: Run, write: Write, letter: str
) -> None:
    document = Document(letter)
    rights = paragraph_with(document, "reserves all")
    rights.runs[0].text = RIGHTS
    document.add_comment(rights.runs, text="Better.", author="Kim")
    document.save("back.docx")
    assert "agree" not in outcome(run("diff", letter, "back.docx"))[1]
    write("own.yaml", f"{REQUEST}{REASONS}wording: {{rights: {RIGHTS}}}\n")
    out = outcome(run("diff", "own.yaml", "back.docx"))[1]
    told = (
        "The words of the text agree; only the reference, the comments, the foot, and the head of"
        " later pages differ."
    )
    assert told in words(out)
    run("diff", "-q", "own.yaml", "back.docx", "-f", "html", "-o", "c.html")
    assert told in Path("c.html").read_text("utf-8")
    row = changes_in(run, "own.yaml", "back.docx")
    assert (row["same-text"], changes_in(run, letter, "back.docx")["same-text"]) == (True, False)


def test_facts_that_no_word_shows_are_told_with_words_that_agree(
    run: Run, write: Write, letter: str
) -> None:
    named = REQUEST.replace("signatory: {", "signatory: {email: sheriff@example.gov, ")
    write("more.yaml", named + REASONS)
    out = outcome(run("diff", "r.yaml", "more.yaml", "--to", "ice"))[1]
    assert ("only the letterhead differs." in out, out.count("fact: ")) == (True, 1)
    assert changes_in(run, "r.yaml", "more.yaml")["same-text"] is True


def test_files_of_which_nothing_is_known_are_compared_without_names(
    run: Run, letter: str, in_folder: Path
) -> None:
    document = Document(letter)
    document.save("a.docx")
    paragraph_with(document, "Respectfully").runs[0].text = "Yours,"
    document.save("b.docx")
    (in_folder / "letters/register.ndjson").unlink()
    row = changes_in(run, "a.docx", "b.docx")
    assert isinstance(row["changes"], list)
    assert (row["same-text"], [it["part"] for it in row["changes"]]) == (None, [None, None])


def test_a_comment_stands_at_its_place_with_its_author_and_its_words(run: Run, letter: str) -> None:
    document = Document(letter)
    reason = paragraph_with(document, "It costs trust")
    split_run(reason, "trust")
    document.add_comment(reason.runs[1], text="Say whose.", author="Kim Poe")
    document.save("first.docx")
    out = outcome(run("diff", letter, "first.docx"))[1]
    told = 'passage reasons: comment by Kim Poe on "trust": {+Say whose.+}'
    assert f"• It costs trust. {told}" in words(out)
    # It is no change where both versions have it.
    paragraph_with(document, "Respectfully").runs[0].text = "Yours,"
    document.save("second.docx")
    row = changes_in(run, "first.docx", "second.docx")
    assert isinstance(row["changes"], list)
    assert [it["comment"] for it in row["changes"]] == [None, None]
    (gone,) = (it for it in changes_in(run, "first.docx", letter)["changes"] if it["comment"])  # type: ignore[attr-defined]  # a list
    assert gone == {
        "kind": "gone", "words": "Say whose.", "part": "reasons", "fixed": False,
        "comment": {"by": "Kim Poe", "on": "trust"},
    }  # fmt: skip


def test_a_comment_on_deleted_words_names_them_and_each_author_of_changes_is_told(
    run: Run, letter: str
) -> None:
    document = Document(letter)
    closing = paragraph_with(document, "Respectfully")
    document.add_comment(closing.runs, text="Too stiff.", author="Lee Roe")
    deleted = "<w:r><w:delText>Respectfully,</w:delText></w:r>"
    gone = f'<w:del w:id="1" w:author="Kim &amp; Poe">{deleted}</w:del>'
    come = '<w:ins w:id="2" w:author="Lee Roe"><w:r><w:t>Sincerely,</w:t></w:r></w:ins>'
    old = closing.runs[0]._r
    for node in parse_xml(f"<w:p {nsdecls('w')}>{come}{gone}</w:p>"):
        old.addnext(node)
    end = closing._p.xpath("./w:commentRangeEnd")[0]
    end.getparent().remove(end)
    closing._p.xpath("./w:del")[0].addnext(end)
    old.getparent().remove(old)
    document.save("back.docx")
    _, out, err = outcome(run("diff", letter, "back.docx"))
    assert 'comment by Lee Roe on "Respectfully,": {+Too stiff.+}' in out
    assert "[-Respectfully,-] {+Sincerely,+}" in out
    note = "back.docx has tracked changes by Kim & Poe and Lee Roe; it is compared as if all"
    assert f"note: {note} were accepted\n" in err
    assert changes_in(run, letter, "back.docx")["tracked"] == [
        {"file": "back.docx", "by": ["Kim & Poe", "Lee Roe"]}
    ]
    run("diff", "-q", letter, "back.docx", "-f", "html", "-o", "c.html")
    assert "Note: back.docx has tracked changes by Kim &amp; Poe" in Path("c.html").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (("diff", "a", "b", "-f", "json"), "use --json in place of -f json"),
        (("status", "-f", "csv"), "use --csv in place of -f csv"),
        (("guide", "marin-county-ca", "-o", "g.docx"), "end it in .txt or .html or .pdf"),
    ],
)
def test_a_hint_names_what_works(typed: tuple[str, ...], hint: str, run: Run) -> None:
    code, _, err = outcome(run(*typed))
    assert (code, err.splitlines()[-1]) == (2, f"  hint: {hint}")


# Of each letter kind one of today, also by the engine whose letters of DRAFT are set apart.
TODAYS = [member for member in members() if member.period in ("closed", "known-clauses")]


@pytest.mark.no_cover  # many pages, with code that others cover
@pytest.mark.parametrize("member", TODAYS[::3], ids=str)
def test_a_letter_has_the_same_words_in_word_and_as_a_pdf(
    member: Member, library: Library, typst_library: Library
) -> None:
    letter = letter_of(member, library)
    in_word = exporter_for("docx").encode(letter, library.context)
    for printing in (library, typst_library):
        printed = exporter_for("pdf").encode(letter, printing.context)
        contents = {"docx": in_word, "pdf": printed}
        found = compare(*(Version((), form, (form,), contents.__getitem__) for form in contents))
        assert (letter.mark, found.changed) == ("DRAFT", [])
