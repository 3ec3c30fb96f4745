"""A clerk who answers the questions of `optout new`, each by the words it begins with."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import click

# What she is asked again and again is answered in turn; Enter alone where nothing is set down.
Answers = Mapping[str, str | Sequence[str]]


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
        for begins, answers in self._waiting.items():
            if label.startswith(begins) and (text := next(answers, None)) is not None:
                if text == "^C":
                    raise click.Abort
                click.echo(f"{label}: {text}", err=True)
                return text.strip() or offered
        return offered

    @property
    def unused(self) -> list[str]:
        """The answers to questions that were never put."""
        return [text for answers in self._waiting.values() for text in answers]
