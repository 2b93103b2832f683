"""A run is what its key says, whatever a shell or a launcher left in the environment."""

import os
import subprocess
import sys

import pytest

from mann_bench.models.lstm import LSTMModel
from mann_bench.results.store import load_record, record_files
from mann_bench.training.trainer import train

LIGHTNING = [
    {"MAX_EPOCHS": "1", "LIMIT_TRAIN_BATCHES": "1"},
    {"PRECISION": "bf16-true"},
    {"NUM_NODES": "2", "STRATEGY": "ddp"},
    {"ACCUMULATE_GRAD_BATCHES": "3", "GRADIENT_CLIP_VAL": "0.001"},
    {"MAX_TIME": "00:00:00:00", "FAST_DEV_RUN": "True", "OVERFIT_BATCHES": "1", "MIN_STEPS": "50"},
]
LAUNCHERS = [
    {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1", "NODE_RANK": "1", "MASTER_ADDR": "192.0.2.1"},
    {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "2", "SLURM_PROCID": "1", "SLURM_LOCALID": "1", "SLURM_NODELIST": "a,b"},
    {"LSB_JOBID": "7", "JSM_NAMESPACE_SIZE": "2", "JSM_NAMESPACE_RANK": "1", "JSM_NAMESPACE_LOCAL_RANK": "1"},
]


def outcome(result):
    return result.steps, [point._replace(seconds=0.0) for point in result.curve], result.generalization


@pytest.mark.parametrize("variables", LIGHTNING, ids="-".join)
def test_variables_of_lightning_do_not_change_a_run(make_run, monkeypatch, variables):
    plain = train(make_run(max_steps=40, evaluate_every=20), "cpu", "eager", lambda _: None)
    for name, value in variables.items():
        monkeypatch.setenv(f"PL_TRAINER_{name}", value)
    result = train(make_run(max_steps=40, evaluate_every=20), "cpu", "eager", lambda _: None)
    assert outcome(result) == outcome(plain)


@pytest.fixture(scope="module")
def repeatable_record(tmp_path_factory, tiny_protocol):
    """Return a function that runs the command in a process of some environment, and returns what it must repeat."""

    def run(**variables):
        out = tmp_path_factory.mktemp("runs")
        words = ["run", "--model", "lstm:layers=1,units=8", "--task", "copy:max_length=3", "--seeds", "0", "--out", out]
        command = [sys.executable, "-c", "from mann_bench.cli.main import main; main()", *words]
        command += ["--protocol", tiny_protocol(), "--wandb", "disabled", "--jobs", "1"]
        subprocess.run(command, env=os.environ | variables, check=True, capture_output=True, timeout=120)
        return load_record(record_files(out)[0])

    return run


@pytest.mark.parametrize("variables", LAUNCHERS, ids=lambda variables: next(iter(variables)))
def test_what_a_launcher_left_behind_changes_no_run_and_lets_none_wait(repeatable_record, timeless, variables):
    assert timeless(repeatable_record(**variables)) == timeless(repeatable_record())


def test_a_run_that_ends_before_its_protocol_says_so_is_no_result(make_run, monkeypatch):
    def stop_early(model, *_):
        model.trainer.should_stop = True

    monkeypatch.setattr(LSTMModel, "on_train_batch_end", stop_early)
    with pytest.raises(RuntimeError, match="training ended after 2 steps, though the protocol goes on to 4"):
        train(make_run(), "cpu", "eager", lambda _: None)
