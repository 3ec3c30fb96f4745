"""Kill `optout batch` and `optout sent --from` at random instants, and compare folder and register.

Usage: python bench/kills.py [COUNT [batch|sent]]. Each command has 60 rows, and is killed COUNT
times (100) with SIGKILL. Ends with an error if a letter has no event, if an event has no letter, if
the chain is broken, or if the same command does not finish what the killed one began. Not part of
`make bench`: it measures nothing.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from batch import OPTOUT, some, write_inputs

from bench import isolated
from optout_cli.register.events import Sent
from optout_cli.register.folder import LetterFolder
from optout_cli.register.journal import load_journal
from optout_cli.register.state import load_register
from optout_cli.register.status import verify

ROWS = 60
COUNT = 100
SEED = 13


def main(count: int, chosen: str) -> None:
    """Kill the commands, and print how many runs were killed before their end."""
    random.seed(SEED)
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = isolated(folder)
        write_inputs(folder, environment)
        with (folder / "common.yaml").open("a") as stream:
            stream.write("enclosures: [{title: Act, file: act.md}]\n")
        (folder / "act.md").write_text("act\n")
        options = ("--common", str(folder / "common.yaml"), "-f", "txt", "-q", "-o")
        batch = [OPTOUT, "batch", some(folder, ROWS), *options]
        for command, kill in (("batch", kill_batch), ("sent", kill_sent)):
            if chosen in ("", command):
                longest = kill(batch, folder, 0, environment, None)["ms"] / 1000
                tally: Counter[str] = Counter()
                for number in range(1, count + 1):
                    tally += kill(batch, folder, number, environment, longest)
                print(f"{command}: {dict(tally)}", flush=True)


def kill_batch(
    batch: list[str],
    folder: Path,
    number: int,
    environment: dict[str, str],
    longest: float | None,
) -> Counter[str]:
    """Kill a batch; nine runs of ten replace letters of the run before, with another enclosure."""
    (folder / "act.md").write_text(f"act {number}\n")
    out = folder / f"out-{number // 10}"
    command = [*batch, str(out), "--set", f"signatory.name=Pat {number}"]
    return killed(command, out, environment, longest)


def kill_sent(
    batch: list[str],
    folder: Path,
    number: int,
    environment: dict[str, str],
    longest: float | None,
) -> Counter[str]:
    """Kill the recording of all letters of a fresh folder, and count the events in the end."""
    written, out = folder / "written", folder / f"sent-{number}"
    if not written.exists():
        run([*batch, str(written)], environment)
    copytree(written, out)
    command = [OPTOUT, "sent", "--from", table_of(out), "-q"]
    found = killed(command, out, environment, longest)
    events = [it.event for it in load_journal(out).lines if isinstance(it.event, Sent)]
    if len(events) != ROWS * 2:
        raise SystemExit(f"{len(events)} events for {ROWS * 2} letters that were sent")
    return found


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a command to its end."""
    null = subprocess.DEVNULL
    subprocess.run(command, env=environment, stdout=null, stderr=null, check=True)


def killed(
    command: list[str], folder: Path, environment: dict[str, str], longest: float | None
) -> Counter[str]:
    """Kill a command at a random instant, compare, run it to its end, and compare again.

    The instant is within `longest`, the time in s that the whole command takes; with None it ends
    by itself. Returns how it ended, and after how many ms.
    """
    began = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(longest and random.uniform(0, longest))  # noqa: S311  # no secret
        found = Counter(ended=1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        found = Counter(killed=1)
    found["ms"] = round((time.monotonic() - began) * 1000)
    compare(folder)
    run(command, environment)
    compare(folder)
    return found


def compare(folder: Path) -> None:
    """Exit if folder and register do not agree, after what the next command does first."""
    if not folder.exists():
        return
    with LetterFolder(folder):
        pass
    found = verify(folder, load_journal(folder))
    letters = {it for it in folder.rglob("*.txt") if ".optout" not in it.parts}
    places = {folder / it for it in load_register(folder).records}
    known = {path for path in letters if "earlier" in path.parts or path in places}
    if found.problems or found.notes or found.unknown or letters != known:
        raise SystemExit(f"{folder}: {found}, {sorted(letters - known)}")


def table_of(folder: Path) -> str:
    """Write the table for `optout sent --from`: all letters of a folder; return its name."""
    path = folder.with_suffix(".csv")
    rows = [f"{it},2026-11-25,mail\n" for it in sorted(folder.glob("*/*/*.txt"))]
    path.write_text("letter,on,by\n" + "".join(rows))
    return str(path)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else COUNT, given[1] if given[1:] else "")
