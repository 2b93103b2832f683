"""What a clause of the conformance kit is, and how it fails."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest import SkipTest


class ConformanceError(Exception):
    """A model or task does not meet a clause, or an executor breaks its contract.

    Args:
        seen: what was seen.
        expected: what was expected.
        mend: what the author should look for.
    """

    def __init__(self, seen: str, expected: str, mend: str) -> None:
        super().__init__(f"{seen}. Expected: {expected}. {mend}.")


class DoesNotApplyError(SkipTest):
    """A clause has nothing to check on this model or task; the message says why. Test runners take it for a skip."""


@dataclass(frozen=True)
class Clause:
    """One thing that is asked of every model or task.

    Attributes:
        name: as in reports and in `mann_bench.ExpectedFailure`.
        asks: what is asked for, in one sentence.
        check: takes a `ModelSubject` or a `TaskSubject`; returns what is to be reported, None for nothing.
            Raises ConformanceError, or DoesNotApplyError.
    """

    name: str
    asks: str
    check: Callable[[Any], str | None]


def clauses(*checks: Callable[[Any], str | None]) -> tuple[Clause, ...]:
    """Return functions as clauses: of each its name, and the first line of its docstring."""
    return tuple(Clause(each.__name__, (inspect.getdoc(each) or "").partition("\n")[0], each) for each in checks)


def require(holds: bool, seen: str, expected: str, mend: str) -> None:
    """Raise ConformanceError, with the other arguments, where something does not hold."""
    if not holds:
        raise ConformanceError(seen, expected, mend)
