"""Print what a batch costs: time per letter, beside other programs and by engine, and memory.

Runs in the environment that `make bench` makes. Each figure has its limit beside it; nothing fails.
The figures of the engine Typst are left out where optout has no --engine. country.py measures the
letters of the whole country.
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
from tempfile import TemporaryDirectory, mkdtemp

from bench import BIN, isolated

ENGINES = ("weasyprint", "typst")
ROWS = 60  # two letters each, for side_by_side.py
WORKED = 120  # rows whose letters one worker and two write
TURNS = 3  # of each time by the clock; the shortest counts, since other programs only add to it
MEMORY = (200, 2000)  # letters of two workers together: each has written 100, then 1,000
FAST_MEMORY = (200, 10_000)  # the same with Typst: 100, then 5,000
SAMPLE = 300  # rows, two letters each, that both engines write for the time of the whole country
MANY = 1000  # rows, two letters each: so many that the time to start hardly counts
MERGED = 300  # rows, two letters each, as an advocacy group has them
PAGES = 300  # of an enclosure that is drawn as fax pages
OPTOUT = str(BIN / "optout")
COMMON = """\
letter: secure-communities/opt-out
date: 2026-11-24
signatory: {name: Pat Placeholder, title: Sheriff, email: sheriff@example.gov}
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
    """Write a row for each county of the states, and the values that all rows share."""
    (folder / "common.yaml").write_text(COMMON)
    listed = subprocess.check_output(
        (OPTOUT, "list", "jurisdictions", "--json"), env=environment, text=True
    )
    ids = [json.loads(line)["id"] for line in listed.splitlines()]
    known = [id for id in ids if id < "57"]  # bureaus of territories lack parts of their address
    rows = [{"jurisdiction": id} for id in known]
    (folder / "all.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def some(folder: Path, count: int) -> str:
    """Write a file of `count` rows, evenly spread over the country, and return its name."""
    lines = (folder / "all.ndjson").read_text().splitlines(keepends=True)
    step = max(1, len(lines) // count)
    path = folder / f"rows-{count}.ndjson"
    path.write_text("".join(lines[::step][:count]))
    return str(path)


def dated(folder: Path, count: int) -> str:
    """Write a file of `count` rows, of one county on several days if need be."""
    lines = (folder / "all.ndjson").read_text().splitlines()
    rows = [
        json.dumps({**json.loads(line), "date": f"2026-11-{day}"})
        for day in range(10, 25)
        for line in lines
    ]
    path = folder / f"dated-{count}.ndjson"
    path.write_text("".join(f"{row}\n" for row in rows[:count]))
    return str(path)


def figures(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Yield each figure with its limit."""
    script = str(Path(__file__).with_name("side_by_side.py"))
    files = (some(folder, ROWS), str(folder / "common.yaml"), str(folder))
    words = (sys.executable, script, *files, font_rules())
    done = subprocess.check_output(words, env=environment, text=True)
    ours, typst, naive = map(float, done.split())
    limit = 0.65 if sys.version_info >= (3, 12) else 0.80
    yield f"PDF, CPU ms a letter: {ours:.1f}; HTML(string=...).write_pdf(): {naive:.1f}"
    yield f"  ratio {ours / naive:.2f}, limit {limit:.2f} on Python {sys.version.split()[0]}"
    yield f"PDF with typst, CPU ms a letter: {typst:.1f}"
    yield f"  ratio to the first {typst / ours:.2f}, limit 0.20"
    pairs = [(wall(folder, environment, 1), wall(folder, environment, 2)) for _ in range(TURNS)]
    walls = dict(enumerate(map(min, zip(*pairs, strict=True)), 1))
    yield f"{WORKED} rows as PDF, wall s: one worker {walls[1]:.1f}, two {walls[2]:.1f}"
    yield f"  ratio {walls[1] / walls[2]:.2f}, limit 1.70 on two idle cores"
    yield from weasymerge(folder, environment)
    cpu, letters = text(folder, environment)
    yield f"text with files, checked and written, a second and core: {letters / cpu:.0f}, limit 400"
    first, last = memory(folder, environment, MEMORY)
    yield f"a worker's memory, MiB: {first:.0f} at letter 100, {last:.0f} at letter 1,000"
    yield "  limits 130, and 10 more from one to the other"
    peak = enclosure(folder, environment)
    yield f"fax pages of an enclosure of {PAGES} pages, peak MiB: {peak:.0f}, limit 250"
    if "--engine" in subprocess.check_output((OPTOUT, "batch", "--help"), text=True):
        yield from engines(folder, environment)
    else:
        yield "the engine Typst is left out: this optout has no --engine"


def engines(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Yield what the letters cost with Typst, beside WeasyPrint and beside Typst alone."""
    rows, many = some(folder, SAMPLE), some(folder, MANY)
    slow, letters = engine_cost(folder, environment, rows, "weasyprint")
    fast, _ = engine_cost(folder, environment, rows, "typst")
    yield f"PDF, whole command, CPU ms a letter: weasyprint {slow:.1f}; typst {fast:.1f}"
    yield f"  ratio {fast / slow:.2f}, limit 0.20; {letters} letters each"
    script = str(Path(__file__).with_name("bare_typst.py"))
    words = (sys.executable, script, many, str(folder / "common.yaml"), str(folder))
    cpu, count = map(float, subprocess.check_output(words, env=environment, text=True).split())
    bare = cpu / count * 1000
    fast, _ = engine_cost(folder, environment, many, "typst")
    yield f"PDF, CPU ms a letter: typst {fast:.1f}; the same pages in a bare loop {bare:.1f}"
    yield f"  ratio {fast / bare:.2f}, limit 1.50"
    yield from beside_weasymerge(folder, environment)
    walls = {name: engine_wall(folder, environment, rows, name) for name in ENGINES}
    share = walls["typst"] / walls["weasyprint"]
    whole = walls["typst"] * len((folder / "all.ndjson").read_text().splitlines()) / SAMPLE
    yield f"{2 * SAMPLE} letters, two workers, wall s: " + "; ".join(
        f"{name} {wall:.1f}" for name, wall in walls.items()
    )
    yield f"  ratio {share:.2f}, limit 0.25; the whole country in {whole:.0f} s with typst"
    first, last = memory(folder, environment, FAST_MEMORY, "--engine", "typst")
    yield f"a worker's memory, typst, MiB: {first:.0f} at letter 100, {last:.0f} at letter 5,000"
    yield "  limits 130, and 10 more from one to the other"
    out = new_folder(folder)
    bound = ("--engine", "typst", "--print", str(Path(out) / "all.pdf"))
    command = batch(folder, str(folder / "all.ndjson"), "-o", out, *bound)
    _, took, peak = measured(command, environment)
    yield f"the whole country with --print, typst: {took:.0f} s wall, {peak:.0f} MiB"
    yield "  limit 250 MiB"


def engine_cost(
    folder: Path, environment: dict[str, str], rows: str, engine: str, *options: str
) -> tuple[float, int]:
    """Return the CPU time of the whole command in ms a letter, and the number of letters."""
    out = new_folder(folder)
    command = batch(folder, rows, "-j1", "--engine", engine, *options, "-o", out)
    cpu, _, _ = measured(command, environment)
    letters = len(list(Path(out).glob("*/*/*.pdf")))
    return cpu / letters * 1000, letters


def engine_wall(folder: Path, environment: dict[str, str], rows: str, engine: str) -> float:
    """Return the time of the whole command with two workers in s."""
    command = batch(folder, rows, "-j2", "--engine", engine, "-o", new_folder(folder))
    return timed(command, environment)


def beside_weasymerge(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Compare Typst's letters with those of weasymerge."""
    if not (BIN / "weasymerge").exists():
        return
    rows = some(folder, MERGED)
    write_pages(folder, rows, environment)
    cpu, _, _ = measured(merge_command(folder), environment)
    fast, letters = engine_cost(folder, environment, rows, "typst")
    other = cpu / letters * 1000
    yield f"PDF, whole command, CPU ms a letter: typst {fast:.1f}; weasymerge 0.1.0 {other:.1f}"
    yield f"  ratio {fast / other:.3f}, limit 0.05; {letters} letters each"


def enclosure(folder: Path, environment: dict[str, str]) -> float:
    """Return the peak memory in MiB of the fax pages of a letter with a long enclosure."""
    from pikepdf import Dictionary, Name, new

    with new() as document:
        face = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        for number in range(PAGES):
            page = document.add_blank_page(page_size=(612, 792))
            page.Resources = Dictionary(Font=Dictionary(F=face))
            page.Contents = document.make_stream(b"BT /F 20 Tf 72 700 Td (page %d) Tj ET" % number)
        document.save(folder / "long.pdf")
    lines = (
        *("jurisdiction: marin-county-ca", COMMON, "signature: {kind: typed}"),
        *("recipients: {bureau: {fax: 916-555-0130}}", "enclosures: [{title: A, file: long.pdf}]"),
    )
    (folder / "long.yaml").write_text("\n".join(lines))
    command = [OPTOUT, "write", str(folder / "long.yaml"), "--to", "bureau", "-f", "tiff", "-q"]
    return measured([*command, "-o", str(folder / "long.tiff")], environment)[2]


def batch(folder: Path, rows: str, *options: str) -> list[str]:
    """Return the command for a table of rows."""
    common = ("--common", str(folder / "common.yaml"), "-q")
    return [OPTOUT, "batch", rows, *common, *options]


def wall(folder: Path, environment: dict[str, str], jobs: int) -> float:
    """Return the time of the whole command in s; it writes into an empty folder."""
    options = ("-o", new_folder(folder), "-j", str(jobs))
    return timed(batch(folder, some(folder, WORKED), *options), environment)


def weasymerge(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Compare the whole command with weasymerge, which reads each letter's page from a cell."""
    if not (BIN / "weasymerge").exists():
        yield "weasymerge 0.1.0 is left out: it needs Python 3.12"
        return
    rows = some(folder, WORKED)
    write_pages(folder, rows, environment, "--to", "bureau")
    times = []
    for _ in range(TURNS):
        ours = timed(batch(folder, rows, "--to", "bureau", "-o", new_folder(folder)), environment)
        times.append((ours, timed(merge_command(folder), environment)))
    ours, other = map(min, zip(*times, strict=True))
    yield f"{WORKED} letters, whole command, wall s: {ours:.1f}; weasymerge 0.1.0: {other:.1f}"
    yield f"  times as fast {other / ours:.2f}, limit 2.50 on two idle cores"


def write_pages(folder: Path, rows: str, environment: dict[str, str], *options: str) -> None:
    """Write what weasymerge reads: a table with the page of each letter, and a template."""
    pages = batch(folder, rows, *options, "-f", "html", "-o", new_folder(folder))
    paths = subprocess.check_output(pages, env=environment, text=True).splitlines()
    rules = font_rules()
    with (folder / "pages.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["page"])
        for path in paths:
            writer.writerow([Path(path).read_text().replace("<style>", "<style>" + rules)])
    template = folder / "page.html"
    template.write_text("{% autoescape false %}{{ row.page }}{% endautoescape %}")


def merge_command(folder: Path) -> list[str]:
    """Return the command by which weasymerge prints the pages of `write_pages`."""
    inputs = ("--data", str(folder / "pages.csv"), "--template", str(folder / "page.html"))
    return [str(BIN / "weasymerge"), *inputs, "--output", str(folder / "{row_number}.pdf")]


def font_rules() -> str:
    """Return the CSS rules by which a page finds the letters' typeface on the disk."""
    from optout_cli.engines.measure import TYPEFACE, faces

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
    """Return the CPU time in s for all letters as text in one process, and their number."""
    out = new_folder(folder)
    command = batch(folder, str(folder / "all.ndjson"), "-f", "txt", "-j1", "-o", out)
    cpu, _, _ = measured(command, environment)
    return cpu, files_in(Path(out))


def new_folder(folder: Path) -> str:
    """Make a folder for letters, which stays to the end.

    Where many files were just deleted, ext4 takes several times as long to make a new one.
    """
    return mkdtemp(dir=folder)


def memory(
    folder: Path, environment: dict[str, str], counts: tuple[int, int], *options: str
) -> tuple[float, float]:
    """Return the memory of the largest worker in MiB, after the first letters and at the end."""
    out = new_folder(folder)
    rows = dated(folder, counts[1] // 2 + 20)
    command = batch(folder, rows, "-o", out, "-j2", *options)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    seen = []
    for letters in counts:
        while files_in(Path(out)) < letters and process.poll() is None:
            time.sleep(0.05)
        seen.append(max(resident(id) for id in children(process.pid)))
    process.kill()
    process.wait()
    return seen[0], seen[1]


def children(process: int) -> list[str]:
    """Return the ids of a process's workers."""
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def resident(process: str) -> float:
    """Return a process's resident memory in MiB, including what it shares with its parent."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def files_in(folder: Path) -> int:
    """Return how many files of letters are in a folder of a batch."""
    return sum(1 for _ in folder.glob("??/*/*.*"))


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command; return CPU s (with its children), wall s, and the largest memory in MiB."""
    start = time.monotonic()
    actions = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    process = os.posix_spawn(command[0], command, environment, file_actions=actions)
    _, _, usage = os.wait4(process, 0)
    wall = time.monotonic() - start
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
