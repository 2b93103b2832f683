import errno
import os
import resource
import threading
from pathlib import Path

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.results.files import prepare_file, prepare_folder, write_atomically


def raise_no_space(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def old(tmp_path):
    """A file that holds something already, alone in its folder."""
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def under_umask():
    """Return a function that sets the umask until the end of the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def untouched(path):
    return list(path.parent.iterdir()) == [path] and path.read_bytes() == b"old"


def test_a_new_file_has_its_content_and_nothing_lies_beside_it(tmp_path):
    write_atomically({tmp_path / "new": b"content\n\0"})
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("new", b"content\n\0")]


def test_an_old_file_is_replaced(old):
    write_atomically({old: b"new"})
    assert (old.read_bytes(), list(old.parent.iterdir())) == (b"new", [old])


def test_a_reader_of_the_old_file_keeps_it(old):
    with old.open("rb") as reading:
        write_atomically({old: b"new"})
        assert reading.read() == b"old"


def test_a_failing_sync_leaves_the_old_file_alone(old, monkeypatch):
    monkeypatch.setattr(os, "fsync", raise_no_space)
    with pytest.raises(OSError, match="No space left"):
        write_atomically({old: b"new"})
    assert untouched(old)


def test_a_failing_rename_leaves_the_old_file_alone(old, monkeypatch):
    monkeypatch.setattr(Path, "replace", raise_no_space)
    with pytest.raises(OSError, match="No space left"):
        write_atomically({old: b"new"})
    assert untouched(old)


def test_a_write_cut_short_leaves_the_old_file_alone(old):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_atomically({old: bytes(100_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert untouched(old)


def test_an_interrupt_leaves_the_old_file_alone(old, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically({old: b"new"})
    assert untouched(old)


def test_a_folder_that_cannot_be_synced_is_no_error(old, monkeypatch):
    real, calls = os.fsync, []

    def only_files(descriptor):
        calls.append(descriptor)
        return real(descriptor) if len(calls) == 1 else raise_no_space()

    monkeypatch.setattr(os, "fsync", only_files)
    write_atomically({old: b"new"})
    assert (len(calls), old.read_bytes()) == (2, b"new")


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically({tmp_path / "missing" / "file": b""})


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_permissions_follow_the_umask(tmp_path, under_umask, umask, mode):
    under_umask(umask)
    write_atomically({tmp_path / "file": b""})
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_no_file_gets_its_name_before_all_content_is_on_disk(tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def second_fails(descriptor):
        calls.append(descriptor)
        return real(descriptor) if len(calls) == 1 else raise_no_space()

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(OSError, match="No space left"):
        write_atomically({tmp_path / "first": b"1", tmp_path / "second": b"2"})
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_one_and_the_file_it_points_to_is_replaced(old, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link"
    link.symlink_to(old)
    write_atomically({link: b"new"})
    assert (link.readlink(), old.read_bytes(), list(link.parent.iterdir())) == (old, b"new", [link])


def test_a_pipe_takes_the_content_and_stays_a_pipe(tmp_path):
    pipe, taken = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: taken.append(pipe.read_bytes()))
    reader.start()
    write_atomically({pipe: b"content"})
    reader.join()
    assert (taken, pipe.is_fifo(), list(tmp_path.iterdir())) == ([b"content"], True, [pipe])


def test_a_pipe_needs_no_folder_that_can_be_written_to(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr("tempfile.TemporaryFile", raise_no_space)
    prepare_file(tmp_path / "pipe", "--html")


def test_the_folder_of_a_file_is_made(tmp_path):
    prepare_file(tmp_path / "deep" / "file", "--html")
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_folder_is_made_with_those_above_it_and_is_empty(tmp_path):
    prepare_folder(tmp_path / "deep" / "er", "--out")
    assert list((tmp_path / "deep" / "er").iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_an_error_that_names_the_option(old):
    with pytest.raises(UsageError, match=r"cannot write to .*deep: .* Choose another folder with --figures\."):
        prepare_folder(old / "deep", "--figures")
