"""What this process may use of its machine: a container's limits stand in its control groups, of version 1 or 2."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_MEMINFO = Path("/proc/meminfo")
_OWN = Path("/proc/self/cgroup")
_ROOT = Path("/sys/fs/cgroup")


class _MemoryFiles(NamedTuple):
    """Where a group states a limit, what it uses of it, and how its statistics name what it can give back at once."""

    limit: str
    used: str
    cached: str


_MEMORY = (
    _MemoryFiles("memory.max", "memory.current", "inactive_file"),
    _MemoryFiles("memory.high", "memory.current", "inactive_file"),
    _MemoryFiles("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def usable_cores() -> int:
    """Return the cores of this process: those that it may run on, or fewer by the quota of a control group."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for group in _groups("cpu") if (quota := _quota(group)) is not None]
    return max(1, min([cores, *map(int, quotas)]))


def ram_left() -> int | None:
    """Return the bytes that this process and those it starts may still take by its control groups; None: no limit."""
    left = [_left(group, files) for group in _groups("memory") for files in _MEMORY]
    return min((count for count in left if count is not None), default=None)


def available_ram() -> int | None:
    """Return the bytes that new processes can use, without swapping and within this container, if the system tells."""
    with contextlib.suppress(OSError):
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free, left = int(line.split()[1]) * 1024, ram_left()
                return free if left is None else min(free, left)
    return None


def _groups(controller: str) -> Iterator[Path]:
    """Yield the folders of this process's control group and of those above it.

    Where a container sees its own group as the root of all, the path of the group may not lead anywhere.
    """
    with contextlib.suppress(OSError):
        for line in _OWN.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            parts = [] if ".." in path else [part for part in path.split("/") if part]
            for root in [_ROOT / controller] if controllers else [_ROOT, _ROOT / "unified"]:
                yield from (root.joinpath(*parts[:depth]) for depth in range(len(parts) + 1))


def _quota(group: Path) -> float | None:
    """Return the cores' worth of time that a group has; None where it has no quota."""
    first = [word for name in ("quota", "period") for word in _words(group / f"cpu.cfs_{name}_us")]
    words = _words(group / "cpu.max") or first
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0].isdecimal() else None


def _left(group: Path, files: _MemoryFiles) -> int | None:
    limit, used = (_words(group / name) for name in (files.limit, files.used))
    if not (limit and used and limit[0].isdecimal()):
        return None
    statistics = _words(group / "memory.stat")
    cached = dict(zip(statistics[::2], statistics[1::2], strict=True)).get(files.cached, "0")
    return max(0, int(limit[0]) - int(used[0]) + int(cached))


def _words(file: Path) -> list[str]:
    """Return the words of a file; none where it is not there."""
    try:
        return file.read_text(encoding="ascii").split()
    except OSError:
        return []
