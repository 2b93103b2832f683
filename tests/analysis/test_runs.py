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


def test_a_run_on_labels_has_its_accuracy_beyond_training(make_record):
    row = {"size": {"length": 40}, "sequences": 192, "scores": {"token_accuracy": 0.75}}
    (found,) = run_rows(cells([make_record(generalization=[row])]))
    assert flat(found)["accuracy_beyond_training"] == 0.75
