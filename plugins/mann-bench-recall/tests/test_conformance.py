import pytest

from mann_bench.testing import Case


@pytest.mark.mann_bench("mqar", "mqar:alpha=1.0,min_pairs=4", "selective_copying", "selective_copying:vocabulary=2")
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
