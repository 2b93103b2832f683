"""The RAM that a run takes, of the machine or its GPU: what backward will keep, told before it starts, and the peak."""

import contextlib
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import torch

from mann_bench.core.backends import AUTO, Backend
from mann_bench.core.errors import UsageError
from mann_bench.core.jobs import Device
from mann_bench.core.machine import available_ram
from mann_bench.core.message_text import bytes_text, unstopped
from mann_bench.core.runs import Component
from mann_bench.execution.resolve import checked_model, checked_task
from mann_bench.models.backward_memory import (
    RECOMPUTE_ABOVE,
    backward_bytes,
    held_state_bytes,
    recomputes,
    recomputing_bytes,
    shared_bytes,
)
from mann_bench.models.base import RecurrentModel, SequenceModule, zero_inputs
from mann_bench.native.build import NativeBuildError
from mann_bench.tasks.base import training_lengths

_PROC = Path("/proc/self")

_LARGEST_TRIED = 2**24
"""Bytes of a sequence's state up to which a model is run to count what it keeps."""

_STATES_A_STEP = 4
"""What a step is taken to keep, of a model with larger ones; of a sparse memory, what all steps hold at once."""

_WORTH_SAYING = 2**24
"""Bytes above which people are told what a sparse memory takes."""

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
        held: bytes at the peak: fewer where most steps are recomputed.
        batch_size: sequences of that batch.
        problem: why none of this is known, where running the model failed; then the rest is a guess.
        shared: bytes besides that do not depend on the batch, those of a sparse memory.
    """

    kept: int
    held: int
    batch_size: int
    problem: str | None = None
    shared: int = 0

    @classmethod
    def of(
        cls,
        model_component: Component,
        task_component: Component,
        batch_size: int,
        device: Device = "cpu",
        backend: str = AUTO,
    ) -> "RamNeed":
        """Build the model and count from its tensors, on the backend that training would choose.

        Raises:
            UsageError: the model or the task cannot be built.
        """
        task = checked_task(task_component)
        model = checked_model(model_component, task)
        shared = 0
        try:
            shared, steps = shared_bytes(model), max(training_lengths(task))
            free = available_ram()
            if device == "cpu" and backend in (AUTO, Backend.NATIVE) and (free is None or shared <= free):
                _set_native(model)
            state = held_state_bytes(model)
            states = batch_size * state
            if free is not None and states + shared > free:  # to run it would end this process
                return cls(states, states, batch_size, shared=shared)
            if state > _LARGEST_TRIED:
                guess = _STATES_A_STEP * states * (1 if shared else steps)
                problem = f"the model is not tried with {bytes_text(state)} of state a sequence"
                return cls(guess, guess, batch_size, problem, shared)
            kept = backward_bytes(model, steps, batch_size)
            if shared:  # a step copies the states that backward does not keep
                kept += _STATES_A_STEP * states
            held = recomputing_bytes(model, kept, steps, batch_size) if recomputes(model, kept) else kept
        except (Exception, SystemExit) as error:
            problem = f"running the model raised {type(error).__name__}: {unstopped(error)}"
            return cls(RECOMPUTE_ABOVE, RECOMPUTE_ABOVE, batch_size, problem, shared)
        return cls(kept, held, batch_size, shared=shared)

    def __str__(self) -> str:
        if self.problem:
            return f"what backward keeps is unknown, and taken for {bytes_text(self.kept)}: {self.problem}"
        batch = f"the longest batch ({self.batch_size} sequences)"
        if self.held == self.kept:
            besides = f", and the memory takes {bytes_text(self.shared)}" if self.shared > _WORTH_SAYING else ""
            return f"backward keeps {bytes_text(self.kept)} for {batch}{besides}"
        return (
            f"backward would keep {bytes_text(self.kept)} for {batch}, so most steps are recomputed: "
            f"{bytes_text(self.held)}"
        )

    @property
    def worker_bytes(self) -> int:
        """What a worker process takes at its peak, roughly."""
        return WORKER_BYTES + self.held + self.shared


def _set_native(model: SequenceModule) -> None:
    """Let a model run natively, if it has such a recurrence and that can be built."""
    if isinstance(model, RecurrentModel) and model.native_problem() is None:
        with contextlib.suppress(NativeBuildError), torch.inference_mode():
            model.native_forward(zero_inputs(model, 1, 1))
            model.backend = Backend.NATIVE


def check_fit(needs: Mapping[tuple[str, str], RamNeed]) -> None:
    """See that the free RAM carries each of these needs, by model and task, alone.

    Raises:
        UsageError: it cannot; the message says how large a batch could be.
    """
    available = available_ram()
    for (model, task), need in needs.items():
        if available is None or need.problem or need.held + need.shared <= available:
            continue
        room = max(0, available - WORKER_BYTES - need.shared) * need.batch_size // max(1, need.held)
        fits = f"at most batch_size={room}" if room else "shorter sequences or a smaller model: not one sequence fits"
        raise UsageError(
            f"{model} on {task}: {need}, and {bytes_text(available)} of memory are free here. Expected {fits}."
        )


def workers_that_fit(needs: Iterable[RamNeed]) -> int | None:
    """Return how many workers the free RAM carries, at least one; None where the system does not tell."""
    available, largest = available_ram(), max((need.worker_bytes for need in needs), default=0)
    return None if available is None or not largest else max(1, available // largest)
