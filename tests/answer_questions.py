"""Answer the questions of `optout new` without a terminal."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from command_results import Run

from optout_cli.cli import ask as _ask
from optout_cli.cli import new
from optout_cli.cli.new import follow
from optout_cli.readers.yaml import document_from_yaml

# What she is asked again and again is answered in turn; Enter alone where nothing is set down.
Answers = Mapping[str, str | Sequence[str]]
_ENOUGH = 30  # times that a question is asked


SIGNS = {"Name": "Pat Placeholder", "Title": "Sheriff"}


class Clerk:
    """Stands in for the prompt: gives her answers in turn, and keeps what she was asked."""

    def __init__(self, answers: Answers) -> None:
        self._waiting: dict[str, Iterator[str]] = {
            label: iter([text] if isinstance(text, str) else text)
            for label, text in answers.items()
        }
        self.asked: defaultdict[str, list[str]] = defaultdict(list)  # label -> what was offered

    def __call__(self, label: str, offered: str) -> str:
        self.asked[label].append(offered)
        assert len(self.asked[label]) < _ENOUGH, f"{label} is asked for ever"
        for begins, answers in self._waiting.items():
            if label.startswith(begins) and (text := next(answers, None)) is not None:
                if text == "^C":
                    raise click.Abort
                click.echo(f"{label}: {text}", err=True)
                return text.strip() or offered
        return offered or ("write" if label == "What next" else "")

    @property
    def unused(self) -> list[str]:
        """The answers to questions that were never put."""
        return [text for answers in self._waiting.values() for text in answers]


Asked = Callable[..., tuple[Result, Clerk]]


def at_the_terminal(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Return what runs `optout new` as on a terminal: `asked(answers, "06041", ...)`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder.with_name(f"{folder.name}-state")))
    for module in (new, follow):
        monkeypatch.setattr(module, "is_terminal", lambda: True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder.with_name(f"{folder.name}-config")))

    def call(answers: Answers, *arguments: str) -> tuple[Result, Clerk]:
        clerk = Clerk(answers)
        monkeypatch.setattr(_ask, "_prompt", clerk)
        return run("new", *arguments), clerk

    return call


def data_in(path: str) -> Any:
    return document_from_yaml(Path(path).read_text("utf-8"), path).data
