"""Run commands with Windows' own Python under Wine, and compare what they do with this computer.

Wine runs programs for Windows on Linux. Windows' Python comes in the wheel of `panda3d`, which
makes games for Windows on other systems; the modules written in Python are those of this Python,
which must be of the same version. Everything else is installed as pip would on Windows. WeasyPrint
finds no Pango there, so Typst prints, on both.

Usage: python tools/windows/windows.py FOLDER, in an environment that has optout. FOLDER keeps
Windows' Python for the next run. Exits 0 if every command does the same on both.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSION = f"{sys.version_info.major}{sys.version_info.minor}"
DLL = f"python{VERSION}.dll"
FOR_WINDOWS = ("--platform", "win_amd64", "--only-binary", ":all:", "--quiet")
# Wine 8 forgets an empty message in a pipe, by which a pool of processes is woken up.
WOKEN_BY = ('send_bytes(b"")', 'send_bytes(b"x")')
ALL = "pdf,txt,html,json,fax,tiff,fax-pdf"
LETTER = "ev/2026-11-24-opt-out-ice.pdf"
COMMANDS = (
    "doctor",
    "list formats",
    "show dona-ana-county-nm",
    "check everything.yaml",
    "check folder.yaml",
    f"write everything.yaml -o ev -f {ALL}",
    "write everything.yaml -o word -f docx --no-register",  # which would have other SHA-256
    "write dakota-county-287g.yaml -o dakota",
    "write san-francisco-2010-joint.yaml -o joint -f pdf",
    "guide dona-ana-county-nm -f pdf -o guide.pdf",
    "batch rows.csv --letter secure-communities/opt-out --date 2026-11-24 -o out -j 2",
    "batch rows.csv --letter secure-communities/opt-out --date 2026-11-24 -o out -j 2",
    f"sent {LETTER} --by certified-mail --on 2026-11-25 --receipt placeholder-resolution.pdf",
    f"answer {LETTER} --reply refused --on 2026-11-27 --by ICE",
    "status ev --verify",
    "labels ev -o labels.pdf",
    f"diff {LETTER} word/2026-11-24-opt-out-ice.docx",
)
ROWS = """\
jurisdiction,signatory.name,signatory.title
06041,Pat Placeholder,Sheriff
35013,María Placeholder,Sheriff
nowhere,Pat Placeholder,Sheriff
31043,Pat Placeholder,Sheriff
"""
# Lines that are about a computer, not about what a command does.
_LOCAL = re.compile(
    r"(note: typst prints the pages,|wine:|        fix:|(ok|poor) +(optout|packages|weasyprint|"
    r"typst|Pango|harfbuzz-subset|cache|locale):).*\n"
)


def main(folder: Path) -> int:
    """Try each command on both, print the differences, and return the exit code."""
    python = folder / "python" / "python.exe"
    if not python.exists():
        make_python(python.parent)
    problems, tried = [], 0
    with tempfile.TemporaryDirectory() as name:
        here, windows = (desk_in(Path(name) / side) for side in ("here", "windows"))
        for command in COMMANDS:
            words = command.split()
            ended = [
                run((sys.executable, "-m", "optout_cli", *words), here),
                run(("wine", str(python), "-m", "optout_cli", *words), windows, folder / "wine"),
            ]
            tried += 1
            if ended[0] != ended[1]:
                problems.append(f"optout {command}\n  here: {ended[0]}\n  Windows: {ended[1]}")
        files = {path.relative_to(it) for it in (here, windows) for path in files_in(it)}
        for file in sorted(files):
            tried += 1
            if not is_same(here / file, windows / file):
                problems.append(f"{file} differs")
    for problem in problems:
        print(problem)
    print(f"{tried - len(problems)} passed, {len(problems)} failed")
    return bool(problems)


def make_python(folder: Path) -> None:
    """Make a folder with Windows' Python, optout, and all that optout needs."""
    print("Making Windows' Python, some minutes the first time", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was interrupted
    with tempfile.TemporaryDirectory() as name:
        pip("download", *FOR_WINDOWS, "--no-deps", "--dest", name, "panda3d>=1.10.16,<1.11")
        (wheel,) = Path(name).glob("*.whl")
        for at, kinds in ((folder, (DLL, "VCRUNTIME140.dll")), (folder / "DLLs", (".pyd", ".dll"))):
            at.mkdir(parents=True)
            with ZipFile(wheel) as parts:
                for part in parts.namelist():
                    if part.startswith("deploy_libs/") and part.endswith(kinds):
                        (at / Path(part).name).write_bytes(parts.read(part))
    without = shutil.ignore_patterns("site-packages", "lib-dynload", "test", "config-*", "*.pyc")
    shutil.copytree(sysconfig.get_path("stdlib"), folder / "Lib", ignore=without)
    waking = folder / "Lib" / "concurrent" / "futures" / "process.py"
    waking.write_text(waking.read_text("utf-8").replace(*WOKEN_BY), "utf-8")
    target = ("--target", str(folder / "Lib" / "site-packages"))
    with tempfile.TemporaryDirectory() as name:
        pip("wheel", "--quiet", "--no-deps", "--wheel-dir", name, str(ROOT))
        pip("install", *FOR_WINDOWS, *target, *map(str, Path(name).iterdir()), "colorama")
    compile_into(folder)


def compile_into(folder: Path) -> None:
    """Compile python.exe, and the libraries that packages for Windows expect beside it."""
    compiler = ("x86_64-w64-mingw32-gcc", "-O1", "-o")
    random = (folder / "bcryptprimitives.dll", "-shared", HERE / "bcryptprimitives.c", "-ladvapi32")
    subprocess.run((*compiler, *random), check=True)
    # python3.dll hands each of its functions on to the library of this version.
    table = subprocess.run(
        ("x86_64-w64-mingw32-objdump", "-p", folder / DLL),
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = re.findall(r"^\t\[ *\d+\].* (_?Py\w+)$", table, re.MULTILINE)
    handed_on = folder / "python3.def"
    lines = (f"{name} = {DLL.removesuffix('.dll')}.{name}\n" for name in dict.fromkeys(names))
    handed_on.write_text(f"LIBRARY python3.dll\nEXPORTS\n{''.join(lines)}", "ascii")
    nothing = folder / "nothing.c"
    nothing.write_text("int DllMain(void *a, int b, void *c) { return 1; }\n", "ascii")
    subprocess.run((*compiler, folder / "python3.dll", "-shared", nothing, handed_on), check=True)
    named = f'-DPYTHON_DLL=L"{DLL}"'
    subprocess.run(
        (*compiler, folder / "python.exe", "-municode", named, HERE / "python.c"), check=True
    )


def pip(*words: str) -> None:
    """Run pip. Stops the run if it fails."""
    subprocess.run((sys.executable, "-m", "pip", *words), check=True)


def desk_in(folder: Path) -> Path:
    """Make a folder with the examples, a table, and a folder that has the name of a request."""
    shutil.copytree(ROOT / "examples", folder)
    (folder / "rows.csv").write_text(ROWS, "utf-8")
    (folder / "folder.yaml").mkdir()
    return folder


def run(command: tuple[str, ...], folder: Path, wine: Path | None = None) -> tuple[int, str]:
    """Run a command in a folder, and return its exit code and its words, alike on both."""
    own = {
        "OPTOUT_ENGINE": "typst",
        "PYTHONUTF8": "1",
        "COLUMNS": "100",
        "XDG_CACHE_HOME": f"{folder}-cache",
    }
    if wine:  # whose drive Z: is this computer; the code is that of today
        own |= {"WINEPREFIX": str(wine), "WINEDEBUG": "-all", "PYTHONPATH": f"Z:{ROOT}"}
    # Only pipes: Wine 8 hands no file on to Python.
    done = subprocess.run(
        command, cwd=folder, env=os.environ | own, input=b"", capture_output=True, check=False
    )
    said = (done.stdout + done.stderr).decode(errors="replace").replace("\r\n", "\n")
    return done.returncode, _LOCAL.sub("", said.replace("\\", "/"))


def files_in(folder: Path) -> list[Path]:
    """Return the files in a folder, without those that are for optout alone."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if ".optout" not in path.parts]


def is_same(one: Path, other: Path) -> bool:
    """Tell whether two files are both there, and alike as far as they can be on two computers.

    Of a register it is the number of lines, which have the moment of writing; of a Word document
    the words, since its pictures are packed in another way.
    """
    if not (one.is_file() and other.is_file()):
        return False
    if one.suffix == ".docx":
        words = (sys.executable, "-m", "optout_cli", "diff", str(one), str(other))
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        return done.stderr.startswith("nothing changed")
    contents = [path.read_bytes() for path in (one, other)]
    if one.name == "register.ndjson":
        return contents[0].count(b"\n") == contents[1].count(b"\n")
    if one.suffix == ".csv":
        contents = [content.replace(b"\\", b"/") for content in contents]
    return contents[0] == contents[1]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
