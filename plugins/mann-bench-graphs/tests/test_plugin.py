import subprocess
import sys
import tomllib

import pytest

import mann_bench
from mann_bench_graphs import mann_bench_studies, mann_bench_tasks

PROTOCOL = (
    "collier2018:max_steps=4,batch_size=2,evaluate_every=2,validation_sequences=14,probe_every=0,test_sequences=2,"
    "syllabus=lessons"
)


def test_the_hooks_load_without_torch():
    code = "import sys, mann_bench_graphs as it; assert it.mann_bench_tasks(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_study_names_both_tasks_and_says_what_its_spec_says():
    (spec,) = mann_bench_studies()
    study = tomllib.loads(spec.path.read_text())
    assert (study["name"], study["summary"]) == (spec.name, spec.summary)
    assert {task for cell in study["cells"] for task in cell["tasks"]} == {each.name for each in mann_bench_tasks()}


@pytest.mark.parametrize("task", ["graph_traversal:max_lesson=3", "graph_inference:max_lesson=2,planning=1"])
def test_a_run_records_its_lesson(task, tmp_path):
    results = mann_bench.run(
        ["lstm:layers=1,units=4"], [task], [0], PROTOCOL, out=tmp_path, device="cpu", wandb="disabled", progress=False
    )
    (record,) = results.records
    assert record.error is None
    assert (record.task.distribution, record.convergence.metric) == ("mann-bench-graphs", "sequence_error_rate")
    assert [row.point for row in record.syllabus.course] == [{"lesson": 1}] * 3
    assert {"triple_accuracy", "sequence_accuracy", "guess_accuracy"} <= record.generalization[0].scores.keys()
