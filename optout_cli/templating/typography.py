"""Set a letter's texts as a printer would: apostrophes, and blanks that end no line. Pure."""

import re
from collections.abc import Iterable

import msgspec

from optout_cli.model.letter import Block, ListBlock, Quote, Run
from optout_cli.templating.filters import MONTHS

APOSTROPHE, NO_BREAK = "\u2019", "\u00a0"
# Within a word (`Sheriff's`) or after a plural (`agencies' records`), but not in an e-mail address.
_STRAIGHT = re.compile(r"\S*@\S*|(?<=[^\W\d_])'(?=[^\W\d_])|(?<=[^\W\d_][sS])'(?=[\s,;:.)]|$)")
# A blank in one of these never ends a line: a date, a citation, a section, a number, a vote.
_UNBROKEN = re.compile(
    rf"\b(?:{'|'.join(MONTHS)}) \d{{1,2}},? \d{{4}}\b"
    r"|\b\d+ (?:U\.S\.C\.|C\.F\.R\.|FR|O\.S\.|Del\. C\.|M\.R\.S\.)(?: \u00a7+)? \S+"
    r"|\u00a7+ \S+|\b[Ss]ections? [0-9IVXL]\S*|\b[Nn]o\. \S+|\b\d+ to \d+\b"
    r"|\b\d+ (?:days|hours)\b"
)


def typographic(text: str) -> str:
    """Give a text typographic apostrophes: `the Sheriff\u2019s Office`."""
    if "'" not in text:
        return text
    return _STRAIGHT.sub(lambda found: found[0] if "@" in found[0] else APOSTROPHE, text)


def as_typed(text: str) -> str:
    """Undo what this module does: straight apostrophes and plain blanks."""
    return text.replace(APOSTROPHE, "'").replace(NO_BREAK, " ")


def typeset(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Set the texts of blocks: apostrophes, and no break within dates and citations."""
    return tuple(map(_typeset, blocks))


def _typeset(block: Block) -> Block:
    if isinstance(block, ListBlock):
        return ListBlock(block.ordered, tuple(tuple(map(_typeset, item)) for item in block.items))  # type: ignore[arg-type]  # a block stays of its kind
    if isinstance(block, Quote):
        return Quote(tuple(map(_typeset, block.blocks)))  # type: ignore[arg-type]  # a block stays of its kind
    return msgspec.structs.replace(block, runs=tuple(map(_set_run, block.runs)))


def _set_run(run: Run) -> Run:
    text = _UNBROKEN.sub(lambda found: found[0].replace(" ", NO_BREAK), typographic(run.text))
    return msgspec.structs.replace(run, text=text)
