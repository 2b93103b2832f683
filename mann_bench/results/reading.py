"""Read files that may come from anybody: plain ones of a bounded size, looked at before anything of them is read."""

import os
import stat
from pathlib import Path

LARGEST_RECORD = 32 * 2**20
"""Bytes of a record that are read: those of the default protocol's, were it evaluated at every step, and some."""

LARGEST_WEIGHTS = 2**30
"""Bytes of weights that are read."""


class UnreadableFileError(Exception):
    """A file is there and is not read; the message says why, as the end of a sentence."""


def read_plain(file: Path, most: int) -> bytes:
    """Return the content of a plain file of at most `most` bytes. A link is not followed, a pipe not waited for.

    Raises:
        UnreadableFileError: it is another kind of file, or larger.
        OSError: the system does not let it be read, or there is none.
    """
    if stat.S_ISLNK(os.lstat(file).st_mode):
        raise UnreadableFileError("it is a link, which is not followed; put the file itself there")
    # Between that look and this one the file may become another: what is open decides.
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFileError("it is no plain file")
        if status.st_size > most:
            raise UnreadableFileError(f"it has {status.st_size:,} bytes, at most {most:,} are read")
        content = _read(descriptor, status.st_size, most)
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise UnreadableFileError(f"it grew beyond {most:,} bytes while it was read")
    return content


def _read(descriptor: int, expected: int, most: int) -> bytes:
    """Return what is left of a file, and no more than a byte beyond `most`."""
    content = os.read(descriptor, min(expected, most) + 1)
    while len(content) <= most and (piece := os.read(descriptor, most + 1 - len(content))):
        content += piece
    return content
