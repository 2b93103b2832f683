"""The RAM that a run takes, of the machine or its GPU: what backward will keep, told before it starts, and the peak."""

import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import torch

from mann_bench.core.jobs import Device
from mann_bench.core.machine import ram_left
from mann_bench.core.message_text import unstopped
from mann_bench.core.runs import Component
from mann_bench.execution.resolve import checked_model, checked_task
from mann_bench.models.backward_memory import RECOMPUTE_ABOVE, backward_bytes, recomputes
from mann_bench.tasks.base import training_lengths

_PROC = Path("/proc/self")
_MEMINFO = Path("/proc/meminfo")

WORKER_BYTES = 600 * 2**20
"""What a worker takes besides: the interpreter, torch, Lightning and evaluation."""


def reset_peak_ram(device: Device) -> None:
    """Let the peak start from what is in use now, where the system can; elsewhere it is the process's."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        with contextlib.suppress(OSError):
            (_PROC / "clear_refs").write_text("5", encoding="ascii")


def peak_ram(device: Device) -> int | None:
    """Return the peak in bytes: resident memory of the process, or what torch allocated on the GPU."""
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    with contextlib.suppress(OSError):
        for line in (_PROC / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class RamNeed(NamedTuple):
    """What training a model on a task keeps for backward.

    Attributes:
        kept: bytes for the longest training batch, if nothing is recomputed.
        recomputed: whether most steps are recomputed instead.
        batch_size: sequences of that batch.
        problem: why none of this is known, where running the model failed.
    """

    kept: int
    recomputed: bool
    batch_size: int
    problem: str | None = None

    @classmethod
    def of(cls, model_component: Component, task_component: Component, batch_size: int) -> "RamNeed":
        """Build the model and count from its tensors; raises UsageError where it cannot be built."""
        task = checked_task(task_component)
        model = checked_model(model_component, task)
        try:
            kept = backward_bytes(model, max(training_lengths(task)), batch_size)
        except (Exception, SystemExit) as error:
            return cls(0, False, batch_size, f"running the model raised {type(error).__name__}: {unstopped(error)}")
        return cls(kept, recomputes(model, kept), batch_size)

    def __str__(self) -> str:
        if self.problem:
            return f"what backward keeps is unknown: {self.problem}"
        batch = f"the longest batch ({self.batch_size} sequences)"
        if not self.recomputed:
            return f"backward keeps {bytes_text(self.kept)} for {batch}"
        return f"backward would keep {bytes_text(self.kept)} for {batch}, so most steps are recomputed"

    @property
    def worker_bytes(self) -> int:
        """What a worker process takes at its peak, roughly."""
        return WORKER_BYTES + min(self.kept, RECOMPUTE_ABOVE)


def workers_that_fit(needs: Iterable[RamNeed]) -> int | None:
    """Return how many workers the free RAM carries, at least one; None where the system does not tell."""
    available, largest = available_ram(), max((need.worker_bytes for need in needs), default=0)
    return None if available is None or not largest else max(1, available // largest)


def available_ram() -> int | None:
    """Return the bytes that new processes can use, without swapping and within this container, if the system tells."""
    with contextlib.suppress(OSError):
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free, left = int(line.split()[1]) * 1024, ram_left()
                return free if left is None else min(free, left)
    return None


def bytes_text(count: int) -> str:
    """Return a number of bytes for people: ``157 MiB``, ``1.6 GiB``."""
    mebibytes = count / 2**20
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"
