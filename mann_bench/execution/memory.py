"""Memory of a run: what backward will keep, stated before it starts, and its peak."""

import contextlib
import sys
from pathlib import Path

import torch

from mann_bench.core.runs import Component
from mann_bench.execution.resolve import Device, checked_model, checked_task
from mann_bench.training.trainer import longest_batch_bytes, recomputes

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


def backward_memory_text(model_component: Component, task_component: Component, batch_size: int) -> str:
    """State what training a model on a task keeps for backward, and whether it recomputes instead."""
    task = checked_task(task_component)
    model = checked_model(model_component, task)
    try:
        kept = longest_batch_bytes(model, task, batch_size)
    except (Exception, SystemExit) as error:
        return f"what backward keeps is unknown: running the model raised {type(error).__name__}: {error}"
    batch = f"the longest batch ({batch_size} sequences)"
    if not recomputes(model, kept):
        return f"backward keeps {bytes_text(kept)} for {batch}"
    return f"backward would keep {bytes_text(kept)} for {batch}, so most steps are recomputed"


def bytes_text(count: int) -> str:
    """Return a number of bytes for people: ``157 MiB``, ``1.6 GiB``."""
    mebibytes = count / 2**20
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"
