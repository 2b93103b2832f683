"""Marks in the cache while a plugin's code is imported or built: they stay where that code takes the process down.

A mark is locked by the process that made it, and the system unlocks it when that process ends, however it ends. Where
there is no such folder, lock or right to write, there are no marks, and nothing else changes.
"""

import contextlib
import itertools
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mann_bench.core.cache import cache_folder

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None  # type: ignore[assignment]

_LARGEST = 4096
_MOST = 100
_numbers = itertools.count()


@contextlib.contextmanager
def marked(**about: str) -> Iterator[None]:
    """Leave a mark that says what is `about` to be done, until it is over."""
    folder, path, descriptor = _folder(), None, None
    if folder is not None and fcntl is not None:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{os.getpid()}-{next(_numbers)}"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, json.dumps(about).encode()[:_LARGEST])
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if descriptor is not None and path is not None:
                path.unlink()
        with contextlib.suppress(OSError):  # what was done may have closed it
            if descriptor is not None:
                os.close(descriptor)


def left_behind() -> list[dict[str, str]]:
    """Return what the marks say whose processes are gone, and remove them."""
    folder = _folder()
    if folder is None or fcntl is None:
        return []
    try:
        paths = sorted(folder.iterdir())[:_MOST]
    except OSError:
        return []
    return [about for path in paths if (about := _taken(path)) is not None]


def _taken(path: Path) -> dict[str, str] | None:
    """Return what an abandoned mark says, and remove it; None where it is none, or its process lives."""
    with contextlib.suppress(OSError, ValueError):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                return None
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            about: Any = json.loads(os.read(descriptor, _LARGEST) or "{}")
            path.unlink()
            if isinstance(about, dict) and all(isinstance(value, str) for value in about.values()):
                return about
        finally:
            os.close(descriptor)
    return None


def _folder() -> Path | None:
    """Return where marks lie: beside compiled libraries; None where there is no such folder."""
    return folder / "importing" if (folder := cache_folder()) else None
