"""Let a file operation below a folder fail, or be the last thing that a process does."""

import builtins
import errno
import io
import os
import signal
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

_OPERATIONS = (
    *("open", "mkdir", "rmdir", "unlink", "remove", "rename", "replace", "link", "utime"),
    *("stat", "lstat", "listdir", "scandir", "fsync"),
)


class Fault(StrEnum):
    """What happens at a file operation.

    A short write, and a kill within one, leave half of what was to be written.
    """

    NO_SPACE = "ENOSPC"
    IO_ERROR = "EIO"
    NO_PERMISSION = "EACCES"
    SHORT_WRITE = "short write"
    KILL = "kill"
    KILL_IN_WRITE = "kill in write"

    @property
    def kills(self) -> bool:
        """Whether the process ends with it."""
        return self in (Fault.KILL, Fault.KILL_IN_WRITE)

    @property
    def of_writes(self) -> bool:
        """Whether it happens to writes alone."""
        return self in (Fault.SHORT_WRITE, Fault.KILL_IN_WRITE)


class Faults:
    """Counts operations on files below `root`, from 1 on, and lets number `at` fail. Use as a context manager."""

    def __init__(self, root: Path, fault: Fault, at: int) -> None:
        self.root, self.fault, self.at = str(root), fault, at
        self.count = 0
        self.hit: str | None = None
        """The operation that failed."""
        self._real: dict[str, Any] = {}

    def __enter__(self) -> "Faults":
        self._real = {name: getattr(os, name) for name in _OPERATIONS} | {"io.open": io.open}
        for name in _OPERATIONS:
            setattr(os, name, self._failing(name, self._real[name]))
        builtins.open = io.open = self._open  # type: ignore[assignment]
        return self

    def __exit__(self, *_: object) -> None:
        for name in _OPERATIONS:
            setattr(os, name, self._real[name])
        builtins.open = io.open = self._real["io.open"]

    def write(self, file: Any, content: bytes) -> int:
        """Write to a file below the root."""
        if self.fault.of_writes and self._due(f"write {file.name}"):
            file.write(content[: len(content) // 2])
            file.flush()
            self._fail()
        elif not self.fault.of_writes and self._due(f"write {file.name}"):
            self._fail()
        written: int = file.write(content)
        return written

    def _failing(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any, **options: Any) -> Any:
            if not self.fault.of_writes and self._below(name, arguments) and self._due(f"{name} {arguments}"):
                self._fail()
            return real(*arguments, **options)

        return operation

    def _open(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        below = self._below("open", (file,))
        if below and not self.fault.of_writes and self._due(f"open {file} {mode}"):
            self._fail()
        opened = self._real["io.open"](file, mode, *arguments, **options)
        return _Written(opened, self) if below and set(mode) & set("wxa+") else opened

    def _below(self, name: str, arguments: tuple[Any, ...]) -> bool:
        if name == "fsync":
            return True
        return any(str(path).startswith(self.root) for path in arguments[:2] if isinstance(path, str | os.PathLike))

    def _due(self, operation: str) -> bool:
        self.count += 1
        if self.count == self.at:
            self.hit = operation
        return self.count == self.at

    def _fail(self) -> None:
        if self.fault.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        number = {"EIO": errno.EIO, "EACCES": errno.EACCES}.get(self.fault.value, errno.ENOSPC)
        raise OSError(number, os.strerror(number))


class _Written:
    """A file whose writes are counted."""

    def __init__(self, file: Any, faults: Faults) -> None:
        self._file, self._faults = file, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "_Written":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        """Write, unless it is this write's turn to fail."""
        return self._faults.write(self._file, content)
