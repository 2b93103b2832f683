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
    "rnn",
    "rnn:layers=2,hidden_size=8,activation=relu",
    "tape_rnn",
    "tape_rnn:tapes=2,activation=tanh",
    "stack_rnn",
    "stack_rnn:noop=false",
    "stack_rnn:form=deletang2023,stacks=1,cell_size=8,visible=1",
]


@pytest.mark.mann_bench(*VARIANTS)
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
