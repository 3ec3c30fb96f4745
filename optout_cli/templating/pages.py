"""The template folders, and the HTML pages around a letter, a guide and a separator sheet.

Finds the file that a template's name means, and fills in the layouts, the user's before the shipped
ones. Reads no picture and lays nothing out.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import date as Date
from functools import cached_property
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from optout_cli.errors import Location
from optout_cli.model.letter import Cover, Guide, Image, Letter, Mailing, MailingForm
from optout_cli.templating.body import html_from
from optout_cli.trust import check_within

if TYPE_CHECKING:
    from optout_cli.templating.templates import Templates

SUFFIX = ".html.j2"
BUILTIN = "builtin:"  # begins the name of a shipped template, for an override to extend it
_IN_NO_NAME = "\0\\:"
GUIDE = "_layout/guide-page.html.j2"
PAGE, COVER = "_layout/letter.html.j2", "_layout/cover.html.j2"
LETTERHEAD = "_layout/letterhead.html.j2"
SHEET, MAILINGS = "_layout/sheet.html.j2", "_layout/mailings.html.j2"
STYLE, EMAIL = "_layout/letter.css", "_layout/email.html.j2"
REVIEW, SCRIPT = "_layout/review.html.j2", "_layout/review.js"
LAYOUTS = (PAGE, LETTERHEAD, COVER, SHEET, MAILINGS, GUIDE, STYLE)
_SEAL, _AUTOGRAPH = "optout:seal", "optout:autograph"
_LONGEST = 500_000_000  # characters of a review page, with the pictures in it
_LABELS = 30  # on a page, in three columns
Sheet = Mapping[str, object]  # the words of a separator sheet: name, reference, request, letters


class TemplateSearch:
    """The template folders. A file in an earlier folder wins; the last folder ships with optout."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)
        self._found: dict[tuple[Path, str], Path | None] = {}  # a compiled template stays, too

    @property
    def own(self) -> tuple[Path, ...]:
        """The user's folders: all but the shipped one."""
        return self.folders[:-1]

    def name_of(self, letter: str, slug: str, state: str) -> str:
        """Return the name of a letter's template: in each folder, local wording comes first.

        Raises OptoutError if a link leads out of a folder, as does every method that finds files.
        """
        names = [f"{letter}.{slug}{SUFFIX}", f"{letter}.{state}{SUFFIX}", f"{letter}{SUFFIX}"]
        for folder in self.folders:
            for name in names:
                if self._file(folder, name):
                    return name
        return names[-1]

    def path_of(self, name: str) -> Path | None:
        """Return the file that a template's name means, or None."""
        inner = name.removeprefix(BUILTIN)
        path = PurePosixPath(inner)
        if ".." in path.parts or path.is_absolute() or any(char in inner for char in _IN_NO_NAME):
            return None
        folders = self.folders[-1:] if inner != name else self.folders
        return next((file for folder in folders if (file := self._file(folder, inner))), None)

    def _file(self, folder: Path, name: str) -> Path | None:
        """Return a file below a folder, or None. Raises OptoutError."""
        key = folder, name
        if key not in self._found:
            path = folder / name
            if folder != self.folders[-1]:  # an installer may link the shipped files
                check_within(path, folder)
            self._found[key] = path if path.is_file() else None
        return self._found[key]

    def has(self, name: str) -> bool:
        """Tell whether there is a template of this name."""
        return self.path_of(name) is not None

    def is_own(self, name: str) -> bool:
        """Tell whether a template's name means a file in one of the user's folders."""
        path = self.path_of(name)
        return path is not None and self.is_own_file(path)

    def ships(self, letter: str) -> bool:
        """Tell whether optout ships a template for a letter."""
        return self.has(f"{BUILTIN}{letter}{SUFFIX}")

    def is_own_file(self, path: Path) -> bool:
        """Tell whether a file is in one of the user's folders."""
        return any(path.is_relative_to(folder) for folder in self.own)

    def shown(self, path: Path) -> str:
        """Return a path to show: of the user's file as given, of a shipped one below its folder."""
        if self.is_own_file(path) or not path.is_relative_to(self.folders[-1]):
            return str(path)
        return path.relative_to(self.folders[-1]).as_posix()

    def location(self, name: str, line: int | None = None) -> Location:
        """Return the location of a template, which need not exist."""
        path = self.path_of(name)
        return Location(self.shown(path) if path else name.removeprefix(BUILTIN), line)

    def names(self) -> Iterator[str]:
        """Yield each name that a template may extend, import or include."""
        for folder in self.folders:
            for path in folder.rglob(f"*{SUFFIX}"):
                if path.is_file():
                    yield path.relative_to(folder).as_posix()
        shipped = self.folders[-1]
        yield from (
            f"{BUILTIN}{path.relative_to(shipped).as_posix()}"
            for path in shipped.rglob(f"*{SUFFIX}")
        )

    def own_files(self, *names: str) -> list[Path]:
        """Return the files of these names that are the user's own."""
        files = (folder / name for folder in self.own for name in names)
        return [path for path in files if path.is_file()]

    @cached_property
    def has_own_page(self) -> bool:
        """Whether the user has a layout or a style sheet of their own for letters."""
        return bool(self.own_files(PAGE, LETTERHEAD, STYLE))

    @cached_property
    def style(self) -> str:
        """The layouts' style sheet: the user's, otherwise the shipped one."""
        path = self.path_of(STYLE)
        assert path is not None  # one ships
        return path.read_text("utf-8-sig")


def pictures_of(letter: Letter) -> dict[str, Image]:
    """Return the letter's pictures by the URLs that the page uses for them."""
    named = {_SEAL: letter.seal, _AUTOGRAPH: letter.autograph}
    return {url: picture for url, picture in named.items() if picture}


def letter_page(letter: Letter, templates: "Templates", *, style: str = "", look: str = "") -> str:
    """Return the letter as a page. Pictures get URLs of our own, and `style` goes into the page.

    `look` are the classes of its body, which the style sheet has: `fax`, `tight`, `low`.
    """
    parts = {
        "letter": letter,
        "body": _marked_up(html_from(letter.body)),
        "moment": f"{letter.day}T12:00:00Z",
        "seal": _SEAL if letter.seal else None,
        "autograph": _AUTOGRAPH if letter.autograph else None,
        "style": _marked_up(style),
        "look": look,
    }
    return templates.lay_out(PAGE, parts)


class Shown(NamedTuple):
    """A picture on the page of an e-mail: its URL, its words, and its size in CSS pixels."""

    url: str
    alt: str
    width: int
    height: int


def email_page(letter: Letter, templates: "Templates", pictures: Mapping[str, Shown]) -> str:
    """Return the letter as the page of an e-mail; `pictures` by the names `seal`, `autograph`."""
    parts = {
        "letter": letter,
        "body": _marked_up(html_from(letter.body)),
        "seal": pictures.get("seal"),
        "autograph": pictures.get("autograph"),
    }
    return templates.lay_out(EMAIL, parts)


def guide_page(
    guide: Guide, day: Date, templates: "Templates", *, style: str = "", look: str = ""
) -> str:
    """Return the guide as a page of `day`, perhaps `tight`; `style` goes into the page."""
    parts = {
        "guide": guide,
        "body": _marked_up(html_from(guide.body)),
        "moment": f"{day}T12:00:00Z",
        "style": _marked_up(style),
        "look": look,
    }
    return templates.lay_out(GUIDE, parts)


def cover_page(letter: Letter, cover: Cover, later: int, templates: "Templates") -> str:
    """Return a fax's cover, and `later` pages with nothing but their heads."""
    seal = _SEAL if letter.seal else None
    # A template may count to a hundred, and a fax may have more pages.
    parts = {"letter": letter, "cover": cover, "later": range(later), "seal": seal}
    return templates.lay_out(COVER, parts)


def mailings_page(mailings: Sequence[Mailing], form: MailingForm, templates: "Templates") -> str:
    """Return envelopes, one on each page, or sheets of labels."""
    at_once = _LABELS if form == "labels" else 1
    pages = [mailings[start : start + at_once] for start in range(0, len(mailings), at_once)]
    return templates.lay_out(MAILINGS, {"pages": pages, "form": form})


# Any: as in `Templates`.
def review_page(facts: dict[str, Any], templates: "Templates") -> str:
    """Return the review page. No script but its own may run: the page has the hash of that."""
    path = templates.path_of(SCRIPT)
    assert path is not None  # one ships
    script = path.read_text("utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    facts = facts | {"script": _marked_up(script), "script_hash": f"sha256-{digest}"}
    return templates.lay_out(REVIEW, facts, limit=_LONGEST)


def _marked_up(text: str) -> Markup:
    """Mark a text as safe markup: a style sheet, or what `body` wrote, which escapes each word."""
    return Markup(text)  # noqa: S704
