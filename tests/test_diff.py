"""`optout diff`: what changed between two versions of a letter, word by word."""

import json
import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from shutil import copyfile

import pikepdf
import pytest
from command_results import Run, Write, outcome, words
from conftest import REQUEST, ROOT
from docx import Document
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from PIL import Image
from run_processes import call

from optout_cli.reports.words import READERS, words_in

pytestmark = pytest.mark.usefixtures("with_typst")

LETTER = ("--to", "bureau", "-f", "txt")
WORDED = f"{REQUEST}wording: {{closing: 'Yours,'}}\n"
CHANGED = """
passage closing:
  [-Respectfully,-] {+Yours,+}
"""
FACT = "fact: wording.closing: (none) -> Yours,\n"


@pytest.fixture
def desk(write: Write, run: Run, in_folder: Path) -> Path:
    """Write the letters of a request, and lay another version of the request beside it."""
    write("r.yaml", REQUEST)
    assert outcome(run("write", "r.yaml", *LETTER, "-o", "letters/"))[0] == 0
    write("worded.yaml", WORDED)
    return in_folder


def recorded(folder: Path) -> str:
    return f"letters/{next((folder / 'letters').glob('*.txt')).name}"


def test_a_request_is_compared_with_what_is_recorded(run: Run, desk: Path) -> None:
    unchanged = outcome(run("diff", "r.yaml", "--in", "letters"))
    assert unchanged == (0, "", "nothing changed in the words of 1 letter\n")
    (desk / "r.yaml").write_text(WORDED, "utf-8")
    code, out, err = outcome(run("diff", "r.yaml", "--in", "letters"))
    old, new, *rest = out.splitlines(keepends=True)
    assert (code, err) == (0, "1 changed of 1 letter\n")
    assert old == f"--- {recorded(desk)}, as recorded on 2026-11-24\n"
    assert new == "+++ r.yaml, as it is now (bureau)\n"
    assert ("".join(rest).startswith(FACT), CHANGED in out) == (True, True)


@pytest.mark.parametrize("named", ["letters", "{file}", "{reference}"])
def test_a_recorded_letter_is_compared_with_what_its_request_makes_now(
    named: str, run: Run, desk: Path
) -> None:
    (desk / "r.yaml").write_text(WORDED, "utf-8")
    row = json.loads(outcome(run("status", "letters", "--json"))[1])
    name = named.format(file=recorded(desk), reference=row["reference"])
    out = outcome(run("diff", name, "--in", "letters"))[1]
    assert (FACT in out, CHANGED in out) == (True, True)


def test_a_letter_whose_request_is_gone_is_made_from_what_is_recorded(
    run: Run, write: Write, desk: Path
) -> None:
    for path in (ROOT / "examples").glob("[pe]*"):
        copyfile(path, desk / path.name)
    (desk / "everything.yaml").rename("e.yaml")
    assert outcome(run("write", "e.yaml", "-f", "txt", "-o", "whole/"))[0] == 0
    (desk / "e.yaml").unlink()
    assert outcome(run("diff", "whole/")) == (0, "", "nothing changed in the words of 2 letters\n")
    own = '{% extends "builtin:secure-communities/opt-out.html.j2" %}\n'
    own += "{% block rights %}<p>We keep our rights.</p>{% endblock %}"
    write("own/secure-communities/opt-out.html.j2", own)
    out = outcome(run("diff", "whole/", "--templates", "own"))[1]
    assert (out.count("+++ "), out.count("{+We keep our+} rights.")) == (2, 2)


def test_two_requests_are_compared_and_told_to_scripts(run: Run, desk: Path) -> None:
    out = outcome(run("diff", "r.yaml", "worded.yaml", "--to", "ice", "--json"))[1]
    (row,) = map(json.loads, out.splitlines())
    assert (row["old"], row["new"]) == (
        "r.yaml, as it is now (ice)",
        "worded.yaml, as it is now (ice)",
    )
    assert row["facts"] == [FACT.removeprefix("fact: ").rstrip()]
    closing = [
        change for change in row["changes"] if change["words"] in ("Respectfully,", "Yours,")
    ]
    own = {"part": "closing", "fixed": False, "comment": None}
    assert closing == [
        {"kind": "gone", "words": "Respectfully,", **own},
        {"kind": "new", "words": "Yours,", **own},
    ]
    assert (row["same-text"], row["tracked"]) == (False, [])


def test_changed_facts_are_told_in_words_and_once(run: Run, write: Write, in_folder: Path) -> None:
    asked = "[{date: 2026-01-05, to: ICE}]"
    reasons = "particulars:\n  reasons: [It costs too much., Nobody asked the people here.]\n"
    write("old.yaml", REQUEST + reasons)
    reasons = reasons.replace("the people", "the residents") + f"  earlier: {asked}\n"
    write("new.yaml", f"{REQUEST}{reasons}wording: {{rights: 'We \"keep\"\n\n    ours.'}}\n")
    out = outcome(run("diff", "old.yaml", "new.yaml"))[1]
    assert [line for line in out.splitlines() if line.startswith("fact: ")] == [
        "fact: particulars.reasons.1: Nobody asked the [-people-] {+residents+} here.",
        "fact: particulars.earlier.0.date: (none) -> 2026-01-05",
        "fact: particulars.earlier.0.to: (none) -> ICE",
        'fact: wording.rights: (none) -> We "keep" ours.',
    ]


class _Marked(HTMLParser):
    """Collects what stands in `del` and `ins`, and what the page asks for from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[tuple[str, str]] = []
        self.open, self.asked = "", [""]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open = tag if tag in ("del", "ins") else self.open if tag == "span" else ""
        self.asked += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.marked.append((self.open, data))

    def handle_endtag(self, tag: str) -> None:
        self.open = "" if tag == self.open else self.open


def test_a_page_marks_what_changed_and_needs_no_other_file(run: Run, desk: Path) -> None:
    found = outcome(run("diff", "r.yaml", "worded.yaml", "-f", "html", "-o", "c.html"))
    assert found[:2] == (0, "c.html\n")
    text = (desk / "c.html").read_text("utf-8")
    assert outcome(run("diff", "-q", "r.yaml", "worded.yaml", "-f", "html")) == (0, text, "")
    # It takes the place of its own page, and keeps one that somebody changed.
    again = ("diff", "-q", "r.yaml", "r.yaml", "-f", "html", "-o", "c.html")
    assert (outcome(run(*again)), (desk / "earlier").exists()) == ((0, "c.html\n", ""), False)
    with (desk / "c.html").open("a", encoding="utf-8") as changed:
        changed.write("<!-- counsel agrees -->")
    run("diff", "-q", "r.yaml", "worded.yaml", "-f", "html", "-o", "c.html")
    (moved,) = (desk / "earlier").iterdir()
    assert moved.read_text("utf-8").endswith("<!-- counsel agrees -->")
    assert (desk / "c.html").read_text("utf-8") == text
    moved.unlink()
    (desk / "c.html").write_text("a page of somebody else")
    code, _, err = outcome(run("status", "letters", "-o", "c.html"))
    assert (code, "exists with other content" in err) == (1, True)
    run("diff", "-q", "r.yaml", "worded.yaml", "-f", "html", "-o", "c.html", "--force")
    kept = [path.read_text("utf-8") for path in (desk / "earlier").iterdir()]
    assert kept == ["a page of somebody else"]
    page = _Marked()
    page.feed(text)
    assert page.asked == [""]
    for tag, text, label in (("del", "Respectfully,", "gone"), ("ins", "Yours,", "new")):
        place = page.marked.index((tag, text))
        around = page.marked[place - 1 : place + 2]
        assert [it for _, it in around] == [f"{label}: ", text, f" (end of what is {label})"]


def test_what_came_back_is_compared_with_the_letter_that_was_written(run: Run, desk: Path) -> None:
    assert outcome(run("write", "r.yaml", "--to", "bureau", "-f", "docx", "-o", "letters/"))[0] == 0
    (name,) = (desk / "letters").glob("*.docx")
    document = Document(str(name))
    (closing,) = (it for it in document.paragraphs if it.text == "Respectfully,")
    closing.runs[0].text = "Cordially,"
    document.save("back.docx")
    out = outcome(run("diff", f"letters/{name.name}", "back.docx"))[1]
    assert "[-Respectfully,-] {+Cordially,+}" in out
    # A file that was changed in its place is no longer what is recorded.
    (desk / "back.docx").replace(name)
    out = outcome(run("diff", f"letters/{name.name}", recorded(desk)))[1]
    assert "[-Cordially,-] {+Respectfully,+}" in out


def test_an_email_that_cannot_be_made_now_is_compared_all_the_same(
    run: Run, write: Write, in_folder: Path
) -> None:
    own = "title: Sheriff, email: sheriff@example.gov"
    write("r.yaml", f"{REQUEST}signature: {{kind: typed}}\n".replace("title: Sheriff", own))
    address = ("--set", "recipients.bureau.email=bureau@example.gov")
    written = run("write", "r.yaml", "--to", "bureau", "-f", "eml", "-o", "letters/", *address)
    assert outcome(written)[0] == 0
    compared = outcome(run("diff", "r.yaml", "--in", "letters", "--to", "bureau"))
    assert compared == (0, "", "nothing changed in the words of 1 letter\n")


def test_what_came_back_is_compared_with_the_letter_that_it_is_most_like(
    run: Run, desk: Path, sent: str
) -> None:
    copyfile(sent, desk / "back.docx")
    out = outcome(run("diff", "worded.yaml", "back.docx"))[1]
    assert out.startswith("--- worded.yaml, as it is now (bureau)\n+++ back.docx\n")
    assert "  [-Yours,-] {+Respectfully,+}\n" in out


# What counsel may change beside the text, and what is shown of it.
BESIDE = {
    "head": "{+PRIVILEGED AND CONFIDENTIAL+}",
    "foot": "version {+99+} {+secure-communities/opt-out, version+} 4",
    "comment": 'Field Office": {+Is this right?+}',
    "box": "{+In a box.+}",
    "list": "{+\u2022 In a list.+}",
}
BOX = """<w:r %s xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><mc:Fallback>
<w:pict><w:txbxContent><w:p><w:r><w:t>In a box, again.</w:t></w:r></w:p></w:txbxContent></w:pict>
</mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent>
</w:pict></w:r>"""


def test_a_file_that_has_a_reference_is_compared_with_that_letter_alone(
    run: Run, write: Write, in_folder: Path
) -> None:
    for number, lines in enumerate(("", "calls-itself: the Board\n")):
        write(f"{number}.yaml", REQUEST.replace("2026-11-20", f"2026-11-2{number}") + lines)
        outcome(run("write", f"{number}.yaml", *LETTER, "-o", "letters/"))
    first, second = (path.read_text("utf-8") for path in sorted(Path("letters").glob("*.txt")))
    (own,), (other,) = (re.findall(r"SC-06041-\S+", text)[:1] for text in (first, second))
    (in_folder / "back.txt").write_text(second.replace(other, own), "utf-8")
    compared = outcome(run("diff", "letters", "back.txt", "--json"))[1].splitlines()
    old = [json.loads(line)["old"] for line in compared]
    assert old == ["letters/2026-11-20-opt-out-bureau.txt, as recorded on 2026-11-24"]


@pytest.fixture
def sent(write: Write, run: Run, in_folder: Path) -> str:
    """Write a letter as a Word file, and return its path."""
    write("r.yaml", REQUEST)
    outcome(run("write", "r.yaml", "--to", "bureau", "-f", "docx", "-o", "letters/"))
    return f"letters/{next((in_folder / 'letters').glob('*.docx')).name}"


@pytest.mark.no_cover
@pytest.mark.parametrize("place", BESIDE)
def test_what_changed_beside_the_text_of_a_word_file_is_shown(
    place: str, run: Run, sent: str
) -> None:
    document = Document(sent)
    section, last = document.sections[0], document.paragraphs[-1]
    match place:
        case "head":
            section.header.paragraphs[0].insert_paragraph_before("PRIVILEGED AND CONFIDENTIAL")
        case "foot":
            run_ = section.footer.paragraphs[0].runs[0]
            run_.text = run_.text.replace("version 4", "version 99")
        case "comment":
            document.add_comment(last.runs, text="Is this right?", author="Kim")
        case "box":
            last._p.append(parse_xml(BOX % nsdecls("w")))  # python-docx has no boxes
        case _:
            document.add_paragraph("In a list.", "List Bullet")
    document.save("back.docx")
    code, out, err = outcome(run("diff", sent, "back.docx"))
    assert (code, BESIDE[place] in words(out), err) == (0, True, "1 changed of 1 letter\n"), out


def test_page_numbers_that_word_counted_anew_are_no_change(run: Run, sent: str) -> None:
    document = Document(sent)
    head = document.sections[0].header.paragraphs[0]
    for field, pages in zip(head._p.xpath("./w:fldSimple"), "57", strict=True):
        kinds = ("begin", "separate", "end")
        begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{it}"/></w:r>' for it in kinds)
        code = f"<w:r><w:instrText> {field.get(qn('w:instr'))} </w:instrText></w:r>"
        text = f"<w:r><w:t>{pages}</w:t></w:r>"
        inner = f"<w:p {nsdecls('w')}>{begin}{code}{separate}{text}{end}</w:p>"
        for node in parse_xml(inner):
            field.addprevious(node)
        field.getparent().remove(field)
    document.save("back.docx")
    told = outcome(run("diff", sent, "back.docx"))
    assert told == (0, "", "nothing changed in the words of 1 letter\n")


def test_tracked_changes_count_as_accepted_and_are_told(run: Run, sent: str) -> None:
    document = Document(sent)
    (closing,) = (it for it in document.paragraphs if it.text == "Respectfully,")
    by = 'w:id="1" w:author="Kim"'
    gone = f"<w:del {by}><w:r><w:delText>Respectfully,</w:delText></w:r></w:del>"
    come = f"<w:ins {by}><w:r><w:t>Cordially,</w:t></w:r></w:ins>"
    moved = f"<w:moveFrom {by}><w:r><w:t>Away,</w:t></w:r></w:moveFrom>"
    closing.runs[0].text = ""
    for node in parse_xml(f"<w:p {nsdecls('w')}>{gone}{come}{moved}</w:p>"):
        closing._p.append(node)  # python-docx cannot track changes
    document.save("back.docx")
    _, out, err = outcome(run("diff", sent, "back.docx"))
    assert ("[-Respectfully,-] {+Cordially,+}" in out, "Away" in out) == (True, False)
    note = "note: back.docx has tracked changes by Kim; it is compared as if all were accepted\n"
    assert err == f"{note}1 changed of 1 letter\n"


def test_a_pdf_that_another_program_printed_may_have_changes_that_nobody_can_tell(
    run: Run, write: Write, in_folder: Path
) -> None:
    pytest.importorskip("typst")
    write("r.yaml", REQUEST)
    run("write", "r.yaml", "--engine", "typst", "--to", "ice", "-f", "pdf", "-o", "letters/", "-q")
    letter = "letters/2026-11-20-opt-out-ice.pdf"
    for name, creator in (("word.pdf", "Microsoft Word"), ("none.pdf", None), ("own.pdf", "Typst")):
        with pikepdf.open(letter) as document:
            document.docinfo["/Creator"] = creator or ""
            if creator is None:
                del document.docinfo["/Creator"]
            document.save(name)
    told = "nothing changed in the words of 1 letter\n"
    for name in ("word.pdf", "none.pdf"):
        note = f"in {name}, tracked changes look like other words; compare the .docx instead"
        assert outcome(run("diff", letter, name)) == (0, "", f"note: {note}\n{told}")
    assert outcome(run("diff", letter, "own.pdf")) == (0, "", told)


_BY = 'w:id="7" w:author="Counsel" w:date="2026-11-21T09:00:00Z"'
_ITEM = '<w:pStyle w:val="ListNumber"/>'
# As Word 365 writes them: an item deleted with its end, one that was moved below the next, a run
# that spelling and formatting split, a paragraph that was split, and one joined to the next.
MARKED = f"""
<w:p><w:pPr>{_ITEM}<w:rPr><w:del {_BY}/></w:rPr></w:pPr>
  <w:del {_BY}><w:r><w:delText>Gone.</w:delText></w:r></w:del></w:p>
<w:moveFromRangeStart {_BY} w:name="move1"/>
<w:p><w:pPr>{_ITEM}<w:rPr><w:moveFrom {_BY}/></w:rPr></w:pPr>
  <w:moveFrom {_BY}><w:r><w:t>Moved.</w:t></w:r></w:moveFrom></w:p>
<w:moveFromRangeEnd w:id="7"/>
<w:p><w:pPr>{_ITEM}</w:pPr><w:r w:rsidR="00A1"><w:t xml:space="preserve">Stays, </w:t></w:r>
  <w:proofErr w:type="spellStart"/>
  <w:r><w:rPr><w:b/><w:rPrChange {_BY}><w:rPr/></w:rPrChange></w:rPr><w:t>for</w:t></w:r>
  <w:proofErr w:type="spellEnd"/>
  <w:ins {_BY}><w:r><w:t xml:space="preserve"> now</w:t></w:r></w:ins><w:r><w:t>.</w:t></w:r></w:p>
<w:moveToRangeStart {_BY} w:name="move1"/>
<w:p><w:pPr>{_ITEM}<w:rPr><w:moveTo {_BY}/></w:rPr></w:pPr>
  <w:moveTo {_BY}><w:r><w:t>Moved.</w:t></w:r></w:moveTo></w:p>
<w:moveToRangeEnd w:id="7"/>
<w:p><w:pPr><w:rPr><w:ins {_BY}/></w:rPr></w:pPr><w:r><w:t>One half,</w:t></w:r></w:p>
<w:p><w:r><w:t>the other half.</w:t></w:r></w:p>
<w:p><w:pPr><w:rPr><w:del {_BY}/></w:rPr></w:pPr>
  <w:r><w:t xml:space="preserve">Two are </w:t></w:r></w:p>
<w:p><w:pPr><w:pPrChange {_BY}><w:pPr>{_ITEM}</w:pPr></w:pPrChange></w:pPr>
  <w:r><w:t>one.</w:t></w:r></w:p>
"""


def test_a_file_that_counsel_marked_up_in_word_reads_as_if_all_were_accepted() -> None:
    document = Document()
    body = parse_xml(f"<w:body {nsdecls('w')}>{MARKED}</w:body>")
    for node in body:
        document.element.body.insert_element_before(node, "w:sectPr")
    document.save(marked := BytesIO())
    assert [text for text in READERS["docx"](marked.getvalue()) if text] == [
        "1. Stays, for now.",
        "2. Moved.",
        "One half,",
        "the other half.",
        "Two are one.",
    ]


# What Word makes of `We opt-out of it.`: runs that it divides, and what it puts around them.
AS_WORD_SAVES_IT = """<w:p %s w:rsidR="00A1B2C3">
<w:pPr><w:rPr><w:lang w:val="en-US"/></w:rPr></w:pPr>
<w:bookmarkStart w:id="0" w:name="_GoBack"/><w:r w:rsidRPr="00D4E5F6"><w:t>W</w:t></w:r>
<w:proofErr w:type="gramStart"/><w:r><w:t xml:space="preserve">e op</w:t></w:r>
<w:sdt><w:sdtPr><w:alias w:val="x"/></w:sdtPr><w:sdtContent>
<w:r><w:lastRenderedPageBreak/><w:t>t</w:t>
<w:noBreakHyphen/><w:t>out</w:t></w:r></w:sdtContent></w:sdt>
<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> HYPER</w:instrText></w:r>
<w:r><w:instrText>LINK "a" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>
<w:hyperlink w:anchor="a"><w:r><w:t xml:space="preserve"> o</w:t><w:softHyphen/><w:t>f</w:t></w:r>
</w:hyperlink><w:r><w:fldChar w:fldCharType="end"/></w:r>
<w:r><w:rPr><w:vanish/></w:rPr><w:t> never</w:t></w:r>
<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t xml:space="preserve"> it.</w:t></w:r></w:p>"""


def test_what_word_puts_around_words_is_none_of_them() -> None:
    document, saved = Document(), BytesIO()
    document.element.body.insert(0, parse_xml(AS_WORD_SAVES_IT % nsdecls("w")))
    document.save(saved)
    assert words_in(saved.getvalue(), "docx", "a.docx")[0] == ["We", "opt-out", "of", "it.", "\n"]


def test_a_word_file_and_the_pdf_of_the_letter_have_the_same_words(
    run: Run, write: Write, in_folder: Path
) -> None:
    pytest.importorskip("typst")
    words = "  subject: A Sheriff's letter\n  rights: |\n    We keep:\n    - one;\n    - another.\n"
    write("r.yaml", f"{REQUEST}wording:\n{words}")
    options = ("--engine", "typst", "--to", "bureau", "-f", "docx,pdf", "-o", "letters/")
    assert outcome(run("write", "r.yaml", *options))[0] == 0
    for path in (in_folder / "letters").glob("*bureau.*"):
        copyfile(path, in_folder / f"a{path.suffix}")
    told = outcome(run("diff", "a.docx", "a.pdf"))
    assert told == (0, "", "nothing changed in the words of 1 letter\n")


@pytest.mark.no_cover
@pytest.mark.parametrize("form", ["pdf", "eml", "html", "fax", "fax-pdf"])
def test_the_words_are_read_from_every_format(
    form: str, run: Run, write: Write, in_folder: Path
) -> None:
    pytest.importorskip("typst")
    contact = "recipients: {bureau: {email: bureau@example.gov, fax: 916-555-0130}}\n"
    request = REQUEST.replace("signatory: {", "signatory: {email: sheriff@example.gov, ")
    write("r.yaml", request + contact)
    options = ("--engine", "typst", "--to", "bureau", "-f", form, "-o", "letters/")
    code, _, err = outcome(run("write", "r.yaml", *options))
    assert code == 0, err
    assert outcome(run("diff", "letters/"))[1:] == (
        "",
        "nothing changed in the words of 1 letter\n",
    )
    write("r.yaml", f"{request}{contact}wording: {{rights: We keep our rights.}}\n")
    out = outcome(run("diff", "letters/"))[1]
    assert "{+We keep our+} rights." in out
    assert "{+secure" not in out


@pytest.mark.no_cover
def test_two_folders_of_templates_are_compared_letter_by_letter(
    run: Run, write: Write, in_folder: Path
) -> None:
    own = '{% extends "builtin:287g/_letter.html.j2" %}\n'
    for folder, closing in (("a", "Yours,"), ("b", "Sincerely,")):
        text = f"{own}{{% block closing %}}<p>{closing}</p>{{% endblock %}}"
        write(f"{folder}/287g/_letter.html.j2", text)
    code, out, err = outcome(run("diff", "a"))
    told = [line for line in out.splitlines() if line.startswith(("---", "+++"))]
    assert (code, told[:2]) == (
        0,
        ["--- optout: 287g/effective-date (ice)", "+++ a: 287g/effective-date (ice)"],
    )
    assert (out.count("[-Respectfully,-] {+Yours,+}"), err) == (7, "7 changed of 14 letters\n")
    marin = own.replace("_letter", "suspend") + "{% block rights %}<p>Marin.</p>{% endblock %}"
    write("b/287g/suspend.marin-county-ca.html.j2", marin)
    out = outcome(run("diff", "a", "b"))[1]
    assert "[-Yours,-] {+Sincerely,+}" in out
    assert "+++ b: 287g/suspend, marin-county-ca (ice)\n" in out
    assert out.count("{+Marin.+}") == 1


WRONG = {
    ("nowhere.txt", "r.yaml"): "nowhere.txt: cannot find this file\n  hint: check the spelling\n",
    ("r.yaml",): (
        "r.yaml: there is no register.ndjson in . or a folder above it\n"
        "  hint: one below it has a register: --in letters\n"
    ),
    ("other.yaml", "--in", "letters"): (
        "other.yaml: letters/register.ndjson has no letter of this request\n"
        "  hint: name the folder that its letters were written to: --in FOLDER\n"
    ),
    ("a.csv", "r.yaml"): (
        "a.csv: is in a format that optout cannot read\n"
        "  hint: save it as .docx, or name one that ends in .txt, .docx, .eml, .html, .fax, .pdf\n"
    ),
    ("a.txt", "r.yaml"): (
        "r.yaml: has no letter in common with the other\n"
        "  hint: name one letter each, such as with --to ice\n"
    ),
    ("b.docx", "letters"): (
        "b.docx: cannot be read as docx: File is not a zip file\n"
        "  hint: open it in Word, and save it again as .docx, without a password\n"
    ),
    ("b.pdf", "letters"): (
        "b.pdf: cannot be read as pdf: Failed to load document (PDFium: Data format error).\n"
        "  hint: open it in its own program, and save it again\n"
    ),
    ("scan.pdf", "letters"): (
        "scan.pdf: has no words that can be read\n"
        "  hint: if it is a scan, ask for the file that was printed; or compare it by eye\n"
    ),
    ("own", "letters"): (
        "Error: a folder of templates is not a letter\n"
        "  hint: name two folders of templates, or one alone, or two letters\n"
    ),
    ("r.yaml", "-o", "c.html"): "Error: -o works only with -f html\n  hint: add -f html\n",
}


@pytest.mark.parametrize(("words", "told"), WRONG.items(), ids=str)
def test_what_cannot_be_compared_is_told(
    words: tuple[str, ...], told: str, run: Run, write: Write, desk: Path
) -> None:
    write("own/287g/terminate.html.j2", "")
    write("other.yaml", REQUEST.replace("marin-county-ca", "kern-county-ca"))
    for name in ("a.csv", "a.txt", "b.docx", "b.pdf"):
        write(name, "a letter")
    Image.new("L", (850, 1100), "white").save(desk / "scan.pdf")
    code, out, err = outcome(run("diff", *words))
    assert (code, out, err.endswith(told)) == (2, "", True), err


def test_a_letter_with_facts_alone_is_compared_by_these(
    run: Run, write: Write, in_folder: Path
) -> None:
    write("r.yaml", REQUEST)
    write("worded.yaml", WORDED)
    out = outcome(run("write", "r.yaml", "--to", "ice", "-f", "json", "-o", "-"))[1]
    write("letter.json", out)
    code, out, err = outcome(run("diff", "letter.json", "worded.yaml"))
    assert (code, out.splitlines()[2:]) == (0, [FACT.rstrip()])
    note = "note: only the facts are compared: letter.json has no words that can be read\n"
    assert err == f"{note}1 changed of 1 letter\n"


def test_two_requests_in_json_are_compared(run: Run, write: Write, in_folder: Path) -> None:
    request = {"letter": "secure-communities/opt-out", "date": "2026-11-20"}
    request["jurisdiction"] = "marin-county-ca"
    for name in "ab":
        signer = {"name": f"Sheriff {name.upper()}", "title": "Sheriff"}
        write(f"{name}.json", json.dumps({**request, "signatory": signer}))
    code, out, err = outcome(run("diff", "a.json", "b.json"))
    assert (code, "fact: signatory.name: Sheriff [-A-] {+B+}" in out) == (0, True), err


def test_an_email_in_a_character_set_that_python_does_not_know_is_read_all_the_same() -> None:
    content = b"Content-Type: text/plain; charset=x-none\n\nTo the Bureau:\n"
    assert [it for it in READERS["eml"](content) if it] == ["To the Bureau:"]


def test_a_page_is_printed_whatever_letters_the_locale_has(desk: Path) -> None:
    (desk / "n.yaml").write_text(WORDED.replace("Yours,", "§ 5"), "utf-8")
    typed = ("diff", "r.yaml", "n.yaml", "-f", "html", "-o", "-")
    done = call(*typed, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (done.returncode, "§ 5".encode() in done.stdout) == (0, True)


def test_a_byte_order_mark_and_the_bullet_of_a_symbol_font_are_no_words() -> None:
    plain = "It asks:\n\n- for an answer\n"
    told = [plain, f"\ufeff{plain}", plain.replace("- ", "\uf0b7 ")]
    read = [words_in(text.encode(), "txt", "r.txt")[0] for text in told]
    assert read[1] == read[0]
    assert [word for word in read[2] if word != "\n"] == [word for word in read[0] if word != "\n"]
