import pytest

from mann_bench.testing import Case


@pytest.mark.mann_bench(
    "graph_traversal",
    "graph_traversal:max_lesson=4,phase_mark=query,end=trained",
    "graph_traversal:min_lesson=2,max_lesson=3,end=none",
    "graph_inference",
    "graph_inference:max_lesson=10,phase_mark=query,relation_draw=by_link,edge_digits=last",
    "graph_inference:min_lesson=14,max_lesson=16,queries=1,planning=0,relation_list=1",
    "lessons",
    "lessons:progress=0.5,earlier=0.3",
)
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
