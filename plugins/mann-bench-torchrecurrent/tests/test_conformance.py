"""A sample of the models, one of each kind of cell, passes the suite's conformance kit."""

import pytest

from mann_bench.testing import Case

VARIANTS = ["mgu", "lem:layers=2,hidden_size=8", "intersection_rnn", "mclstm"]
"""A cell with one state, with two, and with outputs beside one and two."""


@pytest.mark.mann_bench(*VARIANTS)
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
