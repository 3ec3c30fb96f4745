"""Print how long `optout status` takes on the register of the whole country, and what it costs.

Runs in the environment that `make bench` makes. Each figure has its limit beside it; nothing fails.
"""

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import msgspec
from batch import ENGINES, OPTOUT, TURNS, batch, measured, some, timed, write_inputs

from bench import isolated
from optout_cli.register.events import AnyEvent, LetterFile, Sent, Written, WrittenLetter
from optout_cli.register.journal import Journal, JournalWriter

REQUESTS = 3143  # each has two letters: 6,286
AT = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
SENT = date(2026, 9, 1)
LIMIT = 2.0  # s
ROWS = 100  # of a batch with the register, and of one without
PAIRS = 5  # of such batches; each pair runs in turns, so that a busy computer slows both alike
SHARE = 5  # percent of a batch's CPU time that the register may add
COMMANDS = (("status",), ("status", "--due", "--csv"), ("status", "--json"))
REPORTS = (("status", "-f", "html"), ("status", "-f", "ics"))


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = isolated(folder)
        write_register(folder / "letters", environment)
        for words in (*COMMANDS, *REPORTS):
            command = [OPTOUT, *words, str(folder / "letters")]
            best = min(timed(command, environment) for _ in range(TURNS))
            limit = f", limit {LIMIT:g}" if words in COMMANDS[:2] else ""
            print(f"optout {' '.join(words)}, {2 * REQUESTS:,} letters, wall s: {best:.2f}{limit}")
        write_inputs(folder, environment)
        for engine in ENGINES:
            added = share_added(folder, environment, engine)
            print(f"the register in a batch, {engine}, CPU %: {added:+.1f}, limit {SHARE}")


def share_added(folder: Path, environment: dict[str, str], engine: str) -> float:
    """Return what the register adds to the CPU time of a batch, in percent: the median of pairs."""
    rows, found = some(folder, ROWS), []
    for turn in range(PAIRS):
        cost = {}
        for options in (((), ("--no-register",)), (("--no-register",), ()))[turn % 2]:
            with TemporaryDirectory(dir=folder) as out:
                command = batch(folder, rows, "-j1", "--engine", engine, *options, "-o", out)
                cost[options] = measured(command, environment)[0]
        found.append((cost[()] / cost["--no-register",] - 1) * 100)
    return median(found)


def write_register(folder: Path, environment: dict[str, str]) -> None:
    """Write a register of 6,286 letters, half of them sent; each has the facts of a real notice."""
    folder.mkdir()
    write = (OPTOUT, "write", "marin-county-ca", "--to", "bureau", "-f", "json", "-o", "-")
    facts = json.loads(subprocess.check_output(write, env=environment, stderr=subprocess.DEVNULL))
    listed = subprocess.check_output((OPTOUT, "list", "jurisdictions", "--json"), env=environment)
    places = [json.loads(line) for line in listed.splitlines()][:REQUESTS]
    writer = JournalWriter(folder, Journal())
    lines = writer.append([written(place, facts) for place in places])
    events: list[AnyEvent] = [
        Sent(
            at=AT,
            written=line.sha256,
            recipient="ice",
            reference=event.reference,
            on=SENT + timedelta(number % 60),
            by="certified-mail",
        )
        for number, (line, event) in enumerate(zip(lines, map(event_of, lines), strict=True))
    ]
    writer.append(events)
    writer.close()


def event_of(line: tuple[str, AnyEvent]) -> Written:
    """Return the event of a line that says that letters were written."""
    event = line[1]
    assert isinstance(event, Written)
    return event


def written(place: dict[str, str], facts: dict[str, object]) -> Written:
    """Return the event of a jurisdiction's two letters."""
    state, slug = place["state"], place["slug"]
    own = {"id": place["id"], "slug": slug, "name": place["name"], "formal": place["name"]}
    own |= {"state-code": state, "state-name": state}
    return Written(
        at=AT,
        request="all.ndjson:1",
        jurisdiction=place["id"],
        slug=slug,
        state=state,
        name=f"{place['name']}, {state}",
        letter="secure-communities/opt-out",
        date=SENT,
        reference=f"SC-{place['id']}-20260901-ABCD",
        signatory="Pat Placeholder, Sheriff",
        letters=tuple(
            WrittenLetter(
                recipient=party,
                office="ero-san-francisco",
                address=("Director", "1 Main Street", "Anytown, CA 94000"),
                files=(letter_file(f"{state}/{slug}/2026-09-01-opt-out-{party}.txt"),),
            )
            for party in ("bureau", "ice")
        ),
        facts=msgspec.Raw(msgspec.json.encode({**facts, "place": own})),
        fingerprint=sha256(slug.encode()).hexdigest(),
        version="0",
    )


def letter_file(path: str) -> LetterFile:
    """Return the record of a file that is not there: status does not read it."""
    digest = sha256(path.encode()).hexdigest()
    return LetterFile(path=path, format="txt", bytes=len(path), sha256=digest)


if __name__ == "__main__":
    main()
