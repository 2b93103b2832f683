"""The built-in syllabuses meet what is asked of every syllabus."""

import pytest

from mann_bench.testing import Case


@pytest.mark.mann_bench(
    "uniform",
    "target",
    "naive",
    "naive:growth=next",
    "look_back",
    "look_back_and_forward:stay=0",
    "prediction_gain",
    "exponential:batches=2,below=2",
)
def test_the_syllabus_conforms(mann_bench_case: Case):
    mann_bench_case.check()
