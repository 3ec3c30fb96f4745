"""What a command says of the letters that it wrote: what to know, and what to do next."""

from collections.abc import Sequence

from optout_cli.cli._next import next_steps
from optout_cli.cli._shared import say
from optout_cli.model.notice import Export


def say_what_to_know(exports: Sequence[Export], *, is_dated: bool, is_new: bool) -> None:
    """Print each caution once, then what was written and what to do with it.

    `is_new` False: all of it was there already, to the byte.
    """
    notice = exports[0].notice
    if not is_dated:
        day = notice.date
        say(f"dated today, {day}; to keep that date add date: {day} to the request")
    told = dict.fromkeys(
        (it.code, it.text)
        for export in exports
        for it in (*export.notice.cautions, *export.findings)
    )
    for _, text in told:
        say(f"note: {text}")
    done = "written" if is_new else "unchanged, as they were written before"
    say(f"{done}: {_letters(exports)} for {notice.author}, reference {notice.reference}")
    for step in next_steps(exports):
        say(f"next: {step}")


def _letters(exports: Sequence[Export]) -> str:
    """Count what was written: `2 letters of 2026-11-20 (pdf, txt)`."""
    count = len({it.notice.name for it in exports})
    formats = ", ".join(dict.fromkeys(it.format for it in exports))
    what = "letter" if count == 1 else "letters"
    return f"{count} {what} of {exports[0].notice.date} ({formats})"
