"""The composed notice as JSON, with the source, age and place of every contact."""

import msgspec

from optout_cli.exporters.context import ExportContext
from optout_cli.exporters.mail_headers import envelope_of
from optout_cli.exporters.txt import lines_of
from optout_cli.model.letter import Letter

MEDIA_TYPE = "application/json"
IS_TEXT = True
SCHEMA = 1


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the letter's Notice, two-space indented, ending in a line end.

    `template` names the letter's template, with the SHA-256 of it and all that it is made of.
    `message-id` is what its e-mail has, for a later one to answer.
    """
    place, templates = letter.notice.place, context.templates
    name = templates.name_of(letter.notice.letter, place.slug, place.state_code)
    notice = {
        "schema": SCHEMA,
        **msgspec.to_builtins(letter.notice),
        "template": {"name": name, "sha256": templates.digest_of(name)},
        "message-id": envelope_of(letter, "\n".join(lines_of(letter))).message_id,
    }
    return msgspec.json.format(msgspec.json.encode(notice), indent=2) + b"\n"
