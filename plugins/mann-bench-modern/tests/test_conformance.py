"""Every model passes the suite's conformance kit, by default and with each of its switches."""

import pytest

from mann_bench.testing import Case

VARIANTS = [
    "gated_deltanet",
    "gated_deltanet:form=recurrent",
    "gated_deltanet:negative_eigenvalues=true,householder=2,feedforward=none,convolution=1",
    "mlstm",
    "mlstm:form=recurrent",
    "slstm",
    "slstm:layers=1,feedforward=none",
    "mamba2",
    "mamba2:form=recurrent,state_width=8,feedforward=2.0",
    "rwkv7",
    "rwkv7:form=recurrent",
    "titans",
    "titans:form=recurrent,memory_layers=1,chunk_size=5",
    "ttt_linear",
    "ttt_linear:form=recurrent,chunk_size=5",
    "kv_memory",
    "kv_memory:form=recurrent,memory_slots=16,active_slots=2",
    "lrua",
    "lrua:memory_slots=8,read_heads=1",
]


@pytest.mark.mann_bench(*VARIANTS)
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
