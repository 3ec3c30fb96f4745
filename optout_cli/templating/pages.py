"""The HTML pages around a letter, a guide, a fax cover, separator sheets and mailings.

Fills in the layouts. Reads no picture and lays nothing out.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date as Date
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from optout_cli.model.letter import Cover, Guide, Image, Letter, Mailing, MailingForm
from optout_cli.templating.body import html_from
from optout_cli.templating.search import LETTERHEAD, PAGE, STYLE

if TYPE_CHECKING:  # jinja2 takes long to import
    from optout_cli.templating.templates import Templates

COVER, GUIDE = "_layout/cover.html.j2", "_layout/guide-page.html.j2"
SHEET, MAILINGS = "_layout/sheet.html.j2", "_layout/mailings.html.j2"
EMAIL, REVIEW, SCRIPT = "_layout/email.html.j2", "_layout/review.html.j2", "_layout/review.js"
LAYOUTS = (PAGE, LETTERHEAD, COVER, SHEET, MAILINGS, GUIDE, STYLE)
_SEAL, _AUTOGRAPH = "optout:seal", "optout:autograph"
_LONGEST = 500_000_000  # characters of a review page, with the pictures in it
_LABELS = 30  # on a page, in three columns
Sheet = Mapping[str, object]  # the words of a separator sheet: name, reference, request, letters


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
        "continuation": letter.continuation.rpartition(" "),
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
