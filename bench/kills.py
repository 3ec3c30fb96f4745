"""Kill `optout batch` and `optout sent --from` at random instants, and compare folder and register.

Usage: python bench/kills.py [COUNT]. Each command has 60 rows, and is killed COUNT times (100) with
SIGKILL. Ends with an error if a letter has no event, if an event has no letter, if the chain is
broken, or if the same command does not finish what the killed one began. Not part of `make bench`:
it measures nothing.
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
from optout_cli.register.folder import recording
from optout_cli.register.journal import load_journal
from optout_cli.register.records import load_register
from optout_cli.register.status import verify

ROWS = 60
COUNT = 100
SEED = 13


def main(count: int) -> None:
    """Kill the commands, and print how many were still running and what was found."""
    random.seed(SEED)
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = isolated(folder)
        write_inputs(folder, environment)
        rows, common = some(folder, ROWS), str(folder / "common.yaml")
        options = ("--common", common, "-f", "txt", "-q", "-o")
        tallies = [Counter[str](), Counter[str]()]
        for number in range(count):
            out = folder / f"out-{number // 10}"  # nine runs of ten replace letters
            signer = f"signatory.name=Pat {number}"
            batch = [OPTOUT, "batch", rows, "--set", signer, *options, str(out)]
            tallies[0] += killed(batch, out, environment)
        written = folder / "written"
        run([OPTOUT, "batch", rows, *options, str(written)], environment)
        for number in range(count):
            out = folder / f"sent-{number}"
            copytree(written, out)
            sent = [OPTOUT, "sent", "--from", table_of(out), "-q"]
            tallies[1] += killed(sent, out, environment)
            events = [it.event for it in load_journal(out).lines if isinstance(it.event, Sent)]
            if len(events) != ROWS * 2:
                raise SystemExit(f"{len(events)} events for {ROWS * 2} letters that were sent")
    for command, tally in zip(("batch", "sent --from"), tallies, strict=True):
        print(f"{command}: {dict(tally)}")


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a command to its end."""
    null = subprocess.DEVNULL
    subprocess.run(command, env=environment, stdout=null, stderr=null, check=True)


def killed(command: list[str], folder: Path, environment: dict[str, str]) -> Counter[str]:
    """Kill a command at a random instant, compare, run it to its end, and compare again."""
    began = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(random.uniform(0.3, 2.5))  # noqa: S311  # no secret
        found = Counter(ended=1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        found = Counter(killed=1)
    compare(folder)
    run(command, environment)
    compare(folder)
    found["seconds"] = round(time.monotonic() - began)
    return found


def compare(folder: Path) -> None:
    """Exit if folder and register do not agree, after what the next command does first."""
    if not folder.exists():
        return
    with recording(folder):
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
    main(int(sys.argv[1]) if sys.argv[1:] else COUNT)
