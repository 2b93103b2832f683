import os
from pathlib import Path

import pytest

from mann_bench.results.reading import UnreadableFileError, read_plain


@pytest.fixture
def path(tmp_path):
    return tmp_path / "record.json"


@pytest.mark.parametrize("content", [b"", b"abc", b"x" * 100])
def test_a_plain_file_is_read(path, content):
    path.write_bytes(content)
    assert read_plain(path, 100) == content


def test_a_large_file_is_refused_unread(path):
    with path.open("wb") as file:
        file.truncate(5 * 10**9)
    with pytest.raises(UnreadableFileError, match=r"it has 5,000,000,000 bytes, at most 100 are read"):
        read_plain(path, 100)


def test_a_file_that_says_it_is_empty_is_read_no_further_than_allowed():
    with pytest.raises(UnreadableFileError, match="grew beyond 10 bytes"):
        read_plain(Path("/proc/self/status"), 10)


@pytest.mark.parametrize("target", ["other.json", "/etc/passwd", "nowhere"])
def test_a_link_is_not_followed(path, target):
    path.with_name("other.json").write_text("{}")
    path.symlink_to(target)
    with pytest.raises(UnreadableFileError, match="it is a link"):
        read_plain(path, 100)


def test_a_pipe_is_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(UnreadableFileError, match="no plain file"):
        read_plain(path, 100)


def test_a_folder_is_no_file(path):
    path.mkdir()
    with pytest.raises(UnreadableFileError, match="no plain file"):
        read_plain(path, 100)


def test_what_is_not_there_is_an_error_of_the_system(path):
    with pytest.raises(FileNotFoundError):
        read_plain(path, 100)
