"""Keep evaluation sequences from the code of models: a run closes them, and only the suite opens them to measure."""

import contextlib
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar

from mann_bench.core.errors import MannBenchError
from mann_bench.core.runs import Component

_CALLERS = frozenset({"mann_bench", "pytorch_lightning"})
"""Packages that call the methods of models; the method that they call is the one in which a model asks."""


class EvaluationDataError(MannBenchError):
    """The code of a model asked for sequences that the suite keeps to measure it."""


class _Closed:
    """Evaluation sequences are closed to a model; `refused` is the first refusal, for a model that swallows it."""

    def __init__(self, model: Component) -> None:
        self.model = model
        self.refused: EvaluationDataError | None = None


_closed: ContextVar[_Closed | None] = ContextVar("closed", default=None)


@contextlib.contextmanager
def closed_to(model: Component) -> Iterator[None]:
    """Close evaluation sequences to the code of a model, in this thread.

    Raises:
        EvaluationDataError: it asked for some, even where it caught the error that it got.
    """
    closed = _Closed(model)
    token = _closed.set(closed)
    try:
        yield
    finally:
        _closed.reset(token)
    if closed.refused is not None:
        raise closed.refused


@contextlib.contextmanager
def opened() -> Iterator[None]:
    """Open evaluation sequences to the suite, to tasks and to who watches a run; no code of models runs meanwhile."""
    token = _closed.set(None)
    try:
        yield
    finally:
        _closed.reset(token)


def is_closed() -> bool:
    """Return whether evaluation sequences are closed in this thread."""
    return _closed.get() is not None


def refuse(what: str) -> None:
    """Raise EvaluationDataError, which names the method that asks for `what`, where sequences are closed."""
    closed = _closed.get()
    if closed is None:
        return
    error = EvaluationDataError(
        f"{closed.model.text}: {_asking(closed.model)} asks for {what}. A model is trained on the training stream and "
        "sizes alone; the suite draws all other sequences itself, to measure the model. Remove this from the model."
    )
    closed.refused = closed.refused or error
    raise error


def _asking(model: Component) -> str:
    """Return the name of the model's method that the suite or Lightning called, as far as the calls tell."""
    name, frame, package = None, sys._getframe(), _package(model.target)
    while frame.f_back is not None and (name is None or _package(frame.f_globals["__name__"]) not in _CALLERS):
        if _package(frame.f_globals["__name__"]) == package:
            name = frame.f_code.co_qualname
        frame = frame.f_back
    return name or "its code"


def _package(module: str) -> str:
    return re.split("[.:]", module, maxsplit=1)[0]
