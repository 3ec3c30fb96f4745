"""Files are written all of them or none, whole, and never over another letter."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make_letters import told_by

from optout_cli.errors import OptoutError
from optout_cli.output import is_folder, is_stream, write_all, write_stream

Files = dict[str, bytes]


def below(folder: Path) -> Files:
    """Return each file below a folder with its content, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def put(folder: Path, files: Files) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def test_every_file_is_written_in_folders_made_for_it(tmp_path: Path) -> None:
    write_all({tmp_path / "a.pdf": b"A", tmp_path / "new" / "deep" / "b.pdf": b"B"})
    assert below(tmp_path) == {"a.pdf": b"A", "new/deep/b.pdf": b"B"}


def test_a_file_with_these_bytes_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, {"a.pdf": b"A"})
    before = (tmp_path / "a.pdf").stat()
    write_all({tmp_path / "a.pdf": b"A"})
    after = (tmp_path / "a.pdf").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_each_file_with_other_bytes_is_a_problem_and_nothing_is_written(tmp_path: Path) -> None:
    old = {"a.pdf": b"signed", "b.pdf": b"signed too"}
    put(tmp_path, old)
    a, b, c = (tmp_path / name for name in ("a.pdf", "b.pdf", "c.pdf"))
    told = told_by(lambda: write_all({c: b"C", a: b"A", b: b"B"}))
    assert (told, below(tmp_path)) == (
        f"""\
{a}: exists with other content; it may be a signed letter or another county's
  hint: name another folder with -o, or use --force, which moves this file to earlier/
{b}: exists with other content; it may be a signed letter or another county's
  hint: name another folder with -o, or use --force, which moves this file to earlier/""",
        old,
    )


def test_force_writes_over_other_bytes_and_leaves_nothing_beside(tmp_path: Path) -> None:
    put(tmp_path, {"a.pdf": b"old", "other": b"other"})
    write_all({tmp_path / "a.pdf": b"A", tmp_path / "b.pdf": b"B"}, force=True)
    assert below(tmp_path) == {"a.pdf": b"A", "b.pdf": b"B", "other": b"other"}


def test_a_folder_in_the_place_takes_the_other_files_back(tmp_path: Path) -> None:
    (tmp_path / "b.pdf").mkdir()
    told = told_by(lambda: write_all({tmp_path / it: b"new" for it in ("a.pdf", "b.pdf", "c.pdf")}))
    assert (told, below(tmp_path)) == (
        f"{tmp_path / 'b.pdf'}: cannot be written: Is a directory",
        {},
    )


def test_a_failure_puts_back_what_force_wrote_over(tmp_path: Path) -> None:
    put(tmp_path, {"a.pdf": b"signed"})
    (tmp_path / "b.pdf").mkdir()
    before = (tmp_path / "a.pdf").stat().st_mtime_ns
    with pytest.raises(OptoutError):
        write_all({tmp_path / "a.pdf": b"A", tmp_path / "b.pdf": b"B"}, force=True)
    after = (tmp_path / "a.pdf").stat().st_mtime_ns
    assert (below(tmp_path), after) == ({"a.pdf": b"signed"}, before)


def test_a_file_in_a_folders_place_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    put(tmp_path, {"out": b"a file"})
    path = tmp_path / "out" / "b.pdf"
    told = told_by(lambda: write_all({tmp_path / "a.pdf": b"A", path: b"B"}))
    assert (told, below(tmp_path)) == (
        f"{path}: cannot be written: {tmp_path / 'out'} is a file, not a folder",
        {"out": b"a file"},
    )


def test_a_name_that_the_system_refuses_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    assert (
        told_by(lambda: write_all({path: b"A"})) == f"{path}: cannot be written: File name too long"
    )


def test_an_interruption_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if target.name == "b.pdf":
            raise KeyboardInterrupt
        return place(self, target)

    put(tmp_path, {"a.pdf": b"signed"})
    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_all({tmp_path / "a.pdf": b"A", tmp_path / "b.pdf": b"B"}, force=True)
    assert below(tmp_path) == {"a.pdf": b"signed"}


@contextmanager
def small_files() -> Iterator[None]:
    """Let the system refuse to write more than 9 bytes into a file, as a full disk would.

    Only while the block runs: pytest's own output may go to a file.
    """
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_content_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    long = tmp_path / "b.pdf"
    with small_files():
        told = told_by(lambda: write_all({tmp_path / "a.pdf": b"A", long: b"more than 9 bytes"}))
    assert (told, below(tmp_path)) == (f"{long}: cannot be written: File too large", {})


def test_an_old_file_that_cannot_be_kept_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "b.pdf"
    path.write_bytes(b"more than 9 bytes")
    with small_files():
        told = told_by(lambda: write_all({tmp_path / "a.pdf": b"A", path: b"B"}, force=True))
    assert (told, below(tmp_path)) == (
        f"{path}: cannot be written: File too large",
        {"b.pdf": b"more than 9 bytes"},
    )


def kept(folder: Path) -> list[bytes]:
    files = [it for it in (folder / "earlier").iterdir() if not it.is_symlink()]
    return sorted(it.read_bytes() for it in files)


def replace(path: Path, content: bytes) -> Path | None:
    return write_all({path: content}, force=True, keep=[path])[path]


A = "559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd"  # SHA-256 of b"A"


def test_what_is_replaced_is_kept_beside_it_under_a_name_of_its_own(tmp_path: Path) -> None:
    path, fresh = tmp_path / "a.b.pdf", tmp_path / "c.pdf"
    path.write_bytes(b"A")
    assert write_all({path: b"B", fresh: b"C"}, force=True, keep=[path, fresh]) == {
        path: tmp_path / "earlier" / f"a.b.{A[:12]}.pdf",
        fresh: None,
    }
    assert below(tmp_path) == {"a.b.pdf": b"B", "c.pdf": b"C", f"earlier/a.b.{A[:12]}.pdf": b"A"}


def test_content_that_is_kept_already_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for content in (b"A", b"B", b"A", b"B", b"C"):
        replace(path, content)
    assert kept(tmp_path) == [b"A", b"B"]


def test_no_file_that_is_kept_is_ever_replaced(tmp_path: Path) -> None:
    (tmp_path / "earlier").mkdir()
    others = [f"earlier/a.{A[:12]}.pdf", f"earlier/a.{A}-1.pdf", f"earlier/a.{A}-2.pdf"]
    put(tmp_path, dict(zip(others[:2], (b"changed", b"changed too"), strict=True)))
    (tmp_path / others[2]).symlink_to("nowhere")
    path = tmp_path / "a.pdf"
    path.write_bytes(b"A")
    assert replace(path, b"B") == tmp_path / "earlier" / f"a.{A}-3.pdf"
    assert kept(tmp_path) == [b"A", b"changed", b"changed too"]


def test_a_copy_is_kept_where_the_disk_has_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    path = tmp_path / "a.pdf"
    for content in (b"A", b"B", b"A", b"B"):
        replace(path, content)
    assert (kept(tmp_path), path.read_bytes()) == ([b"A", b"B"], b"B")
    assert write_all({tmp_path / "b.pdf": b"new"}) == {tmp_path / "b.pdf": None}


def test_a_failure_keeps_nothing_that_is_in_its_own_place_again(tmp_path: Path) -> None:
    put(tmp_path, {"a.pdf": b"signed"})
    (tmp_path / "b.pdf").mkdir()
    files = {tmp_path / "a.pdf": b"A", tmp_path / "b.pdf": b"B"}
    with pytest.raises(OptoutError):
        write_all(files, force=True, keep=files)
    assert below(tmp_path) == {"a.pdf": b"signed"}


def test_what_a_link_shows_is_kept_and_its_file_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, {"scan.pdf": b"signed"})
    (tmp_path / "a.pdf").symlink_to("scan.pdf")
    replace(tmp_path / "a.pdf", b"A")
    assert (kept(tmp_path), (tmp_path / "scan.pdf").read_bytes()) == ([b"signed"], b"signed")
    assert not (tmp_path / "a.pdf").is_symlink()


@pytest.mark.parametrize("is_link", [True, False])
def test_a_letter_that_cannot_be_kept_is_not_replaced(tmp_path: Path, is_link: bool) -> None:
    put(tmp_path, {"a.pdf": b"signed"})
    place = tmp_path / "earlier"
    place.symlink_to(tmp_path) if is_link else place.write_bytes(b"a file")
    told = told_by(lambda: replace(tmp_path / "a.pdf", b"A"))
    assert ("symbolic link" if is_link else "is a file, not a folder") in told
    assert (tmp_path / "a.pdf").read_bytes() == b"signed"


def test_a_file_that_appears_while_another_is_written_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, path = os.link, tmp_path / "a.pdf"

    def late(source: Path, target: Path) -> None:
        path.write_bytes(b"another's")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    told = told_by(lambda: write_all({path: b"A"}))
    assert told.startswith(f"{path}: exists with other content;")
    assert below(tmp_path) == {"a.pdf": b"another's"}


NAMES = ("a.pdf", "b.pdf", "in/c.pdf")
BEFORE = st.sampled_from(["missing", "these bytes", "other bytes", "a folder", "below a file"])


def prepare(path: Path, before: str) -> None:
    match before:
        case "these bytes":
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"new")
        case "other bytes":
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"signed")
        case "a folder":
            path.mkdir(parents=True)
        case "below a file" if not path.parent.exists():
            path.parent.write_bytes(b"a file")


@given(before=st.tuples(BEFORE, BEFORE, BEFORE), force=st.booleans())
def test_either_every_file_is_written_or_everything_is_as_it_was(
    before: tuple[str, ...], force: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("out")
    for name, it in zip(NAMES, before, strict=True):
        prepare(folder / name, it)
    old = below(folder)
    try:
        write_all({folder / name: b"new" for name in NAMES}, force=force)
    except OptoutError:
        assert below(folder) == old
    else:
        assert below(folder) == dict.fromkeys(NAMES, b"new")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only POSIX has named pipes")
def test_a_folder_a_file_a_pipe_and_nothing_are_told_apart(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path, {"file": b""})
    places = (tmp_path, tmp_path / "file", tmp_path / "pipe", tmp_path / "nothing")
    assert [(is_folder(it), is_stream(it)) for it in places] == [
        (True, False),
        (False, False),
        (False, True),
        (False, False),
    ]


@pytest.mark.parametrize("ask", [is_folder, is_stream])
def test_a_name_too_long_for_any_place_is_a_problem(ask: Callable[[Path], bool]) -> None:
    name = Path("x" * 300)
    assert told_by(lambda: ask(name)) == f"{name}: cannot be written: File name too long"


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "stream"
    path.write_bytes(b"a longer old content")
    inode = path.stat().st_ino
    write_stream(path, b"new")
    assert (path.read_bytes(), path.stat().st_ino) == (b"new", inode)


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="only Linux has /dev/full")
def test_a_full_device_is_a_problem() -> None:
    full = Path("/dev/full")
    assert told_by(lambda: write_stream(full, b"A")) == (
        "/dev/full: cannot be written: No space left on device"
    )
