from mann_bench.analysis.cells import cells
from mann_bench.analysis.rows import flat
from mann_bench.analysis.runs import run_rows


def test_a_row_names_its_run_and_how_it_ended(make_record):
    record = make_record("lstm", seed=3, converged_at=None, outcome="diverged", backend="native")
    assert [flat(row) for row in run_rows(cells([record]))] == [
        {
            **{"key": record.key, "task": "copy", "model": "lstm", "protocol": "collier2018"},
            **{"origin": "mann-bench lstm v1, mann-bench copy v1", "seed": 3, "outcome": "diverged"},
            **{"steps": record.steps, "converged_first": None, "backend": "native", "failure": None},
        }
    ]
