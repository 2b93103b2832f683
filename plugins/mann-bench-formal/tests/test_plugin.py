import subprocess
import sys

import pytest

import mann_bench

PROTOCOL = "collier2018:max_steps=4,batch_size=2,evaluate_every=2,validation_sequences=4,probe_every=2,test_sequences=2"


def test_the_hooks_load_without_torch():
    code = "import sys, mann_bench_formal as it; assert it.mann_bench_tasks(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


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
