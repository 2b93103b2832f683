"""Get a model ready to run on the backend that was asked for, or on the next best one."""

import shutil
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import torch

from mann_bench.core.backends import AUTO, Backend
from mann_bench.models.base import RecurrentModel, SequenceModule
from mann_bench.native.build import NativeBuildError

COMPILING_PAYS_FROM = 1_000
"""Training steps below which ``auto`` does not compile: it would take longer than it saves."""


class Prepared(NamedTuple):
    """The backend that a model got, the seconds that building it took, and what the user should know."""

    backend: Backend
    seconds: float
    notice: str | None


def prepare(model: SequenceModule, choice: str, steps: int, batch_size: int) -> Prepared:
    """Set `model.backend` and build what it needs; where that fails, fall back to eager PyTorch.

    Args:
        model: on the device on which it will run. Anything but a `RecurrentModel` is left as it is.
        choice: ``auto``, or the name of a backend.
        steps: training steps to come at most.
        batch_size: sequences of a training batch.
    """
    if not isinstance(model, RecurrentModel):
        return Prepared(Backend.EAGER, 0.0, None)
    started = time.perf_counter()
    problems = []
    for backend in _candidates(model, choice, steps):
        problem = _build[backend](model, batch_size)
        if problem is None:
            model.backend = backend
            break
        problems.append(f"{backend} backend: {problem}")
    notice = f"{'; '.join(problems)}. Running on the {model.backend} backend." if problems else None
    return Prepared(model.backend, time.perf_counter() - started, notice)


def _candidates(model: RecurrentModel, choice: str, steps: int) -> list[Backend]:
    if choice != AUTO:
        return [] if choice == Backend.EAGER else [Backend(choice)]
    if model.native_problem() is None:
        return [Backend.NATIVE]
    return [Backend.COMPILED] if steps >= COMPILING_PAYS_FROM else []


def _build_native(model: RecurrentModel, batch_size: int) -> str | None:
    problem = model.native_problem()
    if problem is None:
        try:
            with torch.inference_mode():
                model.native_forward(_zeros(model, 1))
        except NativeBuildError as error:
            problem = str(error).rstrip(".")
    return problem


def _build_compiled(model: RecurrentModel, batch_size: int) -> str | None:
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return "no C++ compiler found, install g++ or clang++"
    try:
        # Both kinds of pass are traced here, on the initial state and on a later one, off the training clock.
        with warnings.catch_warnings(), torch.random.fork_rng():
            warnings.simplefilter("ignore")
            model.compile_step(batch_size)
            inputs = _zeros(model, batch_size)
            model(inputs).sum().backward()
            with torch.inference_mode():
                model(inputs)
    except Exception as error:
        model.backend = Backend.EAGER
        return f"torch.compile failed with {type(error).__name__}: {str(error).splitlines()[0]}"
    finally:
        model.zero_grad()
    return None


def _zeros(model: RecurrentModel, batch_size: int) -> torch.Tensor:
    return next(model.parameters()).new_zeros(3, batch_size, model.input_size)


_build: dict[Backend, Callable[[RecurrentModel, int], str | None]] = {
    Backend.NATIVE: _build_native,
    Backend.COMPILED: _build_compiled,
}
