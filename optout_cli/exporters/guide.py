"""The guide to a letter as text, as one web page and as PDF; its formats are no letter's."""

from optout_cli.body import html_from
from optout_cli.exporters._page import joined, text_groups
from optout_cli.exporters.html import marked_up
from optout_cli.exporters.press import GUIDE, Press
from optout_cli.model.notice import Guide

FORMATS = {
    "txt": "plain text, 80 columns",
    "html": "one web page, nothing outside it",
    "pdf": "pages to print (PDF/A-2a, PDF/UA-1)",
}


def encode(guide: Guide, day: str, name: str, press: Press) -> bytes:
    """Return the guide in the format `name` in FORMATS, as of `day` (ISO), its file's moment."""
    if name == "txt":
        lines = joined(text_groups(guide.title, guide.body, guide.foot))
        return "".join(f"{line.text}\n" for line in lines).encode()
    parts = {
        "guide": guide,
        "body": marked_up(html_from(guide.body)),
        "moment": f"{day}T12:00:00Z",
        "style": marked_up(press.style) if name == "html" else None,
    }
    page = press.templates.lay_out(GUIDE, parts)
    return page.encode() if name == "html" else press.engine.print(page, {})
