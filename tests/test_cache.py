"""The cache: by content, never used when damaged, never an error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optout_cli import cache as module
from optout_cli.cache import Cache, write_whole


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not" / "yet" / "there"


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def test_a_payload_that_was_put_is_returned(folder: Path) -> None:
    Cache(folder).put(b"key", b"payload")
    assert Cache(folder).get(b"key") == b"payload"


def test_a_key_that_was_never_put_gets_nothing(folder: Path) -> None:
    Cache(folder).put(b"key", b"payload")
    assert Cache(folder).get(b"another") is None


def test_a_second_put_replaces_the_first(folder: Path) -> None:
    Cache(folder).put(b"key", b"old")
    Cache(folder).put(b"key", b"new")
    assert Cache(folder).get(b"key") == b"new"


def test_an_empty_payload_is_kept_and_is_not_nothing(folder: Path) -> None:
    Cache(folder).put(b"key", b"")
    assert Cache(folder).get(b"key") == b""


def test_without_a_folder_nothing_is_kept() -> None:
    cache = Cache(None)
    cache.put(b"key", b"payload")
    assert cache.get(b"key") is None


def test_another_release_never_reads_what_this_one_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cache(folder).put(b"key", b"payload")
    monkeypatch.setattr(module, "__version__", "999.0")
    assert Cache(folder).get(b"key") is None


@given(at=st.integers(0, 38), flip=st.integers(1, 255))
def test_an_entry_with_any_byte_changed_is_not_used(
    at: int, flip: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cache")
    Cache(folder).put(b"key", b"payload")
    path = only_file(folder)
    entry = bytearray(path.read_bytes())
    entry[at] ^= flip
    path.write_bytes(entry)
    assert Cache(folder).get(b"key") is None


@pytest.mark.parametrize("length", [0, 1, 31, 32, 38])
def test_a_truncated_entry_is_not_used(folder: Path, length: int) -> None:
    Cache(folder).put(b"key", b"payload")
    path = only_file(folder)
    path.write_bytes(path.read_bytes()[:length])
    assert Cache(folder).get(b"key") is None


def test_a_damaged_entry_is_written_anew(folder: Path) -> None:
    Cache(folder).put(b"key", b"payload")
    only_file(folder).write_bytes(b"rubbish")
    Cache(folder).put(b"key", b"payload")
    assert Cache(folder).get(b"key") == b"payload"


def test_a_folder_that_cannot_be_made_keeps_nothing_and_raises_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put(b"key", b"payload")
    assert cache.get(b"key") is None


def test_a_folder_in_the_entrys_place_raises_nothing_and_leaves_nothing(folder: Path) -> None:
    Cache(folder).put(b"key", b"payload")
    path = only_file(folder)
    path.unlink()
    path.mkdir()
    Cache(folder).put(b"key", b"payload")
    assert (Cache(folder).get(b"key"), only_file(folder)) == (None, path)


def test_the_folder_is_the_users_own(folder: Path) -> None:
    Cache(folder).put(b"key", b"payload")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_file_written_whole_replaces_what_was_there_and_leaves_nothing_beside(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a longer old content")
    write_whole(path, b"new")
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == {"file": b"new"}


def test_a_refused_write_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path / "folder", b"new")
    assert [it.name for it in tmp_path.iterdir()] == ["folder"]
