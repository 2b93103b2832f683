"""Locks: one process at a time does a run, on one machine or on several that share the folder.

A lock is a file ``lock-<number>`` in the folder of the run. It says which process made it and is touched every few
seconds. It is created exclusively, which network file systems do in one step as well.
The lock of a process that is gone is taken over by creating the next number, so of several that try one succeeds.

No clock is compared with another: whether a process of this machine lives its kernel knows, and one elsewhere is taken
for dead when its lock was seen untouched for long enough.
"""

import contextlib
import os
import random
import re
import secrets
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from mann_bench.core.errors import StoreError
from mann_bench.results.process import Process

HEARTBEAT_SECONDS = 15.0
"""Time between two touches of a lock."""

STILL_SECONDS = 120.0
"""How long a lock of another machine has to be seen untouched. Network file systems show times up to a minute late."""

_NAME = re.compile(r"lock-([0-9]{1,9})")
_MOST_BYTES = 4096
_MOST_TRIES = 100


class LockLostError(Exception):
    """Another process took this one for dead, and holds the run now."""


class RunLock:
    """A lock that this process holds, and touches from a thread, until it is released. Use as a context manager."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path, self._content = path, content
        self._lost = False
        self._released = threading.Event()
        self._heart = threading.Thread(target=self._beat, name=path.name, daemon=True)
        self._heart.start()

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._heart.join()
        self._touch()
        if not self._lost:
            with contextlib.suppress(OSError):  # one that stays is that of a dead process before long
                self._path.unlink()
                self._path.parent.rmdir()  # only where it is empty

    def check(self) -> None:
        """Raise LockLostError where another process took the run over, as after this one was suspended for long."""
        if self._lost:
            raise LockLostError

    def confirm(self) -> None:
        """Look at the lock itself, then `check`."""
        self._touch()
        self.check()

    def _beat(self) -> None:
        while not self._lost and not self._released.wait(HEARTBEAT_SECONDS):
            self._touch()

    def _touch(self) -> None:
        try:
            if self._path.read_bytes() == self._content:
                os.utime(self._path)
            else:
                self._lost = True
        except FileNotFoundError:
            self._lost = True
        except OSError:
            return  # a file system that has trouble is asked again at the next beat


class _Seen(NamedTuple):
    """A lock file as it was seen. Two equal ones were not touched in between."""

    number: int
    content: bytes
    touched: int


class Locks:
    """The locks in the folder of a run, as one process sees them over time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._still: tuple[_Seen, float] | None = None

    def take(self) -> RunLock | Process:
        """Take the lock, where need be from a dead process; return it, or who holds it.

        Raises:
            StoreError: it cannot be created or read.
        """
        found: list[_Seen] = []
        try:
            for _ in range(_MOST_TRIES):
                found = self._look()
                if found and self._respected(found[-1]):
                    break
                if lock := self._create(found):
                    return lock
                time.sleep(random.uniform(0, 0.02))  # others try as well
        except OSError as error:
            raise StoreError(
                f"{self._folder}: the lock of the run cannot be taken: {error.strerror}. Make the folder writable, "
                "make room or choose another with --out, then give the same command again."
            ) from error
        return Process.parse(found[-1].content if found else b"")

    def _look(self) -> list[_Seen]:
        """Return the lock files that are there, by their numbers."""
        found = []
        self._folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # the last one to leave removes an empty folder
            for path in self._folder.iterdir():
                if match := _NAME.fullmatch(path.name):
                    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                        found.append(_Seen(int(match[1]), file.read(_MOST_BYTES), os.fstat(file.fileno()).st_mtime_ns))
        return sorted(found)

    def _respected(self, lock: _Seen) -> bool:
        """Tell whether a lock holds; of a process elsewhere, as long as it was not seen untouched for long enough."""
        lives = Process.parse(lock.content).lives()
        if lives is not None:
            return lives
        if self._still is None or self._still[0] != lock:
            self._still = lock, time.monotonic()
        return time.monotonic() - self._still[1] < STILL_SECONDS

    def _create(self, dead: list[_Seen]) -> RunLock | None:
        """Create the next lock and remove the dead ones; return None where somebody else may have been faster."""
        path = self._folder / f"lock-{dead[-1].number + 1 if dead else 1}"
        content = Process.this().to_bytes()
        try:
            _create_whole(path, content)
        except (FileExistsError, FileNotFoundError):
            return None
        known = {lock.content for lock in dead}
        if any(lock.content not in known | {content} for lock in self._look()):
            # Made since the first look, by one who saw no lock: both go back and try again.
            path.unlink(missing_ok=True)
            return None
        for lock in dead:
            with contextlib.suppress(OSError):  # a lower number does no harm
                (self._folder / f"lock-{lock.number}").unlink()
        return RunLock(path, content)


def _create_whole(path: Path, content: bytes) -> None:
    """Create a file with its content in one step, unless it is there.

    Raises:
        FileExistsError: it is there.
        FileNotFoundError: who holds the lock tidied up meanwhile.
        OSError: it cannot be created.
    """
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        staged.write_bytes(content)
        try:
            os.link(staged, path)
        except (FileExistsError, FileNotFoundError):
            # A file server that did not hear its own answer says that the link it just made is there.
            if path.read_bytes() != content:
                raise
        except OSError:  # there are no hard links here: the content follows a moment later
            with path.open("xb") as file:
                file.write(content)
    finally:
        with contextlib.suppress(OSError):  # whoever mends the run removes it
            staged.unlink()
