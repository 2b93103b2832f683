"""The conformance kit: what every model, task, syllabus and executor of the suite has to hold to, for their authors.

With pytest, this is a whole test file:

    import pytest
    from mann_bench.testing import Case

    @pytest.mark.mann_bench("acme_memory", "acme_task:length=5")
    def test_conformance(mann_bench_case: Case) -> None:
        mann_bench_case.check()

Without it, ``mann-bench plugin check acme_memory`` does the same. The names are those of installed models, tasks
and syllabuses, with options where they should differ from the defaults, or of a plugin's entry point for all it brings.

What is asked for stands in `MODEL_CLAUSES`, `TASK_CLAUSES` and `SYLLABUS_CLAUSES`. A clause that a model is known
not to meet is declared in its spec by a `mann_bench.ExpectedFailure`. An executor is put through `EXECUTOR_CHECKS`,
each with `small_jobs`, and through `check_lost_process`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mann_bench.testing.cases import Case as Case
    from mann_bench.testing.cases import find_cases as find_cases
    from mann_bench.testing.clause import Clause as Clause
    from mann_bench.testing.clause import ConformanceError as ConformanceError
    from mann_bench.testing.executors import EXECUTOR_CHECKS as EXECUTOR_CHECKS
    from mann_bench.testing.executors import check_executor as check_executor
    from mann_bench.testing.executors import check_failing_run as check_failing_run
    from mann_bench.testing.executors import check_left_early as check_left_early
    from mann_bench.testing.executors import check_lost_process as check_lost_process
    from mann_bench.testing.executors import check_no_jobs as check_no_jobs
    from mann_bench.testing.executors import check_options as check_options
    from mann_bench.testing.executors import check_whole_curve as check_whole_curve
    from mann_bench.testing.executors import small_jobs as small_jobs
    from mann_bench.testing.model_clauses import MODEL_CLAUSES as MODEL_CLAUSES
    from mann_bench.testing.report import Result as Result
    from mann_bench.testing.report import Status as Status
    from mann_bench.testing.report import run_case as run_case
    from mann_bench.testing.syllabus_clauses import SYLLABUS_CLAUSES as SYLLABUS_CLAUSES
    from mann_bench.testing.task_clauses import TASK_CLAUSES as TASK_CLAUSES

_PUBLIC = {
    "Case": "cases",
    "Clause": "clause",
    "ConformanceError": "clause",
    "EXECUTOR_CHECKS": "executors",
    "MODEL_CLAUSES": "model_clauses",
    "Result": "report",
    "SYLLABUS_CLAUSES": "syllabus_clauses",
    "Status": "report",
    "TASK_CLAUSES": "task_clauses",
    "check_executor": "executors",
    "check_failing_run": "executors",
    "check_left_early": "executors",
    "check_lost_process": "executors",
    "check_no_jobs": "executors",
    "check_options": "executors",
    "check_whole_curve": "executors",
    "find_cases": "cases",
    "run_case": "report",
    "small_jobs": "executors",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mann_bench.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"mann_bench.testing.{_PUBLIC[name]}"), name)


def __dir__() -> list[str]:
    return __all__
