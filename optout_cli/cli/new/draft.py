"""A request in the making, which the questions of `optout new` fill in line by line."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from optout_cli.authoring.draft import (
    Prospect,
    document_from,
    problem_with,
    prospect_of,
    with_answers,
)
from optout_cli.authoring.request_writer import Answers
from optout_cli.cli.new.ask import ask
from optout_cli.errors import Problem
from optout_cli.letters.library import Library
from optout_cli.model.jurisdiction import Locality

_BETWEEN = "; "  # lines of one answer


class RequestDraft:
    """What was answered so far, in a request's shape.

    Its files lie in `folder`, where it will be, or in one of `files_from`.
    """

    def __init__(
        self,
        answers: Answers,
        locality: Locality,
        library: Library,
        today: date,
        folder: Path,
        files_from: tuple[Path, ...],
    ) -> None:
        self._document = document_from(answers)
        self.locality = locality
        self.library = library
        self.today = today
        self.folder = folder
        self.files_from = files_from

    @property
    def answers(self) -> dict[str, Any]:
        """The answers, as a request has them."""
        return self._document.data

    @property
    def letter(self) -> str:
        """The letter's id."""
        return str(self.answers["letter"])

    @property
    def date(self) -> date:
        """The letter's date."""
        return date.fromisoformat(str(self.answers["date"]))

    def prospect(self) -> Prospect:
        """Look at what would follow from the answers."""
        return prospect_of(self._document, self.library, self.today)

    def put(self, texts: Mapping[str, str]) -> None:
        """Lay texts on the request, by key path; an empty one takes the line away."""
        self._document = with_answers(self._document, texts)

    def put_whole(self, key: str, value: Answers) -> None:
        """Lay a whole group on the request."""
        self._document = document_from({**self.answers, key: value})

    def ask(
        self,
        path: str,
        label: str,
        note: str = "",
        *,
        offered: str = "",
        required: bool = False,
    ) -> str:
        """Ask for the text at a key path until it will do, and put it there; return it."""
        text = ask(
            label,
            note,
            offered=offered,
            required=required,
            fault=lambda text: self._problem({path: text}),
        )
        if text:
            self.put({path: text})
        return text

    def ask_lines(self, path: str, label: str, offered: tuple[str, ...]) -> tuple[str, ...]:
        """Ask for a list of lines, which are typed with a ; between them."""
        text = ask(
            label,
            offered=_BETWEEN.join(offered),
            fault=lambda text: self._problem(_number_lines(path, text)),
        )
        lines = _number_lines(path, text)
        self.put(lines)
        return tuple(lines.values())

    def _problem(self, texts: Mapping[str, str]) -> Problem | None:
        return problem_with(self._document, texts, self.library, self.folder, self.files_from)


def _number_lines(path: str, text: str) -> dict[str, str]:
    lines = [line.strip() for line in text.split(_BETWEEN.strip()) if line.strip()]
    return {f"{path}.{number}": line for number, line in enumerate(lines)}
