"""Get a model ready to run on the backend that was asked for, or on the next best one."""

import contextlib
import math
import random
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch

from mann_bench.core.backends import AUTO, Backend
from mann_bench.models.base import RecurrentModel, SequenceModule, zero_inputs
from mann_bench.models.compiled_scan import CHUNK
from mann_bench.models.experience import Experience
from mann_bench.native.build import NativeBuildError

_STEPS = 2 * CHUNK + 1
"""Time steps of a pass that tries a backend: from the initial state and from later ones, and one left over."""

_SHORT_PASS = 0.1
"""Seconds below which a pass is timed again, for the least of several."""


class Prepared(NamedTuple):
    """The backend that a model got, the seconds that building it took, and what the user should know."""

    backend: Backend
    seconds: float
    notice: str | None


def prepare(model: SequenceModule, choice: str, time_steps: float, batch_size: int) -> Prepared:
    """Set `model.backend` and build what it needs; where that fails, fall back to eager PyTorch.

    ``auto`` takes the native recurrence where there is one. Otherwise it measures the eager model, compiles it where
    that is expected to pay within the training (`Experience`), measures again, and takes the faster of the two.

    Args:
        model: on the device on which it will run. Only a `RecurrentModel` can run on other backends than eager.
        choice: ``auto``, or the name of a backend.
        time_steps: time steps of all the training to come at most: training steps times the length of their batches.
        batch_size: sequences of a training batch.
    """
    if not isinstance(model, RecurrentModel):
        return Prepared(Backend.EAGER, 0.0, _eager_alone(choice))
    started = time.perf_counter()
    problem = _auto(model, time_steps, batch_size) if choice == AUTO else _build[Backend(choice)](model, batch_size)
    notice = f"{problem}. Running on the {model.backend} backend." if problem else None
    return Prepared(model.backend, time.perf_counter() - started, notice)


def _eager_alone(choice: str) -> str | None:
    if choice in (AUTO, Backend.EAGER):
        return None
    return f"{choice} backend: the model has no time step (it is no RecurrentModel). Running on the eager backend."


def _auto(model: RecurrentModel, time_steps: float, batch_size: int) -> str | None:
    """Choose a backend; return why it is not the one that was tried, where the user can do something about that."""
    if model.native_problem() is None:
        return _build_native(model, batch_size)
    eager = _seconds_a_step(model, batch_size)
    if not math.isfinite(eager * time_steps):
        return None
    with _untouched(model):
        experience = Experience(model, batch_size)
    if not experience.pays(eager * time_steps):
        return None
    problem = _build_compiled(model, batch_size)
    if problem is None:
        saved = 1 - _seconds_a_step(model, batch_size) / eager
        experience.keep(saved)
        if saved <= 0:
            model.backend = Backend.EAGER
    return problem


def _build_eager(model: RecurrentModel, batch_size: int) -> None:
    model.backend = Backend.EAGER


def _build_native(model: RecurrentModel, batch_size: int) -> str | None:
    problem = model.native_problem()
    if problem is None:
        try:
            with torch.inference_mode():
                model.native_forward(zero_inputs(model, _STEPS, 1))
        except NativeBuildError as error:
            problem = str(error).rstrip(".")
    if problem is not None:
        return f"{Backend.NATIVE} backend: {problem}"
    model.backend = Backend.NATIVE
    return None


def _build_compiled(model: RecurrentModel, batch_size: int) -> str | None:
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return f"{Backend.COMPILED} backend: no C++ compiler found, install g++ or clang++"
    try:
        # All that will run is compiled here, off the training clock.
        with _untouched(model):
            model.compile_step(batch_size)
            inputs = zero_inputs(model, _STEPS, batch_size)
            model(inputs).sum().backward()
            with torch.inference_mode():
                model(inputs)
    except Exception as error:
        model.backend = Backend.EAGER
        return f"{Backend.COMPILED} backend: torch.compile failed with {type(error).__name__}: {_first_line(error)}"
    if not model.graph_calls:
        model.backend = Backend.EAGER
        return f"{Backend.COMPILED} backend: torch.compile found nothing in the step that it can compile"
    return None


_build: dict[Backend, Callable[[RecurrentModel, int], str | None]] = {
    Backend.EAGER: _build_eager,
    Backend.NATIVE: _build_native,
    Backend.COMPILED: _build_compiled,
}


def _seconds_a_step(model: RecurrentModel, batch_size: int) -> float:
    """Return how long a time step takes on the model's backend, forward and backward; inf where it raises."""
    inputs = zero_inputs(model, _STEPS, batch_size)
    seconds: list[float] = []
    with _untouched(model), contextlib.suppress(Exception):  # a model that cannot run shows that in training
        model(inputs).sum().backward()  # the first pass allocates
        while not seconds or (seconds[-1] < _SHORT_PASS and len(seconds) < 5):
            seconds.append(_seconds_of_pass(model, inputs))
    return min(seconds, default=math.inf) / len(inputs)


def _seconds_of_pass(model: RecurrentModel, inputs: torch.Tensor) -> float:
    started = time.perf_counter()
    model(inputs).sum().backward()
    if inputs.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - started


@contextlib.contextmanager
def _untouched(model: RecurrentModel) -> Iterator[None]:
    """Leave no gradients, no warnings, no drawn random numbers and no moved buffers behind."""
    buffers = [
        (module, name, value) for module in model.modules() for name, value in module.named_buffers(recurse=False)
    ]
    contents = [value.detach().clone() for _, _, value in buffers]
    drawn = random.getstate(), np.random.get_state(legacy=False)
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            model.zero_grad()
            random.setstate(drawn[0])
            np.random.set_state(drawn[1])
            with torch.no_grad():
                for (module, name, value), content in zip(buffers, contents, strict=True):
                    setattr(module, name, value)  # it may have been replaced
                    value.copy_(content)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
