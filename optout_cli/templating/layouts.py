"""The HTML pages around a letter, a guide, a fax's cover and separator sheets.

Fills in the layouts, the user's before the shipped ones. Reads no picture and lays nothing out.
"""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from optout_cli.model.letter import Cover, Guide, Image, Letter, Mailing, MailingForm
from optout_cli.templating.body import html_from
from optout_cli.templating.search import TemplateSearch

if TYPE_CHECKING:
    from optout_cli.templating.templates import Templates

GUIDE = "_layout/guide-page.html.j2"
PAGE, COVER = "_layout/letter.html.j2", "_layout/cover.html.j2"
LETTERHEAD = "_layout/letterhead.html.j2"
SHEET, MAILINGS = "_layout/sheet.html.j2", "_layout/mailings.html.j2"
STYLE, EMAIL = "_layout/letter.css", "_layout/email.html.j2"
LAYOUTS = (PAGE, LETTERHEAD, COVER, SHEET, MAILINGS, GUIDE, STYLE)
_SEAL, _AUTOGRAPH = "optout:seal", "optout:autograph"
_LABELS = 30  # on a page, in three columns
Sheet = Mapping[str, object]  # the words of a separator sheet: name, reference, request, letters


def own_layouts(templates: TemplateSearch, *names: str) -> list[Path]:
    """Return the files of these names that are the user's own."""
    files = (folder / name for folder in templates.own for name in names)
    return [path for path in files if path.is_file()]


def style_of(templates: TemplateSearch) -> str:
    """Return the layouts' style sheet: the user's, otherwise the shipped one."""
    path = templates.path_of(STYLE)
    assert path is not None  # one ships
    return path.read_text("utf-8")


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
        "moment": _moment(letter.day),
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
        "moment": _moment(day),
        "style": _marked_up(style),
        "look": look,
    }
    return templates.lay_out(GUIDE, parts)


def cover_page(letter: Letter, cover: Cover, later: int, templates: "Templates") -> str:
    """Return a fax's cover, and `later` pages with nothing but their heads."""
    seal = _SEAL if letter.seal else None
    parts = {"letter": letter, "cover": cover, "later": later, "seal": seal}
    return templates.lay_out(COVER, parts)


def sheets_page(sheets: Sequence[Sheet], templates: "Templates") -> str:
    """Return the separator sheets, one on each page."""
    return templates.lay_out(SHEET, {"sheets": sheets})


def mailings_page(mailings: Sequence[Mailing], form: MailingForm, templates: "Templates") -> str:
    """Return envelopes, one on each page, or sheets of labels."""
    at_once = _LABELS if form == "labels" else 1
    pages = [mailings[start : start + at_once] for start in range(0, len(mailings), at_once)]
    return templates.lay_out(MAILINGS, {"pages": pages, "form": form})


def _moment(day: Date) -> str:
    return f"{day.isoformat()}T12:00:00Z"


def _marked_up(text: str) -> Markup:
    """Mark a text as safe markup: a style sheet, or what `body` wrote, which escapes each word."""
    return Markup(text)  # noqa: S704
