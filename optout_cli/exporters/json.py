"""The composed notice as JSON, with the source and age of every contact and where it was read."""

from typing import Any

import msgspec

from optout_cli.exporters import ExportContext
from optout_cli.model.letter import Letter

RANK = 3
DESCRIPTION = "the facts of the notice, with the source of every contact"
MEDIA_TYPE = "application/json"
IS_TEXT = True
IS_SLOW = False
IS_PRINTED = False
IS_TO_MARK_UP = False
ROUTE = None
SIGNATURES = ("ink", "typed", "image")
ENCLOSES = "none"
SCHEMA = 1


def encode(letter: Letter, context: ExportContext) -> bytes:
    """Return the letter's facts, indented by two spaces, with a line end at the end.

    `message-id` is that of its e-mail, for a later e-mail to answer.
    """
    data = {**facts_of(letter, context), "message-id": message_id_of(letter)}
    return msgspec.json.format(msgspec.json.encode(data), indent=2) + b"\n"


def facts_of(letter: Letter, context: ExportContext) -> dict[str, Any]:
    """Return the facts of a letter as plain data.

    `template` names the letter's template and gives the SHA-256 of that and of every template that
    it is made of. `engine` is the PDF engine that prints it.
    """
    digest = context.digest_of(letter.template)
    template = {"name": letter.template, "sha256": digest}
    return {
        "schema": SCHEMA,
        **letter.facts,
        "template": template,
        "engine": context.engine_name,
    }


def message_id_of(letter: Letter) -> str:
    """Return the Message-ID of the letter's e-mail."""
    from optout_cli.exporters.eml import envelope_of  # imports the e-mail library, 25 ms

    return envelope_of(letter).message_id


def count_pages(content: bytes) -> None:
    """Return None: data has no pages."""
