import subprocess
import sys
import tomllib

import pytest

import mann_bench
from mann_bench_formal import mann_bench_studies, mann_bench_tasks

PROTOCOL = "collier2018:max_steps=4,batch_size=2,evaluate_every=2,validation_sequences=4,probe_every=2,test_sequences=2"


def test_the_hooks_load_without_torch():
    code = "import sys, mann_bench_formal as it; assert it.mann_bench_tasks(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_studies_name_all_tasks_and_say_what_their_specs_say():
    named = set()
    for spec in mann_bench_studies():
        study = tomllib.loads(spec.path.read_text())
        assert (study["name"], study["summary"]) == (spec.name, spec.summary)
        named |= {task.partition(":")[0] for cell in study["cells"] for task in cell["tasks"]}
    assert named == {spec.name for spec in mann_bench_tasks()}


@pytest.mark.parametrize(
    "task", ["binary_addition:max_length=3,longest=9", "word_problem:group=S3,max_length=3,longest=9"]
)
def test_a_run_reports_labels(task, tmp_path):
    results = mann_bench.run(
        ["lstm:layers=1,units=4"], [task], [0], PROTOCOL, out=tmp_path, device="cpu", wandb="disabled", progress=False
    )
    (record,) = results.records
    assert record.error is None
    assert (record.task.distribution, record.convergence.metric) == ("mann-bench-formal", "token_errors")
    assert {"token_accuracy", "constant_accuracy"} <= record.generalization[0].scores.keys()
