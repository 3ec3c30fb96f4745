"""`optout list`: list what optout knows, as a table or as NDJSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from optout_cli.cli.console import (
    page_width,
    print_rows,
    print_text,
    quote,
    report_problems,
    say,
    usage_error,
    wrapped,
)
from optout_cli.cli.options import (
    codes_of,
    json_option,
    letters,
    library_from,
    library_options,
    today,
)
from optout_cli.cli.value_types import Choice
from optout_cli.errors import Location, wrap
from optout_cli.exporters import all_exporters
from optout_cli.letters import Library
from optout_cli.model.program import LetterKind

Row = Mapping[str, object]
_BY_STATE = ("jurisdictions", "agencies", "offices")
_WHAT = ("jurisdictions", "agencies", "offices", "letters", "passages", "formats")
_LETTER = Location("LETTER", is_command_line=True)


@click.command(
    "list",
    short_help="List jurisdictions, agencies, offices, letters and more.",
    epilog="optout list letters\n"
    "optout list agencies --state PA\n"
    "optout list passages 287g/suspend\n"
    "optout list passages marin-county-ca.yaml\n"
    "optout list offices --state CA --json",
)
@click.argument("what", metavar="WHAT", type=Choice(_WHAT))
@click.argument("letter", required=False, shell_complete=letters)
@click.option(
    "--state",
    "states",
    metavar="CODE",
    multiple=True,
    help="Only those of this state, such as CA, or of several: VT,DE (repeatable).",
)
@json_option
@library_options
@report_problems
def command(
    what: str,
    letter: str | None,
    states: Sequence[str],
    as_json: bool,
    overlays: Sequence[str],
    folders: Sequence[Path],
) -> None:
    """List what optout knows: jurisdictions, agencies, offices, letters, formats or passages.

    Passages are those of one LETTER, which your own wording can replace, each with its words: of a
    letter kind such as 287g/suspend, with placeholders; of a request such as marin.yaml, with its
    facts.

    Agencies are those with a 287(g) agreement on ICE's list. Offices receive the letters: State
    Identification Bureaus and ICE offices.
    """
    library = library_from(overlays, folders)
    if states and what not in _BY_STATE:
        usage_error(f"{what} are the same in every state", "leave --state out")
    codes: list[str | None] = [*codes_of(states, library)] or [None]
    if letter is not None and what in _BY_STATE:
        hint = f"optout show {quote(letter)}; or all {what} of a state: --state CODE"
        usage_error(f"{what} are listed by state, not by name", hint)
    if (what == "passages") != (letter is not None):
        usage_error("passages are those of one letter", "optout list passages PROGRAM/KIND")
    if letter is not None:
        _list_passages(letter, library, as_json=as_json)
        return
    if what == "letters" and not as_json:
        texts = (_letter_text(id, kind) for id, _, kind in library.programs.letters())
        print_text(wrapped("\n\n".join(texts), page_width()))
        return
    found = {code: _rows(what, library, code, as_json=as_json) for code in codes}
    rows = {row["id"]: row for own in found.values() for row in own}  # states share offices
    print_rows([*rows.values()], as_json=as_json, has_numbers=False)
    for code, own in found.items():
        if code and not own:
            say(f"the data has no {what} in {code}")


def _list_passages(letter: str, library: Library, *, as_json: bool) -> None:
    """Print each passage with its words, as one object per line or wrapped below its name."""
    from optout_cli.lint.passages import passages_of  # imports jinja2

    passages = list(passages_of(letter, library, today(), _LETTER))
    if as_json:
        rows = [
            {"id": passage.id, "help": passage.help, "texts": passage.texts} for passage in passages
        ]
        print_rows(rows, as_json=True, has_numbers=False)
        return
    for passage in passages:
        said = [passage.help]
        said += ["only a template can change it"] * passage.is_fixed
        said += ["not in this letter today"] * (not passage.texts)
        said += ["the request has other words for it"] * passage.is_reworded
        said += ["the request leaves it out"] * passage.is_struck
        title = f"{passage.id}: {'; '.join(filter(None, said))}".rstrip(": ")
        print_text("\n".join(wrap(title, page_width(), "", "  ")))
        within = [f"holds {', '.join(passage.parts)}"] if passage.parts else passage.texts
        for text in within:
            print_text("\n".join(wrap(text, page_width(), "    ")))


def _rows(what: str, library: Library, state: str | None, *, as_json: bool) -> list[Row]:
    directory = library.directory
    match what:
        case "jurisdictions":
            return [
                {
                    "id": id,
                    "slug": directory.slug(code, id),
                    "name": jurisdiction.name,
                    "state": code,
                    "activated": jurisdiction.activated and jurisdiction.activated.isoformat(),
                }
                for code, id, jurisdiction in directory.all(state)
            ]
        case "letters":
            return [
                {
                    "id": id,
                    "title": kind.title,
                    "summary": kind.summary,
                    "follows": kind.follows,
                    "particulars": kind.particulars,
                }
                for id, _, kind in library.programs.letters()
            ]
        case "agencies":
            return [*_agencies(library, state, as_json=as_json)]
        case "offices":
            wanted = directory.offices_of(state) if state else None
            return [
                {
                    "id": id,
                    "name": ", ".join(contact.organization),
                    "city": contact.address.city,
                    "source": contact.source and contact.source.kind,
                    "dated": contact.source and contact.source.date,
                    "verified": contact.verified and contact.verified.isoformat(),
                }
                for id, _, contact in directory.contacts()
                if wanted is None or id in wanted
            ]
        case _:
            return [{"id": id, "title": it.DESCRIPTION} for id, it in all_exporters().items()]


def _letter_text(id: str, kind: LetterKind) -> str:
    """Return a letter's id and title, its summary, and its particulars."""
    lines = [f"{id}: {kind.title}", f"  {kind.summary}"]
    for label, is_required in (("needs", True), ("may have", False)):
        names = [name for name, it in kind.particulars.items() if it.required == is_required]
        lines += [f"  {label}: {', '.join(names)}"] if names else []
    return "\n".join(lines)


def _agencies(library: Library, state: str | None, *, as_json: bool) -> Iterator[Row]:
    directory = library.directory
    for code in [state] if state else sorted(directory.data.states):
        for slug, agency in directory.agencies_in(code):
            named = (f"{each.model} {each.signed or ''}".strip() for each in agency.agreements)
            yield {
                "id": slug,
                "name": agency.name,
                "state": code,
                "kind": agency.kind or agency.type,
                "county": agency.county,
                "agreements": agency.agreements if as_json else ", ".join(named),
            }
