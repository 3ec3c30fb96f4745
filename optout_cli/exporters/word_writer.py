"""Write a letter with python-docx.

Styles, places and sizes are those of letter.css, as far as Word has them.
"""

from collections.abc import Sequence
from datetime import datetime, time
from functools import cache
from io import BytesIO
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement, parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Inches, Length, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph as Written

from optout_cli.bundled import page_lengths
from optout_cli.engines.measure import letterhead_height, look_in_word
from optout_cli.model.letter import Block, Heading, Image, Letter, ListBlock, Quote, Run

# On every computer with Word; LibreOffice has a typeface of the same widths for it.
_FONT, _MONO = "Times New Roman", "Courier New"
_SIZE = 11.5  # pt
_INCHES = {name: points / 72 for name, points in page_lengths().items()}
_MARGINS = {
    "left_margin": _INCHES["side"],
    "right_margin": _INCHES["side"],
    "top_margin": _INCHES["first-top"],
    "bottom_margin": _INCHES["bottom"],
}
_WIDTH = _INCHES["line-width"]
# In inches.
_HEADER, _FOOTER = 0.3, 0.4  # from the page's edge; a later page's head pushes its words down
_ABOVE_LETTERS = 0.016  # more than in the PDF, from a line's top to its letters
_TO_RECIPIENT = _INCHES["window-top"] - _ABOVE_LETTERS - _INCHES["first-top"]
_TO_REFERENCE = _INCHES["below-window"] - _INCHES["window-top"]
_POINTS = 72  # an inch
_ABOVE_OFFICE, _ABOVE_RULE, _BELOW_RULE = 7.2, 0.08, 7  # pt, in, pt
_LABEL = _INCHES["label"]
_SEAL, _BESIDE_SEAL = (_INCHES["seal-width"], _INCHES["seal-height"]), _INCHES["beside-seal"]
_FOLDS = (_INCHES["first-fold"], _INCHES["second-fold"])  # from the page's top
_AUTOGRAPH = (_INCHES["autograph-width"], _INCHES["autograph-height"])
_TO_SIGN, _TYPED, _SIGNED = 57, 14, 6  # pt above the signature: four lines, one, or a picture
_LOW = 25  # pt above a signature in ink where four lines would cost a page
_SHARPNESS = 600  # pixels an inch of a picture that was an SVG
_MOST = 255  # characters of a property of the document
_ZIPPED = (1980, 1, 1, 0, 0, 0)  # the first day that a ZIP file can name


class _Look(NamedTuple):
    """How a paragraph style looks: points and inches."""

    size: float = _SIZE
    after: float = 0  # pt
    bold: bool = False
    before: float = 0  # pt
    left: float = 0  # in
    right: float = 0  # in
    first: float = 0  # in, from `left`
    line: float | None = None  # pt from line to line; None: as the typeface has it


_TIGHT = {6.5: 4.3, 3: 1.5}  # pt after a paragraph and an item where that saves a page
_LOOKS = {
    "Normal": _Look(after=6.5),
    "Header": _Look(8.5),
    "Footer": _Look(7.5),
    "Heading 1": _Look(bold=True, before=7, after=10, left=_LABEL, first=-_LABEL),
    "Heading 2": _Look(bold=True, before=3, after=6.5),
    "Quote": _Look(11, after=6.5, left=0.35, right=0.35),
    "List Number": _Look(after=3),
    "List Bullet": _Look(after=3),
    "List Continue": _Look(after=3, left=0.25),
    "List Number 2": _Look(after=3),
    "List Bullet 2": _Look(after=3),
    "List Continue 2": _Look(after=3, left=0.5),
    "Letterhead": _Look(9, line=11.7),
    "Letterhead Office": _Look(14, bold=True, line=16.8),
    "Draft Mark": _Look(15, bold=True),
    "Date": _Look(10),
    "Inside Address": _Look(10, right=3.25, line=10.4),
    "Reference": _Look(10),
    "Addressee": _Look(after=2, left=_LABEL, first=-_LABEL),
    "Closing": _Look(before=5),
    "Signature": _Look(),
    "Notation": _Look(9.5, left=0.25, first=-0.25),
}
# Parts of python-docx's own template that no letter needs; its thumbnail shows another document.
_UNUSED = ("/stylesWithEffects", "/customXml", "/thumbnail", "/extended-properties")


def written_in_word(letter: Letter) -> bytes:
    """Return the letter as a document; the same letter gives the same bytes."""
    look = look_in_word(letter)
    document = docx.Document(BytesIO(_blank_document(is_tight=bool(look))))
    properties = document.core_properties
    properties.title = letter.plain_subject[:_MOST]
    properties.author = properties.last_modified_by = letter.sender[0][:_MOST]
    properties.subject = letter.reference[:_MOST]
    properties.keywords = letter.keywords[:_MOST]
    properties.comments, properties.revision = "", 1
    properties.language = "en-US"
    properties.created = properties.modified = datetime.combine(letter.day, time(12))
    _write_running_parts(document, letter)
    _write_top(document, letter)
    document.add_paragraph(letter.reference, "Reference")
    for name in letter.to:
        document.add_paragraph(f"To:\t{name}", "Addressee")
    subject = document.add_paragraph(style="Heading 1")
    subject.add_run("Re:").bold = False
    subject.add_run(f"\t{letter.subject}")
    document.add_paragraph(letter.salutation)
    _write_blocks(document, letter.body)
    _write_end(document, letter, is_low="low" in look)
    saved, packed = BytesIO(), BytesIO()
    document.save(saved)
    with ZipFile(saved) as parts, ZipFile(packed, "w") as archive:
        for name in parts.namelist():
            entry = ZipInfo(name, _ZIPPED)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, parts.read(name))
    return packed.getvalue()


@cache  # to make it takes as long as the rest of a letter
def _blank_document(*, is_tight: bool) -> bytes:
    """Return a document of one page with the letter's styles, and no paragraph."""
    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = Inches(8.5), Inches(11)
    for name, margin in _MARGINS.items():
        setattr(section, name, Inches(margin))
    section.header_distance, section.footer_distance = Inches(_HEADER), Inches(_FOOTER)
    section.different_first_page_header_footer = True
    styles = document.styles
    for style in [style for style in styles if style.type == WD_STYLE_TYPE.TABLE]:
        if style.name != "Normal Table":  # the others fill most of a document
            style.delete()
    for name, look in _LOOKS.items():
        if name not in styles:
            styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
            styles[name].base_style = styles["Normal"]
        after = _TIGHT.get(look.after, look.after) if is_tight else look.after
        _set_look(styles[name], look._replace(after=after))
    (mode,) = document.settings.element.xpath("./w:compat/*[@w:name='compatibilityMode']")
    mode.set(qn("w:val"), "15")  # of Word since 2013; with 14, Word says "Compatibility Mode"
    for owner in (document.part.rels, document.part.package.rels):
        for id in [id for id, rel in owner.items() if rel.reltype.endswith(_UNUSED)]:
            del owner[id]
    blank = BytesIO()
    document.save(blank)
    return blank.getvalue()


def _set_look(style: ParagraphStyle, look: _Look) -> None:
    if style.element.rPr is not None:
        style.element.remove(style.element.rPr)  # the template's colors and typefaces
    font, form = style.font, style.paragraph_format
    font.name, font.size, font.bold, font.italic = _FONT, Pt(look.size), look.bold, False
    font.color.rgb = RGBColor(0, 0, 0)
    style.element.rPr.rFonts.set(qn("w:cs"), _FONT)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.line_spacing = Pt(look.line) if look.line else 1.055  # as far apart as in the PDF
    form.widow_control = True
    for other in style.element.xpath("./w:pPr/w:contextualSpacing | ./w:pPr/w:tabs"):
        style.element.pPr.remove(other)
    if look.left or look.right:  # a list's own indents are in its numbering
        form.left_indent, form.right_indent = Inches(look.left), Inches(look.right)
        form.first_line_indent = Inches(look.first)


def _write_running_parts(document: Document, letter: Letter) -> None:
    """Write the mark of a draft, the head of later pages with their numbers, and the foot."""
    section = document.sections[0]
    mark = section.first_page_header.paragraphs[0]
    mark.style, mark.alignment = document.styles["Draft Mark"], WD_ALIGN_PARAGRAPH.CENTER
    mark.add_run(letter.mark)
    for place in _FOLDS:  # a short line at the left edge of the page
        form = mark.insert_paragraph_before().paragraph_format
        size = f'w:w="{Inches(0.18).twips}" w:h="20" w:hRule="exact" w:hSpace="0" w:wrap="around"'
        at = f'w:x="{Inches(0.12).twips}" w:y="{Inches(place).twips}"'
        frame = f'<w:framePr {nsdecls("w")} {size} w:vAnchor="page" w:hAnchor="page" {at}/>'
        form.line_spacing = Pt(1)
        spacing = form.element.pPr.find(qn("w:spacing"))
        spacing.addprevious(parse_xml(frame))
        spacing.addprevious(_rule())
    head = section.header.paragraphs[0]
    if letter.mark:
        head.add_run(letter.mark).bold = True
        head.add_run(" · ")
    head.add_run(f"{letter.continuation}\tPage ")
    _add_field(head, "PAGE")
    head.add_run(" of ")
    _add_field(head, "NUMPAGES")
    form = head.paragraph_format
    form.space_before, form.space_after = Pt(23), Pt(12)
    form.tab_stops.add_tab_stop(Inches(_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    section.footer.paragraphs[0].add_run(letter.foot)
    section.first_page_footer.paragraphs[0].add_run(letter.foot)


def _rule(space: int = 0) -> BaseOxmlElement:
    """Return a line above a paragraph, `space` points from it."""
    line = f'<w:top w:val="single" w:sz="6" w:space="{space}" w:color="000000"/>'
    return parse_xml(f"<w:pBdr {nsdecls('w')}>{line}</w:pBdr>")


def _add_field(paragraph: Written, name: str) -> None:
    """Add a number that Word counts itself."""
    field = f'<w:fldSimple {nsdecls("w")} w:instr="{name}"><w:r><w:t>2</w:t></w:r></w:fldSimple>'
    paragraph.paragraph_format.element.append(parse_xml(field))


def _write_top(document: Document, letter: Letter) -> None:
    """Write the letterhead, the date and the address, in rows that hold the address in its place.

    A row grows with its words, so none is cut off. The date is on the left and the service on the
    right, below the letterhead's rule.
    """
    columns = (_BESIDE_SEAL, _WIDTH - _BESIDE_SEAL) if letter.seal else (_WIDTH,)
    table = document.add_table(3, len(columns))
    table.autofit = False
    (look,) = document.element.xpath("./w:body/w:tbl/w:tblPr/w:tblLook")
    sides = "".join(f'<w:{side} w:w="0" w:type="dxa"/>' for side in ("left", "right"))
    look.addprevious(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{sides}</w:tblCellMar>"))
    head = letterhead_height(letter) / _POINTS + _ABOVE_RULE
    heights = (head, _TO_RECIPIENT - head, _TO_REFERENCE)
    for row, height in zip(table.rows, heights, strict=True):
        row.height, row.height_rule = Inches(height), WD_ROW_HEIGHT_RULE.AT_LEAST
    for column, width in zip(table.columns, columns, strict=True):
        column.width = column.cells[0].width = Inches(width)
    dateline, window = (row.cells[0].merge(row.cells[-1]) for row in table.rows[1:])
    if letter.seal:
        _add_picture(table.cell(0, 0).paragraphs[0], letter.seal, *_SEAL)
    letterhead = table.rows[0].cells[-1]
    office = _fill(letterhead, letter.sender[:1], "Letterhead Office")
    office.paragraph_format.space_before = Pt(_ABOVE_OFFICE if letter.seal else 0)
    for parts in filter(None, (letter.sender[1:], letter.sender_contact)):
        letterhead.add_paragraph(" · ".join(parts), "Letterhead")
    services = letter.service or ("",)
    lines = [f"{letter.date}\t{services[0]}".rstrip("\t"), *(f"\t{line}" for line in services[1:])]
    first = _fill(dateline, lines, "Date")
    for paragraph in dateline.paragraphs:
        paragraph.paragraph_format.tab_stops.add_tab_stop(Inches(_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    first.paragraph_format.element.pPr.find(qn("w:tabs")).addprevious(_rule(_BELOW_RULE))
    _fill(window, letter.envelope, "Inside Address")


def _fill(cell: _Cell, lines: Sequence[str], style: str) -> Written:
    """Write lines into a cell, and return the first. A cell begins with an empty paragraph."""
    first: Written = cell.paragraphs[0]
    first.style = style
    first.add_run(lines[0])
    for line in lines[1:]:
        cell.add_paragraph(line, style)
    return first


def _add_picture(paragraph: Written, picture: Image, width: float, height: float) -> None:
    """Add a picture, as large as fits into this room in inches, with its words."""
    content = picture.content
    if "svg" in picture.media_type:  # which python-docx cannot embed
        from optout_cli.engines.pictures import png_of

        content = png_of(picture, *(round(side * _SHARPNESS) for side in (width, height)))
    shape = paragraph.add_run().add_picture(BytesIO(content))
    scale = min(Inches(width) / shape.width, Inches(height) / shape.height)
    shape.width, shape.height = Length(shape.width * scale), Length(shape.height * scale)
    (named,) = paragraph.paragraph_format.element.xpath(".//wp:docPr")
    named.set("descr", picture.alt)


def _write_blocks(document: Document, blocks: Sequence[Block], style: str = "Normal") -> None:
    for block in blocks:
        if isinstance(block, ListBlock):
            if block is not blocks[0]:  # the words before a list stay with it
                document.paragraphs[-1].paragraph_format.keep_with_next = True
            _write_list(document, block)
            after = document.styles["Normal"].paragraph_format.space_after
            document.paragraphs[-1].paragraph_format.space_after = after
        elif isinstance(block, Quote):
            _write_blocks(document, block.blocks, "Quote")
        else:
            named = "Heading 2" if isinstance(block, Heading) else style
            _add_runs(document.add_paragraph(style=named), block.runs)


def _write_list(document: Document, block: ListBlock, level: str = "") -> None:
    """Write a list, numbered from 1. `level` ends the names of its styles."""
    style = f"List {'Number' if block.ordered else 'Bullet'}{level}"
    number = None
    if block.ordered:  # a new list, which counts from 1 and looks as the style does
        numbering = document.part.numbering_part.element
        usual = numbering.num_having_numId(document.styles[style].element.pPr.numPr.numId.val)
        added = numbering.add_num(usual.abstractNumId.val)
        added.add_lvlOverride(ilvl=0).add_startOverride(1)
        number = added.numId
    for item in block.items:
        own = document.add_paragraph(style=style)
        if item is block.items[0] and len(block.items) > 1:  # no first item alone on a page
            own.paragraph_format.keep_with_next = True
        if number is not None:
            form = own.paragraph_format.element.get_or_add_pPr()
            form.get_or_add_numPr().get_or_add_numId().val = number
        for at, part in enumerate(item):
            if isinstance(part, ListBlock):
                _write_list(document, part, " 2")
            else:
                others = document.add_paragraph(style=f"List Continue{level}") if at else own
                _add_runs(others, part.runs)


def _add_runs(paragraph: Written, runs: Sequence[Run]) -> None:
    for run in runs:
        written = paragraph.add_run(run.text)
        written.bold, written.italic = run.strong or None, run.emphasis or None
        if run.code:
            written.font.name = _MONO
        if run.is_break:
            written.add_break()
        if run.href:
            link = OxmlElement("w:hyperlink")
            place = paragraph.part.relate_to(run.href, RELATION.HYPERLINK, is_external=True)
            link.set(qn("r:id"), place)
            element = written.font.element
            element.addprevious(link)
            link.append(element)


def _write_end(document: Document, letter: Letter, *, is_low: bool) -> None:
    """Write what is below the body.

    It stays with the last two paragraphs, as on the printed page, except a long list of copies.
    """
    for paragraph in document.paragraphs[-2:]:
        paragraph.paragraph_format.keep_with_next = True
    closing = document.add_paragraph(letter.closing, "Closing")
    closing.paragraph_format.keep_with_next = True
    if letter.autograph:
        picture = document.add_paragraph(style="Signature")
        picture.paragraph_format.keep_with_next = True
        _add_picture(picture, letter.autograph, *_AUTOGRAPH)
    signed = document.add_paragraph("\n".join(letter.signature), "Signature")
    space = _SIGNED if letter.autograph else _TYPED if letter.is_typed else _TO_SIGN
    if is_low and space == _TO_SIGN:
        space = _LOW
    signed.paragraph_format.space_before = Pt(space)
    signed.paragraph_format.keep_together = True
    together = [signed]
    for group in letter.after_signature:
        first, *others = [document.add_paragraph(line, "Notation") for line in group]
        first.paragraph_format.space_before = Pt(7)
        together += (first, *others)
    if not letter.has_long_end:
        for paragraph in together[:-1]:
            paragraph.paragraph_format.keep_with_next = True
