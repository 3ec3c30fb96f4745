"""Print what a batch costs: a letter beside WeasyPrint's own way, two workers beside one, memory.

Runs in the environment that `make bench` makes. Judges nothing: the limits are printed beside the
figures. What the whole country takes is for country.py to measure.
"""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import BIN, isolated

ROWS = 60  # of two letters each, side by side in one process
WORKED = 120  # rows whose letters one worker and two write
TURNS = 3  # of what is timed by the clock, whose shortest counts: others only make it longer
MEMORY = (200, 2000)  # letters of two workers: a hundred and a thousand each
OPTOUT = str(BIN / "optout")
COMMON = """\
letter: secure-communities/opt-out
date: 2026-11-24
signatory: {name: Pat Placeholder, title: Sheriff, email: sheriff@example.gov}
"""
# Compares our way with the library's, in turns, letter by letter, in one process.
SIDE_BY_SIDE = """
import sys
from datetime import date
from pathlib import Path
from statistics import median
from time import process_time
from tempfile import TemporaryDirectory
import gc
gc.disable()
from optout_cli.cache import Cache
from optout_cli.exporters import exporter_for
from optout_cli.batch.folder import OutFolder
from optout_cli.batch.rows import Job, checked, made
from optout_cli.letters.pipeline import Order, case_of, letters_of, request_file
from optout_cli.letters.library import Library
from optout_cli.batch.plan import planned
from optout_cli.batch.input import load_sheets, rows_of
from weasyprint import HTML

rows, common, work, rules = sys.argv[1:]
library = Library(cache=Cache(Path(work) / "cache"))
order = Order(today=date(2026, 11, 24), formats=("pdf",))
sheets = load_sheets([rows])
job = Job(library=library, order=order, common=request_file(common), folder=Path(work) / "out")
letters = {}
for number, row in rows_of(sheets):
    document = job.document_of(row.document)
    case = case_of(document, library, order)
    letters[number] = letters_of(case, document, library, order, Path(work))
pages = {
    number: [exporter_for("html").encode(it, library.press).decode()
             .replace("<style>", "<style>" + rules) for it in each]
    for number, each in letters.items()
}
gc.enable()  # as a program has it that does not care
ours, naive = [], []
with OutFolder(job.folder) as folder, folder.spool() as spool:
    gc.disable()
    start = process_time()
    plan = planned(checked(sheets, job, 1), spool)
    wanted = plan.unfinished(order, force=False)
    checking = (process_time() - start) / len(wanted)
    results = plan.results(wanted, sheets, job, 1)
    for number in list(wanted):
        gc.disable()
        start = process_time()
        made = next(results)
        folder.put([(it.record, it.content) for it in made.pieces])
        ours.append(process_time() - start + checking)
        gc.enable()
        start = process_time()
        for page in pages[number]:
            HTML(string=page).write_pdf(pdf_variant="pdf/a-2a")
        naive.append(process_time() - start)
pairs = list(zip(ours, naive))[2:]
print(sum(a for a, _ in pairs) / len(pairs) * 500, sum(b for _, b in pairs) / len(pairs) * 500)
"""


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        environment = isolated(folder)
        write_inputs(folder, environment)
        for line in figures(folder, environment):
            print(line, flush=True)


def write_inputs(folder: Path, environment: dict[str, str]) -> None:
    """Write a row for each county, and what all rows share."""
    (folder / "common.yaml").write_text(COMMON)
    listed = subprocess.check_output(
        (OPTOUT, "list", "jurisdictions", "--json"), env=environment, text=True
    )
    ids = [json.loads(line)["id"] for line in listed.splitlines()]
    known = [id for id in ids if id < "57"]  # the states, whose bureaus are known in full
    rows = [{"jurisdiction": id} for id in known]
    (folder / "all.ndjson").write_text("".join(json.dumps(it) + "\n" for it in rows))


def some(folder: Path, count: int) -> str:
    """Write a file of the first rows and return its name."""
    lines = (folder / "all.ndjson").read_text().splitlines(keepends=True)
    step = max(1, len(lines) // count)
    path = folder / f"rows-{count}.ndjson"
    path.write_text("".join(lines[::step][:count]))
    return str(path)


def figures(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Yield each figure with its limit."""
    command = (sys.executable, "-c", SIDE_BY_SIDE, some(folder, ROWS), str(folder / "common.yaml"))
    words = (*command, str(folder), font_rules())
    done = subprocess.check_output(words, env=environment, text=True)
    ours, naive = map(float, done.split())
    limit = 0.65 if sys.version_info >= (3, 12) else 0.80
    yield f"PDF, CPU ms a letter: {ours:.1f}; HTML(string=...).write_pdf(): {naive:.1f}"
    yield f"  ratio {ours / naive:.2f}, limit {limit:.2f} on Python {sys.version.split()[0]}"
    pairs = [(wall(folder, environment, 1), wall(folder, environment, 2)) for _ in range(TURNS)]
    walls = dict(enumerate(map(min, zip(*pairs, strict=True)), 1))
    yield f"{WORKED} rows as PDF, wall s: one worker {walls[1]:.1f}, two {walls[2]:.1f}"
    yield f"  ratio {walls[1] / walls[2]:.2f}, limit 1.70 on two idle cores"
    yield from weasymerge(folder, environment)
    cpu, letters = text(folder, environment)
    yield f"text with files, checked and written, a second and core: {letters / cpu:.0f}, limit 400"
    first, last = memory(folder, environment)
    yield f"a worker's memory, MiB: {first:.0f} at letter 100, {last:.0f} at letter 1,000"
    yield "  limits 130, and 10 more from one to the other"


def batch(folder: Path, rows: str, *options: str) -> list[str]:
    """Return the command for a table of rows."""
    common = ("--common", str(folder / "common.yaml"), "-q")
    return [OPTOUT, "batch", rows, *common, *options]


def wall(folder: Path, environment: dict[str, str], jobs: int) -> float:
    """Return the time of the whole command in s, into a folder of its own."""
    with TemporaryDirectory(dir=folder) as out:
        command = batch(folder, some(folder, WORKED), "-o", out, "-j", str(jobs))
        return timed(command, environment)


def weasymerge(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Compare the whole command with weasymerge's, which gets each letter's own page in a cell."""
    program = str(BIN / "weasymerge")
    if not Path(program).exists():
        yield "weasymerge 0.1.0 is left out: it needs Python 3.12"
        return
    rows = some(folder, WORKED)
    pages = batch(folder, rows, "--to", "bureau", "-f", "html", "-o", str(folder / "pages"))
    paths = subprocess.check_output(pages, env=environment, text=True).splitlines()
    rules = font_rules()
    with (folder / "pages.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["page"])
        for path in paths:
            writer.writerow([Path(path).read_text().replace("<style>", "<style>" + rules)])
    template = folder / "page.html"
    template.write_text("{% autoescape false %}{{ row.page }}{% endautoescape %}")
    merged = str(folder / "{row_number}.pdf")
    theirs = [program, "--data", str(folder / "pages.csv"), "--template", str(template)]
    times = []
    for _ in range(TURNS):
        with TemporaryDirectory(dir=folder) as out:
            ours = timed(batch(folder, rows, "--to", "bureau", "-o", out), environment)
        times.append((ours, timed([*theirs, "--output", merged], environment)))
    ours, other = map(min, zip(*times, strict=True))
    yield f"{WORKED} letters, whole command, wall s: {ours:.1f}; weasymerge 0.1.0: {other:.1f}"
    yield f"  times as fast {other / ours:.2f}, limit 2.50 on two idle cores"


def font_rules() -> str:
    """Return the rules by which a page finds the letters' typeface on the disk."""
    from optout_cli.engines.fonts import TYPEFACE, faces

    return "".join(
        f'@font-face {{ font-family: "{TYPEFACE}"; font-weight: {weight}; font-style: {style};'
        f' src: url("{path.as_uri()}") }}'
        for (weight, style), path in faces().items()
    )


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Run a command and return its time in s."""
    start = time.monotonic()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def text(folder: Path, environment: dict[str, str]) -> tuple[float, int]:
    """Return CPU s and letters of the country as text, in one process."""
    with TemporaryDirectory(dir=folder) as out:
        command = batch(folder, str(folder / "all.ndjson"), "-f", "txt", "-j1", "-o", out)
        cpu, _, _ = measured(command, environment)
        return cpu, lines_in(Path(out))


def memory(folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Return a worker's memory in MiB when it has written the first letters and the last."""
    with TemporaryDirectory(dir=folder) as out:
        command = batch(folder, some(folder, MEMORY[1] // 2 + 20), "-o", out, "-j2")
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        seen = []
        for letters in MEMORY:
            while lines_in(Path(out)) < letters and process.poll() is None:
                time.sleep(0.05)
            seen.append(max(resident(id) for id in children(process.pid)))
        process.kill()
        process.wait()
    return seen[0], seen[1]


def children(process: int) -> list[str]:
    """Return the ids of a process's workers."""
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def resident(process: str) -> float:
    """Return a process's resident memory in MiB, what it shares with its parent included."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def lines_in(folder: Path) -> int:
    """Return how many files the manifest of a folder has."""
    try:
        return (folder / "manifest.ndjson").read_bytes().count(b"\n")
    except OSError:
        return 0


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command; return CPU s with its children's, wall s, and the largest memory in MiB."""
    start = time.monotonic()
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(command[0], command, environment, file_actions=actions)
    _, _, usage = os.wait4(process, 0)
    wall = time.monotonic() - start
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
