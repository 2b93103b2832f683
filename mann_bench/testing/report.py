"""Run cases, and write what came out as a line, as JSON or as a Markdown page for a pull request."""

import platform
import time
import traceback
from collections.abc import Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import torch

from mann_bench.reporting.markdown import escaped, fenced
from mann_bench.testing.cases import Case
from mann_bench.testing.clause import ConformanceError, DoesNotApplyError
from mann_bench.version import __version__

_KIT = Path(__file__).parent


class Status(StrEnum):
    """What came out of a case."""

    PASSED = "passed"
    EXPECTED = "expected"
    """Failed, as its plugin declares."""
    FAILED = "failed"
    SKIPPED = "skipped"
    UNAVAILABLE = "unavailable"
    """A package that the model or task requires is not installed."""


class Result(NamedTuple):
    """A case and what came out.

    Attributes:
        variant: the model or task variant.
        distribution: who brought it, with its version.
        clause, asks: the clause's name, and what it asks for.
        status: what came out.
        seconds: how long it took.
        note: why it failed or was skipped, or what it reports; empty where there is nothing to say.
        traceback: of what the model or task raised, from its own code on; empty where it raised nothing.
    """

    variant: str
    distribution: str
    clause: str
    asks: str
    status: Status
    seconds: float
    note: str
    traceback: str = ""

    @property
    def line(self) -> str:
        """The result on a line of fixed columns, below a heading that names the variant."""
        return f"  {self.clause:<20}{self.status:<12}{self.seconds:6.2f} s  {self.note}".rstrip()

    def data(self) -> dict[str, Any]:
        """The result as JSON has it."""
        return self._asdict() | {"seconds": round(self.seconds, 3)}


def run_case(case: Case) -> Result:
    """Check a case; raises nothing, whatever the model or task does short of exiting."""
    started = time.perf_counter()
    status, note, raised = _outcome(case)
    plugin = case.subject.plugin
    return Result(
        variant=case.subject.text,
        distribution=f"{plugin.distribution} {plugin.version}",
        clause=case.clause.name,
        asks=case.clause.asks,
        status=status,
        seconds=time.perf_counter() - started,
        note=note,
        traceback=raised,
    )


def markdown(results: Sequence[Result]) -> str:
    """Return a report to paste into a pull request: a table for each variant, under what it ran on."""
    versions = f"mann-bench {__version__}, Python {platform.python_version()}, torch {torch.__version__}"
    lines = ["## Conformance", "", f"{versions}, {platform.system()} {platform.machine()}", ""]
    for (variant, distribution), group in groupby(results, key=lambda result: (result.variant, result.distribution)):
        rows = list(group)
        lines += [
            f"### {escaped(variant)} ({escaped(distribution)}): {summary(rows)}",
            "",
            "| clause | outcome | note |",
            "|:--|:--|:--|",
        ]
        lines += [f"| {row.clause} | {_mark(row.status)} | {escaped(row.note or row.asks)} |" for row in rows]
        for text, named in tracebacks(rows).items():
            lines += ["", f"Traceback of {', '.join(named)}:", "", *fenced(text)]
        lines.append("")
    return "\n".join(lines)


def summary(results: Sequence[Result]) -> str:
    """Return how many came out how: ``17 passed, 1 expected, 2 skipped``."""
    counts = {status: sum(result.status is status for result in results) for status in Status}
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def tracebacks(results: Sequence[Result]) -> dict[str, list[str]]:
    """Return each traceback once, with the names of the clauses that have it."""
    found: dict[str, list[str]] = {}
    for result in results:
        if result.traceback:
            found.setdefault(result.traceback, []).append(result.clause)
    return found


def _outcome(case: Case) -> tuple[Status, str, str]:
    declared = case.expected_failure
    if case.missing:
        return Status.UNAVAILABLE, f"needs {', '.join(case.missing)}, which is not installed", ""
    try:
        note = case.check()
    except DoesNotApplyError as error:
        return Status.SKIPPED, str(error), ""
    except ConformanceError as error:
        if declared:
            return Status.EXPECTED, declared.reason, ""
        return Status.FAILED, str(error), _traceback(error.__cause__)
    if declared:
        note = f"it passed, though it is declared to fail ({declared.reason}). Remove the declaration."
        return Status.FAILED, note, ""
    return Status.PASSED, note or "", ""


def _traceback(error: BaseException | None) -> str:
    """Return the traceback of what a model or task raised, from where the kit calls it."""
    if error is None:
        return ""
    frame = first = error.__traceback__
    while frame:
        if Path(frame.tb_frame.f_code.co_filename).parent == _KIT:
            first = frame.tb_next or frame
        frame = frame.tb_next
    return "".join(traceback.format_exception(error.with_traceback(first))).rstrip()


def _mark(status: Status) -> str:
    return f"**{status}**" if status is Status.FAILED else status
