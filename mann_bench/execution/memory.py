"""Peak memory of a run."""

import contextlib
import sys
from pathlib import Path

import torch

from mann_bench.execution.resolve import Device

_PROC = Path("/proc/self")


def reset_peak_memory(device: Device) -> None:
    """Let the peak start from what is in use now, where the system can; elsewhere it is the process's."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        with contextlib.suppress(OSError):
            (_PROC / "clear_refs").write_text("5", encoding="ascii")


def peak_memory(device: Device) -> int | None:
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
