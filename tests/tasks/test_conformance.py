"""The built-in tasks meet what is asked of every task."""

import pytest

from mann_bench.testing import Case


@pytest.mark.mann_bench(
    "copy",
    "copy:layout=collier2018",
    "repeat_copy",
    "repeat_copy:layout=collier2018",
    "associative_recall",
    "associative_recall:layout=collier2018",
    "dynamic_ngrams",
    "priority_sort",
)
def test_the_task_conforms(mann_bench_case: Case):
    mann_bench_case.check()
