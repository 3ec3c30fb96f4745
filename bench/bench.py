"""Print the CPU time of the commands, each beside another program's.

Runs in an environment that has optout and mailmerge 2.3, which `make bench` makes. Each command is
a process of its own, and they take turns, so that a busy computer slows them alike. Each ratio has
its limit beside it; nothing fails.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

RUNS = 21  # of each command, after one that fills the caches
ROOT = Path(__file__).resolve().parent.parent
REQUEST = ROOT / "examples" / "san-francisco-2010.yaml"
BIN = Path(sys.executable).parent
_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

MAILMERGE_FILES = {
    "template.txt": "TO: {{email}}\nSUBJECT: Notice\nFROM: sheriff@example.gov\n\nDear {{name}}:\n",
    "database.csv": "email,name\nbureau@example.gov,Director\n",
    "server.conf": "[smtp_server]\nhost = localhost\nport = 25\nsecurity = Never\n",
}


class Comparison(NamedTuple):
    """Two commands: the first should cost less than `limit` times the second."""

    command: str
    against: str
    limit: float


COMPARISONS = [
    Comparison("optout --help", "python -c pass", 5),
    Comparison("optout show", "python -c pass", 9),
    Comparison("optout write, text", "python -c pass", 14),
    Comparison("optout write, text", "mailmerge, dry run", 1),
    Comparison("optout write, PDF", "weasyprint", 1),
    Comparison("the same, typst", "weasyprint", 0.35),
]


def main() -> None:
    """Measure and print the table."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = isolated(folder)
        commands = commands_from(folder)
        write_inputs(folder, environment)
        costs = measure(commands, environment)
    for line in table(costs):
        print(line)


def isolated(folder: Path) -> dict[str, str]:
    """Return an environment with empty caches and settings of its own.

    Python may write compiled modules, as it does when a package is installed.
    """
    inherited = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    own = {"HOME": "home", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"}
    return {**inherited, **{name: str(folder / value) for name, value in own.items()}}


def commands_from(folder: Path) -> dict[str, list[str]]:
    """Return each command under the name that the table prints."""
    optout = str(BIN / "optout")
    # Long option names, as for mailmerge: click takes longer to look up short ones.
    write = [optout, "write", str(REQUEST), "--to", "bureau", "--output", "-", "--format"]
    template, database, server = (str(folder / name) for name in MAILMERGE_FILES)
    files = ["--template", template, "--database", database, "--config", server]
    letter = [str(folder / "letter.html"), str(folder / "letter.pdf")]
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "optout --help": [optout, "--help"],
        "optout show": [optout, "show", "marin-county-ca"],
        "optout write, text": [*write, "txt"],
        "mailmerge, dry run": [str(BIN / "mailmerge"), *files],
        "optout write, PDF": [*write, "pdf"],
        "the same, typst": [*write, "pdf", "--engine", "typst"],
        # The same variant as our letters, so that both write the same tags.
        "weasyprint": [str(BIN / "weasyprint"), "--pdf-variant", "pdf/a-2a", *letter],
    }


def write_inputs(folder: Path, environment: Mapping[str, str]) -> None:
    """Write what mailmerge and WeasyPrint read; WeasyPrint gets the HTML of our letter."""
    for name, text in MAILMERGE_FILES.items():
        (folder / name).write_text(text)
    write = [str(BIN / "optout"), "write", str(REQUEST), "--to", "bureau", "-o", "-", "-f", "html"]
    run(write, environment, folder / "letter.html")


def measure(commands: Mapping[str, list[str]], environment: Mapping[str, str]) -> dict[str, float]:
    """Return the median CPU time of each command in ms; the commands take turns."""
    rounds = [
        {name: run(command, environment) for name, command in commands.items()}
        for _ in range(RUNS + 1)
    ]
    return {name: median(costs[name] for costs in rounds[1:]) for name in commands}


def run(command: list[str], environment: Mapping[str, str], output: Path | None = None) -> float:
    """Run a command and return its CPU time in ms: user and system, with its children."""
    process = os.posix_spawn(
        command[0],
        command,
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, output or os.devnull, os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
    )
    _, status, usage = os.wait4(process, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def table(costs: Mapping[str, float]) -> list[str]:
    """Return the lines to print: each cost, then the ratios with their limits."""
    lines = [f"{'command':<22}{'CPU ms':>8}   median of {RUNS} runs, in turns", ""]
    lines += [f"{name:<22}{cost:>8.1f}" for name, cost in costs.items()]
    lines += ["", f"{'command':<22}{'measured against':<20}{'times':>7}{'limit':>7}", ""]
    for command, against, limit in COMPARISONS:
        ratio = costs[command] / costs[against]
        lines.append(f"{command:<22}{against:<20}{ratio:>7.2f}{limit:>7g}")
    return lines


if __name__ == "__main__":
    main()
