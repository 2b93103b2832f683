"""Keep evaluation sequences from the code of models: a run closes them, and only the suite opens them to measure."""

import contextlib
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from types import FrameType
from typing import NoReturn

from mann_bench.core.errors import MannBenchError
from mann_bench.core.runs import Component

_CALLERS = frozenset({"mann_bench", "pytorch_lightning"})
"""Packages that call the methods of models; the method that they call is the one in which a model asks."""


class EvaluationDataError(MannBenchError):
    """The code of a model asked for sequences that the suite keeps to measure it."""


class _Closed:
    """Evaluation sequences are closed to a model.

    Attributes:
        model: whose code is meant.
        closer: the call in which they were closed; what it calls may be the model's.
        refused: the first refusal, for a model that swallows it.
    """

    def __init__(self, model: Component, closer: FrameType) -> None:
        self.model, self.closer = model, closer
        self.refused: EvaluationDataError | None = None

    def refuse(self, method: str, what: str) -> NoReturn:
        """Raise EvaluationDataError, and note it."""
        error = EvaluationDataError(
            f"{self.model.text}: {method} asks for {what}. A model is trained on the training stream and sizes alone; "
            "the suite draws all other sequences itself, to measure the model. Remove this from the model."
        )
        self.refused = self.refused or error
        raise error

    def method(self) -> str | None:
        """Return the name of the model's method that the suite or Lightning called last; None where none runs.

        A model of the suite itself cannot be told from the suite, and asks for nothing.
        """
        package, name = _package(self.model.target), None
        frame: FrameType | None = sys._getframe()
        while frame is not None and frame is not self.closer and package not in _CALLERS:
            at = _package(str(frame.f_globals.get("__name__")))
            if name is not None and at in _CALLERS:
                break
            name = frame.f_code.co_qualname if at == package else name
            frame = frame.f_back
        return name


_closed: ContextVar[_Closed | None] = ContextVar("closed", default=None)


@contextlib.contextmanager
def closed_to(model: Component) -> Iterator[None]:
    """Close evaluation sequences to the code of a model, in this thread.

    Raises:
        EvaluationDataError: it asked for some, even where it caught the error that it got.
    """
    closed = _Closed(model, sys._getframe(2))  # behind the context manager's own
    token = _closed.set(closed)
    try:
        yield
    finally:
        _closed.reset(token)
    if closed.refused is not None:
        raise closed.refused


@contextlib.contextmanager
def opened() -> Iterator[None]:
    """Open evaluation sequences to the code of tasks and to who watches a run; no code of models runs meanwhile."""
    token = _closed.set(None)
    try:
        yield
    finally:
        _closed.reset(token)


def measuring(what: str) -> contextlib.AbstractContextManager[None]:
    """Open evaluation sequences to the suite, which draws `what` to measure a model.

    Raises:
        EvaluationDataError: a method of the model has called the suite for it.
    """
    closed = _closed.get()
    if closed is not None and (method := closed.method()):
        closed.refuse(method, what)
    return opened()


def is_closed() -> bool:
    """Return whether evaluation sequences are closed in this thread."""
    return _closed.get() is not None


def refuse(what: str) -> None:
    """Raise EvaluationDataError, which names the method that asks for `what`, where sequences are closed."""
    if (closed := _closed.get()) is not None:
        closed.refuse(closed.method() or "its code", what)


def _package(module: str) -> str:
    return re.split("[.:]", module, maxsplit=1)[0]
