"""The composed notice as JSON, with the source, age and place of every contact."""

import msgspec

from optout_cli.exporters._envelope import envelope_of
from optout_cli.exporters._page import lines_of
from optout_cli.exporters.press import Press
from optout_cli.model.notice import Letter

MEDIA_TYPE = "application/json"
IS_TEXT = True
SCHEMA = 1


def encode(letter: Letter, press: Press) -> bytes:  # noqa: ARG001  # formats are called alike
    """Return the letter's Notice, two-space indented, ending in a line end.

    `message-id` is what its e-mail has, for a later one to answer.
    """
    envelope = envelope_of(letter, "\n".join(lines_of(letter)))
    facts = msgspec.to_builtins(letter.notice)
    notice = {"schema": SCHEMA, **facts, "message-id": envelope.message_id}
    return msgspec.json.format(msgspec.json.encode(notice), indent=2) + b"\n"
