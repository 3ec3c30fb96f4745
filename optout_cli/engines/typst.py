"""Typst, set up once: the package's typeface, the shipped pages, and nothing else of the machine.

Gives each page its words as JSON. No word becomes markup. Whatever cannot be drawn is a Problem.
"""

import os
import re
import shutil
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from datetime import date as Date
from functools import lru_cache
from itertools import groupby
from typing import Any
from unicodedata import normalize

import msgspec
import typst

from optout_cli.bundled import page_lengths
from optout_cli.engines import broken_picture, make_folder, pages_in
from optout_cli.engines.measure import (
    PAGE_WIDTH,
    ROOMS,
    broken_words,
    can_be_shorter,
    faces,
    is_common,
    known_characters,
    lines_taken,
    mono_face,
    set_in_fewest_pages,
    unknown_glyph,
)
from optout_cli.errors import OptoutError, Problem
from optout_cli.model.letter import (
    BOX,
    Block,
    Cover,
    Guide,
    Heading,
    Image,
    Letter,
    Mailing,
    MailingForm,
    Paragraph,
    Quote,
    Run,
)
from optout_cli.output import hold_interrupts, temporary_files
from optout_cli.templating.body import plain
from optout_cli.templating.pages import Sheet
from optout_cli.templating.templates import Templates

# One thread: a letter is too short for more, and a batch has a process on each core.
os.environ.setdefault("RAYON_NUM_THREADS", "1")
_NOON = time(12, tzinfo=UTC)
_NO_DAY = Date(2000, 1, 1)  # of separator sheets, which have no date
_UNDRAWN = re.compile(r'the text `"(.*)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_CODE = '"code":true'  # in a page's words
_INVISIBLE = "\ufeff"  # PDF/UA forbids it
_LENGTHS = page_lengths()
# Points that a list's items and a quotation are narrower.
_INDENT, _QUOTED = _LENGTHS["list-indent"], 2 * _LENGTHS["quote-indent"]
_SMALL = _LENGTHS["notation"]  # below the signature
# Of all lines there but the first: width and size in points, weight.
_NOTATION = (PAGE_WIDTH - _LENGTHS["notation-indent"], _SMALL, "normal")
_WORDS, _RUNNING = "words.json", "running.json"
# What the heads of later pages say.
_IN_HEADS = ("mark", "continuation", "head", "title")
_LONG = 330  # characters, which take more than three lines
_Words = dict[str, Any]  # Any: JSON


class Engine:
    """Prints the shipped pages; the templates have no page of the user's own."""

    def __init__(self, templates: Templates) -> None:
        with hold_interrupts():
            place = make_folder()
            weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        # Typst takes typefaces from folders only, and the package's own has each face twice.
        # Pages that it finds in a folder are parsed once.
        self._typefaces, self._pages = place / "typefaces", place / "pages"
        shipped = templates.folders[-1] / "_layout"
        layouts = (shipped / "page.json", *shipped.glob("*.typ"))
        for folder, paths in ((self._typefaces, faces().values()), (self._pages, layouts)):
            folder.mkdir()
            for path in paths:
                shutil.copyfile(path, folder / path.name)
        self._compiler = self._make_compiler()
        self._has_mono = False  # whether the compiler has the typeface of what people type
        self._there: dict[str, bytes] = {}  # the words and pictures in the folder
        # The e-mail and the fax contain the page that was printed just before by itself.
        self._last: tuple[object, bytes] = None, b""

    def _make_compiler(self) -> typst.Compiler:
        """Return a compiler of pages that can read only our own files, and import no package."""
        fonts = typst.Fonts(
            include_system_fonts=False,
            include_embedded_fonts=False,
            font_paths=[str(self._typefaces)],
        )
        nowhere = str(self._typefaces / "none")
        return typst.Compiler(
            root=str(self._pages),
            font_paths=fonts,
            package_path=nowhere,
            package_cache_path=nowhere,
        )

    def print_letter(self, letter: Letter, *, is_fax: bool = False) -> bytes:
        """Return the letter as PDF."""
        look = "fax" if is_fax else ""
        pictures, words = _pictures_of(letter), {**_words_of(letter), "look": look}

        def lay_out(spaces: str) -> bytes:
            return self._print("letter", {**words, "look": look + spaces}, letter.day, pictures)

        if (words, pictures) != self._last[0]:
            printed = lay_out("")
            if can_be_shorter(letter, pages_in(printed)):
                printed = set_in_fewest_pages(printed, lay_out, pages_in)
            self._last = (words, pictures), printed
        return self._last[1]

    def print_guide(self, guide: Guide, day: Date) -> bytes:
        """Return the guide as PDF."""
        body = _body_of(guide.body, size=10)
        words = {"title": guide.title, "foot": guide.foot, "body": body, "is_tight": False}
        words["keywords"] = guide.keywords
        printed = self._print("guide", words, day)
        if (pages := pages_in(printed)) > 1:
            tight = self._print("guide", {**words, "is_tight": True}, day)
            printed = tight if pages_in(tight) < pages else printed
        return printed

    def print_cover(self, letter: Letter, cover: Cover, later: int) -> bytes:
        """Return the cover of a letter's fax as PDF, and the heads of `later` pages."""
        words = {**_words_of(letter), "head": letter.head, "cover": cover, "later": later}
        return self._print("cover", words, letter.day, _pictures_of(letter))

    def print_sheets(self, sheets: Sequence[Sheet]) -> bytes:
        """Return separator sheets as PDF."""
        return self._print("sheets", {"sheets": sheets}, _NO_DAY)

    def print_mailings(self, mailings: Sequence[Mailing], form: MailingForm) -> bytes:
        """Return envelopes or sheets of labels as PDF."""
        return self._print("mailings", {"mailings": mailings, "form": form}, _NO_DAY)

    def _print(
        self, page: str, words: _Words, day: Date, pictures: Mapping[str, Image] | None = None
    ) -> bytes:
        """Return a page with these words as PDF. Raises OptoutError for what cannot be drawn."""
        pictures = pictures or {}
        data = _as_json(words)
        running = {name: words[name] for name in _IN_HEADS if name in words}
        files = {name: picture.content for name, picture in pictures.items()}
        # Words in a file leave Typst what it keeps from the pages before; `sys.inputs` do not.
        files |= {_WORDS: data.encode(), _RUNNING: _as_json(running).encode()}
        with temporary_files():
            for name, content in files.items():
                if self._there.get(name) == content:
                    continue
                self._there.pop(name, None)  # if writing fails, half a file is there
                path = self._pages / name
                # To empty a file first, or to make it anew, can take ext4 a millisecond.
                with path.open("r+b" if path.exists() else "xb") as stream:
                    stream.write(content)
                    stream.truncate()
                self._there[name] = content
        if _CODE in data and not self._has_mono:  # which takes a tenth of a second
            (self._typefaces / "mono.otf").write_bytes(mono_face())
            self._compiler, self._has_mono = self._make_compiler(), True
        try:
            return self._compile(
                str(self._pages / f"{page}.typ"),
                pdf_standards=["a-2a", "ua-1"],
                timestamp=int(datetime.combine(day, _NOON).timestamp()),
            )
        except typst.TypstError as error:
            raise OptoutError(*self._problems(error, pictures)) from None

    # Any: options of Typst, each of its own type.
    def _compile(self, page: str | bytes, **options: Any) -> bytes:
        """Compile a page, a path or its source. Raises TypstError."""
        printed = self._compiler.compile(input=page, format="pdf", **options)
        assert isinstance(printed, bytes)  # one PDF
        return printed

    def _problems(
        self, error: typst.TypstError, pictures: Mapping[str, Image]
    ) -> Iterator[Problem]:
        """Yield why a page cannot be drawn, in the words that WeasyPrint's module has for it."""
        undrawn = {
            character
            for text in _UNDRAWN.findall(error.diagnostic)
            for character in _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        }
        if lacking := sorted(undrawn - known_characters()):
            yield from (unknown_glyph(ord(character)) for character in lacking)
            return
        is_broken = False
        for name, picture in pictures.items():
            try:
                self._compile(f'#image("{name}", format: "{_format_of(picture)}")'.encode())
            except typst.TypstError:
                is_broken = True
                yield broken_picture(picture, name)
        if not is_broken:
            hint = "print with --engine weasyprint, and report this as a bug"
            yield Problem("page", "the page cannot be printed as it is", hint=hint)


def _as_json(words: _Words) -> str:
    """Return words in which each letter and its accent are one character."""
    return normalize("NFC", msgspec.json.encode(words).decode()).replace(_INVISIBLE, "")


def _pictures_of(letter: Letter) -> dict[str, Image]:
    named = {"seal": letter.seal, "autograph": letter.autograph}
    return {name: picture for name, picture in named.items() if picture}


def _words_of(letter: Letter) -> _Words:
    """Return all that the page of a letter shows, with line ends within words that are too long."""
    return {
        "seal": None,
        "autograph": None,
        **{name: _fit_words(getattr(letter, name), *room) for name, room in ROOMS.items()},
        "body": [*map(_json_of, letter.body)],
        "plain_subject": letter.plain_subject,
        "keywords": letter.keywords,
        "is_typed": letter.is_typed,
        "has_long_end": letter.has_long_end,
        "after_signature": [_fit_words(lines, *_NOTATION) for lines in letter.after_signature],
        "lines_of_end": sum(
            lines_taken(line, *ROOMS["signature"]) for line in (letter.closing, *letter.signature)
        ),
        "lines_after": sum(
            lines_taken(line, *_NOTATION) if lines_taken(line, PAGE_WIDTH, _SMALL) > 1 else 1
            for group in letter.after_signature
            for line in group
        ),
        **{
            name: {"file": name, "format": _format_of(picture), "alt": picture.alt}
            for name, picture in _pictures_of(letter).items()
        },
    }


def _format_of(picture: Image) -> str:
    return {"image/svg+xml": "svg", "image/jpeg": "jpg"}.get(picture.media_type, "png")


def _fit_words(
    value: str | tuple[str, ...], width: float, size: float, weight: str
) -> str | list[str]:
    if isinstance(value, str):
        return broken_words(value, width, size, weight)
    return [broken_words(line, width, size, weight) for line in value]


@lru_cache(maxsize=1024)  # most blocks are the same from county to county
def _json_of(block: Block) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(_body_of([block])[0]))


def _body_of(blocks: Sequence[Block], width: float = PAGE_WIDTH, size: float = 11) -> list[_Words]:
    """Return blocks as plain data, fitted into lines of `width` points."""
    body = []
    for block in blocks:
        data: _Words = {"type": type(block).__name__}
        if isinstance(block, Paragraph | Heading):
            text = plain(block.runs)
            data["runs"] = [run for part in block.runs for run in _runs_of(part, width, size)]
            data["lines"] = 4 if len(text) > _LONG else lines_taken(text, width, size)
        elif isinstance(block, Quote):
            data["blocks"] = _body_of(block.blocks, width - _QUOTED, size)
        else:
            items = [_body_of(item, width - _INDENT, size) for item in block.items]
            for item in items if block.has_boxes else ():  # the boxes are the page's own
                first, *others = item[0]["runs"]
                bare = msgspec.structs.replace(first, text=first.text.removeprefix(BOX))
                item[0]["runs"] = [bare, *others]
            data |= {"ordered": block.ordered, "boxes": block.has_boxes, "items": items}
        body.append(data)
    return body


def _runs_of(run: Run, width: float, size: float) -> Iterator[Run]:
    """Yield a run, in parts where the italics lack a character."""
    text = broken_words(normalize("NFC", run.text), width, size)
    if not run.emphasis or is_common(text):
        yield msgspec.structs.replace(run, text=text)
        return
    italics = known_characters("italic")
    for has_italics, part in groupby(text, italics.__contains__):
        yield msgspec.structs.replace(run, text="".join(part), emphasis=has_italics)
