"""Every model passes the suite's conformance kit, by default and with each of its switches."""

import pytest

from mann_bench.testing import Case

VARIANTS = [
    "gru",
    "gru:layers=2,hidden_size=8",
    "transformer",
    "transformer:positions=sinusoidal",
    "transformer:positions=none",
    "deltanet",
    "deltanet:form=recurrent",
    "deltanet:convolution=none,negative_eigenvalues=true",
    "stack_rnn",
    "stack_rnn:noop=false",
]


@pytest.mark.mann_bench(*VARIANTS)
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
